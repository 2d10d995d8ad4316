# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the entries of a host here, and has the host look whether they could be deployed. Stores stay on the controller."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import read_entries
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import LocksmithError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain


class ActionModule(ActionBase):
    """See the module's docstring."""

    _supports_check_mode = True
    _supports_async = False
    _VALID_ARGS = frozenset(("credentials", "state_dir"))

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            entries = read_entries(plain(self._task.args.get("credentials")))
            public = [{name: value for name, value in entry.items() if name not in ("store", "type", "id")} for entry in entries]
            given = {"credentials": public, "state_dir": self._task.args.get("state_dir")}
            result.update(self._execute_module("locksmith.rotation.consumer_examine", given, task_vars=task_vars))
            result.pop("invocation", None)
        except LocksmithError as error:
            result.update(failed=True, msg=str(error))
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        return result
