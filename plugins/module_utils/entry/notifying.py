# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell people about a run, each channel what it does not know yet. Called by the action plugin C(rotation_notify) and the callback.

Nothing that goes wrong here is an error of the rotation: a channel that is written wrong or does not answer becomes a line to
warn with, and the others are told all the same.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Patience
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.catalogue import (
    build_channel,
    channel_options,
    check_channel,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.event import DIGEST, RESOLVED, Event, Message
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.interface import CALM, Channel
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.memory import (
    Memory,
    Moment,
    arrived,
    not_told,
    to_tell,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.memory_file import read_memory, write_memory
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.quiet import parse_quiet_hours
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock, to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import parse_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, LocksmithError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.hours import Hours

#: Seconds after which a channel that takes event by event is told no more in this run.
_LONGEST = 60.0

#: What holds for all channels, as an Ansible argument spec. None of it is secret.
SETTINGS: dict[str, t.Any] = {
    "source": {"type": "str", "default": "locksmith.rotation"},
    "state_file": {"type": "path"},
    "repeat_after": {"type": "str", "default": "20h"},
    "overdue_after": {"type": "str", "default": "1d"},
    "held_after": {"type": "str", "default": "0s"},
    "digest": {"type": "str", "choices": ["changes", "always", "never"], "default": "changes"},
    "quiet": {"type": "dict"},
}


@dataclasses.dataclass(frozen=True)
class Settings:
    """P(SETTINGS), understood. Durations in seconds."""

    source: str
    state_file: str
    repeat_after: int
    overdue_after: int
    held_after: int
    digest: str
    quiet: Hours | None

    @classmethod
    def of(cls, written: t.Mapping[str, t.Any]) -> Settings:
        """:raises ConfigurationError: malformed."""
        checked = ArgumentSpecValidator(SETTINGS).validate(dict(written))
        if checked.error_messages:
            raise ConfigurationError(f"{'; '.join(checked.error_messages)}.")
        options = checked.validated_parameters
        return cls(
            options["source"],
            options.get("state_file") or "",
            parse_duration(options["repeat_after"], "repeat_after"),
            parse_duration(options["overdue_after"], "overdue_after"),
            parse_duration(options["held_after"], "held_after"),
            options["digest"],
            parse_quiet_hours(options.get("quiet")),
        )


@dataclasses.dataclass(frozen=True)
class Findings:
    """What a run found. C(judged): everything that it looked at, C(well): that of it which is in order, by what they are about."""

    problems: tuple[Event, ...]
    digest: Event | None
    judged: frozenset[str]
    well: tuple[str, ...]
    run: str


class Teller:
    """The channels, their memory, and one run's findings."""

    def __init__(self, settings: Settings, memory: Memory, findings: Findings, clock: Clock) -> None:
        self._settings, self._memory, self._findings, self._clock = settings, memory, findings, clock
        now = clock.now()
        quiet = bool(memory.lasting and settings.quiet and settings.quiet.contains(now))
        self.moment = Moment(now, quiet, settings.repeat_after)
        memory.take_in(findings.problems, findings.judged, now)

    def events_for(self, channel: Channel) -> list[Event]:
        found = self._findings
        return to_tell(self._memory, channel, found.problems, found.digest, found.well, self.moment)

    def tell(self, channel: Channel, events: t.Sequence[Event]) -> tuple[list[Event], str]:
        """Send and remember; what arrived, and why not everything did."""
        at, begun = to_iso(self.moment.now) or "", self._clock.monotonic()
        there: list[Event] = []
        for part in [[event] for event in events] if channel.SINGLY else [list(events)]:
            if there and self._clock.monotonic() - begun > _LONGEST:
                return there, f"it took {len(there)} of {len(events)} events within {_LONGEST:.0f} seconds."
            try:
                channel.send(Message(tuple(part), self._settings.source, self._findings.run, at))
            except Exception as error:  # whatever is wrong with this one, the others are told
                return there, _why(error)
            arrived(self._memory, channel, part, self.moment.now)
            there += part
        return there, ""

    def keep_digest(self, channel: Channel, events: t.Sequence[Event]) -> None:
        """For the next run, where it was not among the C(events) that arrived."""
        if self._memory.lasting and not any(event.kind == DIGEST for event in events):
            not_told(self._memory, channel, self._findings.digest)


def tell(
    settings: Settings,
    channels: t.Any,
    findings: Findings,
    clock: Clock,
    check_mode: bool = False,
    patience: Patience = CALM,
) -> dict[str, t.Any]:
    """Tell every channel what it does not know, and say whom it reached. C(channels): as a user writes them.

    :raises LocksmithError: nobody could be told. For the caller to turn into a warning.
    """
    built, untold = _build(channels, clock, patience)
    memory, warning = read_memory(settings.state_file)
    teller = Teller(settings, memory, findings, clock)
    told: dict[str, list[Event]] = {}
    try:
        for channel in built:
            events = teller.events_for(channel)
            there, why = teller.tell(channel, events) if events and not check_mode else (events, "")
            if why:
                untold[channel.name] = why
            if there:
                told[channel.name] = there
            teller.keep_digest(channel, there)
    finally:
        for channel in built:
            channel.close()
    result = _result(findings, told, untold, teller.moment.quiet)
    # What is closed on suspicion, for want of a memory, is no news.
    result["changed"] = any(memory.lasting or event.kind != RESOLVED for events in told.values() for event in events)
    if warning:
        result["warnings"].append(warning)
    if not check_mode:
        memory.forget(teller.moment.now)
        _remember(settings.state_file if memory.lasting else "", memory, result["warnings"])
    if settings.quiet and not memory.lasting:
        result["warnings"].append(
            "alerts: quiet hours need a state_file to keep what they hold back; everything is told at once."
        )
    return result


def _remember(path: str, memory: Memory, warnings: list[str]) -> None:
    try:
        write_memory(path, memory)
    except LocksmithError as error:
        warnings.append(f"alerts: who was told what cannot be recorded, so the next run tells it again: {error}")


def _build(written: t.Any, clock: Clock, patience: Patience) -> tuple[list[Channel], dict[str, str]]:
    """The channels, and for each that cannot be meant its place in the list and why."""
    if not isinstance(written, list):
        raise ConfigurationError("rotation_notify_channels is not a list.", next_step="write a list with a kind in each entry.")
    built: list[Channel] = []
    wrong: dict[str, str] = {}
    for number, given in enumerate(written, 1):
        try:
            channel = _build_one(given, clock, patience)
            if channel.name in {other.name for other in built}:
                raise ConfigurationError(f"it is called {channel.name} as another is.", next_step="give it another name.")
            built.append(channel)
        except Exception as error:  # whatever is wrong with this one, the others are told
            wrong[f"channel {number}"] = _why(error)
    return built, wrong


def _build_one(given: t.Any, clock: Clock, patience: Patience) -> Channel:
    if not isinstance(given, t.Mapping):
        raise ConfigurationError("it is no mapping.", next_step="write kind and its options.")
    check_channel(given)
    checked = ArgumentSpecValidator(channel_options()).validate(dict(given))
    if checked.error_messages:
        raise ConfigurationError(f"{'; '.join(checked.error_messages)}.")
    return build_channel(checked.validated_parameters, clock, patience)


def _result(
    findings: Findings, told: t.Mapping[str, t.Sequence[Event]], untold: t.Mapping[str, str], quiet: bool
) -> dict[str, t.Any]:
    everything = [*findings.problems, *([findings.digest] if findings.digest else [])]
    return {
        "changed": False,
        "told": [{"channel": name, "events": len(events)} for name, events in told.items()],
        "untold": [{"channel": name, "why": why} for name, why in untold.items()],
        "events": [{name: getattr(event, name) for name in ("kind", "about", "severity", "summary")} for event in everything],
        "judged": sorted(findings.judged),
        "quiet": quiet,
        "warnings": [f"alerts: {name} was not told: {why} The next run tries again." for name, why in untold.items()],
    }


def nobody_told(error: Exception) -> dict[str, t.Any]:
    """The result where nothing could be tried."""
    why = _why(error)
    return {
        "changed": False,
        "told": [],
        "untold": [{"channel": "all", "why": why}],
        "events": [],
        "judged": [],
        "quiet": False,
        "warnings": [f"alerts: nobody was told: {why} The rotation itself is not concerned."],
    }


def _why(error: Exception) -> str:
    """An unexpected error is named by class: its text might hold anything."""
    return str(error) if isinstance(error, LocksmithError) else f"unexpected {type(error).__name__}."
