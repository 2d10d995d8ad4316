# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The claim on KV version 1, with a Vault in memory and a clock that the tests move."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.vault import Answer
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.vault_kv import NEVER, Kv1
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock

JOURNAL = "locksmith/orders/db"
CLAIM = "kv1/locksmith/.claims/orders/db"


class MovedClock(Clock):
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


class Memory:
    """As much of a client as KV version 1 uses. C(before): called with method and path before each request."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, t.Any]] = {}
        self.before: t.Callable[[str, str], None] = lambda method, path: None

    def request(self, method: str, path: str, body: t.Any = None, **dummy: t.Any) -> Answer:
        self.before(method, path)
        if method == "get":
            return Answer(200, {"data": dict(self.kept[path])}) if path in self.kept else Answer(404, {})
        if method == "post":
            self.kept[path] = dict(body)
        else:
            self.kept.pop(path, None)
        return Answer(204, {})


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def kv(memory: Memory, clock: MovedClock) -> Kv1:
    return Kv1(t.cast(t.Any, memory), "kv1", "locksmith", clock)


def test_a_write_settles_and_leaves_no_claim(kv: Kv1, memory: Memory, clock: MovedClock) -> None:
    kv.replace(JOURNAL, JOURNAL, NEVER, {"journal": "text"})
    assert memory.kept == {"kv1/" + JOURNAL: {"journal": "text"}}
    assert clock.slept == [Kv1.SETTLE]


def test_a_claim_overwritten_while_it_settles_is_lost(kv: Kv1, memory: Memory, clock: MovedClock) -> None:
    def rival(method: str, path: str) -> None:
        if clock.slept == [Kv1.SETTLE] and path == CLAIM:
            memory.kept[CLAIM] = {"owner": "rival"}
            memory.kept["kv1/" + JOURNAL] = {"journal": "of the rival"}

    memory.before = rival
    with pytest.raises(errors.Conflict):
        kv.replace(JOURNAL, JOURNAL, NEVER, {"journal": "ours"})
    assert memory.kept["kv1/" + JOURNAL] == {"journal": "of the rival"}
    assert memory.kept[CLAIM] == {"owner": "rival"}


def test_a_claim_that_was_slow_to_arrive_waits_out_whoever_it_overwrote_and_is_made_anew(
    kv: Kv1, memory: Memory, clock: MovedClock
) -> None:
    claims: list[t.Any] = []

    def slow_once(method: str, path: str) -> None:
        if method == "post" and path == CLAIM:
            clock.time += 0.0 if claims else Kv1.SETTLE * 2
            claims.append(memory.kept.get(CLAIM))

    memory.before = slow_once
    kv.replace(JOURNAL, JOURNAL, NEVER, {"journal": "text"})
    assert clock.slept == [Kv1.LEASE, Kv1.SETTLE]
    assert memory.kept == {"kv1/" + JOURNAL: {"journal": "text"}}


def test_a_waiting_run_takes_a_claim_made_anew_for_a_new_one(kv: Kv1, memory: Memory, clock: MovedClock) -> None:
    numbers: list[int] = []

    def renewed(method: str, path: str) -> None:
        if method == "get" and path == CLAIM and clock.time < 1000.0 + 2 * Kv1.LEASE:
            numbers.append(int((clock.time - 1000.0) // (Kv1.LEASE * 0.9)))
            memory.kept[CLAIM] = {"owner": "slow run", "number": numbers[-1]}

    memory.before = renewed
    kv.replace(JOURNAL, JOURNAL, NEVER, {"journal": "text"})
    assert clock.time - 1000.0 > 2.5 * Kv1.LEASE


def test_a_vault_that_is_always_slow_is_given_up_on(kv: Kv1, memory: Memory, clock: MovedClock) -> None:
    def slow(method: str, path: str) -> None:
        clock.time += Kv1.SETTLE

    memory.before = slow
    with pytest.raises(errors.Unreachable):
        kv.replace(JOURNAL, JOURNAL, NEVER, {"journal": "text"})
    assert "kv1/" + JOURNAL not in memory.kept


def test_a_claim_that_nobody_renews_runs_out(kv: Kv1, memory: Memory, clock: MovedClock) -> None:
    memory.kept[CLAIM] = {"owner": "killed"}
    kv.replace(JOURNAL, JOURNAL, NEVER, {"journal": "text"})
    assert Kv1.LEASE < clock.time - 1000.0 < Kv1.LEASE + 4 * Kv1.SETTLE
    assert CLAIM not in memory.kept


def test_holders_that_come_and_go_are_given_up_on(kv: Kv1, memory: Memory, clock: MovedClock) -> None:
    def busy(method: str, path: str) -> None:
        memory.kept[CLAIM] = {"owner": f"run {clock.time}"}

    memory.before = busy
    with pytest.raises(errors.Unreachable, match="other runs hold the claim"):
        kv.replace(JOURNAL, JOURNAL, NEVER, {"journal": "text"})
    assert "kv1/" + JOURNAL not in memory.kept


def test_whoever_is_too_slow_with_the_claim_does_not_write(kv: Kv1, memory: Memory, clock: MovedClock) -> None:
    def slow(method: str, path: str) -> None:
        if path == "kv1/" + JOURNAL:
            clock.time += Kv1.LEASE

    memory.before = slow
    with pytest.raises(errors.Unreachable, match="too slowly"):
        kv.replace(JOURNAL, JOURNAL, NEVER, {"journal": "text"})
    assert memory.kept == {}


def test_a_claim_that_cannot_be_given_up_does_not_fail_the_write(kv: Kv1, memory: Memory, clock: MovedClock) -> None:
    def refuse(method: str, path: str) -> None:
        if method == "delete":
            raise errors.Unreachable("down")

    memory.before = refuse
    assert kv.replace(JOURNAL, JOURNAL, NEVER, {"journal": "text"}) == kv.read(JOURNAL).revision
