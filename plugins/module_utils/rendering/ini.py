# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats that own some keys of one section: C(ini) and C(aws_credentials)."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.interface import Format, Place
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected

_HEADER = re.compile(r"\s*\[([^\]]+)\]\s*(?:[#;].*)?")
_KEY = re.compile(r"(\s*)([^=:\s#;\[][^=:]*?)(\s*[=:][ \t]*)(.*)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")


class Ini(Format):
    """C(name = value) lines in one section. INI files know no escaping: a value is written as it is, or refused."""

    SHARED = True
    #: Keys of the section that belong to an earlier value and go when the new value has none such.
    STALE: t.ClassVar[tuple[str, ...]] = ()

    def render(self, existing: str, values: t.Mapping[str, str], place: Place, is_ours: t.Callable[[str], bool]) -> str:
        _check(values, place)
        lines = existing.split("\n") if existing else []
        ending = "\r" if lines and lines[0].endswith("\r") else ""
        written, missing = self._replace(lines, values, place.section, ending)
        if missing:
            _insert(written, [f"{name} = {values[name]}{ending}" for name in missing], place.section, ending)
        return "\n".join(written)

    def parts(self, existing: str, names: t.Sequence[str], place: Place) -> list[str]:
        watched = {name.lower() for name in (*names, *self.STALE)}
        found = [
            (key.group(2).lower(), key.group(4).rstrip("\r"))
            for dummy, key in _keys(existing.split("\n"), place.section)
            if key.group(2).lower() in watched
        ]
        if not {name.lower() for name in names} <= {name for name, dummy in found}:
            return []
        return ["\n".join(f"{name}={value}" for name, value in found)]

    def _replace(self, lines: list[str], values: t.Mapping[str, str], section: str, ending: str) -> tuple[list[str], list[str]]:
        """The lines with our keys replaced, and the names that no line has yet."""
        by_lower = {name.lower(): name for name in values}
        seen = set()
        changed: dict[int, str | None] = {}
        for number, key in _keys(lines, section):
            name = by_lower.get(key.group(2).lower())
            if name is not None:
                _refuse_continuation(lines, number, key.group(1), name)
                changed[number] = key.group(1) + key.group(2) + key.group(3) + values[name] + ending
                seen.add(name)
            elif key.group(2).lower() in self.STALE:
                changed[number] = None
        kept = [changed.get(number, line) for number, line in enumerate(lines)]
        return [line for line in kept if line is not None], [name for name in values if name not in seen]


class AwsCredentials(Ini):
    """One profile of an AWS shared credentials file. A session token of the key before goes with it."""

    DEFAULT_FIELDS: t.ClassVar[t.Mapping[str, str] | None] = {
        "aws_access_key_id": "access_key_id",
        "aws_secret_access_key": "secret_access_key",
    }
    STALE = ("aws_session_token", "aws_security_token")


def _keys(lines: t.Sequence[str], section: str) -> t.Iterator[tuple[int, re.Match[str]]]:
    """Number and parts (indent, key, delimiter, value) of every key line in the section."""
    inside = False
    for number, line in enumerate(lines):
        header = _HEADER.fullmatch(line)
        if header:
            inside = header.group(1).strip() == section
            continue
        key = _KEY.fullmatch(line) if inside else None
        if key:
            yield number, key


def _insert(lines: list[str], new: list[str], section: str, ending: str) -> None:
    """Put C(new) after the last line with text of the section, or in a new section at the end."""
    last = None
    inside = False
    for number, line in enumerate(lines):
        header = _HEADER.fullmatch(line)
        if header:
            inside = header.group(1).strip() == section
        if inside and line.strip():
            last = number
    if last is None:
        _append_section(lines, new, section, ending)
        return
    if last == len(lines) - 1:
        lines[last] = lines[last].rstrip("\r") + ending
    lines[last + 1 : last + 1] = new


def _append_section(lines: list[str], new: list[str], section: str, ending: str) -> None:
    if lines and lines[-1] == "":
        lines.pop()
    elif lines:
        lines[-1] = lines[-1] + ending
    if lines and lines[-1].strip():
        lines.append(ending)
    lines.extend([f"[{section}]{ending}", *new, ""])


def _refuse_continuation(lines: t.Sequence[str], number: int, indent: str, name: str) -> None:
    """A line indented below ours is the rest of the old value for some readers and a key of its own for others."""
    if number + 1 >= len(lines):
        return
    following = lines[number + 1]
    text = following.strip()
    deeper = len(following) - len(following.lstrip()) > len(indent)
    if text and deeper and text[0] not in "#;[":
        raise Rejected(
            f"line {number + 2} of the file is indented below {name}: it may be a part of the old value or a key of its own.",
            next_step="write that line without the indent, or remove it if it continues the value.",
        )


def _check(values: t.Mapping[str, str], place: Place) -> None:
    if not place.section or _CONTROL.search(place.section) or "]" in place.section or place.section != place.section.strip():
        raise Rejected(
            f"{place.section!r} cannot be the name of a section.", next_step="correct section or profile in the entry."
        )
    for name, value in values.items():
        if not _NAME.fullmatch(name):
            raise Rejected(f"{name!r} cannot be a key of an INI file.", next_step="give it another name in the entry's fields.")
        if _CONTROL.search(value) or value != value.strip():
            raise Rejected(
                f"{name} holds a line break, a control character or blanks at an end, which an INI file cannot carry.",
                next_step="use format json, yaml or template for this credential.",
            )
