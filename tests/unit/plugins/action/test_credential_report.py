# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report prints."""

from __future__ import annotations

import typing as t

import pytest
from ansible.utils import color

from ansible_collections.locksmith.rotation.plugins.action import credential_report
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_options import options_of, verdict_of
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import standings
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_table import lines_of
from ansible_collections.locksmith.rotation.plugins.plugin_utils.run_facts import facts_of
from ansible_collections.locksmith.rotation.plugins.plugin_utils.table import text_of

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
    return [text_of(line) for line in lines_of(standings([facts_of("deployer", variables)], NOW))]


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


class Shown:
    """Ansible's display, as far as it is asked."""

    def __init__(self) -> None:
        self.screen: list[str] = []
        self.log: list[str] = []

    def display(self, text: str, screen_only: bool = False, log_only: bool = False) -> None:
        if not log_only:
            self.screen.append(text)
        if not screen_only:
            self.log.append(text)


def test_colours_reach_the_terminal_and_never_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Shown()
    monkeypatch.setattr(credential_report, "Display", lambda: shown)
    for coloured in (True, False):
        monkeypatch.setattr(color, "ANSIBLE_COLOR", coloured)
        credential_report._show([("orders-db  ", ""), ("steady", "good")])
    assert shown.screen == ["orders-db  \x1b[0;32msteady\x1b[0m", "orders-db  steady"]
    assert shown.log == ["orders-db  steady"] * 2


VARIABLES: dict[str, t.Any] = {"groups": {"credentials": ["deployer"]}, "hostvars": {"deployer": {"credential_result": ROTATED}}}


def asked(**arguments: t.Any) -> dict[str, t.Any]:
    return verdict_of(options_of({"now": "2027-02-20T10:00:00Z", **arguments}, VARIABLES))


def test_the_verdict_is_about_what_was_asked_for() -> None:
    assert asked(fail_on="overdue,quarantined")["verdict"].startswith(
        "1 of 1 credentials need attention. deployer is overdue for 1d"
    )
    assert asked(fail_on=["quarantined"])["verdict"] == asked()["verdict"] == ""
    assert [trouble["kind"] for trouble in asked()["troubles"]] == ["overdue", "held"]
    assert asked(fail_on=["overdue"], overdue_after="2d")["verdict"] == ""


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"now": "soon"}, "now is 'soon'"),
        ({"credentials": ["nobody"]}, "nobody: no such host"),
        ({"credentials": {"a": 1}}, "not a list of names"),
        ({"fail_on": "late"}, "fail_on has late"),
        ({"held_after": "a while"}, "held_after is 'a while'"),
    ],
)
def test_an_option_that_is_none_is_named(arguments: dict[str, t.Any], word: str) -> None:
    with pytest.raises(ConfigurationError, match=word):
        asked(**arguments)
