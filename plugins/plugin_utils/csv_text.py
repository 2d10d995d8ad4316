# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables as CSV that a spreadsheet shows and never executes. Pure. Called by the evidence pack.

A cell that begins like a formula is a formula to Excel, LibreOffice and Google Sheets, quoted or not. It gets an apostrophe in front, which
they take for "this is text" (OWASP, CSV Injection).
"""

from __future__ import annotations

import csv
import io
import typing as t

_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def to_csv(headings: t.Sequence[str], rows: t.Iterable[t.Sequence[t.Any]]) -> str:
    """The table, every cell quoted, one line a row."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([[harmless(cell) for cell in row] for row in (headings, *rows)])
    return out.getvalue()


def harmless(cell: t.Any) -> str:
    """One cell as text on one line."""
    if cell is None:
        return ""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return str(cell)
    text = " ".join("".join(char if char.isprintable() else " " for char in str(cell)).split())
    return "'" + text if text.startswith(_FORMULA) else text
