# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords rotated behind a real PgBouncer: by its auth_file, kept by a consumer, and by auth_query, where nothing is to be done.
Somebody logs in through it all the time."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import secrets
import signal
import stat
import subprocess
import threading
import time
import typing as t

import psycopg
import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.formats import FORMATS
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.interface import Place
from ansible_collections.locksmith.rotation.tests.real.documented import block
from ansible_collections.locksmith.rotation.tests.real.estate import Ended, Estate
from ansible_collections.locksmith.rotation.tests.real.fixtures_file import FileMaker
from ansible_collections.locksmith.rotation.tests.real.fixtures_postgres import make_issuer, make_role, rotate, unique
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto
from ansible_collections.locksmith.rotation.tests.servers.pgbouncer import PgBouncer, console_command
from ansible_collections.locksmith.rotation.tests.servers.postgres import Postgres


@pytest.fixture(scope="module")
def server() -> t.Iterator[Postgres]:
    with Postgres(18) as started:
        yield started


@pytest.fixture(scope="module")
def by_file(server: Postgres) -> t.Iterator[PgBouncer]:
    with PgBouncer(server) as started:
        yield started


@pytest.fixture(scope="module")
def by_query(server: Postgres) -> t.Iterator[PgBouncer]:
    """Set up with the statements of the page."""
    server.sql(*functions(block("pgbouncer.md", "sql", "user_lookup")))
    password = secrets.token_urlsafe(16)
    server.sql(f"ALTER ROLE pgbouncer PASSWORD '{password}'")
    with PgBouncer(server, ("pgbouncer", password, auth_query())) as started:
        yield started


def auth_query() -> str:
    """What the page sets it to."""
    line = next(line for line in block("pgbouncer.md", "ini", "auth_query").splitlines() if line.startswith("auth_query"))
    return line.partition("=")[2].strip()


def functions(text: str) -> list[str]:
    """The statements of a block whose function body holds none of its own."""
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [statement for statement in "\n".join(lines).split(";\n") if statement.strip()]


def write_line(pool: PgBouncer, version: Issued) -> None:
    """As the consumer does, in place."""
    values = {"user": version.fields["username"], "password": version.fields["password"]}
    before = pool.userlist.read_text(encoding="utf-8")
    after = FORMATS["pgbouncer_userlist"].render(before, values, Place(), lambda part: False)
    pool.userlist.write_text(after, encoding="utf-8")
    os.kill(int(pool.pid_file.read_text(encoding="ascii")), signal.SIGHUP)
    time.sleep(0.3)


class TestVerifiers:
    def test_the_line_alone_lets_a_client_through_to_the_server(self, server: Postgres, by_file: PgBouncer) -> None:
        name = make_role(server)[0]
        issuer = make_issuer(server, name)
        version = rotate(issuer)
        assert not by_file.logs_in(name, version.fields["password"])
        write_line(by_file, version)
        assert by_file.logs_in(name, version.fields["password"])
        assert not by_file.logs_in(name, "wrong-password")
        assert (version.fields["password"] in by_file.userlist.read_text(encoding="utf-8")) is False

    def test_it_is_what_the_server_has(self, server: Postgres, by_file: PgBouncer) -> None:
        name = make_role(server)[0]
        version = rotate(make_issuer(server, name))
        write_line(by_file, version)
        ((stored,),) = server.sql(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{name}'")
        assert f'"{name}" "{stored}"\n' in by_file.userlist.read_text(encoding="utf-8")

    def test_a_verifier_with_another_salt_lets_nobody_through(self, server: Postgres, by_file: PgBouncer) -> None:
        """Why the two are not computed independently."""
        name = make_role(server)[0]
        version = rotate(make_issuer(server, name))
        with psycopg.connect(**server.admin_dsn) as connection:
            password = version.fields["password"].encode()
            other = connection.pgconn.encrypt_password(password, name.encode(), b"scram-sha-256").decode()
        with by_file.userlist.open("a", encoding="utf-8") as file:
            file.write(f'"{name}" "{other}"\n')
        os.kill(int(by_file.pid_file.read_text(encoding="ascii")), signal.SIGHUP)
        time.sleep(0.3)
        assert not by_file.logs_in(name, version.fields["password"])

    def test_the_console_command_of_the_page_reloads_and_recycles(self, server: Postgres, by_file: PgBouncer) -> None:
        name = make_role(server)[0]
        version = rotate(make_issuer(server, name))
        values = {"user": name, "password": version.fields["password"]}
        text = FORMATS["pgbouncer_userlist"].render(
            by_file.userlist.read_text(encoding="utf-8"), values, Place(), lambda part: False
        )
        by_file.userlist.write_text(text, encoding="utf-8")
        subprocess.run(console_command(by_file), check=True, capture_output=True, timeout=30, **by_file.as_itself())
        assert by_file.logs_in(name, version.fields["password"])


@dataclasses.dataclass
class Probes:
    """Logs in with what the service has in its file, again and again."""

    pool: PgBouncer
    file: pathlib.Path
    logins: int = 0
    users: set[str] = dataclasses.field(default_factory=set)
    failures: list[str] = dataclasses.field(default_factory=list)
    _over: threading.Event = dataclasses.field(default_factory=threading.Event)

    def __enter__(self) -> Probes:
        self._thread = threading.Thread(target=self._go_on)
        self._thread.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._over.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._over.wait(0.02):
            found = dict(line.split("=", 1) for line in self.file.read_text(encoding="utf-8").splitlines() if "=" in line)
            try:
                with psycopg.connect(**self.pool.dsn(found["PGUSER"], found["PGPASSWORD"]), autocommit=True) as connection:
                    self.users.add(str(connection.execute("SELECT session_user::text").fetchone()))
                self.logins += 1
            except psycopg.Error as failure:
                self.failures.append(f"{found['PGUSER']}: {type(failure).__name__} {failure.sqlstate}")


class Shop:
    """Two roles that take turns, a service that logs in through PgBouncer, and with a file also the machine with PgBouncer."""

    def __init__(self, server: Postgres, pool: PgBouncer, moto: Moto, top: pathlib.Path, with_file: bool) -> None:
        self.server, self.pool, self.top = server, pool, top
        self.base = unique("shop")
        for colour in ("blue", "green"):
            make_role(server, f"{self.base}_{colour}")
        file = FileMaker(top)
        file.password_file.chmod(0o600)
        self.env = top / "web1" / "db.env"
        self.env.parent.mkdir()
        self.estate = Estate(moto, top, [], [])
        self.estate.machines["web1"] = self._machine("web1", self._service())
        if with_file:
            self.estate.machines["pool1"] = {**self._machine("pool1", self._pooler()), "consumer_canary": True}
        store = {"type": "file", "path": str(file.path), "vault_password_file": str(file.password_file)}
        self.estate.credentials["orders-db"] = {
            "credential_type": "postgresql",
            "credential_options": self._options(),
            "credential_store": store,
            "credential_grace": "0s",
            "credential_recovery_wait": "0s",
        }

    def _options(self) -> dict[str, t.Any]:
        server = self.server
        reach = {"login_host": server.host, "login_port": server.port, "login_user": server.admin_user}
        return {**reach, "login_password": server.admin_password, "role": self.base, "strategy": "alternating_users"}

    def _machine(self, name: str, entry: dict[str, t.Any]) -> dict[str, t.Any]:
        state = str(self.top / f"state-{name}")
        return {
            "ansible_connection": "local",
            "consumer_state_dir": state,
            "consumer_credentials": [{"credential": "orders-db", **entry}],
        }

    def _service(self) -> dict[str, t.Any]:
        fields = {"PGUSER": "username", "PGPASSWORD": "password"}
        service = {"name": "web", "manager": "command", "command": ["/bin/true"]}
        return {"dest": str(self.env), "format": "env", "fields": fields, "service": service, "settle": 0}

    def _pooler(self) -> dict[str, t.Any]:
        return {
            "dest": str(self.pool.userlist),
            "format": "pgbouncer_userlist",
            "owner": self.pool.owner,
            "service": {"name": "pgbouncer", "manager": "signal", "action": "reload", "pid_file": str(self.pool.pid_file)},
            "probe": {"port": self.pool.port},
            "settle": 1,
        }

    def rotate(self, *arguments: str) -> Ended:
        return self.estate.rotate(*arguments)

    def drain(self) -> None:
        """Have PgBouncer recycle its server connections, and wait until the role that has had its turn has none."""
        self.pool.console("RECONNECT")
        used = self.env.read_text(encoding="utf-8")
        idle = next(name for name in self.states() if name not in used)
        give_up_at = time.monotonic() + 20
        while self.server.sql(f"SELECT 1 FROM pg_stat_activity WHERE usename = '{idle}'"):
            assert time.monotonic() < give_up_at, f"sessions of {idle} linger"
            time.sleep(0.1)

    def states(self) -> dict[str, bool]:
        return dict(self.server.sql(f"SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname LIKE '{self.base}%'"))


FORCE = ("-e", "credential_force=true")


def test_nobody_is_refused_while_roles_take_turns_by_file(
    server: Postgres, by_file: PgBouncer, moto: Moto, tmp_path: pathlib.Path
) -> None:
    shop = Shop(server, by_file, moto, tmp_path, with_file=True)
    others = by_file.userlist.read_text(encoding="utf-8")
    first = shop.rotate()
    assert first.status == 0, first.output
    with Probes(by_file, shop.env) as probes:
        ended = [shop.rotate(*FORCE)]
        shop.drain()
        ended += [shop.rotate(), shop.rotate(*FORCE)]
    for each in ended:
        assert each.status == 0, each.output
    assert probes.failures == []
    assert (len(probes.users), probes.logins > 20) == (2, True), "both roles were logged in as, often"
    found = by_file.userlist.read_text(encoding="utf-8")
    assert others in found
    assert stat.S_IMODE(by_file.userlist.stat().st_mode) == 0o600
    assert by_file.userlist.owner() == by_file.owner
    assert found.count(shop.base) == 2
    shop.drain()
    quiet = shop.rotate()
    assert quiet.status == 0, quiet.output
    assert sorted(shop.states().values()) == [False, True], "the role that nobody uses any more is switched off"
    assert shop.rotate().changed() == 0


def test_nobody_is_refused_while_roles_take_turns_by_query(
    server: Postgres, by_query: PgBouncer, moto: Moto, tmp_path: pathlib.Path
) -> None:
    shop = Shop(server, by_query, moto, tmp_path, with_file=False)
    before = by_query.userlist.read_text(encoding="utf-8")
    first = shop.rotate()
    assert first.status == 0, first.output
    with Probes(by_query, shop.env) as probes:
        second = shop.rotate(*FORCE)
    assert second.status == 0, second.output
    assert probes.failures == []
    assert (len(probes.users), probes.logins > 10) == (2, True)
    assert by_query.userlist.read_text(encoding="utf-8") == before


def test_an_adopted_password_leaves_a_right_line_alone(
    server: Postgres, by_file: PgBouncer, moto: Moto, tmp_path: pathlib.Path
) -> None:
    """The server's own verifier, with its random salt, was copied into the file once."""
    shop = Shop(server, by_file, moto, tmp_path, with_file=True)
    name, password = f"{shop.base}_blue", secrets.token_hex(20)
    server.sql(f"ALTER ROLE {name} PASSWORD '{password}'")
    ((stored,),) = server.sql(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{name}'")
    with by_file.userlist.open("a", encoding="utf-8") as file:
        file.write(f'"{name}" "{stored}"\n')
    FileMaker(tmp_path).put(f"username: {name}\npassword: {password}\n")
    adopted = shop.rotate()
    assert adopted.status == 0, adopted.output
    assert f'"{name}" "{stored}"\n' in by_file.userlist.read_text(encoding="utf-8")
    assert by_file.logs_in(name, password)
