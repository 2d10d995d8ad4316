# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An issuer that makes the value, keeps one, shows it at any time and replaces it by itself, as Vault's static roles do."""

from __future__ import annotations

import itertools
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued, KeyInfo
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.engine import Engine, Outcome
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.gate import ConsumerProof
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.keeper import Keeper, Run
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import Wish
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Conflict, Rejected, Unreachable
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.unit.plugins.module_utils.lifecycle.fakes import (
    POLICY,
    Boundary,
    Killed,
    MemoryStore,
    MintingIssuer,
    Stage,
)

SCHEDULED = Wish(force=False, reason="scheduled", since=0)


class RevealingIssuer(MintingIssuer):
    """One key, whose secret can be read."""

    CAN_DISABLE = False
    REVEALS = True
    LOGINS_NEEDED = 1

    def present(self) -> Issued:
        return self.boundary.around("present", self._shown)

    def _shown(self) -> Issued:
        ((name, key),) = self.world.keys.items()
        return Issued(name, SecretFields({"id": "role", "secret": key["secret"]}), key["created"])

    def _mint(self, attempt: Attempt) -> Issued:
        self.replace()
        return self._shown()

    def replace(self) -> None:
        """Also what it does by itself."""
        number = next(self.world.numbers)
        self.world.minted += 1
        key: dict[str, t.Any] = {"name": "role", "created": self.clock.now(), "active": True, "secret": f"secret-{number}"}
        self.world.keys = {f"role/{number}": key}

    def stranded(self, attempt: Attempt, recorded: t.Container[str]) -> list[KeyInfo]:
        return []

    def delete(self, version: Issued) -> None:
        self.boundary.around("delete", lambda: None)


class Role(Stage):
    """A world with one role, which has a value from the beginning."""

    def __init__(self) -> None:
        super().__init__(minting=True, capacity=1)
        self.by_itself = RevealingIssuer(self.world, self.clock, Boundary())
        self.by_itself.replace()
        self.world.minted = 0

    def engine(self, boundary: Boundary | None = None, check: bool = False, policy: t.Any = POLICY) -> Engine:
        boundary = boundary or Boundary()
        run = f"run{next(self.runs)}"
        who = Run(run, "here", "boot", 1, run, self.clock.now(), lambda lease: True)
        issuer = RevealingIssuer(self.world, self.clock, boundary)
        return Engine(Keeper("thing", issuer, MemoryStore(self.world, boundary), policy, self.clock, who), check)

    def published_works(self) -> bool:
        return self.world.published is not None and self.world.alive(self.world.published)


def rotate(role: Role, boundary: Boundary | None = None, wish: Wish = SCHEDULED) -> Outcome:
    return role.engine(boundary).rotate(wish)


def retire(role: Role, boundary: Boundary | None = None) -> Outcome:
    journal = role.engine()._keeper.load()
    assert journal is not None and journal.current is not None
    wanted = journal.current.fingerprint
    return role.engine(boundary).retire([ConsumerProof("web1", wanted, wanted, True)], [])


def fresh() -> Role:
    return Role()


def steady() -> Role:
    role = Role()
    rotate(role)
    return role


def due() -> Role:
    role = steady()
    role.clock.time += POLICY.rotate_after + 1
    return role


def replaced() -> Role:
    role = steady()
    role.by_itself.replace()
    return role


def replaced_and_due() -> Role:
    role = due()
    role.by_itself.replace()
    return role


#: The world before, and how many values a run makes in it.
CASES: dict[str, tuple[t.Callable[[], Role], int]] = {
    "create": (fresh, 1),
    "rotate": (due, 1),
    "follow": (replaced, 0),
    "follow although due": (replaced_and_due, 0),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_killed_anywhere_the_next_run_publishes_what_is_there_and_makes_nothing_twice(case: str) -> None:
    prepare, makes = CASES[case]
    for point in itertools.count(1):
        role = prepare()
        before = role.world.minted
        killer = Boundary()
        killer.kill_at = point
        try:
            rotate(role, killer)
        except Killed:
            rotate(role)
            assert role.published_works(), f"killed at {point}: the published value does not work"
            assert role.world.minted == before + makes, f"killed at {point}: made {role.world.minted - before}"
            assert rotate(role).changed is False
            continue
        assert role.published_works()
        assert point > 10
        return


def test_what_the_issuer_replaced_is_published_and_nothing_is_asked_of_it() -> None:
    role = replaced()
    seen = Boundary()
    outcome = rotate(role, seen)
    assert (outcome.changed, outcome.action) == (True, "rotated")
    assert "another value" in outcome.why
    assert "issue" not in seen.calls
    assert role.published_works()


def test_nothing_is_written_while_the_value_is_the_same() -> None:
    role = steady()
    seen = Boundary()
    assert rotate(role, seen).changed is False
    assert not {"write_journal", "publish", "issue"} & set(seen.calls)


def test_check_mode_foretells_it_and_writes_nothing() -> None:
    role = replaced()
    seen = Boundary()
    outcome = role.engine(seen, check=True).rotate(SCHEDULED)
    assert (outcome.changed, outcome.action) == (True, "rotated")
    assert not {"write_journal", "publish", "issue"} & set(seen.calls)


def test_force_makes_a_new_one_whatever_is_there() -> None:
    role = replaced()
    before = role.world.minted
    rotate(role, wish=Wish(force=True, reason="leak", since=role.clock.now() + 1))
    assert role.world.minted == before + 1
    assert role.published_works()


def test_the_schedule_counts_from_the_issuers_own_rotation() -> None:
    role = due()
    role.by_itself.replace()
    rotate(role)
    role.clock.time += POLICY.rotate_after - 1
    assert rotate(role).action == "none"
    role.clock.time += 2
    before = role.world.minted
    assert rotate(role).action == "rotated"
    assert role.world.minted == before + 1


def test_a_value_that_somebody_published_by_hand_already_is_no_conflict() -> None:
    role = replaced()
    role.world.published = role.by_itself._shown().fields.reveal()
    assert rotate(role).action == "rotated"
    assert rotate(role).action == "none"


def test_any_other_value_published_by_hand_is_one() -> None:
    role = replaced()
    role.world.published = {"id": "role", "secret": "by-hand"}
    with pytest.raises(Conflict):
        rotate(role)


def test_replaced_while_consumers_move_the_newest_is_rolled_out() -> None:
    role = due()
    rotate(role)
    role.by_itself.replace()
    assert rotate(role).action == "rotated"
    assert role.published_works()
    assert retire(role).action == "proved"
    role.clock.time += POLICY.grace + 1
    retire(role)
    retire(role)
    journal = role.engine()._keeper.load()
    assert journal is not None and [version.phase.value for version in journal.versions] == ["current"]


def test_there_is_nothing_to_roll_back_to() -> None:
    role = due()
    rotate(role)
    journal = role.world.journal
    with pytest.raises(Rejected, match="does not work any more"):
        role.engine().roll_back("manual")
    assert role.world.journal == journal


def test_a_lost_answer_is_found_by_reading_again() -> None:
    role = due()
    failing = Boundary()
    points = Boundary()
    twin = due()
    rotate(twin, points)
    failing.fail_at = 2 * points.calls.index("issue") + 2
    failing.error = Unreachable
    before = role.world.minted
    with pytest.raises(Unreachable):
        rotate(role, failing)
    assert rotate(role).action == "resumed"
    assert (role.world.minted, role.published_works()) == (before + 1, True)


def test_an_issuer_that_cannot_be_asked_is_an_error_and_not_a_quiet_run() -> None:
    role = steady()
    failing = Boundary()
    failing.fail_at = 3
    failing.error = Unreachable
    with pytest.raises(Unreachable, match="present"):
        rotate(role, failing)
