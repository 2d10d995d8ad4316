# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes by id *and* start time, so that an id which the system has given to somebody else is never ended. Linux."""

from __future__ import annotations

import os
import signal
import time
import typing as t
from pathlib import Path

#: Seconds until a process that ignores SIGTERM gets SIGKILL.
_PATIENCE = 40


class Process(t.NamedTuple):
    """C(started): clock ticks since boot."""

    pid: int
    started: int


def look(pid: int) -> Process | None:
    """The process of that id, None if there is none or only its remains."""
    fields = _fields(pid)
    return Process(pid, int(fields[19])) if fields and fields[0] not in ("Z", "X") else None


def descendants(pid: int) -> list[Process]:
    """The children of a process and theirs, children first."""
    parents = {int(entry): _fields(int(entry)) for entry in os.listdir("/proc") if entry.isdigit()}
    children = [child for child, fields in parents.items() if fields and int(fields[1]) == pid]
    found = [process for process in map(look, children) if process]
    return found + [below for child in children for below in descendants(child)]


def end(processes: t.Iterable[Process]) -> None:
    """Ask each to end, wait, and kill what stays."""
    left = [process for process in processes if look(process.pid) == process]
    for process in left:
        _send(process, signal.SIGTERM)
    give_up_at = time.monotonic() + _PATIENCE
    while left and time.monotonic() < give_up_at:
        time.sleep(0.05)
        left = [process for process in left if look(process.pid) == process]
    for process in left:
        _send(process, signal.SIGKILL)


def _send(process: Process, number: int) -> None:
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return


def _fields(pid: int) -> list[str]:
    """State, parent's id and so on: what stands behind the name in C(/proc/PID/stat)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
