# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table on a terminal: what is said, what goes where it is narrow, what is in colour, and what a terminal is never told."""

from __future__ import annotations

import pytest

from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import Standing
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_table import lines_of
from ansible_collections.locksmith.rotation.plugins.plugin_utils.table import text_of, visible, wide
from ansible_collections.locksmith.rotation.tests.unit.plugins.plugin_utils.report_cases import (
    HOSTILE,
    catalogue,
    exempt,
    fact,
    old,
    one_of,
    overdue,
    quarantined,
    rolling,
)


def texts(*standings: Standing, width: int = 0) -> list[str]:
    return [text_of(line) for line in lines_of(standings, width)]


def style_of(one: Standing, word: str) -> str:
    return next(style for line in lines_of([one]) for text, style in line if text.startswith(word))


def test_a_line_for_each_and_one_for_everything_that_waits_or_failed() -> None:
    shown = texts(*catalogue())
    row = next(line for line in shown if line.startswith("orders-db "))
    for cell in ("postgresql", "2d 1h", "rolling out", "1/2", "web2 (unreachable)"):
        assert cell in row
    assert "orders-db: waits for web2 (unreachable)" in shown
    assert "backup: FAILED. backup: no route to the store. Next: mend it." in shown
    assert "legacy: exempt until 2027-01-31T00:00:00Z: the vendor's console is being rebuilt (shop team)" in shown
    assert any(line.startswith("telemetry: QUARANTINED after 3 failures") for line in shown)
    assert shown[-2].startswith("6 credentials: ")


@pytest.mark.parametrize("width", [32, 60, 72, 80, 100, 120, 160])
def test_the_table_fits_and_keeps_what_matters_most(width: int) -> None:
    shown = texts(*catalogue(), width=width)
    head = next(number for number, line in enumerate(shown) if line.startswith("CREDENTIAL"))
    table = shown[head : head + 8]
    assert max(map(wide, table)) <= width, table
    assert "STATE" in table[0] and table[2].startswith("deployer")
    assert ("DUE IN" in table[0]) == (width > 32) and ("WAITING ON" in table[0]) == (width >= 80)
    assert ("AGE" in table[0]) == (width >= 60)


def test_without_a_terminal_nothing_is_dropped_or_cut() -> None:
    head = next(line for line in texts(one_of(fact("a-very-long-name-" * 4))) if line.startswith("CREDENTIAL"))
    assert head.split("  ")[0] and all(word in head for word in ("KIND", "AGE", "DONE", "VERSION", "ID", "OVERLAP"))
    assert any("a-very-long-name-" * 4 in line for line in texts(one_of(fact("a-very-long-name-" * 4))))
    assert "WAITING ON" not in head, "nothing waits"


def test_colours_say_how_bad_it_is() -> None:
    assert style_of(one_of(fact("well")), "steady") == "good"
    assert style_of(one_of(overdue()), "overdue") == "bad"
    assert style_of(one_of(exempt()), "exempt 70d") == "excepted"
    assert style_of(one_of(quarantined()), "quarantined") == "bad"
    assert style_of(one_of(rolling()), "1/2") == "changing"
    assert style_of(one_of(fact("soon", due_at="2026-11-22T12:00:00Z")), "1d") == "changing"


def test_a_terminal_obeys_nothing_that_somebody_else_wrote() -> None:
    hostile = one_of({**rolling(HOSTILE), "waiting_for": [HOSTILE], "type": HOSTILE, "id": HOSTILE, "unannounced": []})
    for line in texts(hostile, one_of(fact("x", failed=True, msg=HOSTILE)), width=100):
        assert line.isprintable(), line
    assert visible("a\tb\x1b[2J\u202e") == "a b\ufffd[2J\ufffd"


def test_wide_characters_and_accents_keep_the_columns_aligned() -> None:
    shown = texts(one_of(fact("データベース")), one_of(fact("cafe\u0301")))
    head, dummy, first, second = shown[1:5]
    columns = [wide(line[: line.index(word)]) for line, word in ((head, "KIND"), (first, "iam"), (second, "iam"))]
    assert len(set(columns)) == 1


def test_what_leaked_and_is_not_ended_yet_is_said_first_and_what_was_done_about_it() -> None:
    leaked = {"leaked": ["AKIAOLD"], "notes": ["not waited for: web2 (unreachable)"]}
    alive, ended = (fact("ci", previous=[old(id="AKIAOLD", phase=phase)], **leaked) for phase in ("previous", "disabled"))
    assert "ci: LEAKED and not ended yet: AKIAOLD" in texts(one_of(alive))
    assert "ci: not waited for: web2 (unreachable)" in texts(one_of(ended))
    assert not any("LEAKED" in line for line in texts(one_of(ended)))
    assert not any("LEAKED" in line for line in texts(one_of({**alive, "overlap": False})))
    assert "ci: LEAKED and not ended yet: AKIA0000000000000000" in texts(one_of(fact("ci", leaked=["AKIA0000000000000000"])))
