# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill the run at every boundary of every operation; the next run must converge. In memory; the real servers have their own."""

from __future__ import annotations

import contextlib
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.engine import Engine, Outcome
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.gate import ConsumerProof
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import Wish
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import State
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Denied, LocksmithError, Rejected, Unreachable
from ansible_collections.locksmith.rotation.tests.unit.plugins.module_utils.lifecycle.fakes import Boundary, Killed, Stage

SCHEDULED = Wish(force=False, reason="scheduled", since=0)
Operation = t.Callable[[Engine, Stage], Outcome]


def current_fingerprint(stage: Stage) -> str:
    journal = stage.engine(Boundary())._keeper.load()
    assert journal is not None and journal.current is not None
    return journal.current.fingerprint


def rotate(engine: Engine, stage: Stage) -> Outcome:
    return engine.rotate(SCHEDULED)


def retire(engine: Engine, stage: Stage) -> Outcome:
    wanted = current_fingerprint(stage)
    return engine.retire([ConsumerProof("web1", wanted, wanted, True)], [])


def roll_back(engine: Engine, stage: Stage) -> Outcome:
    return engine.roll_back("manual")


def fresh(minting: bool) -> Stage:
    return Stage(minting)


def steady(minting: bool) -> Stage:
    stage = Stage(minting)
    stage.engine().rotate(SCHEDULED)
    return stage


def due(minting: bool) -> Stage:
    stage = steady(minting)
    stage.clock.time += 2000
    return stage


def rolled_out(minting: bool) -> Stage:
    stage = due(minting)
    stage.engine().rotate(SCHEDULED)
    return stage


def proved(minting: bool) -> Stage:
    stage = rolled_out(minting)
    retire(stage.engine(), stage)
    stage.clock.time += 101
    return stage


def disabled(minting: bool) -> Stage:
    stage = proved(minting)
    retire(stage.engine(), stage)
    stage.clock.time += 51
    return stage


CASES = {
    "create": (fresh, rotate),
    "rotate": (due, rotate),
    "prove": (rolled_out, retire),
    "retire": (proved, retire),
    "delete": (disabled, retire),
    "roll back": (rolled_out, roll_back),
}


def boundaries(build: t.Callable[[bool], Stage], operation: Operation, minting: bool) -> int:
    stage = build(minting)
    counter = Boundary()
    operation(stage.engine(counter), stage)
    return counter.count


def matrix() -> list[t.Any]:
    return [
        pytest.param(minting, name, point, id=f"{'minting' if minting else 'accepting'}-{name}-{point}")
        for minting in (True, False)
        for name, (build, operation) in CASES.items()
        for point in range(1, boundaries(build, operation, minting) + 1)
    ]


def assert_sound(stage: Stage) -> None:
    """The invariants that hold after every completed run."""
    journal = stage.engine(Boundary())._keeper.load()
    assert journal is not None
    assert journal.lease is None
    assert stage.world.published is not None and stage.world.alive(stage.world.published)
    assert journal.current is not None and stage.world.published["secret"] == journal.current.fields["secret"]
    if stage.minting:
        assert set(stage.world.keys) - stage.world.foreign == journal.ids(), "a key is stranded, or recorded and gone"


@pytest.mark.parametrize(("minting", "name", "point"), matrix())
def test_a_killed_run_is_finished_by_the_next(minting: bool, name: str, point: int) -> None:
    build, operation = CASES[name]
    stage = build(minting)
    minted = stage.world.minted
    killer = Boundary()
    killer.kill_at = point
    with pytest.raises(Killed):
        operation(stage.engine(killer), stage)
    if minting and stage.world.published is not None:
        assert stage.world.alive(stage.world.published), "what is published must work at every instant"
    stage.bury()
    finish(stage, name, operation)
    assert_sound(stage)
    if name in ("create", "rotate"):
        assert stage.world.minted - minted <= 2, "at most the lost key and its replacement"
        third = stage.engine().rotate(SCHEDULED)
        assert not third.changed
    stage.engine(Boundary(), check=True).rotate(SCHEDULED)


def finish(stage: Stage, name: str, operation: Operation) -> None:
    if name == "roll back":
        stage.engine().roll_back("manual")
        journal = stage.engine(Boundary())._keeper.load()
        assert journal is not None and journal.suspended == "rolled back"
        return
    stage.engine().rotate(SCHEDULED)
    if name not in ("create", "rotate"):
        operation(stage.engine(), stage)


@pytest.mark.parametrize("error", [Unreachable, Denied, Rejected])
@pytest.mark.parametrize(("minting", "name", "point"), matrix())
def test_a_failed_run_is_finished_by_the_next(minting: bool, name: str, point: int, error: type[Exception]) -> None:
    """Every call fails once, before or after it took effect. The error is passed on, and nothing is lost."""
    build, operation = CASES[name]
    stage = build(minting)
    failing = Boundary()
    failing.fail_at, failing.error = point, error
    with pytest.raises(LocksmithError):
        operation(stage.engine(failing), stage)
    stage.bury()
    if error is Unreachable or not minting:
        finish(stage, name, operation)
        assert_sound(stage)


def test_a_double_kill_converges() -> None:
    """Die, resume, die again elsewhere: every pair of boundaries."""
    first = boundaries(due, rotate, True)
    for one in range(1, first + 1):
        for two in range(1, 30):
            stage = due(True)
            for point in (one, two):
                killer = Boundary()
                killer.kill_at = point
                with contextlib.suppress(Killed):
                    stage.engine(killer).rotate(SCHEDULED)
                stage.bury()
            stage.engine().rotate(SCHEDULED)
            assert_sound(stage)
            assert len(stage.world.keys) == 2


def test_check_mode_changes_nothing_and_predicts() -> None:
    for minting in (True, False):
        for build, operation in CASES.values():
            stage = build(minting)
            before = (dict(stage.world.keys), stage.world.journal, stage.world.published)
            predicted = operation(stage.engine(check=True), stage)
            assert (dict(stage.world.keys), stage.world.journal, stage.world.published) == before
            real = operation(stage.engine(), stage)
            assert (predicted.changed, predicted.action) == (real.changed, real.action)


def test_not_due_reads_once_and_writes_nothing() -> None:
    stage = steady(True)
    boundary = Boundary()
    outcome = stage.engine(boundary).rotate(SCHEDULED)
    assert (outcome.changed, boundary.calls) == (False, ["read_journal"])
    assert outcome.journal is not None and outcome.journal.state is State.STEADY
