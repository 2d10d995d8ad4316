# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small HTTP service over two databases. Holds a connection to each, and replaces it by a new one all the time."""

from __future__ import annotations

import json
import shlex
import sys
import typing as t
from pathlib import Path

import psycopg

from ansible_collections.locksmith.rotation.tests.demo.services.service import Service, Use


class Database:
    """One connection held, replaced at every use: what a pool does, only faster."""

    def __init__(self, host: str, port: str, login: t.Mapping[str, str]) -> None:
        place = {"host": host, "port": port, "dbname": "postgres", "connect_timeout": 5, "passfile": "/dev/null"}
        self._dsn: dict[str, t.Any] = {**place, **login}
        self._held: psycopg.Connection[t.Any] | None = None

    def use(self) -> None:
        connection = psycopg.connect(**self._dsn, autocommit=True)
        connection.execute("SELECT 1")
        held, self._held = self._held, connection
        if held is not None:
            held.close()


def _read_env(path: Path) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in path.read_text(encoding="utf-8").splitlines() if line and line[0] != "#")
    values = {name: "".join(shlex.split(value)) for name, value in pairs}
    return {"user": values["PGUSER"], "password": values["PGPASSWORD"]}


def _read_json(path: Path) -> dict[str, str]:
    values = json.loads(path.read_text(encoding="utf-8"))
    return {"user": values["username"], "password": values["password"]}


def main(root: Path, port: int, database_host: str, database_port: str) -> None:
    files = {"orders-db": (root / "etc/orders/db.env", _read_env), "billing-db": (root / "etc/orders/billing.json", _read_json)}
    uses: dict[str, Use | None] = {
        credential: Database(database_host, database_port, read(path)).use if path.exists() else None
        for credential, (path, read) in files.items()
    }
    Service(root, "orders-api", uses).run(port)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
