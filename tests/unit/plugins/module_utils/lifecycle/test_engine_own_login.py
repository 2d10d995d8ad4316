# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The credential by which the run itself logs in: refused before anything is written, rotated on request, never retired under the run."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.gate import ConsumerProof
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import Wish
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected
from ansible_collections.locksmith.rotation.tests.unit.plugins.module_utils.lifecycle.fakes import POLICY, MintingIssuer, Stage

SCHEDULED = Wish(force=False, reason="scheduled", since=0)
LAST = dataclasses.replace(POLICY, own_login="last")


class Login:
    """What every run logs in with: a secret, or with a single value the identity itself."""

    def __init__(self) -> None:
        self.secret = ""

    def own_login(self, issuer: MintingIssuer, versions: t.Sequence[Issued]) -> str:
        if issuer.capacity == 1:
            return "the role itself" if self.secret else ""
        return next(
            (version.id or "the published key" for version in versions if version.fields.get("secret") == self.secret), ""
        )


@pytest.fixture
def login(monkeypatch: pytest.MonkeyPatch) -> Login:
    made = Login()

    def own_login(issuer: MintingIssuer, versions: t.Sequence[Issued]) -> str:
        return made.own_login(issuer, versions)

    monkeypatch.setattr(MintingIssuer, "own_login", own_login)
    return made


def due(minting: bool = True) -> Stage:
    stage = Stage(minting)
    stage.engine().rotate(SCHEDULED)
    stage.clock.time += 2000
    return stage


def published(stage: Stage) -> str:
    assert stage.world.published is not None
    return stage.world.published["secret"]


def snapshot(stage: Stage) -> tuple[t.Any, ...]:
    return stage.world.journal, stage.world.minted, published(stage), sorted(stage.world.keys)


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("minting", [True, False])
def test_it_is_refused_before_anything_is_written(login: Login, minting: bool, check: bool) -> None:
    stage = due(minting)
    login.secret = published(stage)
    before = snapshot(stage)
    with pytest.raises(Rejected, match="what this run itself logs in with") as caught:
        stage.engine(check=check).rotate(SCHEDULED)
    assert "credential_own_login: last" in caught.value.next_step
    assert snapshot(stage) == before


@pytest.mark.parametrize("check", [False, True])
def test_by_force_too(login: Login, check: bool) -> None:
    stage = due()
    login.secret = published(stage)
    with pytest.raises(Rejected, match="what this run itself logs in with"):
        stage.engine(check=check).rotate(dataclasses.replace(SCHEDULED, force=True, reason="leak", since=stage.clock.now()))


@pytest.mark.parametrize("minting", [True, False])
def test_on_request_it_is_rotated(login: Login, minting: bool) -> None:
    stage = due(minting)
    login.secret = old = published(stage)
    assert stage.engine(check=True, policy=LAST).rotate(SCHEDULED).action == "rotated"
    assert stage.engine(policy=LAST).rotate(SCHEDULED).action == "rotated"
    assert published(stage) != old


def test_what_is_not_due_is_not_looked_at(login: Login) -> None:
    stage = Stage(True)
    stage.engine().rotate(SCHEDULED)
    login.secret = published(stage)
    assert stage.engine().rotate(SCHEDULED).action == "none"


def test_adopting_it_changes_nothing_and_is_not_refused(login: Login) -> None:
    stage = due()
    login.secret = published(stage)
    stage.world.journal, stage.world.journal_revision = None, 0
    assert stage.engine().rotate(SCHEDULED).action == "adopted"


@pytest.mark.parametrize("check", [False, True])
def test_a_forced_first_rotation_looks_at_what_is_published(login: Login, check: bool) -> None:
    stage = due()
    login.secret = published(stage)
    stage.world.journal, stage.world.journal_revision = None, 0
    with pytest.raises(Rejected, match="the published key is what this run"):
        stage.engine(check=check).rotate(dataclasses.replace(SCHEDULED, force=True))


def test_somebody_elses_key_is_rotated_as_ever(login: Login) -> None:
    stage = due()
    login.secret = "the administrator's"
    assert stage.engine().rotate(SCHEDULED).action == "rotated"


def retired(stage: Stage) -> t.Any:
    journal = stage.engine()._keeper.load()
    assert journal is not None
    assert journal.current is not None
    proof = ConsumerProof("web1", journal.current.fingerprint, journal.current.fingerprint, True)
    return stage.engine(policy=LAST).retire([proof], ())


def test_a_run_never_takes_its_own_login_out_of_service(login: Login) -> None:
    stage = due()
    login.secret = old = published(stage)
    stage.engine(policy=LAST).rotate(SCHEDULED)
    new = published(stage)
    assert retired(stage).action == "proved"
    stage.clock.time += POLICY.grace
    held = retired(stage)
    assert (held.action, held.changed) == ("held", False)
    assert "this run itself logs in with key-1: give it the published version" in held.pending[0]
    assert stage.world.alive({"secret": old})
    login.secret = new
    assert retired(stage).action == "disabled"
    login.secret = old
    stage.clock.time += POLICY.recovery_wait
    assert "this run itself" in retired(stage).pending[0]
    login.secret = new
    assert retired(stage).action == "deleted"
    assert sorted(stage.world.keys) == ["key-2"]


def test_a_single_value_that_was_replaced_is_dead_already(login: Login) -> None:
    stage = due(minting=False)
    login.secret = "whatever"
    stage.engine(policy=LAST).rotate(SCHEDULED)
    actions = [retired(stage).action]
    stage.clock.time += POLICY.grace
    actions.append(retired(stage).action)
    assert "held" not in actions
