# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may alter whom, and what makes two roles equal."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.postgresql_roles import (
    Rights,
    Role,
    compare,
    describe_unshared,
    why_not_alter,
)

PLAIN = Role(
    oid=1,
    name="plain",
    superuser=False,
    inherits=True,
    creates_roles=False,
    creates_databases=False,
    replicates=False,
    bypasses_rls=False,
    can_login=True,
    connection_limit=-1,
    valid_until=None,
    administered=False,
    itself=False,
)
MANAGER = dataclasses.replace(PLAIN, oid=2, name="manager", creates_roles=True)
SUPERUSER = dataclasses.replace(PLAIN, oid=3, name="root", superuser=True)
V15, V16 = 150000, 160000


def role(**more: t.Any) -> Role:
    return dataclasses.replace(PLAIN, **more)


@pytest.mark.parametrize(
    ("actor", "target", "version"),
    [
        (SUPERUSER, PLAIN, V16),
        (SUPERUSER, SUPERUSER, V15),
        (MANAGER, PLAIN, V15),
        (MANAGER, role(administered=True), V16),
        (MANAGER, role(administered=True, replicates=True), V16),
        (PLAIN, role(itself=True), V15),
        (PLAIN, role(itself=True, replicates=True), V16),
    ],
)
def test_who_may(actor: Role, target: Role, version: int) -> None:
    assert why_not_alter(actor, target, version) is None


@pytest.mark.parametrize(
    ("actor", "target", "version", "reason", "mend"),
    [
        (MANAGER, SUPERUSER, V15, "superuser", "let login_user be a superuser"),
        (MANAGER, role(administered=True, superuser=True), V16, "superuser", "let login_user be a superuser"),
        (MANAGER, role(replicates=True), V15, "REPLICATION", "superuser"),
        (PLAIN, role(itself=True, replicates=True), V15, "REPLICATION", "superuser"),
        (PLAIN, role(name="a"), V15, '"plain" lacks CREATEROLE', 'ALTER ROLE "plain" CREATEROLE;'),
        (MANAGER, role(name='a"b'), V16, "lacks ADMIN OPTION on it", 'GRANT "a""b" TO "manager" WITH ADMIN TRUE'),
        (PLAIN, role(name="a"), V16, "CREATEROLE and ADMIN OPTION", 'ALTER ROLE "plain" CREATEROLE; GRANT "a" TO "plain"'),
        (PLAIN, role(name="a", administered=True), V16, "lacks CREATEROLE", 'ALTER ROLE "plain" CREATEROLE;'),
    ],
)
def test_who_may_not(actor: Role, target: Role, version: int, reason: str, mend: str) -> None:
    found = why_not_alter(actor, target, version)
    assert found is not None
    assert reason in found[0]
    assert mend in found[1]


BLUE = role(name="blue")
GREEN = role(name="green")


def test_equal_roles_have_no_difference() -> None:
    memberships = {"owner": (False, True, True)}
    settings = {("", "role"): "owner"}
    blue, green = (Rights(who, memberships, settings) for who in (BLUE, GREEN))
    assert compare(blue, green) == []


def test_being_switched_off_is_no_difference() -> None:
    assert compare(Rights(BLUE), Rights(dataclasses.replace(GREEN, can_login=False))) == []


def test_a_standby_may_be_valid_for_longer() -> None:
    assert compare(Rights(dataclasses.replace(BLUE, valid_until=100.0)), Rights(GREEN)) == []
    ahead = dataclasses.replace(GREEN, valid_until=200.0)
    assert compare(Rights(dataclasses.replace(BLUE, valid_until=100.0)), Rights(ahead)) == []


@pytest.mark.parametrize(
    ("active", "standby", "mend"),
    [
        (Rights(BLUE), Rights(dataclasses.replace(GREEN, superuser=True)), 'ALTER ROLE "green" NOSUPERUSER;'),
        (Rights(dataclasses.replace(BLUE, bypasses_rls=True)), Rights(GREEN), 'ALTER ROLE "green" BYPASSRLS;'),
        (Rights(dataclasses.replace(BLUE, inherits=False)), Rights(GREEN), 'ALTER ROLE "green" NOINHERIT;'),
        (Rights(dataclasses.replace(BLUE, connection_limit=9)), Rights(GREEN), 'ALTER ROLE "green" CONNECTION LIMIT 9;'),
        (Rights(BLUE), Rights(dataclasses.replace(GREEN, valid_until=0.0)), "ALTER ROLE \"green\" VALID UNTIL 'infinity';"),
        (
            Rights(dataclasses.replace(BLUE, valid_until=86400.0)),
            Rights(dataclasses.replace(GREEN, valid_until=1.0)),
            "ALTER ROLE \"green\" VALID UNTIL '1970-01-02T00:00:00Z';",
        ),
        (Rights(BLUE, {"g": (True,)}), Rights(GREEN), 'GRANT "g" TO "green" WITH ADMIN OPTION;'),
        (Rights(BLUE, {"g": (False,)}), Rights(GREEN), 'GRANT "g" TO "green";'),
        (
            Rights(BLUE, {"g": (False, True, False)}),
            Rights(GREEN),
            'GRANT "g" TO "green" WITH ADMIN FALSE, INHERIT TRUE, SET FALSE;',
        ),
        (Rights(BLUE), Rights(GREEN, {'g"': (False,)}), 'REVOKE "g""" FROM "green";'),
        (Rights(BLUE, {}, {("", "work_mem"): "8MB"}), Rights(GREEN), "ALTER ROLE \"green\" SET work_mem = '8MB';"),
        (Rights(BLUE), Rights(GREEN, {}, {("db", "work_mem"): "8MB"}), 'ALTER ROLE "green" IN DATABASE "db" RESET work_mem;'),
        (Rights(BLUE, {}, {("", "search_path"): 'a, "B"'}), Rights(GREEN), 'ALTER ROLE "green" SET search_path = a, "B";'),
        (
            Rights(BLUE, {}, {("", "app.key"): "hidden"}),
            Rights(GREEN),
            'ALTER ROLE "green" SET app.key = \'the value of "blue"\';',
        ),
    ],
)
def test_a_difference_comes_with_the_sql_that_mends_it(active: Rights, standby: Rights, mend: str) -> None:
    assert [difference.mend for difference in compare(active, standby)] == [mend]


def test_what_a_role_owns_goes_to_the_owner_role() -> None:
    found = describe_unshared(BLUE, GREEN, "owner", [("shop", 3, 2), ("", 1, 0)])
    assert [difference.what for difference in found] == [
        '"blue" itself owns 3 object(s) in database "shop"',
        '"blue" has rights of its own on 2 object(s) in database "shop"',
        '"blue" itself owns 1 object(s) among databases and tablespaces',
    ]
    assert found[0].mend == 'REASSIGN OWNED BY "blue" TO "owner"; -- in database "shop"'
    assert '"green"' in describe_unshared(BLUE, GREEN, "", [("shop", 0, 1)])[0].mend
    assert describe_unshared(BLUE, GREEN, "owner", []) == []


def test_settings_do_not_show_in_a_representation() -> None:
    assert "hidden" not in repr(Rights(BLUE, {}, {("", "app.key"): "hidden"}))
