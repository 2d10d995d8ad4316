# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report for machines: metrics, JUnit and JSON, whatever the things that it tells of are called."""

from __future__ import annotations

import json
import pathlib
import re
from xml.etree import ElementTree

from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_json import render_json
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_junit import render_junit
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_prometheus import NAMES, last_runs, render_metrics
from ansible_collections.locksmith.rotation.tests.unit.plugins.plugin_utils.report_cases import (
    HOSTILE,
    NOW,
    catalogue,
    exempt,
    fact,
    one_of,
    rolling,
)

SAMPLE = re.compile(r'^([a-z_]+)(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*\})? -?\d+$')


def samples(text: str) -> dict[str, str]:
    """Every sample, by its name and labels."""
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


def test_the_metrics_of_a_catalogue() -> None:
    seen = samples(render_metrics(catalogue(), NOW, "rotate"))
    assert seen['locksmith_last_run_timestamp_seconds{playbook="rotate"}'] == str(round(NOW))
    assert seen["locksmith_credentials"] == "6"
    assert seen['locksmith_credential_age_seconds{credential="deployer"}'] == str(20 * 86400)
    assert seen['locksmith_credential_state{credential="orders-db",state="rolling_out"}'] == "1"
    assert seen['locksmith_credential_state{credential="orders-db",state="steady"}'] == "0"
    assert seen['locksmith_credential_consumers_proved{credential="orders-db"}'] == "1"
    assert seen['locksmith_credential_last_run_failed{credential="backup"}'] == "1"
    assert seen['locksmith_credential_failures{credential="telemetry"}'] == "3"
    assert 'locksmith_credential_exempt_until_timestamp_seconds{credential="deployer"}' not in seen
    assert 'locksmith_credential_age_seconds{credential="backup"}' not in seen, "what could not be read is not made up"


def test_every_line_is_a_sample_of_a_metric_that_has_its_help_and_type() -> None:
    text = render_metrics([*catalogue(), one_of(rolling(HOSTILE, type=HOSTILE))], NOW, "status")
    described = set(re.findall(r"^# HELP (\S+) .+\n# TYPE \1 gauge$", text, re.MULTILINE))
    found = [SAMPLE.match(line) for line in text.split("\n") if line and not line.startswith("#")]
    assert all(found) and {match.group(1) for match in found if match} == described <= NAMES


def test_every_metric_is_documented() -> None:
    page = (pathlib.Path(__file__).parents[4] / "docs" / "status.md").read_text(encoding="utf-8")
    undocumented = [name for name in NAMES if name not in page]
    assert undocumented == []


def test_a_look_does_not_pass_for_the_daily_run() -> None:
    rotated = render_metrics(catalogue(), NOW - 100, "rotate")
    looked = render_metrics(catalogue(), NOW, "status", rotated)
    assert last_runs(looked) == {"rotate": round(NOW - 100), "status": round(NOW)}
    assert last_runs("anything else") == {}


def test_a_test_case_for_each_and_a_failure_for_each_trouble() -> None:
    suite = ElementTree.fromstring(render_junit(catalogue(), NOW)).find("testsuite")
    assert suite is not None
    assert {name: suite.get(name) for name in ("tests", "failures", "errors")} == {"tests": "6", "failures": "3", "errors": "1"}
    failed = {case.get("name"): case[0].get("type") for case in suite if case[0].tag == "failure"}
    assert failed == {"orders-db": "held", "billing-db": "overdue", "telemetry": "quarantined"}
    assert [case.get("name") for case in suite if case[0].tag == "error"] == ["backup"]


def test_what_nobody_asked_to_fail_does_not() -> None:
    suite = ElementTree.fromstring(render_junit(catalogue(), NOW, ["overdue"])).find("testsuite")
    assert suite is not None and (suite.get("failures"), suite.get("errors")) == ("1", "1")


def test_hostile_names_are_text_in_every_form() -> None:
    hostile = one_of({**exempt(HOSTILE, type=HOSTILE, id=HOSTILE), "waiting_for": [HOSTILE]})
    case = ElementTree.fromstring(render_junit([hostile], NOW)).find("testsuite/testcase")
    assert case is not None and "<script>alert" in str(case.get("name")) and "\x1b" not in str(case.get("name"))
    assert json.loads(render_json([hostile], NOW))["credentials"][0]["credential"] == HOSTILE


def test_the_json_has_the_facts_and_what_follows_from_them() -> None:
    report = json.loads(render_json(catalogue(), NOW))
    by_name = {one["credential"]: one for one in report["credentials"]}
    assert (report["schema"], report["generated_at"], len(by_name)) == (1, "2026-11-21T12:00:00Z", 6)
    assert by_name["billing-db"]["due_in_seconds"] == -3 * 86400
    assert by_name["orders-db"]["consumers"][1] == {"host": "web2", "proved": False, "detail": "unreachable"}
    assert by_name["telemetry"]["troubles"][0]["kind"] == "quarantined"
    assert by_name["legacy"]["exempt_until"] == "2027-01-31T00:00:00Z" and by_name["backup"]["state"] == "failed"
    assert json.loads(render_json([one_of(fact("x"))], NOW))["credentials"][0]["policy"]["rotate_after"] == 90 * 86400
