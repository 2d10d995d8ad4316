# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole rotations of Vault's own credentials: killed at every call and finished by the next run, and from end to end by the
playbook, with OpenBao as issuer and store."""

from __future__ import annotations

import itertools
import pathlib
import time
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.engine import Engine, Outcome
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.gate import ConsumerProof
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.keeper import Keeper, Run
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import Wish
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Store
from ansible_collections.locksmith.rotation.tests.real.estate import Ended, Estate, machine_of
from ansible_collections.locksmith.rotation.tests.real.fixtures_vault_issuers import AppRoles, StaticRoles, unique
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto
from ansible_collections.locksmith.rotation.tests.servers.openbao import OpenBao
from ansible_collections.locksmith.rotation.tests.unit.plugins.module_utils.lifecycle.fakes import (
    POLICY,
    Boundary,
    FakeClock,
    Killed,
    MemoryStore,
    World,
)

SCHEDULED = Wish(force=False, reason="scheduled", since=0)
FORCED = Wish(force=True, reason="leak", since=4_000_000_000)
CALLS = ("keys", "issue", "verify", "last_use", "delete", "present")


class Stage:
    """One credential and a store in memory; runs of it take place one after the other."""

    def __init__(self, issuer: t.Callable[[FakeClock], Issuer]) -> None:
        self.clock = FakeClock()
        self.clock.time = time.time()  # Vault says when it rotated
        self.world = World(0)
        self._issuer = issuer
        self._runs = itertools.count(1)

    def engine(self, boundary: Boundary | None = None) -> Engine:
        boundary = boundary or Boundary()
        issuer = self._issuer(self.clock)
        for name in CALLS:
            setattr(issuer, name, _watched(boundary, name, getattr(issuer, name)))
        run = f"run{next(self._runs)}"
        store = MemoryStore(self.world, boundary)
        Store.__init__(store, issuer.FIELDS, None)
        who = Run(run, "here", "boot", 1, run, self.clock.now(), lambda lease: True)
        return Engine(Keeper("thing", issuer, store, POLICY, self.clock, who), check_mode=False)

    def rotate(self, boundary: Boundary | None = None, wish: Wish = SCHEDULED) -> Outcome:
        return self.engine(boundary).rotate(wish)

    def retire(self, boundary: Boundary | None = None) -> Outcome:
        journal = self.engine()._keeper.load()
        assert journal is not None and journal.current is not None
        wanted = journal.current.fingerprint
        return self.engine(boundary).retire([ConsumerProof("web1", wanted, wanted, True)], [])

    @property
    def published(self) -> dict[str, str]:
        assert self.world.published is not None
        return self.world.published


def _watched(boundary: Boundary, name: str, call: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    return lambda *arguments: boundary.around(name, lambda: call(*arguments))


def killed_at_each_call(stage_of: t.Callable[[], Stage], act: t.Callable[..., Outcome]) -> t.Iterator[tuple[Stage, bool]]:
    """A fresh stage for each point just after a call, the run killed there; the last one was not killed."""
    for point in itertools.count(2, 2):
        stage = stage_of()
        killer = Boundary()
        killer.kill_at = point
        try:
            act(stage, killer)
        except Killed:
            yield stage, True
            continue
        assert point > 5
        yield stage, False
        return


class TestSecretIdKilledAnywhere:
    """The accessors at the server are the judge: no secret id is lost, none is made twice, none is left."""

    @pytest.fixture
    def role(self, approles: AppRoles) -> str:
        return approles.create()

    def stage(self, approles: AppRoles, due: bool) -> tuple[Stage, str]:
        role = approles.create()
        stage = Stage(lambda clock: approles.issuer(role, clock=clock))
        if due:
            stage.rotate()
            stage.clock.time += POLICY.rotate_after + 1
        return stage, role

    @pytest.mark.parametrize("due", [False, True])
    def test_while_it_rotates(self, approles: AppRoles, due: bool) -> None:
        roles: list[str] = []

        def fresh() -> Stage:
            stage, role = self.stage(approles, due)
            roles.append(role)
            return stage

        for stage, was_killed in killed_at_each_call(fresh, Stage.rotate):
            if due:
                assert approles.logs_in(stage.published), "what is published works at every instant"
            if was_killed:
                stage.rotate()
            assert approles.logs_in(stage.published)
            assert len(approles.accessors(roles[-1])) == (2 if due else 1)

    def test_while_it_retires(self, approles: AppRoles) -> None:
        roles: list[str] = []

        def rolled_out() -> Stage:
            stage, role = self.stage(approles, due=True)
            roles.append(role)
            stage.rotate()
            stage.retire()
            stage.clock.time += POLICY.grace + 1
            return stage

        for stage, was_killed in killed_at_each_call(rolled_out, Stage.retire):
            if was_killed:
                stage.retire()
            assert approles.logs_in(stage.published)
            assert len(approles.accessors(roles[-1])) == 1

    def test_what_others_make_meanwhile_stays(self, approles: AppRoles) -> None:
        stage, role = self.stage(approles, due=True)
        foreign = approles.by_hand(role)["secret_id_accessor"]
        killer = Boundary()
        points = Boundary()
        twin, dummy = self.stage(approles, due=True)
        twin.rotate(points)
        killer.kill_at = 2 * points.calls.index("issue") + 2
        with pytest.raises(Killed):
            stage.rotate(killer)
        assert len(approles.accessors(role)) == 3, "the killed run left one that the journal does not know"
        late = approles.by_hand(role)["secret_id_accessor"]
        assert stage.rotate().action == "resumed"
        left = approles.accessors(role)
        assert {foreign, late} < set(left)
        assert len(left) == 4


class TestStaticRoleKilledAnywhere:
    def stage(self, static_roles: StaticRoles, published: bool) -> tuple[Stage, str]:
        role = static_roles.create()
        stage = Stage(lambda clock: static_roles.issuer(role, clock=clock))
        if published:
            stage.rotate()
        return stage, role

    @pytest.mark.parametrize("case", ["create", "rotate", "follow"])
    def test_the_next_run_publishes_what_vault_has_without_another_rotation(self, static_roles: StaticRoles, case: str) -> None:
        roles: list[str] = []

        def prepared() -> Stage:
            stage, role = self.stage(static_roles, published=case != "create")
            roles.append(role)
            if case == "follow":
                static_roles.rotate(role)
            return stage

        wish = FORCED if case == "rotate" else SCHEDULED
        for stage, was_killed in killed_at_each_call(prepared, lambda stage, boundary: stage.rotate(boundary, wish)):
            there = static_roles.shown(roles[-1])
            rotated_before = stage.world.published != {name: there[name] for name in ("username", "password")}
            if was_killed:
                stage.rotate()
            assert static_roles.logs_in(stage.published)
            after = static_roles.shown(roles[-1])
            if rotated_before and case != "create":
                assert after["last_vault_rotation"] == there["last_vault_rotation"], "it was not rotated a second time"


def test_vaults_own_rotation_is_followed_and_then_all_is_quiet(static_roles: StaticRoles) -> None:
    role = static_roles.create()
    stage = Stage(lambda clock: static_roles.issuer(role, clock=clock))
    stage.rotate()
    static_roles.rotate(role)
    assert not static_roles.logs_in(stage.published)
    assert stage.rotate().action == "rotated"
    assert static_roles.logs_in(stage.published)
    assert stage.rotate().changed is False


class Legacy:
    """A service on one machine whose credential comes from OpenBao by way of OpenBao's KV engine."""

    def __init__(self, server: OpenBao, moto: Moto, top: pathlib.Path, kind: str, options: dict[str, t.Any]) -> None:
        self.home = top / "web1"
        self.home.mkdir()
        self.name = unique("legacy")
        self.estate = Estate(moto, top, [], [])
        entry = {"credential": self.name, "format": "env"}
        self.estate.machines["web1"] = machine_of(self.home, entry, "env", "legacy")
        reach = {"url": server.url, "token": server.root_token}
        self.estate.credentials[self.name] = {
            "credential_type": kind,
            "credential_options": {**reach, **options},
            "credential_store": {**reach, "type": "vault", "path": f"legacy/{self.name}"},
            "credential_grace": "0s",
        }
        self.shown: list[str] = []

    def rotate(self, *arguments: str) -> Ended:
        ended = self.estate.rotate(*arguments)
        self.shown.append(ended.output)
        assert ended.status == 0, ended.output
        return ended

    def value(self, file: str = "running") -> dict[str, str]:
        lines = (self.home / file).read_text(encoding="utf-8").splitlines()
        return {name: value.strip("'") for name, found, value in (line.partition("=") for line in lines) if found}


def test_a_secret_id_from_end_to_end(approles: AppRoles, moto: Moto, tmp_path: pathlib.Path) -> None:
    role = approles.create()
    legacy = Legacy(approles.server, moto, tmp_path, "vault_secret_id", {"role_name": role})
    legacy.rotate("--check", "--diff")
    assert approles.accessors(role) == []
    legacy.rotate("--diff")
    old = legacy.value()
    assert approles.logs_in(old)
    assert legacy.rotate().changed() == 0
    legacy.estate.credentials[legacy.name]["credential_grace"] = "1h"
    legacy.rotate("-e", "credential_force=true", "--diff", "-vvv")
    new = legacy.value()
    assert (approles.logs_in(old), approles.logs_in(new), old == new) == (True, True, False)
    legacy.estate.credentials[legacy.name]["credential_grace"] = "0s"
    legacy.rotate("--diff")
    assert (approles.logs_in(old), approles.logs_in(new)) == (False, True)
    assert legacy.rotate().changed() == 0
    for secret in (old["secret_id"], new["secret_id"], approles.server.root_token):
        assert not any(secret in output for output in legacy.shown)


def test_a_static_role_from_end_to_end(static_roles: StaticRoles, moto: Moto, tmp_path: pathlib.Path) -> None:
    role = static_roles.create()
    options = {"role_name": role, "engine_mount_point": static_roles.mount, **static_roles.login()}
    legacy = Legacy(static_roles.server, moto, tmp_path, "vault_static_role", options)
    before = static_roles.shown(role)
    legacy.rotate("--check", "--diff")
    assert static_roles.shown(role) == {**before, "ttl": static_roles.shown(role)["ttl"]}
    legacy.rotate("--diff")
    old = legacy.value()
    assert static_roles.logs_in(old)
    assert legacy.rotate().changed() == 0
    legacy.rotate("-e", "credential_force=true", "--diff", "-vvv")
    new = legacy.value()
    assert (static_roles.logs_in(old), static_roles.logs_in(new)) == (False, True)
    static_roles.rotate(role)
    assert not static_roles.logs_in(new)
    foretold = legacy.rotate("--check")
    assert foretold.changed() > 0 and legacy.value() == new
    legacy.rotate("--diff")
    newest = legacy.value()
    assert static_roles.logs_in(newest)
    assert legacy.rotate().changed() == 0
    for value in (old, new, newest):
        assert not any(value["password"] in output for output in legacy.shown)
