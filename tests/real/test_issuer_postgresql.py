# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The PostgreSQL issuer against PostgreSQL 18 and 15."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import threading
import time
import typing as t
from pathlib import Path

import psycopg
import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.postgresql import Session
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.fixtures_postgres import (
    listed,
    make_attempt,
    make_issuer,
    make_role,
    rotate,
    unique,
    version,
)
from ansible_collections.locksmith.rotation.tests.servers.postgres import DEFAULT_HBA, Postgres, free_port
from ansible_collections.locksmith.rotation.tests.servers.postgres_german import GermanPostgres

WEIRD = "weird \"role\" %s {name} 'n' --; name é"


def make_rotator(server: Postgres, *grants: str, attributes: str = "CREATEROLE") -> dict[str, str]:
    """A login role that is no superuser, as login_user and login_password. C({}) in a grant is its name."""
    name, password = make_role(server, unique("rotator"), attributes)
    server.sql(*(grant.format(name) for grant in grants))
    return {"login_user": name, "login_password": password}


@dataclasses.dataclass
class Pair:
    """Two roles that act as one owner, and the issuer that alternates between them."""

    base: str
    blue: str
    green: str
    owner: str
    options: dict[str, t.Any]


@pytest.fixture
def pair(postgres: Postgres) -> Pair:
    base = unique("shop")
    found = Pair(base, f"{base}_blue", f"{base}_green", f"{base}_owner", {})
    found.options = {"role": base, "strategy": "alternating_users", "owner_role": found.owner}
    postgres.sql(
        f"CREATE ROLE {found.owner} NOLOGIN",
        f"CREATE SCHEMA {base} AUTHORIZATION {found.owner}",
        *(f"CREATE ROLE {name} LOGIN IN ROLE {found.owner}" for name in (found.blue, found.green)),
        *(f"ALTER ROLE {name} SET role = {found.owner}" for name in (found.blue, found.green)),
    )
    return found


class TestSingleUser:
    def test_the_new_password_logs_in_and_the_old_one_does_not(self, postgres: Postgres) -> None:
        name, old = make_role(postgres)
        issuer = make_issuer(postgres, name)
        issued = rotate(issuer)
        verification = issuer.verify(issued)
        assert (verification.verdict, verification.identity) == (Verdict.ALIVE, name)
        assert issuer.verify(version(name, old)).verdict is Verdict.DEAD
        assert not postgres.logs_in(name, old)

    def test_sessions_that_are_open_survive(self, postgres: Postgres) -> None:
        name, old = make_role(postgres)
        with psycopg.connect(**postgres.dsn(name, old)) as session:
            rotate(make_issuer(postgres, name))
            assert session.execute("SELECT 1").fetchone() == (1,)

    def test_issuing_the_same_proposal_again_changes_nothing_for_consumers(self, postgres: Postgres) -> None:
        name, dummy = make_role(postgres)
        issuer = make_issuer(postgres, name)
        attempt = make_attempt()
        proposal = issuer.propose(attempt, None)
        first, second = (issuer.issue(attempt, proposal, []) for dummy in range(2))
        assert first == second
        assert issuer.verify(second).verdict is Verdict.ALIVE

    def test_rolling_back_is_issuing_the_previous_value(self, postgres: Postgres) -> None:
        name, old = make_role(postgres)
        issuer = make_issuer(postgres, name)
        issued = rotate(issuer)
        issuer.issue(make_attempt(), version(name, old), [issued])
        assert postgres.logs_in(name, old)
        assert issuer.verify(issued).verdict is Verdict.DEAD

    def test_deleting_leaves_the_role_alone(self, postgres: Postgres) -> None:
        name, old = make_role(postgres)
        issuer = make_issuer(postgres, name)
        issued = rotate(issuer)
        issuer.delete(version(name, old))
        assert issuer.verify(issued).verdict is Verdict.ALIVE
        assert not issuer.last_use(issued).supported

    def test_two_versions_of_a_role_have_two_ids(self, postgres: Postgres) -> None:
        issuer = make_issuer(postgres, make_role(postgres)[0])
        assert len({rotate(issuer).id, rotate(issuer).id}) == 2

    def test_any_name_is_quoted(self, postgres: Postgres) -> None:
        name, dummy = make_role(postgres, f"{WEIRD}{unique('')}")
        issuer = make_issuer(postgres, name)
        issued = rotate(issuer)
        assert issuer.verify(issued).identity == name
        assert listed(issuer) == [name]

    def test_a_human_password_outside_ascii_can_be_rolled_back_to(self, postgres: Postgres) -> None:
        name, dummy = make_role(postgres)
        issuer = make_issuer(postgres, name)
        issuer.issue(make_attempt(), version(name, "pass'wörd \\ \" %s ½"), [])
        assert postgres.logs_in(name, "pass'wörd \\ \" %s ½")

    def test_an_sql_ascii_database_will_do(self, postgres: Postgres) -> None:
        name, dummy = make_role(postgres)
        database = unique("ascii")
        postgres.sql(f"CREATE DATABASE {database} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
        issuer = make_issuer(postgres, name, login_db=database)
        assert issuer.verify(rotate(issuer)).identity == name

    def test_a_missing_role_is_created_when_asked(self, postgres: Postgres) -> None:
        name = unique()
        issuer = make_issuer(postgres, name, create_roles=True)
        assert issuer.keys() == []
        assert postgres.sql(f"SELECT count(*) FROM pg_roles WHERE rolname = '{name}'") == [(0,)]
        assert issuer.verify(rotate(issuer)).verdict is Verdict.ALIVE

    def test_a_version_of_another_role_is_refused(self, postgres: Postgres) -> None:
        issuer = make_issuer(postgres, make_role(postgres)[0])
        stranger, password = make_role(postgres)
        with pytest.raises(errors.Rejected, match=stranger):
            issuer.issue(make_attempt(), version(stranger, "something else entirely"), [])
        assert postgres.logs_in(stranger, password)
        assert issuer.identify({"username": stranger, "password": password}) is None


class TestRights:
    def test_a_role_with_createrole_and_admin_option_suffices(self, postgres: Postgres) -> None:
        name, dummy = make_role(postgres)
        rotator = make_rotator(postgres, f"GRANT {name} TO {{}} WITH ADMIN OPTION")
        issuer = make_issuer(postgres, name, **rotator)
        assert listed(issuer) == [name]
        assert issuer.verify(rotate(issuer)).verdict is Verdict.ALIVE

    def test_createrole_alone_suffices_only_before_16(self, postgres: Postgres) -> None:
        name, old = make_role(postgres)
        rotator = make_rotator(postgres)
        issuer = make_issuer(postgres, name, **rotator)
        if postgres.version < 16:
            assert issuer.verify(rotate(issuer)).verdict is Verdict.ALIVE
            return
        with pytest.raises(errors.Denied) as caught:
            issuer.keys()
        grant = f'GRANT "{name}" TO "{rotator["login_user"]}" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;'
        assert grant in caught.value.next_step
        postgres.sql(grant)
        assert issuer.verify(rotate(issuer)).verdict is Verdict.ALIVE
        assert not postgres.logs_in(name, old)

    def test_without_any_right_the_missing_ones_are_named(self, postgres: Postgres) -> None:
        name, old = make_role(postgres)
        rotator = make_rotator(postgres, attributes="")
        issuer = make_issuer(postgres, name, **rotator)
        with pytest.raises(errors.Denied, match="CREATEROLE") as caught:
            rotate(issuer)
        postgres.sql(*(part + ";" for part in caught.value.next_step.partition(": ")[2].split(";") if part.strip()))
        assert issuer.verify(rotate(issuer)).verdict is Verdict.ALIVE

    def test_a_session_role_brings_its_rights(self, postgres: Postgres) -> None:
        name, dummy = make_role(postgres)
        group = make_rotator(postgres, f"GRANT {name} TO {{}} WITH ADMIN OPTION")["login_user"]
        rotator = make_rotator(postgres, f"GRANT {group} TO {{}}", attributes="NOINHERIT")
        with pytest.raises(errors.Denied):
            make_issuer(postgres, name, **rotator).keys()
        issuer = make_issuer(postgres, name, session_role=group, **rotator)
        assert issuer.verify(rotate(issuer)).verdict is Verdict.ALIVE

    def test_a_superuser_is_left_to_superusers(self, postgres: Postgres) -> None:
        name, dummy = make_role(postgres, more="SUPERUSER")
        rotator = make_rotator(postgres, f"GRANT {name} TO {{}} WITH ADMIN OPTION")
        with pytest.raises(errors.Denied, match="superuser"):
            make_issuer(postgres, name, **rotator).keys()
        issuer = make_issuer(postgres, name)
        assert issuer.verify(rotate(issuer)).verdict is Verdict.ALIVE

    def test_a_missing_role_is_named(self, postgres: Postgres) -> None:
        with pytest.raises(errors.NotFound, match="no_such_role"):
            make_issuer(postgres, "no_such_role").keys()
        rotator = make_rotator(postgres, attributes="")
        with pytest.raises(errors.Denied, match="no_such_role"):
            make_issuer(postgres, "no_such_role", create_roles=True, **rotator).keys()

    def test_a_wrong_password_of_the_administrator_is_a_denial(self, postgres: Postgres) -> None:
        issuer = make_issuer(postgres, make_role(postgres)[0], login_password="certainly not this")
        with pytest.raises(errors.Denied) as caught:
            issuer.keys()
        assert "certainly" not in str(caught.value)

    def test_a_wrong_database_is_named(self, postgres: Postgres) -> None:
        with pytest.raises(errors.Unreachable, match="no_such_database"):
            make_issuer(postgres, make_role(postgres)[0], login_db="no_such_database").keys()


class TestSelfRotation:
    def test_a_role_changes_its_own_password_with_what_still_logs_in(self, postgres: Postgres) -> None:
        name, first = make_role(postgres)
        issuer = make_issuer(postgres, name, login_user=name, login_password=first)
        assert listed(issuer) == [name]
        one = rotate(issuer)
        two = rotate(issuer, one)
        assert issuer.verify(two).verdict is Verdict.ALIVE
        assert issuer.verify(one).verdict is Verdict.DEAD

    def test_without_login_password_the_recorded_versions_serve(self, postgres: Postgres) -> None:
        name, first = make_role(postgres)
        issuer = make_issuer(postgres, name, login_user=name, login_password=None)
        assert listed(issuer) == [name]
        with pytest.raises(errors.Unreachable, match="where a new password is to be verified"):
            make_issuer(postgres, name, login_user=name, login_password=None, verify_port=free_port()).keys()
        attempt = make_attempt()
        proposal = issuer.propose(attempt, None)
        for known in ([version(name, "stale"), version(name, first)], [proposal, version(name, first)]):
            issuer.issue(attempt, proposal, known)
            assert issuer.verify(proposal).verdict is Verdict.ALIVE

    def test_a_role_that_is_locked_out_says_how_to_get_in_again(self, postgres: Postgres) -> None:
        name, first = make_role(postgres)
        issuer = make_issuer(postgres, name, login_user=name, login_password="stale password")
        with pytest.raises(errors.Denied, match="neither login_password nor any of its 1 recorded") as caught:
            rotate(issuer, version(name, "stale too"))
        assert "login_user" in caught.value.next_step
        assert "stale" not in str(caught.value)
        assert postgres.logs_in(name, first)

    def test_a_replication_role_needs_a_superuser_before_16(self, postgres: Postgres) -> None:
        name, first = make_role(postgres, more="REPLICATION")
        issuer = make_issuer(postgres, name, login_user=name, login_password=first)
        if postgres.version >= 16:
            assert issuer.verify(rotate(issuer)).verdict is Verdict.ALIVE
            return
        with pytest.raises(errors.Denied, match="REPLICATION"):
            issuer.keys()


class TestAlternatingUsers:
    def test_both_versions_log_in_until_the_old_one_is_disabled(self, postgres: Postgres, pair: Pair) -> None:
        issuer = make_issuer(postgres, **pair.options)
        one = rotate(issuer)
        two = rotate(issuer, one)
        assert [one.fields["username"], two.fields["username"]] == [pair.blue, pair.green]
        assert {issuer.verify(one).verdict, issuer.verify(two).verdict} == {Verdict.ALIVE}
        assert (issuer.CAN_DISABLE, issuer.capacity) == (True, 2)
        issuer.disable(one)
        issuer.disable(one)
        assert issuer.verify(one).verdict is Verdict.DEAD
        issuer.enable(one)
        assert issuer.verify(one).verdict is Verdict.ALIVE
        issuer.delete(one)
        issuer.delete(one)
        assert issuer.verify(one).verdict is Verdict.DEAD
        assert issuer.verify(two).verdict is Verdict.ALIVE

    def test_what_was_created_before_the_flip_is_at_hand_after_it(self, postgres: Postgres, pair: Pair) -> None:
        issuer = make_issuer(postgres, **pair.options)
        one = rotate(issuer)
        postgres.sql(f"CREATE TABLE {pair.base}.orders (n int)", **postgres.dsn(**_login(one)))
        two = rotate(issuer, one)
        rows = postgres.sql(
            f"INSERT INTO {pair.base}.orders VALUES (7)",
            f"ALTER TABLE {pair.base}.orders ADD note text",
            f"SELECT n, session_user::text, current_user::text FROM {pair.base}.orders",
            **postgres.dsn(**_login(two)),
        )
        assert rows == [(7, pair.green, pair.owner)]

    def test_a_client_that_connects_all_the_time_notices_nothing(self, postgres: Postgres, pair: Pair) -> None:
        issuer = make_issuer(postgres, **pair.options)
        one = rotate(issuer)
        probe = Probe(postgres, one)
        with probe:
            two = rotate(issuer, one)
            assert issuer.verify(two).verdict is Verdict.ALIVE
            probe.version = two
            probe.wait_for_a_login()
            issuer.disable(one)
            issuer.delete(one)
            three = rotate(issuer, two)
            probe.version = three
            probe.wait_for_a_login()
        assert probe.logins > 5
        assert probe.failures == []

    def test_a_version_from_before_the_two_roles_is_left_alone(self, postgres: Postgres, pair: Pair) -> None:
        issuer = make_issuer(postgres, **pair.options)
        before = version(*make_role(postgres))
        assert issuer.identify(before.fields) is None
        issuer.disable(before)
        issuer.delete(before)
        issuer.enable(before)
        assert issuer.verify(before).verdict is Verdict.ALIVE

    def test_a_deleted_version_does_not_take_its_successor_in_the_same_role_along(self, postgres: Postgres, pair: Pair) -> None:
        issuer = make_issuer(postgres, **pair.options)
        one = rotate(issuer)
        two = rotate(issuer, one)
        three = rotate(issuer, two)
        assert one.fields["username"] == three.fields["username"]
        issuer.disable(one)
        issuer.delete(one)
        assert issuer.verify(three).verdict is Verdict.ALIVE
        with pytest.raises(errors.Rejected, match="another password"):
            issuer.enable(one)

    def test_a_role_that_was_switched_off_is_switched_on_for_its_next_turn(self, postgres: Postgres, pair: Pair) -> None:
        issuer = make_issuer(postgres, **pair.options)
        one = rotate(issuer)
        two = rotate(issuer, one)
        issuer.disable(one)
        issuer.delete(one)
        assert issuer.verify(rotate(issuer, two)).identity == pair.blue

    def test_open_sessions_are_the_evidence_of_use(self, postgres: Postgres, pair: Pair) -> None:
        issuer = make_issuer(postgres, **pair.options)
        one = rotate(issuer)
        with psycopg.connect(**postgres.dsn(**_login(one)), application_name="orders api"):
            use = issuer.last_use(one)
            assert use.supported
            assert use.at is not None
            assert "127.0.0.1" in use.by
            assert "orders api" in use.by
        _wait_until(lambda: issuer.last_use(one).at is None)

    def test_roles_are_created_when_asked(self, postgres: Postgres) -> None:
        base = unique("made")
        rotator = make_rotator(postgres)
        options = {"strategy": "alternating_users", "owner_role": f"{base}_owner", "create_roles": True, **rotator}
        issuer = make_issuer(postgres, base, **options)
        one = rotate(issuer)
        two = rotate(issuer, one)
        who = postgres.sql("SELECT session_user::text, current_user::text", **postgres.dsn(**_login(two)))
        assert who == [(f"{base}_green", f"{base}_owner")]
        assert listed(issuer) == [f"{base}_blue", f"{base}_green"]

    def test_roles_of_other_names_serve_so_that_an_existing_role_is_adopted(self, postgres: Postgres) -> None:
        name, password = make_role(postgres)
        postgres.sql(f"CREATE ROLE {name}_b NOLOGIN")
        issuer = make_issuer(postgres, name, strategy="alternating_users", roles=[name, f"{name}_b"])
        adopted = version(name, password)
        assert issuer.verify(rotate(issuer, adopted)).identity == f"{name}_b"
        assert issuer.verify(adopted).verdict is Verdict.ALIVE
        key = issuer.identify(adopted.fields)
        assert key is not None
        assert key.id == name


class TestEqualRights:
    """Before a flip the standby role has to be what the active one is; the message's SQL makes it so."""

    @pytest.mark.parametrize(
        ("statement", "named"),
        [
            ("CREATE ROLE {base}_extra; GRANT {base}_extra TO {blue}", 'not a member of "{base}_extra"'),
            ("CREATE ROLE {base}_extra; GRANT {base}_extra TO {green}", 'also a member of "{base}_extra"'),
            ("GRANT {owner} TO {blue} WITH ADMIN OPTION", 'another kind of member of "{owner}"'),
            ("ALTER ROLE {blue} CREATEDB", "not CREATEDB"),
            ("ALTER ROLE {green} CONNECTION LIMIT 3", "connection limit is 3, not -1"),
            ("ALTER ROLE {green} VALID UNTIL '2099-01-01'", "only valid until 2099-01-01"),
            ("ALTER ROLE {blue} SET statement_timeout = '7s'", "setting statement_timeout differs"),
            ("ALTER ROLE {green} SET work_mem = '8MB'", "setting work_mem differs"),
            (
                """ALTER ROLE {blue} IN DATABASE postgres SET search_path = "$user", public""",
                'search_path in database "postgres" differs',
            ),
        ],
    )
    def test_a_difference_stops_the_flip_and_its_sql_mends_it(
        self, postgres: Postgres, pair: Pair, statement: str, named: str
    ) -> None:
        issuer = make_issuer(postgres, **pair.options)
        one = rotate(issuer)
        names = vars(pair)
        postgres.sql(*statement.format(**names).split("; "))
        with pytest.raises(errors.Rejected) as caught:
            rotate(issuer, one)
        assert named.format(**names) in caught.value.message
        postgres.sql(caught.value.next_step.partition(": ")[2])
        assert issuer.verify(rotate(issuer, one)).verdict is Verdict.ALIVE

    def test_objects_of_the_active_role_itself_stop_the_flip(self, postgres: Postgres, pair: Pair) -> None:
        issuer = make_issuer(postgres, **pair.options)
        one = rotate(issuer)
        postgres.sql(f"CREATE TABLE {pair.base}.mine (n int)", f"ALTER TABLE {pair.base}.mine OWNER TO {pair.blue}")
        with pytest.raises(errors.Rejected, match='itself owns 1 object\\(s\\) in database "postgres"') as caught:
            rotate(issuer, one)
        postgres.sql(caught.value.next_step.partition(": ")[2])
        rotate(issuer, one)

    def test_rights_of_the_active_role_itself_stop_the_flip(self, postgres: Postgres, pair: Pair) -> None:
        issuer = make_issuer(postgres, **pair.options)
        one = rotate(issuer)
        postgres.sql(f"CREATE TABLE {pair.base}.other (n int)", f"GRANT SELECT ON {pair.base}.other TO {pair.blue}")
        with pytest.raises(errors.Rejected, match="rights of its own on 1 object"):
            rotate(issuer, one)
        postgres.sql(f"GRANT SELECT ON {pair.base}.other TO {pair.green}")
        rotate(issuer, one)

    def test_a_standby_that_does_not_act_as_the_owner_is_mended(self, postgres: Postgres, pair: Pair) -> None:
        issuer = make_issuer(postgres, **pair.options)
        postgres.sql(f"ALTER ROLE {pair.blue} RESET role", f"REVOKE {pair.owner} FROM {pair.blue}")
        with pytest.raises(errors.Rejected, match="does not act as") as caught:
            rotate(issuer)
        postgres.sql(caught.value.next_step)
        rotate(issuer)

    def test_an_applications_own_setting_is_named_and_not_shown(self, postgres: Postgres, pair: Pair) -> None:
        issuer = make_issuer(postgres, **pair.options)
        one = rotate(issuer)
        postgres.sql(f"ALTER ROLE {pair.blue} SET shop.api_key = 'hidden-value'")
        with pytest.raises(errors.Rejected, match="shop.api_key") as caught:
            rotate(issuer, one)
        assert "hidden-value" not in str(caught.value)


class TestLoginThatProvesNothing:
    def test_trust_is_no_verification(self, postgres: Postgres) -> None:
        if not postgres.sql("SELECT 1 FROM pg_roles WHERE rolname = 'trusting'"):
            make_role(postgres, "trusting")
        issuer = make_issuer(postgres, "trusting")
        with pytest.raises(errors.Rejected, match="without a password"):
            issuer.keys()
        issued = rotate(issuer)
        with pytest.raises(errors.Rejected, match="without a password") as caught:
            issuer.verify(issued)
        assert "pg_hba.conf" in caught.value.next_step

    def test_peer_is_no_verification_but_another_way_in_is(self, postgres: Postgres) -> None:
        name, dummy = make_role(postgres)
        postgres.rewrite_hba([f"local all {name} trust", *DEFAULT_HBA])
        try:
            issuer = make_issuer(postgres, name, login_host=None, login_unix_socket=postgres.socket_dir)
            issued = rotate(issuer)
            with pytest.raises(errors.Rejected, match="without a password"):
                issuer.verify(issued)
            outside = make_issuer(
                postgres, name, login_host=None, login_unix_socket=postgres.socket_dir, verify_host=postgres.host
            )
            assert outside.verify(issued).verdict is Verdict.ALIVE
        finally:
            postgres.rewrite_hba(DEFAULT_HBA)

    def test_a_password_is_never_sent_in_the_clear(self, postgres: Postgres) -> None:
        """A server, or somebody in between, that asks for the password itself instead of SCRAM."""
        name, password = make_role(postgres)
        postgres.rewrite_hba([f"host all {name} 127.0.0.1/32 password", *DEFAULT_HBA])
        try:
            verification = make_issuer(postgres, name).verify(version(name, password))
            assert verification.verdict is Verdict.UNKNOWN
            assert "cleartext" in verification.detail
        finally:
            postgres.rewrite_hba(DEFAULT_HBA)


class TestTls:
    def test_the_right_authority_is_verified_to_the_name(self, postgres_tls: tuple[Postgres, Path, Path]) -> None:
        server, authority, dummy = postgres_tls
        issuer = make_issuer(server, make_role(server)[0], ssl_mode="verify-full", ca_cert=str(authority))
        assert issuer.verify(rotate(issuer)).verdict is Verdict.ALIVE

    def test_the_wrong_authority_is_never_talked_to(self, postgres_tls: tuple[Postgres, Path, Path]) -> None:
        server, dummy, other = postgres_tls
        name, password = make_role(server)
        issuer = make_issuer(server, name, ssl_mode="verify-full", ca_cert=str(other))
        verification = issuer.verify(version(name, password))
        assert verification.verdict is Verdict.UNKNOWN
        assert "certificate verify failed" in verification.detail
        with pytest.raises(errors.Unreachable, match="certificate verify failed"):
            issuer.keys()

    def test_a_name_that_the_certificate_does_not_have_is_never_talked_to(
        self, postgres_tls: tuple[Postgres, Path, Path]
    ) -> None:
        server, authority, dummy = postgres_tls
        name, password = make_role(server)
        issuer = make_issuer(server, name, ssl_mode="verify-full", ca_cert=str(authority), login_host="localhost")
        assert issuer.verify(version(name, password)).verdict is Verdict.UNKNOWN

    def test_verification_keeps_the_encryption_of_the_change(self, postgres_tls: tuple[Postgres, Path, Path]) -> None:
        """The administrator may come without TLS, consumers may not; neither connection falls back on the other's way."""
        server, dummy, dummy2 = postgres_tls
        name, password = make_role(server)
        plain = make_issuer(server, name, ssl_mode="disable")
        with pytest.raises(errors.Unreachable, match="where a new password is to be verified"):
            plain.keys()
        assert plain.verify(version(name, password)).verdict is Verdict.UNKNOWN
        encrypted = make_issuer(server, name, ssl_mode="require")
        assert encrypted.verify(rotate(encrypted)).verdict is Verdict.ALIVE

    def test_a_server_without_tls_is_not_talked_to_where_tls_is_required(self, postgres: Postgres) -> None:
        name, password = make_role(postgres)
        issuer = make_issuer(postgres, name, ssl_mode="require")
        assert issuer.verify(version(name, password)).verdict is Verdict.UNKNOWN
        with pytest.raises(errors.Unreachable, match="SSL"):
            issuer.keys()


class TestAnotherLanguage:
    """libpq gives no error code for a failed connection, and the server's text is in the server's language."""

    def test_a_wrong_password_and_a_barred_role_are_told_apart(self) -> None:
        with GermanPostgres("orders", "richtig-und-lang") as server:
            issuer = make_issuer(server, "orders", login_user="orders", login_password=None)
            wrong = issuer.verify(version("orders", "falsch-und-lang"))
            barred = issuer.verify(version("orders", "richtig-und-lang"))
        assert wrong.verdict is Verdict.DEAD
        assert "fehlgeschlagen" in wrong.detail
        assert barred.verdict is Verdict.UNKNOWN
        assert "nicht einloggen" in barred.detail


class TestVerdicts:
    def test_an_unknown_role_is_dead(self, postgres: Postgres) -> None:
        issuer = make_issuer(postgres, "ghost")
        assert issuer.verify(version("ghost", "whatever it was")).verdict is Verdict.DEAD

    def test_an_expired_role_is_dead_and_not_rotated(self, postgres: Postgres) -> None:
        name, password = make_role(postgres, more="VALID UNTIL '2001-01-01'")
        issuer = make_issuer(postgres, name)
        assert issuer.verify(version(name, password)).verdict is Verdict.DEAD
        for call in (issuer.keys, lambda: rotate(issuer)):
            with pytest.raises(errors.Rejected, match="was valid until") as caught:
                call()
        postgres.sql(caught.value.next_step)
        assert postgres.logs_in(name, password)

    @pytest.mark.parametrize(("until", "usable"), [("infinity", True), ("-infinity", False)])
    def test_validity_without_a_date(self, postgres: Postgres, until: str, usable: bool) -> None:
        issuer = make_issuer(postgres, make_role(postgres, more=f"VALID UNTIL '{until}'")[0])
        if usable:
            assert rotate(issuer).expires_at is None
            return
        with pytest.raises(errors.Rejected, match="was valid until 1970"):
            rotate(issuer)

    def test_a_role_that_may_not_log_in_is_dead_and_not_rotated(self, postgres: Postgres) -> None:
        name, password = make_role(postgres)
        issuer = make_issuer(postgres, name)
        postgres.sql(f"ALTER ROLE {name} NOLOGIN")
        assert issuer.verify(version(name, password)).verdict is Verdict.DEAD
        with pytest.raises(errors.Rejected, match="NOLOGIN"):
            rotate(issuer)

    def test_a_right_password_that_opens_no_session_for_another_reason_is_unknown(self, postgres: Postgres) -> None:
        name, password = make_role(postgres)
        absent = make_issuer(postgres, name, verify_db="no_such_database").verify(version(name, password))
        assert absent.verdict is Verdict.UNKNOWN
        assert "no_such_database" in absent.detail
        postgres.sql(f"ALTER ROLE {name} CONNECTION LIMIT 0")
        crowded = make_issuer(postgres, name).verify(version(name, password))
        assert crowded.verdict is Verdict.UNKNOWN
        assert "too many connections" in crowded.detail

    def test_a_server_that_is_not_there_is_unknown_and_unreachable(self, postgres: Postgres) -> None:
        name, password = make_role(postgres)
        issuer = make_issuer(postgres, name, login_port=free_port())
        assert issuer.verify(version(name, password)).verdict is Verdict.UNKNOWN
        for call in (issuer.keys, lambda: rotate(issuer)):
            with pytest.raises(errors.Unreachable, match="opened no session"):
                call()

    def test_a_session_that_ends_before_it_says_who_it_is_is_unknown(
        self, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As behind a pooler that finds no server."""
        name, password = make_role(postgres)
        issuer = make_issuer(postgres, name)
        rows = Session.rows
        ended = "SELECT pg_terminate_backend(pg_backend_pid())"
        monkeypatch.setattr(Session, "rows", lambda self, *dummy: rows(self, ended))
        verification = issuer.verify(version(name, password))
        assert verification.verdict is Verdict.UNKNOWN
        assert "57P01" in verification.detail

    def test_the_end_of_validity_is_reported(self, postgres: Postgres) -> None:
        end = datetime.datetime(2099, 1, 1, tzinfo=datetime.timezone.utc)
        name, dummy = make_role(postgres, more=f"VALID UNTIL '{end.isoformat()}'")
        issuer = make_issuer(postgres, name)
        assert rotate(issuer).expires_at == end.timestamp()
        assert issuer.keys()[0].expires_at == end.timestamp()

    def test_a_way_of_consumers_that_is_closed_is_found_before_the_change(self, postgres: Postgres) -> None:
        issuer = make_issuer(postgres, make_role(postgres)[0], verify_port=free_port())
        with pytest.raises(errors.Unreachable, match="Nothing was changed") as caught:
            issuer.keys()
        assert "verify_port" in caught.value.next_step


class TestServerThatRefuses:
    def test_a_read_only_server_is_named_before_anything_is_tried(self, postgres: Postgres) -> None:
        name, old = make_role(postgres)
        issuer = make_issuer(postgres, name)
        with postgres.read_only():
            for call in (issuer.keys, lambda: rotate(issuer)):
                with pytest.raises(errors.Rejected, match="read-only"):
                    call()
        assert postgres.logs_in(name, old)

    def test_md5_is_refused_until_the_administrator_is_told_otherwise(self, postgres: Postgres) -> None:
        name, dummy = make_role(postgres)
        rotator = make_rotator(postgres, f"GRANT {name} TO {{}} WITH ADMIN OPTION", "ALTER ROLE {} SET password_encryption = md5")
        issuer = make_issuer(postgres, name, **rotator)
        for call in (issuer.keys, lambda: rotate(issuer)):
            with pytest.raises(errors.Rejected, match="md5") as caught:
                call()
        postgres.sql(caught.value.next_step.partition("alone: ")[2])
        assert issuer.verify(rotate(issuer)).verdict is Verdict.ALIVE

    def test_a_change_that_waits_too_long_for_a_lock_takes_no_effect(
        self, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        name, old = make_role(postgres)
        monkeypatch.setattr("ansible_collections.locksmith.rotation.plugins.module_utils.clients.postgresql.LOCK_TIMEOUT", 200)
        with psycopg.connect(**postgres.admin_dsn) as other:
            other.execute(f"ALTER ROLE {name} CONNECTION LIMIT 5")
            with pytest.raises(errors.Unreachable, match="lock timeout"):
                rotate(make_issuer(postgres, name))
            other.rollback()
        assert postgres.logs_in(name, old)

    def test_two_changes_at_once_happen_one_after_the_other(self, postgres: Postgres) -> None:
        name, dummy = make_role(postgres)
        issuers = [make_issuer(postgres, name) for dummy in range(2)]
        results: list[Issued] = []
        threads = [threading.Thread(target=lambda issuer=issuer: results.append(rotate(issuer))) for issuer in issuers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        verdicts = sorted(issuers[0].verify(issued).verdict.value for issued in results)
        assert verdicts == ["alive", "dead"]

    def test_a_run_that_holds_the_lock_for_long_makes_the_other_give_up(
        self, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        name, old = make_role(postgres)
        issuer = make_issuer(postgres, name)
        monkeypatch.setattr("ansible_collections.locksmith.rotation.plugins.module_utils.clients.postgresql.EXCLUSION_WAIT", 0.3)
        with issuer._open_as_administrator() as other:
            other.exclude_others(name, issuer._clock)
            with pytest.raises(errors.Conflict, match=name):
                rotate(issuer)
        assert postgres.logs_in(name, old)


class TestConnectParams:
    def test_they_reach_libpq(self, postgres: Postgres) -> None:
        name, dummy = make_role(postgres)
        issuer = make_issuer(postgres, name, connect_params={"target_session_attrs": "read-only"})
        with pytest.raises(errors.Unreachable, match="session is not read-only"):
            issuer.keys()

    def test_an_unknown_one_is_named(self, postgres: Postgres) -> None:
        issuer = make_issuer(postgres, make_role(postgres)[0], connect_params={"no_such_parameter": "value"})
        with pytest.raises(errors.ConfigurationError, match="no_such_parameter"):
            issuer.keys()

    def test_they_do_not_change_who_logs_in(self, postgres: Postgres) -> None:
        name, dummy = make_role(postgres)
        issuer = make_issuer(postgres, name, connect_params={"user": postgres.admin_user, "dbname": "template1"})
        assert issuer.verify(rotate(issuer)).identity == name

    def test_the_controllers_environment_does_not_stand_in_for_a_password(
        self, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        name, password = make_role(postgres)
        monkeypatch.setenv("PGPASSWORD", password)
        monkeypatch.setenv("PGUSER", name)
        issuer = make_issuer(postgres, name)
        assert issuer.verify(version(name, "not the one in the environment")).verdict is Verdict.DEAD


class TestSecrets:
    def test_a_server_that_logs_everything_never_sees_a_password(self, postgres: Postgres, pair: Pair) -> None:
        name, old = make_role(postgres)
        rotator = make_rotator(postgres, f"GRANT {name} TO {{}} WITH ADMIN OPTION")
        issuers = [make_issuer(postgres, name), make_issuer(postgres, name, **rotator), make_issuer(postgres, **pair.options)]
        values = [rotate(issuer).fields["password"] for issuer in issuers]
        log = postgres.log()
        assert f'ALTER ROLE "{name}"' in log, "the log shows what the unprivileged rotator sent"
        assert not [value for value in values if value in log]

    def test_a_failing_change_leaves_nothing_in_the_log_or_the_error(self, postgres: Postgres) -> None:
        """The role disappears between the checks and the change."""
        name, dummy = make_role(postgres)
        rotator = make_rotator(postgres)
        password = "Failing0123456789Failing0123456789"
        with make_issuer(postgres, name, **rotator)._open_as_administrator() as session:
            postgres.sql(f"DROP ROLE {name}")
            with pytest.raises(errors.NotFound, match=name) as caught:
                session.set_password(name, password, allow_login=False)
        assert f'role "{name}" does not exist' in postgres.log()
        assert password not in postgres.log()
        assert "SCRAM-SHA-256$" not in str(caught.value)
        assert caught.value.__cause__ is None

    def test_a_superusers_change_does_not_even_log_its_verifier(self, postgres: Postgres) -> None:
        name, dummy = make_role(postgres)
        before = postgres.log().count("PASSWORD 'SCRAM")
        rotate(make_issuer(postgres, name))
        assert postgres.log().count("PASSWORD 'SCRAM") == before

    def test_the_password_does_not_show_in_any_representation(self, postgres: Postgres) -> None:
        name, dummy = make_role(postgres)
        issuer = make_issuer(postgres, name)
        issued = rotate(issuer)
        shown = repr(issued) + repr(issuer.verify(issued)) + issuer.identity + repr(issuer._login_server)
        assert issued.fields["password"] not in shown
        assert postgres.admin_password not in shown


class Probe:
    """A client that opens a new session every few milliseconds, as C(version)."""

    def __init__(self, server: Postgres, first: Issued) -> None:
        self.version = first
        self.logins = 0
        self.failures: list[str] = []
        self._server = server
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Probe:
        self._thread.start()
        self.wait_for_a_login()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._over.set()
        self._thread.join()

    def wait_for_a_login(self) -> None:
        """A login that began after this call."""
        before = self.logins
        _wait_until(lambda: self.logins >= before + 2 or bool(self.failures))

    def _run(self) -> None:
        while not self._over.is_set():
            tried = self.version
            if self._server.logs_in(**_login(tried)):
                self.logins += 1
            else:
                self.failures.append(tried.id)
            time.sleep(0.005)


def _login(issued: Issued) -> dict[str, str]:
    return {"user": issued.fields["username"], "password": issued.fields["password"]}


def _wait_until(condition: t.Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_the_value_has_the_documented_fields(postgres: Postgres) -> None:
    issuer = make_issuer(postgres, make_role(postgres)[0], password_length=64)
    fields = rotate(issuer).fields
    assert tuple(fields) == issuer.FIELDS
    assert isinstance(fields, SecretFields)
    assert len(fields["password"]) == 64


class TestDocumentation:
    """The statements of docs/issuers/postgresql.md, run as they stand there, are enough."""

    def test_the_rights_for_one_role(self, documented_server: Postgres) -> None:
        postgres = documented_server
        make_role(postgres, "orders_app")
        version_named = "PostgreSQL 16 and later" if postgres.version >= 16 else "PostgreSQL 15 and earlier"
        with documented(postgres, f"single_user, {version_named}") as rotator:
            issuer = make_issuer(postgres, "orders_app", **rotator)
            assert listed(issuer) == ["orders_app"]
            assert issuer.verify(rotate(issuer)).verdict is Verdict.ALIVE

    def test_the_rights_for_two_roles(self, documented_server: Postgres) -> None:
        postgres = documented_server
        postgres.sql(*statements("alternating_users: the owner"))
        rights = "alternating_users, PostgreSQL 16" if postgres.version >= 16 else "single_user, PostgreSQL 15"
        with documented(postgres, rights) as rotator:
            issuer = make_issuer(postgres, "orders", strategy="alternating_users", owner_role="orders_owner", **rotator)
            one = rotate(issuer)
            two = rotate(issuer, one)
            assert not issuer.last_use(one).by
            issuer.disable(one)
            issuer.delete(one)
            assert issuer.verify(two).identity == "orders_green"


@contextlib.contextmanager
def documented(server: Postgres, beginning: str) -> t.Iterator[dict[str, str]]:
    """Create the documented C(rotator), as login_user and login_password."""
    password = "Rotator0123456789"
    server.sql(*statements(beginning), f"ALTER ROLE rotator PASSWORD '{password}'")
    try:
        yield {"login_user": "rotator", "login_password": password}
    finally:
        server.sql("DROP OWNED BY rotator CASCADE", "DROP ROLE rotator")


def statements(beginning: str) -> list[str]:
    """The SQL block of the documentation whose comment begins like this."""
    page = (Path(__file__).parents[2] / "docs" / "issuers" / "postgresql.md").read_text(encoding="utf-8")
    blocks = [block.partition("```")[0] for block in page.split("```sql\n")[1:]]
    (block,) = (block for block in blocks if block.startswith(f"-- {beginning}"))
    return [line for line in block.splitlines() if not line.startswith("--") and line.strip()]
