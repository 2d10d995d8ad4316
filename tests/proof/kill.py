# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kill matrix: the process is killed at every boundary of every operation, and the next run must converge."""

from __future__ import annotations

import enum
import functools
import typing as t

from ansible_collections.locksmith.rotation.tests.proof.cells import Bench, Cell, Outcome, Result, Settings
from ansible_collections.locksmith.rotation.tests.proof.laps import LAPS, Absent, Lap, Retire, Rotate, Stumble, settle
from ansible_collections.locksmith.rotation.tests.proof.runs import Boundary, Moment, Way
from ansible_collections.locksmith.rotation.tests.proof.subject import Pair
from ansible_collections.locksmith.rotation.tests.proof.width import CLAIMED, WHOLE, is_variant
from ansible_collections.locksmith.rotation.tests.real import issuer_makers, store_makers

NAME = "kill"
ABOUT = """\
The run is killed (SIGKILL) before each request it sends, after it and before the answer, after each answer, before each SQL round
trip, before each change of a file, and at its very end; then rotate runs once more with nothing else done, and then a third time.
The boundaries are those that a recorded run crosses. One issuer with every store is killed at every boundary of a rotation and of
a retirement; it and every issuer with one store, in every operation, before and after every request that changes something,
because between two of these nothing outside the process differs (and so that one with KV version 1, where a claim goes with every
write); the other pairs at up to 4 such boundaries of a rotation and 2 of a retirement, chosen by the seed, and only the one
issuer at those of claims; further variants of an issuer (another version of its server, another strategy, another kind of its
keys), in what is neither rotation nor retirement, at up to 3. Asked at the servers, by other hands than the code under test: what
the store publishes authenticates, right after the kill and at the end; no key is stranded; at most one key is new; keys of
somebody else are untouched; the third run writes nothing. Twice: killed, resumed, killed again elsewhere, at boundaries chosen by
the seed."""
#: Path of a claim.
_CLAIM = "/.claims/"
#: Killed at in a sample.
_SAMPLED = 3
_PAIRS_OF_KILLS = 3
#: Boundaries, where not all are tried.
_SOME = {Rotate.NAME: 4, Retire.NAME: 2}
_FEW = 3


class Reach(enum.Enum):
    """How many of a run's boundaries are tried, and about how many seconds that takes."""

    EVERY = 40.0
    CHANGES = 9.0
    SOME = 5.0


def cells(settings: Settings) -> t.Iterator[Cell]:
    """Every issuer with every store, from the registries."""
    for place, issuer in enumerate(issuer_makers.MAKERS):
        elsewhere = Reach.SOME if is_variant(issuer) and issuer != WHOLE else Reach.CHANGES
        for store in store_makers.MAKERS:
            widest = _reach(issuer, store, place)
            for lap in LAPS if widest is not Reach.SOME else (Rotate, Retire):
                reach = widest if lap in (Rotate, Retire) else elsewhere
                run = functools.partial(_kill_everywhere, issuer, store, lap, reach)
                yield Cell(f"{issuer} × {store}", lap.NAME, run, seconds=_seconds(issuer, store, reach))
            if widest is not Reach.SOME:
                yield Cell(f"{issuer} × {store}", "twice", functools.partial(_kill_twice, issuer, store), seconds=5.0)


def _reach(issuer: str, store: str, place: int) -> Reach:
    if issuer == WHOLE and store != CLAIMED:
        return Reach.EVERY
    return Reach.CHANGES if issuer == WHOLE or store == _store_of(place) else Reach.SOME


def _seconds(issuer: str, store: str, reach: Reach) -> float:
    claims = 1.0 if store != CLAIMED else 4.0 if issuer == WHOLE else 2.0
    return reach.value * claims


def _store_of(place: int) -> str:
    """The store with which an issuer is killed around every change: they take turns."""
    names = list(store_makers.MAKERS)
    return names[place % len(names)]


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
    found = list(laps.record()) if reach is Reach.EVERY else points(laps.record())
    if issuer != WHOLE:
        found = [each for each in found if _CLAIM not in each.label]
    return bench.few(found, _SOME.get(laps.NAME, _FEW)) if reach is Reach.SOME else found


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
