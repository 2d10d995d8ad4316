# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time as the collection sees it, so that tests can set it. Called by every layer above."""

from __future__ import annotations

import abc
import re
import time
from datetime import datetime, timezone

_FRACTION = re.compile(r"\.\d+")


class Clock(abc.ABC):
    """Wall-clock and monotonic time, in seconds."""

    @abc.abstractmethod
    def now(self) -> float:
        """Seconds since the epoch, UTC."""

    @abc.abstractmethod
    def monotonic(self) -> float:
        """Seconds of a clock that never steps."""

    @abc.abstractmethod
    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock(Clock):
    """The real one."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def to_iso(moment: float | None) -> str | None:
    """Seconds since the epoch as C(2026-11-21T03:14:00Z); None stays None."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_iso(text: str) -> float:
    """The reverse of P(to_iso); accepts any ISO 8601 moment with an offset or a Z, or a bare date (UTC midnight).

    :raises ValueError: not such a moment.
    """
    moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment.timestamp()


def whole_from_iso(text: str) -> float:
    """P(from_iso) without the fraction of a second, which vendors write with more digits than Python 3.8 reads.

    :raises ValueError: not such a moment.
    """
    return from_iso(_FRACTION.sub("", text))
