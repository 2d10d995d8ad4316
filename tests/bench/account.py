# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS accounts to measure on: moto's server with many IAM users. Called by the benchmark."""

from __future__ import annotations

import concurrent.futures
import typing as t

from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

_AT_ONCE = 8


def user_names(prefix: str, count: int) -> list[str]:
    """C(bench-0000), C(bench-0001) and so on."""
    return [f"{prefix}-{number:04d}" for number in range(count)]


def create_users(server: Moto, names: t.Sequence[str], with_key: bool) -> None:
    """Create an IAM user for each name, with one access key where asked for."""
    client = server.client("iam")

    def create(name: str) -> None:
        client.create_user(UserName=name)
        if with_key:
            client.create_access_key(UserName=name)

    with concurrent.futures.ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(create, names))
