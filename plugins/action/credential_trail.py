# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Appends to the audit trail what a run did. Gathers it on the controller; writes there, or on the host that the task is delegated to.

The trail never holds more than P(run_facts) tells, the names of hosts and who ran this.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, LocksmithError
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.options import OPTIONS, write
from ansible_collections.locksmith.rotation.plugins.plugin_utils.arguments import validated
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain
from ansible_collections.locksmith.rotation.plugins.plugin_utils.trail_reports import doer, report_of


class ActionModule(ActionBase):
    """See the module's docstring."""

    _requires_connection = False
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            arguments = self._arguments(plain(self._task.args), task_vars or {})
            told = self._write(arguments, task_vars or {})
        except LocksmithError as error:
            return {**result, "failed": True, "msg": str(error)}
        if not told.get("failed") and not told.get("unreachable"):
            _show(told, "would be recorded" if self._task.check_mode else "recorded")
        return {**result, **told}

    def _arguments(self, given: dict[str, t.Any], variables: dict[str, t.Any]) -> dict[str, t.Any]:
        """As the module takes them. :raises ConfigurationError: it would refuse them."""
        arguments = validated(ArgumentSpecValidator(OPTIONS), given)
        lost = [name for name in arguments["credentials"] if name not in variables["hostvars"]]
        if lost:
            raise ConfigurationError(f"{', '.join(lost)}: no such host in the inventory.")
        reports = [report_of(name, variables) for name in arguments["credentials"]]
        return {**arguments, "reports": reports, "by": doer(variables)}

    def _write(self, arguments: dict[str, t.Any], variables: dict[str, t.Any]) -> dict[str, t.Any]:
        if self._connection.transport == "local" and self._connection.become is None:
            return write(arguments, bool(self._task.check_mode))
        module = "locksmith.rotation.credential_trail"
        told: dict[str, t.Any] = self._execute_module(module_name=module, module_args=arguments, task_vars=variables)
        told.pop("invocation", None)
        return told


def _show(told: t.Mapping[str, t.Any], done: str) -> None:
    """A line for whoever keeps the head elsewhere: the output of the run is such a place."""
    late = f", {told['late']} of them of another run" if told["late"] else ""
    Display().display(f"Audit trail {told['path']}: {told['recorded']} {done}{late}. Head {told['head']}")
    for gap in told["gaps"]:
        Display().warning(f"The audit trail lacks events that no journal has any more. {gap}")
    for problem in told["problems"]:
        Display().warning(f"The audit trail {told['path']} is not what was written. {problem}")
