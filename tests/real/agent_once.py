# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real agent for tests: configured as the role does it, it renders once and ends."""

from __future__ import annotations

import json
import os
import subprocess
import typing as t
from pathlib import Path

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.agent import AGENT_OPTIONS, Template, config_of
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.agent import Source, template_of
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.interface import Place
from ansible_collections.locksmith.rotation.tests.servers.openbao import OpenBao, program

OPTIONS = {name: option.get("default") for name, option in AGENT_OPTIONS.items()}


class Once:
    """One secret, an AppRole that may read it, and an agent that logs in with that, renders once and ends.

    :arg namespace: where all of it is. C(options): of the agent; change them for another way to log in.
    """

    def __init__(
        self, server: OpenBao, top: Path, values: t.Mapping[str, str], mount: str = "secret", namespace: str = ""
    ) -> None:
        self.top, self.said = top, ""
        self.source = Source("secret/data/hostile" if mount == "secret" else "kv1/hostile", mount == "secret")
        server.call(
            "POST", self.source.path, {"data": dict(values)} if self.source.versioned else dict(values), namespace=namespace
        )
        rules = json.dumps({"path": {self.source.path: {"capabilities": ["read"]}}})
        server.call("PUT", "sys/policies/acl/hostile", {"policy": rules}, namespace=namespace)
        ids = {f"{name}_file": self._write(name, value) for name, value in _approle(server, namespace).items()}
        self.options: dict[str, t.Any] = {**OPTIONS, **ids, "url": server.url, "retries": 1, "namespace": namespace or None}

    def _write(self, name: str, value: str) -> str:
        (self.top / name).write_text(value)
        return str(self.top / name)

    def render(self, asked: t.Mapping[str, tuple[str, t.Mapping[str, str], Place]], optional: bool = False) -> dict[str, str]:
        """File to its text, for C(asked): file to format, names and place. A file that is not there was not rendered.

        :arg optional: leave out fields that are not published.
        """
        item = {"mode": "0600", "owner": "", "group": "", "service": None}
        templates = [
            Template(item, str(self.top / file), template_of(kind, names, optional, place, self.source))
            for file, (kind, names, place) in asked.items()
        ]
        config = {**config_of(self.options, templates, str(self.top)), "exit_after_auth": True}
        (self.top / "agent.json").write_text(json.dumps(config))
        environment = {"HOME": str(self.top), "PATH": os.environ["PATH"]}
        command = [program(), "agent", f"-config={self.top}/agent.json"]
        done = subprocess.run(command, env=environment, capture_output=True, timeout=30, check=False)
        self.said = (done.stdout + done.stderr).decode()
        return {file: (self.top / file).read_bytes().decode() for file in asked if (self.top / file).exists()}


def _approle(server: OpenBao, namespace: str) -> dict[str, str]:
    if "approle/" not in server.call("GET", "sys/auth", namespace=namespace)["data"]:
        server.call("POST", "sys/auth/approle", {"type": "approle"}, namespace=namespace)
    role = "auth/approle/role/hostile"
    server.call("POST", role, {"token_policies": ["hostile"]}, namespace=namespace)
    role_id = server.call("GET", f"{role}/role-id", namespace=namespace)["data"]["role_id"]
    return {
        "role_id": role_id,
        "secret_id": server.call("POST", f"{role}/secret-id", {}, namespace=namespace)["data"]["secret_id"],
    }
