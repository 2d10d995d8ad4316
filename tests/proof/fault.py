# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: every call fails in every way, once or from then on; the run converges or holds, and the next one converges."""

from __future__ import annotations

import functools
import typing as t
from urllib.parse import urlsplit

from ansible_collections.locksmith.rotation.tests.proof import answers, hooks_http, hooks_sql
from ansible_collections.locksmith.rotation.tests.proof.cells import Bench, Cell, Outcome, Result, Settings
from ansible_collections.locksmith.rotation.tests.proof.laps import Create, Lap, Retire, Rotate, Stumble
from ansible_collections.locksmith.rotation.tests.proof.runs import FOR_EVER, Boundary, Ended, Fault, Moment, Way
from ansible_collections.locksmith.rotation.tests.proof.subject import Pair, Subject
from ansible_collections.locksmith.rotation.tests.proof.width import ALL, CLAIMED, WHOLE, Width, own_store, width_of
from ansible_collections.locksmith.rotation.tests.real import issuer_makers, store_makers

NAME = "fault"
ABOUT = """\
At every call of a rotation, of a first issue and of a retirement, one thing goes wrong: the connection is refused, reset, or lost
after the request was carried out; the answer comes too late, is cut off, is no JSON, is some proxy's page; 429 with and without
Retry-After, 500 (before and after the effect), 503, 401 and 403; for PostgreSQL a refused, reset or lost connection (also after
COMMIT), a serialization failure, a deadlock, a shutdown, a cancelled statement. Once; and from then on until the end of the run,
as an expired token or an outage does. Each issuer's calls are tried with one store, each store's calls with one issuer. In a
rotation every call to that issuer, and every call to KV version 2, fails in every way; every call to another store in 4 ways (to
KV version 1, whose claims are the same calls over and over, in 1), to another issuer in 2, at most 14 faults in all, and to a
further variant of one (another version of its server, another strategy, another kind of its keys) 6; in the other operations, and
for lasting faults, fewer. The seed chooses. The run must converge, or end with an error that says what to do next, with at most
70 requests more than an undisturbed run sends and within 15 minutes of (injected) waiting; Retry-After must be obeyed; nothing
may stop working before the journal says that it is being retired; and the next run, with nothing else done, must converge."""
_SAMPLED = 4
#: What lasts.
_LASTING = ("503", "401", "403", "lost", "timeout", "garbled", "429 with Retry-After", "refused", "shutdown")
#: Requests that a fault may cost beside those of an undisturbed run.
_MOST_MORE = 70
_LONGEST_WAIT = 900.0


class Reach(t.NamedTuple):
    """C(kinds): in how many ways each call fails. C(most): of all these faults."""

    kinds: int
    most: int = ALL


class Plan(t.NamedTuple):
    """Of one row. C(others): a retirement, and a first issue."""

    once: Reach
    lasting: Reach
    others: Reach

    def reach(self, lap: type[Lap], lasting: bool) -> Reach:
        if lap is not Rotate:
            return self.others
        return self.lasting if lasting else self.once


_OPERATIONS: tuple[tuple[type[Lap], bool], ...] = (
    (Rotate, False),
    (Rotate, True),
    (Retire, False),
    (Retire, True),
    (Create, False),
)
_ISSUERS = {
    Width.WHOLE: Plan(Reach(ALL), Reach(3), Reach(2)),
    Width.FIRST: Plan(Reach(2, 14), Reach(1, 5), Reach(1, 4)),
    Width.VARIANT: Plan(Reach(1, 6), Reach(1, 3), Reach(1, 2)),
}
_STORES = {
    "vault-kv2": Plan(Reach(ALL), Reach(3), Reach(2)),
    CLAIMED: Plan(Reach(1), Reach(1, 6), Reach(1, 6)),
}
_OTHER_STORE = Plan(Reach(4), Reach(1), Reach(1, 8))


def cells(settings: Settings) -> t.Iterator[Cell]:
    """Each issuer with one store, each store with one issuer."""
    for issuer in issuer_makers.MAKERS:
        yield from _row(issuer, own_store(issuer), "issuer", _ISSUERS[width_of(issuer)])
    for store in store_makers.MAKERS:
        yield from _row(WHOLE, store, "store", _STORES.get(store, _OTHER_STORE))


def _row(issuer: str, store: str, side: str, plan: Plan) -> t.Iterator[Cell]:
    for lap, lasting in _OPERATIONS:
        column = f"{lap.NAME}, {'lasting' if lasting else 'once'}"
        reach = plan.reach(lap, lasting)
        run = functools.partial(_every_fault, issuer, store, side, lap, lasting, reach)
        yield Cell(f"{issuer} × {store}: calls to the {side}", column, run, seconds=2.0 * min(12 * reach.kinds, reach.most, 100))


def _every_fault(issuer: str, store: str, side: str, lap: type[Lap], lasting: bool, reach: Reach, bench: Bench) -> Result:
    wrong: list[str] = []
    hit = 0
    try:
        laps = lap(Pair(bench, issuer, store))
        undisturbed = [each for each in laps.record() if each.moment is Moment.BEFORE]
        faults = _faults(bench, _calls(undisturbed, laps.subject, side), lasting, reach)
        if not faults:
            return Result(Outcome.NA, f"{store} has no server" if side == "store" else f"{issuer} is asked nothing")
        for fault, call in bench.some(faults, _SAMPLED):
            ended, found = laps.lap({"faults": (fault,)})
            hit += ended.faults_hit
            found = _ended_well(ended, fault, call, len(undisturbed) + _MOST_MORE) + found
            wrong += [f"{fault.kind} at {call}{' and from then on' if lasting else ''}: {line}" for line in found]
            if found:
                laps = lap(Pair(bench, issuer, store))
    except (Stumble, NotImplementedError) as problem:
        wrong.append(str(problem) or f"the maker of {issuer} does not say what the proof asks of it")
    counts = {"faults": hit}
    if wrong:
        return Result(Outcome.MISS, wrong[0] + (f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""), counts)
    return Result(Outcome.OK, "", counts)


def _calls(begun: t.Iterable[Boundary], subject: Subject, side: str) -> list[Boundary]:
    """The calls of the operation to that side's server."""
    store = store_address(subject)
    return [each for each in begun if each.where != "file" and (each.where == store) is (side == "store")]


def store_address(subject: Subject) -> str:
    """Host and port of the store's server; empty if it has none."""
    option = subject.options()["store"]
    return urlsplit(str(option.get("url") or option.get("endpoint_url") or "")).netloc


def _faults(bench: Bench, calls: t.Sequence[Boundary], lasting: bool, reach: Reach) -> list[tuple[Fault, Boundary]]:
    """Of lasting ones only the first call of a kind: the others fail with it."""
    found: list[tuple[Fault, Boundary]] = []
    seen: set[str] = set()
    for call in calls:
        kinds = hooks_sql.KINDS if call.where == hooks_sql.WHERE else hooks_http.KINDS
        if lasting:
            kinds = () if call.label in seen else tuple(kind for kind in kinds if kind in _LASTING)
            seen.add(call.label)
        last = FOR_EVER if lasting else call.call
        found += [(Fault(kind, call.call, last, call.where), call) for kind in bench.few(kinds, reach.kinds)]
    return bench.few(found, reach.most)


def _ended_well(ended: Ended, fault: Fault, call: Boundary, most_calls: int) -> list[str]:
    """It came to an end of its own, in bounded time, and said what to do where it failed."""
    if ended.way not in (Way.DONE, Way.FAILED):
        return [f"the run ended as {ended}"]
    wrong = [] if ended.way is Way.DONE or ended.next_step else [f"no next step is named: {ended.message}"]
    if ended.calls > most_calls or sum(ended.pauses) > _LONGEST_WAIT:
        wrong.append(f"not bounded: {ended.calls} calls, {sum(ended.pauses):.0f} s of waiting")
    polite = fault.kind == "429 with Retry-After" and not call.label.isalpha()
    if polite and ended.faults_hit and max(ended.pauses, default=0.0) < answers.RETRY_AFTER:
        wrong.append(f"Retry-After: {answers.RETRY_AFTER} was not obeyed (pauses: {ended.pauses[:5]})")
    return wrong
