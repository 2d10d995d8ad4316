# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checklist of a rotation programme, answered item by item out of the trail and the catalogue. Pure. Called by the evidence pack."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_account import Retirement
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_answer import (
    Answer,
    Check,
    Found,
    Verdict,
    counted,
    some,
    summed,
)


@dataclasses.dataclass(frozen=True)
class Item:
    """C(asks): the item; C(answer): how it is answered."""

    asks: str
    answer: t.Callable[[Found], Answer]


def schedules(found: Found) -> Answer:
    """Every credential has an interval, and was kept to it."""
    implied = [one.name for one in found.credentials if not one.interval_is_written]
    late = [age.listed.name for age in found.ages if age.verdict() in ("overdue", "unknown")]
    runs = found.account.runs()
    edges = [found.account.period.since, *runs, found.moment]
    longest = max(later - earlier for earlier, later in zip(edges, edges[1:])) / 86400
    return summed(
        [
            (
                bool(found.credentials) and not implied,
                f"the catalogue writes an interval for {len(found.credentials) - len(implied)} of {len(found.credentials)} credentials"
                + (f"; the default of the kind holds for {some(implied)}" if implied else ""),
            ),
            (
                bool(found.ages) and not late,
                f"at the end of the period {len(late)} of {len(found.ages)} were older than that, or of unknown age"
                + (f": {some(late)}" if late else ""),
            ),
            (bool(runs), f"{counted(len(runs), 'run')} in the period; the longest time without one was {longest:.1f} days"),
        ]
    )


def no_plaintext(found: Found) -> Answer:
    """Values are in stores; files on hosts are plain text, whoever may read them."""
    files = [file for one in found.credentials for file in one.files]
    open_files = [f"{file.host}:{file.path}" for file in files if file.is_open]
    unread = [one.name for one in found.credentials if not one.facts.get("store")]
    if open_files or not found.credentials:
        return Answer(
            Verdict.NO, (f"everybody on the host may read {some(open_files)}" if open_files else "no credential is listed",)
        )
    return summed(
        [
            (
                not unread,
                f"the values of {len(found.credentials) - len(unread)} of {len(found.credentials)} credentials are in secret stores",
            ),
            (
                not files,
                f"values are in {counted(len(files), 'file')} on hosts in plain text, readable by owner and group only"
                if files
                else "the inventory deploys no file with a value",
            ),
            (None, "whether services hand values on in their environment is not seen here"),
        ]
    )


def new_before_old(found: Found) -> Answer:
    """Each version was taken out of service after another one had been published."""
    ended = found.account.retirements()
    early = [_named(one) for one in ended if not one.is_after_successor]
    alone = sorted(
        {r.new["credential"] for r in found.account.rotations()}
        & {one.name for one in found.credentials if one.facts.get("overlap") is False}
    )
    if not ended and not alone:
        return Answer(Verdict.NO, ("no version was taken out of service in the period, so nothing shows it",))
    checks: list[Check] = []
    if ended:
        told = f"{len(ended) - len(early)} of {counted(len(ended), 'version')} taken out of service had a published successor by then"
        checks.append((len(early) < len(ended), told))
    if early:
        checks.append((False, f"not so {some(early)}"))
    if alone:
        checks.append((False, f"{some(alone)} has one value at a time, so the old one ends when the new one begins"))
    return summed(checks)


def _named(one: Retirement) -> str:
    return f"{one.ended['credential']} version {one.ended.get('version')} ({one.began.get('reason') or 'reason unknown'})"


def verified_before_delete(found: Found) -> Answer:
    """Each version was taken out of service after every host had proved the next."""
    ended = found.account.retirements()
    if not ended:
        return Answer(Verdict.NO, ("no version was taken out of service in the period, so nothing shows it",))
    unproved = [_named(one) for one in ended if not one.is_proved]
    if len(unproved) == len(ended):
        return Answer(Verdict.NO, (f"no proof is recorded before the end of {some(unproved)}",))
    told = (
        f"{len(ended) - len(unproved)} of {counted(len(ended), 'version')} taken out of service had a proof of every host before"
    )
    return summed([(True, told), *([(False, f"not so {some(unproved)}")] if unproved else [])])


def alerted(found: Found) -> Answer:
    """Somebody is told of failures."""
    if not found.alerts:
        return Answer(Verdict.NO, ("no channel is configured that is told of failures (rotation_notify_channels)",))
    failures = found.account.failures()
    open_ones = [entry["credential"] for entry, mended in failures if mended is None]
    return summed(
        [
            (
                True,
                f"channels that are told of failures: {some(found.alerts)}; whether they were delivered is in the receivers' records",
            ),
            (
                not open_ones,
                f"{counted(len(failures), 'failure')} in the period, {len(open_ones)} of them without a publication after it"
                + (f": {some(open_ones)}" if open_ones else ""),
            ),
        ]
    )


def inventoried(found: Found) -> Answer:
    """Every credential's consumers are listed, and nobody else was seen."""
    external = [one.name for one in found.credentials if one.is_external and not one.hosts]
    nobody = [one.name for one in found.credentials if not one.is_external and not one.hosts]
    strangers = [f"{host} ({one.name})" for one in found.credentials for host in one.strangers()]
    return summed(
        [
            (
                bool(found.credentials) and not nobody,
                f"{len(nobody)} of {len(found.credentials)} credentials have no listed use"
                + (f": {some(nobody)}" if nobody else ""),
            ),
            (
                not external,
                f"{len(external)} are read from the store by readers that the inventory does not list"
                + (f": {some(external)}" if external else ""),
            ),
            (
                not strangers,
                f"earlier runs saw {counted(len(strangers), 'host')} that {'is' if len(strangers) == 1 else 'are'} not listed now"
                + (f": {some(strangers)}" if strangers else ""),
            ),
        ]
    )


def reviewed(found: Found) -> Answer:
    """The trail is intact, and somebody has gone through it."""
    if not found.trail.get("lines"):
        return Answer(Verdict.NO, ("the trail is empty",))
    if not found.trail.get("intact"):
        return Answer(Verdict.NO, (f"the trail has {counted(len(found.trail.get('problems') or ()), 'problem')}",))
    reviews = found.account.reviews()
    who = some([f"{entry.get('reviewer')} on {entry['at'][:10]}" for entry in reviews])
    lacking = found.account.unknown()
    return summed(
        [
            (True, f"all {found.trail.get('lines')} lines of the trail are what was written, where it was written"),
            (
                found.head_was_compared,
                "its end was compared with a head that was kept elsewhere"
                if found.head_was_compared
                else "its end was not compared with a head kept elsewhere (evidence_head), so lines may have been cut off",
            ),
            (bool(reviews), f"reviewed by {who}" if reviews else "the trail has no review of this period (evidence_reviewer)"),
            (not lacking, f"the trail says at {counted(len(lacking), 'place')} in the period that it lacks something"),
        ]
    )


CHECKLIST: tuple[Item, ...] = (
    Item("Rotation schedules are documented, and kept to.", schedules),
    Item("No plain text in files or environment.", no_plaintext),
    Item("The new one is made before the old one is ended.", new_before_old),
    Item("That the new one works is verified before the old one is deleted.", verified_before_delete),
    Item("Failures raise an alert.", alerted),
    Item("Every use is inventoried.", inventoried),
    Item("Audit logs are kept from alteration, and reviewed.", reviewed),
)
