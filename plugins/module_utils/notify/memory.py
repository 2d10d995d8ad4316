# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has been told what, so that nobody is told twice, and the decision what to tell now. Pure: P(notify.memory_file) keeps it.

A problem is told once to each channel, again after C(repeat_after), again when it becomes another kind of problem, and its
solution once to each channel that knows of it. What did not arrive is told by the next run.
"""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.notify.event import DIGEST, KINDS, RESOLVED, Event

_LAYOUT = 1
#: Seconds after which a problem that no run has looked at is forgotten: its credential is no longer in the catalogue, most likely.
_FORGET_AFTER = 90 * 86400
#: Lines of unsent digests that are kept for each channel.
_MOST_HELD = 200
#: Without a memory every credential that is well could have an open alert: so many of them are closed in a run.
_MOST_CLOSED = 100


class Listener(t.Protocol):
    """What has to be known of a channel here."""

    #: Whether its receiver keeps open alerts by key, and closes them without a noise.
    KEEPS_ALERTS: t.ClassVar[bool]

    @property
    def name(self) -> str:
        """What messages call it."""

    def wants(self, kind: str) -> bool:
        """Whether it is to be told of events of C(kind)."""


@dataclasses.dataclass
class Known:
    """A problem. C(told): channel to the kind it was told of and when (seconds since the epoch). C(over): it is solved."""

    kind: str
    summary: str
    since: float
    seen: float
    over: bool = False
    told: dict[str, tuple[str, float]] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Memory:
    """C(problems) by what they are about. C(held): for each channel the lines of digests that it has not got yet."""

    problems: dict[str, Known] = dataclasses.field(default_factory=dict)
    held: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    #: Whether it outlives the run.
    lasting: bool = True

    def dump(self) -> str:
        return json.dumps(
            {"layout": _LAYOUT, **{name: dataclasses.asdict(self)[name] for name in ("problems", "held")}}, indent=1
        )

    @classmethod
    def load(cls, text: str) -> Memory:
        """:raises ValueError: it is none of ours."""
        read = json.loads(text)
        if not isinstance(read, dict) or read.get("layout") != _LAYOUT:
            raise ValueError("another layout")
        try:
            problems = {about: Known(**known) for about, known in read["problems"].items()}
            for known in problems.values():
                known.told = {name: (str(kind), float(at)) for name, (kind, at) in known.told.items()}
            return cls(problems, {name: [str(line) for line in lines] for name, lines in read["held"].items()})
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(str(error)) from None

    def take_in(self, problems: t.Sequence[Event], judged: t.Collection[str], now: float) -> None:
        """What a run has found: the problems, and everything that it looked at."""
        for event in problems:
            known = self.problems.get(event.about)
            since = known.since if known and not known.over and known.kind == event.kind else now
            told = known.told if known else {}
            self.problems[event.about] = Known(event.kind, event.summary, since, now, False, told)
        present = {event.about for event in problems}
        for about, known in self.problems.items():
            if about in judged and about not in present and not known.over:
                known.over, known.seen = True, now

    def forget(self, now: float) -> None:
        """What nobody has to be told any more. Channels of somebody else may be in the same file: they are left alone."""
        self.problems = {
            about: known
            for about, known in self.problems.items()
            if not (known.over and not known.told) and now - known.seen < _FORGET_AFTER
        }


@dataclasses.dataclass(frozen=True)
class Moment:
    """What a decision depends on besides. C(now): seconds since the epoch. C(repeat_after): seconds."""

    now: float
    quiet: bool
    repeat_after: int


def to_tell(
    memory: Memory, channel: Listener, found: t.Sequence[Event], digest: Event | None, well: t.Sequence[str], moment: Moment
) -> list[Event]:
    """What to tell one channel now, the gravest first. C(memory) has taken the run in already.

    :arg well: what the run has looked at and found in order, what was changed first.
    """
    events = [event for event in found if channel.wants(event.kind) and _is_news(memory, channel, event, moment)]
    events += _solved(memory, channel, moment)
    if not memory.lasting and channel.KEEPS_ALERTS:
        events += [_solution(about, f"{about} is in order") for about in well[:_MOST_CLOSED]]
    report = _digest(memory, channel, digest, moment)
    return sorted([*events, *([report] if report else [])], key=lambda event: KINDS.index(event.kind))


def arrived(memory: Memory, channel: Listener, events: t.Sequence[Event], now: float) -> None:
    """The channel has been told these."""
    for event in events:
        known = memory.problems.get(event.about)
        if event.kind == DIGEST:
            memory.held.pop(channel.name, None)
        elif event.kind == RESOLVED and known is not None:
            known.told.pop(channel.name, None)
        elif known is not None:
            known.told[channel.name] = (event.kind, now)


def not_told(memory: Memory, channel: Listener, digest: Event | None) -> None:
    """Keep the digest's lines for the channel: it was quiet, or did not answer. Problems are not told until they are."""
    if digest is not None and channel.wants(DIGEST):
        lines = [*memory.held.get(channel.name, ()), *digest.lines]
        memory.held[channel.name] = lines[-_MOST_HELD:]


def _is_quiet(channel: Listener, event: Event, moment: Moment) -> bool:
    silent = channel.KEEPS_ALERTS and event.kind in (RESOLVED, DIGEST)
    return moment.quiet and not event.urgent and not silent


def _is_news(memory: Memory, channel: Listener, event: Event, moment: Moment) -> bool:
    if _is_quiet(channel, event, moment):
        return False
    told = memory.problems[event.about].told.get(channel.name)
    return told is None or told[0] != event.kind or moment.now - told[1] >= moment.repeat_after


def _solved(memory: Memory, channel: Listener, moment: Moment) -> list[Event]:
    """Problems that this channel knows of and that are over, or have become such as it does not want to hear of."""
    events = []
    for about, known in memory.problems.items():
        if channel.name not in known.told or not (known.over or not channel.wants(known.kind)):
            continue
        event = _solution(about, f"{about}: no longer {known.told[channel.name][0]}")
        if not (channel.wants(RESOLVED) or channel.KEEPS_ALERTS):
            del known.told[channel.name]
        elif not _is_quiet(channel, event, moment):
            events.append(event)
    return events


def _solution(about: str, summary: str) -> Event:
    return Event(RESOLVED, about, summary)


def _digest(memory: Memory, channel: Listener, digest: Event | None, moment: Moment) -> Event | None:
    held = memory.held.get(channel.name, [])
    if not channel.wants(DIGEST) or (digest is None and not held):
        return None
    own = digest or Event(DIGEST, "run", "of earlier runs")
    whole = dataclasses.replace(own, lines=(*held, *own.lines))
    return None if _is_quiet(channel, whole, moment) else whole
