# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Races: several runs at once on the same credential, and a run that is suspended until another one has taken over."""

from __future__ import annotations

import collections
import functools
import re
import time
import typing as t

from ansible_collections.locksmith.rotation.tests.proof.cells import Bench, Cell, Outcome, Result, Settings
from ansible_collections.locksmith.rotation.tests.proof.races_paused import paused
from ansible_collections.locksmith.rotation.tests.proof.races_runs import Report, at_once, side_by_side
from ansible_collections.locksmith.rotation.tests.proof.races_world import Raced, tell
from ansible_collections.locksmith.rotation.tests.proof.subject import Pair
from ansible_collections.locksmith.rotation.tests.proof.width import CLAIMED
from ansible_collections.locksmith.rotation.tests.real import issuer_makers, store_makers

NAME = "races"
ABOUT = """2, 5 and 20 processes begin at the same moment on the same credential: with nothing recorded yet, when it is due, and with force.
A miss is anything but exactly one rotation, a published value that does not authenticate, a key too many, a run that fails, or one that
found another at work and does not say which. Then a run is suspended before each request that it sends and each file that it puts in
place, until its lease of 5 s is over and another run has taken the credential over, and is woken: a miss is any harm that it does then."""
CROWDS = (2, 5, 20)
#: Everything is raced over every store with this issuer; every other issuer is raced in the first store.
ISSUER = "iam"
LONGEST = 240.0
#: What is suspended; in every store the first two, which have the steps of the others in them.
_SUSPENDED = ("next", "roll back meanwhile", "first", "retire")
_UNTIL_DUE = 1.1
_SAYS_WHO = re.compile(r"run \w+ on \S+ \(process \d+\)|another run has just done it")


def cells(settings: Settings) -> t.Iterator[Cell]:
    """Every store with one issuer, and every other issuer with one store."""
    stores = list(store_makers.MAKERS)
    for store in stores:
        slow = 4.0 if store == CLAIMED else 1.0
        for mode in _MODES:
            for crowd in CROWDS:
                run = functools.partial(crowded, issuer=ISSUER, store=store, mode=mode, crowd=crowd)
                yield Cell(f"{ISSUER} · {store}", f"{crowd} runs at once, {mode}", run, seconds=slow * (2 + crowd / 3))
        for doing in _SUSPENDED if store == stores[0] else _SUSPENDED[:2]:
            run = functools.partial(paused, issuer=ISSUER, store=store, doing=doing)
            yield Cell(f"{ISSUER} · {store}", f"suspended, then woken: {doing}", run, seconds=15 + 10 * slow**2.5)
    for issuer in issuer_makers.MAKERS:
        if issuer != ISSUER:
            run = functools.partial(crowded, issuer=issuer, store=stores[0], mode="forced", crowd=5)
            yield Cell(f"{issuer} · {stores[0]}", "5 runs at once, forced", run, seconds=6)


#: Mode to: is there a version before, the options of the runs that race.
_MODES: dict[str, tuple[bool, dict[str, t.Any]]] = {
    "first": (False, {}),
    "due": (True, {"rotate_after": "1s"}),
    "forced": (True, {"force": True, "reason": "manual"}),
}


def crowded(bench: Bench, issuer: str, store: str, mode: str, crowd: int) -> Result:
    """One cell of many runs at once."""
    raced = Raced(Pair(bench, issuer, store))
    is_there, wish = _MODES[mode]
    if is_there:
        problem = _prepare(raced, wish)
        if problem:
            return Result(Outcome.MISS, problem)
    reports = at_once([raced.run(**wish)] * crowd, LONGEST)
    counts = {"runs": crowd, "rotations": sum(_did(report) for report in reports)}
    problem = judge(reports) or raced.harm([2] if is_there else [1])
    after = side_by_side([raced.run()], LONGEST)[0]
    problem = problem or ("" if after.get("action") == "none" else f"a run after them: {tell(after)}")
    return Result(Outcome.MISS if problem else Outcome.OK, problem or _summary(reports), counts)


def _prepare(raced: Raced, wish: t.Mapping[str, t.Any]) -> str:
    """A first version, old enough to be due where that matters. What went wrong, or an empty string."""
    first = side_by_side([raced.run()], LONGEST)[0]
    if not _did(first):
        return f"the first version was not made: {tell(first)}"
    raced.supply()
    if "rotate_after" in wish:
        time.sleep(_UNTIL_DUE)
    return ""


def _did(report: Report) -> bool:
    return report.get("action") in ("created", "rotated", "resumed")


def judge(reports: t.Sequence[Report]) -> str:
    """What is wrong with what the runs say, or an empty string."""
    failed = [report for report in reports if report.get("failed")]
    if failed:
        return f"{len(failed)} of {len(reports)} runs failed: {tell(failed[0])}"
    rotated = sum(_did(report) for report in reports)
    if rotated != 1:
        return f"{rotated} runs rotated"
    silent = [report for report in reports if report.get("action") == "busy" and not _SAYS_WHO.search(str(report.get("why")))]
    if silent:
        return f"a run does not say who holds it: {tell(silent[0])}"
    odd = [report for report in reports if not _did(report) and report.get("action") not in ("busy", "none", "held")]
    return f"a run that came too late: {tell(odd[0])}" if odd else ""


def _summary(reports: t.Sequence[Report]) -> str:
    seen = collections.Counter(str(report.get("action")) for report in reports)
    return ", ".join(f"{number} {action}" for action, number in sorted(seen.items()))
