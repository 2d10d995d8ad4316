# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Could a credential be deployed on this host? Looks at the place of the file, its owner, its service and its probe. Changes nothing.

Called by the module C(consumer_examine) on the host.
"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer import files, marker
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import host_path, service_title
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.health import Host, supervisorctl
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import LocksmithError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import CRITICAL, HOSTS, WARNING, Check

Entry = t.Mapping[str, t.Any]
#: supervisorctl's status for a name that it does not know, of "status NAME".
_NO_SUCH_PROCESS = 4


def examine_entry(host: Host, entry: Entry, state_dir: str | None) -> list[Check]:
    """What would keep the entry from being deployed; nothing where nothing would."""
    asked: list[t.Callable[[], str]] = [
        lambda: _place(entry),
        lambda: _state(state_dir),
        lambda: _service(host, entry),
        lambda: _probe(host, entry),
    ]
    return [check for check in (_ask(question) for question in asked) if check is not None]


def _ask(question: t.Callable[[], str]) -> Check | None:
    try:
        problem = question()
    except LocksmithError as error:
        return Check(HOSTS, CRITICAL, error.message, error.next_step)
    if not problem:
        return None
    return Check(HOSTS, WARNING if problem.startswith("~") else CRITICAL, problem.lstrip("~"), "mend it, or correct the entry.")


def _place(entry: Entry) -> str:
    path = host_path(entry["dest"])
    files.check_place(path)
    files.attributes_of(int(entry["mode"], 8), entry["owner"], entry["group"])
    directory = os.path.dirname(path)
    return "" if os.access(directory, os.W_OK | os.X_OK) else f"this task's user may not write in {directory}."


def _state(state_dir: str | None) -> str:
    """The nearest directory that is there decides."""
    directory = marker.state_directory(state_dir)
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    return (
        "" if os.access(directory, os.W_OK | os.X_OK) else f"this task's user may not write in {directory} (consumer_state_dir)."
    )


def _service(host: Host, entry: Entry) -> str:
    """What is wrong with it, after a C(~) where that may be right by the time that it counts."""
    service = entry["service"]
    if not service or service["action"] == "none":
        return ""
    finder = {"systemd": _unit, "supervisor": _program, "command": _command, "signal": _pid_file}.get(service["manager"], _script)
    return finder(host, service, service_title(entry))


def _unit(host: Host, service: Entry, title: str) -> str:
    systemctl = host.get_bin_path("systemctl")
    if systemctl is None:
        return f"the service {title} is systemd's, and this host has no systemctl."
    argv, environment = [systemctl, "show", "-p", "LoadState", "--", service["name"]], {}
    if service["scope"] == "user":
        argv.insert(1, "--user")
        environment["XDG_RUNTIME_DIR"] = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"
    code, out, dummy = host.run_command(argv, environ_update=environment)
    state = out.strip().partition("=")[2]
    if code != 0 or not state:
        return f"~whether systemd knows {title} could not be told (systemctl ended with {code})."
    return "" if state == "loaded" else f"systemd has no usable unit {title} (it is {state})."


def _program(host: Host, service: Entry, title: str) -> str:
    argv = supervisorctl(service, "status")
    found = host.get_bin_path(argv[0])
    if found is None:
        return f"the service {title} is supervisor's, and this host has no supervisorctl."
    code = host.run_command([found, *argv[1:]])[0]
    return f"supervisor has no program {title}." if code == _NO_SUCH_PROCESS else ""


def _command(host: Host, service: Entry, title: str) -> str:
    return _executable(host, service["command"][0])


def _pid_file(host: Host, service: Entry, title: str) -> str:
    return (
        "" if os.path.exists(service["pid_file"]) else f"~there is no {service['pid_file']}, so nothing could be signalled now."
    )


def _script(host: Host, service: Entry, title: str) -> str:
    """C(service) and C(sysvinit): a script, or a unit where systemd stands in for them."""
    if os.path.exists(f"/etc/init.d/{service['name']}"):
        return ""
    return _unit(host, {**service, "scope": "system"}, title)


def _probe(host: Host, entry: Entry) -> str:
    command = (entry["probe"] or {}).get("command")
    return _executable(host, command[0]) if command else ""


def _executable(host: Host, program: str) -> str:
    found = os.access(program, os.X_OK) if "/" in program else host.get_bin_path(program) is not None
    return "" if found else f"there is no program {program} that this task's user may run."
