# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where in an answer something is, and what is read there. Called by the description of P(HttpApiIssuer).

A place is written C(result.tokens[0].id): names with dots between them, numbers of list entries in brackets, C(["a.b"]) for a name with
dots in it, and C(.) for the whole answer. Nothing is evaluated: a place is a list of steps.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import whole_from_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, Unreachable

#: Stands for "not there", which is not the same as null.
MISSING: t.Any = object()
_STEP = re.compile(r"""\.?([^.\[\]"\s]+)|\[(\d+)\]|\["([^"]+)"\]""")
_LONGEST_ID = 512
#: Larger numbers are milliseconds since the epoch: as seconds they would be past the year 5000.
_MILLISECONDS = 100_000_000_000


@dataclasses.dataclass(frozen=True)
class Place:
    """C(option): where it was written, for messages."""

    option: str
    written: str
    steps: tuple[str | int, ...]

    @classmethod
    def read(cls, option: str, written: str) -> Place:
        """:raises ConfigurationError: it cannot be read."""
        steps: list[str | int] = []
        rest = "" if written == "." else written
        while rest:
            match = _STEP.match(rest)
            if match is None or (not steps and rest.startswith(".")):
                raise ConfigurationError(
                    f"{option} is {written!r}, which is not a place in an answer.",
                    next_step='write names with dots, as in result.id, keys[0].value, ["a.b"], or a single dot for the whole answer.',
                )
            name, number, quoted = match.groups()
            steps.append(int(number) if number is not None else (name or quoted))
            rest = rest[match.end() :]
        return cls(option, written, tuple(steps))

    def find(self, payload: t.Any) -> t.Any:
        """What is there, or P(MISSING)."""
        for step in self.steps:
            if isinstance(step, int):
                found = payload[step] if isinstance(payload, list) and step < len(payload) else MISSING
            else:
                found = payload.get(step, MISSING) if isinstance(payload, dict) else MISSING
            if found is MISSING:
                return MISSING
            payload = found
        return payload

    def text(self, payload: t.Any) -> str:
        """A text or a whole number there, as text; empty where it is missing, null, or anything else."""
        found = self.find(payload)
        return str(found) if isinstance(found, (str, int)) and not isinstance(found, bool) else ""

    def id(self, payload: t.Any, where: str) -> str:
        """An id. :raises Unreachable: there is none, or one that cannot be."""
        found = self.text(payload)
        if not found or len(found) > _LONGEST_ID or not found.isprintable():
            raise Unreachable(
                f"{where} was answered without a usable id at {self.written} ({self.option}).",
                next_step=f"correct {self.option}: it says where in the answer the id is.",
            )
        return found

    def moment(self, payload: t.Any, where: str) -> float | None:
        """A moment in ISO 8601, or in seconds or milliseconds since the epoch. None where it is missing or null.

        :raises Unreachable: something else.
        """
        found = self.find(payload)
        if found is MISSING or found is None or found == "":
            return None
        try:
            return _moment(found)
        except (ValueError, OverflowError):
            raise Unreachable(
                f"{where} was answered with something that is no moment at {self.written} ({self.option}).",
                next_step=f"correct {self.option}, or leave it out.",
            ) from None


def _moment(found: t.Any) -> float:
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return found / 1000 if found > _MILLISECONDS else float(found)
    if not isinstance(found, str):
        raise ValueError("neither a number nor a text")
    return whole_from_iso(found.replace(" UTC", "Z"))


@dataclasses.dataclass(frozen=True)
class Condition:
    """Places and what has to be there, all of them."""

    parts: tuple[tuple[Place, t.Any], ...] = ()

    @classmethod
    def read(cls, option: str, written: t.Mapping[str, t.Any] | None) -> Condition:
        """:raises ConfigurationError: a place cannot be read, or what is expected is no plain value."""
        parts = []
        for place, expected in (written or {}).items():
            if isinstance(expected, (dict, list)):
                raise ConfigurationError(
                    f"{option}.{place} expects a text, a number, true, false or null.",
                    next_step="write a place for each plain value.",
                )
            parts.append((Place.read(f"{option}.{place}", str(place)), expected))
        return cls(tuple(parts))

    def holds(self, payload: t.Any) -> bool:
        """Whether all of it is so. What is missing is not so."""
        return all(_same(place.find(payload), expected) for place, expected in self.parts)

    def missing(self, payload: t.Any) -> str:
        """The first place where there is nothing at all; empty if there is none such."""
        return next((place.written for place, dummy in self.parts if place.find(payload) is MISSING), "")


def _same(found: t.Any, expected: t.Any) -> bool:
    """Written in YAML, through Ansible, C(true) may have become a text."""
    if found is MISSING or isinstance(found, (dict, list)):
        return False
    if found is None or expected is None:
        return found is expected
    return str(found).lower() == str(expected).lower() if isinstance(found, bool) else str(found) == str(expected)
