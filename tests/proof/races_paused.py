# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run is suspended before one of its steps, another one takes over when the lease is over, and the first one wakes."""

from __future__ import annotations

import contextlib
import time
import typing as t

from ansible_collections.locksmith.rotation.tests.proof.cells import Bench, Outcome, Result
from ansible_collections.locksmith.rotation.tests.proof.races_runs import Report, Running, Steps, Work, side_by_side
from ansible_collections.locksmith.rotation.tests.proof.races_world import Raced, tell
from ansible_collections.locksmith.rotation.tests.proof.subject import Pair

#: The shortest that is allowed.
LEASE = "5s"
#: Steps of one kind of run that are tried at once; more of them wait for the next round.
MOST_AT_ONCE = 19
LONGEST = 120.0
_LOOK_AGAIN = 1.0


class Doing(t.NamedTuple):
    """C(before): runs that lead to where the suspended one begins. C(keys): how many there may be at the end, for an issuer that mints.

    C(may_refuse): the other run may find that it comes too late.
    """

    before: tuple[dict[str, t.Any], ...]
    suspended: dict[str, t.Any]
    other: dict[str, t.Any]
    keys: tuple[int, ...]
    may_refuse: bool = False


_RETIRE: dict[str, t.Any] = {"state": "retired", "consumers": [], "grace": "0s"}
_FORCE: dict[str, t.Any] = {"force": True}
DOINGS = {
    "first": Doing((), {}, {}, (1,)),
    "next": Doing(({},), _FORCE, _FORCE, (2,)),
    "retire": Doing(({}, _FORCE), _RETIRE, _RETIRE, (1,)),
    "roll back meanwhile": Doing(({}, _FORCE), _RETIRE, {"state": "rolled_back"}, (1, 2), True),
}


def paused(bench: Bench, issuer: str, store: str, doing: str) -> Result:
    """One cell: every step of one kind of run."""
    what, pair = DOINGS[doing], Pair(bench, issuer, store)
    steps = _count(pair, what)
    chosen = bench.some(bench.few(range(steps), MOST_AT_ONCE), 4)
    problems = [f"step {step} of {steps}: {problem}" for step, problem in _try(pair, what, chosen) if problem]
    counts = {"boundaries": len(chosen)}
    if problems:
        return Result(Outcome.MISS, f"{len(problems)} steps, {'; '.join(problems)}", counts)
    return Result(Outcome.OK, f"{len(chosen)} of {steps} steps", counts)


def _count(pair: Pair, what: Doing) -> int:
    """How many steps such a run has when nobody disturbs it."""
    raced = _prepared(pair, what)

    def work() -> Report:
        steps = Steps()
        steps.watch()
        raced.run(lease=LEASE, **what.suspended)()
        return {"count": steps.count}

    return int(side_by_side([work], LONGEST)[0]["count"])


def _prepared(pair: Pair, what: Doing) -> Raced:
    raced = Raced(pair)
    for wish in what.before:
        done = side_by_side([raced.run(**wish)], LONGEST)[0]
        if done.get("failed"):
            raise RuntimeError(f"preparing: {tell(done)}")
    return raced


def _try(pair: Pair, what: Doing, chosen: t.Sequence[int]) -> t.Iterator[tuple[int, str]]:
    """All of them side by side, because nearly all of the time is waiting. Step and what is wrong."""
    with contextlib.ExitStack() as stack:
        stages = []
        for step in chosen:
            raced = _prepared(pair, what)
            suspended = Running(_stopping(raced.run(lease=LEASE, **what.suspended), step))
            stack.callback(suspended.kill)
            stages.append((step, raced, suspended))
        asleep = [stage for stage in stages if stage[2].is_stopped(LONGEST)]
        others = side_by_side([_patient(stage[1].run(lease=LEASE, **what.other)) for stage in asleep], LONGEST)
        for (step, raced, suspended), other in zip(asleep, others):
            suspended.wake()
            woken = suspended.report(LONGEST)
            yield step, _judge(raced, what, other, woken)


def _stopping(work: Work, step: int) -> Work:
    def stopping() -> Report:
        Steps(step).watch()
        return work()

    return stopping


def _patient(work: Work) -> Work:
    """Ask again while another run holds the credential."""

    def patient() -> Report:
        give_up_at = time.monotonic() + LONGEST / 2
        report = work()
        while report.get("action") == "busy" and time.monotonic() < give_up_at:
            time.sleep(_LOOK_AGAIN)
            report = work()
        return report

    return patient


def _judge(raced: Raced, what: Doing, other: Report, woken: Report) -> str:
    refused = what.may_refuse and other.get("error") == "Rejected"
    # A lock of the file system is never taken over: nobody can do harm behind it, and whoever holds it finishes.
    kept_out = other.get("error") == "Unreachable" and "another run holds" in str(other.get("msg"))
    if (other.get("failed") and not refused and not kept_out) or other.get("action") == "busy":
        return f"the other run did not take over ({tell(other)})"
    if woken.get("error") in ("unexpected", "died"):
        return f"the woken run broke ({tell(woken)})"
    after = side_by_side([raced.run(lease=LEASE, **(_RETIRE if what.other is _RETIRE else {}))], LONGEST)[0]
    if after.get("failed"):
        return f"the run after it failed ({tell(after)})"
    harm = raced.harm(what.keys)
    return f"{harm} (the other: {tell(other)}; the woken: {tell(woken)})" if harm else ""
