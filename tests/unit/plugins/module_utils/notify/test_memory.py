# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told what, and when: once, again after a while, once more when it is over; quiet hours; and what did not arrive."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.notify.event import DIGEST, FAILURE, HOLD, RESOLVED, Event
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.memory import (
    Memory,
    Moment,
    arrived,
    not_told,
    to_tell,
)

HOUR = 3600
FAILED = Event(FAILURE, "credential orders", "orders failed")
HELD = Event(HOLD, "credential orders", "orders waits")
DONE = Event(DIGEST, "run", "1 of 2 credentials changed", lines=("ci: rotated",))


@dataclasses.dataclass(frozen=True)
class Fake:
    """A channel. C(refused): kinds of events that it does not want."""

    name: str = "chat"
    refused: tuple[str, ...] = ()

    KEEPS_ALERTS: t.ClassVar[bool] = False

    def wants(self, kind: str) -> bool:
        return kind not in self.refused


class Pager(Fake):
    KEEPS_ALERTS = True


class Runs:
    """Runs one after the other with the same memory, which is written and read in between."""

    def __init__(self, channel: Fake, lasting: bool = True) -> None:
        self.channel, self.lasting = channel, lasting
        self.memory = Memory(lasting=lasting)

    def run(
        self, hour: float, *found: Event, digest: Event | None = None, quiet: bool = False, lost: bool = False
    ) -> list[tuple[str, str]]:
        """Kind and summary of what is told. C(lost): the channel does not answer."""
        now = hour * HOUR
        self.memory.take_in(found, {"credential orders", "credential ci"}, now)
        well = [about for about in ("credential orders", "credential ci") if about not in {event.about for event in found}]
        events = to_tell(self.memory, self.channel, found, digest, well, Moment(now, quiet, 20 * HOUR))
        if not lost:
            arrived(self.memory, self.channel, events, now)
        if lost or not any(event.kind == DIGEST for event in events):
            not_told(self.memory, self.channel, digest)
        self.memory.forget(now)
        self.memory = Memory.load(self.memory.dump()) if self.lasting else Memory(lasting=False)
        return [(event.kind, event.summary) for event in events]


def test_a_problem_is_told_once_and_again_after_a_while() -> None:
    runs = Runs(Fake())
    assert runs.run(0, FAILED) == [(FAILURE, "orders failed")]
    assert runs.run(1, FAILED) == [] == runs.run(19, FAILED)
    assert runs.run(20, FAILED) == [(FAILURE, "orders failed")]
    assert runs.run(21, FAILED) == []


def test_its_solution_is_told_once_and_nothing_is_kept_of_it() -> None:
    runs = Runs(Fake())
    runs.run(0, FAILED)
    assert runs.run(1) == [(RESOLVED, "credential orders: no longer failure")]
    assert runs.run(2) == [] and not runs.memory.problems
    assert runs.run(3, FAILED) == [(FAILURE, "orders failed")], "a new problem is told at once"


def test_another_kind_of_problem_is_told_at_once() -> None:
    runs = Runs(Fake())
    runs.run(0, FAILED)
    assert runs.run(1, HELD) == [(HOLD, "orders waits")]
    assert runs.run(2) == [(RESOLVED, "credential orders: no longer hold")]


def test_what_did_not_arrive_is_told_by_the_next_run() -> None:
    runs = Runs(Fake())
    assert runs.run(0, FAILED, digest=DONE, lost=True) != []
    assert runs.run(1, FAILED) == [(FAILURE, "orders failed"), (DIGEST, "of earlier runs")]
    assert runs.run(2, lost=True) == [(RESOLVED, "credential orders: no longer failure")] == runs.run(3)
    assert runs.run(4) == []


def test_a_problem_that_was_never_told_is_not_called_solved() -> None:
    runs = Runs(Fake())
    runs.run(0, FAILED, lost=True)
    assert runs.run(1) == [] and not runs.memory.problems


def test_what_was_not_looked_at_is_neither_solved_nor_told() -> None:
    runs = Runs(Fake())
    elsewhere = Event(FAILURE, "host web9", "web9 was unreachable")
    runs.run(0, elsewhere)
    assert runs.run(1) == [] and "host web9" in runs.memory.problems


def test_quiet_hours_hold_back_what_is_not_urgent_until_after_them() -> None:
    runs = Runs(Fake())
    assert runs.run(0, HELD, digest=DONE, quiet=True) == []
    assert runs.run(1, HELD, digest=DONE, quiet=True) == []
    told = runs.run(2, HELD)
    assert [kind for kind, dummy in told] == [HOLD, DIGEST]
    assert runs.run(3, quiet=True) == [], "the solution waits too"
    assert runs.run(4) == [(RESOLVED, "credential orders: no longer hold")]


def test_digests_that_were_held_back_are_told_with_the_next_one() -> None:
    runs = Runs(Fake())
    runs.run(0, digest=DONE, quiet=True)
    own = dataclasses.replace(DONE, lines=("orders: rotated",))
    runs.memory.take_in((), set(), HOUR)
    (event,) = to_tell(runs.memory, runs.channel, (), own, (), Moment(HOUR, False, HOUR))
    assert event.lines == ("ci: rotated", "orders: rotated")


def test_what_is_urgent_is_told_in_quiet_hours_too() -> None:
    assert Runs(Fake()).run(0, FAILED, quiet=True) == [(FAILURE, "orders failed")]


def test_alerts_are_closed_and_changes_noted_in_quiet_hours_where_that_makes_no_noise() -> None:
    runs = Runs(Pager())
    runs.run(0, FAILED)
    assert [kind for kind, dummy in runs.run(1, digest=DONE, quiet=True)] == [RESOLVED, DIGEST]
    assert runs.run(2, HELD, quiet=True) == []


def test_without_a_memory_every_run_tells_and_alerts_are_closed_on_suspicion() -> None:
    chat, pager = Runs(Fake(), lasting=False), Runs(Pager(), lasting=False)
    for hour in (0, 1):
        assert chat.run(hour, FAILED) == [(FAILURE, "orders failed")]
        assert pager.run(hour, FAILED) == [(FAILURE, "orders failed"), (RESOLVED, "credential ci is in order")]
    assert chat.run(2) == []
    assert [kind for kind, dummy in pager.run(2)] == [RESOLVED, RESOLVED]


def test_a_channel_is_told_what_it_wants_to_hear() -> None:
    runs = Runs(Fake(refused=(HOLD, DIGEST)))
    assert runs.run(0, HELD, digest=DONE) == []
    runs = Runs(Fake(refused=(RESOLVED,)))
    runs.run(0, FAILED)
    assert runs.run(1) == [] and not runs.memory.problems


def test_an_alert_is_closed_when_the_problem_becomes_one_that_the_channel_does_not_want() -> None:
    runs = Runs(Pager(refused=(HOLD,)))
    runs.run(0, FAILED)
    assert runs.run(1, HELD) == [(RESOLVED, "credential orders: no longer failure")]
    assert runs.run(2, HELD) == []


def test_a_problem_that_nobody_looks_at_any_more_is_forgotten_in_the_end() -> None:
    runs = Runs(Fake())
    runs.run(0, Event(FAILURE, "host web9", "web9 was unreachable"))
    runs.run(89 * 24)
    assert "host web9" in runs.memory.problems
    runs.run(91 * 24)
    assert "host web9" not in runs.memory.problems


def test_a_solution_that_no_channel_of_today_can_be_told_is_forgotten_in_the_end() -> None:
    runs = Runs(Fake("former"))
    runs.run(0, FAILED)
    runs.channel = Fake("new")
    for day in (1, 50, 90):
        assert runs.run(day * 24) == []
    assert "credential orders" in runs.memory.problems, "it is looked at every day, and over since the first"
    runs.run(92 * 24)
    assert not runs.memory.problems


@pytest.mark.parametrize("text", ["", "[]", '{"layout": 2}', '{"layout": 1}', '{"layout": 1, "problems": {"x": 3}, "held": {}}'])
def test_what_is_no_memory_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Memory.load(text)
