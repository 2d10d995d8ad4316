# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fields of a trail's entry are, so that whoever reads one may rely on it. Pure. Called where lines are read and written."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso

_TEXT = (
    "credential",
    "kind",
    "identity",
    "store",
    "id",
    "fingerprint",
    "reason",
    "note",
    "ticket",
    "run",
    "hosts_from",
    "msg",
    "next_step",
)
_NUMBERS = ("n", "version", "line")
_MOMENTS = ("at", "recorded_at", "created_at", "due_at")
_NEEDED = ("at", "recorded_at", "what")
_MOST = 2**48


def problem_of(entry: t.Mapping[str, t.Any]) -> str:
    """The first field that is not what it should be, as a sentence, or an empty string. Other fields may be anything."""
    wrong = [name for name in _NEEDED if name not in entry]
    wrong += [name for name in ("what", *_TEXT) if not isinstance(entry.get(name, ""), str)]
    wrong += [name for name in _NUMBERS if not is_number(entry.get(name, 1))]
    wrong += [name for name in _MOMENTS if name in entry and not _is_moment(entry[name])]
    wrong += [name for name, is_right in _SHAPES.items() if name in entry and not is_right(entry[name])]
    if entry.get("what") == "gap" and not (is_number(entry.get("from")) and is_number(entry.get("to"))):
        wrong.append("from or to")
    return f"its {wrong[0]} is missing or is none" if wrong else ""


def is_number(value: t.Any) -> bool:
    """A count of something."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST


def _is_moment(value: t.Any) -> bool:
    try:
        return isinstance(value, str) and abs(from_iso(value)) < _MOST
    except (ValueError, OverflowError):
        return False


def _is_texts(value: t.Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_terms(value: t.Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


_SHAPES: dict[str, t.Callable[[t.Any], bool]] = {"hosts": _is_texts, "exception": _is_terms, "by": _is_terms}
