# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the uses of one credential by one service, in a file that outlives restarts. Called by the services of the demo."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path


class Counter:
    """Two numbers in a file, rewritten in place at every use, so that nothing is lost when the service is killed.

    C(is_well): the last use succeeded, and there was one since the service started.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        self._log = path.with_name(f"{path.name}.failures")
        self._lock = threading.Lock()
        self.served, self.failed = read_counts(path)
        self.is_well = False

    def count(self, succeeded: bool, problem: str = "") -> None:
        """:arg problem: the class of the error and nothing more; messages might hold a value."""
        with self._lock:
            self.is_well = succeeded
            self.served += succeeded
            self.failed += not succeeded
            os.pwrite(self._file, f"{self.served:12d} {self.failed:12d}\n".encode(), 0)
            if not succeeded:
                with self._log.open("a", encoding="utf-8") as log:
                    log.write(f"{time.time():.3f} {problem}\n")


def read_counts(path: Path) -> tuple[int, int]:
    """Served and failed; zeros if the file is not there yet."""
    try:
        served, failed = path.read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return 0, 0
    return int(served), int(failed)
