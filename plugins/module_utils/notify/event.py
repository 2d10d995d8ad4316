# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people are told about a run: its problems, what was solved, and a digest of what was done. Pure; public facts only.

Made by P(plugin_utils.alert_events), decided upon by P(notify.memory), rendered by the channels.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
import typing as t

FAILURE = "failure"
QUARANTINED = "quarantined"
OVERDUE = "overdue"
HOLD = "hold"
RESOLVED = "resolved"
DIGEST = "digest"
#: The gravest first: in this order they are told.
KINDS = (QUARANTINED, FAILURE, OVERDUE, HOLD, RESOLVED, DIGEST)

CRITICAL, ERROR, WARNING, INFO = "critical", "error", "warning", "info"
_SEVERITIES = {QUARANTINED: CRITICAL, FAILURE: CRITICAL, OVERDUE: ERROR, HOLD: WARNING, RESOLVED: INFO, DIGEST: INFO}
_NOUNS = {QUARANTINED: "quarantined", FAILURE: "failed", OVERDUE: "overdue", HOLD: "waiting", RESOLVED: "resolved"}

#: The subject of what concerns no single credential or host.
RUN = "run"
#: The longest line that is told: an error's text may be long.
_LONGEST_LINE = 1000
_MOST_LINES = 100
_LONGEST_KEY = 255
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclasses.dataclass(frozen=True)
class Event:
    """One thing that is told.

    C(about): C(credential NAME), C(host NAME) or C(run). C(lines): what is waited for or what was done, a line each.
    C(details): ids, versions and places, for machines.
    """

    kind: str
    about: str
    summary: str
    severity: str = ""
    lines: tuple[str, ...] = ()
    next_step: str = ""
    details: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "severity", self.severity or _SEVERITIES[self.kind])
        object.__setattr__(self, "summary", _one_line(self.summary))
        object.__setattr__(self, "next_step", _one_line(self.next_step))
        object.__setattr__(self, "lines", tuple(_shortened(self.lines)))
        object.__setattr__(self, "details", {name: _one_line(value) for name, value in self.details.items()})

    @property
    def credential(self) -> str:
        """The credential's name, or an empty string."""
        return self.about[len("credential ") :] if self.about.startswith("credential ") else ""

    @property
    def urgent(self) -> bool:
        """Whether it is told in quiet hours too."""
        return self.severity == CRITICAL


@dataclasses.dataclass(frozen=True)
class Message:
    """What one run has to tell one channel. C(source): which estate this is about. C(run): the run's or job's id. C(at): ISO 8601."""

    events: tuple[Event, ...]
    source: str
    run: str
    at: str

    def key(self, event: Event) -> str:
        """By this a receiver knows that two events are about the same thing; at most 255 characters."""
        key = f"{self.source}/{event.about}"
        return key if len(key) <= _LONGEST_KEY else key[:190] + hashlib.sha256(key.encode()).hexdigest()

    def title(self) -> str:
        """One line: what happened how often."""
        counts = [(sum(event.kind == kind for event in self.events), noun) for kind, noun in _NOUNS.items()]
        parts = [f"{count} {noun}" for count, noun in counts if count]
        parts += [event.summary for event in self.events if event.kind == DIGEST]
        return f"{self.source}: {', '.join(parts) or 'nothing to tell'}"

    def as_facts(self) -> dict[str, t.Any]:
        """For machines."""
        events = [
            {**dataclasses.asdict(event), "details": dict(event.details), "credential": event.credential, "key": self.key(event)}
            for event in self.events
        ]
        return {"event": "rotation_alerts", "source": self.source, "run": self.run, "at": self.at, "events": events}

    def first(self, count: int) -> tuple[Message, int]:
        """The message with the first C(count) events only, and how many it leaves out."""
        return dataclasses.replace(self, events=self.events[:count]), max(0, len(self.events) - count)


def paragraph(event: Event) -> list[str]:
    """An event for people: its summary, what it lists, and what to do."""
    label = {DIGEST: "Done", RESOLVED: "Resolved"}.get(event.kind, event.kind.upper())
    bullet = "waits for " if event.kind in (HOLD, OVERDUE) else ""
    following = [f"Next: {event.next_step}"] if event.next_step else []
    return [f"{label}: {event.summary}", *(f"- {bullet}{line}" for line in event.lines), *following]


def as_text(message: Message) -> str:
    """A whole message as plain text."""
    blocks = ["\n".join(paragraph(event)) for event in message.events]
    return "\n\n".join([*blocks, f"Run {message.run} at {message.at}."])


def fitting(message: Message, size: t.Callable[[Message, int], int], largest: int) -> tuple[Message, int]:
    """As many of the first events as fit, and how many are left out. C(size) gets both, and says bytes.

    One event fits always: its lines and their number are bounded.
    """
    count = len(message.events)
    while count > 1:
        found = size(*message.first(count))
        if found <= largest:
            break
        count = max(1, min(count - 1, count * largest // found))
    return message.first(count)


def left_out(count: int) -> str:
    """The line about what did not fit."""
    return f"… and {count} more: see the run's report." if count else ""


def clip(text: str, longest: int) -> str:
    """At most C(longest) characters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _one_line(text: str) -> str:
    """Without line breaks, without characters that steer a terminal or turn text round, and without those that are none."""
    valid = str(text).encode("utf-8", "replace").decode("utf-8")
    return clip(" ".join(_STEERING.sub(" ", valid).split()), _LONGEST_LINE)


def _shortened(lines: t.Sequence[str]) -> list[str]:
    more = len(lines) - _MOST_LINES
    return [
        *(clip(_one_line(line), _LONGEST_LINE // 4) for line in lines[:_MOST_LINES]),
        *([f"… and {more} more"] if more > 0 else []),
    ]
