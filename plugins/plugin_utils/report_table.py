# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on a terminal: a table, a line for everything that waits or failed, and the count. Pure.

Called by the action plugin C(credential_report), which knows the terminal's width and turns styles into colours.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import (
    FAILING,
    HELD,
    OVERDUE,
    QUARANTINED,
    Previous,
    Standing,
    summary,
)
from ansible_collections.locksmith.rotation.plugins.plugin_utils.table import Cell, Column, Line, draw, visible

GOOD, CHANGING, BAD, EXCEPTED = "good", "changing", "bad", "excepted"
_WIDEST_ID, _WIDEST_WAIT = 24, 40
_SOON = 7 * 86400
#: Ranks below this are of columns that stay where they are from run to run.
_FIXED = 7
#: Troubles that no other line tells of.
_TOLD_WHOLE = (QUARANTINED, FAILING)
_WAITING_ON = Column("WAITING ON", 4, 22)
#: In their order on the screen. The ranks say which go first where it is narrow: what is below the table anyway, or in the result.
_COLUMNS = (
    Column("CREDENTIAL", 0, 20),
    Column("KIND", 5),
    Column("AGE", 3),
    Column("DUE IN", 1),
    Column("STATE", 0),
    Column("HOSTS", 2),
    Column("DONE", 7),
    Column("VERSION", 8),
    Column("ID", 9),
    Column("OVERLAP", 10),
)


def lines_of(all_of_them: t.Sequence[Standing], width: int = 0) -> list[Line]:
    """Everything that is printed. C(width): the terminal's, 0 where there is none."""
    columns, rows = list(_COLUMNS), [_row(one) for one in all_of_them]
    if any(one.waiting for one in all_of_them):
        columns.append(_WAITING_ON)
        rows = [[*row, _waiting(one)] for row, one in zip(rows, all_of_them)]
    if width:
        columns, rows = _without_empty(columns, rows)
    notes = [note for one in all_of_them for note in _notes(one)]
    blank: list[Line] = [[]]
    return [*blank, *draw(columns, rows, width), *(blank if notes else []), *notes, *blank, [(summary(all_of_them), "")], *blank]


def _without_empty(columns: t.Sequence[Column], rows: t.Sequence[t.Sequence[Cell]]) -> tuple[list[Column], list[list[Cell]]]:
    """Without the columns in which nothing stands, unless a reader looks for them in their place."""
    shown = [
        number for number, column in enumerate(columns) if column.rank < _FIXED or any(row[number].text != "-" for row in rows)
    ]
    return [columns[number] for number in shown], [[row[number] for number in shown] for row in rows]


def _row(one: Standing) -> list[Cell]:
    done = ", ".join(one.facts.get("done") or ()).replace("_", " ")
    return [
        Cell(one.name),
        Cell(one.kind or "-"),
        Cell("-" if one.age is None else format_duration(one.age)),
        _due(one),
        _state(one),
        _hosts(one),
        Cell(done or "-"),
        Cell(one.text("version") or "-"),
        Cell(_short(one.text("id") or "-")),
        Cell({True: "yes", False: "no"}.get(t.cast("bool", one.facts.get("overlap")), "-")),
    ]


def _due(one: Standing) -> Cell:
    left = one.due_in
    if one.exempt_until is not None:
        return Cell(f"exempt {format_duration(one.exempt_until - one.now)}", EXCEPTED)
    if left is None:
        return Cell("-")
    if left <= 0:
        return Cell(f"overdue {format_duration(-left)}", BAD if one.has(OVERDUE) else CHANGING)
    return Cell(format_duration(left), CHANGING if left < min(_SOON, (one.limit or 0) / 10) else "")


def _state(one: Standing) -> Cell:
    text = one.state.replace("_", " ")
    if one.has(FAILING) or one.has(QUARANTINED):
        return Cell(text if one.state in ("failed", QUARANTINED) else f"{text}, failing", BAD)
    if one.has(HELD):
        return Cell(text, BAD)
    return Cell(text, {"steady": GOOD, "absent": "", "unknown": ""}.get(one.state, CHANGING))


def _hosts(one: Standing) -> Cell:
    proved, expected = one.count("consumers_proved"), one.count("consumers_expected")
    if not expected:
        return Cell("-")
    return Cell(f"{proved}/{expected}", "" if proved == expected else CHANGING)


def _waiting(one: Standing) -> Cell:
    if not one.waiting:
        return Cell("-")
    first, more = visible(one.waiting[0]), len(one.waiting) - 1
    cut = first if len(first) <= _WIDEST_WAIT else first[: _WIDEST_WAIT - 1] + "…"
    return Cell(f"{cut} +{more}" if more else cut, BAD if one.has(HELD) else CHANGING)


def _short(identity: str) -> str:
    """An id of at most a column's width, its two ends; the whole is in the task's result."""
    return identity if len(identity) <= _WIDEST_ID else identity[: _WIDEST_ID - 9] + "…" + identity[-8:]


def _notes(one: Standing) -> list[Line]:
    if one.facts.get("failed"):
        return [_note(one, f"FAILED. {one.text('msg')}", BAD)]
    notes = _of_a_leak(one) + [_note(one, _describe(old), "") for old in one.previous]
    notes += [_note(one, f"waits for {line}", CHANGING) for line in one.waiting]
    notes += [
        _note(one, f"{trouble.kind.upper()} {trouble.detail}", BAD) for trouble in one.troubles if trouble.kind in _TOLD_WHOLE
    ]
    if one.not_now:
        notes.append(_note(one, f"not rotated now: {one.not_now}", CHANGING))
    if one.exempt_until is not None:
        owner = f" ({one.exempt_owner})" if one.exempt_owner else ""
        notes.append(_note(one, f"exempt until {to_iso(one.exempt_until)}: {one.exempt_reason}{owner}", EXCEPTED))
    untold = one.facts.get("unannounced") or ()
    return notes + [_note(one, f"NOT ANNOUNCED to {missed['target']}. {missed['why']}", BAD) for missed in untold]


def _of_a_leak(one: Standing) -> list[Line]:
    """What leaked and works still, and what was done besides in this run."""
    leaked = set(one.facts.get("leaked") or ())
    overlaps = one.facts.get("overlap") is not False  # where it does not, the next version has ended it
    alive = [old.id for old in one.previous if old.phase in ("previous", "disabling") and overlaps]
    alive += [one.text("id")] if one.state != "contained" else []
    lines = [_note(one, f"LEAKED and not ended yet: {known}", BAD) for known in alive if known in leaked]
    return lines + [_note(one, str(sentence), CHANGING) for sentence in one.facts.get("notes") or ()]


def _describe(old: Previous) -> str:
    what = f"version {old.version} ({old.id or 'unknown id'}) is {old.phase}"
    if old.delete_after:
        return f"{what}, deleted after {to_iso(old.delete_after)}"
    return (
        f"{what}, grace until {to_iso(old.grace_until)}"
        if old.grace_until
        else f"{what}, until every host has proved the new one"
    )


def _note(one: Standing, text: str, style: str) -> Line:
    return [(f"{visible(one.name)}: ", ""), (visible(text), style)]
