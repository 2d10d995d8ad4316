# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datadog keys from end to end: the playbook, an encrypted file as the store, and a machine whose agent reads the key."""

from __future__ import annotations

import pathlib

import yaml

from ansible_collections.locksmith.rotation.tests.real.estate import Ended, Estate, machine_of
from ansible_collections.locksmith.rotation.tests.real.fixtures_datadog import Account
from ansible_collections.locksmith.rotation.tests.real.fixtures_file import FileMaker
from ansible_collections.locksmith.rotation.tests.servers.datadog import DatadogServer
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto


class Agent:
    """One owner of keys, the file that publishes a key, and one machine that uses it."""

    def __init__(self, account: Account, moto: Moto, top: pathlib.Path) -> None:
        self.account, self.file = account, FileMaker(top)
        self.file.password_file.chmod(0o600)
        self.home = top / "web1"
        self.home.mkdir()
        self.shown: list[str] = []
        self.estate = Estate(moto, top, [], [])
        entry = {"credential": "agents", "format": "env", "fields": {"DD_API_KEY": "key"}}
        self.estate.machines["web1"] = machine_of(self.home, entry, "agent.env", "datadog-agent")
        self.estate.credentials["agents"] = {
            "credential_type": "datadog",
            "credential_options": account.options(),
            "credential_store": {
                "type": "file",
                "path": str(self.file.path),
                "vault_password_file": str(self.file.password_file),
            },
            "credential_grace": "1h",
        }

    def rotate(self, *arguments: str) -> Ended:
        ended = self.estate.rotate(*arguments)
        self.shown.append(ended.output)
        return ended

    def key(self, name: str = "running") -> str:
        line = (self.home / name).read_text(encoding="utf-8").strip()
        return line.partition("=")[2].strip("'\"")

    def works(self, value: str) -> bool:
        return self.account.organization.works(value, self.account.application)

    def secrets(self, *values: str) -> tuple[str, ...]:
        return (*values, self.account.organization.api_key, self.account.organization.app_key)


def test_an_api_key_from_its_creation_to_its_end(datadog: DatadogServer, moto: Moto, tmp_path: pathlib.Path) -> None:
    agent = Agent(Account(datadog.organization(), "api"), moto, tmp_path)
    assert agent.rotate("--check", "--diff").status == 0 and agent.account.ids() == set()
    first = agent.rotate("--diff")
    assert first.status == 0, first.output
    old = agent.key()
    assert (agent.works(old), len(agent.account.ids())) == (True, 1)
    assert agent.rotate().changed() == 0
    leaked = agent.rotate("-e", "credential_force=true", "-e", "credential_reason=leak", "--diff", "-vvv")
    assert leaked.status == 0, leaked.output
    new = agent.key()
    assert (new == old, agent.works(old), agent.works(new)) == (False, True, True), "both work until grace is over"
    agent.estate.credentials["agents"]["credential_grace"] = "0s"
    retired = agent.rotate("--diff")
    assert retired.status == 0, retired.output
    assert (agent.works(old), agent.works(new), len(agent.account.ids())) == (False, True, 1)
    assert agent.rotate().changed() == 0
    for secret in agent.secrets(old, new):
        assert not any(secret in output for output in agent.shown)


def test_an_application_key_of_a_service_account_keeps_its_scopes(
    datadog: DatadogServer, moto: Moto, tmp_path: pathlib.Path
) -> None:
    agent = Agent(Account(datadog.organization(), "service-account"), moto, tmp_path)
    agent.estate.credentials["agents"]["credential_grace"] = "0s"
    agent.estate.credentials["agents"]["credential_options"]["scopes"] = ["monitors_read"]
    assert agent.rotate().status == 0
    old = agent.key()
    del agent.estate.credentials["agents"]["credential_options"]["scopes"]
    second = agent.rotate("-e", "credential_force=true", "-vvv")
    assert second.status == 0, second.output
    (kept,) = agent.account.organization.kept(agent.account.owner).values()
    assert (kept.scopes, kept.value == agent.key(), agent.works(old)) == (["monitors_read"], True, False)
    assert not any(secret in output for secret in agent.secrets(old, kept.value) for output in agent.shown)


def test_an_existing_key_is_adopted_and_deleted_at_its_end_unless_it_is_still_used(
    datadog: DatadogServer, moto: Moto, tmp_path: pathlib.Path
) -> None:
    agent = Agent(Account(datadog.organization(), "api"), moto, tmp_path)
    old = agent.account.organization.make("from before", category="edge")
    agent.file.put(yaml.safe_dump({"key": old.value}))
    adopted = agent.rotate()
    assert adopted.status == 0, adopted.output
    assert (agent.key() == old.value, agent.account.ids()) == (True, {old.id})
    assert agent.rotate("-e", "credential_force=true").status == 0
    (new,) = agent.account.ids() - {old.id}
    assert agent.account.organization.keys[new].category == "edge"
    with agent.account.organization.lock:
        old.last_used = old.usable_at + 3600 * 24 * 365
    agent.estate.credentials["agents"]["credential_grace"] = "0s"
    held = agent.rotate()
    assert old.id in agent.account.ids() and "after every known consumer had moved on" in " ".join(held.output.split())
    with agent.account.organization.lock:
        old.last_used = old.usable_at
    ended = agent.rotate()
    assert ended.status == 0, ended.output
    assert agent.account.ids() == {new}


def test_a_full_organization_is_told_before_anything_is_made(datadog: DatadogServer, moto: Moto, tmp_path: pathlib.Path) -> None:
    agent = Agent(Account(datadog.organization(max_allowed=2), "api"), moto, tmp_path)
    theirs = agent.account.organization.make("somebody's")
    refused = agent.rotate()
    assert refused.status != 0 and "Datadog allows 2" in " ".join(refused.output.split())
    assert agent.account.ids() == {theirs.id}
    assert not agent.file.path.exists()
