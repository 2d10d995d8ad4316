# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the store publishes stays in service, whatever the journal says: it may have been put back behind the journal's back."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.engine import Outcome
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.gate import ConsumerProof
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal, Phase, load_journal
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import Wish
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import State
from ansible_collections.locksmith.rotation.tests.unit.plugins.module_utils.lifecycle.fakes import (
    POLICY,
    Boundary,
    MemoryStore,
    Stage,
)

FORCED = Wish(True, "manual", 0.0)
AT_ONCE = dataclasses.replace(POLICY, grace=0, recovery_wait=0)
BEGUN = (Phase.PREVIOUS, Phase.DISABLING, Phase.DISABLED, Phase.DELETING)


def journal_of(stage: Stage) -> Journal:
    return load_journal(stage.world.journal or "", "thing", "fake")


def rotated_twice() -> tuple[Stage, dict[str, str]]:
    """Two versions, the second published; and what was published before."""
    stage = Stage(minting=True)
    stage.engine().rotate(FORCED)
    first = dict(stage.world.published or {})
    stage.clock.time += 1
    stage.engine().rotate(Wish(True, "manual", stage.clock.time))
    return stage, first


def put_back(stage: Stage, fields: dict[str, str], phase: Phase) -> None:
    """The journal says that the first version is in C(phase), the store publishes it."""
    stage.world.published = fields
    journal = journal_of(stage)
    version = journal.versions[0]
    version.phase, version.proved_at = phase, stage.clock.now()
    version.disabled_at = stage.clock.now() if phase is Phase.DISABLED else None
    stage.world.journal = journal.dump()


def retire(stage: Stage) -> Outcome:
    current = journal_of(stage).current
    assert current is not None
    proof = ConsumerProof("web1", current.fingerprint, current.fingerprint, True)
    stage.clock.time += 1
    return stage.engine(policy=AT_ONCE).retire([proof], [])


@pytest.mark.parametrize("phase", BEGUN)
def test_what_is_published_is_not_taken_out_of_service(phase: Phase) -> None:
    stage, first = rotated_twice()
    put_back(stage, first, phase)
    outcome = retire(stage)
    assert outcome.action == "held"
    assert "memory publishes version 1 (key-1) again" in outcome.pending[0]
    assert "roll the credential back" in outcome.pending[0]
    assert stage.world.alive(first)


@pytest.mark.parametrize("phase", BEGUN)
def test_rolling_back_makes_the_journal_say_so_too(phase: Phase) -> None:
    stage, first = rotated_twice()
    put_back(stage, first, phase)
    assert stage.engine().roll_back("manual").action == "rolled_back"
    current = journal_of(stage).current
    assert current is not None and current.number == 1
    assert stage.world.published == first and stage.world.alive(first)


class SlowStore(MemoryStore):
    """Its writes of the journal take longer than a lease; a store without a compare-and-set lets another run through meanwhile."""

    meanwhile: t.ClassVar[t.Callable[[], object]]

    def write_journal(self, text: str, expected: str | None) -> str:
        type(self).meanwhile()
        at = None if self.world.journal is None else str(self.world.journal_revision)
        return super().write_journal(text, at)


@pytest.mark.parametrize("can_disable", [True, False])
def test_a_run_that_was_held_up_within_a_write_takes_nothing_away(can_disable: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    stage, first = rotated_twice()
    retire_policy = dataclasses.replace(POLICY, grace=0, recovery_wait=0)
    current = journal_of(stage).current
    assert current is not None
    proof = ConsumerProof("web1", current.fingerprint, current.fingerprint, True)
    stage.engine().retire([proof], [])  # proved
    stage.clock.time += 1
    sleeper = stage.engine(Boundary(), policy=retire_policy)
    monkeypatch.setattr(stage.issuer, "CAN_DISABLE", can_disable, raising=False)
    slow = SlowStore(stage.world, Boundary())
    monkeypatch.setattr(sleeper._keeper, "store", slow)

    def roll_back_once() -> None:
        SlowStore.meanwhile = lambda: None
        stage.clock.time += POLICY.lease + 1000
        assert stage.engine().roll_back("manual").action == "rolled_back"

    SlowStore.meanwhile = roll_back_once
    woken = sleeper.retire([proof], [])
    assert woken.action in ("busy", "held"), woken
    assert stage.world.published == first and stage.world.alive(first)
    assert retire(stage).action == "held"
    assert stage.world.alive(first), "the next run took away what is published"
    assert journal_of(stage).state in (State.DISABLING, State.DELETING)
