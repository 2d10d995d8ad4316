# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report prints."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.action.credential_report import facts_of, lines_of
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso

NOW = from_iso("2026-11-21T12:00:00Z")
ROTATED: dict[str, t.Any] = {
    "type": "iam",
    "state": "rolling_out",
    "action": "rotated",
    "version": 4,
    "id": "AKIAIOSFODNN7EXAMPLE",
    "created_at": "2026-11-21T10:00:00Z",
    "due_at": "2027-02-19T10:00:00Z",
    "overlap": True,
    "waiting_for": [],
    "previous": [{"version": 3, "id": "AKIAOLD", "phase": "previous"}],
}
HELD = {**ROTATED, "action": "held", "consumers_proved": 1, "consumers_expected": 2, "waiting_for": ["web2 (unreachable)"]}


def lines(**variables: t.Any) -> list[str]:
    return lines_of([facts_of("deployer", variables)], NOW)


def test_a_line_for_a_credential_and_one_for_everything_that_waits() -> None:
    printed = lines(credential_result=ROTATED, credential_retired=HELD)
    row = next(line for line in printed if line.startswith("deployer "))
    for cell in ("iam", "rolling out", "rotated, held", "4", "AKIAIOSFODNN7EXAMPLE", "2h", "89d 22h", "1/2", "yes"):
        assert cell in row
    assert "deployer: waits for web2 (unreachable)" in printed
    assert "deployer: version 3 (AKIAOLD) is previous, until every host has proved the new one" in printed


def test_a_failure_is_told_whole() -> None:
    printed = lines(credential_result={"failed": True, "action": "failed", "msg": "deployer: no. Next: do this."})
    assert "deployer: FAILED. deployer: no. Next: do this." in printed


def test_a_credential_of_which_nothing_is_known_has_a_line_all_the_same() -> None:
    assert any(line.startswith("deployer ") for line in lines())


def test_what_is_overdue_says_so_and_a_long_id_is_cut() -> None:
    late = {**ROTATED, "due_at": "2026-11-19T12:00:00Z", "id": "orders_app/locksmith-orders-db-20261121T100000-9f86d081"}
    row = next(line for line in lines(credential_result=late) if line.startswith("deployer "))
    assert "overdue 2d" in row and "orders_app/lock…9f86d081" in row


def test_all_lines_of_the_table_are_aligned() -> None:
    printed = lines(credential_result=ROTATED)
    heading = next(line for line in printed if line.startswith("CREDENTIAL"))
    row = next(line for line in printed if line.startswith("deployer "))
    assert row.index("iam") == heading.index("KIND") and row.index("AKIA") == heading.index("ID ")


def test_a_target_that_could_not_be_told_is_named_in_the_recap() -> None:
    missed = {"target": "gitlab https://gitlab.com/payments/deploy", "why": "status 503."}
    printed = lines(credential_result=ROTATED, credential_announced={"unannounced": [missed]})
    assert "deployer: NOT ANNOUNCED to gitlab https://gitlab.com/payments/deploy. status 503." in printed
    assert not any("ANNOUNCED" in line for line in lines(credential_result=ROTATED, credential_announced={"skipped": True}))
