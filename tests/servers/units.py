# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real service managers for tests: a C(systemd --user) of our own and a supervisord, each in a temporary directory.

systemd's own tools refuse to work where C(/run/systemd/system) does not exist, as in a container without systemd: it is
made for the time of the test, which needs root there.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

_BOOTED = Path("/run/systemd/system")
_SYSTEMD = "/lib/systemd/systemd"


def systemd_can_run() -> bool:
    """On a machine that systemd has booted, and elsewhere for root, who may make the mark that its tools look for."""
    return Path(_SYSTEMD).exists() and (_BOOTED.exists() or os.geteuid() == 0)


#: Notes each start and each SIGHUP, shows its environment, and does not start on a broken version.
_PROGRAM = """#!/bin/sh
echo start >> {root}/starts
printf %s "$PGPASSWORD" > {root}/seen
case "$PGPASSWORD" in *BROKEN*) exit 1 ;; *CRASHING*) sleep 0.4; exit 1 ;; esac
trap 'echo hup >> {root}/hups' HUP
while :; do sleep 0.1; done
"""


class Units:
    """Base of both: a context manager with one service, C(app). C(environment) is what its clients need."""

    manager: t.ClassVar[str]

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="locksmith-units-"))
        self.env_file = self.root / "app.env"
        self.environment: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Units:
        program = self.root / "program"
        program.write_text(_PROGRAM.format(root=self.root))
        program.chmod(0o700)
        self._prepare(program)
        self._start()
        end = time.monotonic() + 30
        while not self._answers():
            if time.monotonic() > end:
                self.__exit__()
                raise RuntimeError(f"{self.manager} did not start")
            time.sleep(0.1)
        return self

    def __exit__(self, *dummy: object) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    def service(self, **more: t.Any) -> dict[str, t.Any]:
        """C(service) of an entry."""
        raise NotImplementedError

    def count(self, what: str = "starts") -> int:
        """How often it was started, or got a SIGHUP (C(hups))."""
        path = self.root / what
        return len(path.read_text().splitlines()) if path.exists() else 0

    def seen(self) -> str:
        """The password with which it was started last."""
        return (self.root / "seen").read_text()

    def _prepare(self, program: Path) -> None:
        raise NotImplementedError

    def _start(self) -> None:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError


class UserSystemd(Units):
    """A C(systemd --user) with the unit C(app.service), which systemd starts again when it dies, three times a minute."""

    manager = "systemd"

    def __enter__(self) -> Units:
        self._made = not _BOOTED.exists()
        if self._made:
            _BOOTED.mkdir()
        return super().__enter__()

    def __exit__(self, *dummy: object) -> None:
        super().__exit__()
        if self._made:
            _BOOTED.rmdir()

    def service(self, **more: t.Any) -> dict[str, t.Any]:
        return {"name": "app", "manager": "systemd", "scope": "user", **more}

    def _prepare(self, program: Path) -> None:
        units = self.root / "config" / "systemd" / "user"
        units.mkdir(parents=True)
        (units / "app.service").write_text(
            "[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=3\n"
            f"[Service]\nEnvironmentFile=-{self.env_file}\nExecStart={program}\nExecReload=/bin/kill -HUP $MAINPID\n"
            "Restart=always\nRestartSec=200ms\n"
        )
        runtime = self.root / "run"
        runtime.mkdir(mode=0o700)
        self.environment = {"XDG_RUNTIME_DIR": str(runtime)}

    def _start(self) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "XDG_CONFIG_HOME": str(self.root / "config"),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.root}/none",
            **self.environment,
        }
        self._process = subprocess.Popen(
            [_SYSTEMD, "--user", "--log-level=err", "--log-target=console"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _answers(self) -> bool:
        done = subprocess.run(
            ["systemctl", "--user", "is-system-running"], env={**os.environ, **self.environment}, capture_output=True, check=False
        )
        return done.stdout.strip() == b"running"


class Supervisor(Units):
    """A supervisord with the program C(app), whose environment is read by a shell, and those whose files lie in C(programs)."""

    manager = "supervisor"

    @property
    def config(self) -> Path:
        return self.root / "supervisord.conf"

    @property
    def programs(self) -> Path:
        return self.root / "programs"

    def service(self, **more: t.Any) -> dict[str, t.Any]:
        return {"name": "app", "manager": "supervisor", "config": str(self.config), **more}

    def _prepare(self, program: Path) -> None:
        wrapper = self.root / "wrapper"
        wrapper.write_text(f"#!/bin/sh\nset -a\ntest -e {self.env_file} && . {self.env_file}\nexec {program}\n")
        wrapper.chmod(0o700)
        self.config.write_text(
            f"[supervisord]\nnodaemon=true\nlogfile={self.root}/log\npidfile={self.root}/pid\n"
            f"[unix_http_server]\nfile={self.root}/socket\n"
            f"[supervisorctl]\nserverurl=unix://{self.root}/socket\n"
            "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
            f"[program:app]\ncommand={wrapper}\nautostart=false\nstartsecs=1\nstartretries=1\n"
            f"[include]\nfiles={self.programs}/*.conf\n"
        )
        self.programs.mkdir()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [str(Path(sys.executable).with_name("supervisord")), "-c", str(self.config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )

    def _answers(self) -> bool:
        return (self.root / "socket").exists()
