# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL 18 and 15, one server each for the whole test session, and what tests of the issuer need around them."""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import itertools
import secrets
import typing as t
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued, Issuer, Setting
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.postgresql import PostgresqlIssuer, RolePassword
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.issuer_makers import Maker
from ansible_collections.locksmith.rotation.tests.servers.postgres import Postgres, free_port
from ansible_collections.locksmith.rotation.tests.servers.postgres_german import GermanPostgres

VERSIONS = (18, 15)


class ImpatientClock(SystemClock):
    """The real time, but waits between two attempts are short."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / 20)


SETTING = Setting("orders-db", rotate_after=2592000, grace=86400, recovery_wait=0, clock=ImpatientClock())
#: Everything that a server can be made to write down about statements.
LOG_EVERYTHING = {
    "log_statement": "all",
    "log_min_duration_statement": "0",
    "log_min_error_statement": "debug5",
    "log_parameter_max_length_on_error": "-1",
    "log_connections": "on",
}
#: The roles in the statements of docs/issuers/postgresql.md.
DOCUMENTED_ROLES = ("orders_app", "orders_blue", "orders_green", "orders_owner", "rotator")
_numbers = itertools.count(1)


@pytest.fixture(scope="session", params=VERSIONS)
def postgres(request: pytest.FixtureRequest) -> t.Iterator[Postgres]:
    """Each version in turn; every test that uses it runs on both."""
    with Postgres(request.param, settings=LOG_EVERYTHING) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_tls(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[tuple[Postgres, Path, Path]]:
    """A server that only takes TLS, its CA's certificate, and the certificate of a CA that it does not have. The package's
    PostgreSQL 18 is built without TLS, so this is Debian's."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key, authority = make_certificate()
    files = folder / "ca.pem", folder / "other.pem"
    files[0].write_bytes(authority)
    files[1].write_bytes(make_certificate("Another Authority")[2])
    hba = ["hostssl all all 127.0.0.1/32 scram-sha-256", "hostnossl all admin 127.0.0.1/32 scram-sha-256"]
    with Postgres(15, hba=hba, tls=(certificate, key)) as server:
        yield (server, *files)


def make_certificate(authority_name: str = "Test Authority") -> tuple[bytes, bytes, bytes]:
    """A certificate for 127.0.0.1, its key, and the certificate of the authority that signed it: PEM, valid for an hour."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for dummy in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, authority_name)])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    signed = _certificate(subject, key, issuer).add_extension(names, critical=False).sign(authority_key, hashes.SHA256())
    constraint = x509.BasicConstraints(ca=True, path_length=None)
    authority = _certificate(issuer, authority_key, issuer).add_extension(constraint, critical=True)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return signed.public_bytes(pem), private, authority.sign(authority_key, hashes.SHA256()).public_bytes(pem)


def _certificate(subject: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    hour = datetime.timedelta(hours=1)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
    return builder.not_valid_before(now - hour).not_valid_after(now + hour)


@pytest.fixture
def documented_server(postgres: Postgres) -> t.Iterator[Postgres]:
    """A server on which the statements of the documentation can be run as they stand: their roles are dropped afterwards."""
    yield postgres
    for name in DOCUMENTED_ROLES:
        if postgres.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{name}'"):
            postgres.sql(f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def unique(base: str = "app") -> str:
    """A role name that no other test uses."""
    return f"{base}{next(_numbers)}"


def make_role(server: Postgres, name: str | None = None, more: str = "") -> tuple[str, str]:
    """A login role and its password."""
    name = name or unique()
    password = secrets.token_urlsafe(16)
    quoted_name = name.replace('"', '""')
    refused = ""
    try:
        server.sql(f"CREATE ROLE \"{quoted_name}\" LOGIN PASSWORD '{password}' {more}")
    except psycopg.Error as error:
        refused = error.diag.message_primary or type(error).__name__
    if refused:  # raised out here, where no frame shows the statement
        raise RuntimeError(f"role {name}: {refused}")
    return name, password


def make_issuer(server: Postgres | GermanPostgres, role: str, **more: t.Any) -> RolePassword:
    """An issuer with every option at its default, except how to reach the server and what C(more) says.
    C(clock) is no option, but the clock that it goes by."""
    setting = dataclasses.replace(SETTING, clock=more.pop("clock", SETTING.clock))
    options = {name: spec.get("default") for name, spec in PostgresqlIssuer.OPTIONS.items()}
    options.update(
        role=role,
        login_host=server.host,
        login_port=server.port,
        login_user=server.admin_user,
        login_password=server.admin_password,
    )
    options.update(more)
    return PostgresqlIssuer.create(options, setting)


def make_attempt(name: str | None = None) -> Attempt:
    return Attempt(name or unique("attempt"), SETTING.clock.now(), (), 2592000)


def version(role: str, password: str) -> Issued:
    """A version that somebody else issued."""
    return Issued(f"{role}/adopted", SecretFields({"username": role, "password": password}))


def rotate(issuer: RolePassword, current: Issued | None = None) -> Issued:
    """Propose and issue, as the engine does."""
    attempt = make_attempt()
    return issuer.issue(attempt, issuer.propose(attempt, current), [current] if current else [])


def listed(issuer: RolePassword) -> list[str]:
    """The names of the roles that the issuer lists."""
    keys = issuer.keys()
    return [key.id for key in keys]


class PostgresMaker(Maker):
    """Of either strategy."""

    def __init__(self, server: Postgres, strategy: str) -> None:
        self._server = server
        self._strategy = strategy
        self._names: dict[Issuer, str] = {}

    def _issuer(self, base: str, **more: t.Any) -> RolePassword:
        return make_issuer(self._server, base, strategy=self._strategy, **more)

    def make(self) -> Issuer:
        base = unique("made")
        for name in [base] if self._strategy == "single_user" else [f"{base}_blue", f"{base}_green"]:
            make_role(self._server, name)
        issuer = self._issuer(base)
        self._names[issuer] = base
        return issuer

    def unreachable(self, issuer: Issuer) -> Issuer:
        return self._issuer(self._names[issuer], login_port=free_port())

    def missing(self) -> Issuer:
        return self._issuer("no_such_role")

    def denied(self, issuer: Issuer) -> Issuer:
        return self._issuer(self._names[issuer], login_password="not-the-administrators")

    def kill(self, issuer: Issuer, version: Issued) -> None:
        self._server.sql(f"ALTER ROLE {version.fields['username']} PASSWORD 'killed'")

    def secrets(self) -> t.Sequence[str]:
        return (self._server.admin_password, "not-the-administrators")

    def module_options(self, issuer: Issuer) -> dict[str, t.Any]:
        login = {"login_user": self._server.admin_user, "login_password": self._server.admin_password}
        where = {"login_host": self._server.host, "login_port": self._server.port}
        return {"role": self._names[issuer], "strategy": self._strategy, **where, **login}

    def alive(self, issuer: Issuer, fields: t.Mapping[str, str]) -> bool:
        return self._server.logs_in(fields["username"], fields["password"])
