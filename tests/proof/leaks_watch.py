# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches a run while it lasts: the arguments and environments of all its processes, and every file that shows up in some folders."""

from __future__ import annotations

import os
import threading
import time
import typing as t
from pathlib import Path

#: Seconds between two looks.
_EVERY = 0.03
_LARGEST = 4 * 1048576


class Watch:
    """Context manager around a run of process C(pid) and all that it starts, in whatever session."""

    def __init__(self, pid: int, folders: t.Sequence[Path]) -> None:
        self._pid = pid
        self._folders = [str(folder) for folder in folders]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._arguments: set[bytes] = set()
        self._environments: set[bytes] = set()
        self._files: dict[tuple[str, int, int], bytes] = {}
        self.looks = 0

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._over.set()
        self._thread.join()

    @property
    def arguments(self) -> bytes:
        """Of all processes that were seen."""
        return b"\n".join(sorted(self._arguments))

    @property
    def environments(self) -> bytes:
        return b"\n".join(sorted(self._environments))

    @property
    def files(self) -> bytes:
        """The content of all files that were seen in the folders, also of those that are gone."""
        return b"\n".join(self._files.values())

    def _watch(self) -> None:
        family = Family(self._pid)
        while not self._over.is_set():
            self._look_at_processes(family)
            for folder in self._folders:
                self._look_at_files(folder)
            self.looks += 1
            time.sleep(_EVERY)

    def _look_at_processes(self, family: Family) -> None:
        for pid in family.among({int(name) for name in os.listdir("/proc") if name.isdigit()}, _parent):
            self._arguments.add(_read(f"/proc/{pid}/cmdline"))
            self._environments.add(_read(f"/proc/{pid}/environ"))

    def _look_at_files(self, folder: str) -> None:
        for top, _folders, names in os.walk(folder):
            for name in names:
                path = os.path.join(top, name)
                try:
                    seen = os.stat(path, follow_symlinks=False)
                except OSError:
                    continue
                key = (path, seen.st_size, seen.st_mtime_ns)
                if key not in self._files and seen.st_size <= _LARGEST:
                    self._files[key] = path.encode() + b"\n" + _read(path)


class Family:
    """Which processes are ours: one whose parent was is one, whoever its parent is by now. Strangers are asked for their parent at two
    looks and no further: a list of processes is not made at one instant, and can have a child and not yet its parent."""

    def __init__(self, pid: int) -> None:
        self._ours, self._strangers, self._doubted = {pid}, set[int](), set[int]()

    def among(self, there: set[int], parent_of: t.Callable[[int], int]) -> set[int]:
        """Ours among those that are there."""
        self._strangers &= there  # a number can be given anew
        parents = {pid: parent_of(pid) for pid in there - self._ours - self._strangers}
        while found := {pid for pid, parent in parents.items() if parent in self._ours}:
            self._ours |= found
            parents = {pid: parent for pid, parent in parents.items() if pid not in found}
        self._strangers |= parents.keys() & self._doubted
        self._doubted = set(parents)
        return self._ours & there


def _parent(pid: int) -> int:
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
