# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines of a fleet: each an OpenSSH server in a network namespace of its own, reached from this process's network over its own cable.

The cable is a pair of virtual interfaces; its near end can be taken down, and the machine is cut off as if it had been pulled out. Needs
root, Debian's openssh-server and iproute2. All machines share the file system: each has a directory tree of its own. To be run in a
network namespace made for it (P(in_own_network)), so that no address of the machine's real network is in the way.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import typing as t
from pathlib import Path

SSHD = "/usr/sbin/sshd"
_START_SECONDS = 20
_PORT = 22
_CONFIG = """\
Port {port}
ListenAddress {address}
HostKey {top}/host_key
AuthorizedKeysFile {top}/client_key.pub
PidFile none
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
PrintMotd no
PrintLastLog no
UseDNS no
MaxStartups 100
MaxSessions 100
LogLevel ERROR
Subsystem sftp internal-sftp
"""


def why_not() -> str:
    """What this machine lacks for a fleet of sshd hosts, or an empty string."""
    if os.geteuid() != 0:
        return "not root"
    lacking = [name for name in (SSHD, "ip", "unshare", "ssh-keygen", "ssh") if not shutil.which(name)]
    if lacking:
        return f"{', '.join(lacking)} not installed"
    tried = subprocess.run(["unshare", "--net", "ip", "link", "set", "lo", "up"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "network namespaces are not allowed here"


def in_own_network(command: t.Sequence[str]) -> list[str]:
    """C(command) in a network of its own, with nothing but a loopback; it is gone when the command has ended."""
    return ["unshare", "--net", "/bin/sh", "-c", 'ip link set lo up && exec "$@"', "sh", *command]


class SshFleet:
    """Context manager. C(names) are the machines; their C(address) and C(tree) are by name."""

    def __init__(self, names: t.Sequence[str]) -> None:
        self.names = list(names)
        self._mark = f"lk{os.getpid()}"
        self._top: Path | None = None
        self._servers: dict[str, subprocess.Popen[bytes]] = {}
        self._namespaces: list[str] = []

    def __enter__(self) -> SshFleet:
        self._top = Path(tempfile.mkdtemp(prefix="fleet"))
        try:
            self._make_keys()
            os.makedirs("/run/sshd", mode=0o755, exist_ok=True)
            for number, name in enumerate(self.names):
                self._plug_in(number)
                self._serve(number, name)
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *dummy: object) -> None:
        for server in self._servers.values():
            server.send_signal(signal.SIGTERM)
        for server in self._servers.values():
            server.wait(10)
        self._servers.clear()
        for namespace in self._namespaces:
            subprocess.run(["ip", "netns", "delete", namespace], check=False, capture_output=True)
        self._namespaces.clear()
        if self._top is not None:
            shutil.rmtree(self._top, ignore_errors=True)
            self._top = None

    @property
    def top(self) -> Path:
        assert self._top is not None, "not entered"
        return self._top

    def tree(self, name: str) -> Path:
        """Where the machine keeps its files."""
        return self.top / "hosts" / name

    def address(self, name: str) -> str:
        return _address(self.names.index(name), 2)

    def variables(self, name: str) -> dict[str, t.Any]:
        """How Ansible reaches the machine. A connection that hangs is given up after three seconds."""
        keeping = f"-o ControlMaster=auto -o ControlPersist=120s -o ControlPath={self.top}/c/%h"
        patience = "-o ConnectTimeout=3 -o ServerAliveInterval=1 -o ServerAliveCountMax=3"
        known = f"-o UserKnownHostsFile={self.top}/known_hosts -o GlobalKnownHostsFile=/dev/null -o BatchMode=yes"
        return {
            "ansible_connection": "ssh",
            "ansible_host": self.address(name),
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(self.top / "client_key"),
            "ansible_ssh_args": f"-F /dev/null {keeping} {patience} {known}",
            "ansible_pipelining": True,
            "ansible_python_interpreter": sys.executable,
        }

    def cut(self, name: str) -> None:
        """Pull the machine's cable out."""
        _ip("link", "set", self._near(self.names.index(name)), "down")

    def mend(self, name: str) -> None:
        """Put the cable back."""
        _ip("link", "set", self._near(self.names.index(name)), "up")

    def _near(self, number: int) -> str:
        return f"lk{number:02d}"

    def _make_keys(self) -> None:
        for name in ("host_key", "client_key"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(self.top / name)]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        (self.top / "c").mkdir(mode=0o700)
        host_key = " ".join((self.top / "host_key.pub").read_text(encoding="ascii").split()[:2])
        lines = [f"{_address(number, 2)} {host_key}\n" for number in range(len(self.names))]
        (self.top / "known_hosts").write_text("".join(lines), encoding="ascii")

    def _plug_in(self, number: int) -> None:
        """A namespace, and a cable into it."""
        namespace, near = f"{self._mark}-{number:02d}", self._near(number)
        _ip("netns", "add", namespace)
        self._namespaces.append(namespace)
        _ip("link", "add", near, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _ip("addr", "add", f"{_address(number, 1)}/30", "dev", near)
        _ip("link", "set", near, "up")
        for words in (
            ("link", "set", "lo", "up"),
            ("addr", "add", f"{_address(number, 2)}/30", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
        ):
            _ip("-n", namespace, *words)

    def _serve(self, number: int, name: str) -> None:
        tree = self.tree(name)
        tree.mkdir(parents=True)
        config = self.top / f"sshd-{name}"
        config.write_text(_CONFIG.format(port=_PORT, address=_address(number, 2), top=self.top), encoding="ascii")
        command = ["ip", "netns", "exec", self._namespaces[number], SSHD, "-D", "-e", "-f", str(config)]
        with (self.top / f"log-{name}").open("wb") as log:
            self._servers[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _wait(self) -> None:
        """Until each answers."""
        give_up_at = time.monotonic() + _START_SECONDS
        for name in self.names:
            while True:
                with contextlib.suppress(OSError), socket.create_connection((self.address(name), _PORT), timeout=1):
                    break
                if self._servers[name].poll() is not None or time.monotonic() > give_up_at:
                    raise RuntimeError(f"sshd of {name} does not answer: {(self.top / f'log-{name}').read_text()[-400:]}")
                time.sleep(0.05)


def _address(number: int, end: int) -> str:
    """Each cable is a network of four addresses."""
    return f"10.77.{number // 64}.{number % 64 * 4 + end}"


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr.strip()}")
