# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine: one credential, one call, as far along its life cycle as is allowed now.

Pure protocol. It knows no vendor and does no input or output of its own: it is given an issuer, a store, a policy, a
clock and a run, and it calls them in an order in which every interruption can be resumed. Called by C(entry).
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.containing import Containing
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.gate import ConsumerProof, Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.issuing import Issuing
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.keeper import Keeper
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.leak import Alarm
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.own_login import check_may_rotate
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import (
    Action,
    Plan,
    Wish,
    describe_holder,
    foretell,
    plan_rotation,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.retiring import Retiring, Step
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.sessions import lift_bar
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import TRANSITIONS, Event, State
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Published
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    LeaseLost,
    LocksmithError,
    Rejected,
    ValueAwaited,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

_PREDICTED = {Action.RESUME: "resumed", Action.ISSUE: "rotated", Action.FOLLOW: "rotated", Action.SETTLE: "settled"}
_NOTHING_TO_RETIRE = "no previous version to retire"
#: Prove, disable and delete, for as many versions as an emergency may have to end. What is left over, the next run does.
_MOST_STEPS = 8


@dataclasses.dataclass
class Outcome:
    """What a call did, or in check mode would do.

    C(action): C(none), C(held), C(busy), C(adopted), C(created), C(rotated), C(resumed), C(settled), C(rolled_back), C(leaked),
    C(contained), C(proved), C(disabled), C(deleted). C(why): a sentence. C(pending): what is waited for, one line each.
    C(told): what was done besides, a sentence each.
    """

    changed: bool
    action: str
    why: str
    journal: Journal | None
    before: dict[str, t.Any]
    pending: tuple[str, ...] = ()
    gate: Verdict | None = None
    told: tuple[str, ...] = ()
    #: What P(Engine.rotate) would do now; only P(Engine.look) says.
    plan: Plan | None = None


class Engine:
    """See the module's docstring."""

    def __init__(self, keeper: Keeper, check_mode: bool = False) -> None:
        self._keeper = keeper
        self._check_mode = check_mode
        self._issuing = Issuing(keeper)
        self._containing = Containing(keeper)
        #: A value that a person has supplied and that is not in the journal yet.
        self._news: SecretFields | None = None

    # ---- state=rotated ------------------------------------------------------------------------------------------

    def rotate(self, wish: Wish) -> Outcome:
        """Create, adopt, resume or rotate, if that is due.

        :raises LocksmithError: it failed; the journal says where it stands and the message what to do.
        """
        journal = self._keeper.load()
        before = picture(journal)
        self._news = self._supplied_news(journal)
        outcome = self._rotate(journal, wish, before) if wish.alarm is None else self._answer(journal, wish, wish.alarm, before)
        return dataclasses.replace(outcome, told=tuple(self._keeper.told))

    def _rotate(self, journal: Journal | None, wish: Wish, before: dict[str, t.Any]) -> Outcome:
        plan = self._plan(journal, wish)
        quiet = {Action.NOTHING: "none", Action.HOLD: "held", Action.BUSY: "busy"}
        if plan.action in quiet:
            pending = (plan.why,) if plan.action is not Action.NOTHING else ()
            return Outcome(False, quiet[plan.action], plan.why, journal, before, pending)
        try:
            if self._check_mode:
                return self._predict(journal, plan, wish, before)
            return self._guarded(journal or self._keeper.new(), plan, wish, before)
        except ValueAwaited as error:
            why = f"{plan.why}; waits for a person: {error.message}"
            return Outcome(False, "held", why, self._keeper.load(), before, (f"a person: {error.message}",))

    # ---- a leak -------------------------------------------------------------------------------------------------

    def _answer(self, journal: Journal | None, wish: Wish, alarm: Alarm, before: dict[str, t.Any]) -> Outcome:
        """Record which versions have leaked, contain them if asked to, and go on as far as an ordinary run would."""
        busy = self._keeper.holder(journal, patient=not self._check_mode)
        if busy is not None:
            return Outcome(False, "busy", describe_holder(busy), journal, before, (describe_holder(busy),))
        known = self._taken_over(journal, alarm)
        targets = self._containing.targets(known, alarm) if known else []
        if known is None or not targets:
            ids = " and ".join(alarm.version_ids)
            what = f"{ids} is no version that the journal records" if ids else "nothing is recorded or published"
            return Outcome(False, "none", what, journal, before)
        self._containing.check(known, targets, alarm)
        ordinary = dataclasses.replace(wish, alarm=None, force=False, reason="leak")
        if self._check_mode:
            return self._predict_answer(journal, known, ordinary, alarm, before)
        try:
            done = self._containing.record(known, targets, alarm)
        except LeaseLost as error:
            return self._yield_to_other(before, error)
        except LocksmithError as error:
            self._write_failure(known, error)
            raise
        outcome = self._rotate(known, ordinary, before)
        if outcome.action == "resumed" and known.current is not None and known.current.leak is not None:
            outcome = self._rotate(known, ordinary, before)  # what was finished is itself what leaked
        return _at_least(outcome, done)

    def _taken_over(self, journal: Journal | None, alarm: Alarm) -> Journal | None:
        """The journal; where there is none yet, one with the published value, which is ours from now on."""
        if journal is not None and journal.state is not State.ABSENT:
            return journal
        published = None if alarm.version_ids else self._keeper.store.read_published()
        if published is None:
            return None
        journal = journal or self._keeper.new()
        self._issuing.adopt(journal, published)
        return journal

    def _predict_answer(
        self, journal: Journal | None, known: Journal, wish: Wish, alarm: Alarm, before: dict[str, t.Any]
    ) -> Outcome:
        imagined, is_news = self._containing.imagine(known, alarm)
        outcome = _at_least(self._rotate(imagined, wish, before), "leaked" if is_news else "")
        return dataclasses.replace(outcome, journal=journal)

    def _supplied_news(self, journal: Journal | None) -> SecretFields | None:
        """What a person has supplied, if no version in the journal is it."""
        value = self._keeper.issuer.supplied()
        known = {version.fingerprint for version in journal.versions} if journal else set()
        return None if value is None or value.fingerprint() in known else value

    def _plan(self, journal: Journal | None, wish: Wish) -> Plan:
        keeper = self._keeper
        busy = keeper.holder(journal, patient=not self._check_mode)
        plan = plan_rotation(
            journal, keeper.policy, keeper.issuer.capacity, wish, keeper.clock.now(), busy, self._news is not None
        )
        return self._look_at_issuer(journal, plan, wish) if keeper.issuer.REVEALS else plan

    def _look_at_issuer(self, journal: Journal | None, plan: Plan, wish: Wish) -> Plan:
        """An issuer that replaces values by itself may have made the published one useless. That comes first, whatever the
        schedule says; only a forced rotation, which replaces the value anyway, comes before it."""
        current = journal.current if journal else None
        decided = plan.action not in (Action.NOTHING, Action.HOLD, Action.ISSUE) or (plan.action is Action.ISSUE and wish.force)
        if decided or journal is None or current is None or (journal.state, Event.INTEND) not in TRANSITIONS:
            return plan
        issuer = self._keeper.issuer
        present = issuer.present()
        if present.fields.fingerprint() == current.fingerprint:
            return plan
        return Plan(Action.FOLLOW, f"{issuer.identity} has another value than the published one: {present.id}")

    def _predict(self, journal: Journal | None, plan: Plan, wish: Wish, before: dict[str, t.Any]) -> Outcome:
        action = _PREDICTED.get(plan.action, "created")
        if plan.action is Action.START and not wish.force:
            published = self._keeper.store.read_published()
            if published is not None:
                action = "rotated" if self._is_news(published) else "adopted"
        issuing = action in ("rotated", "created")
        if issuing:
            self._await_value(wish)
        listed = self._keeper.issuer.keys()
        if issuing:
            going = {version.id for version in self._containing.in_the_way(journal)} if journal else set()
            listed = [key for key in listed if key.id not in going]
            self._keeper.issuer.check_room(listed, journal.ids() if journal else set())
            self._check_own_login(journal)
            self._try_supplied(journal)
        return Outcome(True, action, plan.why, journal, before)

    def _check_own_login(self, journal: Journal | None) -> None:
        """:raises Rejected: it is the run's own login."""
        keeper = self._keeper
        published = None if journal and journal.current else keeper.store.read_published()
        check_may_rotate(keeper.issuer, keeper.policy.own_login, journal, published, keeper.credential)

    def _await_value(self, wish: Wish) -> None:
        """Before anything else is asked of an issuer whose values a person makes: is there one?

        :raises ValueAwaited: no.
        """
        if self._keeper.issuer.SUPPLIED and self._news is None:
            raise ValueAwaited(self._keeper.issuer.how_to_supply(wish.reason))

    def _try_supplied(self, journal: Journal | None) -> None:
        """Would the supplied value be taken? Asking changes nothing. :raises Rejected: no."""
        if self._news is not None:
            current = journal.current if journal else None
            attempt = Attempt("", self._keeper.clock.now(), (), 0)
            self._keeper.issuer.propose(attempt, current.issued() if current else None)

    def _is_news(self, published: Published) -> bool:
        return self._news is not None and self._news.fingerprint() != published.fields.fingerprint()

    def _guarded(self, journal: Journal, plan: Plan, wish: Wish, before: dict[str, t.Any]) -> Outcome:
        """Carry the plan out; a failure is written down before it is passed on."""
        try:
            action = self._carry_out(journal, plan, wish)
        except LeaseLost as error:
            return self._yield_to_other(before, error)
        except LocksmithError as error:
            if self._overtaken():
                return self._yield_to_other(before, error)
            self._write_failure(journal, error)
            raise
        return Outcome(True, action, plan.why, journal, before)

    def _overtaken(self) -> bool:
        """Did we fail on what another run has done since we looked, before we had written anything ourselves?"""
        try:
            return self._keeper.writes == 0 and self._keeper.moved()
        except LocksmithError:
            return False

    def _carry_out(self, journal: Journal, plan: Plan, wish: Wish) -> str:
        self._containing.carry_out(journal)
        if plan.action is Action.RESUME:
            self._issuing.resume(journal, wish.reason)
            self._containing.after_issuing(journal)
            return "resumed"
        if plan.action is Action.ISSUE:
            leaked = journal.current is not None and journal.current.leak is not None
            wish = dataclasses.replace(wish, reason="leak") if leaked else wish
            self._await_value(wish)
            self._issuing.settle(journal)
            self._containing.make_room(journal)
            self._issuing.begin(journal, wish.reason)
            self._containing.after_issuing(journal)
            return "rotated"
        if plan.action is Action.FOLLOW:
            self._issuing.follow(journal)
            return "rotated"
        if plan.action is Action.SETTLE:
            self._issuing.settle(journal)
            lift_bar(self._keeper, journal)
            self._keeper.save(journal, hold=False)
            return "settled"
        published = self._keeper.store.read_published()
        if published is None or wish.force:
            self._await_value(wish)
            self._issuing.begin(journal, wish.reason)
            return "created"
        self._issuing.adopt(journal, published)
        self._keeper.save(journal, hold=self._is_news(published))
        if self._is_news(published):
            self._issuing.begin(journal, wish.reason)
            return "rotated"
        return "adopted"

    def _yield_to_other(self, before: dict[str, t.Any], error: LocksmithError) -> Outcome:
        """Somebody else got there first: say who, and end cleanly. Where nobody is at work on what is unfinished, it is a failure."""
        journal = self._keeper.load()
        holder = self._keeper.holder(journal, patient=False)
        if holder is None and journal is not None and journal.state in (State.INTENDED, State.CANDIDATE):
            raise error
        why = describe_holder(holder) if holder else "another run has just done it"
        return Outcome(False, "busy", why, journal, before, (why,))

    def _write_failure(self, journal: Journal, error: LocksmithError) -> None:
        """Count the failure and let go of the lease, if this attempt had got as far as being announced."""
        if self._keeper.writes == 0:
            return
        journal.fail(error.message, self._keeper.clock.now(), self._keeper.policy.max_failures)
        try:
            self._keeper.save(journal, hold=False)
            error.history = list(journal.history)
        except LocksmithError:
            error.stranded.append(
                f"the journal at {self._keeper.store.place} still says {journal.state.value} of before this failure"
            )
        if journal.quarantined_at is not None:
            error.next_step += " It is quarantined now: mend the cause, then run it with force."

    # ---- state=retired ------------------------------------------------------------------------------------------

    def retire(self, proofs: t.Sequence[ConsumerProof] | None, forget: t.Collection[str]) -> Outcome:
        """Take the previous version as far out of service as proof, grace and evidence allow now.

        :raises LocksmithError: the issuer or the store failed, or evidence could not be had. Nothing was retired on doubt.
        """
        journal = self._keeper.load()
        before = picture(journal)
        quiet = self._why_not_retire(journal, before)
        if quiet is not None or journal is None:
            return quiet or Outcome(False, "none", "nothing is recorded yet", journal, before)
        retiring = Retiring(self._keeper, proofs, forget)
        try:
            if journal.state is State.STEADY:
                return Outcome(retiring.meet(journal, self._check_mode), "none", _NOTHING_TO_RETIRE, journal, before)
            return self._step_by_step(journal, retiring, before)
        except LeaseLost as error:
            return self._yield_to_other(before, error)

    def _why_not_retire(self, journal: Journal | None, before: dict[str, t.Any]) -> Outcome | None:
        if journal is None or journal.state is State.ABSENT:
            return Outcome(False, "none", _NOTHING_TO_RETIRE, journal, before)
        busy = self._keeper.holder(journal, patient=not self._check_mode)
        if busy is not None:
            return Outcome(False, "busy", describe_holder(busy), journal, before, (describe_holder(busy),))
        if journal.state in (State.INTENDED, State.CANDIDATE, State.CONTAINED, State.QUARANTINED):
            why = f"the rotation itself is not finished ({journal.state.value})"
            return Outcome(False, "held", why, journal, before, (why,))
        return None

    def _step_by_step(self, journal: Journal, retiring: Retiring, before: dict[str, t.Any]) -> Outcome:
        done: list[str] = []
        step, gate = Step(), None
        for _dummy in range(_MOST_STEPS):
            step = retiring.next_step(journal)
            gate = step.gate or gate
            if not step.do:
                break
            if self._check_mode:
                done.append({"disable": "disabled", "delete": "deleted", "prove": "proved"}.get(step.do, step.do))
                break
            done.append(retiring.carry_out(journal, step))
            if step.do == "unprove":
                break
        noted = retiring.note(journal, step, self._check_mode)
        why = "; ".join([*done, *([step.wait] if step.wait else [])])
        action = done[-1] if done else ("held" if step.pending else "none")
        return Outcome(bool(done) or noted, action, why, journal, before, step.pending, gate, tuple(self._keeper.told))

    # ---- reading ------------------------------------------------------------------------------------------------

    def look(self, wish: Wish) -> Outcome:
        """Say where the credential stands, and what P(rotate) would do as far as the journal tells. One read, nothing else.

        :raises JournalError: damaged, newer, or of another credential.
        """
        keeper = self._keeper
        journal = keeper.load()
        holder = keeper.holder(journal, patient=False)
        plan = foretell(journal, keeper.policy, keeper.issuer.capacity, wish, keeper.clock.now(), holder)
        if keeper.issuer.SUPPLIED and plan.action is Action.ISSUE:
            plan = Plan(Action.HOLD, f"{plan.why}; begins when a person has supplied a value")
        return Outcome(
            False,
            "busy" if holder else "none",
            describe_holder(holder) if holder else "",
            journal,
            picture(journal),
            plan=plan,
        )

    def rest(self, wish: Wish) -> Outcome:
        """What P(rotate) would return if there is nothing to do; where there is something, C(action) is C(due) and P(rotate) has to
        be asked. The reads of a rotation that is not due, and nothing else.

        :raises LocksmithError: it cannot be told.
        """
        journal = self._keeper.load()
        self._news = self._supplied_news(journal)
        plan = self._plan(journal, wish)
        action = "none" if plan.action is Action.NOTHING else "due"
        return Outcome(False, action, plan.why, journal, picture(journal))

    # ---- state=rolled_back --------------------------------------------------------------------------------------

    def roll_back(self, reason: str) -> Outcome:
        """Publish the previous version again while it still works, or give an unfinished attempt up.

        :raises Rejected: there is no previous version any more.
        """
        journal = self._keeper.load()
        before = picture(journal)
        busy = self._keeper.holder(journal, patient=not self._check_mode)
        if busy is not None:
            return Outcome(False, "busy", describe_holder(busy), journal, before, (describe_holder(busy),))
        if journal is None or (journal.suspended and journal.candidate is None):
            return Outcome(False, "none", journal.suspended if journal else "nothing is recorded yet", journal, before)
        unfinished = journal.state in (State.INTENDED, State.CANDIDATE) and not (journal.candidate and journal.candidate.restored)
        self._refuse_impossible(journal, unfinished)
        if not unfinished and journal.candidate is None and self._is_too_late(journal):
            raise Rejected(
                f"{journal.credential}: there is no previous version any more, so nothing to roll back to.",
                next_step="rotate it with force to replace the current version.",
            )
        if self._check_mode:
            return Outcome(True, "rolled_back", "would publish the previous version again", journal, before)
        return self._restore(journal, unfinished, reason, before)

    def _is_too_late(self, journal: Journal) -> bool:
        """Is there nothing to go back to? What is being deleted is nothing, unless it is what the store publishes."""
        previous = journal.previous
        if previous is None or journal.state is not State.DELETING:
            return previous is None
        published = self._keeper.store.read_published()
        return published is None or published.fields.fingerprint() != previous.fingerprint

    def _refuse_impossible(self, journal: Journal, unfinished: bool) -> None:
        """Where the issuer makes the value and keeps one, the previous one died when the present one was made."""
        issuer = self._keeper.issuer
        if issuer.MINTS and issuer.capacity == 1 and (journal.candidate is not None or not unfinished):
            raise Rejected(
                f"{journal.credential}: {issuer.identity} has one value at a time and sets it itself, so the previous one does not "
                "work any more and there is nothing to roll back to.",
                next_step="rotate it, with force to replace the current version.",
            )

    def _restore(self, journal: Journal, unfinished: bool, reason: str, before: dict[str, t.Any]) -> Outcome:
        try:
            if unfinished:
                self._issuing.abandon(journal)
                self._keeper.save(journal, hold=False)
                return Outcome(
                    True, "rolled_back", "the unfinished attempt was given up; the published version stays", journal, before
                )
            previous = journal.previous
            if journal.candidate is None and previous is not None:
                if previous.leak is not None:
                    self._keeper.tell(f"{previous.id} was recorded as leaked; whoever rolls back to it takes that back")
                journal.restore(previous, self._keeper.clock.now(), reason)
            self._keeper.save(journal, hold=True)
            self._issuing.carry_on(journal)
        except LeaseLost as error:
            return self._yield_to_other(before, error)
        except LocksmithError as error:
            self._write_failure(journal, error)
            raise
        why, told = "the previous version is published again", tuple(self._keeper.told)
        return Outcome(True, "rolled_back", why, journal, before, told=told)


def _at_least(outcome: Outcome, done: str) -> Outcome:
    """What an ordinary run did after a leak was recorded. Where it had nothing to do, the record was what changed."""
    if outcome.changed or not done:
        return outcome
    return dataclasses.replace(outcome, changed=True, action=done)


def picture(journal: Journal | None) -> dict[str, t.Any]:
    """Public facts of a journal for a diff: never a value."""
    if journal is None:
        return {"state": State.ABSENT.value, "versions": []}
    return {
        "state": journal.state.value,
        "versions": [
            {"version": v.number, "id": v.id, "fingerprint": v.fingerprint, "phase": v.phase.value} for v in journal.versions
        ],
    }
