# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills on the consumers' side: between reading, staging, writing, restarting, probing and proving."""

from __future__ import annotations

import functools
import json
import shlex
import typing as t

from ansible_collections.locksmith.rotation.tests.proof import checks, consumer_jobs
from ansible_collections.locksmith.rotation.tests.proof.cells import Bench, Cell, Outcome, Result, Settings
from ansible_collections.locksmith.rotation.tests.proof.laps import Stumble, prepared
from ansible_collections.locksmith.rotation.tests.proof.runs import Boundary, Ended, Run, Way
from ansible_collections.locksmith.rotation.tests.proof.subject import AT_ONCE, DAY, HOST, Pair
from ansible_collections.locksmith.rotation.tests.proof.subject import NAME as CREDENTIAL
from ansible_collections.locksmith.rotation.tests.proof.width import WHOLE
from ansible_collections.locksmith.rotation.tests.real import issuer_makers, store_makers

NAME = "consumers"
ABOUT = """\
A credential has been rotated, and the run that brings it to a host is killed before each request to the store, each change of a file
and each command there (stage, write, restart, probe, prove), and at its very end. At that moment the host's file holds a credential
that works (for an issuer without overlap: after the next run, as documented). The next run brings file, service and proof to the
current version; the one after it changes nothing; and with its proof, and no earlier, the previous version is retired. One issuer with
every store at every such boundary, the others, to whose values the host's side is blind, at up to 5 that the seed chooses."""
_SAMPLED = 4
#: Boundaries for other issuers than the one that is tried at all.
_SOME = 5


def cells(settings: Settings) -> t.Iterator[Cell]:
    """Each issuer with one store, each store with one issuer; two formats of files take turns."""
    stores = list(store_makers.MAKERS)
    pairs = [(issuer, stores[(place + 1) % len(stores)]) for place, issuer in enumerate(issuer_makers.MAKERS)]
    pairs += [(WHOLE, store) for store in stores if (WHOLE, store) not in pairs]
    for number, (issuer, store) in enumerate(pairs):
        format_ = ("env", "json")[number % 2]
        yield Cell(
            f"{issuer} × {store}",
            "deploy",
            functools.partial(_killed, issuer, store, format_),
            seconds=20.0 if issuer == WHOLE else 8.0,
        )


class _Host:
    """One consumer: a file, a service that copies the file aside when it is restarted, and a probe that compares the two."""

    def __init__(self, pair: Pair, format_: str) -> None:
        self.pair = pair
        self.subject = pair.subject()
        self._format = format_
        self._home = pair.bench.scratch / f"host-{id(self)}"
        self._home.mkdir()
        self.file, self._running = self._home / "credential", self._home / "running"
        prepared(self.subject.run(), "created")

    def consume(self, hooks: t.Mapping[str, t.Any] | None = None) -> Ended:
        copy = ["/bin/cp", str(self.file), str(self._running)]
        same = ["/usr/bin/cmp", "-s", str(self.file), str(self._running)]
        entry = {
            "credential": CREDENTIAL,
            "dest": str(self.file),
            "format": self._format,
            "service": {"name": "proved", "manager": "command", "command": copy},
            "probe": {"command": same, "retries": 1, "delay": 0},
        }
        known = {"credential_type": self.subject.issuer.KIND, "credential_store": self.subject.options()["store"]}
        arguments = {"entries": [entry], "hostvars": {CREDENTIAL: known}, "state_dir": str(self._home / "state")}
        scratch = str(self.pair.bench.scratch)
        return self.pair.bench.zygote.run(Run(consumer_jobs.consume, arguments, scratch=scratch, **(hooks or {})))

    def lap(self, hooks: t.Mapping[str, t.Any] | None = None) -> tuple[Ended, list[str]]:
        """Rotate, deploy (perhaps not to the end), deploy again, and again; retire."""
        self.subject.renew_options()
        self.subject.age(400 * DAY)
        before = self.subject.published()
        prepared(self.subject.run(), "rotated")
        ended = self.consume(hooks)
        wrong = [f"at once: {line}" for line in self._at_once(before)]
        went_on = self.consume()
        wrong += checks.done(went_on) + self._up_to_date(went_on)
        wrong += checks.quiet(self.consume())
        wrong += self._retired(went_on)
        return ended, wrong

    def _at_once(self, before: t.Mapping[str, str]) -> list[str]:
        """The file is the old one or the new one, whole, and works."""
        held = self._held(self.file.read_text(encoding="utf-8")) if self.file.exists() else None
        published = self.subject.published()
        if held is not None and held not in (before, published):
            return ["the file holds neither the previous value nor the published one"]
        dead = held is not None and not self.subject.alive(held)
        if dead and (held == published or self.subject.issuer.capacity != 1):
            return ["the file holds a credential that does not work"]
        return []

    def _up_to_date(self, ended: Ended) -> list[str]:
        published, current = self.subject.published(), self.subject.current()
        wrong = []
        for what, path in (("file", self.file), ("service", self._running)):
            if self._held(path.read_text(encoding="utf-8")) != published:
                wrong.append(f"the {what} does not have the published version")
        if not self.subject.alive(published):
            wrong.append("what is published does not work")
        wanted = current["fingerprint"] if current else ""
        proofs = ended.result["proofs"] if ended.way is Way.DONE else []
        if [(proof["fingerprint"], proof["running"], proof["healthy"]) for proof in proofs] != [(wanted, wanted, True)]:
            wrong.append(f"its proof is {[{**proof, 'dest': ''} for proof in proofs]}")
        return wrong

    def _retired(self, ended: Ended) -> list[str]:
        if ended.way is not Way.DONE:
            return []
        proofs = [
            {name: proof[name] for name in ("fingerprint", "running", "healthy", "detail")} for proof in ended.result["proofs"]
        ]
        return checks.done(self.subject.retire(consumers=[{"host": HOST, **proof} for proof in proofs], **AT_ONCE), "deleted")

    def _held(self, text: str) -> dict[str, str]:
        """The file as its reader reads it."""
        if self._format == "json":
            held = _json(text)
        else:
            words = [shlex.split(line)[0] for line in text.splitlines() if line and not line.startswith("#")]
            held = dict(word.split("=", 1) for word in words)
        return {name: held[name] for name in self.subject.issuer.fields if name in held}


def _json(text: str) -> dict[str, str]:
    return {str(name): str(value) for name, value in json.loads(text).items()}


def _killed(issuer: str, store: str, format_: str, bench: Bench) -> Result:
    wrong: list[str] = []
    killed = 0
    try:
        host = _Host(Pair(bench, issuer, store), format_)
        first, found = host.lap()
        if first.way is not Way.DONE or found:
            raise Stumble(f"undisturbed: {first}; {'; '.join(found)}")
        points = _points(host)
        for point in bench.some(points if issuer == WHOLE else bench.few(points, _SOME), _SAMPLED):
            ended, found = host.lap({"kill_at": point.number})
            killed += ended.way is Way.KILLED
            wrong += [f"killed at {point}: {line}" for line in found]
            if found:
                host = _Host(host.pair, format_)
    except (Stumble, NotImplementedError) as problem:
        wrong.append(str(problem) or f"the maker of {issuer} does not say what the proof asks of it")
    counts = {"boundaries": killed}
    if wrong:
        return Result(Outcome.MISS, wrong[0] + (f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""), counts)
    return Result(Outcome.OK, "", counts)


def _points(host: _Host) -> list[Boundary]:
    """Of a deployment over an older version."""
    ended, found = host.lap()
    if ended.way is not Way.DONE or found:
        raise Stumble(f"undisturbed: {ended}; {'; '.join(found)}")
    return list(ended.boundaries)
