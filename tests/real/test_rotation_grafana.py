# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grafana tokens from end to end: the playbook, an encrypted file as the store, and a machine that reads the token raw."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
import yaml

from ansible_collections.locksmith.rotation.tests.real.estate import Ended, Estate, machine_of
from ansible_collections.locksmith.rotation.tests.real.fixtures_file import FileMaker
from ansible_collections.locksmith.rotation.tests.real.fixtures_grafana import unique
from ansible_collections.locksmith.rotation.tests.servers.grafana import GrafanaServer
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

LEGACY_KEY = "eyJrIjoiMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIiLCJuIjoib2xkIiwiaWQiOjF9"


class Exporter:
    """One credential, the file that publishes its token, and one machine that uses it."""

    def __init__(self, server: GrafanaServer, moto: Moto, top: pathlib.Path, **options: t.Any) -> None:
        self.server, self.account = server, unique("dashboards")
        rotator = server.create_account(unique("rotator"), "Admin")
        self.login = server.create_token(rotator, unique("rotator"))[1]
        chosen = options or {"service_account": self.account, "service_account_role": "Viewer"}
        self.build(moto, top, {"url": server.url, "grafana_api_key": self.login, **chosen})

    def build(self, moto: Moto, top: pathlib.Path, options: dict[str, t.Any]) -> None:
        """The catalogue with this one credential, and the machine."""
        self.file = FileMaker(top)
        self.file.password_file.chmod(0o600)
        self.home = top / "web1"
        self.home.mkdir()
        self.shown: list[str] = []
        self.estate = Estate(moto, top, [], [])
        entry = {"credential": "dashboards", "format": "raw", "fields": {"token": "token"}}
        self.estate.machines["web1"] = machine_of(self.home, entry, "token", "exporter")
        self.estate.credentials["dashboards"] = {
            "credential_type": "grafana",
            "credential_options": options,
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


def test_a_legacy_key_that_does_not_work_is_replaced_by_force_and_left_alone(exporter: Exporter) -> None:
    exporter.file.put(yaml.safe_dump({"token": LEGACY_KEY}))
    refused = exporter.rotate()
    assert refused.status != 0 and "force a first rotation" in " ".join(refused.output.split()), refused.output
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


@pytest.fixture
def old_grafana() -> t.Iterator[GrafanaServer]:
    """One that still makes API keys; tests upgrade it."""
    with GrafanaServer("10.4") as server:
        yield server


def key_names(server: GrafanaServer) -> list[str]:
    return [key["name"] for key in server.ask("GET", "/api/auth/keys?includeExpired=true")[1]]


def test_an_api_key_from_its_creation_to_its_end_and_the_servers(
    old_grafana: GrafanaServer, moto: Moto, tmp_path: pathlib.Path
) -> None:
    exporter = Exporter(old_grafana, moto, tmp_path, kind="api_key", api_key_role="Viewer")
    exporter.estate.credentials["dashboards"]["credential_grace"] = "0s"
    first = exporter.rotate()
    assert first.status == 0, first.output
    old = exporter.token()
    forced = exporter.rotate("-e", "credential_force=true")
    assert forced.status == 0, forced.output
    new = exporter.token()
    assert (exporter.works(old), exporter.works(new), exporter.token("running") == new) == (False, True, True)
    assert len(key_names(old_grafana)) == 1
    old_grafana.settings(version="11.3")
    for more in (["--check"], []):
        refused = exporter.rotate("-e", "credential_force=true", *more)
        said = " ".join(refused.output.split())
        assert refused.status != 0 and "makes no API keys any more" in said and "service_account_token" in said, refused.output
    assert (exporter.token(), exporter.works(new)) == (new, True)
    options = exporter.estate.credentials["dashboards"]["credential_options"]
    options.update(kind="service_account_token", service_account=exporter.account, service_account_role="Viewer")
    gone_over = exporter.rotate("-e", "credential_force=true")
    assert gone_over.status == 0, gone_over.output
    token = exporter.token()
    assert (token.startswith("glsa_"), exporter.works(token), exporter.works(new), key_names(old_grafana)) == (
        True,
        True,
        False,
        [],
    )
    assert not any(secret in output for secret in (old, new, token, exporter.login) for output in exporter.shown)


@pytest.mark.parametrize("converted", [False, True])
def test_an_api_key_is_migrated_to_a_service_account_without_a_gap(
    old_grafana: GrafanaServer, moto: Moto, tmp_path: pathlib.Path, converted: bool
) -> None:
    name = unique("by-hand")
    key = old_grafana.create_key(name)[1]
    exporter = Exporter(old_grafana, moto, tmp_path)
    exporter.estate.credentials["dashboards"]["credential_grace"] = "0s"
    exporter.file.put(yaml.safe_dump({"token": key}))
    wish = ["-e", json.dumps({"grafana_migrate_keys": [name]})] if converted else []

    def migrate(*more: str) -> Ended:
        ended = exporter.estate.run("locksmith.rotation.grafana_migrate", *wish, *more, "-vvv")
        exporter.shown.append(ended.output)
        assert ended.status == 0, ended.output
        return ended

    def there() -> tuple[list[str], list[str]]:
        state = old_grafana.state()
        return [account["name"] for account in state["accounts"]], [token["name"] for token in state["tokens"]]

    before = there()
    dry = migrate("--check", "--diff")
    assert there() == before
    assert name in dry.output
    migrate()
    token = exporter.token()
    assert token.startswith("glsa_") and exporter.token("running") == token
    assert (exporter.works(key), exporter.works(token), key_names(old_grafana)) == (False, True, [])
    accounts = {account["name"] for account in old_grafana.state()["accounts"]}
    assert (f"sa-autogen-{name}" in accounts, exporter.account in accounts) == (converted, True)
    assert migrate().changed() == 0
    assert not any(secret in output for secret in (key, token, exporter.login) for output in exporter.shown)
