# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The claim and the journal on KV version 1, with a Vault in memory and a clock that the tests move."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.vault import Answer
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.vault_kv import NEVER, Entry
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.vault_kv1 import Kv1
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock

PATH = "orders/db"
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
        if method == "list":
            names = {name[len(path) :].partition("/") for name in self.kept if name.startswith(path)}
            keys = sorted({first + slash for first, slash, dummy in names})
            return Answer(200, {"data": {"keys": keys}}) if keys else Answer(404, {})
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
    kv.replace(PATH, JOURNAL, NEVER, {"password": "text"})
    assert memory.kept == {"kv1/" + PATH: {"password": "text"}}
    assert clock.slept == [Kv1.SETTLE]


def test_a_claim_overwritten_while_it_settles_is_lost(kv: Kv1, memory: Memory, clock: MovedClock) -> None:
    def rival(method: str, path: str) -> None:
        if clock.slept == [Kv1.SETTLE] and path == CLAIM:
            memory.kept[CLAIM] = {"owner": "rival"}
            memory.kept["kv1/" + PATH] = {"password": "of the rival"}

    memory.before = rival
    with pytest.raises(errors.Conflict):
        kv.replace(PATH, JOURNAL, NEVER, {"password": "ours"})
    assert memory.kept["kv1/" + PATH] == {"password": "of the rival"}
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
    kv.replace(PATH, JOURNAL, NEVER, {"password": "text"})
    assert clock.slept == [Kv1.LEASE, Kv1.SETTLE]
    assert memory.kept == {"kv1/" + PATH: {"password": "text"}}


def test_a_waiting_run_takes_a_claim_made_anew_for_a_new_one(kv: Kv1, memory: Memory, clock: MovedClock) -> None:
    numbers: list[int] = []

    def renewed(method: str, path: str) -> None:
        if method == "get" and path == CLAIM and clock.time < 1000.0 + 2 * Kv1.LEASE:
            numbers.append(int((clock.time - 1000.0) // (Kv1.LEASE * 0.9)))
            memory.kept[CLAIM] = {"owner": "slow run", "number": numbers[-1]}

    memory.before = renewed
    kv.replace(PATH, JOURNAL, NEVER, {"password": "text"})
    assert clock.time - 1000.0 > 2.5 * Kv1.LEASE


def test_a_vault_that_is_always_slow_is_given_up_on(kv: Kv1, memory: Memory, clock: MovedClock) -> None:
    def slow(method: str, path: str) -> None:
        clock.time += Kv1.SETTLE

    memory.before = slow
    with pytest.raises(errors.Unreachable):
        kv.replace(PATH, JOURNAL, NEVER, {"password": "text"})
    assert "kv1/" + PATH not in memory.kept


def test_a_claim_that_nobody_renews_runs_out(kv: Kv1, memory: Memory, clock: MovedClock) -> None:
    memory.kept[CLAIM] = {"owner": "killed"}
    kv.replace(PATH, JOURNAL, NEVER, {"password": "text"})
    assert Kv1.LEASE < clock.time - 1000.0 < Kv1.LEASE + 4 * Kv1.SETTLE
    assert CLAIM not in memory.kept


def test_waiting_costs_one_request_a_look(kv: Kv1, memory: Memory, clock: MovedClock) -> None:
    memory.kept[CLAIM] = {"owner": "killed"}
    asked: list[str] = []
    memory.before = lambda method, path: asked.append(path)
    kv.replace(PATH, JOURNAL, NEVER, {"password": "text"})
    assert asked.count("kv1/" + PATH) == 4  # when the claim was first seen, before the write, the write and after it
    assert asked.count(CLAIM) <= len(clock.slept) + 5


def test_a_secret_that_changed_while_its_holder_was_waited_for_is_not_claimed(kv: Kv1, memory: Memory, clock: MovedClock) -> None:
    memory.kept[CLAIM] = {"owner": "at work"}

    def at_work(method: str, path: str) -> None:
        if clock.slept and CLAIM in memory.kept:
            del memory.kept[CLAIM]
            memory.kept["kv1/" + PATH] = {"password": "somebody else's"}
        assert method != "post"

    memory.before = at_work
    with pytest.raises(errors.Conflict):
        kv.replace(PATH, JOURNAL, NEVER, {"password": "text"})


def test_holders_that_come_and_go_are_given_up_on(kv: Kv1, memory: Memory, clock: MovedClock) -> None:
    def busy(method: str, path: str) -> None:
        memory.kept[CLAIM] = {"owner": f"run {clock.time}"}

    memory.before = busy
    with pytest.raises(errors.Unreachable, match="other runs hold the claim"):
        kv.replace(PATH, JOURNAL, NEVER, {"password": "text"})
    assert "kv1/" + PATH not in memory.kept


def test_whoever_is_too_slow_with_the_claim_does_not_write(kv: Kv1, memory: Memory, clock: MovedClock) -> None:
    def slow(method: str, path: str) -> None:
        if path == "kv1/" + PATH:
            clock.time += Kv1.LEASE

    memory.before = slow
    with pytest.raises(errors.Unreachable, match="too slowly"):
        kv.replace(PATH, JOURNAL, NEVER, {"password": "text"})
    assert memory.kept == {}


def test_a_claim_that_cannot_be_given_up_does_not_fail_the_write(kv: Kv1, memory: Memory, clock: MovedClock) -> None:
    def refuse(method: str, path: str) -> None:
        if method == "delete":
            raise errors.Unreachable("down")

    memory.before = refuse
    assert kv.replace(PATH, JOURNAL, NEVER, {"password": "text"}) == kv.read(PATH).revision


# --- the journal


def written(kv: Kv1, *texts: str) -> list[str]:
    """The revisions of these, written one after the other."""
    revisions = [NEVER]
    for text in texts:
        revisions.append(kv.replace_journal(JOURNAL, revisions[-1], {"journal": text}))
    return revisions[1:]


def kept(memory: Memory) -> list[str]:
    """The names of the revisions that there are."""
    return sorted(path.rpartition("/")[2] for path in memory.kept if path.startswith(f"kv1/{JOURNAL}/"))


def test_each_revision_of_a_journal_has_a_name_of_its_own_and_the_newest_counts(kv: Kv1, memory: Memory) -> None:
    revisions = written(kv, "one", "two")
    assert kept(memory) == revisions
    assert kv.read_journal(JOURNAL) == Entry({"journal": "two"}, revisions[-1])


def test_a_journal_that_was_never_written_is_none(kv: Kv1, memory: Memory) -> None:
    memory.kept[f"kv1/{JOURNAL}/of-another/00000001-0000001000-0123456789abcdef"] = {"journal": "of another secret"}
    memory.kept[f"kv1/{JOURNAL}/note"] = {"journal": "a person's"}
    assert kv.read_journal(JOURNAL) == Entry(None, NEVER)


def test_a_journal_that_moved_on_is_not_written(kv: Kv1, memory: Memory) -> None:
    first, second = written(kv, "one", "two")
    for revision in (NEVER, first):
        with pytest.raises(errors.Conflict):
            kv.replace_journal(JOURNAL, revision, {"journal": "late"})
    assert kept(memory) == [first, second]


@pytest.mark.parametrize("others", [1, 2, 5])
def test_a_write_that_comes_an_age_too_late_changes_nothing(kv: Kv1, memory: Memory, clock: MovedClock, others: int) -> None:
    (first,) = written(kv, "one")
    theirs: list[str] = []

    def asleep(method: str, path: str) -> None:
        """Suspended in the write itself: when it is woken, others have written."""
        if method == "post" and path.startswith(f"kv1/{JOURNAL}/") and not theirs:
            theirs.append(first)
            clock.time += 2 * Kv1.LEASE
            memory.kept.pop(CLAIM)
            for number in range(others):
                theirs.append(kv.replace_journal(JOURNAL, theirs[-1], {"journal": f"theirs {number}"}))

    memory.before = asleep
    with pytest.raises(errors.Conflict):
        kv.replace_journal(JOURNAL, first, {"journal": "late"})
    assert kept(memory) == theirs
    assert kv.read_journal(JOURNAL).revision == theirs[-1]


def test_a_late_revision_whose_writer_has_died_does_not_count_and_goes_in_time(
    kv: Kv1, memory: Memory, clock: MovedClock
) -> None:
    revisions = written(kv, "one", "two")
    late = f"00000002-{int(clock.time) - 60:010d}-ffffffffffffffff"
    memory.kept[f"kv1/{JOURNAL}/{late}"] = {"journal": "late"}
    assert kv.read_journal(JOURNAL).revision == revisions[-1]
    for number in range(8):
        revisions.append(kv.replace_journal(JOURNAL, revisions[-1], {"journal": str(number)}))
    assert late not in kept(memory)
    assert kept(memory)[-1] == revisions[-1]


def test_only_a_few_revisions_are_kept(kv: Kv1, memory: Memory) -> None:
    revisions = written(kv, *map(str, range(20)))
    assert 3 <= len(kept(memory)) <= 7
    assert kept(memory) == revisions[-len(kept(memory)) :]


def test_old_revisions_that_cannot_be_deleted_do_not_fail_the_write(kv: Kv1, memory: Memory) -> None:
    def refuse(method: str, path: str) -> None:
        if method == "delete" and path != CLAIM:
            raise errors.Denied("no right to")

    memory.before = refuse
    revisions = written(kv, *map(str, range(9)))
    assert kept(memory) == revisions


def test_a_journal_that_is_trimmed_while_it_is_read_is_a_conflict(kv: Kv1, memory: Memory) -> None:
    written(kv, "one")

    def overtaken(method: str, path: str) -> None:
        if method == "get":
            memory.kept.clear()

    memory.before = overtaken
    with pytest.raises(errors.Conflict):
        kv.read_journal(JOURNAL)
