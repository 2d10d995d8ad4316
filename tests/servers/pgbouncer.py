# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real PgBouncer, Debian's, on a free loopback port in front of a PostgreSQL of P(tests.servers.postgres)."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
import typing as t
from pathlib import Path

import psycopg

from ansible_collections.locksmith.rotation.tests.servers.postgres import DEBIAN_BIN, HOST, Postgres, free_port

#: What Debian's package pgbouncer installs.
PROGRAM = "/usr/sbin/pgbouncer"
_START_SECONDS = 20


class PgBouncer:
    """One in front of C(postgres); a context manager.

    :arg auth_query: look roles up at the server as this user (name and password), by this query, instead of in the file.
    """

    def __init__(self, postgres: Postgres, auth_query: tuple[str, str, str] | None = None) -> None:
        self.postgres = postgres
        self.host = HOST
        self.port = free_port()
        self.admin_user = "console"
        self.admin_password = secrets.token_urlsafe(16)
        self._auth_query = auth_query
        self._top: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PgBouncer:
        self._top = Path(tempfile.mkdtemp(prefix="pgb"))
        try:
            self._top.chmod(0o755)
            self._configure()
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *dummy: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(15)
            self._process = None
        if self._top is not None:
            shutil.rmtree(self._top)
            self._top = None

    @property
    def top(self) -> Path:
        assert self._top is not None, "not entered"
        return self._top

    @property
    def userlist(self) -> Path:
        """Its auth_file. It belongs to the user that PgBouncer runs as, and has a line for the console's user."""
        return self.top / "userlist.txt"

    @property
    def pid_file(self) -> Path:
        return self.top / "pgbouncer.pid"

    @property
    def owner(self) -> str:
        """The user that PgBouncer runs as: it refuses to be root."""
        return _user().pw_name

    def dsn(self, user: str, password: str, dbname: str = "postgres") -> dict[str, t.Any]:
        return {**self.postgres.dsn(user, password, dbname), "port": self.port, "connect_timeout": 30}

    def logs_in(self, user: str, password: str) -> bool:
        """Whether this password gets as far as an answer from the server."""
        with contextlib.suppress(psycopg.Error), psycopg.connect(**self.dsn(user, password), autocommit=True) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
        return False

    def console(self, command: str) -> list[tuple[t.Any, ...]]:
        """One command to the admin console."""
        dsn = self.dsn(self.admin_user, self.admin_password, "pgbouncer")
        with psycopg.connect(**dsn, autocommit=True) as connection:
            cursor = connection.execute(t.cast(t.Any, command))
            return cursor.fetchall() if cursor.description else []

    def as_itself(self) -> dict[str, t.Any]:
        """Keywords for a subprocess as the user that PgBouncer runs as, whom its Unix socket lets in without a password."""
        if os.geteuid() != 0:
            return {}
        return {"user": _user().pw_uid, "group": _user().pw_gid, "extra_groups": []}

    def log(self) -> str:
        return (self.top / "log").read_text(encoding="utf-8", errors="replace")

    def _configure(self) -> None:
        lines = [f'"{self.admin_user}" "{self.admin_password}"']
        settings = {
            "listen_addr": self.host,
            "listen_port": str(self.port),
            "unix_socket_dir": str(self.top),
            "auth_type": "scram-sha-256",
            "auth_file": str(self.userlist),
            "admin_users": self.admin_user,
            "pidfile": str(self.pid_file),
            "pool_mode": "session",
            "server_login_retry": "1",
            "ignore_startup_parameters": "extra_float_digits",
            "max_client_conn": "50",
        }
        if self._auth_query:
            user, password, query = self._auth_query
            lines.append(f'"{user}" "{password}"')
            settings.update(auth_user=user, auth_query=query)
        place = f"* = host={self.postgres.host} port={self.postgres.port}"
        text = "\n".join(["[databases]", place, "[pgbouncer]", *(f"{name} = {value}" for name, value in settings.items()), ""])
        (self.top / "pgbouncer.ini").write_text(text, encoding="utf-8")
        self.userlist.touch(mode=0o600)
        self.userlist.write_text("; kept by hand\n" + "\n".join(lines) + "\n", encoding="utf-8")
        for path in (self.top, self.userlist):
            os.chown(path, _user().pw_uid, _user().pw_gid)

    def _start(self) -> None:
        command = [PROGRAM, str(self.top / "pgbouncer.ini")]
        environment = {"PATH": "/usr/bin:/bin"}
        with (self.top / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.top, env=environment, **self.as_itself())
        give_up_at = time.monotonic() + _START_SECONDS
        while True:
            with contextlib.suppress(psycopg.OperationalError):
                self.console("SHOW VERSION")
                return
            if self._process.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError(f"PgBouncer did not start: {self.log()}")
            time.sleep(0.05)


def console_command(pool: PgBouncer) -> list[str]:
    """As docs/pgbouncer.md has it, with this one's socket and port."""
    psql = f"{DEBIAN_BIN.format(version=15)}/psql"
    place = ["-h", str(pool.top), "-p", str(pool.port), "-U", "pgbouncer", "pgbouncer"]
    return [psql, "--no-psqlrc", *place, "-c", "RELOAD", "-c", "RECONNECT"]


def _user() -> pwd.struct_passwd:
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("neither a user postgres nor a user nobody")
