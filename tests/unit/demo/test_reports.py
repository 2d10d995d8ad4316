# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo judges a run by what the playbooks print: this is how it reads that."""

from __future__ import annotations

import pytest

from ansible_collections.locksmith.rotation.plugins.plugin_utils.table import render
from ansible_collections.locksmith.rotation.tests.demo.playbooks import read_report, seconds_until_due
from ansible_collections.locksmith.rotation.tests.demo.screen import shorten

HEADINGS = ("CREDENTIAL", "STATE", "DONE", "ID", "DUE IN", "HOSTS")
ROWS = (
    ("orders-db", "grace", "rotated, proved", "orders_green/x", "19s", "2/2"),
    ("backup", "rolling out", "rotated", "AKIA2", "overdue 1m 3s", "0/1"),
)
OUTPUT = "\n".join(
    [
        "PLAY [Say what was done] ****",
        "TASK [Print a line for each credential] ****",
        "",
        *render(HEADINGS, ROWS),
        "",
        "orders-db: version 1 (orders_blue) is previous, grace until 2026-11-21T03:14:00Z",
        "backup: waits for web1 (unreachable)",
        "",
        "ok: [web1]",
        'fatal: [web1]: FAILED! => {"msg": "unreachable"}',
        "PLAY RECAP ****",
        "backup                     : ok=3    changed=1    unreachable=0    failed=0    skipped=1    rescued=0    ignored=0   ",
        "web1                       : ok=7    changed=3    unreachable=1    failed=2    skipped=3    rescued=0    ignored=0   ",
    ]
)


def test_the_table_is_read_by_credential_and_heading() -> None:
    report = read_report(OUTPUT)
    assert report.rows == {row[0]: dict(zip(HEADINGS, row)) for row in ROWS}
    assert report.column("HOSTS") == {"orders-db": "2/2", "backup": "0/1"}


def test_notes_are_those_below_the_table() -> None:
    assert [note.split(":")[0] for note in read_report(OUTPUT).notes] == ["orders-db", "backup"]


def test_the_recap_is_summed_over_all_hosts() -> None:
    assert read_report(OUTPUT).recap == {"ok": 10, "changed": 4, "unreachable": 1, "failed": 2}


def test_what_failed_is_kept() -> None:
    assert read_report(OUTPUT).fatal == ['fatal: [web1]: FAILED! => {"msg": "unreachable"}']


def test_output_without_a_table_has_no_rows() -> None:
    report = read_report("ERROR! the inventory is not there\n", status=1)
    assert (report.status, report.rows, report.notes, report.recap["ok"]) == (1, {}, [], 0)


@pytest.mark.parametrize(
    ("cell", "seconds"), [("19s", 19), ("1m 3s", 63), ("58m", 3480), ("89d 23h", 7772400), ("overdue 1m 3s", 0), ("-", 0)]
)
def test_a_due_cell_is_read_as_seconds(cell: str, seconds: int) -> None:
    assert seconds_until_due(cell) == seconds


def test_long_ids_are_shortened_and_others_are_not() -> None:
    assert shorten("orders_green/locksmith-orders-db-20261121T031400-9f86d081 x") == "orders_green/…9f86d081 x"
    assert shorten("AKIARZPUZDIKF5XSZIV") == "AKIARZPUZDIKF5XSZIV"
