# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Prometheus' own tool says of the metrics and of the alert rules."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess

from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_prometheus import NAMES, render_metrics
from ansible_collections.locksmith.rotation.tests.unit.plugins.plugin_utils.report_cases import (
    HOSTILE,
    NOW,
    catalogue,
    one_of,
    rolling,
)

HERE = pathlib.Path(__file__).parent
RULES = HERE.parents[1] / "docs" / "monitoring" / "alerts.yml"


def promtool(*arguments: str, given: str = "") -> str:
    """All that it says. :raises AssertionError: it finds fault."""
    done = subprocess.run(["promtool", *arguments], input=given, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_metrics_are_as_prometheus_wants_them_named_typed_and_written() -> None:
    text = render_metrics([*catalogue(), one_of(rolling(HOSTILE, type=HOSTILE))], NOW, "rotate")
    assert promtool("check", "metrics", given=text) == ""


def test_the_rules_are_rules_and_fire_when_they_should_and_only_then() -> None:
    assert "9 rules found" in promtool("check", "rules", "--lint=all", "--lint-fatal", str(RULES))
    assert "SUCCESS" in promtool("test", "rules", str(HERE / "alerts_test.yml"))


def test_the_queries_of_the_dashboard_are_such(tmp_path: pathlib.Path) -> None:
    panels = json.loads(RULES.with_name("dashboard.json").read_text(encoding="utf-8"))["panels"]
    queries = [target["expr"].replace("$credential", ".*") for panel in panels for target in panel["targets"]]
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    written = tmp_path / "queries.yml"
    written.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}), encoding="utf-8")
    assert f"{len(queries)} rules found" in promtool("check", "rules", str(written))


def test_every_rule_is_about_a_metric_that_we_write_and_every_rule_is_tested() -> None:
    text = RULES.read_text(encoding="utf-8")
    assert set(re.findall(r"locksmith_[a-z_]+", text)) <= NAMES
    tested = (HERE / "alerts_test.yml").read_text(encoding="utf-8")
    assert [alert for alert in re.findall(r"- alert: (\w+)", text) if alert not in tested] == []
