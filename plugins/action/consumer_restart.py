# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts or reloads the services of a host that hold an old value, each once, with Ansible's own modules."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import read_services
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.health import supervisorctl
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import LocksmithError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain

Service = t.Mapping[str, t.Any]
_STATES = {"restart": "restarted", "reload": "reloaded"}
_RESET = """
test "$1" = user && export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/run/user/$(id -u)}"
exec systemctl "--$1" reset-failed -- "$2"
"""


class ActionModule(ActionBase):
    """See the module's docstring."""

    _supports_check_mode = True
    _supports_async = False
    _VALID_ARGS = frozenset(("services",))

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker. A service that does not restart is reported, and the others are still done."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        done = {}
        try:
            due = read_services(plain(self._task.args.get("services") or []))
            for one in due:
                done[one["key"]] = self._skip(one) if self._task.check_mode else self._perform(one, task_vars or {})
        except LocksmithError as error:
            return {**result, "failed": True, "msg": str(error), "services": {}}
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
        result.update(changed=bool(due), services=done)
        failures = [f"{one['title']}: {done[one['key']]['detail']}" for one in due if not done[one["key"]]["ok"]]
        if failures:
            result.update(failed=True, msg=". ".join(failures))
        return result

    def _skip(self, one: Service) -> dict[str, t.Any]:
        return {"ok": True, "detail": f"would {one['do']}"}

    def _perform(self, one: Service, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        answer = self._call(one["service"], one["do"], variables)
        if answer.get("failed") or answer.get("rc", 0) != 0:
            status = f" (status {answer['rc']})" if answer.get("rc") else ""
            return {"ok": False, "detail": f"the {one['do']} of {one['title']} failed{status}"}
        return {"ok": True, "detail": one["do"]}

    def _call(self, service: Service, do: str, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        manager = service["manager"]
        if manager == "systemd":
            return self._systemd(service, do, variables)
        if manager == "sysvinit":
            return self._module("ansible.builtin.sysvinit", {"name": service["name"], "state": _STATES[do]}, variables)
        if manager == "service":
            return self._module("ansible.builtin.service", {"name": service["name"], "state": _STATES[do]}, variables)
        if manager == "signal":
            arguments = {"pid_file": service["pid_file"], "signal": service["signal"]}
            return self._module("locksmith.rotation.consumer_signal", arguments, variables)
        argv = service["command"] if manager == "command" else _supervisor(service, do)
        return self._module("ansible.builtin.command", {"argv": argv}, variables)

    def _systemd(self, service: Service, do: str, variables: dict[str, t.Any]) -> dict[str, t.Any]:
        """A unit that crashed too often on a bad version has used up its starts: it gets new ones, and one more try."""
        arguments = {"name": service["name"], "state": _STATES[do], "scope": service["scope"]}
        answer = self._module("ansible.builtin.systemd_service", arguments, variables)
        if answer.get("failed") and do == "restart":
            argv = ["/bin/sh", "-c", _RESET, "sh", service["scope"], service["name"]]
            self._module("ansible.builtin.command", {"argv": argv}, variables)
            answer = self._module("ansible.builtin.systemd_service", arguments, variables)
        return answer

    def _module(self, name: str, arguments: dict[str, t.Any], variables: dict[str, t.Any]) -> dict[str, t.Any]:
        answer: dict[str, t.Any] = self._execute_module(name, arguments, task_vars=variables)
        return answer


def _supervisor(service: Service, do: str) -> list[str]:
    return supervisorctl(service, "restart") if do == "restart" else supervisorctl(service, "signal", service["signal"])
