# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slow and odd, not broken: keys that work late, lists that are late, clocks that are wrong, versions that never work."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import LISTED_WITHIN
from ansible_collections.locksmith.rotation.tests.proof import checks
from ansible_collections.locksmith.rotation.tests.proof.cells import Bench, Cell, Outcome, Result, Settings
from ansible_collections.locksmith.rotation.tests.proof.kill import points
from ansible_collections.locksmith.rotation.tests.proof.laps import Create, Rotate, Stumble, prepared
from ansible_collections.locksmith.rotation.tests.proof.runs import FOR_EVER, Fault, Moment, Way
from ansible_collections.locksmith.rotation.tests.proof.subject import Pair
from ansible_collections.locksmith.rotation.tests.real import issuer_makers, store_makers

NAME = "conditions"
ABOUT = """\
A new version works only 10, 60 or 600 seconds after it was made; the controller's clock is ten minutes ahead or behind (four for AWS,
which refuses requests that are more than five minutes off), and the run is killed around up to 2 changes that the seed chooses with it;
the issuer lists a key late, after the run that made it was killed, at up to 4 of its changes; a new version never works: it must be
discarded within bounded tries, three times, then the credential is quarantined and left alone until a person forces it; a server
that is away is asked again at bounded and random intervals (jitter), never at the same ones by two runs."""
_SAMPLED = 2
#: Boundaries at which a run with a wrong clock is killed.
_KILLED_AT = 2
_LISTED_LATE = 4
_ISSUERS_OF_AWS = ("iam",)
_LONGEST_OUTAGE = 300.0


def cells(settings: Settings) -> t.Iterator[Cell]:
    """Each issuer with one store; they take turns."""
    stores = list(store_makers.MAKERS)
    for place, issuer in enumerate(issuer_makers.MAKERS):
        store = stores[(place + 2) % len(stores)]
        for column, question in _QUESTIONS.items():
            yield Cell(
                f"{issuer} × {store}", column, functools.partial(_ask, question, issuer, store), seconds=_SECONDS.get(column, 5.0)
            )


def _ask(question: t.Callable[[Bench, str, str], Result], issuer: str, store: str, bench: Bench) -> Result:
    try:
        return question(bench, issuer, store)
    except (Stumble, NotImplementedError) as problem:
        return Result(Outcome.MISS, str(problem) or f"the maker of {issuer} does not say what the proof asks of it")


def _answer(wrong: t.Sequence[str], **counts: int) -> Result:
    if wrong:
        return Result(Outcome.MISS, wrong[0] + (f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""), counts)
    return Result(Outcome.OK, "", counts)


def _late_keys(bench: Bench, issuer: str, store: str) -> Result:
    """10 and 60 seconds are waited for; 600 are too long, and the next run must converge."""
    laps, wrong = Rotate(Pair(bench, issuer, store)), []
    for seconds in (10, 60, 600):
        ended, found = laps.lap({"patches": (f"propagation:{seconds}",)})
        if seconds <= 60 and ended.way is not Way.DONE:
            found.append(f"the run ended as {ended}")
        if seconds > 60 and (ended.way is not Way.FAILED or ended.kind != "VerificationFailed"):
            found.append(f"a version that does not work was not given up: {ended}")
        wrong += [f"works after {seconds} s: {line}" for line in found]
    return _answer(wrong, faults=3)


def _wrong_clock(bench: Bench, issuer: str, store: str) -> Result:
    off = 240.0 if issuer.startswith(_ISSUERS_OF_AWS) else 600.0
    wrong, killed = [], 0
    for lap in (Rotate, Create):
        laps = lap(Pair(bench, issuer, store))
        for point in bench.some([None, None, *bench.few(points(laps.record()), _KILLED_AT)], _SAMPLED):
            off = -off
            ended, found = laps.lap({"offset": off, "kill_at": point.number if point else 0})
            killed += ended.way is Way.KILLED
            where = f"killed at {point}" if point else "not killed"
            wrong += [f"{lap.NAME}, clock {off:+.0f} s, {where}: {line}" for line in found]
            if found:
                laps = lap(Pair(bench, issuer, store))
    return _answer(wrong, boundaries=killed)


def _late_list(bench: Bench, issuer: str, store: str) -> Result:
    """Killed right after a key was made; the next run does not see it yet. A run a quarter of an hour later must clear it away."""
    laps = Rotate(Pair(bench, issuer, store))
    subject = laps.subject
    if not subject.issuer.MINTS or subject.issuer.capacity == 1:
        return Result(Outcome.NA, "it mints no keys beside the one in use")
    made = bench.few([each for each in laps.record() if each.writes and each.moment is Moment.AFTER], _LISTED_LATE)
    wrong: list[str] = []
    for point in bench.some(made, _SAMPLED):
        laps.begin()
        known = ",".join(sorted(subject.keys()))
        laps.operate({"kill_at": point.number})
        went_on = laps.go_on({"patches": (f"late list:{known}",)})
        found = [] if went_on.way in (Way.DONE, Way.FAILED) else [f"the run ended as {went_on}"]
        found += checks.works(subject) + checks.done(laps.go_on({"offset": float(LISTED_WITHIN + 5)})) + checks.sound(subject)
        wrong += [f"killed at {point}, listed late: {line}" for line in found]
        laps.clear()
        if found:
            laps = Rotate(Pair(bench, issuer, store))
            subject = laps.subject
    return _answer(wrong, faults=len(made))


def _poison(bench: Bench, issuer: str, store: str) -> Result:
    laps = Rotate(Pair(bench, issuer, store))
    subject = laps.subject
    laps.begin()
    before, keys, wrong = subject.published(), subject.keys(), []
    for turn in range(3):
        ended = laps.operate({"patches": ("poison",)})
        if ended.way is not Way.FAILED or not ended.next_step:
            wrong.append(f"try {turn + 1} ended as {ended}")
        # Nobody can undo what an issuer has put in the place of its only value; the next run tries that one again.
        undone = subject.issuer.REVEALS or (subject.keys() == keys and subject.alive(before))
        if subject.published() != before or not undone:
            wrong.append(f"try {turn + 1} left something behind")
    if subject.journal().get("quarantined_at") is None:
        wrong.append("three failures, and it is not quarantined")
    wrong += [f"in quarantine: {line}" for line in checks.quiet(laps.operate())]
    prepared(subject.run(force=True, reason="manual"), "resumed", "rotated")
    return _answer(wrong + checks.sound(subject), faults=3)


def _outage(bench: Bench, issuer: str, store: str) -> Result:
    """The first thing that is asked is away, for two runs."""
    laps = Rotate(Pair(bench, issuer, store))
    wrong: list[str] = []
    recorded = [each for each in laps.record() if each.moment is Moment.BEFORE and each.where != "file"]
    addresses = list(dict.fromkeys(each.where for each in recorded))
    for where in addresses:
        laps.begin()
        runs = [laps.operate({"faults": (Fault("refused", 1, FOR_EVER, where),)}) for dummy in range(2)]
        laps.begin()
        pauses = [run.pauses for run in runs]
        if any(run.way is not Way.FAILED for run in runs):
            wrong.append(f"with {where} away the runs ended as {' and '.join(str(run) for run in runs)}")
        if not all(0 < sum(each) < _LONGEST_OUTAGE for each in pauses):
            wrong.append(f"with {where} away it was waited {' and '.join(f'{sum(each):.1f} s' for each in pauses)}")
        if pauses[0] == pauses[1]:
            wrong.append(f"no jitter: two runs paused for {pauses[0][:4]}")
        wrong += checks.done(laps.go_on()) + checks.sound(subject := laps.subject) + checks.works(subject)
        laps.clear()
    return _answer(wrong, faults=2 * len(addresses))


_QUESTIONS: dict[str, t.Callable[[Bench, str, str], Result]] = {
    "works late": _late_keys,
    "wrong clock": _wrong_clock,
    "listed late": _late_list,
    "never works": _poison,
    "outage": _outage,
}
_SECONDS = {"wrong clock": 15.0}
