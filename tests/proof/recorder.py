# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the calls and boundaries of a run as the hooks report them, dies at the one it was told to, and hands out faults."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import typing as t

from ansible_collections.locksmith.rotation.tests.proof.runs import Boundary, Fault, Moment, Run

#: What differs from run to run in a label: ids and times.
_VARYING = re.compile(r"[0-9a-f]{6,}|[A-Z0-9]{16,}|\d{2,}")


@dataclasses.dataclass
class Call:
    """One request, SQL round trip or change of a file. C(label) and C(writes) may become clear only while it is sent."""

    number: int
    where: str
    label: str
    writes: bool
    fault: Fault | None = None
    #: A refusal made up by us: nothing goes out.
    is_swallowed: bool = False
    is_begun: bool = False


class Recorder:
    """One run's. See the module's docstring."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._calls = 0
        self._crossed: list[tuple[Call, Moment]] = []
        self.faults_hit = 0

    def call(self, where: str, label: str, writes: bool) -> Call:
        """A new call begins."""
        self._calls += 1
        fault = next((fault for fault in self._run.faults if fault.hits(self._calls, where)), None)
        return Call(self._calls, where, label, writes, fault)

    def hit(self) -> None:
        """A fault has been injected."""
        self.faults_hit += 1

    def cross(self, call: Call, moment: Moment) -> None:
        """The run comes to a boundary, and perhaps no further."""
        self._crossed.append((call, moment))
        if len(self._crossed) == self._run.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if len(self._crossed) == self._run.stop_at:
            os.kill(os.getpid(), signal.SIGSTOP)

    def end(self) -> None:
        """The job is done."""
        self.cross(Call(self._calls, "", "everything", False), Moment.END)

    def boundaries(self) -> t.Iterator[Boundary]:
        for number, (call, moment) in enumerate(self._crossed, start=1):
            yield Boundary(number, call.number, moment, _VARYING.sub("#", call.label), call.writes, call.where)
