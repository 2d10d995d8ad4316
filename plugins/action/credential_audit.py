# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what is wrong with a credential between its rotations. Always on the controller, which knows the inventory's addresses."""

from __future__ import annotations

import shlex
import typing as t

from ansible import context
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.action.credential_rotate import ActionModule as RotateAction
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.audit import audit_credential, audit_options
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.plugin_utils.addresses import AddressBook
from ansible_collections.locksmith.rotation.plugins.plugin_utils.arguments import validated


class ActionModule(RotateAction):
    """P(credential_rotate.ActionModule) that only looks."""

    def _is_here(self) -> bool:
        return True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        self._book = AddressBook(task_vars or {})
        return super().run(tmp, task_vars)

    def _run_here(self, issuer: type[Issuer], arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        validator = ArgumentSpecValidator({**issuer.OPTIONS, **audit_options()}, **issuer.CONSTRAINTS)
        options = validated(validator, arguments, f"{arguments.get('name', '')}: ")
        command = rollback_command(options["name"], context.CLIARGS.get("inventory") or ())
        return audit_credential(issuer, options, self._book.hosts_of, command)


def rollback_command(credential: str, inventories: t.Iterable[str]) -> str:
    """What brings the previous version back, with this run's own inventories."""
    sources = " ".join(f"-i {shlex.quote(str(source))}" for source in inventories)
    return f"ansible-playbook {sources or '-i …'} locksmith.rotation.rollback -e rotate_only={shlex.quote(credential)}"
