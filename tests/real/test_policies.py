# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies of the documentation, pasted as they stand: a login that has nothing else takes a credential through its whole
life, and without any one line of them it cannot. On a real OpenBao and a real PostgreSQL, which enforce them."""

from __future__ import annotations

import contextlib
import re
import secrets
import typing as t
import urllib.error

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.postgresql import PostgresqlIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.vault_secret_id import VaultSecretIdIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.vault_static_role import VaultStaticRoleIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.tests.real.documented import Life, block, blocks
from ansible_collections.locksmith.rotation.tests.real.fixtures_postgres import make_role
from ansible_collections.locksmith.rotation.tests.real.fixtures_vault_issuers import AppRoles, StaticRoles
from ansible_collections.locksmith.rotation.tests.servers.openbao import OpenBao
from ansible_collections.locksmith.rotation.tests.servers.postgres import Postgres

SECRET_ID_PAGE = "issuers/vault_secret_id.md"
STATIC_ROLE_PAGE = "issuers/vault_static_role.md"
POSTGRESQL_PAGE = "issuers/postgresql.md"
PATH = re.compile(r'^path "(?P<path>[^"]+)".*$', re.MULTILINE)


def policy_of(page: str) -> str:
    """The only policy on a page."""
    (found,) = blocks(page, "hcl")
    return found


def store_policy(version: int) -> str:
    mount = "secret/data/orders/db" if version == 2 else "secret/orders/db"
    return block("stores.md", "hcl", f'path "{mount}"')


def token_with(server: OpenBao, *policies: str) -> str:
    """A token that has these policies (HCL) and Vault's default one."""
    names = []
    for text in policies:
        names.append("pasted-" + secrets.token_hex(4))
        server.call("PUT", f"sys/policies/acl/{names[-1]}", {"policy": text})
    return server.token(*names)


def without(policy: str) -> t.Iterator[tuple[str, str]]:
    """The policy less one path each, and which that is; and less one right, where a path has several."""
    for found in PATH.finditer(policy):
        rights = re.findall(r'"(\w+)"', found.group(0).split("capabilities")[1])
        yield f"{found['path']}", policy.replace(found.group(0), "")
        for right in rights if len(rights) > 1 else ():
            fewer = ", ".join(f'"{each}"' for each in rights if each != right)
            kept = f'path "{found["path"]}" {{ capabilities = [{fewer}] }}'
            yield f"{right} on {found['path']}", policy.replace(found.group(0), kept)


LIFE = ["created", "created", "none", "rotated", "deleted", "none", "none"]


@pytest.fixture
def clean(openbao: OpenBao) -> OpenBao:
    """No trace of the pages' examples from an earlier test."""
    for path in ("secret/metadata/orders", "secret/metadata/locksmith/orders"):
        for name in ("db", "approle", "legacy-db"):
            openbao.call("DELETE", f"{path}/{name}")
    with contextlib.suppress(urllib.error.HTTPError):
        for name in openbao.call("LIST", "kv1/locksmith/orders/db")["data"]["keys"]:
            openbao.call("DELETE", f"kv1/locksmith/orders/db/{name}")
    for path in ("orders/db", "locksmith/.claims/orders/db"):
        openbao.call("DELETE", f"kv1/{path}")
    return openbao


class TestVaultSecretId:
    @pytest.fixture
    def roles(self, clean: OpenBao, approles: AppRoles) -> AppRoles:
        clean.call("DELETE", "auth/approle/role/orders")
        approles.create("orders")
        return approles

    def life(self, server: OpenBao, policy: str) -> Life:
        reach = {"url": server.url, "token": token_with(server, policy, store_policy(2)), "retries": 0}
        return Life(
            VaultSecretIdIssuer, "orders", {**reach, "role_name": "orders"}, {**reach, "type": "vault", "path": "orders/db"}
        )

    def test_what_the_page_says_suffices(self, roles: AppRoles) -> None:
        life = self.life(roles.server, policy_of(SECRET_ID_PAGE))
        assert life.from_birth_to_retirement() == LIFE
        assert len(roles.accessors("orders")) == 1
        life.call(force=True, reason="leak")
        assert life.call(state="rolled_back", reason="manual")["action"] == "rolled_back"

    @pytest.mark.parametrize("missing", [what for what, dummy in without(policy_of(SECRET_ID_PAGE))])
    def test_nothing_of_it_is_too_much(self, roles: AppRoles, missing: str) -> None:
        life = self.life(roles.server, dict(without(policy_of(SECRET_ID_PAGE)))[missing])
        with pytest.raises(errors.Denied):
            life.from_birth_to_retirement()
        assert roles.accessors("orders") == [], "what is missing is found before anything is made"


class TestVaultStaticRole:
    @pytest.fixture
    def engine(self, clean: OpenBao, static_roles: StaticRoles) -> t.Iterator[StaticRoles]:
        """The page's mount and role."""
        server, postgres = static_roles.server, static_roles.postgres
        server.call("POST", "sys/mounts/database", {"type": "database"})
        server.call("POST", "database/config/orders", static_roles._connection())
        make_role(postgres, "orders-legacy")
        body = {"db_name": "orders", "username": "orders-legacy", "rotation_period": 31536000}
        server.call("POST", "database/static-roles/orders-legacy", body)
        yield static_roles
        server.call("DELETE", "sys/mounts/database")
        postgres.sql('DROP ROLE "orders-legacy"')

    def life(self, engine: StaticRoles, policy: str) -> Life:
        server = engine.server
        reach = {"url": server.url, "token": token_with(server, policy, store_policy(2)), "retries": 0}
        options = {**reach, "role_name": "orders-legacy", **engine.login()}
        return Life(VaultStaticRoleIssuer, "orders-legacy-db", options, {**reach, "type": "vault", "path": "orders/db"})

    def test_what_the_page_says_suffices(self, engine: StaticRoles) -> None:
        life = self.life(engine, policy_of(STATIC_ROLE_PAGE))
        assert life.from_birth_to_retirement() == LIFE
        engine.server.call("POST", "database/rotate-role/orders-legacy", {})
        assert life.call()["action"] == "rotated"

    @pytest.mark.parametrize("missing", [what for what, dummy in without(policy_of(STATIC_ROLE_PAGE))])
    def test_nothing_of_it_is_too_much(self, engine: StaticRoles, missing: str) -> None:
        life = self.life(engine, dict(without(policy_of(STATIC_ROLE_PAGE)))[missing])
        before = engine.server.call("GET", "database/static-creds/orders-legacy")["data"]["last_vault_rotation"]
        with pytest.raises(errors.Denied):
            life.from_birth_to_retirement()
        assert engine.server.call("GET", "database/static-creds/orders-legacy")["data"]["last_vault_rotation"] == before


class TestVaultStore:
    """With an issuer whose own rights are not the question here: PostgreSQL's superuser."""

    @pytest.fixture
    def role(self, static_roles: StaticRoles) -> t.Iterator[dict[str, t.Any]]:
        postgres = static_roles.postgres
        make_role(postgres, "orders_app")
        login = {"login_user": postgres.admin_user, "login_password": postgres.admin_password}
        yield {"login_host": postgres.host, "login_port": postgres.port, **login, "role": "orders_app"}
        postgres.sql("DROP ROLE orders_app")

    def life(self, server: OpenBao, role: dict[str, t.Any], policy: str, version: int) -> Life:
        store = {"type": "vault", "url": server.url, "token": token_with(server, policy), "retries": 0, "path": "orders/db"}
        return Life(PostgresqlIssuer, "orders-db", role, {**store, "engine_mount_point": "secret" if version == 2 else "kv1"})

    def policy(self, version: int) -> str:
        """On the page both versions are mounted at secret; here version 1 is at kv1."""
        return store_policy(version) if version == 2 else store_policy(1).replace('"secret/', '"kv1/')

    @pytest.mark.parametrize("version", [2, 1])
    def test_what_the_page_says_suffices(self, clean: OpenBao, role: dict[str, t.Any], version: int) -> None:
        assert self.life(clean, role, self.policy(version), version).from_birth_to_retirement() == LIFE

    @pytest.mark.parametrize(
        ("version", "missing"), [(version, what) for version in (2, 1) for what, dummy in without(store_policy(version))]
    )
    def test_nothing_of_it_is_too_much(self, clean: OpenBao, role: dict[str, t.Any], version: int, missing: str) -> None:
        policy = dict(without(self.policy(version)))[missing.replace("secret/", "secret/" if version == 2 else "kv1/")]
        with pytest.raises(errors.Denied):
            self.life(clean, role, policy, version).from_birth_to_retirement()

    def test_a_reader_reads_the_value_and_not_the_journal(self, clean: OpenBao, role: dict[str, t.Any]) -> None:
        self.life(clean, role, store_policy(2), 2).call()
        reader = token_with(clean, block("stores.md", "hcl", "secret/data/orders/*"))
        assert set(clean.call("GET", "secret/data/orders/db", token=reader)["data"]["data"]) == {
            "username",
            "password",
            "rotated_at",
        }
        for path in ("secret/data/locksmith/orders/db", "secret/metadata/orders/db"):
            with pytest.raises(urllib.error.HTTPError) as refused:
                clean.call("GET", path, token=reader)
            assert refused.value.code == 403


class TestPostgresql:
    """On both versions: the page has other grants for each."""

    @pytest.fixture
    def server(self, documented_server: Postgres) -> Postgres:
        return documented_server

    def grants(self, server: Postgres, strategy: str) -> str:
        if server.version >= 16:
            return block(POSTGRESQL_PAGE, "sql", f"-- {strategy}, PostgreSQL 16 and later")
        return block(POSTGRESQL_PAGE, "sql", "-- single_user, PostgreSQL 15 and earlier")

    def life(self, server: Postgres, tmp_path: t.Any, **options: t.Any) -> Life:
        """The page leaves the rotator's own password to psql."""
        password = secrets.token_urlsafe(16)
        server.sql(f"ALTER ROLE rotator PASSWORD '{password}'")
        key = tmp_path / "password"
        key.touch(mode=0o600)
        key.write_text("for-the-encrypted-file", encoding="utf-8")
        store = {"type": "file", "path": str(tmp_path / "orders.yml"), "vault_password_file": str(key)}
        reach = {"login_host": server.host, "login_port": server.port, "login_user": "rotator", "login_password": password}
        return Life(PostgresqlIssuer, "orders-db", {**reach, **options}, store)

    def assert_no_more_than_needed(self, server: Postgres) -> None:
        ((superuser, bypass, replication),) = server.sql(
            "SELECT rolsuper, rolbypassrls, rolreplication FROM pg_roles WHERE rolname = 'rotator'"
        )
        assert (superuser, bypass, replication) == (False, False, False)

    def test_single_user(self, server: Postgres, tmp_path: t.Any) -> None:
        make_role(server, "orders_app")
        server.sql(*statements(self.grants(server, "single_user")))
        self.assert_no_more_than_needed(server)
        assert self.life(server, tmp_path, role="orders_app").from_birth_to_retirement() == LIFE

    def test_alternating_users(self, server: Postgres, tmp_path: t.Any) -> None:
        roles = block(POSTGRESQL_PAGE, "sql", "-- alternating_users: the owner of everything")
        server.sql(*statements(roles), *statements(self.grants(server, "alternating_users")))
        self.assert_no_more_than_needed(server)
        options = {"strategy": "alternating_users", "role": "orders", "owner_role": "orders_owner"}
        done = self.life(server, tmp_path, **options).from_birth_to_retirement()
        assert done == [*LIFE[:4], "deleted", "none", "none"]
        assert dict(server.sql("SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname LIKE 'orders_%'")) == {
            "orders_owner": False,
            "orders_blue": False,
            "orders_green": True,
        }

    def test_without_them_nothing_is_changed(self, server: Postgres, tmp_path: t.Any) -> None:
        dummy, password = make_role(server, "orders_app")
        server.sql("CREATE ROLE rotator LOGIN")
        with pytest.raises(errors.Denied):
            self.life(server, tmp_path, role="orders_app").call()
        assert server.logs_in("orders_app", password)

    def test_from_16_on_it_reaches_nobody_else(self, server: Postgres, tmp_path: t.Any) -> None:
        make_role(server, "orders_app")
        dummy, password = make_role(server, "orders_green")
        server.sql(*statements(self.grants(server, "single_user")))
        life = self.life(server, tmp_path, role="orders_green")
        if server.version < 16:
            assert life.call()["action"] == "created", "as the page says: before 16 CREATEROLE may alter every role"
            return
        with pytest.raises(errors.Denied):
            life.call()
        assert server.logs_in("orders_green", password)


def statements(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [statement.strip() for statement in "\n".join(lines).split(";") if statement.strip()]
