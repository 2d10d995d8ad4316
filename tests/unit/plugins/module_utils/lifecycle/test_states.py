# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state machine: its document shows what the code does, and the engine's journal uses no transition outside it."""

from __future__ import annotations

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import MEANING, TRANSITIONS, Event, State
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import JournalError
from ansible_collections.locksmith.rotation.tests.unit.plugins.module_utils.lifecycle.diagram import DOCUMENT, redraw


def test_the_document_shows_the_code() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert redraw(text) == text, "run the program in diagram.py"


def test_every_state_and_event_is_in_use() -> None:
    assert set(MEANING) == set(State)
    assert {event for dummy, event in TRANSITIONS} == set(Event)
    assert {state for state, dummy in TRANSITIONS} == set(State)
    reachable = {target for targets in TRANSITIONS.values() for target in targets}
    assert reachable == set(State)


def test_an_event_that_is_not_in_the_table_is_refused() -> None:
    journal = Journal("thing", "fake", "fake user")
    with pytest.raises(JournalError, match="not possible in state absent"):
        journal.prove(0.0)
