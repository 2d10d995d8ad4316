# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An issuer that lists a new key late, and a run that was killed right after it had made one: nothing stays behind for ever."""

from __future__ import annotations

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import KeyInfo
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import LISTED_WITHIN, Wish
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ForeignKeys
from ansible_collections.locksmith.rotation.tests.unit.plugins.module_utils.lifecycle.fakes import (
    Boundary,
    Killed,
    MintingIssuer,
    Stage,
)

SCHEDULED = Wish(force=False, reason="scheduled", since=0)


class Hiding:
    """While C(on), keys that were not there at the beginning are not listed."""

    def __init__(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        self.on = True
        self._known = set(stage.world.keys)
        self._listing = MintingIssuer._list

        def listed(issuer: MintingIssuer) -> list[KeyInfo]:
            return self._list(issuer)

        monkeypatch.setattr(MintingIssuer, "_list", listed)

    def _list(self, issuer: MintingIssuer) -> list[KeyInfo]:
        return [key for key in self._listing(issuer) if not self.on or key.id in self._known]


@pytest.fixture
def stage() -> Stage:
    """Due, with room for more than two keys."""
    made = Stage(True)
    made.world.capacity = 5
    made.engine().rotate(SCHEDULED)
    made.clock.time += 2000
    return made


def kill_after_issue(stage: Stage) -> None:
    killer = Boundary()
    counting = Stage(True)
    counting.world.capacity = 5
    counting.engine().rotate(SCHEDULED)
    counting.clock.time += 2000
    recorded = Boundary()
    counting.engine(recorded).rotate(SCHEDULED)
    killer.kill_at = 2 * (recorded.calls.index("issue") + 1)
    with pytest.raises(Killed):
        stage.engine(killer).rotate(SCHEDULED)
    stage.bury()


def test_a_key_that_is_listed_late_is_deleted_by_a_later_run(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    hiding = Hiding(stage, monkeypatch)
    kill_after_issue(stage)
    assert stage.engine().rotate(SCHEDULED).action == "resumed"
    assert len(stage.world.keys) == 3, "the one in use, the stranded one and its replacement"
    hiding.on = False
    assert not stage.engine().rotate(SCHEDULED).changed
    stage.clock.time += LISTED_WITHIN
    predicted = stage.engine(check=True).rotate(SCHEDULED)
    outcome = stage.engine().rotate(SCHEDULED)
    assert (outcome.changed, outcome.action) == (predicted.changed, predicted.action) == (True, "settled")
    assert outcome.journal is not None and outcome.journal.ids() == set(stage.world.keys)
    assert not stage.engine().rotate(SCHEDULED).changed


def test_the_next_rotation_looks_for_it_before_it_makes_another(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    hiding = Hiding(stage, monkeypatch)
    kill_after_issue(stage)
    stage.engine().rotate(SCHEDULED)
    hiding.on = False
    stage.clock.time += 2000
    outcome = stage.engine().rotate(SCHEDULED)
    assert outcome.action == "rotated"
    assert outcome.journal is not None and outcome.journal.ids() == set(stage.world.keys)


def test_what_cannot_be_proved_to_be_ours_is_named_once_and_left_alone(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    Hiding(stage, monkeypatch)
    kill_after_issue(stage)
    stage.engine().rotate(SCHEDULED)
    keys = set(stage.world.keys)

    def doubting(*dummy: object) -> list[KeyInfo]:
        raise ForeignKeys("One of these may be ours.", next_step="find out.")

    monkeypatch.setattr(MintingIssuer, "stranded", doubting)
    stage.clock.time += LISTED_WITHIN
    with pytest.raises(ForeignKeys):
        stage.engine().rotate(SCHEDULED)
    assert not stage.engine().rotate(SCHEDULED).changed
    assert set(stage.world.keys) == keys
