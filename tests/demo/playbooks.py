# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the collection's playbooks as a user does, and reads what they print. Called by P(story)."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from ansible_collections.locksmith.rotation.plugins.plugin_utils.table import render
from ansible_collections.locksmith.rotation.tests.demo.layout import Layout
from ansible_collections.locksmith.rotation.tests.demo.screen import Screen, shorten

INVENTORIES = ("-i", "hosts.yml", "-i", "credentials.yml")
_RECAP = re.compile(r"^(\S+)\s*: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)")
_LONGEST_LINE = 400
_UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}

Row = t.Dict[str, str]


class Report(t.NamedTuple):
    """What one run of a playbook printed. C(rows): the table, by credential and heading. C(recap): totals of all hosts.
    C(fatal): what Ansible said about tasks that failed."""

    status: int
    rows: dict[str, Row]
    notes: list[str]
    recap: dict[str, int]
    fatal: list[str]
    seconds: float

    def column(self, heading: str) -> dict[str, str]:
        """One column of the table, by credential."""
        return {credential: row[heading] for credential, row in self.rows.items()}


def run(layout: Layout, screen: Screen, name: str, *arguments: str) -> Report:
    """Run C(locksmith.rotation.NAME), show what is essential, and keep everything in a log."""
    words = [*INVENTORIES, f"locksmith.rotation.{name}", *arguments]
    screen.command(f"ansible-playbook {' '.join(words)}")
    log = layout.logs / f"{len(list(layout.logs.glob('*.log'))) + 1}-{name}.log"
    started = time.monotonic()
    status, text = _run(layout, screen, words, log)
    report = read_report(text, status, time.monotonic() - started)
    _show(screen, report, log)
    return report


def _run(layout: Layout, screen: Screen, words: t.Sequence[str], log: Path) -> tuple[int, str]:
    """Exit status and output. An interruption ends the playbook before it is passed on."""
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("ansible-playbook")), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=layout.inventory,
        env=layout.environment(),
        text=True,
        encoding="utf-8",
    )
    lines = []
    try:
        with log.open("w", buffering=1, encoding="utf-8") as file:
            for line in process.stdout or ():
                file.write(line)
                lines.append(line)
                if line.startswith("TASK "):
                    screen.progress("·")
    except BaseException:
        process.terminate()
        raise
    finally:
        process.wait()
    screen.progress("\n")
    return process.returncode, "".join(lines)


def _show(screen: Screen, report: Report, log: Path) -> None:
    if report.rows:
        headings = list(next(iter(report.rows.values())))
        screen.show("\n".join(render(headings, [[shorten(cell) for cell in row.values()] for row in report.rows.values()])))
    for note in report.notes:
        screen.show(shorten(note), "dim")
    for line in report.fatal:
        screen.show(line[:_LONGEST_LINE], "bad")
    totals = " ".join(f"{name}={count}" for name, count in report.recap.items())
    screen.show(f"recap of all hosts: {totals}   {report.seconds:.0f} s, log: {log.parent.name}/{log.name}", "dim")


def read_report(text: str, status: int = 0, seconds: float = 0.0) -> Report:
    """Find table, notes and recap in the output of ansible-playbook."""
    lines = text.splitlines()
    rows, end = read_table(lines)
    notes = [line for line in lines[end : end + 2 + 8 * len(rows)] if line.partition(":")[0] in rows]
    recap = {"ok": 0, "changed": 0, "unreachable": 0, "failed": 0}
    for match in filter(None, map(_RECAP.match, lines)):
        for name, number in zip(recap, match.groups()[1:]):
            recap[name] += int(number)
    fatal = [line for line in lines if line.startswith(("fatal:", "failed:", "ERROR", "[ERROR]"))]
    return Report(status, rows, notes, recap, fatal, seconds)


def read_table(lines: t.Sequence[str]) -> tuple[dict[str, Row], int]:
    """The first table of C(plugin_utils.table) in the output, by the first column, and the number of the line behind it."""
    rule = next((number for number, line in enumerate(lines) if line.startswith("──")), None)
    if not rule:
        return {}, len(lines)
    spans = [match.span() for match in re.finditer("─+", lines[rule])]
    end = next((number for number in range(rule, len(lines)) if not lines[number].strip()), len(lines))
    heads, *body = [_cells(line, spans) for line in (lines[rule - 1], *lines[rule + 1 : end])]
    return {cells[0]: dict(zip(heads, cells)) for cells in body}, end


def _cells(line: str, spans: t.Sequence[tuple[int, int]]) -> list[str]:
    return [line[start:end].strip() for start, end in spans]


def seconds_until_due(cell: str) -> int:
    """The column DUE IN as seconds; 0 for what is overdue."""
    if cell.startswith("overdue"):
        return 0
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([wdhms])", cell))
