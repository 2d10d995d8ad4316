# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The password file of libpq: our line C(host:port:database:user:password) among other people's.

Source: PostgreSQL documentation, "The Password File", and C(passwordFromFile) in its fe-connect.c.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.interface import Format, Place
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SEPARATOR = re.compile(r"((?:[^:\\]|\\.)*)(?::|$)", re.DOTALL)


class Pgpass(Format):
    """One line. libpq takes the first line that fits, so a new one goes above the first that would fit instead."""

    SHARED = True
    DEFAULT_FIELDS: t.ClassVar[t.Mapping[str, str] | None] = {"user": "username", "password": "password"}

    def render(self, existing: str, values: t.Mapping[str, str], place: Place, is_ours: t.Callable[[str], bool]) -> str:
        wanted = _wanted(values, place)
        line = ":".join(_escape(part) for part in (*wanted, values["password"]))
        lines = existing.split("\n") if existing else [""]
        mine = [number for number, old in enumerate(lines) if _fields(old)[:4] == wanted or (_here(old, place) and is_ours(old))]
        first = next((number for number, old in enumerate(lines) if _fits(_fields(old), wanted)), None)
        kept = [old for number, old in enumerate(lines) if number not in mine]
        spot = min([number for number in (first, *mine) if number is not None], default=_end(lines))
        kept.insert(spot, line)
        return "\n".join(kept) if kept[-1] == "" else "\n".join(kept) + "\n"

    def parts(self, existing: str, names: t.Sequence[str], place: Place) -> list[str]:
        return [line for line in existing.split("\n") if _here(line, place)]

    def written(self, text: str, values: t.Mapping[str, str], place: Place) -> str:
        wanted = _wanted(values, place)
        return next(line for line in text.split("\n") if _fields(line)[:4] == wanted)


def _wanted(values: t.Mapping[str, str], place: Place) -> list[str]:
    if set(values) != {"user", "password"}:
        raise Rejected("format pgpass writes user and password.", next_step="name these two in the entry's fields.")
    wanted = [place.host, place.port, place.database, values["user"]]
    if any(_CONTROL.search(part) for part in (*wanted, values["password"])):
        raise Rejected(
            "The user, the password or the entry's host, port or database holds a line break or another control character, "
            "which a password file cannot carry.",
            next_step="correct the entry, or give the role another password.",
        )
    return wanted


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace(":", "\\:")


def _fields(line: str) -> list[str]:
    """The unescaped fields of a line; empty for a comment or a blank."""
    if line.startswith("#") or not line.strip():
        return []
    found = []
    at = 0
    while at <= len(line):
        match = _SEPARATOR.match(line, at)
        if match is None:
            return []
        found.append(re.sub(r"\\(.)", r"\1", match.group(1)))
        at = match.end() if match.group(0) != match.group(1) else len(line) + 1
    return found if len(found) >= 5 else []


def _here(line: str, place: Place) -> bool:
    return _fields(line)[:3] == [place.host, place.port, place.database]


def _fits(fields: t.Sequence[str], wanted: t.Sequence[str]) -> bool:
    """Whether libpq would take this line for a connection that ours is meant for."""
    return len(fields) >= 5 and all(have in ("*", want) for have, want in zip(fields, wanted))


def _end(lines: t.Sequence[str]) -> int:
    return len(lines) - 1 if lines[-1] == "" else len(lines)
