# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine where a person makes and revokes the values: awaiting one, taking it once, and watching the old one until it is dead."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    Attempt,
    Issued,
    KeyInfo,
    Verdict,
    Verification,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.engine import Engine, Outcome
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.gate import ConsumerProof
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.keeper import Keeper, Run
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import Action, Wish
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.policy import Exemption, Policy
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import State
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected, ValueAwaited
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.unit.plugins.module_utils.lifecycle.fakes import (
    POLICY,
    AcceptingIssuer,
    Boundary,
    Killed,
    MemoryStore,
    Stage,
)

SCHEDULED = Wish(force=False, reason="scheduled", since=0)


class Person(AcceptingIssuer):
    """A person makes keys, leaves them on the C(desk), and revokes them."""

    SUPPLIED = True
    REVOKES = False
    desk: t.ClassVar[dict[str, str]] = {}
    checks = True

    @property
    def verifiable(self) -> bool:
        return self.checks

    def supplied(self) -> SecretFields | None:
        return SecretFields(self.desk) if self.desk else None

    def how_to_supply(self, reason: str) -> str:
        return "put a new key on the desk"

    def propose(self, attempt: Attempt, current: Issued | None) -> Issued:
        value = self.supplied()
        if value is None:
            raise ValueAwaited("the desk is empty")
        if value["id"].startswith("foreign"):
            raise Rejected("somebody else's")
        return Issued(value["id"], value)

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        if proposal is None:
            raise AssertionError("needs a proposal")
        return self.boundary.around("issue", lambda: proposal)

    def taken(self, version: Issued) -> None:
        self.boundary.around("taken", lambda: self.desk.clear() if dict(version.fields) == self.desk else None)

    def _verify(self, version: Issued) -> Verification:
        if not self.checks:
            return Verification(Verdict.UNKNOWN, detail="nobody can tell")
        return super()._verify(version)

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        return KeyInfo(fields["id"])

    def delete(self, version: Issued) -> None:
        if self.world.alive(version.fields):
            raise Rejected("only a person can revoke it")
        self.boundary.around("delete", lambda: None)


class Desk(Stage):
    """A stage with such a person."""

    def __init__(self, checks: bool = True) -> None:
        super().__init__(minting=False, capacity=0)
        Person.desk = {}
        self._checks = checks

    def engine(self, boundary: Boundary | None = None, check: bool = False, policy: Policy = POLICY) -> Engine:
        boundary = boundary or self.boundary
        issuer = Person(self.world, self.clock, boundary)
        issuer.checks = self._checks
        self.issuer = issuer
        run = f"run{next(self.runs)}"
        who = Run(run, "here", "boot", 1, run, self.clock.now(), self._is_gone)
        return Engine(Keeper("thing", issuer, MemoryStore(self.world, boundary), policy, self.clock, who), check)

    def make(self, name: str, supply: bool = True) -> dict[str, str]:
        """The person makes a key and, as a rule, leaves it on the desk."""
        value = {"id": name, "secret": f"secret of {name}"}
        self.world.keys[name] = {"name": name, "created": 0.0, "active": True, "secret": value["secret"]}
        if supply:
            Person.desk = dict(value)
        return value

    def journal(self) -> Journal:
        found = self.engine(Boundary())._keeper.load()
        assert found is not None
        return found

    def retire(self, policy: Policy = POLICY) -> Outcome:
        current = self.journal().current
        assert current is not None
        return self.engine(policy=policy).retire([ConsumerProof("web1", current.fingerprint, current.fingerprint, True)], ())


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def due(desk: Desk) -> Desk:
    desk.make("one")
    desk.engine().rotate(SCHEDULED)
    desk.clock.time += 2000
    return desk


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("force", [True, False])
def test_without_a_value_nothing_is_written_and_the_person_is_told(due: Desk, check: bool, force: bool) -> None:
    writes = due.world.journal_revision
    outcome = due.engine(check=check).rotate(Wish(force, "scheduled", due.clock.now()))
    assert (outcome.action, outcome.changed) == ("held", False)
    assert outcome.pending == ("a person: put a new key on the desk",)
    assert "due for" in outcome.why or "forced" in outcome.why
    assert due.world.journal_revision == writes


def test_a_look_does_not_count_as_beginning_what_a_person_begins(due: Desk) -> None:
    plan = due.engine().look(SCHEDULED).plan
    assert plan and (plan.action, plan.can_wait) == (Action.HOLD, False) and "a person" in plan.why


def test_a_first_value_is_awaited_too(desk: Desk) -> None:
    outcome = desk.engine().rotate(SCHEDULED)
    assert (outcome.action, outcome.pending, desk.world.journal) == ("held", ("a person: put a new key on the desk",), None)


def test_a_supplied_value_is_taken_once_whether_due_or_not_and_removed(desk: Desk) -> None:
    desk.make("one")
    assert desk.engine().rotate(SCHEDULED).action == "created"
    two = desk.make("two")
    assert desk.engine(check=True).rotate(SCHEDULED).action == "rotated"
    outcome = desk.engine().rotate(SCHEDULED)
    assert (outcome.action, outcome.why) == ("rotated", "a new value was supplied")
    assert (desk.world.published, Person.desk) == (two, {})
    assert desk.engine().rotate(SCHEDULED).action == "none"


def test_a_value_that_is_recorded_already_is_no_news(due: Desk) -> None:
    due.clock.time -= 1999
    Person.desk = {"id": "one", "secret": "secret of one"}
    assert due.engine().rotate(SCHEDULED).action == "none"
    due.clock.time += 1999
    assert due.engine().rotate(SCHEDULED).action == "held", "the published value is not its own successor"


def test_exemption_and_roll_back_do_not_hold_a_persons_own_deed(due: Desk) -> None:
    exempt = Policy(**{**vars(POLICY), "exemption": Exemption(due.clock.now() + 9000, "freeze")})
    assert due.engine(policy=exempt).rotate(SCHEDULED).why.startswith("exempt")
    due.make("two")
    assert due.engine(policy=exempt).rotate(SCHEDULED).action == "rotated"
    assert due.engine().roll_back("manual").action == "rolled_back"
    assert due.journal().suspended
    due.make("three")
    assert due.engine().rotate(SCHEDULED).action == "rotated"


def test_a_value_of_somebody_else_is_refused_before_anything_is_written(due: Desk) -> None:
    due.make("foreign")
    writes = due.world.journal_revision
    for check in (True, False):
        with pytest.raises(Rejected, match="somebody else's"):
            due.engine(check=check).rotate(SCHEDULED)
    assert due.world.journal_revision == writes


def test_a_published_value_is_adopted_and_succeeded_in_one_run(desk: Desk) -> None:
    desk.world.published, desk.world.published_revision = desk.make("one", supply=False), 1
    two = desk.make("two")
    assert desk.engine(check=True).rotate(SCHEDULED).action == "rotated"
    assert desk.engine().rotate(SCHEDULED).action == "rotated"
    previous = desk.journal().previous
    assert (desk.world.published, previous.id if previous else "") == (two, "one")


def test_the_old_one_is_watched_until_it_is_dead(due: Desk) -> None:
    due.make("two")
    due.engine().rotate(SCHEDULED)
    assert "grace" in due.retire().why
    due.clock.time += 200
    for _turn in range(2):
        held = due.retire()
        assert (held.action, held.changed, due.journal().state) == ("held", False, State.GRACE)
        assert held.pending == ("a person to revoke one by hand; it still works",)
    due.issuer.dead_until_verified = 0
    due.world.keys["one"]["active"] = False
    assert due.retire().action == "deleted"
    assert due.journal().state is State.STEADY


def test_a_silent_issuer_is_not_taken_for_a_dead_key(due: Desk) -> None:
    due.make("two")
    due.engine().rotate(SCHEDULED)
    due.retire()
    due.clock.time += 200
    due._checks = False
    held = due.retire()
    assert held.pending == ("a person to revoke one by hand; whether it still works is not known (nobody can tell)",)


def test_what_cannot_be_checked_is_published_without_a_login() -> None:
    desk = Desk(checks=False)
    desk.make("one")
    assert desk.engine().rotate(SCHEDULED).action == "created"
    assert "after verify" not in desk.boundary.calls and "verify" not in desk.boundary.calls


def test_a_value_that_dies_after_it_was_taken_up_is_given_up_and_named(due: Desk) -> None:
    due.make("two")
    engine = due.engine()
    due.issuer.never_works = True
    with pytest.raises(Exception, match="did not log in") as caught:
        engine.rotate(SCHEDULED)
    assert "two, which was never published" in str(caught.value)
    assert (due.journal().state, due.world.published) == (State.STEADY, {"id": "one", "secret": "secret of one"})


def test_killed_anywhere_the_next_run_takes_the_same_value_and_clears_the_desk() -> None:
    last = 200
    for kill_at in range(1, last):
        desk = Desk()
        desk.make("one")
        desk.engine().rotate(SCHEDULED)
        two = desk.make("two")
        killer = Boundary()
        killer.kill_at = kill_at
        try:
            desk.engine(killer).rotate(SCHEDULED)
        except Killed:
            published = desk.world.published
            assert desk.world.alive(published or {}), f"killed at {kill_at}"
            desk.bury()
            desk.engine().rotate(SCHEDULED)
            assert (desk.world.published, Person.desk) == (two, {}), f"killed at {kill_at}"
            assert [version.id for version in desk.journal().versions] == ["one", "two"]
            continue
        assert kill_at > 15
        return
    raise AssertionError("the run never ended")
