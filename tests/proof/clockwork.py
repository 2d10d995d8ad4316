# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A forked run's own time: long pauses cost nothing, all are noted and move its clock, which may be wrong from the beginning."""

from __future__ import annotations

import time

from ansible_collections.locksmith.rotation.plugins.module_utils.entry import run as entry_run
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock

#: Seconds. Shorter pauses are made: the next run's clock must not be behind what this one has written down.
_SHORT = 0.25
#: Seconds that a longer one takes, so that somebody else's process gets its turn.
_TURN = 0.02


class Clockwork:
    """Installed once, in a process that ends with the run."""

    def __init__(self, offset: float, real_time: bool) -> None:
        self.pauses: list[float] = []
        self._offset = offset
        self._real_time = real_time
        self._ahead = 0.0
        self._sleep, self._now, self._monotonic = time.sleep, time.time, time.monotonic

    def now(self) -> float:
        return self._now() + self._offset + self._ahead

    def monotonic(self) -> float:
        return self._monotonic() + self._ahead

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        slept = seconds if self._real_time or seconds <= _SHORT else _TURN
        self._sleep(slept)
        self._ahead += seconds - slept

    def install(self) -> None:
        """The collection's clock, and the function that botocore pauses with. A run is as old as this moment: it stands for a
        controller that has just been started."""
        for name in ("now", "monotonic", "sleep"):
            setattr(SystemClock, name, staticmethod(getattr(self, name)))
        setattr(time, "sleep", self.sleep)  # noqa: B010
        entry_run.LOADED_AT = self.now()
