# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Did anybody use a version after it was replaced, who is it, and can it be brought back? Pure; called by C(entry/audit).

Whoever uses a version that is switched off is broken at this moment; whoever uses one that every known consumer has left will be. Both are
consumers that nobody wrote into the inventory, and what finds them is the address from which they came.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import AuditTrail, Issuer, LastUse, Use
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.audit import REPLACED, replaced_at
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal, Phase, Version
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.policy import Policy
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import TRANSITIONS, Event
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import CRITICAL, INFO, WARNING, Finding

#: Callers of one key that are told one by one.
_MOST_CALLERS = 10
_MOST_ACTIONS = 5
#: An address to the hosts of the inventory that have it.
Whose = t.Callable[[str], t.Sequence[str]]


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What was found out about the use of one replaced version. C(unanswered): who did not answer, and why."""

    version: Version
    last: LastUse
    trail: AuditTrail | None = None
    unanswered: t.Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class Revival:
    """Whether a version can be brought back, and how. C(command) is empty where it cannot; C(why) is for people."""

    command: str
    why: str


def replaced_versions(journal: Journal | None) -> list[Version]:
    """The versions about which the question is asked."""
    return [version for version in (journal.versions if journal else ()) if version.phase in REPLACED]


def judge_use(journal: Journal, evidence: Evidence, revival: Revival, whose: Whose) -> list[Finding]:
    """What the evidence says about one replaced version. Never that it is unused."""
    version = evidence.version
    subject = version.id or f"version {version.number}"
    found = [Finding(WARNING, "lookup_failed", subject, why) for why in evidence.unanswered]
    since = left_at(journal, version)
    uses = [use for use in (evidence.trail.uses if evidence.trail else ()) if use.last_at > since]
    found += [_by_caller(version, use, revival, whose) for use in uses[:_MOST_CALLERS]]
    if len(uses) > _MOST_CALLERS:
        more = f"{len(uses) - _MOST_CALLERS} more callers used it; key_usage_info tells of all of them."
        found.append(Finding(found[-1].severity, "used_after_replaced", subject, more))
    if evidence.last.at is not None and evidence.last.at > since and not uses:
        found.append(_by_last_use(version, evidence.last, revival))
    return [*found, *_judge_limits(subject, evidence)]


def told(journal: Journal, evidence: Evidence) -> str:
    """In one word for a table: C(used), C(no_use_seen) or C(not_told)."""
    since = left_at(journal, evidence.version)
    seen = [evidence.last.at, *(use.last_at for use in (evidence.trail.uses if evidence.trail else ()))]
    if any(at is not None and at > since for at in seen):
        return "used"
    asked = evidence.last.supported or evidence.trail is not None
    return "no_use_seen" if asked and not evidence.unanswered else "not_told"


def left_at(journal: Journal, version: Version) -> float:
    """When the last consumer that we know of had left the version, seconds since the epoch: every one had proved its successor, or it
    was switched off. Before that, since it was replaced."""
    return version.proved_at or version.disabled_at or replaced_at(journal, version) or version.created_at


def _severity(version: Version) -> str:
    """Somebody is broken now, or it is whoever it leaked to; somebody will be; the hosts are still being moved."""
    if version.phase is not Phase.PREVIOUS or version.leak is not None:
        return CRITICAL
    return WARNING if version.proved_at is not None else INFO


def _stands(version: Version) -> str:
    moment = {Phase.PREVIOUS: version.proved_at}.get(version.phase, version.disabled_at)
    said = {
        Phase.PREVIOUS: "still works, and every known consumer had left it" if version.proved_at else "still works",
        Phase.DISABLING: "is being switched off",
        Phase.DISABLED: "is switched off",
        Phase.DELETING: "is being deleted",
    }[version.phase]
    leaked = " has leaked," if version.leak is not None else ""
    return f"version {version.number}{leaked} {said}" + (f" since {to_iso(moment)}" if moment is not None else "")


def _by_caller(version: Version, use: Use, revival: Revival, whose: Whose) -> Finding:
    hosts = list(whose(use.address))
    who = f", which is {' or '.join(hosts)} of the inventory" if hosts else ", which is no address that the inventory knows"
    actions = ", ".join(use.actions[:_MOST_ACTIONS]) + (" …" if len(use.actions) > _MOST_ACTIONS else "")
    off = version.disabled_at
    when = "" if off is None else ", after it was switched off" if use.last_at >= off else ", shortly before it was switched off"
    times = f"{use.requests} request{'s' if use.requests != 1 else ''}, {use.refused} refused"
    return Finding(
        _severity(version),
        "used_after_replaced",
        version.id or f"version {version.number}",
        f"{_stands(version)}, and {use.by} used it from {use.address}{who}, with {use.agent} for {actions} "
        f"({times}, last at {to_iso(use.last_at)}{when}).",
        _step(hosts, revival),
    )


def _step(hosts: t.Sequence[str], revival: Revival) -> str:
    missed = f"add it to consumer_credentials of {' or '.join(hosts)}" if hosts else "find that caller and make it a consumer"
    return f"{missed}. {revival.why}"


def _by_last_use(version: Version, last: LastUse, revival: Revival) -> Finding:
    lag = f"; that record may be {format_duration(last.resolution)} late" if last.resolution else ""
    by = f" by {last.by}" if last.by else ""
    return Finding(
        _severity(version),
        "used_after_replaced",
        version.id or f"version {version.number}",
        f"{_stands(version)}, and the issuer says that it was last used at {to_iso(last.at)}{by}{lag}. It does not say from where.",
        _step((), revival),
    )


def _judge_limits(subject: str, evidence: Evidence) -> list[Finding]:
    """What the evidence could not have shown."""
    trail = evidence.trail
    if trail is not None and not trail.complete:
        more = "the log holds more requests of this key than were read, the older ones are not told."
        return [Finding(WARNING, "log_cut_short", subject, more, "ask key_usage_info with a larger max_events.")]
    if not evidence.last.supported and trail is None and not evidence.unanswered:
        number = evidence.version.number
        why = f"the issuer has no record of use, so nobody can tell whether somebody still uses version {number}."
        return [Finding(INFO, "no_record_of_use", subject, why)]
    return []


def revive(journal: Journal, version: Version, issuer: Issuer, policy: Policy, now: float, command: str) -> Revival:
    """Whether rolling back would bring C(version) back.

    :arg command: what rolls this credential back.
    """
    why_not = _why_not(journal, version, issuer)
    if why_not:
        return Revival("", f"It cannot be brought back: {why_not}.")
    ends = ""
    if version.disabled_at is not None:
        over = version.disabled_at + policy.recovery_wait
        ends = f", until {to_iso(over)}" if now < over else ", until the next run deletes it"
    does = "switches it on again, publishes" if version.phase is not Phase.PREVIOUS else "publishes"
    return Revival(
        command,
        f"To bring it back{ends}: {command} ({does} it and takes the hosts back to it; the newer version keeps working, and no scheduled "
        "rotation follows until one is forced).",
    )


def _why_not(journal: Journal, version: Version, issuer: Issuer) -> str:
    """An empty string where it can be."""
    if version.phase is Phase.DELETING:
        return "its deletion has begun"
    if version.leak is not None:
        return "it has leaked, and this may be whoever has it"
    if issuer.MINTS and issuer.capacity == 1:
        return "the issuer keeps one value and makes it itself"
    if version.phase is not Phase.PREVIOUS and not issuer.CAN_DISABLE:
        return "the issuer cannot switch a version on again"
    if journal.suspended:
        return f"the credential was {journal.suspended} already; force a rotation first"
    if journal.previous is not version or (journal.state, Event.RESTORE) not in TRANSITIONS:
        return f"only the version before the published one can be, and the credential is {journal.state.value.replace('_', ' ')}"
    return ""
