# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what an audit found, writes it to a file if asked to, and fails if it is bad enough. Runs once, on the controller."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import SEVERITIES, reaches
from ansible_collections.locksmith.rotation.plugins.plugin_utils.audit_hosts import judge_host
from ansible_collections.locksmith.rotation.plugins.plugin_utils.audit_summary import (
    count,
    drop_shared,
    is_right,
    lines_of,
    not_audited,
)
from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import GROUP
from ansible_collections.locksmith.rotation.plugins.plugin_utils.json_file import write_json
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text

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
        fail_on = plain_text(self._task.args.get("fail_on") or "critical")
        if fail_on not in (*SEVERITIES, "never"):
            return {
                **result,
                "failed": True,
                "msg": f"fail_on is {fail_on!r}. Next: write one of {', '.join(SEVERITIES)}, never.",
            }
        audits = self._gather(variables)
        for line in lines_of(audits):
            Display().display(line)
        told = [{name: audit[name] for name in _TOLD if name in audit} for audit in audits]
        findings = [finding for audit in told for finding in audit["findings"]]
        report = {"format": _FORMAT, "at": plain_text(self._task.args["now"]), "counts": count(findings), "credentials": told}
        problem = write_json(plain_text(self._task.args.get("json") or ""), report)
        bad = sum(reaches(finding, fail_on) for finding in findings)
        if bad:
            problem = f"{problem} {bad} findings are {fail_on} or worse; they are printed above.".strip()
        return {**result, "changed": False, "failed": bool(problem), "msg": problem or "audited", "audit": report}

    def _gather(self, variables: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        catalogue = [plain_text(name) for name in variables["groups"].get(GROUP, ())]
        names = plain(self._task.args.get("credentials") or catalogue)
        audits = [_audit_of(name, variables["hostvars"]) for name in names]
        drop_shared(audits, set(names) >= set(catalogue))
        consumers = plain(self._task.args.get("consumers") or {})
        for audit in audits:
            _add_hosts(audit, consumers.get(audit["credential"], ()), variables["hostvars"])
        return audits


def _audit_of(name: str, hostvars: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    result = plain(hostvars[name].get("credential_result") or {}) if name in hostvars else {}
    return {**result, "credential": name} if "findings" in result else not_audited(name, result)


def _add_hosts(audit: dict[str, t.Any], hosts: t.Sequence[str], hostvars: t.Mapping[str, t.Any]) -> None:
    right = 0
    for host in hosts:
        seen = hostvars[host].get("consumer_seen")
        found = [finding.public() for finding in judge_host(host, audit["credential"], None if seen is None else plain(seen))]
        audit["findings"] = [*audit["findings"], *found]
        right += is_right(found)
    audit.update(hosts=len(hosts), hosts_right=right)
