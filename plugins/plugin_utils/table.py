# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table for a terminal: columns as wide as their widest cell, nothing to the right of the last. Pure.

Called by the table of the report. A cell may hold what somebody else wrote: characters that a terminal would obey are replaced.
"""

from __future__ import annotations

import typing as t
import unicodedata

#: A piece of a line and the style that it is shown in, the empty string for none.
Piece = t.Tuple[str, str]
Line = t.List[Piece]
_GAP = "  "


class Column(t.NamedTuple):
    """A column that P(fit) may drop, those of the highest C(rank) first (0: never), or shorten to C(least) characters (0: not)."""

    heading: str
    rank: int
    least: int = 0


class Cell(t.NamedTuple):
    """What stands in a row's column."""

    text: str
    style: str = ""


def render(headings: t.Sequence[str], rows: t.Sequence[t.Sequence[str]]) -> list[str]:
    """The lines of a plain table, a rule under the headings."""
    columns = [Column(heading, 0) for heading in headings]
    return [text_of(line) for line in draw(columns, [[Cell(cell) for cell in row] for row in rows])]


def draw(columns: t.Sequence[Column], rows: t.Sequence[t.Sequence[Cell]], width: int = 0) -> list[Line]:
    """The lines of the table, a rule under the headings.

    :arg width: the characters that a line may have, as far as P(Column) allows; 0 for as many as it takes.
    """
    cleaned = [[Cell(visible(cell.text), cell.style) for cell in row] for row in rows]
    shown = fit(columns, cleaned, width) if width else list(enumerate(_widths(columns, cleaned)))
    lines = [_line([(Cell(columns[number].heading), wide) for number, wide in shown])]
    lines.append([(_GAP.join("─" * wide for dummy, wide in shown), "")])
    return lines + [_line([(row[number], wide) for number, wide in shown]) for row in cleaned]


def fit(columns: t.Sequence[Column], rows: t.Sequence[t.Sequence[Cell]], width: int) -> list[tuple[int, int]]:
    """The numbers of the columns to show and how wide to make each, so that a line has C(width) characters at most."""
    widths = _widths(columns, rows)
    shown = list(range(len(columns)))
    for number in sorted(shown, key=lambda number: -columns[number].rank):
        over = sum(widths[one] + len(_GAP) for one in shown) - len(_GAP) - width
        if columns[number].rank == 0 or _shrink(columns, widths, shown, over):
            break
        shown.remove(number)
    over = sum(widths[one] + len(_GAP) for one in shown) - len(_GAP) - width
    for number in shown:
        if over > 0 and columns[number].least:
            widths[number] = max(columns[number].least, widths[number] - over)
    return [(number, widths[number]) for number in shown]


def _shrink(columns: t.Sequence[Column], widths: list[int], shown: t.Sequence[int], over: int) -> bool:
    """Is it narrow enough, or can it be made so without dropping another column?"""
    soft = [number for number in shown if columns[number].rank and columns[number].least]
    room = sum(max(widths[number] - columns[number].least, 0) for number in soft)
    if over > room:
        return False
    for number in soft:
        given = min(max(over, 0), max(widths[number] - columns[number].least, 0))
        widths[number] -= given
        over -= given
    return True


def text_of(line: Line) -> str:
    """The line without its styles."""
    return "".join(text for text, dummy in line)


def visible(text: str) -> str:
    """C(text) in one line, with a replacement for everything that moves a cursor, colours, or cannot be seen."""
    return "".join(one if one.isprintable() else " " if one.isspace() else "\N{REPLACEMENT CHARACTER}" for one in text)


def shorten(text: str, width: int) -> str:
    """The beginning of C(text), and an ellipsis where something is missing."""
    if wide(text) <= width:
        return text
    kept = ""
    for one in text:
        if wide(kept + one) >= width:
            break
        kept += one
    return kept + "…"


def wide(text: str) -> int:
    """How many columns of a terminal C(text) takes."""
    return sum(0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)


def _widths(columns: t.Sequence[Column], rows: t.Sequence[t.Sequence[Cell]]) -> list[int]:
    return [max([wide(column.heading), *(wide(row[number].text) for row in rows)]) for number, column in enumerate(columns)]


def _line(cells: t.Sequence[tuple[Cell, int]]) -> Line:
    """Styles end where the text does, so that nothing coloured is padded."""
    line: Line = []
    owed = ""
    for cell, width in cells:
        text = shorten(cell.text, width)
        if text:
            line += [(owed, "")] if owed else []
            line.append((text, cell.style))
            owed = ""
        owed += " " * (width - wide(text)) + _GAP
    return line
