# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module of the same name in the controller's worker when the connection is local, and as a module when it is not.

A task without O(url) takes the options of its Grafana from the variable C(credential_options) of its host: whatever is an
argument of a task is shown to every callback, secrets too.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.grafana_migration import (
    CONSTRAINTS,
    OPTIONS,
    perform,
    told_of_failure,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_server import SERVER_OPTIONS
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.arguments import validated
from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import left_out
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain

_OF_SERVER = {name for option, spec in SERVER_OPTIONS.items() for name in (option, *spec.get("aliases", ()))}


class ActionModule(ActionBase):
    """See the module's docstring."""

    _requires_connection = False
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            arguments = self._complete(task_vars or {})
            if self._connection.transport == "local" and self._connection.become is None:
                result.update(self._run_here(arguments))
            else:
                name = "locksmith.rotation.grafana_api_key_migrate"
                result.update(self._execute_module(module_name=name, module_args=arguments, task_vars=task_vars or {}))
                result.pop("invocation", None)
        except Exception as error:  # whatever happens, no traceback: it could show a value
            result.update(told_of_failure(error), failed=True)
        if not self._task.diff:
            result.pop("diff", None)
        return result

    def _complete(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        written = {name: value for name, value in plain(self._task.args).items() if value is not None}
        if "url" in written or "grafana_url" in written:
            return written
        options = left_out(self._templar, {}, task_vars, {"options": "credential_options"}).get("options")
        if not isinstance(options, dict):
            raise ConfigurationError("there is no url.", next_step="give one, or let the host's credential_options have it.")
        return {**{name: value for name, value in options.items() if name in _OF_SERVER and value is not None}, **written}

    def _run_here(self, arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        return perform(validated(ArgumentSpecValidator(OPTIONS, **CONSTRAINTS), arguments), bool(self._task.check_mode))
