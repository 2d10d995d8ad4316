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
        family, strangers = {self._pid}, set[int]()
        while not self._over.is_set():
            self._look_at_processes(family, strangers)
            for folder in self._folders:
                self._look_at_files(folder)
            self.looks += 1
            time.sleep(_EVERY)

    def _look_at_processes(self, family: set[int], strangers: set[int]) -> None:
        """A process whose parent was one of ours is one of ours, whoever its parent is by now; any other never becomes one."""
        there = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        strangers &= there  # a number can be given anew
        for pid in there - strangers:
            if pid in family or _parent(pid) in family:
                family.add(pid)
                self._arguments.add(_read(f"/proc/{pid}/cmdline"))
                self._environments.add(_read(f"/proc/{pid}/environ"))
            else:
                strangers.add(pid)

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


def _parent(pid: int) -> int:
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
