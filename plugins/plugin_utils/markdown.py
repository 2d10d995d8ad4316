# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text and tables in Markdown in which nothing that is told can be markup. Pure. Called by the evidence pack."""

from __future__ import annotations

import re
import typing as t

#: With a backslash each is itself in CommonMark and in GitHub's dialect, in tables too.
_MARKUP = re.compile(r"[\\`*_{}\[\]<>|~&$^]")
#: At its beginning a line is made a list, a heading or a rule by these.
_BEGINNING = re.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[-+=#]))")
#: Bare addresses are made links by many viewers.
_LINK = re.compile(r"(?i)\b(https?|ftp|www)([:.])")


def escaped(told: t.Any) -> str:
    """One line of text."""
    if told is None:
        return ""
    text = " ".join("".join(char if char.isprintable() else " " for char in str(told)).split())
    return _LINK.sub(r"\1\\\2", _BEGINNING.sub(r"\1\\", _MARKUP.sub(r"\\\g<0>", text)))


def to_table(headings: t.Sequence[str], rows: t.Sequence[t.Sequence[t.Any]], none: str) -> str:
    """A table, or the sentence C(none) where it has no row."""
    if not rows:
        return none + "\n"
    lines = [headings, ["---"] * len(headings), *([escaped(cell) for cell in row] for row in rows)]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)
