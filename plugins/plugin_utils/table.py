# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A table for a terminal: columns as wide as their widest cell, nothing to the right of the last. Pure.

Called by the action plugin C(credential_report).
"""

from __future__ import annotations

import typing as t


def render(headings: t.Sequence[str], rows: t.Sequence[t.Sequence[str]]) -> list[str]:
    """The lines of the table, a rule under the headings."""
    widths = [max(len(cells[column]) for cells in [headings, *rows]) for column in range(len(headings))]
    lines = [_line(headings, widths), "  ".join("─" * width for width in widths)]
    return lines + [_line(row, widths) for row in rows]


def _line(cells: t.Sequence[str], widths: t.Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip()
