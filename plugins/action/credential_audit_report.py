# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what an audit found, writes it to a file if asked to, and fails if it is bad enough. Runs once, on the controller."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import State
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import reaches
from ansible_collections.locksmith.rotation.plugins.plugin_utils.audit_hosts import judge_host
from ansible_collections.locksmith.rotation.plugins.plugin_utils.audit_summary import (
    count,
    drop_shared,
    is_right,
    lines_of,
    not_audited,
)
from ansible_collections.locksmith.rotation.plugins.plugin_utils.findings_options import Options, options_of, registered
from ansible_collections.locksmith.rotation.plugins.plugin_utils.json_file import write_json

_FORMAT = 1
#: What of an audit goes into the file and the result.
_TOLD = (
    *("credential", "type", "identity", "store", "state", "version", "id", "fingerprint", "created_at", "published_at", "due_at"),
    *("value", "replaced", "lists_keys", "hosts", "hosts_right", "findings"),
)


class ActionModule(ActionBase):
    """See the module's docstring."""

    _requires_connection = False
    _supports_check_mode = True
    _VALID_ARGS = frozenset(("credentials", "consumers", "now", "fail_on", "json"))

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        try:
            options = options_of(self._task.args, variables)
        except ConfigurationError as error:
            return {**result, "failed": True, "msg": str(error)}
        audits = _gather(options, variables["hostvars"])
        for line in lines_of(audits):
            Display().display(line)
        told = [{name: audit[name] for name in _TOLD if name in audit} for audit in audits]
        findings = [finding for audit in told for finding in audit["findings"]]
        report = {"format": _FORMAT, "at": options.now, "counts": count(findings), "credentials": told}
        problem = write_json(options.json, report)
        bad = sum(reaches(finding, options.fail_on) for finding in findings)
        if bad:
            problem = f"{problem} {bad} findings are {options.fail_on} or worse; they are printed above.".strip()
        return {**result, "changed": False, "failed": bool(problem), "msg": problem or "audited", "audit": report}


def _gather(options: Options, hostvars: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    audits = [_audit_of(name, registered(name, "credential_result", hostvars) or {}) for name in options.credentials]
    drop_shared(audits, options.whole)
    for audit in audits:
        _add_hosts(audit, options.consumers.get(audit["credential"], ()), hostvars)
    return audits


def _audit_of(name: str, result: dict[str, t.Any]) -> dict[str, t.Any]:
    return {**result, "credential": name} if "findings" in result else not_audited(name, result)


def _add_hosts(audit: dict[str, t.Any], hosts: t.Sequence[str], hostvars: t.Mapping[str, t.Any]) -> None:
    """Of a credential that has never been rotated nothing was ever deployed."""
    right, hosts = 0, () if audit.get("state") == State.ABSENT.value else hosts
    for host in hosts:
        seen = registered(host, "consumer_seen", hostvars)
        found = [finding.public() for finding in judge_host(host, audit["credential"], seen)]
        audit["findings"] = [*audit["findings"], *found]
        right += is_right(found)
    audit.update(hosts=len(hosts), hosts_right=right)
