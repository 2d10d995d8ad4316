# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small estate for tests of whole playbooks: an inventory of machines, a catalogue, and ansible-playbook run as a user runs it.

The machines are directories on this one; an unreachable machine is an ssh connection to a port where nobody listens.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import typing as t

import yaml

from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

COLLECTIONS = pathlib.Path(__file__).absolute().parents[5]
ROTATE = "locksmith.rotation.rotate"
LONGEST = 240
SETTLE = 0
"""Seconds. A service of an estate is a command that has ended: there is nothing to watch for a while after its start."""


@dataclasses.dataclass(frozen=True)
class Ended:
    """How one ansible-playbook ended."""

    status: int
    output: str

    def changed(self) -> int:
        """How many tasks changed something, over all hosts of the recap."""
        return sum(int(line.split("changed=")[1].split()[0]) for line in self.output.splitlines() if "changed=" in line)


def machine_of(home: pathlib.Path, entry: t.Mapping[str, t.Any], file: str, service: str) -> dict[str, t.Any]:
    """A machine in C(home) that has one credential in C(file), and a service whose restart copies that file to C(running).

    :arg entry: the credential's name, format and fields, as in C(consumer_credentials).
    """
    dest = str(home / file)
    restart = {"name": service, "manager": "command", "command": ["/bin/cp", dest, str(home / "running")]}
    credentials = [{**entry, "dest": dest, "service": restart, "settle": SETTLE}]
    return {"ansible_connection": "local", "consumer_state_dir": str(home / "state"), "consumer_credentials": credentials}


class Estate:
    """IAM users at moto, their keys in SSM, and machines that use them."""

    def __init__(self, moto: Moto, top: pathlib.Path, users: t.Sequence[str], machines: t.Sequence[str]) -> None:
        self.moto, self.top = moto, top
        self.mark = top.name.replace("_", "-")
        self.users = {user: f"{self.mark}-{user}" for user in users}
        for name in self.users.values():
            moto.client("iam").create_user(UserName=name)
        self.machines: dict[str, dict[str, t.Any]] = {machine: self._machine(machine) for machine in machines}
        self.credentials: dict[str, dict[str, t.Any]] = {user: self._credential(user) for user in users}

    def _machine(self, name: str) -> dict[str, t.Any]:
        home = self.top / name
        home.mkdir()
        entries = [self.entry(name, user) for user in self.users]
        return {"ansible_connection": "local", "consumer_state_dir": str(home / "state"), "consumer_credentials": entries}

    def entry(self, machine: str, user: str) -> dict[str, t.Any]:
        """One file on one machine, and a service whose restart copies the file aside."""
        home = self.top / machine
        running = f"cp {home}/{user}.env {home}/{user}.running && echo restarted >> {home}/{user}.log"
        return {
            "credential": user,
            "dest": str(home / f"{user}.env"),
            "format": "env",
            "service": {"name": f"{machine}-{user}", "manager": "command", "command": ["/bin/sh", "-c", running]},
            "probe": {"command": ["/usr/bin/test", "!", "-e", f"{home}/broken"], "retries": 1, "delay": 0},
            "settle": SETTLE,
        }

    def _credential(self, user: str) -> dict[str, t.Any]:
        aws = {"endpoint_url": self.moto.url, "region": self.moto.region}
        keys = {"access_key": self.moto.access_key, "secret_key": self.moto.secret_key}
        return {
            "credential_type": "iam",
            "credential_options": {**aws, **keys, "user_name": self.users[user]},
            "credential_store": {**aws, **keys, "type": "ssm", "name": f"/{self.mark}/{user}"},
            "credential_rotate_after": "1h",
            "credential_grace": "0s",
            "credential_recovery_wait": "0s",
        }

    def write(self) -> list[str]:
        """The inventory files as they are now; returns the arguments that name them."""
        hosts = {"all": {"children": {"machines": {"hosts": self.machines}}}}
        for name, content in (("hosts.yml", hosts), ("credentials.yml", {"credentials": {"hosts": self.credentials}})):
            path = self.top / name
            path.touch(mode=0o600)
            path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return ["-i", str(self.top / "hosts.yml"), "-i", str(self.top / "credentials.yml")]

    def environment(self) -> dict[str, str]:
        """Of a run."""
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AWS_"))},
            "ANSIBLE_CONFIG": str(self.top / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_HOME": str(self.top / "ansible"),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_SSH_RETRIES": "0",
            "ANSIBLE_FORCE_COLOR": "0",
            "LC_ALL": "C.UTF-8",
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin a playbook run, in a process group of its own."""
        (self.top / "ansible.cfg").touch()
        program = pathlib.Path(sys.executable).with_name("ansible-playbook")
        return subprocess.Popen(
            [str(program), *self.write(), *arguments],
            env=self.environment(),
            cwd=self.top,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> Ended:
        """A playbook from beginning to end."""
        process = self.start(*arguments)
        try:
            output, dummy = process.communicate(timeout=LONGEST)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        return Ended(process.returncode, output)

    def rotate(self, *arguments: str) -> Ended:
        """The rotate playbook."""
        return self.run(ROTATE, *arguments)

    def make_due(self) -> None:
        """From now on whatever is older than two seconds is due."""
        for credential in self.credentials.values():
            credential["credential_rotate_after"] = "2s"
        time.sleep(2.1)

    def make_current(self) -> None:
        """From now on nothing is due."""
        for credential in self.credentials.values():
            credential["credential_rotate_after"] = "1h"

    def cut_off(self, machine: str) -> None:
        """Make a machine unreachable."""
        self.machines[machine].update(ansible_connection="ssh", ansible_host="127.0.0.1", ansible_port=1)

    def reconnect(self, machine: str) -> None:
        """Undo P(cut_off)."""
        self.machines[machine] = {**self.machines[machine], "ansible_connection": "local"}

    def key_ids(self, user: str) -> list[str]:
        """Ids of the user's active keys."""
        listed = self.moto.client("iam").list_access_keys(UserName=self.users[user])["AccessKeyMetadata"]
        return [key["AccessKeyId"] for key in listed if key["Status"] == "Active"]

    def published_id(self, user: str) -> str:
        """The id of the key that readers see."""
        found = self.moto.client("ssm").get_parameter(Name=f"/{self.mark}/{user}", WithDecryption=True)
        return str(json.loads(found["Parameter"]["Value"])["access_key_id"])

    def has(self, machine: str, user: str, what: str = "env") -> str:
        """The key id in a machine's file (C(env)), or in the one its service was last restarted for (C(running))."""
        text = (self.top / machine / f"{user}.{what}").read_text(encoding="utf-8")
        return next(line.partition("=")[2].strip("'\"") for line in text.splitlines() if line.startswith("access_key_id="))

    def restarts(self, machine: str, user: str) -> int:
        """How often the service was restarted."""
        log = self.top / machine / f"{user}.log"
        return len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0
