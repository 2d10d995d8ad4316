# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a credential between its rotations, judged from what was seen. Pure: it asks nobody and changes nothing.

Four questions: does the value that readers get work and is it the recorded one; does somebody use a version that was replaced; are
there keys that nobody manages; is something older than the rules allow. What could not be looked at is a finding of its own: no answer is
never taken for a good one. Called by C(entry/audit).
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    KeyInfo,
    Verdict,
    Verification,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal, Phase, Version
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.policy import Policy, due_at
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Published
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import CRITICAL, INFO, WARNING, Finding

#: Seconds. The run that ends what is over comes once a day.
RUN_INTERVAL = 86400
#: Versions that have been replaced.
REPLACED = (Phase.PREVIOUS, Phase.DISABLING, Phase.DISABLED, Phase.DELETING)
_LOOK = "look again when it answers; until then nothing is known."


@dataclasses.dataclass(frozen=True)
class Seen:
    """All that was found out about one credential. C(keys), C(verification): None where that was not, or could not be, asked.

    C(counts_keys): whether what the issuer lists are versions, so that they can be held against the journal. C(unanswered): what could not
    be found out, and why. C(key_use): id to a sentence on the last use of a key that is not in the journal.
    """

    credential: str
    identity: str
    place: str
    journal: Journal | None = None
    published: Published | None = None
    keys: t.Sequence[KeyInfo] | None = None
    counts_keys: bool = True
    verification: Verification | None = None
    verifiable: bool = True
    unanswered: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    key_use: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    def failed(self, what: str) -> bool:
        """Could C(what) not be looked at?"""
        return what in self.unanswered


def judge_silence(seen: Seen) -> list[Finding]:
    """One finding for everything that could not be looked at, by name."""
    return [Finding(WARNING, "lookup_failed", what, why, _LOOK) for what, why in seen.unanswered.items()]


# ---- the value that readers get -----------------------------------------------------------------------------------------


def judge_value(seen: Seen) -> list[Finding]:
    """Is the published value the recorded one, and does it work?"""
    return [*_judge_place(seen), *_judge_login(seen)]


def _judge_place(seen: Seen) -> list[Finding]:
    journal, current = seen.journal, seen.journal.current if seen.journal else None
    if seen.failed("journal") or seen.failed("published value"):
        return []
    if current is None:
        why = f"{seen.credential} has no published version in its journal, so nothing of it is managed yet"
        return [
            Finding(INFO, "not_recorded", seen.place, f"{why}.", "run locksmith.rotation.rotate, which adopts or creates it.")
        ]
    if seen.published is None:
        return [
            Finding(
                CRITICAL,
                "nothing_published",
                seen.place,
                f"the journal calls version {current.number} ({current.id or 'no id'}) published, and readers find nothing.",
                "restore the store from its backup, or rotate with credential_force=true, which publishes a new version.",
            )
        ]
    found = seen.published.fields.fingerprint()
    if found == current.fingerprint or (journal and journal.candidate and journal.candidate.fingerprint == found):
        return []
    other = next((version for version in (journal.versions if journal else ()) if version.fingerprint == found), None)
    what = f"version {other.number} ({other.phase.value})" if other else f"a value of nobody's record (fingerprint {found})"
    return [
        Finding(
            CRITICAL,
            "store_differs",
            seen.place,
            f"readers get {what}, and the journal calls version {current.number} (fingerprint {current.fingerprint}) published: "
            "somebody changed it by hand. No rotation begins while that is so.",
            "publish the recorded value again, or remove the journal to have the new value adopted.",
        )
    ]


def _judge_login(seen: Seen) -> list[Finding]:
    if seen.published is None or seen.failed("login"):
        return []
    if not seen.verifiable:
        why = "nothing can tell whether the published value works: this credential cannot be logged in with"
        return [Finding(INFO, "not_verifiable", seen.place, f"{why}.")]
    found = seen.verification
    if found is None or found.verdict is Verdict.ALIVE:
        return []
    said = f": {found.detail.rstrip('.')}" if found.detail else ""
    if found.verdict is Verdict.UNKNOWN:
        detail = f"whether the published value logs in at {seen.identity} could not be told{said}."
        return [Finding(WARNING, "not_verified", seen.place, detail, _LOOK)]
    return [
        Finding(
            CRITICAL,
            "dead_value",
            seen.place,
            f"the value that readers get does not log in at {seen.identity}{said}.",
            f"rotate it now: locksmith.rotation.rotate -e rotate_only={seen.credential} -e credential_force=true.",
        )
    ]


# ---- keys that nobody manages -------------------------------------------------------------------------------------------


def judge_keys(seen: Seen, known: t.Container[str]) -> list[Finding]:
    """Keys that the journal does not have, and versions that the issuer does not have.

    :arg known: ids that a person has said to be somebody's.
    """
    journal = seen.journal
    if seen.keys is None or journal is None or not seen.counts_keys:
        return []
    recorded = journal.ids()
    foreign = [key for key in seen.keys if key.id not in recorded and key.id not in known]
    listed = {key.id for key in seen.keys}
    lost = [version for version in journal.versions if version.id and version.id not in listed and _must_be_listed(version)]
    return [_foreign(seen, key) for key in foreign] + [_lost(seen, version) for version in lost]


def _must_be_listed(version: Version) -> bool:
    return version.phase in (Phase.CURRENT, Phase.PREVIOUS, Phase.DISABLED)


def _foreign(seen: Seen, key: KeyInfo) -> Finding:
    """One that is switched off cannot be used, so it is told and no more."""
    nameless = [version.number for version in (seen.journal.versions if seen.journal else ()) if not version.id]
    facts = [
        f"named {key.name}" if key.name else "",
        f"created {to_iso(key.created_at)}" if key.created_at else "",
        "" if key.active else "switched off",
        seen.key_use.get(key.id, ""),
        f"perhaps version {nameless[0]}, whose id nobody could tell when it was adopted" if nameless else "",
    ]
    return Finding(
        WARNING if key.active and not nameless else INFO,
        "foreign_key",
        key.id,
        f"{seen.identity} has a key that no journal records: {', '.join(fact for fact in facts if fact) or 'nothing more is known'}.",
        "find out who uses it; delete it if nobody does, or name it in credential_known_keys.",
    )


def _lost(seen: Seen, version: Version) -> Finding:
    return Finding(
        CRITICAL if version.phase is Phase.CURRENT else WARNING,
        "missing_key",
        version.id,
        f"version {version.number} ({version.phase.value}) is in the journal, and {seen.identity} does not list it any more.",
        f"rotate it now: locksmith.rotation.rotate -e rotate_only={seen.credential} -e credential_force=true."
        if version.phase is Phase.CURRENT
        else "nothing, if somebody deleted it on purpose: the next run that retires it forgets it.",
    )


# ---- ages ---------------------------------------------------------------------------------------------------------------


def judge_ages(seen: Seen, policy: Policy, now: float) -> list[Finding]:
    """What is older than the rules allow. A day more, where the daily run has to come by to end it."""
    journal = seen.journal
    if journal is None:
        return []
    found = [_judge_current(seen, journal, policy, now)]
    found += [_judge_replaced(seen, journal, version, policy, now) for version in journal.versions if version.phase in REPLACED]
    return [one for one in found if one is not None]


def _judge_current(seen: Seen, journal: Journal, policy: Policy, now: float) -> Finding | None:
    current = journal.current
    late = now - due_at(current.created_at, policy) if current else -1.0
    if current is None or late < 0:
        return None
    age, allowed = format_duration(now - current.created_at), format_duration(policy.rotate_after)
    detail = f"version {current.number} is {age} old, and {allowed} are allowed: overdue for {format_duration(late)}"
    if policy.exemption and now < policy.exemption.until:
        excused = f"{detail}; exempt until {to_iso(policy.exemption.until)}: {policy.exemption.reason}."
        return Finding(INFO, "over_age", current.id or seen.place, excused)
    held = f"; rotation is held because it was {journal.suspended}" if journal.suspended else ""
    waits = f"; the last run failed: {journal.last_error.rstrip('.')}" if journal.last_error else ""
    return Finding(
        WARNING,
        "over_age",
        current.id or seen.place,
        f"{detail}{held}{waits}.",
        f"run locksmith.rotation.rotate -e rotate_only={seen.credential}, and see that it runs daily.",
    )


def _judge_replaced(seen: Seen, journal: Journal, version: Version, policy: Policy, now: float) -> Finding | None:
    subject = version.id or f"version {version.number}"
    run = f"run locksmith.rotation.rotate -e rotate_only={seen.credential} and see what it waits for."
    if version.disabled_at is not None:
        late = now - version.disabled_at - policy.recovery_wait
        if late <= RUN_INTERVAL:
            return None
        detail = (
            f"version {version.number} is disabled since {to_iso(version.disabled_at)} and should have been deleted after "
            f"{format_duration(policy.recovery_wait)}: {format_duration(late)} ago."
        )
        return Finding(WARNING, "not_deleted", subject, detail, run)
    since = version.proved_at or replaced_at(journal, version)
    late = now - since - policy.grace if since is not None else 0.0
    if since is None or late <= RUN_INTERVAL:
        return None
    pending = ", ".join(journal.waiting.get("pending") or ()) or "a run that retires it"
    waits = "every host has proved the new one" if version.proved_at is not None else f"waits for {pending}"
    detail = (
        f"version {version.number} still works although it was replaced {format_duration(now - since)} ago and grace is "
        f"{format_duration(policy.grace)}: {waits}."
    )
    return Finding(WARNING, "overlap", subject, detail, run)


def replaced_at(journal: Journal, version: Version) -> float | None:
    """When another version was published in place of C(version), seconds since the epoch; None if none was."""
    published = version.published_at or version.created_at
    later = [other.published_at for other in journal.versions if other is not version and (other.published_at or 0.0) > published]
    return min((moment for moment in later if moment is not None), default=None)
