# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the audit trail is told about a run: who ran it, which hosts proved what, and nothing that is not public."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.plugin_utils.trail_reports import doer, report_of

EVENT = {"n": 4, "at": "2026-11-21T03:00:00Z", "event": "prove", "run": "run1"}
RESULT = {
    "type": "postgresql",
    "identity": "postgresql role orders",
    "state": "grace",
    "version": 2,
    "id": "orders",
    "fingerprint": "new",
    "previous": [{"version": 1, "id": "orders", "fingerprint": "old", "phase": "previous"}],
    "history": [EVENT],
    "run": "run1",
    "password": "hunter2",
}


def proof(running: str = "new", healthy: bool = True) -> dict[str, t.Any]:
    return {"fingerprint": "new", "running": running, "healthy": healthy}


def variables(result: dict[str, t.Any], **of_credential: t.Any) -> dict[str, t.Any]:
    entry = {"credential": "orders-db", "dest": "/etc/x"}
    proofs = {"web1": [proof()], "web2": [proof(running="old")], "web3": [proof(healthy=False)], "web4": []}
    hosts: dict[str, t.Any] = {
        name: {"consumer_credentials": [entry], "consumer_proofs": {"orders-db": told}} for name, told in proofs.items()
    }
    hosts["orders-db"] = {"credential_result": result, **of_credential}
    return {"hostvars": hosts, "groups": {"all": list(hosts), "credentials": ["orders-db"]}}


def test_only_hosts_that_proved_the_published_version_are_named() -> None:
    assert report_of("orders-db", variables(RESULT))["proved"] == ["web1"]


def test_what_another_run_proved_is_not_said_to_be_proved_to_this_one() -> None:
    others = {**RESULT, "history": [{**EVENT, "run": "run0"}]}
    assert "proved" not in report_of("orders-db", variables(others))


def test_a_report_has_keys_reasons_and_terms_and_no_field_that_is_not_public() -> None:
    exempt = {"until": "2027-01-31", "reason": "x", "owner": "payments", "more": "y"}
    report = report_of("orders-db", variables(RESULT, credential_ticket="CHG-7", credential_exempt=exempt))
    assert [version["fingerprint"] for version in report["versions"]] == ["new", "old"]
    assert report["ticket"] == "CHG-7" and report["exception"] == {"until": "2027-01-31", "reason": "x", "owner": "payments"}
    assert "hunter2" not in str(report)


def test_a_failed_and_an_unreachable_credential_are_failures() -> None:
    for told in ({"failed": True}, {"unreachable": True}):
        report = report_of("orders-db", variables({**told, "msg": "no answer", "next_step": "run it again"}))
        assert report["failure"] == {"msg": "no answer", "next_step": "run it again"}
    assert "failure" not in report_of("orders-db", variables(RESULT))


def test_a_job_of_awx_is_named_by_either_prefix() -> None:
    new = doer({"awx_job_id": 4711, "awx_user_name": "a-user", "awx_schedule_name": "daily", "rotation_job": "ignored"})
    assert (new["job"], new["awx_user"], new["schedule"]) == ("4711", "a-user", "daily")
    assert doer({"tower_job_id": 12})["job"] == "12"
    other = doer({"rotation_job": "https://ci.example.com/7"})
    assert other["job"] == "https://ci.example.com/7" and other["user"] and other["controller"] and other["run"]
    assert "awx_user" not in other
