# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a credential may and must be rotated: intervals, windows, blackouts, exemptions. Pure; called by the engine's planner."""

from __future__ import annotations

import dataclasses
import re
import typing as t
from datetime import datetime, timezone

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso, to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.hours import SOME_DAYS, Hours, parse_days, parse_minute

_DAY = 86400
_YEARLY = re.compile(r"\d\d-\d\d$")


@dataclasses.dataclass(frozen=True)
class Blackout:
    """A time in which no scheduled rotation begins. C(until), as written, is for people."""

    until: str
    reason: str
    start: float
    end: float

    def contains(self, moment: float) -> bool:
        """Is C(moment) (seconds since the epoch) inside?"""
        return self.start <= moment < self.end


@dataclasses.dataclass(frozen=True)
class YearlyBlackout:
    """The same every year: from one day until another (month, day), UTC. C(end) before C(start) means past New Year."""

    until: str
    reason: str
    start: tuple[int, int]
    end: tuple[int, int]

    def contains(self, moment: float) -> bool:
        """Is C(moment) (seconds since the epoch) inside?"""
        when = datetime.fromtimestamp(moment, timezone.utc)
        today = (when.month, when.day)
        if self.start < self.end:
            return self.start <= today < self.end
        return today >= self.start or today < self.end


@dataclasses.dataclass(frozen=True)
class Exemption:
    """Somebody decided that the credential is not rotated until C(until) (seconds since the epoch)."""

    until: float
    reason: str
    owner: str = ""


@dataclasses.dataclass(frozen=True)
class Policy:
    """The rules for one credential. All durations in seconds."""

    rotate_after: int
    grace: int
    recovery_wait: int
    verify_timeout: int
    lease: int
    max_failures: int
    forget_after: int
    #: Hours in which scheduled rotation may begin, UTC.
    window: Hours | None = None
    blackouts: tuple[Blackout | YearlyBlackout, ...] = ()
    #: Why this run begins no scheduled rotation of it, whatever its own rules say; empty if it may.
    hold: str = ""
    #: Why this run takes nothing out of service that is in service; empty if it may.
    retire_hold: str = ""
    exemption: Exemption | None = None
    #: What to do about the credential with which the run itself logs in: C(refuse) or C(last).
    own_login: str = "refuse"

    @property
    def lifetime(self) -> int:
        """How long a version may be needed: its interval, until a daily run that came just too early comes again, and as a
        previous version until it is deleted."""
        return self.rotate_after + min(_DAY, self.rotate_after) + self.grace + self.recovery_wait


def parse_window(written: t.Mapping[str, t.Any] | None) -> Hours | None:
    """C({"days": ["sat", "sun"], "start": "02:00", "end": "05:00"}) as hours in UTC; None stays None.

    :raises ConfigurationError: malformed.
    """
    if not written:
        return None
    days, unknown = parse_days(written.get("days"))
    if unknown:
        raise ConfigurationError(f"window.days holds {', '.join(unknown)}, which is no day.", next_step=SOME_DAYS)
    start, end = (parse_minute(written.get(edge), f"window.{edge}", " in UTC") for edge in ("start", "end"))
    if start == end:
        raise ConfigurationError(
            "window.start and window.end are the same, so the window never opens.", next_step="give it a length, or leave it out."
        )
    return Hours(days, start, end)


def parse_blackouts(written: t.Sequence[t.Mapping[str, t.Any]] | None) -> tuple[Blackout | YearlyBlackout, ...]:
    """C([{"from": "12-20", "until": "01-05", "reason": "…"}]), or with moments, as blackouts; None is none.

    :raises ConfigurationError: an end without a beginning, no reason, or no date; names which.
    """
    return tuple(_blackout(one, f"blackouts[{number}]") for number, one in enumerate(written or ()))


def _blackout(written: t.Mapping[str, t.Any], option: str) -> Blackout | YearlyBlackout:
    start, until = (str(written.get(edge) or "").strip() for edge in ("from", "until"))
    reason = str(written.get("reason") or "").strip()
    if not reason:
        raise ConfigurationError(f"{option} has no reason.", next_step="say why, for whoever reads the status.")
    try:
        if _YEARLY.match(start) and _YEARLY.match(until):
            found: Blackout | YearlyBlackout = YearlyBlackout(
                f"{until} of each year", reason, _month_and_day(start), _month_and_day(until)
            )
            is_empty = start == until
        else:
            found = Blackout(to_iso(from_iso(until)) or "", reason, from_iso(start), from_iso(until))
            is_empty = found.end <= found.start
    except (ValueError, OverflowError):
        raise ConfigurationError(
            f"{option} is from {start!r} until {until!r}, which are not two moments.",
            next_step="write both as 2026-12-20 or 2026-12-20T18:00:00Z, or both as 12-20 for every year.",
        ) from None
    if is_empty:
        raise ConfigurationError(
            f"{option} ends before it begins.", next_step="until is the moment when it is over; a day counts from 00:00 UTC."
        )
    return found


def _month_and_day(written: str) -> tuple[int, int]:
    """:raises ValueError: no such day in any year."""
    day = datetime.strptime(f"2000-{written}", "%Y-%m-%d")  # a leap year
    return day.month, day.day


def parse_exemption(written: t.Mapping[str, t.Any] | None) -> Exemption | None:
    """C({"until": "2027-01-31", "reason": "…"}) as an Exemption; None stays None.

    :raises ConfigurationError: no end, no reason, or not a date.
    """
    if not written:
        return None
    reason = str(written.get("reason") or "").strip()
    if not written.get("until") or not reason:
        raise ConfigurationError(
            "exempt needs both an end (until) and a reason.",
            next_step="exceptions are time-bound and explained, or they are not exceptions.",
        )
    try:
        return Exemption(from_iso(str(written["until"])), reason, str(written.get("owner") or "").strip())
    except ValueError:
        raise ConfigurationError(
            f"exempt.until is {written['until']!r}, which is not a date.", next_step="write it as 2027-01-31."
        ) from None


def due_at(created_at: float, policy: Policy) -> float:
    """When a version made at C(created_at) has to be replaced, seconds since the epoch."""
    return created_at + policy.rotate_after


def why_not_now(policy: Policy, now: float) -> str:
    """The reason for which a scheduled rotation may not begin now, or an empty string."""
    if policy.exemption and now < policy.exemption.until:
        owner = f" ({policy.exemption.owner})" if policy.exemption.owner else ""
        return f"exempt until {to_iso(policy.exemption.until)}: {policy.exemption.reason}{owner}"
    if policy.window and not policy.window.contains(now):
        return "outside its window"
    for blackout in policy.blackouts:
        if blackout.contains(now):
            return f"blackout until {blackout.until}: {blackout.reason}"
    return ""
