# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the consumer role does to one host, in one process: the action plugins themselves, with this machine as the host.

Only the transport is ours: a module is called here instead of being sent, a command goes to /bin/sh.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import subprocess
import types
import typing as t

from ansible.module_utils.testing import patch_module_args

from ansible_collections.locksmith.rotation.plugins.action import consumer_deploy, consumer_restart

_MODULES = "ansible_collections.locksmith.rotation.plugins.modules."
_OURS = "locksmith.rotation."


class _Here:
    """Instead of a connection to a host."""

    def __init__(self, arguments: dict[str, t.Any]) -> None:
        self._task = types.SimpleNamespace(args=arguments, check_mode=False, diff=False)
        self._connection = types.SimpleNamespace(has_pipelining=True, transport="local")

    def _execute_module(self, module_name: str, module_args: dict[str, t.Any], **dummy: t.Any) -> dict[str, t.Any]:
        if module_name.startswith(_OURS):
            return module(module_name[len(_OURS) :], module_args)
        done = subprocess.run(module_args["argv"], check=False, capture_output=True)
        return {"rc": done.returncode, "failed": done.returncode != 0}

    def _low_level_execute_command(self, cmd: str, in_data: bytes | None = None, **dummy: t.Any) -> dict[str, t.Any]:
        done = subprocess.run(["/bin/sh", "-c", cmd], input=in_data, check=False, capture_output=True)
        return {"rc": done.returncode, "stdout": done.stdout.decode()}


class _Deploy(_Here, consumer_deploy.ActionModule):  # type: ignore[misc]
    """Puts the value in its file."""


class _Restart(_Here, consumer_restart.ActionModule):  # type: ignore[misc]
    """Restarts what holds an old one."""


def module(name: str, arguments: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """One of our modules, called as Ansible calls it on a host; its answer."""
    output = io.StringIO()
    with patch_module_args(dict(arguments)), contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        importlib.import_module(_MODULES + name).main()
    answer: dict[str, t.Any] = json.loads(output.getvalue().splitlines()[-1])
    return answer


def consume(entries: list[dict[str, t.Any]], hostvars: dict[str, t.Any], state_dir: str) -> dict[str, t.Any]:
    """Write, restart, probe, prove."""
    given = {"credentials": entries, "state_dir": state_dir}
    deployed = _Deploy(given)._deploy({"hostvars": hostvars})
    restart = _Restart({})
    restarted = {one["key"]: restart._perform(one, {}) for one in deployed["services"]}
    proved: dict[str, t.Any] = {"changed": False, "proofs": []}
    if deployed["to_prove"]:
        known = {"restarted": restarted, "state_dir": deployed["state_dir"]}
        proved = module("consumer_prove", {"entries": deployed["to_prove"], **known})
    return {
        "action": "consumed",
        "changed": deployed["changed"] or bool(restarted) or bool(proved.get("changed")),
        "failed": bool(deployed.get("failed") or proved.get("failed")),
        "msg": str(deployed.get("msg") or proved.get("msg") or ""),
        "proofs": [*deployed["proofs"], *proved.get("proofs", [])],
    }
