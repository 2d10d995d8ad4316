# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole rotations of PostgreSQL passwords, killed at every call to the server or the store, and finished by the next run."""

from __future__ import annotations

import itertools
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.postgresql import PostgresqlIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.engine import Engine, Outcome
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.gate import ConsumerProof
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.keeper import Keeper, Run
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import Wish
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Store
from ansible_collections.locksmith.rotation.tests.real.fixtures_postgres import make_issuer, make_role, unique, version
from ansible_collections.locksmith.rotation.tests.servers.postgres import Postgres
from ansible_collections.locksmith.rotation.tests.unit.plugins.module_utils.lifecycle.fakes import (
    POLICY,
    Boundary,
    FakeClock,
    Killed,
    MemoryStore,
    World,
)

SCHEDULED = Wish(force=False, reason="scheduled", since=0)
CALLS = ("keys", "issue", "verify", "last_use", "disable", "enable", "delete")


class Stage:
    """One role, or one pair of roles, and a store in memory; runs of it take place one after the other."""

    def __init__(self, server: Postgres, strategy: str) -> None:
        self.server = server
        self.strategy = strategy
        self.clock = FakeClock()
        self.world = World(0)
        self.base = unique("whole")
        self.runs = itertools.count(1)
        for name in [self.base] if strategy == "single_user" else [f"{self.base}_blue", f"{self.base}_green"]:
            make_role(server, name)

    def engine(self, boundary: Boundary | None = None) -> Engine:
        boundary = boundary or Boundary()
        issuer = make_issuer(self.server, self.base, clock=self.clock, strategy=self.strategy)
        for name in CALLS:
            setattr(issuer, name, _watched(boundary, name, getattr(issuer, name)))
        run = f"run{next(self.runs)}"
        store = MemoryStore(self.world, boundary)
        Store.__init__(store, PostgresqlIssuer.FIELDS, None)
        who = Run(run, "here", "boot", 1, run, self.clock.now(), lambda lease: True)
        return Engine(Keeper("thing", issuer, store, POLICY, self.clock, who), check_mode=False)

    def published_logs_in(self) -> bool:
        published = self.world.published
        return published is not None and self.server.logs_in(published["username"], published["password"])


def _watched(boundary: Boundary, name: str, call: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    return lambda *arguments: boundary.around(name, lambda: call(*arguments))


def rotate(stage: Stage, boundary: Boundary | None = None) -> Outcome:
    return stage.engine(boundary).rotate(SCHEDULED)


def retire(stage: Stage, boundary: Boundary | None = None) -> Outcome:
    journal = stage.engine()._keeper.load()
    assert journal is not None and journal.current is not None
    wanted = journal.current.fingerprint
    return stage.engine(boundary).retire([ConsumerProof("web1", wanted, wanted, True)], [])


def roll_back(stage: Stage, boundary: Boundary | None = None) -> Outcome:
    return stage.engine(boundary).roll_back("manual")


def due(stage: Stage) -> None:
    rotate(stage)
    stage.clock.time += POLICY.rotate_after + 1


def rolled_out(stage: Stage) -> None:
    due(stage)
    rotate(stage)


def proved(stage: Stage) -> None:
    rolled_out(stage)
    retire(stage)
    stage.clock.time += POLICY.grace + 1


CASES: dict[str, tuple[t.Callable[[Stage], None], t.Callable[..., Outcome]]] = {
    "create": (lambda stage: None, rotate),
    "rotate": (due, rotate),
    "retire": (proved, retire),
    "roll back": (rolled_out, roll_back),
}


@pytest.mark.parametrize("postgres", [18], indirect=True)
@pytest.mark.parametrize("strategy", ["single_user", "alternating_users"])
@pytest.mark.parametrize("case", sorted(CASES))
def test_killed_anywhere_the_next_run_finishes(postgres: Postgres, strategy: str, case: str) -> None:
    """The points just after a call; the world is the same just before the next one."""
    prepare, operation = CASES[case]
    for point in itertools.count(2, 2):
        stage = Stage(postgres, strategy)
        prepare(stage)
        killer = Boundary()
        killer.kill_at = point
        try:
            operation(stage, killer)
        except Killed:
            if strategy == "alternating_users" and stage.world.published is not None:
                assert stage.published_logs_in(), f"what is published has to work at every instant ({point})"
            operation(stage)
            assert stage.published_logs_in(), f"the next run did not finish ({point})"
            continue
        assert stage.published_logs_in()
        assert point > 5
        return


def test_a_whole_life_leaves_one_role_that_logs_in(postgres: Postgres) -> None:
    stage = Stage(postgres, "alternating_users")
    proved(stage)
    assert retire(stage).action == "disabled"
    stage.clock.time += POLICY.recovery_wait + 1
    assert retire(stage).action == "deleted"
    rows = dict(postgres.sql(f"SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname LIKE '{stage.base}%'"))
    assert rows == {f"{stage.base}_blue": False, f"{stage.base}_green": True}
    stage.clock.time += POLICY.rotate_after
    assert rotate(stage).action == "rotated"
    assert stage.world.published is not None
    assert stage.world.published["username"] == f"{stage.base}_blue"
    assert stage.published_logs_in()


def test_the_role_of_today_is_adopted_and_handed_over(postgres: Postgres) -> None:
    """From one role to two taking turns, without a gap: publish today's value, and name the role as one of the two."""
    stage = Stage(postgres, "single_user")
    name, password = make_role(postgres, f"{stage.base}_blue")
    make_role(postgres, f"{stage.base}_green")
    stage.strategy = "alternating_users"
    stage.world.published = {"username": name, "password": password}
    assert rotate(stage).action == "adopted"
    assert postgres.logs_in(name, password)
    stage.clock.time += POLICY.rotate_after + 1
    assert rotate(stage).action == "rotated"
    assert postgres.logs_in(name, password)
    assert stage.published_logs_in()
    issuer = make_issuer(postgres, stage.base, strategy="alternating_users")
    assert issuer.verify(version(name, password)).verdict is Verdict.ALIVE
