# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kill matrix: the process is killed at every boundary of every operation, and the next run must converge."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.locksmith.rotation.tests.proof.cells import Bench, Cell, Outcome, Result, Settings
from ansible_collections.locksmith.rotation.tests.proof.laps import LAPS, Absent, Lap, Retire, Rotate, Stumble, settle
from ansible_collections.locksmith.rotation.tests.proof.runs import Boundary, Moment, Way
from ansible_collections.locksmith.rotation.tests.proof.subject import Pair
from ansible_collections.locksmith.rotation.tests.proof.width import ALL, CLAIMED, WHOLE, Width, own_store, width_of
from ansible_collections.locksmith.rotation.tests.real import issuer_makers, store_makers

NAME = "kill"
ABOUT = """\
The run is killed (SIGKILL) before each request it sends, after it and before the answer, after each answer, before each SQL round
trip, before each change of a file, and at its very end; then rotate runs once more with nothing else done, and then a third time.
The boundaries are those that a recorded run crosses. Between two requests that change something nothing differs outside the
process, so one issuer with one store is killed at every boundary of a rotation and of a retirement, and in every other operation
before and after every change; with every other store before and after every change of a rotation and of a retirement. With other
issuers the seed chooses among these: of the first of its kind, with one store, all of a rotation, 6 of a retirement and 2 of each
other operation, with every other store 2 of a rotation and 1 of a retirement; of a variant (another version of its server,
another strategy, another kind of its keys), with one store, 4, 3 and 1, with every other store 2 of a rotation; in KV version 1
none of a claim, which goes with every write. Asked at the servers, by other hands than the code under test: what the store
publishes authenticates, right after the kill and at the end; no key is stranded; at most one key is new; keys of somebody else
are untouched; the third run writes nothing. Twice: killed, resumed, killed again elsewhere, at boundaries chosen by the seed."""
#: Path of a claim.
_CLAIM = "/.claims/"
_SAMPLED = 3
_PAIRS_OF_KILLS = 2


class Reach(t.NamedTuple):
    """At how many boundaries each operation is killed. C(reads): also where nothing has changed since the boundary before."""

    rotate: int
    retire: int = 0
    others: int = 0
    reads: bool = False

    def most(self, lap: type[Lap]) -> int:
        named: dict[type[Lap], int] = {Rotate: self.rotate, Retire: self.retire}
        return named.get(lap, self.others)

    def reads_in(self, lap: type[Lap]) -> bool:
        return self.reads and lap in (Rotate, Retire)


#: With its own store, and with every other.
_REACH = {
    Width.WHOLE: (Reach(ALL, ALL, ALL, reads=True), Reach(ALL, ALL, 2)),
    Width.FIRST: (Reach(ALL, 6, 2), Reach(2, 1)),
    Width.VARIANT: (Reach(4, 3, 1), Reach(2)),
}


def cells(settings: Settings) -> t.Iterator[Cell]:
    """Every issuer with every store, from the registries."""
    for issuer in issuer_makers.MAKERS:
        own, other = _REACH[width_of(issuer)]
        for store in store_makers.MAKERS:
            reach = own if store == own_store(issuer) else other
            for lap in (each for each in LAPS if reach.most(each)):
                run = functools.partial(_kill_everywhere, issuer, store, lap, reach)
                yield Cell(f"{issuer} × {store}", lap.NAME, run, seconds=_seconds(store, lap, reach))
            if reach.others:
                yield Cell(f"{issuer} × {store}", "twice", functools.partial(_kill_twice, issuer, store), seconds=6.0)


def _seconds(store: str, lap: type[Lap], reach: Reach) -> float:
    laps = 1 + (50 if reach.reads_in(lap) else min(reach.most(lap), 15))
    return laps * (2.5 if store == CLAIMED else 1.5)


def points(boundaries: t.Sequence[Boundary]) -> list[Boundary]:
    """Where the world outside differs from what it was at the boundary before: after one change is before the next."""
    return [each for each in boundaries if (each.writes and each.moment is not Moment.AFTER) or each.moment is Moment.END]


def _kill_everywhere(issuer: str, store: str, lap: type[Lap], reach: Reach, bench: Bench) -> Result:
    wrong: list[str] = []
    killed = 0
    try:
        laps = lap(Pair(bench, issuer, store))
        for point in bench.some(_chosen(bench, laps, reach, issuer), _SAMPLED):
            died, found = _killed_lap(laps, point)
            killed += died
            wrong += [f"killed at {point}: {line}" for line in found]
            if found:
                laps = lap(Pair(bench, issuer, store))
    except Absent as reason:
        return Result(Outcome.NA, str(reason))
    except (Stumble, NotImplementedError) as problem:
        wrong.append(str(problem) or f"the maker of {issuer} does not say what the proof asks of it")
    return _result(wrong, {"boundaries": killed})


def _chosen(bench: Bench, laps: Lap, reach: Reach, issuer: str) -> list[Boundary]:
    found = list(laps.record()) if reach.reads_in(type(laps)) else points(laps.record())
    if issuer != WHOLE:
        found = [each for each in found if _CLAIM not in each.label]
    return bench.few(found, reach.most(type(laps)))


def _killed_lap(laps: Lap, point: Boundary) -> tuple[bool, list[str]]:
    ended, wrong = laps.lap({"kill_at": point.number}, patient=point.moment is Moment.SENT)
    return ended.way is Way.KILLED, wrong if ended.way in (Way.KILLED, Way.DONE) else [f"the run ended as {ended}", *wrong]


def _kill_twice(issuer: str, store: str, bench: Bench) -> Result:
    wrong: list[str] = []
    killed = 0
    try:
        laps = Rotate(Pair(bench, issuer, store))
        last = len(laps.record())
        for _dummy in range(2 if bench.settings.sample else _PAIRS_OF_KILLS):
            first, second = bench.random.randint(1, last), bench.random.randint(1, last)
            laps.begin()
            ways = [operate({"kill_at": point}).way for operate, point in ((laps.operate, first), (laps.go_on, second))]
            settle()
            killed += ways.count(Way.KILLED)
            found = laps.check_now() + laps.check_end(laps.go_on()) + laps.once_more()
            wrong += [f"killed at {first}, resumed, killed at {second} (seed {bench.settings.seed}): {line}" for line in found]
            laps.clear()
            if found:
                laps = Rotate(Pair(bench, issuer, store))
    except (Stumble, NotImplementedError) as problem:
        wrong.append(str(problem) or f"the maker of {issuer} does not say what the proof asks of it")
    return _result(wrong, {"boundaries": killed})


def _result(wrong: t.Sequence[str], counts: t.Mapping[str, int]) -> Result:
    if wrong:
        return Result(Outcome.MISS, f"{wrong[0]}" + (f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""), counts)
    return Result(Outcome.OK, "", counts)
