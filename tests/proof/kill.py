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
from ansible_collections.locksmith.rotation.tests.real import issuer_makers, store_makers

NAME = "kill"
ABOUT = """\
The run is killed (SIGKILL) before each request it sends, after it and before the answer, after each answer, before each SQL round
trip, before each change of a file, and at its very end; then rotate runs once more with nothing else done, and then a third time.
The boundaries are those that a recorded run crosses. Every issuer with one store, and one issuer with every store, is killed at
every boundary of every operation; the other pairs at boundaries around requests that change something, because between two of
these nothing outside the process differs: up to 20 of a rotation and 5 of a retirement, chosen by the seed. Asked at the servers, by
other hands than the code under test: what the store publishes authenticates, right after the kill and at the end; no key is
stranded; at most one key is new; keys of somebody else are untouched; the third run writes nothing. Twice: killed, resumed, killed
again elsewhere, at boundaries chosen by the seed."""
#: The issuer that is killed everywhere with every store.
_WITH = "grafana-13"
#: Killed at in a sample.
_SAMPLED = 3
_PAIRS_OF_KILLS = 8
#: Boundaries, where not all are tried.
_SOME = {Rotate.NAME: 20, Retire.NAME: 5}


def cells(settings: Settings) -> t.Iterator[Cell]:
    """Every issuer with every store, from the registries."""
    for place, issuer in enumerate(issuer_makers.MAKERS):
        for store in store_makers.MAKERS:
            thorough = store == _store_of(place) or issuer == _WITH
            for lap in LAPS if thorough else (Rotate, Retire):
                run = functools.partial(_kill_everywhere, issuer, store, lap, thorough)
                yield Cell(f"{issuer} × {store}", lap.NAME, run, seconds=12.0 if thorough else 6.0)
            if thorough:
                yield Cell(f"{issuer} × {store}", "twice", functools.partial(_kill_twice, issuer, store), seconds=5.0)


def _store_of(place: int) -> str:
    """The store with which an issuer is killed at every boundary: they take turns."""
    names = list(store_makers.MAKERS)
    return names[place % len(names)]


def points(boundaries: t.Sequence[Boundary], thorough: bool) -> list[Boundary]:
    """Where to kill: everywhere, or where the world outside differs."""
    if thorough:
        return list(boundaries)
    return [each for each in boundaries if each.writes or each.moment is Moment.END]


def _kill_everywhere(issuer: str, store: str, lap: type[Lap], thorough: bool, bench: Bench) -> Result:
    wrong: list[str] = []
    killed = 0
    try:
        laps = lap(Pair(bench, issuer, store))
        for point in bench.some(_chosen(bench, laps, thorough), _SAMPLED):
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


def _chosen(bench: Bench, laps: Lap, thorough: bool) -> list[Boundary]:
    found = points(laps.record(), thorough)
    most = len(found) if thorough else min(len(found), _SOME[laps.NAME])
    return sorted(bench.random.sample(found, most), key=lambda each: each.number)


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
