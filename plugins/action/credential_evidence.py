# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the evidence of a period into a directory on the controller, from what earlier tasks found.

The trail's entries are taken from the variable C(evidence_trail), not from an argument: they are long, and callbacks are shown arguments.
"""

from __future__ import annotations

import os
import time
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, Denied, LocksmithError
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.period import read_period
from ansible_collections.locksmith.rotation.plugins.plugin_utils.arguments import validated
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_account import Account
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_ages import ages
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_answer import Found
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_catalogue import alert_channels, listed
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_pack import PAGE, make_pack
from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import GROUP
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text

_OPTIONS: dict[str, t.Any] = {
    "dest": {"type": "path", "required": True},
    "since": {"type": "str", "required": True},
    "before": {"type": "str", "required": True},
    "head_was_compared": {"type": "bool", "default": False},
}
_CHANNELS = "rotation_notify_channels"


class ActionModule(ActionBase):
    """See the module's docstring."""

    _requires_connection = False
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            arguments = validated(ArgumentSpecValidator(_OPTIONS), plain(self._task.args))
            files = make_pack(_found(arguments, task_vars or {}), to_iso(time.time()) or "")
            changed = _write_all(arguments["dest"], files, bool(self._task.check_mode))
        except LocksmithError as error:
            return {**result, "failed": True, "msg": str(error)}
        written = sorted(os.path.join(arguments["dest"], name) for name in files)
        return {**result, "changed": changed, "files": written, "page": os.path.join(arguments["dest"], PAGE)}


def _found(arguments: t.Mapping[str, t.Any], variables: dict[str, t.Any]) -> Found:
    trail = plain(variables.get("evidence_trail") or {})
    if "entries" not in trail:
        raise ConfigurationError(
            "no task before this one registered evidence_trail.",
            next_step="run credential_trail_info with since and before first, as playbooks/evidence.yml does.",
        )
    period = read_period(arguments["since"], arguments["before"])
    account = Account(trail.pop("entries"), period)
    credentials = listed([plain_text(name) for name in variables["groups"].get(GROUP, ())], variables)
    at = min(period.until, time.time())
    alerts = alert_channels(_as_written(_CHANNELS, variables))
    return Found(account, credentials, ages(credentials, account, at), trail, alerts, arguments["head_was_compared"], at)


def _as_written(name: str, variables: dict[str, t.Any]) -> t.Any:
    """A variable of this host, or of localhost, without evaluating templates: it holds secrets."""
    if name in variables:
        return variables[name]
    return variables["hostvars"].raw_get("localhost").get(name) if "localhost" in variables["hostvars"] else None


def _write_all(directory: str, files: t.Mapping[str, str], check_mode: bool) -> bool:
    """Whether any file is new or another one. :raises Denied: the directory cannot be written to."""
    changed = False
    try:
        if not check_mode:
            os.makedirs(directory, mode=0o750, exist_ok=True)
        for name, text in files.items():
            changed = _write(os.path.join(directory, name), text.encode(), check_mode) or changed
    except ValueError:
        raise ConfigurationError(f"{directory!r} is no path.", next_step="name a directory.") from None
    except OSError as problem:
        raise Denied(
            f"{directory} cannot be written to: {problem.strerror}.", next_step="choose another evidence_dest."
        ) from None
    return changed


def _write(path: str, data: bytes, check_mode: bool) -> bool:
    """Replace a file as a whole."""
    if os.path.exists(path):
        with open(path, "rb") as file:
            if file.read() == data:
                return False
    if not check_mode:
        part = f"{path}.part"
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640), "wb") as file:
            file.write(data)
        os.replace(part, path)
    return True
