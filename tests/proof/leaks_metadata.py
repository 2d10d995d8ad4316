# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stores keep beside values, where it is shown to more people than the values are: metadata, tags, descriptions, labels, history."""

from __future__ import annotations

import contextlib
import json
import typing as t
import urllib.error

from ansible_collections.locksmith.rotation.tests.proof.leaks_world import Servers

_VALUES = ("Value", "SecretString", "SecretBinary")


def metadata(servers: Servers) -> bytes:
    """Of everything in all stores, without a single value."""
    found: list[t.Any] = [*_vault(servers, ""), *_ssm(servers), *_secretsmanager(servers)]
    return json.dumps(found, default=str).encode()


def _vault(servers: Servers, folder: str) -> t.Iterator[t.Any]:
    """Version 2 has metadata; what it and version 1 list are names."""
    with contextlib.suppress(urllib.error.HTTPError):
        for name in servers.bao.call("LIST", f"secret/metadata/{folder}")["data"]["keys"]:
            yield name
            if name.endswith("/"):
                yield from _vault(servers, folder + name)
            else:
                yield servers.bao.call("GET", f"secret/metadata/{folder}{name}")


def _ssm(servers: Servers) -> t.Iterator[t.Any]:
    client = servers.moto.client("ssm")
    for page in client.get_paginator("describe_parameters").paginate():
        for each in page["Parameters"]:
            yield each
            yield client.list_tags_for_resource(ResourceType="Parameter", ResourceId=each["Name"])["TagList"]
            history = client.get_parameter_history(Name=each["Name"])["Parameters"]
            yield [{name: value for name, value in entry.items() if name not in _VALUES} for entry in history]


def _secretsmanager(servers: Servers) -> t.Iterator[t.Any]:
    client = servers.moto.client("secretsmanager")
    for page in client.get_paginator("list_secrets").paginate():
        for each in page["SecretList"]:
            yield each
            yield client.list_secret_version_ids(SecretId=each["ARN"], IncludeDeprecated=True)["Versions"]
