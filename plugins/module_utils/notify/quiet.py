# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hours in which only what is urgent is told. Pure."""

from __future__ import annotations

import dataclasses
import typing as t
from datetime import datetime, timedelta, timezone, tzinfo

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

try:
    import zoneinfo
except ImportError:  # Python 3.8 has no time zones; only the controller, which has, ever asks for one
    HAS_ZONES = False
else:
    HAS_ZONES = True

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KNOWN = {"start", "end", "days", "timezone"}


@dataclasses.dataclass(frozen=True)
class QuietHours:
    """C(end) before C(start) means past midnight. Minutes since midnight; C(days) are 0 (Monday) to 6, of the day on which they begin."""

    days: frozenset[int]
    start: int
    end: int
    zone: tzinfo

    def contains(self, moment: float) -> bool:
        """Is C(moment) (seconds since the epoch) inside?"""
        when = datetime.fromtimestamp(moment, self.zone)
        minute = when.hour * 60 + when.minute
        if self.start <= self.end:
            return when.weekday() in self.days and self.start <= minute < self.end
        began_yesterday = (when - timedelta(days=1)).weekday() in self.days and minute < self.end
        return began_yesterday or (when.weekday() in self.days and minute >= self.start)


def parse_quiet_hours(written: t.Mapping[str, t.Any] | None) -> QuietHours | None:
    """C({"start": "22:00", "end": "07:00", "days": [...], "timezone": "Europe/Berlin"}); None and an empty mapping stay None.

    :raises ConfigurationError: malformed.
    """
    if not written:
        return None
    if not isinstance(written, t.Mapping) or set(written) - _KNOWN:
        raise ConfigurationError("quiet is no mapping of start, end, days and timezone.", next_step="see docs/alerts.md.")
    days = [str(day).lower()[:3] for day in (written.get("days") or _DAYS)]
    if set(days) - set(_DAYS):
        raise ConfigurationError("quiet.days holds what is no day.", next_step="use mon, tue, wed, thu, fri, sat, sun.")
    start, end = _minutes(written.get("start"), "quiet.start"), _minutes(written.get("end"), "quiet.end")
    if start == end:
        raise ConfigurationError("quiet.start and quiet.end are the same.", next_step="leave quiet out, or give it a length.")
    zone = _zone(str(written.get("timezone") or "UTC"))
    return QuietHours(frozenset(_DAYS.index(day) for day in days), start, end, zone)


def _minutes(written: t.Any, option: str) -> int:
    try:
        moment = datetime.strptime(str(written), "%H:%M")
    except ValueError:
        raise ConfigurationError(
            f"{option} is {written!r}, which is not a time of day.", next_step="write it as 'HH:MM', quoted."
        ) from None
    return moment.hour * 60 + moment.minute


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return timezone.utc
    try:
        if HAS_ZONES:
            return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise ConfigurationError(
        f"quiet.timezone is {name!r}, which this machine does not know.",
        next_step="use a name such as Europe/Berlin, install tzdata where Ansible runs, or use UTC.",
    )
