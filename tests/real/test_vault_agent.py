# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that pulls by itself: the role vault_agent, a real agent as a service, and the proof of what it rendered."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import time
import typing as t

import pytest
import yaml

from ansible_collections.locksmith.rotation.tests.real.estate import Ended, Estate
from ansible_collections.locksmith.rotation.tests.real.fixtures_vault_issuers import AppRoles, unique
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto
from ansible_collections.locksmith.rotation.tests.servers.openbao import OpenBao, program
from ansible_collections.locksmith.rotation.tests.servers.units import Supervisor, Units, UserSystemd, systemd_can_run

_MANAGERS: list[type[UserSystemd | Supervisor]] = [Supervisor, *([UserSystemd] if systemd_can_run() else [])]


class Puller:
    """A machine whose agent fetches a secret id, as any credential, from OpenBao's KV engine; its service notes each restart."""

    def __init__(self, server: OpenBao, moto: Moto, top: pathlib.Path, units: Units) -> None:
        self.home, self.units, self.roles = top / "web1", units, AppRoles(server)
        self.home.mkdir()
        self.name = unique("pulled")
        self.env, self.running = self.home / "app.env", self.home / "running"
        self.binary = self.home / "bao"
        self.binary.symlink_to(program())
        self.secret_id = self._login(server)
        self.estate = Estate(moto, top, [], [])
        self.estate.machines["web1"] = self._machine()
        reach = {"url": server.url, "token": server.root_token}
        self.estate.credentials[self.name] = {
            "credential_type": "vault_secret_id",
            "credential_options": {**reach, "role_name": self.roles.create()},
            "credential_store": {**reach, "type": "vault", "path": f"pulled/{self.name}"},
            "credential_grace": "3s",
        }
        self.play = top / "agent.yml"
        self.play.write_text(
            yaml.safe_dump([{"hosts": "machines", "gather_facts": False, "roles": ["locksmith.rotation.vault_agent"]}])
        )
        self.shown: list[str] = []

    def _login(self, server: OpenBao) -> str:
        server.policy(self.name, {f"secret/data/pulled/{self.name}": ("read",)})
        self.role_id, secret_id = server.approle(self.name, [self.name])
        return secret_id

    def _machine(self) -> dict[str, t.Any]:
        restart = f"cp {self.env} {self.running} && echo restarted >> {self.home}/log"
        entry = {
            "credential": self.name,
            "dest": str(self.env),
            "format": "env",
            "fields": {"SECRET_ID": "secret_id", "ROLE_ID": "role_id"},
            "mode": "0640",
            "pull": "vault_agent",
            "service": {"name": "app", "manager": "command", "command": ["/bin/sh", "-c", restart]},
            "probe": {"command": ["/usr/bin/test", "!", "-e", f"{self.home}/broken"], "retries": 0},
            "settle": 0,
        }
        return {
            "ansible_connection": "local",
            "consumer_state_dir": str(self.home / "state"),
            "consumer_credentials": [entry],
            "vault_agent_binary": str(self.binary),
            "vault_agent_config_dir": str(self.home / "agent"),
            "vault_agent_service_manager": self.units.manager,
            "vault_agent_service_scope": "user",
            **self._supervised(),
            "vault_agent_role_id": self.role_id,
            "vault_agent_secret_id": self.secret_id,
            "vault_agent_render_interval": "1s",
            "vault_agent_command_timeout": "1s",
        }

    def _supervised(self) -> dict[str, str]:
        if not isinstance(self.units, Supervisor):
            return {}
        return {
            "vault_agent_supervisor_config": str(self.units.config),
            "vault_agent_supervisor_directory": str(self.units.programs),
        }

    def set(self, **variables: t.Any) -> None:
        """Variables of the machine, without their C(vault_agent_)."""
        self.estate.machines["web1"].update({f"vault_agent_{name}": value for name, value in variables.items()})

    def install(self, *arguments: str) -> Ended:
        """Run the role."""
        return self._noted(self.estate.run(str(self.play), *arguments))

    def rotate(self, *arguments: str) -> Ended:
        """Run the rotate playbook."""
        return self._noted(self.estate.rotate(*arguments))

    def force(self) -> Ended:
        """Rotate whether it is due or not."""
        return self.rotate("-e", "credential_force=true", "--diff")

    def value(self, path: pathlib.Path | None = None) -> dict[str, str]:
        lines = (path or self.env).read_text(encoding="utf-8").splitlines()
        found = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
        return {name.lower(): value.strip("'") for name, value in found.items()}

    def restarts(self) -> int:
        log = self.home / "log"
        return len(log.read_text().splitlines()) if log.exists() else 0

    def marker(self) -> dict[str, str]:
        found = [json.loads(path.read_text()) for path in (self.home / "state").glob("*.json")]
        return next((one for one in found if one.get("credential") == self.name), {})

    def patience(self, seconds: int) -> None:
        """As after another run of the role with that C(vault_agent_wait)."""
        facts = self.home / "state" / "vault-agent.json"
        facts.write_text(json.dumps({**json.loads(facts.read_text()), "wait": seconds}))

    def service(self, do: str) -> None:
        """Start or stop the agent, as its administrator."""
        command = ["systemctl", "--user", do, "locksmith-vault-agent"]
        if isinstance(self.units, Supervisor):
            command = ["supervisorctl", "-c", str(self.units.config), do, "locksmith-vault-agent"]
        subprocess.run(command, env={**os.environ, **self.units.environment}, capture_output=True, timeout=30, check=True)

    def _noted(self, ended: Ended) -> Ended:
        self.shown.append(ended.output)
        return ended


def _until(happened: t.Callable[[], bool]) -> None:
    end = time.monotonic() + 15
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


@pytest.fixture(params=_MANAGERS, ids=lambda manager: str(manager.manager))
def puller(
    request: pytest.FixtureRequest, openbao: OpenBao, moto: Moto, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> t.Iterator[Puller]:
    with request.param() as units:
        for name, value in {**units.environment, "XDG_CONFIG_HOME": str(units.root / "config")}.items():
            monkeypatch.setenv(name, value)
        yield Puller(openbao, moto, tmp_path, units)


def test_a_host_that_pulls_is_proved_waited_for_and_healed(puller: Puller) -> None:
    installed = puller.install("--diff")
    assert installed.status == 0, installed.output
    assert (puller.home / "agent" / "secret_id").stat().st_mode & 0o777 == 0o600
    first = puller.rotate()
    assert first.status == 0, first.output
    assert puller.env.stat().st_mode & 0o777 == 0o640
    old = puller.value(puller.running)
    assert puller.roles.logs_in(old)
    assert puller.marker()["running"] == puller.marker()["deployed"] != ""
    assert puller.rotate("-e", "credential_grace=2s").status != 0, "the agent may take as long as that"
    assert "may use the previous version for 2s (vault_agent_render_interval 1s +" in puller.shown[-1]

    restarts = puller.restarts()
    forced = puller.force()
    assert forced.status == 0, forced.output
    new = puller.value(puller.running)
    assert new != old and puller.roles.logs_in(new)
    assert puller.restarts() == restarts + 1, "by the agent, and not by the run as well"
    time.sleep(3)
    retired = puller.rotate()
    assert retired.status == 0 and retired.changed() == 1, "the old one is gone, and nothing else was done"
    assert (puller.roles.logs_in(old), puller.roles.logs_in(new)) == (False, True)

    rendered = puller.env.read_text()
    puller.env.write_text("edited by hand\n")
    _until(lambda: puller.env.read_text() == rendered)
    _until(lambda: puller.restarts() == restarts + 2)

    puller.binary.unlink()
    puller.service("stop")
    puller.patience(2)
    held = puller.force()
    assert held.status != 0
    assert "web1 (failed" in held.output and "its agent" in held.output, held.output
    assert puller.roles.logs_in(new), "the version that the host still uses is kept"
    puller.binary.symlink_to(program())
    puller.patience(60)
    healed = puller.rotate()
    assert healed.status == 0, healed.output
    assert puller.value(puller.running) != new
    for value in (old, new, puller.value(), {"secret_id": puller.secret_id}):
        assert not any(value["secret_id"] in output for output in puller.shown)
