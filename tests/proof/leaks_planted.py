# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leaks on purpose, one for every channel, so that a search that finds none elsewhere means something."""

from __future__ import annotations

import contextlib
import secrets
import urllib.error
import urllib.request

import yaml

from ansible_collections.locksmith.rotation.tests.proof.leaks_metadata import metadata
from ansible_collections.locksmith.rotation.tests.proof.leaks_run import Stage, content_of
from ansible_collections.locksmith.rotation.tests.proof.leaks_world import FILES, Household, Servers

#: What the playbook leaks, to the channels in which that must show.
_BY_PLAYBOOK = {
    "result": ("stdout", "log_path", "JUnit callback", "tree callback", "JSON of every event"),
    "fact": ("fact cache",),
    "argument": ("arguments of processes", "syslog", "module files"),
    "environment": ("environments of processes",),
    "temporary": ("temporary files",),
    "marker": ("markers on hosts",),
    "report": ("reports and the audit trail",),
    "warning": ("stderr",),
}


def plant(household: Household, stage: Stage) -> dict[str, tuple[str, bytes]]:
    """Channel to the secret that was leaked there and what the channel holds."""
    planted = {name: _secret() for name in _BY_PLAYBOOK}
    variables = stage.top / "planted.yml"
    variables.write_text(yaml.safe_dump({"planted": planted}), encoding="utf-8")
    ran = stage.play(str(FILES / "planted.yml"), *household.write(), "-e", f"@{variables}")
    found = {channel: (planted[name], ran.channels[channel]) for name, channels in _BY_PLAYBOOK.items() for channel in channels}
    return {**found, **_in_servers(household.servers), "runner artifacts": _in_artifacts(stage)}


def _secret() -> str:
    return f"planted{secrets.token_hex(12)}"


def _in_servers(servers: Servers) -> dict[str, tuple[str, bytes]]:
    sql, path, url, label, tag, description = (_secret() for dummy in range(6))
    servers.postgres.sql(f"CREATE ROLE {_secret()} PASSWORD '{sql}'")
    with contextlib.suppress(urllib.error.HTTPError):
        servers.bao.call("GET", f"secret/data/{path}")
    with contextlib.suppress(urllib.error.HTTPError):
        urllib.request.urlopen(f"{servers.moto.url}/{url}", timeout=10)
    servers.bao.call("POST", "secret/metadata/labelled", {"custom_metadata": {"note": label}})
    ssm, manager = servers.moto.client("ssm"), servers.moto.client("secretsmanager")
    ssm.put_parameter(Name=f"/tagged/{secrets.token_hex(4)}", Value="x", Type="String", Description=description)
    manager.create_secret(Name=f"tagged/{secrets.token_hex(4)}", SecretString="x", Tags=[{"Key": "note", "Value": tag}])
    logs, kept = servers.logs(), metadata(servers)
    found = {"PostgreSQL log": (sql, logs["PostgreSQL log"]), "OpenBao audit device": (path, logs["OpenBao audit device"])}
    return {
        **found,
        "AWS log": (url, logs["AWS log"]),
        "metadata of Vault": (label, kept),
        "tags of Secrets Manager": (tag, kept),
        "descriptions of SSM": (description, kept),
    }


def _in_artifacts(stage: Stage) -> tuple[str, bytes]:
    """As a file, because that is all that artifacts are."""
    secret, folder = _secret(), stage.top / "runner" / "artifacts" / "1" / "job_events"
    folder.mkdir(parents=True)
    (folder / "1.json").write_text(f'{{"stdout": "{secret}"}}', encoding="utf-8")
    return secret, content_of(stage.top / "runner" / "artifacts")
