# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenBao's own credentials for the tests: AppRoles, and static roles of its database engine with a real PostgreSQL behind it."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import secrets
import typing as t
import urllib.error

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued, Issuer, Setting
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.vault_secret_id import VaultSecretIdIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.vault_static_role import VaultStaticRoleIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock, SystemClock
from ansible_collections.locksmith.rotation.tests.real.issuer_makers import Maker
from ansible_collections.locksmith.rotation.tests.servers.openbao import OpenBao, free_port
from ansible_collections.locksmith.rotation.tests.servers.postgres import Postgres

DAY = 86400
_numbers = itertools.count(1)


class HastyClock(SystemClock):
    """The real time, but pauses are short."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds / 50)


SETTING = Setting("orders", rotate_after=30 * DAY, grace=DAY, recovery_wait=0, clock=HastyClock())


def unique(base: str = "app") -> str:
    """A name that no other test uses."""
    return f"{base}-{next(_numbers)}-{secrets.token_hex(2)}"


def make_attempt(name: str | None = None, known: t.Sequence[str] = ()) -> Attempt:
    return Attempt(name or unique("attempt"), SETTING.clock.now(), tuple(known), 31 * DAY)


class AppRoles:
    """The AppRoles of one server, by other hands than the issuer's."""

    def __init__(self, server: OpenBao) -> None:
        self.server = server
        server.enable_auth("approle")

    def create(self, name: str | None = None, **settings: t.Any) -> str:
        name = name or unique("role")
        self.server.call("POST", f"auth/approle/role/{name}", {"token_policies": ["default"], "token_ttl": "1h", **settings})
        return name

    def issuer(self, role: str, clock: Clock | None = None, setting: Setting = SETTING, **more: t.Any) -> VaultSecretIdIssuer:
        """With every option at its default, except how to reach the server and what C(more) says."""
        options = {name: spec.get("default") for name, spec in VaultSecretIdIssuer.OPTIONS.items()}
        options.update(url=self.server.url, token=self.server.root_token, role_name=role, retries=0)
        options.update(more)
        return VaultSecretIdIssuer.create(options, dataclasses.replace(setting, clock=clock or setting.clock))

    def accessors(self, role: str) -> list[str]:
        try:
            return list(self.server.call("LIST", f"auth/approle/role/{role}/secret-id")["data"]["keys"])
        except urllib.error.HTTPError as none:
            if none.code != 404:
                raise
            return []

    def details(self, role: str, accessor: str) -> dict[str, t.Any]:
        path = f"auth/approle/role/{role}/secret-id-accessor/lookup"
        return dict(self.server.call("POST", path, {"secret_id_accessor": accessor})["data"])

    def by_hand(self, role: str, **settings: t.Any) -> dict[str, t.Any]:
        """A secret id that is not ours."""
        return dict(self.server.call("POST", f"auth/approle/role/{role}/secret-id", settings)["data"])

    def destroy(self, role: str, accessor: str) -> None:
        path = f"auth/approle/role/{role}/secret-id-accessor/destroy"
        self.server.call("POST", path, {"secret_id_accessor": accessor})

    def logs_in(self, fields: t.Mapping[str, str]) -> bool:
        """Whether it logs in, asked without the code under test."""
        with contextlib.suppress(urllib.error.HTTPError):
            login = {"role_id": fields["role_id"], "secret_id": fields["secret_id"]}
            self.server.call("POST", "auth/approle/login", login, token="")
            return True
        return False


class SecretIdMaker(Maker):
    """AppRoles of one server for the conformance tests."""

    def __init__(self, roles: AppRoles) -> None:
        self._roles = roles

    def make(self) -> Issuer:
        return self._roles.issuer(self._roles.create())

    def unreachable(self, issuer: Issuer) -> Issuer:
        return self._roles.issuer(_role_of(issuer), url=f"http://127.0.0.1:{free_port()}")

    def missing(self) -> Issuer:
        return self._roles.issuer("no-such-role")

    def denied(self, issuer: Issuer) -> Issuer:
        return self._roles.issuer(_role_of(issuer), token="not-the-rotators-token")

    def kill(self, issuer: Issuer, version: Issued) -> None:
        self._roles.destroy(_role_of(issuer), version.id)

    def foreign_key(self, issuer: Issuer) -> str:
        return str(self._roles.by_hand(_role_of(issuer))["secret_id_accessor"])

    def secrets(self) -> t.Sequence[str]:
        return (self._roles.server.root_token, "not-the-rotators-token")

    def module_options(self, issuer: Issuer) -> dict[str, t.Any]:
        server = self._roles.server
        return {"url": server.url, "token": server.root_token, "role_name": _role_of(issuer)}

    def alive(self, issuer: Issuer, fields: t.Mapping[str, str]) -> bool:
        return self._roles.logs_in(fields)

    def key_ids(self, issuer: Issuer) -> set[str]:
        return set(self._roles.accessors(_role_of(issuer)))


class StaticRoles:
    """The database engine of one server, connected to one PostgreSQL."""

    def __init__(self, server: OpenBao, postgres: Postgres) -> None:
        self.server, self.postgres = server, postgres
        self.mount = unique("database")
        server.call("POST", f"sys/mounts/{self.mount}", {"type": "database"})
        server.call("POST", f"{self.mount}/config/orders", self._connection())

    def _connection(self) -> dict[str, t.Any]:
        place = f"{self.postgres.host}:{self.postgres.port}"
        return {
            "plugin_name": "postgresql-database-plugin",
            "connection_url": f"postgresql://{{{{username}}}}:{{{{password}}}}@{place}/postgres?sslmode=disable",
            "username": self.postgres.admin_user,
            "password": self.postgres.admin_password,
            "allowed_roles": "*",
        }

    def create(self, period: int = 365 * DAY) -> str:
        """A role of PostgreSQL and a static role of the same name, which Vault rotates at once."""
        name = unique("static").replace("-", "_")
        self.postgres.sql(f"CREATE ROLE {name} LOGIN PASSWORD '{secrets.token_urlsafe(12)}'")
        body = {"db_name": "orders", "username": name, "rotation_period": period}
        self.server.call("POST", f"{self.mount}/static-roles/{name}", body)
        return name

    def issuer(self, role: str, clock: Clock | None = None, by_login: bool = True, **more: t.Any) -> VaultStaticRoleIssuer:
        options = {name: spec.get("default") for name, spec in VaultStaticRoleIssuer.OPTIONS.items()}
        options.update(url=self.server.url, token=self.server.root_token, role_name=role, retries=0)
        options.update(engine_mount_point=self.mount, **(self.login() if by_login else {}))
        options.update(more)
        return VaultStaticRoleIssuer.create(options, dataclasses.replace(SETTING, clock=clock or SETTING.clock))

    def login(self) -> dict[str, t.Any]:
        return {"login_host": self.postgres.host, "login_port": self.postgres.port}

    def shown(self, role: str) -> dict[str, t.Any]:
        return dict(self.server.call("GET", f"{self.mount}/static-creds/{role}")["data"])

    def rotate(self, role: str) -> None:
        """By other hands than the issuer's, as Vault's own schedule does."""
        self.server.call("POST", f"{self.mount}/rotate-role/{role}", {})

    def logs_in(self, fields: t.Mapping[str, str]) -> bool:
        return self.postgres.logs_in(fields["username"], fields["password"])


class StaticRoleMaker(Maker):
    """Static roles of one server for the conformance tests."""

    def __init__(self, roles: StaticRoles) -> None:
        self._roles = roles

    def _issuer(self, role: str, **more: t.Any) -> Issuer:
        return self._roles.issuer(role, **more)

    def make(self) -> Issuer:
        return self._issuer(self._roles.create())

    def unreachable(self, issuer: Issuer) -> Issuer:
        return self._issuer(_role_of(issuer), url=f"http://127.0.0.1:{free_port()}", login_port=free_port())

    def missing(self) -> Issuer:
        return self._issuer("no_such_role")

    def denied(self, issuer: Issuer) -> Issuer:
        return self._issuer(_role_of(issuer), token="not-the-rotators-token")

    def kill(self, issuer: Issuer, version: Issued) -> None:
        self._roles.rotate(_role_of(issuer))

    def secrets(self) -> t.Sequence[str]:
        return (self._roles.server.root_token, "not-the-rotators-token", self._roles.postgres.admin_password)

    def module_options(self, issuer: Issuer) -> dict[str, t.Any]:
        server, role = self._roles.server, _role_of(issuer)
        return {
            "url": server.url,
            "token": server.root_token,
            "role_name": role,
            "engine_mount_point": self._roles.mount,
            **self._roles.login(),
        }

    def alive(self, issuer: Issuer, fields: t.Mapping[str, str]) -> bool:
        return self._roles.logs_in(fields)

    def key_ids(self, issuer: Issuer) -> set[str]:
        role = _role_of(issuer)
        return {f"{role}/{self._roles.shown(role)['last_vault_rotation']}"}


def _role_of(issuer: Issuer) -> str:
    if not isinstance(issuer, (VaultSecretIdIssuer, VaultStaticRoleIssuer)):
        raise TypeError("another system's issuer")
    return issuer._role


@pytest.fixture(scope="session")
def approles(openbao: OpenBao) -> AppRoles:
    return AppRoles(openbao)


@pytest.fixture(scope="session")
def static_roles(openbao: OpenBao) -> t.Iterator[StaticRoles]:
    with Postgres(18) as postgres:
        yield StaticRoles(openbao, postgres)


@contextlib.contextmanager
def secret_ids_for_makers() -> t.Iterator[Maker]:
    """One server for all conformance tests."""
    with OpenBao() as server:
        yield SecretIdMaker(AppRoles(server))


@contextlib.contextmanager
def static_roles_for_makers() -> t.Iterator[Maker]:
    """One server, and one database, for all conformance tests."""
    with OpenBao() as server, Postgres(18) as postgres:
        yield StaticRoleMaker(StaticRoles(server, postgres))
