# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells a host's agent what to render: works out its templates on the controller, and has a module write them on the host.

The role id and the secret id are variables of the host, not options: every callback is shown a task's arguments.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.agent import AGENT_OPTIONS
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import read_entries, shape_of
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, LocksmithError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.shapes import check_shapes
from ansible_collections.locksmith.rotation.plugins.plugin_utils.agent_templates import Server, template_for
from ansible_collections.locksmith.rotation.plugins.plugin_utils.host_action import HostAction
from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import left_out
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text

#: What is sent to the host to the variable that holds it.
_SENT = {"role_id": "vault_agent_role_id", "secret_id": "vault_agent_secret_id"}


class ActionModule(HostAction):
    """See the module's docstring."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            result.update(self._configure(task_vars or {}))
        except LocksmithError as error:
            result.update(failed=True, msg=str(error))
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        if not self._task.diff:
            result.pop("diff", None)
        return result

    def _configure(self, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        options = {name: value for name, value in plain(self._task.args).items() if value is not None}
        check_shapes(AGENT_OPTIONS, options)
        entries = [entry for entry in read_entries(options.pop("credentials", [])) if entry["pull"]]
        if not entries:
            raise ConfigurationError(
                "No entry of consumer_credentials has pull: vault_agent, so there is nothing for an agent to do.",
                next_step="mark those that this host is to pull by itself, or leave the role out.",
            )
        templates, server = self._templates(entries, variables)
        arguments = {**server.defaults(), **options, "templates": templates}
        state_dir = self.run_module("consumer_inspect", variables, entries=[], state_dir=options.pop("state_dir", None))[
            "state_dir"
        ]
        arguments["state_dir"] = state_dir
        sent = {name: plain_text(value) for name, value in left_out(self._templar, {}, variables, _SENT).items() if value}
        if sent and not self._task.check_mode:
            return self._public(self.send("vault_agent_write", sent, variables=variables, **arguments))
        return self._public(self.run_module("vault_agent_write", variables, **arguments))

    def _templates(self, entries: t.Sequence[dict[str, t.Any]], variables: dict[str, t.Any]) -> tuple[list[t.Any], Server]:
        """What is to be rendered, and the one server that all of it is on."""
        made = [(entry, *template_for(entry, variables["hostvars"])) for entry in entries]
        server = made[0][2]
        for entry, _contents, other in made:
            if other != server:
                raise ConfigurationError(
                    f"{entry['credential']} and {entries[0]['credential']} are on different servers or in different namespaces, and "
                    "an agent has one.",
                    next_step="leave pull out of the entries of one of them.",
                )
        hidden = ("store", "type")
        items = [{name: value for name, value in entry.items() if name not in hidden} for entry, _contents, _server in made]
        return [
            {"entry": {**item, "shape": shape_of(item)}, "contents": contents}
            for item, (_entry, contents, _server) in zip(items, made)
        ], server

    def _public(self, answer: dict[str, t.Any]) -> dict[str, t.Any]:
        return {name: value for name, value in answer.items() if name != "invocation"}
