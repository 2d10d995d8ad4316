# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a service on this host up, and does it answer? Called by the modules that prove a deployment.

Nothing that a service, a command or a page says is repeated in a result: it could hold a value. Only status and exit codes are.
"""

from __future__ import annotations

import dataclasses
import os
import re
import socket
import ssl
import time
import typing as t
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from ansible.module_utils.urls import open_url

_PAGE_LIMIT = 1048576
_SBIN = ["/sbin", "/usr/sbin", "/usr/local/sbin"]


class Host(t.Protocol):
    """What of AnsibleModule is needed here."""

    def run_command(self, args: t.Any, **options: t.Any) -> tuple[int, str, str]:
        """As AnsibleModule does."""
        raise AssertionError("a protocol")  # pragma: no cover

    def get_bin_path(self, arg: str, required: bool = False, opt_dirs: t.Any = None) -> str | None:
        """As AnsibleModule does."""
        raise AssertionError("a protocol")  # pragma: no cover


@dataclasses.dataclass(frozen=True)
class ServiceState:
    """C(problem) is empty while it runs. C(instance) changes whenever it is started anew."""

    problem: str = ""
    instance: str = ""


def wait_until_healthy(host: Host, entry: t.Mapping[str, t.Any], fresh: bool) -> str:
    """Try until the service is up and its probe passes, as often as the entry's probe says; what is wrong, or empty.

    :arg fresh: it was just restarted or reloaded, or reads the file by itself: it must also stay up for C(settle) seconds.
    """
    probe = entry["probe"] or {"retries": 3, "delay": 2}
    problem = ""
    for attempt in range(1 + max(0, probe["retries"])):
        if attempt:
            time.sleep(probe["delay"])
        problem = _try_once(host, entry, entry["settle"] if fresh else 0)
        if not problem:
            return ""
    return problem


def _try_once(host: Host, entry: t.Mapping[str, t.Any], settle: int) -> str:
    before = service_state(host, entry["service"])
    problem = before.problem or run_probe(host, entry["probe"])
    if problem or settle <= 0:
        return problem
    time.sleep(settle)
    after = service_state(host, entry["service"])
    if not after.problem and after.instance != before.instance:
        return f"the service came up and restarted by itself within {settle} s"
    return after.problem


def service_state(host: Host, service: t.Mapping[str, t.Any] | None) -> ServiceState:
    """Ask the service manager. A service that is not restarted by us, or by a command of the user's, is not asked about."""
    if not service or service["action"] == "none":
        return ServiceState()
    ask = {
        "systemd": _systemd,
        "supervisor": _supervisor,
        "service": _init_script,
        "sysvinit": _init_script,
        "signal": _pid_file,
    }.get(service["manager"])
    return ask(host, service) if ask else ServiceState()


def _systemd(host: Host, service: t.Mapping[str, t.Any]) -> ServiceState:
    argv = [host.get_bin_path("systemctl", required=True), "show", "-p", "ActiveState,MainPID,NRestarts", "--", service["name"]]
    environment = {}
    if service["scope"] == "user":
        argv.insert(1, "--user")
        environment["XDG_RUNTIME_DIR"] = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"
    code, out, dummy = host.run_command(argv, environ_update=environment)
    shown = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    state = shown.get("ActiveState", f"unknown (systemctl ended with {code})")
    if state not in ("active", "reloading"):
        return ServiceState(f"systemd says that {service['name']} is {state}")
    return ServiceState(instance=shown.get("MainPID", "") + " " + shown.get("NRestarts", ""))


def supervisorctl(service: t.Mapping[str, t.Any], *words: str) -> list[str]:
    """The command line, with C(service.config) if there is one."""
    config = ["-c", service["config"]] if service["config"] else []
    return ["supervisorctl", *config, *words, service["name"]]


def _supervisor(host: Host, service: t.Mapping[str, t.Any]) -> ServiceState:
    argv = supervisorctl(service, "status")
    argv[0] = host.get_bin_path("supervisorctl", required=True) or argv[0]
    out = host.run_command(argv)[1]
    states = [words[1] if len(words) > 1 else "unknown" for words in (line.split() for line in out.splitlines()) if words]
    wrong = [state for state in states if state != "RUNNING"]
    if wrong or not states:
        shown = wrong[0] if wrong and re.fullmatch(r"[A-Z]+", wrong[0]) else "unknown"
        return ServiceState(f"supervisor says that {service['name']} is {shown}")
    return ServiceState(instance=" ".join(re.findall(r"pid (\d+)", out)))


def _init_script(host: Host, service: t.Mapping[str, t.Any]) -> ServiceState:
    command = host.get_bin_path("service", opt_dirs=_SBIN)
    argv = [command, service["name"], "status"] if command else ["/etc/init.d/" + service["name"], "status"]
    code = host.run_command(argv)[0]
    return ServiceState(f"its init script says that {service['name']} is not running (status {code})" if code else "")


def read_pid(path: str) -> int | None:
    """The process id in a pid file, or None."""
    try:
        with open(path, encoding="ascii") as file:
            pid = int(file.read(32).split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if pid > 1 else None


def _pid_file(host: Host, service: t.Mapping[str, t.Any]) -> ServiceState:
    pid = read_pid(service["pid_file"])
    if pid is None:
        return ServiceState(f"{service['pid_file']} names no process")
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ServiceState(f"process {pid}, which {service['pid_file']} names, does not exist")
    except PermissionError:  # somebody else's, so it exists
        pass
    return ServiceState(instance=str(pid))


def run_probe(host: Host, probe: t.Mapping[str, t.Any] | None) -> str:
    """One try. What is wrong, or empty."""
    if not probe:
        return ""
    if probe["url"]:
        return _probe_url(probe)
    if probe["port"]:
        return _probe_port(probe)
    return _probe_command(host, probe)


def _probe_url(probe: t.Mapping[str, t.Any]) -> str:
    parts = urlsplit(probe["url"])
    title = f"{parts.scheme}://{parts.hostname}{':' + str(parts.port) if parts.port else ''}{parts.path}"
    try:
        answer = open_url(
            probe["url"],
            timeout=probe["timeout"],
            validate_certs=probe["validate_certs"],
            ca_path=probe["ca_path"],
            use_proxy=False,
            http_agent="locksmith.rotation",
        )
        status, page = answer.status, answer.read(_PAGE_LIMIT).decode("utf-8", "replace")
    except HTTPError as error:
        status, page = error.code, error.read(_PAGE_LIMIT).decode("utf-8", "replace")
    except URLError as error:
        return f"{title} does not answer ({type(error.reason).__name__})"
    except (OSError, ssl.SSLError, ValueError) as error:
        return f"{title} does not answer ({type(error).__name__})"
    if status not in probe["status"]:
        return f"{title} answers {status}"
    if probe["contains"] and probe["contains"] not in page:
        return f"{title} answers {status} without the text that probe.contains names"
    return ""


def _probe_port(probe: t.Mapping[str, t.Any]) -> str:
    try:
        socket.create_connection((probe["host"], probe["port"]), timeout=probe["timeout"]).close()
    except OSError as error:
        return f"nothing accepts connections on {probe['host']}:{probe['port']} ({type(error).__name__})"
    return ""


def _probe_command(host: Host, probe: t.Mapping[str, t.Any]) -> str:
    argv = list(probe["command"])
    limit = host.get_bin_path("timeout")
    if limit:
        argv = [limit, str(probe["timeout"]), *argv]
    try:
        code = host.run_command(argv, expand_user_and_vars=False, handle_exceptions=False)[0]
    except OSError as error:
        return f"{probe['command'][0]} cannot be run ({os.strerror(error.errno or 0)})"
    return f"{probe['command'][0]} ended with status {code}" if code else ""
