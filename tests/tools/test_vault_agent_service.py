# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The agent's service: what systemd makes of the hardened unit, that a real agent works within it, and the init script."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.locksmith.rotation.tests.real.estate import COLLECTIONS
from ansible_collections.locksmith.rotation.tests.servers.openbao import OpenBao, program
from ansible_collections.locksmith.rotation.tests.servers.units import Units, UserSystemd

TEMPLATES = COLLECTIONS / "ansible_collections" / "locksmith" / "rotation" / "roles" / "vault_agent" / "templates"
NAME = "locksmith-vault-agent"
_MOST_EXPOSED = 3.0
#: What a container cannot have, because it takes mounts.
_MOUNTS = re.compile(r"(Protect|Private|ReadWrite)\w+=.*\n")


def _rendered(top: Path, template: str, **variables: t.Any) -> str:
    """As the role renders it."""
    known = {
        "vault_agent_service_name": NAME,
        "vault_agent_service_scope": "system",
        "vault_agent_read_write_paths": [],
        "vault_agent_configured": {
            "binary": program(),
            "config": "/etc/locksmith/vault-agent/agent.json",
            "directories": ["/etc/locksmith/vault-agent", "/etc/orders", "/var/lib/locksmith"],
        },
    }
    (top / "variables.json").write_text(json.dumps({**known, **variables}))
    dest = top / template.removesuffix(".j2")
    command = [
        *(str(Path(sys.executable).with_name("ansible")), "localhost", "-c", "local", "-m", "ansible.builtin.template"),
        *("-a", f"src={TEMPLATES / template} dest={dest} mode=0755", "-e", f"@{top}/variables.json"),
    ]
    environment = {**os.environ, "ANSIBLE_HOME": str(top / "ansible"), "ANSIBLE_PYTHON_INTERPRETER": sys.executable}
    subprocess.run(command, env=environment, capture_output=True, timeout=60, check=True)
    return dest.read_text(encoding="utf-8")


def _until(happened: t.Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_systemd_understands_the_unit_and_finds_little_exposed(tmp_path: Path) -> None:
    text = _rendered(tmp_path, "agent.service.j2")
    assert "ProtectHome=yes\nPrivateTmp=yes\n" in text
    unit = tmp_path / f"{NAME}.service"
    unit.write_text(text)
    verified = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=60, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")
    security = ["systemd-analyze", "security", "--offline=true", str(unit)]
    judged = subprocess.run(security, capture_output=True, text=True, timeout=60, check=True)
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", judged.stdout)
    assert exposure is not None and float(exposure[1]) <= _MOST_EXPOSED


def test_a_file_below_a_home_is_not_hidden_from_the_agent(tmp_path: Path) -> None:
    assert "ProtectHome=no\n" in _rendered(tmp_path, "agent.service.j2", vault_agent_read_write_paths=["/home/orders/etc"])


@pytest.mark.systemd
def test_an_agent_works_within_the_unit_and_its_hook_restarts_a_service(tmp_path: Path) -> None:
    with OpenBao() as bao, UserSystemd() as systemd:
        rendered = systemd.root / "out"
        configured = {"binary": program(), "config": str(_configure(bao, systemd, rendered)), "directories": []}
        text = _rendered(tmp_path, "agent.service.j2", vault_agent_configured=configured)
        unit = systemd.root / "config" / "systemd" / "user" / f"{NAME}.service"
        unit.write_text(_MOUNTS.sub("", text) + f"[Service]\nEnvironment=HOME={systemd.root}\n")
        environment = {**os.environ, **systemd.environment}
        for words in (["daemon-reload"], ["start", NAME]):
            subprocess.run(["systemctl", "--user", *words], env=environment, capture_output=True, timeout=30, check=True)
        _until(lambda: systemd.count() == 1)
        assert rendered.read_text() == "a password" and rendered.stat().st_mode & 0o777 == 0o640


def _configure(bao: OpenBao, systemd: Units, dest: Path) -> Path:
    bao.call("POST", "secret/data/db", {"data": {"password": "a password"}})
    bao.policy("reader", {"secret/data/db": ("read",)})
    files = {}
    for name, value in zip(("role_id", "secret_id"), bao.approle("reader", ["reader"])):
        files[f"{name}_file_path"] = str(systemd.root / name)
        (systemd.root / name).write_text(value)
    template = {
        "destination": str(dest),
        "contents": '{{ with secret "secret/data/db" }}{{ .Data.data.password }}{{ end }}',
        "perms": "0640",
        "exec": {"command": ["systemctl", "--user", "restart", "app"]},
    }
    login = {"type": "approle", "config": {**files, "remove_secret_id_file_after_reading": False}}
    config = systemd.root / "agent.json"
    config.write_text(json.dumps({"vault": {"address": bao.url}, "auto_auth": {"method": [login]}, "template": [template]}))
    return config


def test_the_init_script_keeps_an_agent_running(tmp_path: Path) -> None:
    agent = tmp_path / "an agent"
    agent.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; exec sleep 60\n")
    agent.chmod(0o700)
    configured = {"binary": str(agent), "config": "/a/agent.json", "directories": []}
    script = tmp_path / "script"
    script.write_text(
        _rendered(tmp_path, "agent.init.j2", vault_agent_configured=configured)
        .replace("/run/", f"{tmp_path}/run-")
        .replace("sleep 5", "sleep 0.2")
    )

    def call(do: str) -> int:
        return subprocess.run(["/bin/sh", str(script), do], stdout=subprocess.DEVNULL, timeout=30, check=False).returncode

    def pid() -> int:
        return int((tmp_path / "pid").read_text())

    assert call("status") != 0
    assert (call("start"), call("start"), call("status")) == (0, 0, 0)
    try:
        _until((tmp_path / "pid").exists)
        first = pid()
        os.kill(first, 9)
        _until(lambda: pid() != first)
        second = pid()
        assert call("restart") == 0
        _until(lambda: pid() != second)
        assert not Path(f"/proc/{second}").exists()
    finally:
        assert call("stop") == 0
    assert call("status") != 0 and not Path(f"/proc/{pid()}").exists()
