# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of consumer hosts on this machine: each host is a directory tree reached by the local connection, with a service
that is a small script. The credentials' values are in one JSON file instead of a store, so that nothing else need run.

The collection is seen through links, with one file exchanged: the one that reads values from stores.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_READ_VALUE = """
from __future__ import annotations
import json, os
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import NotFound
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

def read_value(name, issuer, store, which="current"):
    with open(store["path"] + ".reads", "a") as file:
        file.write(f"{name} {which}\\n")
    with open(store["path"]) as file:
        found = json.load(file).get(name, {}).get(which)
    if found is None:
        raise NotFound(f"{name} has no {which} value.")
    return SecretFields(found)
"""
#: What a service of a fleet does when it is restarted: note it, and take the file into use.
_SERVICE = """#!/bin/sh
echo "$1" >> {tree}/restarts
test -e {tree}/restart-fails && exit 1
cat {tree}/etc/* > {tree}/running 2>/dev/null
exit 0
"""
#: Healthy while what it took into use does not hold the word that stands for a broken version.
_PROBE = """#!/bin/sh
test -e {tree}/running && ! grep -q BROKEN {tree}/running
"""


class Fleet:
    """Context manager. C(hosts) are directory trees with C(etc), C(state), a C(service) and a C(probe)."""

    def __init__(self, names: t.Sequence[str] = ("web01",)) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="locksmith-fleet-"))
        self.values = self.root / "values.json"
        self.hosts = {name: self.root / name for name in names}
        self._variables: dict[str, dict[str, t.Any]] = {name: {} for name in names}

    def __enter__(self) -> Fleet:
        self._link_collection()
        for tree in self.hosts.values():
            (tree / "etc").mkdir(parents=True)
            for name, text in (("service", _SERVICE), ("probe", _PROBE)):
                (tree / name).write_text(text.format(tree=tree))
                (tree / name).chmod(0o700)
        return self

    def __exit__(self, *dummy: object) -> None:
        shutil.rmtree(self.root, ignore_errors=True)

    def publish(self, **values: t.Any) -> None:
        """C(name={"current": {…}, "previous": {…}}) for each credential."""
        self.values.write_text(json.dumps(values))
        self.values.chmod(0o600)

    def reads(self) -> list[str]:
        """What was read from the store so far."""
        noted = Path(str(self.values) + ".reads")
        return noted.read_text().split("\n")[:-1] if noted.exists() else []

    def entry(self, host: str, credential: str, name: str, **more: t.Any) -> dict[str, t.Any]:
        """An entry for a file C(name) of the host, with the host's service and probe."""
        tree = self.hosts[host]
        return {
            "credential": credential,
            "dest": str(tree / "etc" / name),
            "format": "env",
            "service": {"manager": "command", "command": [str(tree / "service"), "restart"]},
            "probe": {"command": [str(tree / "probe")], "retries": 0},
            "settle": 0,
            **more,
        }

    def assign(self, host: str, *entries: dict[str, t.Any]) -> None:
        """What the host is to have."""
        self._variables[host]["consumer_credentials"] = list(entries)

    def restarts(self, host: str) -> int:
        """How often its service was restarted."""
        noted = self.hosts[host] / "restarts"
        return len(noted.read_text().splitlines()) if noted.exists() else 0

    def running(self, host: str) -> str:
        """What its service took into use last."""
        return (self.hosts[host] / "running").read_text()

    def marker(self, host: str) -> dict[str, str]:
        """The host's only marker."""
        (found,) = (self.hosts[host] / "state").glob("*.json")
        return t.cast("dict[str, str]", json.loads(found.read_text()))

    def command(self, *options: str, play: dict[str, t.Any] | None = None, fail: bool = True) -> tuple[list[str], dict[str, str]]:
        """Argument vector and environment of an ansible-playbook run of the role on all hosts."""
        inventory, playbook = self.root / "inventory.json", self.root / "play.json"
        inventory.write_text(json.dumps(self._inventory()))
        shown = {
            "name": "Show",
            "ansible.builtin.debug": {"msg": "{{ {'PROOFS': consumer_proofs, 'OUTCOME': consumer_outcome} }}"},
        }
        playbook.write_text(
            json.dumps(
                [
                    {
                        "hosts": "consumers",
                        "gather_facts": False,
                        "tasks": [
                            {
                                "ansible.builtin.include_role": {"name": "locksmith.rotation.consumer"},
                                "vars": {"consumer_fail": fail},
                            },
                            shown,
                        ],
                        **(play or {}),
                    }
                ]
            )
        )
        environment = {
            "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"],
            "HOME": str(self.root),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(self.root / "collections"),
            "ANSIBLE_LOCAL_TEMP": str(self.root / "tmp-local"),
            "ANSIBLE_REMOTE_TEMP": str(self.root / "tmp-remote"),
            "ANSIBLE_RETRY_FILES_ENABLED": "false",
            "ANSIBLE_STDOUT_CALLBACK": "default",
            "ANSIBLE_NOCOLOR": "1",
        }
        return ["ansible-playbook", "-i", str(inventory), str(playbook), *options], environment

    def run(self, *options: str, **how: t.Any) -> subprocess.CompletedProcess[str]:
        """Run the role on all hosts."""
        extra = how.pop("environment", {})
        argv, environment = self.command(*options, **how)
        return subprocess.run(argv, env={**environment, **extra}, capture_output=True, text=True, timeout=240, check=False)

    def _inventory(self) -> dict[str, t.Any]:
        hosts = {
            name: {
                "ansible_connection": "local",
                "ansible_python_interpreter": sys.executable,
                "consumer_state_dir": str(tree / "state"),
                **self._variables[name],
            }
            for name, tree in self.hosts.items()
        }
        names = list(json.loads(self.values.read_text())) if self.values.exists() else []
        credentials = {
            name: {"credential_type": "postgresql", "credential_store": {"type": "file", "path": str(self.values)}}
            for name in names
        }
        return {"all": {"children": {"consumers": {"hosts": hosts}, "credentials": {"hosts": credentials}}}}

    def _link_collection(self) -> None:
        place = self.root / "collections" / "ansible_collections" / "locksmith" / "rotation"
        _link_but(_ROOT, place, ("plugins", "module_utils", "entry", "values.py"))
        (place / "plugins" / "module_utils" / "entry" / "values.py").write_text(_READ_VALUE)


def _link_but(source: Path, place: Path, left_out: tuple[str, ...]) -> None:
    """Links in C(place) to everything in C(source) except the one file whose path is C(left_out)."""
    place.mkdir(parents=True)
    for child in source.iterdir():
        if child.name in (".git", "tests", "__pycache__"):
            continue
        if child.name != left_out[0]:
            (place / child.name).symlink_to(child)
        elif len(left_out) > 1:
            _link_but(child, place / child.name, left_out[1:])
