# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hours of the day on some days of the week, in one time zone. Pure; called for windows of rotation and for quiet hours of alerts."""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import datetime, timedelta, timezone, tzinfo

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: For a message's next step.
SOME_DAYS = f"use {', '.join(_DAYS)}."


@dataclasses.dataclass(frozen=True)
class Hours:
    """C(end) before C(start) means past midnight. Minutes since midnight; C(days) are 0 (Monday) to 6, of the day on which they begin."""

    days: frozenset[int]
    start: int
    end: int
    zone: tzinfo = timezone.utc

    def contains(self, moment: float) -> bool:
        """Is C(moment) (seconds since the epoch) inside?"""
        when = datetime.fromtimestamp(moment, self.zone)
        minute = when.hour * 60 + when.minute
        if self.start <= self.end:
            return when.weekday() in self.days and self.start <= minute < self.end
        began_today = when.weekday() in self.days and minute >= self.start
        began_yesterday = (when - timedelta(days=1)).weekday() in self.days and minute < self.end
        return began_today or began_yesterday


def parse_days(written: t.Iterable[t.Any] | None) -> tuple[frozenset[int], list[str]]:
    """C(["sat", "Sunday"]) as numbers, none as every day; and what is no day, in order."""
    days = {str(day).lower()[:3] for day in (written or _DAYS)}
    return frozenset(_DAYS.index(day) for day in days.intersection(_DAYS)), sorted(days.difference(_DAYS))


def parse_minute(written: t.Any, option: str, zone: str = "") -> int:
    """C("02:30") as minutes since midnight.

    :arg zone: which zone's time it is, for the message: C( in UTC).
    :raises ConfigurationError: names the option.
    """
    try:
        moment = datetime.strptime(str(written), "%H:%M")
    except ValueError:
        raise ConfigurationError(
            f"{option} is {written!r}, which is not a time of day.", next_step=f"write it as 'HH:MM'{zone}, quoted."
        ) from None
    return moment.hour * 60 + moment.minute
