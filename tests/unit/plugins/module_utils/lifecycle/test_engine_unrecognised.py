# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A published value that works, of which the issuer does not say which of its keys it is: adopted, replaced, and left to a person."""

from __future__ import annotations

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.gate import ConsumerProof
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import Wish
from ansible_collections.locksmith.rotation.tests.unit.plugins.module_utils.lifecycle.fakes import POLICY, MintingIssuer, Stage

SCHEDULED = Wish(force=False, reason="scheduled", since=0)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A key that others made and published, at an issuer with room for many."""
    monkeypatch.setattr(MintingIssuer, "identify", lambda issuer, fields: None)
    made = Stage(True, capacity=0)
    made.world.keys["by-hand"] = {"name": "by-hand", "created": made.clock.now(), "active": True, "secret": "theirs"}
    made.world.published = {"id": "by-hand", "secret": "theirs"}
    return made


def retire(stage: Stage) -> str:
    journal = stage.engine()._keeper.load()
    assert journal is not None and journal.current is not None
    wanted = journal.current.fingerprint
    return stage.engine().retire([ConsumerProof("web1", wanted, wanted, True)], ()).action


def test_its_journal_can_be_read_again(stage: Stage) -> None:
    assert stage.engine().rotate(SCHEDULED).action == "adopted"
    again = stage.engine().rotate(SCHEDULED)
    assert (again.action, again.changed) == ("none", False)
    assert again.journal is not None and again.journal.current is not None
    assert (again.journal.current.id, again.journal.ids()) == ("", set())


def test_it_is_replaced_when_due_and_its_key_is_never_touched(stage: Stage) -> None:
    stage.engine().rotate(SCHEDULED)
    stage.clock.time += 2000
    assert stage.engine().rotate(SCHEDULED).action == "rotated"
    assert retire(stage) == "proved"
    stage.clock.time += POLICY.grace
    retire(stage)
    assert "by-hand" in stage.world.keys and "disable" not in stage.boundary.calls and "delete" not in stage.boundary.calls
