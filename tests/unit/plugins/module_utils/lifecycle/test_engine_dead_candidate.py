# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An earlier run made a key, took it back, and did not live to write that down: the next run makes another one."""

from __future__ import annotations

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import Wish
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import VerificationFailed
from ansible_collections.locksmith.rotation.tests.unit.plugins.module_utils.lifecycle.fakes import (
    Boundary,
    Killed,
    MintingIssuer,
    Stage,
)

SCHEDULED = Wish(force=False, reason="scheduled", since=0)


def due() -> Stage:
    stage = Stage(True)
    stage.engine().rotate(SCHEDULED)
    stage.clock.time += 2000
    return stage


@pytest.fixture
def stage() -> Stage:
    """The candidate is recorded, and gone at the issuer."""
    recorded = Boundary()
    counting = due()
    counting.engine(recorded).rotate(SCHEDULED)
    killer = Boundary()
    killer.kill_at = 2 * (recorded.calls.index("write_journal", recorded.calls.index("issue")) + 1)
    made = due()
    before = set(made.world.keys)
    with pytest.raises(Killed):
        made.engine(killer).rotate(SCHEDULED)
    made.bury()
    (candidate,) = set(made.world.keys) - before
    del made.world.keys[candidate]
    return made


def test_the_next_run_gives_it_up_and_makes_another(stage: Stage) -> None:
    outcome = stage.engine().rotate(SCHEDULED)
    assert outcome.action == "resumed"
    assert outcome.journal is not None and outcome.journal.ids() == set(stage.world.keys)
    assert stage.world.published is not None and stage.world.alive(stage.world.published)
    assert not stage.engine().rotate(SCHEDULED).changed


def test_but_only_once_in_a_run(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    minted = stage.world.minted
    mint = MintingIssuer._mint

    def stillborn(self: MintingIssuer, attempt: object) -> object:
        issued = mint(self, attempt)  # type: ignore[arg-type]
        self.world.keys[issued.id]["active"] = False
        return issued

    monkeypatch.setattr(MintingIssuer, "_mint", stillborn)
    with pytest.raises(VerificationFailed):
        stage.engine().rotate(SCHEDULED)
    assert stage.world.minted == minted + 1
