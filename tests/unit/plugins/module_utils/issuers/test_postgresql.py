# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the PostgreSQL issuer makes of its options, without a server."""

from __future__ import annotations

import sys
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import postgresql as client
from ansible_collections.locksmith.rotation.plugins.module_utils.clients.postgresql import Server, quoted
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued, Setting
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.postgresql import PostgresqlIssuer, RolePassword
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, MissingLibrary
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

SETTING = Setting("orders-db", rotate_after=1, grace=1, recovery_wait=0, clock=SystemClock())
ATTEMPT = Attempt("attempt-1", 1000.0, (), 86400)
ALTERNATING = {"strategy": "alternating_users", "role": "shop"}


@pytest.fixture(autouse=True)
def no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests run where psycopg is not installed."""
    monkeypatch.setattr(
        "ansible_collections.locksmith.rotation.plugins.module_utils.issuers.postgresql.require_driver", lambda: None
    )


def make(**more: t.Any) -> RolePassword:
    options = {name: spec.get("default") for name, spec in PostgresqlIssuer.OPTIONS.items()}
    return PostgresqlIssuer.create({**options, "role": "app", "login_host": "db1", **more}, SETTING)


def current(name: str) -> Issued:
    return Issued("x", SecretFields({"username": name, "password": "p"}))


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "named"),
        [
            ({"ca_cert": "/ca.pem"}, "ssl_mode=prefer never looks"),
            ({"ca_cert": "/ca.pem", "ssl_mode": "disable"}, "never looks"),
            ({"connect_params": {"password": "visible"}}, "holds password"),
            ({"connect_params": {"sslpassword": "visible"}}, "holds sslpassword"),
            ({"password_length": 19}, "password_length"),
            ({"password_length": 201}, "password_length"),
            ({"role": ""}, "no name"),
            ({"role": "a\0b"}, "no name"),
            ({"role": "ü" * 32}, "no name"),
            ({"roles": ["a", "b"]}, "only for strategy=alternating_users"),
            ({"owner_role": "o"}, "only for strategy=alternating_users"),
            ({**ALTERNATING, "roles": ["a"]}, "two different"),
            ({**ALTERNATING, "roles": ["a", "a"]}, "two different"),
            ({**ALTERNATING, "roles": ["a", "b", "c"]}, "two different"),
            ({**ALTERNATING, "role": "s" * 60}, "no name"),
            ({**ALTERNATING, "login_user": "shop_green"}, "neither may alter the other"),
            ({**ALTERNATING, "owner_role": "shop_blue"}, "one of the two"),
        ],
    )
    def test_a_contradiction_is_found_before_any_connection(self, options: dict[str, t.Any], named: str) -> None:
        with pytest.raises(ConfigurationError, match=named) as caught:
            make(**options)
        assert caught.value.next_step
        assert "visible" not in str(caught.value)

    def test_an_authority_that_is_looked_at_is_welcome(self) -> None:
        issuer = make(ca_cert="/ca.pem", ssl_mode="verify-full", ssl_cert="/c.pem", ssl_key="/k.pem")
        wanted = {"sslmode": "verify-full", "sslrootcert": "/ca.pem", "sslcert": "/c.pem", "sslkey": "/k.pem"}
        assert issuer._login_server.extra == wanted
        assert issuer._verify_server.extra == wanted

    def test_consumers_connect_where_we_do_unless_told_otherwise(self) -> None:
        assert make()._verify_server == make()._login_server
        elsewhere = make(verify_host="pool", verify_port=6432, verify_db="shop")._verify_server
        assert str(elsewhere) == "pool:6432/shop"

    def test_the_identity_says_which_role_where(self) -> None:
        assert make().identity == "postgresql role app on db1:5432/postgres"


class TestProposals:
    def test_one_role_keeps_its_name(self) -> None:
        proposal = make(password_length=50).propose(ATTEMPT, current("app"))
        assert (proposal.id, proposal.fields["username"], proposal.created_at) == ("app/attempt-1", "app", 1000.0)
        assert len(proposal.fields["password"]) == 50
        assert proposal.fields["password"].isalnum()

    @pytest.mark.parametrize(
        ("in_use", "proposed"),
        [(None, "shop_blue"), ("shop_blue", "shop_green"), ("shop_green", "shop_blue"), ("other", "shop_blue")],
    )
    def test_two_roles_take_turns(self, in_use: str | None, proposed: str) -> None:
        issuer = make(**ALTERNATING)
        proposal = issuer.propose(ATTEMPT, current(in_use) if in_use else None)
        assert proposal.fields["username"] == proposed

    def test_a_value_is_recognised_by_its_role(self) -> None:
        issuer = make(**ALTERNATING, roles=["shop", "shop_b"])
        assert [bool(issuer.identify({"username": name})) for name in ("shop", "shop_b", "shop_blue")] == [True, True, False]


class TestStrategies:
    def test_only_two_roles_can_be_switched_off(self) -> None:
        assert (make().capacity, make().CAN_DISABLE) == (1, False)
        assert (make(**ALTERNATING).capacity, make(**ALTERNATING).CAN_DISABLE) == (2, True)

    def test_nothing_is_left_to_delete_of_one_role(self) -> None:
        make().delete(current("app"))


class TestClient:
    def test_identifiers_are_quoted(self) -> None:
        assert quoted('a"b') == '"a""b"'

    def test_messages_are_one_line_without_the_password(self) -> None:
        failure = ValueError("connection failed: to db1\n\tthe s3cret was wrong.")
        assert client._public_text(failure, "s3cret") == "to db1 the ******** was wrong"

    def test_a_missing_library_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psycopg", None)
        with pytest.raises(MissingLibrary, match="psycopg") as caught:
            client.require_driver()
        assert "pip install" in caught.value.next_step

    def test_a_server_shows_no_connection_parameters(self) -> None:
        assert "hidden" not in repr(Server("db1", 5432, "postgres", {"sslpassword": "hidden"}))
