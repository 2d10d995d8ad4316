# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The invariants, asked by other hands after a run. Each returns what is wrong, one public line each; nothing where all is well."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.locksmith.rotation.tests.proof.runs import Ended, Way
from ansible_collections.locksmith.rotation.tests.proof.subject import Subject


def works(subject: Subject) -> list[str]:
    """What is published authenticates. Right after a kill or a failure: for an issuer without overlap there is a gap, documented,
    between the server's change and the publication; then the value that works is in the journal, or the issuer shows it.
    """
    published = subject.published()
    if not published or subject.alive(published):
        return []
    if subject.issuer.capacity != 1:
        return ["what the store publishes does not authenticate"]
    recorded = [version["fields"] for version in subject.versions() if version.get("fields")]
    if any(subject.alive(fields) for fields in recorded):
        return []
    if subject.issuer.REVEALS and _shows_what_works(subject):
        return []
    return ["neither what the store publishes nor anything in the journal authenticates"]


def _shows_what_works(subject: Subject) -> bool:
    """The issuer may be in the middle of what the killed run asked it for, and finishes that by itself."""
    for _turn in range(30):
        if subject.alive(subject.issuer.present().fields):
            return True
        time.sleep(0.1)
    return False


def sound(subject: Subject, foreign_too: bool = True) -> list[str]:
    """After a run that came to its end: published and current are one and work, nothing is stranded, nobody holds it."""
    wrong = []
    journal, published, current = subject.journal(), subject.published(), subject.current()
    if not published:
        wrong.append("nothing is published")
    elif not subject.alive(published):
        wrong.append("what the store publishes does not authenticate")
    if current is None or published != current.get("fields"):
        wrong.append("the journal's current version is not what the store publishes")
    if journal.get("lease"):
        wrong.append("the journal still has a lease")
    if journal.get("intent"):
        wrong.append("the journal still has an intent")
    return wrong + (_keys(subject) if foreign_too else [])


def _keys(subject: Subject) -> list[str]:
    if not subject.issuer.MINTS:
        return []
    there = subject.keys()
    recorded = {version["id"] for version in subject.versions() if version.get("id")}
    wrong = [f"{len(subject.foreign - there)} keys of somebody else are gone"] if subject.foreign - there else []
    if there - recorded - subject.foreign:
        wrong.append(f"{len(there - recorded - subject.foreign)} keys are stranded at the issuer")
    if recorded - there and subject.issuer.capacity != 1:
        wrong.append(f"{len(recorded - there)} recorded keys are not at the issuer")
    return wrong


def one_new_key(subject: Subject, before: t.Collection[str]) -> list[str]:
    """Of what was there everything is, unless one replaces the other there, and there is exactly one more."""
    if not subject.issuer.MINTS:
        return []
    there = subject.keys()
    gone, new = len(set(before) - there), len(there - set(before))
    gone = 0 if subject.issuer.capacity == 1 else gone
    return ([f"{gone} keys that were there are gone"] if gone else []) + ([f"{new} new keys for one cause"] if new != 1 else [])


def quiet(ended: Ended) -> list[str]:
    """A run with nothing to do: nothing is written anywhere."""
    if ended.way is not Way.DONE:
        return [f"a run with nothing to do ended as {ended}"]
    wrong = [] if not ended.result["changed"] else [f"a run with nothing to do says that it {ended.result['action']} something"]
    if ended.writes:
        labels = sorted({boundary.label for boundary in ended.boundaries if boundary.writes})
        wrong.append(f"a run with nothing to do made {ended.writes} writes ({', '.join(labels)})")
    return wrong


def done(ended: Ended, *actions: str) -> list[str]:
    """It came to its end, in one of these ways."""
    if ended.way is not Way.DONE:
        return [f"the run that had to go on ended as {ended}"]
    action = ended.result["action"]
    return [] if not actions or action in actions else [f"the run that had to go on ended with {action}: {ended.result['msg']}"]
