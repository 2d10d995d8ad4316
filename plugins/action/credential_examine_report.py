# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what the doctor found, and fails if it is bad enough. Runs once, on the controller."""

from __future__ import annotations

import pathlib
import sys
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import WARNING, reaches
from ansible_collections.locksmith.rotation.plugins.plugin_utils.doctor_summary import (
    checks_of_host,
    elsewhere,
    lines_of,
    not_examined,
)
from ansible_collections.locksmith.rotation.plugins.plugin_utils.findings_options import Options, registered
from ansible_collections.locksmith.rotation.plugins.plugin_utils.findings_report import Facts, FindingsReport
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain_text

_TOLD = ("credential", "type", "checks", "rights", "instead", "hosts", "hosts_ready")


class ActionModule(FindingsReport):
    """See the module's docstring."""

    RESULT, DONE, FINDINGS = "doctor", "examined", "checks"
    TOLD = _TOLD
    _VALID_ARGS = frozenset(("credentials", "consumers", "now", "fail_on", "json", "policies"))

    def _gather(self, options: Options, hostvars: t.Mapping[str, t.Any]) -> list[Facts]:
        return _gather(options, hostvars)

    def _is_amiss(self, finding: Facts) -> bool:
        return bool(finding["severity"])

    def _lines(self, gathered: t.Sequence[Facts]) -> list[str]:
        return lines_of(gathered, library_fix(), self._task.args.get("policies", True) is not False)


def _gather(options: Options, hostvars: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    examined = [_examined(name, hostvars) for name in options.credentials]
    for one in examined:
        _add_hosts(one, options.consumers.get(one["credential"], ()), hostvars)
    return examined


def _examined(name: str, hostvars: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    result = registered(name, "credential_examined", hostvars) or {}
    if "checks" in result:
        return {**result, "credential": name}
    if hostvars[name].get("credential_run_on"):
        return elsewhere(name, plain_text(hostvars[name]["credential_run_on"]))
    return not_examined(name, result)


def _add_hosts(one: dict[str, t.Any], hosts: t.Sequence[str], hostvars: t.Mapping[str, t.Any]) -> None:
    ready = 0
    for host in hosts:
        found = checks_of_host(host, one["credential"], registered(host, "consumer_examined", hostvars))
        one["checks"] = [*one["checks"], *found]
        ready += not any(reaches(check, WARNING) for check in found if check["severity"])
    one.update(hosts=len(hosts), hosts_ready=ready)


def library_fix() -> list[str]:
    """What installs everything that any issuer and store needs, where this runs and in an execution environment."""
    collection = pathlib.Path(__file__).parents[2]
    return [
        "Where this runs, install the missing libraries with:",
        f"    {sys.executable} -m pip install -r {collection / 'requirements.txt'}",
        "In an execution environment ansible-builder installs them with the collection, which brings the list. execution-environment.yml:",
        "    version: 3",
        "    dependencies:",
        "      galaxy: {collections: [{name: locksmith.rotation}]}",
    ]
