# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that C(credential_report) and C(rotation_report) have in common, and the standings that they ask for. Controller only."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import parse_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import GROUP
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import (
    TROUBLES,
    Limits,
    Standing,
    standings,
    with_trouble,
)
from ansible_collections.locksmith.rotation.plugins.plugin_utils.run_facts import facts_of, resting

Variables = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Options:
    """C(fail_on): kinds of trouble that count as failures. C(now): seconds since the epoch."""

    standings: list[Standing]
    now: float
    fail_on: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """A sentence about what has one of those kinds of trouble, or nothing."""
        found = with_trouble(self.standings, self.fail_on)
        names = len({one.name for one, dummy in found})
        told = " ".join(f"{one.name} is {trouble.kind} {trouble.detail}" for one, trouble in found)
        return f"{names} of {len(self.standings)} credentials need attention. {told}" if found else ""


def options_of(arguments: Variables, variables: Variables) -> Options:
    """What a task asks for.

    :raises ConfigurationError: an option that is none; names it.
    """
    now = _moment(arguments.get("now"))
    limits = Limits(*(_duration(arguments, option) for option in ("overdue_after", "held_after")))
    names, at_rest = _names(arguments.get("credentials"), variables), resting(variables)
    facts = [facts_of(name, variables["hostvars"][name], at_rest) for name in names]
    return Options(standings(facts, now, limits), now, _kinds(arguments.get("fail_on")))


def verdict_of(options: Options) -> dict[str, t.Any]:
    """What is wrong, as the result of a task holds it."""
    troubles = [
        {"credential": one.name, "kind": trouble.kind, "detail": trouble.detail}
        for one in options.standings
        for trouble in one.troubles
    ]
    return {"troubles": troubles, "verdict": options.verdict}


def _names(written: t.Any, variables: Variables) -> list[str]:
    names = plain(written or list(variables["groups"].get(GROUP, ())))
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError("credentials is not a list of names.", next_step="write the names of hosts of the inventory.")
    lost = [name for name in names if name not in variables["hostvars"]]
    if lost:
        raise ConfigurationError(
            f"{', '.join(lost)}: no such host in the inventory.", next_step="name credentials of the catalogue."
        )
    return names


def _moment(written: t.Any) -> float:
    if not written:
        return time.time()
    try:
        return from_iso(plain_text(written))
    except (ValueError, OverflowError):
        raise ConfigurationError(
            f"now is {plain_text(written)!r}, which is not a moment.", next_step="write it as 2026-11-21T03:14:00Z."
        ) from None


def _duration(arguments: Variables, option: str) -> int:
    written = arguments.get(option)
    return getattr(Limits, option) if written is None else parse_duration(plain(written), option)


def _kinds(written: t.Any) -> tuple[str, ...]:
    """As a list or, as on a command line, with commas."""
    given = plain(written or [])
    kinds = [kind.strip() for kind in given.split(",") if kind.strip()] if isinstance(given, str) else given
    unknown = [plain_text(kind) for kind in kinds if kind not in TROUBLES]
    if unknown:
        raise ConfigurationError(
            f"fail_on has {', '.join(unknown)}, which is no kind of trouble.", next_step=f"use {', '.join(TROUBLES)}."
        )
    return tuple(kinds)
