# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hours in which only what is urgent is told. Pure."""

from __future__ import annotations

import typing as t
from datetime import timezone, tzinfo

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.hours import SOME_DAYS, Hours, parse_days, parse_minute

try:
    import zoneinfo
except ImportError:  # Python 3.8 has no time zones; only the controller, which has, ever asks for one
    HAS_ZONES = False
else:
    HAS_ZONES = True

_KNOWN = {"start", "end", "days", "timezone"}


def parse_quiet_hours(written: t.Mapping[str, t.Any] | None) -> Hours | None:
    """C({"start": "22:00", "end": "07:00", "days": [...], "timezone": "Europe/Berlin"}); None and an empty mapping stay None.

    :raises ConfigurationError: malformed.
    """
    if not written:
        return None
    if not isinstance(written, t.Mapping) or set(written) - _KNOWN:
        raise ConfigurationError("quiet is no mapping of start, end, days and timezone.", next_step="see docs/alerts.md.")
    days, unknown = parse_days(written.get("days"))
    if unknown:
        raise ConfigurationError("quiet.days holds what is no day.", next_step=SOME_DAYS)
    start, end = (parse_minute(written.get(edge), f"quiet.{edge}") for edge in ("start", "end"))
    if start == end:
        raise ConfigurationError("quiet.start and quiet.end are the same.", next_step="leave quiet out, or give it a length.")
    zone = _zone(str(written.get("timezone") or "UTC"))
    return Hours(days, start, end, zone)


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
