# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL role passwords. A role has one password, so there are two strategies, each a class here.

M(PostgresqlIssuer) gives one role a new password: between that moment and the deployment, whoever connects anew is refused
(open sessions go on). M(AlternatingUsers) gives the other one of two equal roles a new password: nobody notices.

Called by the entry layer, which builds one through C(PostgresqlIssuer.create).
"""

from __future__ import annotations

import abc
import contextlib
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.postgresql import (
    OPPORTUNISTIC,
    POSTGRESQL_OPTIONS,
    SCRAM_SINCE,
    Login,
    Outcome,
    Server,
    Session,
    knock,
    log_in,
    no_session,
    quoted,
    require_driver,
    try_login,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    Attempt,
    Issued,
    Issuer,
    KeyInfo,
    LastUse,
    Revocation,
    Setting,
    Verdict,
    Verification,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.postgresql_roles import (
    Role,
    compare,
    describe_unshared,
    end_sessions,
    least_grants,
    read_own_role,
    read_rights,
    read_roles,
    read_unshared,
    why_not_alter,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint, LeastRights
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import RIGHTS, Check, judge_clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields, generate_password

#: Bytes. PostgreSQL cuts longer names off without an error (NAMEDATALEN).
LONGEST_NAME = 63
#: For a server of Amazon's, told by its name.
_IAM_LOGIN = (
    "Amazon RDS and Aurora can let a role log in by IAM (GRANT rds_iam TO …): its tokens live 15 minutes, and no password exists."
)
#: Characters. Letters and digits carry 5.95 bits each.
SHORTEST_PASSWORD = 20
LONGEST_PASSWORD = 200
#: libpq parameters that are secrets: connect_params shows in the invocation that Ansible prints.
_SECRET_PARAMETERS = ("password", "sslpassword")
_TLS = {"ca_cert": "sslrootcert", "ssl_cert": "sslcert", "ssl_key": "sslkey"}


class RolePassword(Issuer):
    """What both strategies share: connections, the checks before a change, the change itself, and the login that proves it."""

    KIND = "postgresql"
    MODULE = "pg_password_rotate"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **POSTGRESQL_OPTIONS,
        "role": {"type": "str", "required": True},
        "strategy": {"type": "str", "default": "single_user", "choices": ["single_user", "alternating_users"]},
        "roles": {"type": "list", "elements": "str"},
        "owner_role": {"type": "str"},
        "create_roles": {"type": "bool", "default": False},
        "verify_host": {"type": "str"},
        "verify_port": {"type": "int"},
        "verify_db": {"type": "str"},
        "password_length": {"type": "int", "default": 40, "no_log": False},
    }
    CONSTRAINTS: t.ClassVar[dict[str, t.Any]] = {
        "mutually_exclusive": [["login_host", "login_unix_socket"]],
        "required_together": [["ssl_cert", "ssl_key"]],
    }
    FIELDS = ("username", "password")
    PUBLIC_FIELDS = ("username",)
    MINTS = False
    ROTATE_AFTER = "30d"

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> RolePassword:
        require_driver()
        if options["strategy"] == "alternating_users":
            return AlternatingUsers(options, setting)
        return PostgresqlIssuer(options, setting)

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        _check_options(options)
        self._options = options
        self._clock = setting.clock
        self._login_server = _login_server(options)
        self._verify_server = _verify_server(options)
        self._login_user = str(options["login_user"])
        if self._login_server.host.endswith(".rds.amazonaws.com"):
            self.INSTEAD = _IAM_LOGIN
        self._roles = self._login_roles()
        for name in self._roles:
            _check_name(name)

    @abc.abstractmethod
    def _login_roles(self) -> tuple[str, ...]:
        """The names of the roles that consumers log in as."""

    @abc.abstractmethod
    def _next_role(self, current: Issued | None) -> str:
        """Which of them gets the next password."""

    @property
    def identity(self) -> str:
        return f"postgresql role {self._options['role']} on {self._login_server}"

    def keys(self) -> list[KeyInfo]:
        """The login roles. A role that changes its own password may have no login that works yet: then only the server is asked
        whether it is there, and M(issue) checks the rest with the versions that it is given."""
        with contextlib.ExitStack() as stack:
            session = self._open(stack, ())
            found = self._check(session) if session is not None else None
        for name in self._roles if found is None else found:
            self._check_way_in(name)
        if found is None:
            return [KeyInfo(id=name, name=name) for name in self._roles]
        return [KeyInfo(role.name, role.name, expires_at=role.valid_until, active=role.can_login) for role in found.values()]

    def endpoints(self) -> t.Sequence[Endpoint]:
        """For its certificate. A Unix socket has none, and where encryption is not verified nobody asks for one."""
        host, mode = self._login_server.host, self._options["ssl_mode"]
        if host.startswith("/") or not host or not mode.startswith("verify"):
            return ()
        return [Endpoint(f"postgresql://{host}:{self._login_server.port}", self._options.get("ca_cert"), True)]

    def examine(self) -> t.Sequence[Check]:
        """The server's clock. That the rights suffice is what M(keys) has found out from the catalog."""
        with contextlib.ExitStack() as stack:
            session = self._open(stack, ())
            if session is None:
                return ()
            before = self._clock.now()
            there = float(session.value("SELECT extract(epoch FROM clock_timestamp())"))
            rights = Check(RIGHTS, "", f"{quoted(self._login_user)} may alter {_listed(self._roles)}, by the catalog")
            return [rights, judge_clock((before + self._clock.now()) / 2 - there, str(self._login_server))]

    def least_rights(self) -> t.Sequence[LeastRights]:
        with contextlib.ExitStack() as stack:
            session = self._open(stack, ())
            version = session.version if session is not None else SCRAM_SINCE
        where = f"PostgreSQL at {self._login_server}, as a superuser"
        return [LeastRights(where, "sql", least_grants(self._options["strategy"], self._login_user, self._roles, version))]

    def propose(self, attempt: Attempt, current: Issued | None) -> Issued:
        role = self._next_role(current)
        password = generate_password(int(self._options["password_length"]))
        return Issued(f"{role}/{attempt.name}", SecretFields({"username": role, "password": password}), created_at=attempt.at)

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        if proposal is None:
            raise AssertionError("a PostgreSQL password is proposed before it is issued")
        name = proposal.fields["username"]
        if name not in self._roles:
            raise errors.Rejected(
                f"Version {proposal.id} is of role {quoted(name)}, and this credential is of {_listed(self._roles)}.",
                next_step="check the options role, strategy and roles; nothing was changed.",
            )
        with contextlib.ExitStack() as stack:
            session = self._open(stack, [*known, proposal])
            if session is None:
                raise self._locked_out(len(known))
            role = self._apply(session, proposal, known)
        return Issued(proposal.id, proposal.fields, proposal.created_at, role.valid_until)

    def _apply(self, session: Session, proposal: Issued, known: t.Sequence[Issued]) -> Role:
        session.exclude_others(" ".join(self._roles), self._clock)
        self._create_missing(session)
        role = self._check(session)[proposal.fields["username"]]
        self._check_change(session, role, known)
        session.silence()
        session.set_password(role.name, proposal.fields["password"], allow_login=not role.can_login)
        session.commit()
        return role

    def verify(self, version: Issued) -> Verification:
        login = self._try(version)
        if login.session is not None:
            return self._check_identity(version, login.session)
        if login.outcome is Outcome.REFUSED:
            return Verification(Verdict.DEAD, detail=login.detail)
        if login.outcome is Outcome.BARRED and self._may_not_log_in(version):
            return Verification(Verdict.DEAD, detail="the role is NOLOGIN")
        return Verification(Verdict.UNKNOWN, detail=login.detail)

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        name = fields.get("username", "")
        return KeyInfo(id=name, name=name) if name in self._roles else None

    def revoke_sessions(self, version: Issued, made_by: str, replaced_at: float | None) -> Revocation:
        """End the role's connections. Where it lives on with a new password, those that were begun with that one are spared."""
        name, spared_since = version.fields["username"], replaced_at if self.capacity == 1 else None
        with contextlib.ExitStack() as stack:
            session = self._open(stack, ())
            if session is None:
                raise self._locked_out(0)
            try:
                ended = end_sessions(session, name, None if spared_since is None else self._clock.now() - spared_since)
            except errors.Denied as refusal:
                next_step = f"as a superuser: GRANT pg_signal_backend TO {quoted(self._login_user)};"
                raise errors.Denied(refusal.message, next_step=next_step) from None
        return Revocation(f"{ended} open connections of role {quoted(name)} at {self._login_server} were ended")

    def _try(self, version: Issued) -> Login:
        """Log in as a consumer does.

        :raises Rejected: the server let us in without asking for the password, which proves nothing about it.
        """
        name = version.fields["username"]
        login = try_login(self._verify_server, name, version.fields["password"], self._clock)
        self._check_asked(name, login)
        return login

    def _check_way_in(self, name: str) -> None:
        """Before a password is changed, find out whether its verification could prove anything."""
        login = knock(self._verify_server, name, self._clock)
        self._check_asked(name, login)
        if login.outcome is Outcome.SILENT:
            raise errors.Unreachable(
                f"PostgreSQL at {self._verify_server}, where a new password is to be verified, does not let {quoted(name)} try:"
                f" {login.detail}. Nothing was changed.",
                next_step="check verify_host, verify_port and verify_db, or else login_host, login_port and login_db.",
            )

    def _check_asked(self, name: str, login: Login) -> None:
        if login.session is not None and not login.used_password:
            login.session.close()
            raise errors.Rejected(
                f"PostgreSQL at {self._verify_server} lets {quoted(name)} in without a password: no login proves anything.",
                next_step="have its pg_hba.conf ask this role for scram-sha-256 (not trust, peer, ident, cert or gss) on the way"
                " that consumers take, and set verify_host to that way.",
            )

    def _check_identity(self, version: Issued, session: Session) -> Verification:
        try:
            with session:
                identity = str(session.value("SELECT session_user::text"))
        except errors.ExternalError as failure:  # a pooler may open a session first and find no server for it later
            return Verification(Verdict.UNKNOWN, detail=failure.message)
        expected = version.fields["username"]
        if identity != expected:
            raise errors.Rejected(
                f"A login as {quoted(expected)} at {self._verify_server} became a session of {quoted(identity)}.",
                next_step="point verify_host at the server, or at a pooler that does not force a user.",
            )
        return Verification(Verdict.ALIVE, identity=identity)

    def _may_not_log_in(self, version: Issued) -> bool:
        name = version.fields["username"]
        try:
            with contextlib.ExitStack() as stack:
                session = self._open(stack, ())
                role = read_roles(session, [name]).get(name) if session is not None else None
        except errors.LocksmithError:
            return False
        return role is not None and not role.can_login

    def _open(self, stack: contextlib.ExitStack, known: t.Sequence[Issued]) -> Session | None:
        """A prepared session that may change things, closed with C(stack); None: the role's own passwords all fail."""
        session = self._open_as_itself(known) if self._login_user in self._roles else self._open_as_administrator()
        if session is not None:
            stack.enter_context(session)
            session.prepare(self._options.get("session_role"))
        return session

    def _open_as_administrator(self) -> Session:
        return log_in(self._login_server, self._login_user, self._options.get("login_password"), self._clock)

    def _open_as_itself(self, known: t.Sequence[Issued]) -> Session | None:
        """Try the passwords that may still be the role's. With none, a random one shows at least whether the server answers."""
        given = self._options.get("login_password")
        passwords = [version.fields["password"] for version in known if version.fields.get("username") == self._login_user]
        for password in dict.fromkeys([*passwords, *([given] if given else [])]) or [generate_password()]:
            login = try_login(self._login_server, self._login_user, password, self._clock)
            if login.session is not None:
                return login.session
            if login.outcome is not Outcome.REFUSED:
                raise no_session(self._login_server, self._login_user, login)
        return None

    def _locked_out(self, tried: int) -> errors.Denied:
        name = quoted(self._login_user)
        return errors.Denied(
            f"Role {name} is to change its own password at {self._login_server}, and neither login_password"
            f" nor any of its {tried} recorded versions logs in.",
            next_step="give its password of today as login_password, or let login_user be a role that may alter it, for one run.",
        )

    def _check(self, session: Session) -> dict[str, Role]:
        """Everything that would make a change fail, found before anything is changed. The login roles that exist."""
        self._check_server(session)
        actor = read_own_role(session)
        found = read_roles(session, self._needed_roles())
        self._check_existence(actor, found)
        targets = {name: found[name] for name in self._roles if name in found}
        for role in targets.values():
            reason = why_not_alter(actor, role, session.version)
            if reason is not None:
                raise errors.Denied(
                    f"{quoted(actor.name)} may not alter role {quoted(role.name)} at {self._login_server}: {reason[0]}.",
                    next_step=reason[1],
                )
            self._check_usable(role)
        return targets

    def _needed_roles(self) -> list[str]:
        return list(self._roles)

    def _check_existence(self, actor: Role, found: t.Container[str]) -> None:
        missing = [name for name in self._needed_roles() if name not in found]
        if not missing:
            return
        if not self._options["create_roles"]:
            raise errors.NotFound(
                f"PostgreSQL at {self._login_server} has no role {_listed(missing)}.",
                next_step="check the names, create the role, or set create_roles=true to have it created.",
            )
        if not (actor.superuser or actor.creates_roles):
            raise errors.Denied(
                f"{quoted(actor.name)} may not create role {_listed(missing)} at {self._login_server}.",
                next_step=f"run as a superuser: ALTER ROLE {quoted(actor.name)} CREATEROLE;",
            )

    def _check_server(self, session: Session) -> None:
        standby, read_only, encryption = session.rows(
            "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on', current_setting('password_encryption')"
        )[0]
        if standby or read_only:
            raise errors.Rejected(
                f"PostgreSQL at {self._login_server} is {'a standby' if standby else 'read-only'}: no password changes here.",
                next_step="point login_host at the primary; connect_params={target_session_attrs: read-write} finds it.",
            )
        if session.version < SCRAM_SINCE or encryption != "scram-sha-256":
            raise errors.Rejected(
                f"PostgreSQL at {self._login_server} keeps passwords as {encryption}. Only SCRAM-SHA-256 verifiers are ever sent,"
                " because an md5 hash in a log is as good as the password; clients that know only md5 could no longer log in.",
                next_step="set password_encryption = 'scram-sha-256' on the server; or, once all clients speak SCRAM,"
                f" for us alone: ALTER ROLE {quoted(self._login_user)} SET password_encryption = 'scram-sha-256';",
            )

    def _check_usable(self, role: Role) -> None:
        if role.valid_until is not None and role.valid_until <= self._clock.now():
            raise errors.Rejected(
                f"Role {quoted(role.name)} at {self._login_server} was valid until {to_iso(role.valid_until)}.",
                next_step=f"ALTER ROLE {quoted(role.name)} VALID UNTIL 'infinity';",
            )

    def _create_missing(self, session: Session) -> None:
        """With C(create_roles), create what does not exist yet. What exists is not touched."""
        if not self._options["create_roles"]:
            return
        found = read_roles(session, self._needed_roles())
        if any(name not in found for name in self._needed_roles()):
            self._check_existence(read_own_role(session), found)
            session.silence()
            self._create(session, found)

    @abc.abstractmethod
    def _create(self, session: Session, found: t.Container[str]) -> None:
        """Create the roles that are not among C(found)."""

    @abc.abstractmethod
    def _check_change(self, session: Session, role: Role, known: t.Sequence[Issued]) -> None:
        """Find out whether consumers can do with C(role) what they do today.

        :raises Rejected: they cannot.
        """


class PostgresqlIssuer(RolePassword):
    """C(single_user), and what the entry layer calls to have either strategy built. One role, whose password is replaced;
    rolling back is issuing the previous value again."""

    @property
    def capacity(self) -> int:
        return 1

    def _login_roles(self) -> tuple[str, ...]:
        if self._options.get("roles") or self._options.get("owner_role"):
            raise errors.ConfigurationError(
                "roles and owner_role are only for strategy=alternating_users.", next_step="drop them, or set that strategy."
            )
        return (str(self._options["role"]),)

    def _next_role(self, current: Issued | None) -> str:
        return self._roles[0]

    def _create(self, session: Session, found: t.Container[str]) -> None:
        session.run("CREATE ROLE {role} LOGIN", role=self._roles[0])

    def _check_change(self, session: Session, role: Role, known: t.Sequence[Issued]) -> None:
        """A role that somebody switched off stays switched off until somebody switches it on."""
        if not role.can_login:
            raise errors.Rejected(
                f"Role {quoted(role.name)} at {self._login_server} is NOLOGIN: no password logs in.",
                next_step=f"ALTER ROLE {quoted(role.name)} LOGIN;",
            )

    def own_login(self, versions: t.Sequence[Issued]) -> str:
        """The role, if it changes its own password: whatever the value is, the next one replaces it."""
        return f"role {quoted(self._login_user)}" if self._login_user in self._roles else ""

    def delete(self, version: Issued) -> None:
        """Nothing is left to remove: the password died when the next one was set."""


class AlternatingUsers(RolePassword):
    """Two roles that can do the same; the one that is not in use gets the next password. Both work during the grace period."""

    CAN_DISABLE = True

    @property
    def capacity(self) -> int:
        return 2

    @property
    def _owner(self) -> str:
        return str(self._options.get("owner_role") or "")

    def _login_roles(self) -> tuple[str, ...]:
        base = str(self._options["role"])
        names = tuple(self._options.get("roles") or (f"{base}_blue", f"{base}_green"))
        if len(names) != 2 or names[0] == names[1]:
            raise errors.ConfigurationError(
                "roles must name two different roles.", next_step="name two, or leave the option out."
            )
        if self._login_user in names:
            raise errors.ConfigurationError(
                f"login_user {self._login_user} is one of the two alternating roles, and neither may alter the other.",
                next_step="let login_user be an administrator of both.",
            )
        if self._owner in names:
            raise errors.ConfigurationError("owner_role is one of the two roles.", next_step="name a third, NOLOGIN role.")
        return names

    def _needed_roles(self) -> list[str]:
        return [*self._roles, *([self._owner] if self._owner else [])]

    def _next_role(self, current: Issued | None) -> str:
        in_use = current.fields.get("username") if current is not None else None
        return self._roles[1] if in_use == self._roles[0] else self._roles[0]

    def _other(self, name: str) -> str:
        return self._roles[1] if name == self._roles[0] else self._roles[0]

    def _create(self, session: Session, found: t.Container[str]) -> None:
        """The owner first, then login roles that act as it. They get LOGIN with their first password."""
        if self._owner and self._owner not in found:
            session.run("CREATE ROLE {owner} NOLOGIN", owner=self._owner)
        for name in self._roles:
            if name in found:
                continue
            session.run("CREATE ROLE {role} NOLOGIN", role=name)
            if self._owner:
                session.run("GRANT {owner} TO {role}", owner=self._owner, role=name)
                session.run("ALTER ROLE {role} SET role = {owner}", role=name, owner=self._owner)

    def _check_usable(self, role: Role) -> None:
        """The comparison of the two roles looks at VALID UNTIL; which of the two matters is not known before it."""

    def _check_change(self, session: Session, role: Role, known: t.Sequence[Issued]) -> None:
        super()._check_usable(role)
        active = self._active(session, role, known)
        mine, theirs = read_rights(session, role), read_rights(session, active)
        differences = compare(theirs, mine)
        differences += describe_unshared(active, role, self._owner, read_unshared(session, active, role))
        if self._owner and (self._owner not in mine.memberships or mine.settings.get(("", "role")) != self._owner):
            raise self._not_acting_as_owner(role)
        if differences:
            raise errors.Rejected(
                f"Role {quoted(role.name)} has other rights than {quoted(active.name)}, which consumers use today: "
                + "; ".join(difference.what for difference in differences)
                + ". Nothing was changed.",
                next_step="make them equal: " + " ".join(difference.mend for difference in differences),
            )

    def _active(self, session: Session, role: Role, known: t.Sequence[Issued]) -> Role:
        """The role that consumers use while C(role) is prepared: that of the likeliest other version, or simply the other one."""
        names = [version.fields.get("username", "") for version in known]
        others = [name for name in names if name and name != role.name] + [self._other(role.name)]
        return read_roles(session, others[:1]).get(others[0]) or role

    def _not_acting_as_owner(self, role: Role) -> errors.Rejected:
        name, owner = quoted(role.name), quoted(self._owner)
        return errors.Rejected(
            f"Role {name} does not act as {owner}, so what it creates would not belong to {owner}. Nothing was changed.",
            next_step=f"GRANT {owner} TO {name}; ALTER ROLE {name} SET role = {owner};",
        )

    def last_use(self, version: Issued) -> LastUse:
        """A look at the sessions of this moment. PostgreSQL keeps no record of logins: C(at=None) says that no session is open
        now, and nothing about clients that connect, work and leave between two looks."""
        name = version.fields["username"]
        with self._administer() as session:
            found = session.rows(
                "SELECT coalesce(client_addr::text, 'address not shown'),"
                " coalesce(nullif(application_name, ''), 'no application name'), count(*) FROM pg_stat_activity"
                " WHERE usename::text = %s GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 5",
                (name,),
            )
        by = ", ".join(f"{count} session(s) from {address} ({application})" for address, application, count in found)
        return LastUse(supported=True, at=self._clock.now() if found else None, by=by)

    def disable(self, version: Issued) -> None:
        """NOLOGIN. Sessions that are open go on; no new one begins."""
        self._switch(version, "NOLOGIN")

    def enable(self, version: Issued) -> None:
        """LOGIN. A version of a role that is none of the two, from before they took turns, was never switched off by us."""
        if version.fields["username"] in self._roles and not self._switch(version, "LOGIN"):
            raise errors.Rejected(
                f"Version {version.id} cannot be switched on again: its role has another password by now.",
                next_step="roll back to a version that is still there, or rotate.",
            )

    def delete(self, version: Issued) -> None:
        """The role stays, NOLOGIN and without a password, and waits for its next turn."""
        self._switch(version, "NOLOGIN PASSWORD NULL")

    def _switch(self, version: Issued, how: str) -> bool:
        """Alter the role of C(version), if it is this version's password that the role has: a role serves every second version,
        and what is to end is a version, not whichever has come after it. False: it has another one."""
        name = version.fields.get("username", "")
        if name not in self._roles or not self._holds(version):
            return False
        with self._administer() as session:
            session.exclude_others(" ".join(self._roles), self._clock)
            session.run("ALTER ROLE {role} " + how, role=name)
            session.commit()
        return True

    def _holds(self, version: Issued) -> bool:
        login = self._try(version)
        if login.session is not None:
            login.session.close()
        if login.outcome is Outcome.SILENT:
            raise errors.Unreachable(
                f"PostgreSQL at {self._verify_server} does not say whether version {version.id} still holds: {login.detail}."
                " Nothing was changed.",
                next_step="run again when it answers.",
            )
        return login.outcome is not Outcome.REFUSED

    @contextlib.contextmanager
    def _administer(self) -> t.Iterator[Session]:
        with self._open_as_administrator() as session:
            session.prepare(self._options.get("session_role"))
            yield session


def _login_server(options: t.Mapping[str, t.Any]) -> Server:
    extra = dict(options.get("connect_params") or {})
    extra["sslmode"] = options["ssl_mode"]
    extra.update({name: options[option] for option, name in _TLS.items() if options.get(option)})
    host = options.get("login_host") or options.get("login_unix_socket") or ""
    return Server(str(host), int(options["login_port"]), str(options["login_db"]), extra)


def _verify_server(options: t.Mapping[str, t.Any]) -> Server:
    """Where consumers connect: the same TLS settings, another address perhaps."""
    login = _login_server(options)
    return Server(
        str(options.get("verify_host") or login.host),
        int(options.get("verify_port") or login.port),
        str(options.get("verify_db") or login.dbname),
        login.extra,
    )


def _check_options(options: t.Mapping[str, t.Any]) -> None:
    if options.get("ca_cert") and options["ssl_mode"] in OPPORTUNISTIC:
        raise errors.ConfigurationError(
            f"ca_cert is given, but ssl_mode={options['ssl_mode']} never looks at it.", next_step="set ssl_mode=verify-full."
        )
    secret = [name for name in _SECRET_PARAMETERS if name in (options.get("connect_params") or {})]
    if secret:
        raise errors.ConfigurationError(
            f"connect_params holds {secret[0]}, and connect_params is shown in output.",
            next_step="use login_password, and an ssl_key that is protected by its file mode.",
        )
    if not SHORTEST_PASSWORD <= int(options["password_length"]) <= LONGEST_PASSWORD:
        raise errors.ConfigurationError(
            f"password_length is {options['password_length']}.", next_step=f"choose {SHORTEST_PASSWORD} to {LONGEST_PASSWORD}."
        )
    for option in ("role", "owner_role"):
        if options.get(option) is not None:
            _check_name(str(options[option]))


def _check_name(name: str) -> None:
    if not name or "\0" in name or len(name.encode()) > LONGEST_NAME:
        raise errors.ConfigurationError(
            f"{name!r} is no name of a PostgreSQL role.",
            next_step=f"a name has 1 to {LONGEST_NAME} bytes; the server would cut a longer one.",
        )


def _listed(names: t.Sequence[str]) -> str:
    return ", ".join(quoted(name) for name in names)
