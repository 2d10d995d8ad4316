# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An action plugin that runs modules on the host and sends them values. Base of those that deploy, and that install an agent.

A value goes to the host by standard input, into a file that only the task's user may read in a directory that only that
user may enter; a module there takes it from that file and deletes it. So it is in no argument, environment or module file.
"""

from __future__ import annotations

import json
import secrets
import shlex
import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.marker import STAGED
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, Rejected
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text


class HostAction(ActionBase):
    """See the module's docstring."""

    def send(
        self, name: str, staged: t.Mapping[str, t.Any], state_dir: str, variables: dict[str, t.Any], **arguments: t.Any
    ) -> dict[str, t.Any]:
        """Run a module that takes C(staged) from a file in C(state_dir) and deletes that, whatever happens.

        :raises ConfigurationError: the connection cannot pass standard input. :raises Rejected: the host refused, or the module did.
        """
        path = f"{state_dir}/{STAGED}{secrets.token_hex(8)}"
        if not getattr(self._connection, "has_pipelining", False):
            raise ConfigurationError(
                f"The connection {plain_text(self._connection.transport)} cannot pass a value by standard input.",
                next_step="use ssh or local, or another connection plugin that supports pipelining.",
            )
        finished = False
        try:
            self._stage(path, state_dir, json.dumps(staged))
            done = self.run_module(name, variables, staged=path, state_dir=state_dir, **arguments)
            finished = True
            return done
        finally:
            if not finished:
                self._discard(path)

    def run_module(self, name: str, variables: dict[str, t.Any], **arguments: t.Any) -> dict[str, t.Any]:
        """:raises Rejected: the module failed. An unreachable host is Ansible's own exception and passes."""
        answer: dict[str, t.Any] = self._execute_module("locksmith.rotation." + name, arguments, task_vars=variables)
        if "module_stdout" in answer:
            raise Rejected(
                f"{name} did not run on the host (status {answer.get('rc')}).",
                next_step="run once more with -vvv: the Python of ansible_python_interpreter may be missing for the task's user.",
            )
        if answer.get("failed"):
            raise Rejected(plain_text(answer.get("msg") or f"{name} failed on the host."))
        return plain(answer)

    def _stage(self, path: str, state_dir: str, text: str) -> None:
        command = f"umask 077; mkdir -p {shlex.quote(state_dir)} && cat > {shlex.quote(path)}"
        answer = self._low_level_execute_command(command, in_data=text.encode("utf-8"))
        if answer["rc"] != 0:
            raise Rejected(
                f"Nothing can be written in {state_dir} (status {answer['rc']}).",
                next_step="let the user of this task write there, or name another consumer_state_dir.",
            )

    def _discard(self, path: str) -> None:
        """After a failure; if this fails as well, the next run on the host sweeps it."""
        try:
            self._low_level_execute_command(f"rm -f {shlex.quote(path)}")
        except AnsibleError:  # the host went away
            return
