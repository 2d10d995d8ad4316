# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Amazon Managed Grafana from end to end: the playbook, Secrets Manager as the store, and a machine that reads the token raw."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.locksmith.rotation.tests.real.estate import Ended, Estate
from ansible_collections.locksmith.rotation.tests.real.fixtures_amg import Amg, unique
from ansible_collections.locksmith.rotation.tests.servers.amg_standin import AmgStandin
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto


class Exporter:
    """One credential, the secret that publishes it as a Lambda would have, and one machine that uses it."""

    def __init__(self, amg: Amg, moto: Moto, top: pathlib.Path) -> None:
        self.amg, self.moto = amg, moto
        self.home = top / "web1"
        self.home.mkdir()
        self.name = f"grafana/{unique('exporter')}-{top.name}"
        self.account = unique("exporter")
        self.shown: list[str] = []
        self.estate = Estate(moto, top, [], [])
        service = {"name": "exporter", "manager": "command", "command": ["/bin/cp", f"{self.home}/token", f"{self.home}/running"]}
        entry = {"credential": "charts", "dest": f"{self.home}/token", "format": "raw", "fields": {"token": "token"}}
        self.estate.machines["web1"] = {
            "ansible_connection": "local",
            "consumer_state_dir": str(self.home / "state"),
            "consumer_credentials": [{**entry, "service": service}],
        }
        aws = moto.options_of(moto.access_key, moto.secret_key)
        options = amg.options()
        self.credential = self.estate.credentials["charts"] = {
            "credential_type": "amg",
            "credential_options": {**options, **({"service_account": self.account} if "service_account" in options else {})},
            "credential_store": {**aws, "type": "secretsmanager", "name": self.name, "fields": {"token": "api_key"}},
        }

    def rotate(self, *arguments: str) -> Ended:
        ended = self.estate.rotate(*arguments)
        self.shown.append(ended.output)
        return ended

    def file(self, name: str = "token") -> str:
        return (self.home / name).read_text(encoding="utf-8")

    def secret(self) -> dict[str, str]:
        found = self.moto.client("secretsmanager").get_secret_value(SecretId=self.name, VersionStage="AWSCURRENT")
        return dict(json.loads(found["SecretString"]))

    def shows(self, *secrets: str) -> bool:
        wanted = (*secrets, self.amg.login["secret_key"])
        return any(secret in output for secret in wanted for output in self.shown)


@pytest.fixture(params=["service_account", "api_key"])
def exporter(request: pytest.FixtureRequest, moto: Moto, tmp_path: pathlib.Path) -> t.Iterator[Exporter]:
    with AmgStandin("9.4") as server:
        yield Exporter(Amg(server, request.param), moto, tmp_path)


def test_a_token_from_its_creation_to_its_end(exporter: Exporter) -> None:
    kept = exporter.amg.tokens(exporter.account if exporter.amg.token_type == "service_account" else None)
    assert kept == []
    first = exporter.rotate("--diff")
    assert first.status == 0, first.output
    old = exporter.file()
    assert exporter.secret()["api_key"] == old and exporter.amg.holds(old) and exporter.file("running") == old
    assert exporter.rotate().changed() == 0
    leaked = exporter.rotate("-e", "credential_force=true", "-e", "credential_reason=leak", "--diff", "-vvv")
    assert leaked.status == 0, leaked.output
    new = exporter.file("running")
    assert new != old and exporter.amg.holds(old) and exporter.amg.holds(new), "both work until grace is over"
    exporter.credential["credential_grace"] = "0s"
    retired = exporter.rotate("--diff")
    assert retired.status == 0, retired.output
    assert (exporter.amg.holds(old), exporter.amg.holds(new)) == (False, True), "what was replaced is deleted: it is billed"
    assert exporter.rotate().changed() == 0
    assert not exporter.shows(old, new)


def test_an_interval_beyond_thirty_days_creates_nothing(exporter: Exporter) -> None:
    exporter.credential["credential_rotate_after"] = "30d"
    refused = exporter.rotate()
    said = " ".join(refused.output.split())
    assert refused.status != 0 and "rotate_after 30d + grace 1d + recovery_wait 7d" in said and "= 39d" in said
    assert exporter.amg.server.asked() == []


def test_a_secret_that_a_lambda_kept_is_taken_over_without_an_outage(moto: Moto, tmp_path: pathlib.Path) -> None:
    with AmgStandin("9.4") as server:
        exporter = Exporter(Amg(server, "api_key"), moto, tmp_path)
        secret = exporter.amg.api_key("made-by-a-lambda")[1]
        value = json.dumps({"api_key": secret, "url": "https://g-1.grafana-workspace.eu-west-1.amazonaws.com"})
        moto.client("secretsmanager").create_secret(Name=exporter.name, SecretString=value)
        adopted = exporter.rotate()
        assert adopted.status == 0, adopted.output
        assert (exporter.file(), len(exporter.amg.tokens())) == (secret, 1)
        exporter.credential["credential_grace"] = "0s"
        forced = exporter.rotate("-e", "credential_force=true")
        assert forced.status == 0, forced.output
        assert (exporter.amg.holds(secret), exporter.amg.holds(exporter.file())) == (False, True)
        assert exporter.secret()["url"].startswith("https://"), "the other fields of the secret are kept"
        assert not exporter.shows(secret, exporter.file())
