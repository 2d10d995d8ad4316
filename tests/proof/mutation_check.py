# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the proof notice? Mechanisms are taken away one at a time, and the cells that rest on them must become misses."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.locksmith.rotation.tests.proof import checks
from ansible_collections.locksmith.rotation.tests.proof.cells import Bench, Cell, Outcome, Result, Settings
from ansible_collections.locksmith.rotation.tests.proof.kill import points
from ansible_collections.locksmith.rotation.tests.proof.laps import Lap, Rotate, Stumble, prepared
from ansible_collections.locksmith.rotation.tests.proof.subject import AT_ONCE, HOST, Pair, Subject

NAME = "mutation"
ABOUT = """\
One mechanism at a time is removed from the code under test, by a patch in the forked run, and the same questions are asked as in the
other sections. A cell is ok where the proof then finds a miss, and finds none with the mechanism in place; the detail is the first
miss. A mutation that survives fails the proof."""
#: How often runs race before a mutation counts as survived.
_RACES = 12
_RUNNERS = 6
#: Boundaries at which the unchanged code is killed.
_UNTOUCHED = 4

Probe = t.Callable[[Bench, "tuple[str, ...]"], "list[str]"]


def cells(settings: Settings) -> t.Iterator[Cell]:
    """A row for each mechanism, a column for each pair that it is tried on."""
    for mutation, probes in PROBES.items():
        for column, probe in probes.items():
            yield Cell(mutation, column, functools.partial(_survives, mutation, probe), seconds=6.0)


def _survives(mutation: str, probe: Probe, bench: Bench) -> Result:
    untouched = probe(bench, ())
    if untouched:
        return Result(Outcome.MISS, f"already with the mechanism in place: {untouched[0]}")
    found = probe(bench, (mutation,))
    if not found:
        return Result(Outcome.MISS, "survived: nothing was noticed without it", {"mutations": 1})
    return Result(Outcome.OK, found[0], {"mutations": 1})


def _killed(issuer: str, store: str, bench: Bench, patches: tuple[str, ...]) -> list[str]:
    """Kills around every change of a rotation, or around some where the mechanism is in place: C(kill.py) tries all of those."""
    try:
        laps: Lap = Rotate(Pair(bench, issuer, store, patches))
        found = points(laps.record())
        for point in found if patches else bench.random.sample(found, _UNTOUCHED):
            wrong = laps.lap({"kill_at": point.number})[1]
            if wrong:
                return [f"killed at {point}: {wrong[0]}"]
    except Stumble as problem:
        return [str(problem)]
    return []


def _raced(issuer: str, store: str, bench: Bench, patches: tuple[str, ...]) -> list[str]:
    """Several forced rotations at once make one new key."""
    pair = Pair(bench, issuer, store, patches)
    for _dummy in range(_RACES if patches else 2):
        subject = pair.subject()
        prepared(subject.run(), "created")
        before = subject.keys()
        subject.run_at_once(_RUNNERS, force=True, reason="leak")
        wrong = checks.works(subject) + checks.one_new_key(subject, before)
        if wrong:
            return [f"{_RUNNERS} runs at once: {wrong[0]}"]
    return []


def _given_a_dud(issuer: str, store: str, bench: Bench, patches: tuple[str, ...]) -> list[str]:
    """An issuer hands out a secret that does not work."""
    subject = _due(Pair(bench, issuer, store, patches))
    subject.run({"patches": ("dud",)})
    return [f"given a dud: {line}" for line in checks.works(subject)]


def _unreachable(issuer: str, store: str, bench: Bench, patches: tuple[str, ...]) -> list[str]:
    """One of two consumers cannot be reached."""
    subject = _due(Pair(bench, issuer, store, patches))
    before = subject.published()
    prepared(subject.run(), "rotated")
    away = {"host": "web2", "detail": "unreachable"}
    subject.run(state="retired", consumers=[{**subject.proof(), "host": HOST}, away], **AT_ONCE)
    return [] if subject.alive(before) else ["a host is unreachable, and what it uses no longer works"]


def _due(pair: Pair) -> Subject:
    subject = pair.subject()
    prepared(subject.run(), "created")
    subject.age(40_000_000)
    return subject


def _on(probe: t.Callable[[str, str, Bench, tuple[str, ...]], list[str]], *pairs: tuple[str, str]) -> dict[str, Probe]:
    return {f"{issuer} × {store}": functools.partial(probe, issuer, store) for issuer, store in pairs}


_TOKENS, _ROLES, _KEYS = ("grafana-13", "vault-kv2"), ("postgresql-18-alternating", "ssm"), ("iam", "secretsmanager")
#: Mutation to where it is tried, and how it is looked for.
PROBES: dict[str, dict[str, Probe]] = {
    "no intent before the request": _on(_killed, _TOKENS, _ROLES, _KEYS),
    "no compare-and-set of the journal": _on(_raced, _TOKENS),
    "no verification before publication": _on(_given_a_dud, _TOKENS, _ROLES, _KEYS),
    "no gate before retirement": _on(_unreachable, _TOKENS, _ROLES, _KEYS),
    "no look for what an attempt left": _on(_killed, _TOKENS, _KEYS),
    "no check whose a key is": _on(_killed, _TOKENS),
}
