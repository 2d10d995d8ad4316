# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs gates, says a line about each as it ends, and closes with a table and the count of tests."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shlex
import signal
import subprocess
import time
import typing as t

from . import places
from .gates import Gate

TAIL = 60
"""Lines of a failed gate's log to show."""
LIMIT = 1500
"""Seconds after which a command counts as hung."""
MERCY = 30
"""Seconds that an interrupted command has to clean up."""
FEW = 3
"""Failed tests that are worth a second try; more than these were not just late."""
SUMMARY = re.compile(
    r"^=* ?((?:\d+ (?:passed|failed|errors?|skipped|deselected|warnings?|xfailed|xpassed)(?:, )?)+) in [\d.]+s", re.M
)
DOTS = re.compile(r"^[.sFEx]+ *\[ *\d+%\]$")
"""A line of pytest's progress."""
NAMED = re.compile(r"^(FAILED|ERROR) \S*::")
"""A line of pytest's summary."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How one gate ended, in seconds, and how many of pytest's tests passed and failed in it.

    C(late): names of the tests that passed only at their second try.
    """

    gate: Gate
    ok: bool
    seconds: float
    passed: int
    failed: int
    late: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """One line for people."""
        tests = f" · {self.passed} tests passed" if self.passed else ""
        tests += f", {self.failed} failed" if self.failed else ""
        tests += f", of these at the second try: {', '.join(self.late)}" if self.late else ""
        return f"{'ok    ' if self.ok else 'FAILED'} {self.gate.name:<14} {self.seconds:6.1f} s  {self.gate.what}{tests}"


def log_of(gate: Gate) -> pathlib.Path:
    """Where the full output of a gate goes."""
    return places.LOGS / f"{gate.name}.log"


def run_all(gates: t.Sequence[Gate], at_once: int) -> int:
    """Run all gates, whatever fails, and return the exit code.

    :arg at_once: how many may run side by side; those that are C(alone) come last, one at a time.
    """
    started = time.monotonic()
    outcomes: list[Outcome] = []
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, at_once)) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run, gate) for gate in gates if not gate.alone]):
            outcomes.append(_told(done.result()))
    outcomes.extend(_told(run(gate)) for gate in gates if gate.alone)
    return _close(outcomes, time.monotonic() - started)


def run(gate: Gate) -> Outcome:
    """Run one gate's commands up to the first that fails."""
    started = time.monotonic()
    log = log_of(gate)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as output:
        ok = all(_run(command, gate, output) for command in gate.commands)
    text = log.read_text(encoding="utf-8", errors="replace")
    passed, failed = _tests(text)
    late: tuple[str, ...] = ()
    if not ok and gate.again and 0 < failed <= FEW:
        ok, late = _once_more(gate, log, text)
        passed, failed = (passed + failed, 0) if ok else (passed, failed)
    return Outcome(gate, ok, time.monotonic() - started, passed, failed, late)


def _once_more(gate: Gate, log: pathlib.Path, text: str) -> tuple[bool, tuple[str, ...]]:
    """Whether everything that failed passes when it is alone, and the names of these tests."""
    with log.open("a", encoding="utf-8") as output:
        ok = _run(gate.again, gate, output)
    names = [line.split("::", 1)[1].partition(" - ")[0] for line in text.splitlines() if NAMED.match(line)]
    return ok, tuple(names) if ok else ()


def _run(command: t.Sequence[str], gate: Gate, output: t.IO[str]) -> bool:
    """Run one command. One that hangs is interrupted, so that pytest can still stop its servers, and killed if that fails."""
    output.write(f"$ {shlex.join(command)}\n")
    output.flush()
    try:
        process = subprocess.Popen(
            command, cwd=gate.cwd, env=dict(gate.env), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    except OSError as problem:
        output.write(f"{problem}\n")
        return False
    try:
        return process.wait(LIMIT) == 0
    except subprocess.TimeoutExpired:
        output.write(f"still running after {LIMIT} s: ended\n")
        process.send_signal(signal.SIGINT)
    try:
        process.wait(MERCY)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return False


def _tests(text: str) -> tuple[int, int]:
    """The tests that pytest counted as passed and as failed; a skipped one has shown nothing and counts as failed."""
    passed = failed = 0
    for summary in SUMMARY.findall(text):
        for number, word in re.findall(r"(\d+) (passed|failed|error|skipped)", summary):
            if word == "passed":
                passed += int(number)
            else:
                failed += int(number)
    return passed, failed


def _told(outcome: Outcome) -> Outcome:
    """Say how it ended; when it failed, with the tests that did and the end of the log."""
    print(outcome.line, flush=True)
    if not outcome.ok:
        lines = log_of(outcome.gate).read_text(encoding="utf-8", errors="replace").splitlines()
        print("\n".join(f"    | {line}" for line in telling(lines)), flush=True)
    return outcome


def telling(lines: t.Sequence[str]) -> list[str]:
    """What to read of a failed gate's log: first the names of the tests that failed, whatever is cut off after them, then
    its end, without pytest's dots."""
    lines = [line for line in lines if not DOTS.match(line)]
    named = [line for line in lines if NAMED.match(line)]
    return [*named, *lines[-TAIL:]] if named else lines[-TAIL:]


def _close(outcomes: t.Sequence[Outcome], seconds: float) -> int:
    """Print the table and, last, the count: pytest's tests, and each gate as one more."""
    bad = [outcome for outcome in outcomes if not outcome.ok]
    print("\n" + "\n".join(outcome.line for outcome in outcomes))
    print(f"\n{len(outcomes)} gates in {seconds:.0f} s; full output in {places.LOGS.relative_to(places.ROOT)}{os.sep}")
    if bad:
        print("FAILED: " + ", ".join(outcome.gate.name for outcome in bad))
    passed = sum(outcome.passed for outcome in outcomes) + len(outcomes) - len(bad)
    failed = sum(outcome.failed for outcome in outcomes) + len(bad)
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0
