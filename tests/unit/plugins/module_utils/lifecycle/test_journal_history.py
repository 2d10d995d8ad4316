# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The events that a journal keeps: numbered without end, few, small, and saying who did what to which key and why."""

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.rotation import failure
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.gate import ConsumerProof
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal, load_journal
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import Wish
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import VerificationFailed
from ansible_collections.locksmith.rotation.tests.unit.plugins.module_utils.lifecycle.fakes import Boundary, Stage


def rotated(times: int) -> Journal:
    """A journal after as many complete lives of a version."""
    stage = Stage(minting=True)
    for number in range(times):
        stage.engine().rotate(Wish(force=False, reason=f"reason {number}", since=0))
        for _dummy in range(3):
            journal = load(stage)
            assert journal.current is not None
            proof = ConsumerProof("web1", journal.current.fingerprint, journal.current.fingerprint, healthy=True)
            stage.engine().retire([proof], ())
            stage.clock.time += 200
        stage.clock.time += 2000
    return load(stage)


def load(stage: Stage) -> Journal:
    journal = stage.engine(Boundary())._keeper.load()
    assert journal is not None
    return journal


def written_again(journal: Journal, history: list[dict[str, t.Any]]) -> Journal:
    """The journal as it would be with C(history) in the store."""
    return load_journal(json.dumps({**json.loads(journal.dump()), "history": history}), "thing", journal.kind, ())


def test_numbers_go_on_when_the_oldest_events_are_dropped() -> None:
    journal = rotated(times=4)
    numbers = [event["n"] for event in journal.history]
    assert len(numbers) == 8
    assert numbers == list(range(numbers[0], numbers[0] + 8))
    assert numbers[0] > 8


def test_a_journal_without_numbers_is_numbered_when_it_is_read() -> None:
    journal = rotated(times=1)
    old = [{name: value for name, value in event.items() if name not in ("n", "run")} for event in journal.history]
    assert [event["n"] for event in written_again(journal, old).history] == list(range(1, len(old) + 1))


def test_events_that_an_earlier_version_added_are_numbered_after_the_others() -> None:
    journal = rotated(times=1)
    mixed = [{"n": 40, "at": 1.0, "event": "promote"}, {"at": 2.0, "event": "prove"}, {"at": 3.0, "event": "disable"}]
    assert [event["n"] for event in written_again(journal, mixed).history] == [40, 41, 42]


def test_the_event_of_a_publication_says_which_key_why_and_by_whom() -> None:
    journal = rotated(times=2)
    promoted = [event for event in journal.history if event["event"] == "promote"][-1]
    assert journal.current is not None
    assert promoted["id"] == journal.current.id
    assert promoted["fingerprint"] == journal.current.fingerprint
    assert promoted["note"] == "reason 1"
    assert promoted["run"] == "series"


def test_the_event_of_a_deletion_still_names_what_the_journal_has_forgotten() -> None:
    journal = rotated(times=2)
    gone = [event for event in journal.history if event["event"] == "deleted"][-1]
    assert gone["id"] and gone["id"] not in journal.ids()


def test_the_events_take_little_of_a_journal_that_has_to_fit_into_four_kilobytes() -> None:
    journal = rotated(times=4)
    assert len(json.dumps(journal.history, separators=(",", ":"))) <= 1200


def test_no_event_holds_a_value() -> None:
    journal = rotated(times=2)
    told = json.dumps(journal.history)
    values = [value for version in journal.versions for value in version.fields.reveal().values() if value != version.id]
    assert values
    assert not [value for value in values if value in told]


def test_a_failure_that_was_written_down_carries_the_events_up_to_then() -> None:
    stage = Stage(minting=True)
    wish = Wish(force=False, reason="scheduled", since=0)
    stage.engine().rotate(wish)
    stage.clock.time += 2000
    engine = stage.engine()
    stage.issuer.never_works = True
    with pytest.raises(VerificationFailed) as failed:
        engine.rotate(wish)
    assert [event["event"] for event in failed.value.history][-3:] == ["intend", "issued", "discard"]
    told = failure(failed.value, "thing")
    assert told["history"][-1]["event"] == "discard" and told["run"]


def test_a_failure_before_anything_was_written_carries_none() -> None:
    told = failure(VerificationFailed("no"), "thing")
    assert "history" not in told
