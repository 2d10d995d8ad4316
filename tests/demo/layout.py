# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the demo keeps things, all of it below C(.cache/demo/), and how its commands are run."""

from __future__ import annotations

import json
import os
import sys
import typing as t
from pathlib import Path

import yaml

TREE = Path(__file__).resolve().parent
#: The credentials of the catalogue, in its order.
CREDENTIALS = ("orders-db", "billing-db", "deployer", "backup", "dashboards", "telemetry", "exporter")


class Layout:
    """The folders of one checkout's demo."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.top = root / ".cache" / "demo"
        self.inventory = self.top / "inventory"
        self.hosts = self.top / "hosts"
        self.logs = self.top / "logs"
        self.state = self.top / "state.json"
        self.secrets = self.inventory / "group_vars" / "all" / "secrets.yml"
        self.servers = self.inventory / "group_vars" / "all" / "servers.yml"

    def environment(self) -> dict[str, str]:
        """For ansible-playbook and the services: nothing of the user's Ansible, and no secret."""
        collections = os.environ["ANSIBLE_COLLECTIONS_PATH"]
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ANSIBLE_", "AWS_", "VAULT_", "BAO_", "PG", "PYTHON"))
        }
        return {
            **kept,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "PYTHONPATH": collections,
            "ANSIBLE_COLLECTIONS_PATH": collections,
            "ANSIBLE_CONFIG": str(self.inventory / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.top / "ansible"),
            "ANSIBLE_REMOTE_TEMP": str(self.top / "ansible" / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
            "LC_ALL": "C.UTF-8",
        }

    def read_reader(self) -> dict[str, str]:
        """The logins that the demo looks with, which may only read."""
        found: dict[str, str] = yaml.safe_load((self.top / "reader.yml").read_text(encoding="utf-8"))
        return found

    def read_state(self) -> dict[str, t.Any]:
        """Empty if nothing runs, as far as we know."""
        try:
            found: dict[str, t.Any] = json.loads(self.state.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found

    def write_state(self, state: t.Mapping[str, t.Any]) -> None:
        """In one step, so that a reader never sees half of it."""
        partial = self.state.with_suffix(".partial")
        partial.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
        partial.replace(self.state)


def write_private(path: Path, text: str) -> None:
    """A file that only its owner may read, from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
