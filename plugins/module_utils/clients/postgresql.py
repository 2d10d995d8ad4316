# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL connections: options, logins, sessions, and the mapping of PostgreSQL's errors to ours.

Called by the PostgreSQL issuer. psycopg 3 is imported when it is first needed: a run without PostgreSQL does not pay for it.

No clear-text password is ever part of a statement: passwords are set by a SCRAM-SHA-256 verifier computed here, because a failing
C(ALTER ROLE … PASSWORD 'clear') is written to the server's log with everything in it, even at the default log level.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import random
import typing as t

from ansible.module_utils.common.parameters import env_fallback

from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.scram import derived_verifier, is_verifier
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import generate_password

if t.TYPE_CHECKING:
    import psycopg
    from psycopg.sql import Composed

#: Seconds, of one attempt to connect.
CONNECT_TIMEOUT = 10
#: A connection whose other end has gone silent is given up after about 30 seconds: libpq has no read timeout of its own.
_LIVENESS = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 4}
_TCP_USER_TIMEOUT_SINCE = 120000
_TCP_USER_TIMEOUT = 30000
#: Attempts to connect in all, and the seconds after which no further one is begun.
CONNECT_ATTEMPTS = 3
CONNECT_BUDGET = 12
#: Milliseconds, of one statement and of its wait for a lock.
STATEMENT_TIMEOUT = 30000
LOCK_TIMEOUT = 5000
#: Seconds to wait for another run that is changing the same role.
EXCLUSION_WAIT = 5.0
#: Encryption that the server, or somebody in between, can talk the client out of.
OPPORTUNISTIC = ("allow", "disable", "prefer")
SSL_MODES = (*OPPORTUNISTIC, "require", "verify-ca", "verify-full")
#: The first version that stores SCRAM verifiers, and the first whose client library can demand an authentication method.
SCRAM_SINCE = 100000
_REQUIRE_AUTH_SINCE = 160000
#: Anything below the level of a panic, and every statement: even a verifier has no business in a log.
_SILENCE = {"log_statement": "none", "log_min_duration_statement": "-1", "log_min_error_statement": "panic"}

#: Named and defaulted as community.postgresql does it.
POSTGRESQL_OPTIONS: dict[str, t.Any] = {
    "login_user": {"type": "str", "default": "postgres", "fallback": (env_fallback, ["PGUSER"])},
    "login_password": {"type": "str", "no_log": True},
    "login_host": {"type": "str"},
    "login_unix_socket": {"type": "path"},
    "login_port": {"type": "int", "default": 5432, "fallback": (env_fallback, ["PGPORT"])},
    "login_db": {"type": "str", "default": "postgres"},
    "ssl_mode": {"type": "str", "default": "prefer", "choices": list(SSL_MODES)},
    "ca_cert": {"type": "path", "aliases": ["ssl_rootcert"]},
    "ssl_cert": {"type": "path"},
    "ssl_key": {"type": "path", "no_log": False},
    "connect_params": {"type": "dict", "default": {}},
    "session_role": {"type": "str"},
}


@dataclasses.dataclass(frozen=True)
class Server:
    """Where and how to connect, not as whom. C(host) may be the directory of a Unix socket; C("") is libpq's default."""

    host: str
    port: int
    dbname: str
    extra: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return f"{self.host or 'the local server'}:{self.port}/{self.dbname}"


class Outcome(enum.Enum):
    """How a login ended."""

    OPEN = "open"
    #: The server asked for a password and did not take this one (or the role is unknown, or its VALID UNTIL has passed).
    REFUSED = "refused"
    #: The password is right, but the server opens no session: NOLOGIN, no such database, a connection limit.
    BARRED = "barred"
    #: Nothing that says anything about the password.
    SILENT = "silent"


@dataclasses.dataclass(frozen=True)
class Login:
    """One login. C(used_password): the server asked for the password. C(detail) is public."""

    outcome: Outcome
    used_password: bool = False
    detail: str = ""
    session: Session | None = None


class Session:
    """One connection and its one transaction: nothing takes effect before M(commit), and M(close) undoes the rest."""

    def __init__(self, connection: psycopg.Connection[t.Any], server: Server) -> None:
        self._connection = connection
        self._server = server

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *dummy: object) -> None:
        self.close()

    @property
    def version(self) -> int:
        """The server's version as libpq numbers it: 180000."""
        return self._connection.info.server_version

    def rows(self, statement: str | Composed, parameters: t.Sequence[t.Any] = ()) -> list[tuple[t.Any, ...]]:
        """Run one statement and return its rows."""
        import psycopg

        try:
            cursor = self._connection.execute(t.cast(t.Any, statement), parameters or None)
            return cursor.fetchall() if cursor.description else []
        except psycopg.Error as failure:
            raise refusal(failure, self._server) from None

    def value(self, statement: str, parameters: t.Sequence[t.Any] = ()) -> t.Any:
        """The first column of the first row."""
        return self.rows(statement, parameters)[0][0]

    def run(self, template: str, **parts: t.Any) -> None:
        """Run a statement made of C(template) and of identifiers and literals, which is what utility statements need:
        they take no parameters. A string is an identifier; a C(literal(…)) is a literal."""
        from psycopg import sql

        named = {
            name: sql.Literal(part.text) if isinstance(part, Literal) else sql.Identifier(part) for name, part in parts.items()
        }
        self.rows(sql.SQL(t.cast(t.Any, template)).format(**named))

    def commit(self) -> None:
        """Make it so."""
        import psycopg

        try:
            self._connection.commit()
        except psycopg.Error as failure:
            raise refusal(failure, self._server) from None

    def prepare(self, role: str | None) -> None:
        """Bound every wait, shut out other people's functions and operators, and take on C(session_role)."""
        for name, setting in (
            ("search_path", "pg_catalog"),
            ("lock_timeout", str(LOCK_TIMEOUT)),
            ("statement_timeout", str(STATEMENT_TIMEOUT)),
        ):
            self.rows("SELECT pg_catalog.set_config(%s, %s, true)", (name, setting))
        if role:
            self.run("SET LOCAL ROLE {role}", role=role)

    def silence(self) -> None:
        """Keep this transaction's statements out of the server's log. Only a superuser may; everybody else just goes on."""
        if self.value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
            for name, setting in _SILENCE.items():
                self.rows("SELECT set_config(%s, %s, true)", (name, setting))

    def exclude_others(self, name: str, clock: Clock) -> None:
        """Take the advisory lock of C(name) until the end of the transaction; it only excludes runs on the same database.

        :raises Conflict: another run holds it for longer than P(EXCLUSION_WAIT).
        """
        key = int.from_bytes(hashlib.sha256(f"locksmith.rotation {name}".encode()).digest()[:8], "big", signed=True)
        deadline = clock.monotonic() + EXCLUSION_WAIT
        while not self.value("SELECT pg_try_advisory_xact_lock(%s)", (key,)):
            if clock.monotonic() >= deadline:
                raise errors.Conflict(
                    f"Another run is changing {name} on {self._server} at this moment.",
                    next_step="let it finish; the next run sees what it did.",
                )
            clock.sleep(0.1)

    def set_password(self, role: str, password: str, allow_login: bool) -> None:
        """Have C(role) accept C(password). Only its verifier travels."""
        verifier = Literal(self.scram_verifier(role, password))
        login = " LOGIN" if allow_login else ""
        self.run("ALTER ROLE {role}" + login + " PASSWORD {verifier}", role=role, verifier=verifier)

    def scram_verifier(self, role: str, password: str) -> str:
        """What the server keeps of a password (RFC 5803), computed on this side: for one that we made, the same bytes that a
        consumer's PgBouncer gets; for any other, libpq's, with a random salt.

        :raises Rejected: the library made something else, which the server would store as a clear-text password.
        """
        encrypted = derived_verifier(role, password) or self._encrypted(role, password)
        if not password or not is_verifier(encrypted):
            raise errors.Rejected(
                f"No SCRAM-SHA-256 verifier could be computed for role {quoted(role)}; nothing was sent.",
                next_step="check the libpq that psycopg uses on this machine; 10 or later is needed.",
            )
        return encrypted

    def _encrypted(self, role: str, password: str) -> str:
        return self._connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode("ascii")

    def close(self) -> None:
        """Undo what was not committed, and hang up."""
        self._connection.close()


@dataclasses.dataclass(frozen=True)
class Literal:
    """A string that goes into a statement as a literal."""

    text: str = dataclasses.field(repr=False)


def require_driver() -> None:
    """:raises MissingLibrary: psycopg 3 is not installed, or finds no libpq."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise errors.MissingLibrary(
            "Rotating PostgreSQL passwords needs the Python package psycopg (version 3), which is not installed where this runs.",
            next_step="install it there: pip install 'psycopg[binary]>=3.1'.",
        ) from None


def log_in(server: Server, user: str, password: str | None, clock: Clock) -> Session:
    """A session of C(user). Without a password libpq looks for one itself (PGPASSWORD, a password file) or needs none (peer).

    :raises Denied: the server does not take the password. :raises Unreachable: it opens no session for any other reason.
    """
    login = try_login(server, user, password, clock)
    if login.session is not None:
        return login.session
    if login.outcome is Outcome.REFUSED:
        raise errors.Denied(
            f"PostgreSQL at {server} refused {quoted(user)}: {login.detail}.",
            next_step="check login_user and login_password.",
        )
    raise no_session(server, user, login)


def no_session(server: Server, user: str, login: Login) -> errors.Unreachable:
    """The error for a login that opened no session, though not for its password. It may well be open to the next one."""
    return errors.Unreachable(
        f"PostgreSQL at {server} opened no session for {quoted(user)}: {login.detail}.",
        next_step="check login_host, login_port, login_db, ssl_mode, the network in between and the server's pg_hba.conf.",
    )


def try_login(server: Server, user: str, password: str | None, clock: Clock, attempts: int = CONNECT_ATTEMPTS) -> Login:
    """One login, tried again while the server does not answer, C(attempts) in all. Never raises for what the server says.

    A failed connection carries no SQLSTATE, and the server's message is in the server's language. So a failed password is
    told from everything else by comparison: it fails exactly as a password fails that is certainly wrong.
    """
    login = _attempt_patiently(server, user, password, clock, attempts)
    if login.outcome is not Outcome.REFUSED or password is None:
        return login
    wrong = _attempt(server, user, generate_password())
    if wrong.outcome is Outcome.REFUSED:
        return login if wrong.detail == login.detail else dataclasses.replace(login, outcome=Outcome.BARRED)
    if wrong.session is not None:
        wrong.session.close()
    return Login(Outcome.SILENT, detail="the server changed its answer between two logins")


def knock(server: Server, user: str, clock: Clock) -> Login:
    """A login with a password that is certainly wrong: shows whether the server answers, and whether it asks at all."""
    return _attempt_patiently(server, user, generate_password(), clock)


def _attempt_patiently(server: Server, user: str, password: str | None, clock: Clock, attempts: int = CONNECT_ATTEMPTS) -> Login:
    begun = clock.monotonic()
    for attempt in range(1, attempts + 1):
        login = _attempt(server, user, password)
        last = attempt == attempts or clock.monotonic() - begun > CONNECT_BUDGET
        if login.outcome is not Outcome.SILENT or last:
            break
        clock.sleep(random.uniform(0.1, 0.3) * 2**attempt)
    return login


def _attempt(server: Server, user: str, password: str | None) -> Login:
    """One connection. A C(REFUSED) of this function may still be a C(BARRED).

    :raises ConfigurationError: libpq does not know one of C(connect_params); its message holds the name and no value.
    """
    import psycopg

    try:
        connection = psycopg.connect(**_parameters(server, user, password))
    except psycopg.ProgrammingError as failure:
        raise errors.ConfigurationError(
            f"The connection options for PostgreSQL at {server} are wrong: {_public_text(failure, password)}.",
            next_step="check connect_params.",
        ) from None
    except (psycopg.Error, UnicodeError) as failure:
        asked = bool(getattr(getattr(failure, "pgconn", None), "used_password", False))
        return Login(Outcome.REFUSED if asked else Outcome.SILENT, asked, _public_text(failure, password))
    return Login(Outcome.OPEN, connection.pgconn.used_password, session=Session(connection, server))


def _parameters(server: Server, user: str, password: str | None) -> dict[str, t.Any]:
    """What is ours to say comes last, so that C(connect_params) cannot make one login a login as somebody else.

    libpq consults PGPASSWORD and password files only where no password is given. C(client_encoding): in an SQL_ASCII
    database psycopg would return bytes.
    """
    import psycopg

    parameters: dict[str, t.Any] = {"connect_timeout": CONNECT_TIMEOUT, "application_name": "locksmith.rotation", **_LIVENESS}
    if psycopg.pq.version() >= _TCP_USER_TIMEOUT_SINCE:
        parameters["tcp_user_timeout"] = _TCP_USER_TIMEOUT
    clear_possible = server.extra.get("sslmode", "prefer") in OPPORTUNISTIC and not server.host.startswith("/")
    if clear_possible and psycopg.pq.version() >= _REQUIRE_AUTH_SINCE:
        parameters["require_auth"] = "!password"
    parameters.update(server.extra)
    parameters.update(user=user, port=server.port, dbname=server.dbname, client_encoding="UTF8", prepare_threshold=None)
    if server.host:
        parameters["host"] = server.host
    if password is not None:
        parameters["password"] = password
    return parameters


def _public_text(failure: Exception, password: str | None) -> str:
    """libpq's message on one line; it holds no password, and if a future one did, it would be cut out."""
    text = " ".join(str(failure).split())
    text = text[len("connection failed: ") :] if text.startswith("connection failed: ") else text
    return (text.replace(password, "********") if password else text).rstrip(".")


def refusal(failure: psycopg.Error, server: Server) -> errors.ExternalError:
    """Our error for one of PostgreSQL's. Holds the server's primary message, never the statement."""
    state = failure.sqlstate or ""
    said = failure.diag.message_primary or "the connection was lost"
    message = f"PostgreSQL at {server}: {said}" + (f" (SQLSTATE {state})." if state else ".")
    if state == "42501":
        return errors.Denied(message, next_step="grant login_user the right, see the documentation of pg_password_rotate.")
    if state == "25006":
        return errors.Rejected(message, next_step="point login_host at the primary server.")
    if state == "42704":
        return errors.NotFound(message, next_step="check the names of the roles.")
    if not state or state[:2] in ("08", "40", "53", "57") or state == "55P03":
        return errors.Unreachable(message, next_step="run again; the next run finds out what took effect.")
    return errors.Rejected(message)


def quoted(name: str) -> str:
    """An identifier as SQL writes it, for messages and for the SQL that they propose."""
    return '"' + name.replace('"', '""') + '"'
