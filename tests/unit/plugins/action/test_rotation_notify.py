# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the task finds in the variables of a run."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.action import rotation_notify
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.notifying import Findings, Settings
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

WELL = {"state": "steady", "action": "none", "waiting_for": []}
DENIED = {"failed": True, "error": "Denied", "msg": "orders: refused. Next: look.", "next_step": "look.", "action": "failed"}


def run_of(credentials: dict[str, dict[str, t.Any]], hosts: dict[str, dict[str, t.Any]] | None = None, **more: t.Any) -> t.Any:
    """The variables of a task after a run."""
    groups = {"credentials": list(credentials), "locksmith_consumers": list(hosts or {})}
    return {"groups": groups, "hostvars": {**credentials, **(hosts or {}), "localhost": {}}, **more}


def findings(variables: t.Any, *names: str) -> Findings:
    return rotation_notify._findings(rotation_notify._names(list(names), variables), Settings.of({}), variables)


def test_what_no_play_came_to_is_neither_a_problem_nor_in_order() -> None:
    found = findings(run_of({"orders": {"credential_result": WELL}, "ci": {}}))
    assert found.judged == {"credential orders"} and found.problems == () and found.well == ("credential orders",)


def test_a_failure_to_retire_is_a_failure_of_the_credential() -> None:
    variables = run_of({"orders": {"credential_result": {**WELL, "state": "rolling_out"}, "credential_retired": DENIED}})
    (event,) = findings(variables).problems
    assert (event.kind, event.summary, event.next_step) == ("failure", "orders failed: refused.", "look.")


def test_what_was_changed_is_first_among_what_is_in_order() -> None:
    done = {"credential_result": {**WELL, "action": "rotated"}}
    found = findings(run_of({"orders": {"credential_result": WELL}, "ci": done}))
    assert found.well == ("credential ci", "credential orders")


def test_hosts_of_the_run_are_looked_at_too() -> None:
    hosts = {"web1": {"consumer_outcome": {"unreachable": True}}, "web2": {"consumer_outcome": {"failed": False}}, "web3": {}}
    found = findings(run_of({"orders": {"credential_result": WELL}}, hosts))
    assert [event.about for event in found.problems] == ["host web1"]
    assert found.judged == {"credential orders", "host web1", "host web2"}


def test_only_the_credentials_that_are_asked_for_are_told_of() -> None:
    variables = run_of({"orders": {"credential_result": DENIED}, "ci": {"credential_result": DENIED}})
    assert [event.about for event in findings(variables, "ci").problems] == ["credential ci"]
    with pytest.raises(ConfigurationError):
        rotation_notify._names(["nobody"], variables)


def test_the_run_is_called_by_its_job_in_awx() -> None:
    assert findings(run_of({}, awx_job_id=4711)).run == "AWX job 4711"
    assert len(findings(run_of({})).run) == 6
