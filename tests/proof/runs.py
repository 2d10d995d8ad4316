# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of the code under test, and how it ended: what goes to the zygote and what comes back. Both can be pickled."""

from __future__ import annotations

import dataclasses
import enum
import typing as t


class Moment(enum.Enum):
    """Where in a call a boundary is. A call is one request and its answer, one SQL round trip, or one change of a file."""

    BEFORE = "before"
    #: The request has gone, no answer has been read: the server may be at work on it.
    SENT = "sent"
    AFTER = "after"
    #: Everything is done, and nobody has been told.
    END = "end"


@dataclasses.dataclass(frozen=True)
class Boundary:
    """A point at which the process can die. C(call): number of the call, from 1. C(writes): the call changes something."""

    number: int
    call: int
    moment: Moment
    label: str
    writes: bool
    where: str

    def __str__(self) -> str:
        return f"{self.number} ({self.moment.value} {self.label})"


@dataclasses.dataclass(frozen=True)
class Fault:
    """What goes wrong, at calls C(first) to C(last), and only at calls to C(where) ("host:port", or "sql"), empty for all.

    C(kind) is one of P(faults.KINDS).
    """

    kind: str
    first: int
    last: int
    where: str = ""

    def hits(self, call: int, where: str) -> bool:
        return self.first <= call <= self.last and self.where in ("", where)


#: Numbers of calls have no end for a fault that lasts.
FOR_EVER = 1 << 30


@dataclasses.dataclass(frozen=True)
class Run:
    """C(job) is a function of a module, called with C(arguments) in a process of its own; its result must be picklable.

    C(kill_at): the number of the boundary at which the process kills itself. C(stop_at): at which it stops itself (SIGSTOP) and
    waits for a SIGCONT. C(offset): how far its clock is wrong, seconds. C(patches): C(name) or C(name:argument) of P(patches.PATCHES).
    C(scratch): changes of files below it are calls. C(real_time): pauses are made, not only noted.
    """

    job: t.Callable[..., t.Any]
    arguments: dict[str, t.Any] = dataclasses.field(repr=False)
    scratch: str = ""
    kill_at: int = 0
    stop_at: int = 0
    faults: tuple[Fault, ...] = ()
    patches: tuple[str, ...] = ()
    offset: float = 0.0
    real_time: bool = False


class Way(enum.Enum):
    """How a run ended. C(FAILED): with one of our own errors. C(CRASHED): with any other."""

    DONE = "done"
    FAILED = "failed"
    CRASHED = "crashed"
    KILLED = "killed"
    HUNG = "hung"


@dataclasses.dataclass(frozen=True)
class Ended:
    """C(result) is the job's. C(message) and C(kind): of the error. C(pauses): what was, or would have been, waited, seconds."""

    way: Way
    result: t.Any = dataclasses.field(default=None, repr=False)
    message: str = ""
    kind: str = ""
    next_step: str = ""
    boundaries: tuple[Boundary, ...] = ()
    pauses: tuple[float, ...] = ()
    faults_hit: int = 0

    @property
    def writes(self) -> int:
        """How many calls that change something were made."""
        return sum(boundary.writes for boundary in self.boundaries if boundary.moment is Moment.BEFORE)

    @property
    def calls(self) -> int:
        return sum(boundary.moment is Moment.BEFORE for boundary in self.boundaries)

    def __str__(self) -> str:
        return f"{self.way.value}{': ' + self.kind + ' ' + self.message if self.message else ''}"
