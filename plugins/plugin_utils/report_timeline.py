# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a timeline of rotations shows of one credential: marks for events, and windows in which an older version lives on. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import Event, Standing

OVERLAP, RECOVERY = "overlap", "recovery"
#: What happened, in the words of the life cycle. Events that are not here are steps of those that are.
HAPPENED: dict[str, str] = {
    "adopt": "taken over as it was",
    "leak": "known to have leaked",
    "contain": "switched off at once",
    "promote": "published",
    "prove": "proved by every host",
    "unprove": "no longer proved by every host",
    "disabled": "older version disabled",
    "deleted": "older version deleted",
    "discard": "attempt given up",
    "restore": "roll-back begun",
    "quarantine": "quarantined",
    "release": "let out of quarantine",
}
_LONGEST_PAST = 90 * 86400
_LONGEST_FUTURE = 30 * 86400
_SHORTEST = 60.0


@dataclasses.dataclass(frozen=True)
class Window:
    """From C(start) to C(end), seconds since the epoch. C(is_open): its end is not known yet, it reaches to now."""

    kind: str
    start: float
    end: float
    is_open: bool = False


@dataclasses.dataclass(frozen=True)
class Span:
    """The part of time that is drawn."""

    start: float
    end: float

    def share(self, at: float) -> float:
        """Where C(at) is, in percent of the whole; what is outside is at the edge."""
        return 100.0 * min(max((at - self.start) / (self.end - self.start), 0.0), 1.0)


def shown_events(one: Standing) -> list[Event]:
    """Those that a reader wants to know of, the oldest first. The publication of the current version is known even where the
    journal has forgotten the event."""
    events = [event for event in one.events if event.event in HAPPENED]
    version, published = one.count("version"), one.moment("published_at")
    is_known = any(event.event in ("promote", "adopt") and event.version == version for event in events)
    if published is not None and not is_known:
        events.insert(0, Event(0, published, "promote", version, ""))
    return sorted(events, key=lambda event: event.at)


def windows(one: Standing) -> list[Window]:
    """In which of the times known an older version could still be used (P(OVERLAP)), or be enabled again (P(RECOVERY))."""
    found = [*_past(shown_events(one)), *_present(one)] if one.facts.get("overlap") is not False else []
    return [window for window in found if window.end > window.start]


def _past(events: t.Sequence[Event]) -> t.Iterator[Window]:
    """From a publication until the next older version ends, and from there until it is deleted."""
    for number, event in enumerate(events):
        if event.event == "promote":
            end = _next(events[number:], ("disabled", "deleted", "promote"), event.version)
            if end is not None and end.event != "promote":
                yield Window(OVERLAP, event.at, end.at)
        elif event.event == "disabled":
            gone = _next(events[number:], ("deleted",), None)
            if gone is not None:
                yield Window(RECOVERY, event.at, gone.at)


def _next(events: t.Sequence[Event], kinds: t.Container[str], than: int | None) -> Event | None:
    return next((event for event in events if event.event in kinds and (than is None or event.version != than)), None)


def _present(one: Standing) -> t.Iterator[Window]:
    published = one.moment("published_at")
    for old in one.previous:
        if old.phase == "candidate" or published is None:
            continue
        if old.disabled_at is not None:
            yield Window(OVERLAP, published, old.disabled_at)
            yield Window(RECOVERY, old.disabled_at, old.delete_after or one.now)
        else:
            yield Window(OVERLAP, published, old.grace_until or one.now, is_open=old.grace_until is None)


def span_of(all_of_them: t.Iterable[Standing], now: float) -> Span:
    """Enough to see everything, at most three months back and one ahead."""
    moments = [now - _SHORTEST / 2, now + _SHORTEST / 2]
    for one in all_of_them:
        moments += [event.at for event in shown_events(one)]
        moments += [edge for window in windows(one) for edge in (window.start, window.end)]
    start, end = max(min(moments), now - _LONGEST_PAST), min(max(moments), now + _LONGEST_FUTURE)
    margin = (end - start) * 0.02
    return Span(start - margin, end + margin)


def ticks(span: Span) -> list[float]:
    """Round moments, about six of them."""
    steps = (10, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 86400, 2 * 86400, 7 * 86400, 14 * 86400)
    step = next((step for step in steps if (span.end - span.start) / step <= 8), steps[-1])
    first = span.start - span.start % step + step
    return [first + step * number for number in range(int((span.end - first) / step) + 1)]
