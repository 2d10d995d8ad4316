# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what an audit found, writes it to a file if asked to, and fails if it is bad enough. Runs once, on the controller."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import State
from ansible_collections.locksmith.rotation.plugins.plugin_utils.audit_hosts import judge_host
from ansible_collections.locksmith.rotation.plugins.plugin_utils.audit_summary import (
    drop_shared,
    is_right,
    lines_of,
    not_audited,
)
from ansible_collections.locksmith.rotation.plugins.plugin_utils.findings_options import Options, registered
from ansible_collections.locksmith.rotation.plugins.plugin_utils.findings_report import Facts, FindingsReport

#: What of an audit goes into the file and the result.
_TOLD = (
    *("credential", "type", "identity", "store", "state", "version", "id", "fingerprint", "created_at", "published_at", "due_at"),
    *("value", "replaced", "lists_keys", "hosts", "hosts_right", "findings"),
)


class ActionModule(FindingsReport):
    """See the module's docstring."""

    RESULT, DONE, FINDINGS = "audit", "audited", "findings"
    TOLD = _TOLD
    _VALID_ARGS = frozenset(("credentials", "consumers", "now", "fail_on", "json"))

    def _gather(self, options: Options, hostvars: t.Mapping[str, t.Any]) -> list[Facts]:
        return _gather(options, hostvars)

    def _lines(self, gathered: t.Sequence[Facts]) -> list[str]:
        return lines_of(gathered)


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
