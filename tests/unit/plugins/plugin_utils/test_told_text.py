# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What leaves the collection for spreadsheets and Markdown viewers is text there, whatever it holds."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.locksmith.rotation.plugins.plugin_utils.csv_text import harmless, to_csv
from ansible_collections.locksmith.rotation.plugins.plugin_utils.markdown import escaped, to_table


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\u00a0=1",
        "\u200b=1",
        "\uff1d1",
        '=HYPERLINK("http://x")',
        "=cmd|' /C calc'!A0",
    ],
)
def test_no_cell_is_a_formula(cell: str) -> None:
    assert harmless(cell).startswith("'")


def test_other_cells_are_as_they_are() -> None:
    assert [harmless(cell) for cell in ("a=b", "2026-11-21", "AKIA+X", 12.5, None, "'=x")] == [
        "a=b",
        "2026-11-21",
        "AKIA+X",
        "12.5",
        "",
        "'=x",
    ]


@given(st.text())
def test_whatever_a_cell_holds_it_is_one_line_and_no_formula(text: str) -> None:
    rows = list(csv.reader(io.StringIO(to_csv(("a", "b"), [(text, "x")]), newline="")))
    assert len(rows) == 2 and rows[1][1] == "x"
    assert not rows[1][0].lstrip().startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"))


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a|b", r"a\|b"),
        ("<script>", r"\<script\>"),
        ("[x](javascript:alert(1))", r"\[x\](javascript:alert(1))"),
        ("**bold** _it_ `code`", r"\*\*bold\*\* \_it\_ \`code\`"),
        ("# heading", r"\# heading"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("2026-11-21 0.04", "2026-11-21 0.04"),
        ("https://example.com www.example.com", r"https\://example.com www\.example.com"),
        ("two\nlines\r\n\n# x", "two lines # x"),
        ("back\\slash", r"back\\slash"),
    ],
)
def test_markup_is_told_and_not_obeyed(text: str, safe: str) -> None:
    assert escaped(text) == safe


@given(st.lists(st.text(), min_size=2, max_size=2))
def test_a_table_keeps_its_shape(cells: list[str]) -> None:
    lines = to_table(("a", "b"), [cells], "none").splitlines()
    assert len(lines) == 3
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", lines[2])) == 3


def test_a_table_without_rows_is_a_sentence() -> None:
    assert to_table(("a",), [], "Nothing.") == "Nothing.\n"
