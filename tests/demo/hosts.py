# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The consumer hosts: a directory tree each, with services under a supervisor of its own."""

from __future__ import annotations

import configparser
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from ansible_collections.locksmith.rotation.tests.demo.layout import TREE

#: Host to its services.
SERVICES = {"web1": ("orders-api", "charts"), "web2": ("orders-api", "charts"), "worker1": ("uploader", "agent")}
_START_SECONDS = 20


class Machine:
    """One host; a context manager. C(arguments): service to what its program is told besides its tree and port."""

    def __init__(
        self,
        tree: Path,
        sockets: Path,
        ports: t.Mapping[str, int],
        arguments: t.Mapping[str, t.Sequence[str]],
        environment: t.Mapping[str, str],
    ) -> None:
        self.tree = tree
        #: Elsewhere, because the path of a socket has 107 characters at most.
        self._socket = sockets / f"{tree.name}.sock"
        self._ports = ports
        self._arguments = arguments
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Machine:
        for name in ("etc/orders", "etc/charts", "etc/aws", "etc/agent", "etc/supervisor", "var/lib", "var/log", "var/count"):
            (self.tree / name).mkdir(parents=True, exist_ok=True)
        self._write_config()
        with (self.tree / "var/log/supervisord.out").open("wb") as log:
            command = [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(self._config)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.tree, env=self._environment)
        self._wait()
        return self

    def __exit__(self, *dummy: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None
        self._socket.unlink(missing_ok=True)

    @property
    def _config(self) -> Path:
        return self.tree / "etc" / "supervisord.conf"

    def _write_config(self) -> None:
        log = self.tree / "var" / "log"
        config = configparser.RawConfigParser()
        config["unix_http_server"] = {"file": str(self._socket), "chmod": "0700"}
        config["supervisord"] = {
            "logfile": str(log / "supervisord.log"),
            "pidfile": str(self.tree / "var" / "supervisord.pid"),
            "childlogdir": str(log),
        }
        config["rpcinterface:supervisor"] = {"supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"}
        config["supervisorctl"] = {"serverurl": f"unix://{self._socket}"}
        config["include"] = {"files": str(self.tree / "etc" / "supervisor" / "*.conf")}
        for name, port in self._ports.items():
            config[f"program:{name}"] = self._program(name, port, log)
        with self._config.open("w", encoding="utf-8") as file:
            config.write(file)

    def _program(self, name: str, port: int, log: Path) -> dict[str, str]:
        script = TREE / "services" / f"{name.replace('-', '_')}.py"
        words = [sys.executable, str(script), str(self.tree), str(port), *self._arguments[name]]
        return {
            "command": " ".join(f'"{word}"' for word in words).replace("%", "%%"),
            "startsecs": "1",
            "redirect_stderr": "true",
            "stdout_logfile": str(log / f"{name}.log"),
        }

    def _wait(self) -> None:
        give_up_at = time.monotonic() + _START_SECONDS
        while not self._socket.exists():
            if self._process is None or self._process.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError(f"the supervisor of {self.tree.name} did not start: see {self.tree}/var/log")
            time.sleep(0.05)
