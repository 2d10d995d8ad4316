# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run would do, decided from the journal alone and without touching anything. Pure; called by the engine.

The same decision serves C(--check): a prediction is the plan that would have been carried out.
"""

from __future__ import annotations

import dataclasses
import enum

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal, Lease, Phase, Version
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.leak import Alarm
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.policy import Policy, due_at, why_not_now
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.sessions import is_over
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import State
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration


class Action(enum.Enum):
    """The first thing that a run has to do."""

    NOTHING = "nothing"
    HOLD = "hold"
    BUSY = "busy"
    START = "start"
    RESUME = "resume"
    ISSUE = "issue"
    #: Publish what the issuer has put in the place of the published value by itself.
    FOLLOW = "follow"
    #: Look again for what an interrupted attempt may have left at an issuer that lists keys late.
    SETTLE = "settle"


#: Seconds after which an issuer is taken to list whatever it made. Generous: eventual consistency is a matter of seconds to minutes.
LISTED_WITHIN = 900


@dataclasses.dataclass(frozen=True)
class Plan:
    """C(why) is a sentence for people. C(can_wait): a hold of the run would keep the rotation from beginning; see P(foretell)."""

    action: Action
    why: str
    can_wait: bool = False


@dataclasses.dataclass(frozen=True)
class Wish:
    """What the caller asked for. C(since): when this run began; a rotation after that satisfies C(force). C(alarm): of a leak."""

    force: bool
    reason: str
    since: float
    alarm: Alarm | None = None


def plan_rotation(
    journal: Journal | None,
    policy: Policy,
    capacity: int,
    wish: Wish,
    now: float,
    busy: Lease | None,
    supplied: bool = False,
) -> Plan:
    """Decide what C(state=rotated) does.

    :arg busy: the lease of another run that is alive, if any.
    :arg supplied: a person has made a new value and supplied it. That is a decision of that person, and the issuer may be about
        to end the old one by its own clock: neither age nor window, exemption or roll-back hold it back.
    """
    if busy is not None:
        return Plan(Action.BUSY, describe_holder(busy))
    if journal is None or journal.state is State.ABSENT:
        return Plan(Action.START, "nothing is recorded yet")
    if journal.state is State.QUARANTINED:
        return _plan_quarantined(journal, wish)
    if journal.state in (State.INTENDED, State.CANDIDATE):
        return Plan(Action.RESUME, f"an earlier run was interrupted ({journal.state.value})")
    current = journal.current
    if current is None:
        return Plan(Action.START, "no version is published")
    wanted = "a new value was supplied" if supplied else _why_due(current, policy, wish, now)
    if not wanted and any(attempt.at + LISTED_WITHIN <= now for attempt in journal.unsettled):
        return Plan(Action.SETTLE, "what an interrupted run may have left at the issuer is looked for once more")
    if not wanted and is_over(journal, now):
        return Plan(Action.SETTLE, "what bars the sessions of a leaked version is removed: they are over by themselves")
    if not wanted:
        return Plan(Action.NOTHING, f"not due before {to_iso(due_at(current.created_at, policy))}")
    held = _why_held(journal, policy, capacity, wish.force or supplied or current.leak is not None, now)
    return Plan(Action.HOLD, held) if held else Plan(Action.ISSUE, wanted)


def foretell(journal: Journal | None, policy: Policy, capacity: int, wish: Wish, now: float, busy: Lease | None) -> Plan:
    """P(plan_rotation), and whether what it begins can wait for another run: what a person wants now cannot."""
    plan = plan_rotation(journal, policy, capacity, wish, now, busy)
    held = plan_rotation(journal, dataclasses.replace(policy, hold="another run"), capacity, wish, now, busy)
    return dataclasses.replace(plan, can_wait=plan.action is Action.ISSUE and held.action is Action.HOLD)


def _plan_quarantined(journal: Journal, wish: Wish) -> Plan:
    if wish.force:
        return Plan(Action.RESUME, "released from quarantine by force")
    return Plan(
        Action.HOLD, f"quarantined since {to_iso(journal.quarantined_at)} after {journal.failures} failures: {journal.last_error}"
    )


def _why_due(current: Version, policy: Policy, wish: Wish, now: float) -> str:
    if current.leak is not None:
        return f"the published version {current.id} leaked, known since {to_iso(current.leak.at)}"
    adopted = not current.name  # that was no rotation, so it fulfils nobody's wish for one
    if wish.force and (adopted or (current.published_at or current.created_at) < wish.since):
        return f"forced ({wish.reason})"
    late = now - due_at(current.created_at, policy)
    return f"due for {format_duration(late)}" if late >= 0 else ""


def _why_held(journal: Journal, policy: Policy, capacity: int, wanted_by_a_person: bool, now: float) -> str:
    if not wanted_by_a_person:
        if journal.suspended:
            return f"{journal.suspended}: rotate it again with force when the cause is mended"
        reason = why_not_now(policy, now)
        if reason:
            return reason
    if journal.state in (State.DISABLING, State.DELETING):
        return "the previous version is being retired; that is finished first"
    return _why_no_room(journal, capacity) or ("" if wanted_by_a_person else policy.hold)


def _why_no_room(journal: Journal, capacity: int) -> str:
    if capacity < 2 or len(journal.versions) < capacity:
        return ""
    in_the_way = journal.retiring
    if in_the_way is None or journal.state is State.CONTAINED or _is_in_haste(journal, in_the_way):
        return ""
    if in_the_way.phase is Phase.PREVIOUS:
        return f"the previous version {in_the_way.id} is not retired yet, and the issuer allows {capacity} at once"
    return f"the previous version {in_the_way.id} is disabled and not deleted yet, and the issuer allows {capacity} at once"


def _is_in_haste(journal: Journal, in_the_way: Version) -> bool:
    """A leaked version is replaced although another one is not deleted yet, if nobody needs that one: it is deleted now."""
    return journal.current is not None and journal.current.leak is not None and is_dispensable(in_the_way)


def is_dispensable(version: Version) -> bool:
    """A version on its way out that is off, or that every consumer has proved to have replaced: it is only kept for a roll-back."""
    return version.phase in (Phase.DISABLED, Phase.DELETING) or (
        version.phase is Phase.PREVIOUS and version.proved_at is not None
    )


def describe_holder(lease: Lease) -> str:
    """Who holds the credential, for people."""
    return f"run {lease.run} on {lease.host} (process {lease.pid}) is working on it until {to_iso(lease.until)} or longer"
