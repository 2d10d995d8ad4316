# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grafana tokens from end to end: the playbook, an encrypted file as the store, and a machine that reads the token raw."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml

from ansible_collections.locksmith.rotation.tests.real.estate import Ended, Estate
from ansible_collections.locksmith.rotation.tests.real.fixtures_file import FileMaker
from ansible_collections.locksmith.rotation.tests.real.fixtures_grafana import unique
from ansible_collections.locksmith.rotation.tests.servers.grafana import GrafanaServer
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

LEGACY_KEY = "eyJrIjoiMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIiLCJuIjoib2xkIiwiaWQiOjF9"


class Exporter:
    """One service account, the file that publishes its token, and one machine that uses it."""

    def __init__(self, server: GrafanaServer, moto: Moto, top: pathlib.Path) -> None:
        self.server, self.file = server, FileMaker(top)
        self.file.password_file.chmod(0o600)
        self.account = unique("dashboards")
        self.home = top / "web1"
        self.home.mkdir()
        rotator = server.create_account(unique("rotator"), "Admin")
        self.login = server.create_token(rotator, unique("rotator"))[1]
        self.shown: list[str] = []
        self.estate = Estate(moto, top, [], [])
        self.estate.machines["web1"] = self._machine()
        self.estate.credentials["dashboards"] = {
            "credential_type": "grafana",
            "credential_options": {
                "url": server.url,
                "grafana_api_key": self.login,
                "service_account": self.account,
                "service_account_role": "Viewer",
            },
            "credential_store": {
                "type": "file",
                "path": str(self.file.path),
                "vault_password_file": str(self.file.password_file),
            },
            "credential_grace": "1h",
        }

    def _machine(self) -> dict[str, t.Any]:
        entry = {
            "credential": "dashboards",
            "dest": str(self.home / "token"),
            "format": "raw",
            "fields": {"token": "token"},
            "service": {
                "name": "exporter",
                "manager": "command",
                "command": ["/bin/cp", str(self.home / "token"), str(self.home / "running")],
            },
        }
        return {"ansible_connection": "local", "consumer_state_dir": str(self.home / "state"), "consumer_credentials": [entry]}

    def rotate(self, *arguments: str) -> Ended:
        ended = self.estate.rotate(*arguments)
        self.shown.append(ended.output)
        return ended

    def token(self, name: str = "token") -> str:
        return (self.home / name).read_text(encoding="utf-8")

    def works(self, token: str) -> bool:
        return self.server.ask("GET", "/api/access-control/user/permissions", token=token)[0] == 200

    def names(self) -> list[str]:
        """The names of the tokens of the service account."""
        state = self.server.state()
        numbers = [account["id"] for account in state["accounts"] if account["name"] == self.account]
        return [token["name"] for token in state["tokens"] if token["account"] in numbers]


@pytest.fixture
def exporter(grafana_12: GrafanaServer, moto: Moto, tmp_path: pathlib.Path) -> Exporter:
    return Exporter(grafana_12, moto, tmp_path)


def test_a_token_from_its_creation_to_its_end(exporter: Exporter) -> None:
    checked = exporter.rotate("--check", "--diff")
    assert checked.status == 0 and exporter.names() == [], checked.output
    first = exporter.rotate("--diff")
    assert first.status == 0, first.output
    old = exporter.token()
    assert (exporter.works(old), exporter.token("running") == old, len(exporter.names())) == (True, True, 1)
    assert exporter.rotate().changed() == 0
    leaked = exporter.rotate("-e", "credential_force=true", "-e", "credential_reason=leak", "--diff", "-vvv")
    assert leaked.status == 0, leaked.output
    new = exporter.token()
    assert (new == old, exporter.token("running") == new) == (False, True)
    assert (exporter.works(old), exporter.works(new), len(exporter.names())) == (True, True, 2), "both work until grace is over"
    exporter.estate.credentials["dashboards"]["credential_grace"] = "0s"
    retired = exporter.rotate("--diff")
    assert retired.status == 0, retired.output
    assert (exporter.works(old), exporter.works(new), len(exporter.names())) == (False, True, 1)
    assert exporter.rotate().changed() == 0
    for secret in (old, new, exporter.login):
        assert not any(secret in output for output in exporter.shown)


def test_a_legacy_key_is_replaced_by_force_and_left_alone(exporter: Exporter) -> None:
    exporter.file.put(yaml.safe_dump({"token": LEGACY_KEY}))
    refused = exporter.rotate()
    assert (
        refused.status != 0
        and "legacy API key" in refused.output
        and "force a first rotation" in " ".join(refused.output.split())
    )
    assert exporter.names() == []
    forced = exporter.rotate("-e", "credential_force=true")
    assert forced.status == 0, forced.output
    assert (exporter.works(exporter.token()), LEGACY_KEY in "".join(exporter.shown)) == (True, False)


def test_the_only_token_is_adopted_and_deleted_at_its_end(exporter: Exporter) -> None:
    number = exporter.server.create_account(exporter.account)
    old = exporter.server.create_token(number, unique("by-hand"))[1]
    exporter.file.put(yaml.safe_dump({"token": old}))
    adopted = exporter.rotate()
    assert adopted.status == 0, adopted.output
    assert (exporter.token() == old, len(exporter.names())) == (True, 1)
    exporter.estate.credentials["dashboards"]["credential_grace"] = "0s"
    ended = exporter.rotate("-e", "credential_force=true")
    assert ended.status == 0, ended.output
    assert (exporter.works(old), exporter.works(exporter.token())) == (False, True)
    assert not any(secret in output for secret in (old, exporter.token()) for output in exporter.shown)
