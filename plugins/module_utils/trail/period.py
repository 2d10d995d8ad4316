# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A period of an audit trail: what falls into it, and what stood when it began. Pure.

Half-open: the end is the first moment that does not belong to it, so that quarters and months neither overlap nor leave a gap.
Called by the module C(credential_trail_info) and the evidence pack.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso, to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

Entry = t.Mapping[str, t.Any]
#: Events of each credential before the period that explain what happened in it: about three whole lives of a version.
_BEFORE = 24


@dataclasses.dataclass(frozen=True)
class Period:
    """From C(since), included, to C(until), not included. Seconds since the epoch."""

    since: float
    until: float

    def contains(self, moment: str) -> bool:
        """Does this ISO 8601 moment fall into it?"""
        return self.since <= from_iso(moment) < self.until

    def is_before(self, moment: str) -> bool:
        """Did it happen before the period?"""
        return from_iso(moment) < self.since

    @property
    def days(self) -> float:
        """How long it is."""
        return (self.until - self.since) / 86400

    def told(self) -> tuple[str, str]:
        """Beginning and end as ISO 8601."""
        return to_iso(self.since) or "", to_iso(self.until) or ""


def read_period(since: str, until: str) -> Period:
    """The period between two days (their midnights in UTC) or moments.

    :raises ConfigurationError: one is neither, or they are the wrong way round.
    """
    period = Period(_moment(since, "from"), _moment(until, "until"))
    if period.since >= period.until:
        raise ConfigurationError(
            f"the period begins at {since} and ends at {until}, which is not later.",
            next_step="give the first day, and the first day that does not belong to it any more.",
        )
    return period


def _moment(written: str, which: str) -> float:
    try:
        return from_iso(written)
    except (ValueError, OverflowError):
        raise ConfigurationError(
            f"the period's {which} is {written!r}, which is neither a day nor a moment.", next_step="write it as 2026-07-01."
        ) from None


def select(entries: t.Iterable[Entry], period: Period) -> list[Entry]:
    """What falls into the period; what led to it, of each credential the last events before and the last exception; and all reviews."""
    events: dict[str, collections.deque[Entry]] = {}
    exceptions: dict[str, Entry] = {}
    within = []
    for entry in entries:
        if period.contains(entry["at"]) or entry["what"] == "review":
            within.append(entry)
        elif period.is_before(entry["at"]):
            name = entry.get("credential", "")
            events.setdefault(name, collections.deque(maxlen=_BEFORE)).append(entry)
            if entry["what"] == "exception":
                exceptions[name] = entry
    before = {entry["seq"]: entry for entry in [*exceptions.values(), *itertools.chain.from_iterable(events.values())]}
    return [*before.values(), *within]
