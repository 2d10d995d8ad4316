# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What PostgreSQL's catalogue says about roles: who may alter whom, and whether two roles can do the same.

Called by the PostgreSQL issuer. Reading is one function each; judging is pure.
"""

from __future__ import annotations

import dataclasses
import math
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.postgresql import Session, quoted
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso

#: Since 16, CREATEROLE alone is no longer the right to alter everybody's role.
ADMIN_OPTION_SINCE = 160000
#: Settings whose value is stored as a list that is quoted already (GUC_LIST_QUOTE in the server's guc_tables.c).
_LISTS = ("search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries")
#: What a role can be, and how ALTER ROLE writes it.
_ATTRIBUTES = {
    "superuser": "SUPERUSER",
    "inherits": "INHERIT",
    "creates_roles": "CREATEROLE",
    "creates_databases": "CREATEDB",
    "replicates": "REPLICATION",
    "bypasses_rls": "BYPASSRLS",
}


@dataclasses.dataclass(frozen=True)
class Role:
    """A role's row in the catalogue. C(valid_until): seconds since the epoch, None for ever. C(administered): the asking
    session's role has ADMIN OPTION on it. C(itself): it is the asking session's role."""

    oid: int
    name: str
    superuser: bool
    inherits: bool
    creates_roles: bool
    creates_databases: bool
    replicates: bool
    bypasses_rls: bool
    can_login: bool
    connection_limit: int
    valid_until: float | None
    administered: bool
    itself: bool


@dataclasses.dataclass(frozen=True)
class Rights:
    """What a login as this role brings. C(memberships): granted role to its options. C(settings): (database, name) to value."""

    role: Role
    memberships: t.Mapping[str, tuple[bool, ...]] = dataclasses.field(default_factory=dict)
    settings: t.Mapping[tuple[str, str], str] = dataclasses.field(default_factory=dict, repr=False)


@dataclasses.dataclass(frozen=True)
class Difference:
    """One thing that the standby role lacks or has too much, and the SQL that mends it."""

    what: str
    mend: str


def read_roles(session: Session, names: t.Sequence[str]) -> dict[str, Role]:
    """Those of the named roles that exist, by name."""
    found = session.rows(
        "SELECT oid, rolname::text, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolcanlogin,"
        " rolconnlimit, extract(epoch FROM rolvaliduntil)::float8, pg_has_role(current_user, oid, 'MEMBER WITH ADMIN OPTION'),"
        " rolname = current_user FROM pg_roles WHERE rolname::text = ANY(%s)",
        (list(names),),
    )
    return {row[1]: _role(row) for row in found}


def _role(row: tuple[t.Any, ...]) -> Role:
    """C(infinity) and no limit at all are the same here, and so are C(-infinity) and very long ago."""
    values = list(row)
    if values[10] is not None and math.isinf(values[10]):
        values[10] = None if values[10] > 0 else 0.0
    return Role(*values)


def read_own_role(session: Session) -> Role:
    """The role that the session acts as."""
    name = session.value("SELECT current_user::text")
    return read_roles(session, [name])[name]


def read_rights(session: Session, role: Role) -> Rights:
    """Memberships and settings of a role."""
    options = ", m.inherit_option, m.set_option" if session.version >= ADMIN_OPTION_SINCE else ""
    memberships = session.rows(
        "SELECT g.rolname::text, m.admin_option" + options + " FROM pg_auth_members m"
        " JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = %s",
        (role.oid,),
    )
    settings = session.rows(
        "SELECT coalesce(d.datname::text, ''), unnest(s.setconfig) FROM pg_db_role_setting s"
        " LEFT JOIN pg_database d ON d.oid = s.setdatabase WHERE s.setrole = %s",
        (role.oid,),
    )
    return Rights(
        role,
        _strongest(memberships),
        {(database, line.partition("=")[0]): line.partition("=")[2] for database, line in settings},
    )


def _strongest(memberships: t.Sequence[tuple[t.Any, ...]]) -> dict[str, tuple[bool, ...]]:
    """Since 16 several grantors may have granted the same role; what counts is all of it together."""
    together: dict[str, tuple[bool, ...]] = {}
    for name, *options in memberships:
        before = together.get(name, (False,) * len(options))
        together[name] = tuple(a or b for a, b in zip(before, options))
    return together


def read_unshared(session: Session, active: Role, standby: Role) -> list[tuple[str, int, int]]:
    """Per database (C("") for what belongs to none): how many objects C(active) owns, and on how many it has rights of its own,
    that C(standby) does not own or have. The server's shared dependencies cover every database at once."""
    return [
        (row[0], row[1], row[2])
        for row in session.rows(
            "SELECT coalesce(d.datname::text, ''), count(*) FILTER (WHERE a.deptype = 'o'),"
            " count(*) FILTER (WHERE a.deptype <> 'o')"
            " FROM pg_shdepend a LEFT JOIN pg_database d ON d.oid = a.dbid"
            " WHERE a.refclassid = 'pg_authid'::regclass AND a.refobjid = %s AND a.deptype IN ('o', 'a', 'r')"
            " AND a.classid <> 'pg_auth_members'::regclass AND NOT EXISTS (SELECT FROM pg_shdepend b"
            " WHERE b.refclassid = a.refclassid AND b.refobjid = %s AND b.dbid = a.dbid AND b.classid = a.classid"
            " AND b.objid = a.objid AND b.objsubid = a.objsubid AND b.deptype = a.deptype) GROUP BY 1 ORDER BY 1",
            (active.oid, standby.oid),
        )
    ]


def why_not_alter(actor: Role, target: Role, version: int) -> tuple[str, str] | None:
    """Why C(actor) may not set the password of C(target), and what would allow it; None if it may. C(version): libpq's number.

    https://www.postgresql.org/docs/current/sql-alterrole.html and, for 15 and earlier, AlterRole() in the server's user.c.
    """
    if actor.superuser:
        return None
    if target.superuser:
        return "only a superuser may alter a superuser", "let login_user be a superuser, or rotate an ordinary role"
    if target.replicates and version < ADMIN_OPTION_SINCE:
        return "before PostgreSQL 16 only a superuser may alter a role with REPLICATION", "let login_user be a superuser"
    if target.itself:
        return None
    return _why_not_administer(actor, target, version)


def _why_not_administer(actor: Role, target: Role, version: int) -> tuple[str, str] | None:
    lacks, grants = [], []
    if not actor.creates_roles:
        lacks.append("CREATEROLE")
        grants.append(f"ALTER ROLE {quoted(actor.name)} CREATEROLE;")
    if version >= ADMIN_OPTION_SINCE and not target.administered:
        lacks.append("ADMIN OPTION on it")
        options = "WITH ADMIN TRUE, INHERIT FALSE, SET FALSE"
        grants.append(f"GRANT {quoted(target.name)} TO {quoted(actor.name)} {options};")
    if not lacks:
        return None
    return f"{quoted(actor.name)} lacks {' and '.join(lacks)}", "run as a superuser: " + " ".join(grants)


def compare(active: Rights, standby: Rights) -> list[Difference]:
    """What consumers would notice if they logged in as C(standby) instead of C(active)."""
    return [
        *_compare_attributes(active.role, standby.role),
        *_compare_memberships(active, standby),
        *_compare_settings(active, standby),
    ]


def _compare_attributes(active: Role, standby: Role) -> list[Difference]:
    name = quoted(standby.name)
    found = []
    for attribute, keyword in _ATTRIBUTES.items():
        wanted = getattr(active, attribute)
        if getattr(standby, attribute) != wanted:
            word = keyword if wanted else "NO" + keyword
            found.append(Difference(f"it is not {word}", f"ALTER ROLE {name} {word};"))
    if standby.connection_limit != active.connection_limit:
        limit = active.connection_limit
        mend = f"ALTER ROLE {name} CONNECTION LIMIT {limit};"
        found.append(Difference(f"its connection limit is {standby.connection_limit}, not {limit}", mend))
    if _end(standby) < _end(active):
        until = to_iso(active.valid_until) or "infinity"
        mend = f"ALTER ROLE {name} VALID UNTIL '{until}';"
        found.append(Difference(f"it is only valid until {to_iso(standby.valid_until)}", mend))
    return found


def _end(role: Role) -> float:
    return math.inf if role.valid_until is None else role.valid_until


def _compare_memberships(active: Rights, standby: Rights) -> list[Difference]:
    name = quoted(standby.role.name)
    found = []
    for group, options in sorted(active.memberships.items()):
        if standby.memberships.get(group) != options:
            how = "not a member of" if group not in standby.memberships else "another kind of member of"
            found.append(Difference(f"it is {how} {quoted(group)}", f"GRANT {quoted(group)} TO {name}{_grant_options(options)};"))
    for group in sorted(set(standby.memberships) - set(active.memberships)):
        found.append(Difference(f"it is also a member of {quoted(group)}", f"REVOKE {quoted(group)} FROM {name};"))
    return found


def _grant_options(options: tuple[bool, ...]) -> str:
    if len(options) == 1:
        return " WITH ADMIN OPTION" if options[0] else ""
    words = (f"{name} {str(on).upper()}" for name, on in zip(("ADMIN", "INHERIT", "SET"), options))
    return " WITH " + ", ".join(words)


def _compare_settings(active: Rights, standby: Rights) -> list[Difference]:
    found = []
    for key in sorted({*active.settings, *standby.settings}):
        if active.settings.get(key) != standby.settings.get(key):
            database, name = key
            where = f" in database {quoted(database)}" if database else ""
            found.append(Difference(f"its setting {name}{where} differs", _mend_setting(active, standby.role, key)))
    return found


def _mend_setting(active: Rights, standby: Role, key: tuple[str, str]) -> str:
    database, name = key
    alter = f"ALTER ROLE {quoted(standby.name)}" + (f" IN DATABASE {quoted(database)}" if database else "")
    if key not in active.settings:
        return f"{alter} RESET {name};"
    if name in _LISTS:
        return f"{alter} SET {name} = {active.settings[key]};"
    # A setting with a dot is an application's own and may hold anything, also a secret: name it, do not show it.
    shown = f"the value of {quoted(active.role.name)}" if "." in name else active.settings[key].replace("'", "''")
    return f"{alter} SET {name} = '{shown}';"


def describe_unshared(active: Role, standby: Role, owner: str, unshared: t.Sequence[tuple[str, int, int]]) -> list[Difference]:
    """The same for what C(active) owns or may touch in its own name."""
    found = []
    for database, owned, granted in unshared:
        where = f"in database {quoted(database)}" if database else "among databases and tablespaces"
        if owned:
            heir = quoted(owner) if owner else "a NOLOGIN role that both are members of"
            what = f"{quoted(active.name)} itself owns {owned} object(s) {where}"
            found.append(Difference(what, f"REASSIGN OWNED BY {quoted(active.name)} TO {heir}; -- {where}"))
        if granted:
            what = f"{quoted(active.name)} has rights of its own on {granted} object(s) {where}"
            to_whom = quoted(owner) if owner else quoted(standby.name)
            found.append(Difference(what, f"GRANT the same rights to {to_whom} -- {where}"))
    return found


def least_grants(strategy: str, actor: str, roles: t.Sequence[str], version: int) -> str:
    """What makes C(actor) able to rotate C(roles) and nothing more, as far as the version has that. See docs/issuers/postgresql.md."""
    if actor in roles:
        return f"-- nothing: {quoted(actor)} changes its own password, which every role may"
    create = f"CREATE ROLE {quoted(actor)} LOGIN CREATEROLE;"
    if version < ADMIN_OPTION_SINCE:
        why = "CREATEROLE may alter every role that is no superuser"
        return f"-- {strategy}, PostgreSQL 15 and earlier: {why}\n{create}"
    names = ", ".join(quoted(role) for role in roles)
    grant = f"GRANT {names} TO {quoted(actor)} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;"
    return f"-- {strategy}, PostgreSQL 16 and later\n{create}\n{grant}"


def end_sessions(session: Session, name: str, younger_spared: float | None) -> int:
    """End the connections of role C(name), and return how many there were. Ours is not among them.

    :arg younger_spared: spare those that began less than so many seconds ago; None spares none. The server shows when a connection began
        only to members of its role and of pg_read_all_stats: one whose beginning it does not show is not spared.
    :raises Denied: takes membership in the role, or in pg_signal_backend (PostgreSQL's manual, "Server Signaling Functions").
    """
    ended = session.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename::text = %s AND pid <> pg_backend_pid() AND"
        " (%s::float8 IS NULL OR coalesce(backend_start, '-infinity') < clock_timestamp() - make_interval(secs => %s::float8))",
        (name, younger_spared, younger_spared),
    )
    return len(ended)
