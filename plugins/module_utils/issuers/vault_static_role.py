# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Static roles of the database engine of Vault or OpenBao: one database account, whose one password Vault sets and shows.

There is no overlap: rotating kills the old password. But Vault shows the present one at any time, so nothing is ever stranded,
and a password that Vault replaced by itself (C(rotation_period)) is noticed. A version's id is the role and the moment of its
rotation. Facts are from OpenBao's builtin/logical/database (path_creds_create.go, path_rotate_credentials.go).
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.postgresql import (
    OPPORTUNISTIC,
    SSL_MODES,
    Login,
    Outcome,
    Server,
    knock,
    quoted,
    require_driver,
    try_login,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.clients.vault import VAULT_OPTIONS, VaultClient
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    Attempt,
    Issued,
    Issuer,
    KeyInfo,
    Setting,
    Verdict,
    Verification,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.vault_names import moment, path_part
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint, LeastRights, vault_rights
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import RIGHTS, Check
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

_PAGE = "docs/issuers/vault_static_role.md"
#: Vault's words for a static role that is not there; it answers with 400.
_UNKNOWN_ROLE = "unknown role"
#: Connections for one login: whoever verifies asks again anyhow.
_LOGIN_ATTEMPTS = 2


class VaultStaticRoleIssuer(Issuer):
    """See the module's docstring."""

    KIND = "vault_static_role"
    MODULE = "vault_static_role_rotate"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **VAULT_OPTIONS,
        "role_name": {"type": "str", "required": True},
        "engine_mount_point": {"type": "str", "default": "database"},
        "login_host": {"type": "str"},
        "login_port": {"type": "int", "default": 5432},
        "login_db": {"type": "str", "default": "postgres"},
        "ssl_mode": {"type": "str", "default": "prefer", "choices": list(SSL_MODES)},
        "ssl_rootcert": {"type": "path"},
    }
    FIELDS = ("username", "password")
    PUBLIC_FIELDS = ("username",)
    MINTS = True
    REVEALS = True
    INSTEAD = (
        "Where the consumer can fetch a lease, Vault's dynamic database roles give it a user of its own, and nothing is rotated."
    )
    ROTATE_AFTER = "30d"

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        self._options = options
        self._clock = setting.clock
        self._role = path_part(options["role_name"], "role_name")
        self._mount = path_part(options.get("engine_mount_point") or "database", "engine_mount_point")
        self._server = _server(options)
        self._client = VaultClient(options, setting.clock, prefix="")

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> VaultStaticRoleIssuer:
        if options.get("login_host"):
            require_driver()
        return cls(options, setting)

    @property
    def identity(self) -> str:
        namespace = self._options.get("namespace")
        place = f"static role {self._role} of {self._mount} at {self._client.host}"
        return place + (f" (namespace {namespace})" if namespace else "")

    @property
    def capacity(self) -> int:
        return 1

    def close(self) -> None:
        self._client.close()

    def keys(self) -> list[KeyInfo]:
        """The one version that there is. Finds out whether we may rotate, and whether a login would prove anything."""
        present = self.present()
        self._client.check_rights({f"{self._mount}/rotate-role/{self._role}": ("update",)}, _PAGE)
        if self._server is not None:
            self._check_way_in(self._server, present.fields["username"])
        return [KeyInfo(present.id, self._role, present.created_at)]

    def endpoints(self) -> t.Sequence[Endpoint]:
        return [self._client.endpoint]

    def examine(self) -> t.Sequence[Check]:
        """M(keys) has asked Vault what the login may do."""
        return [Check(RIGHTS, "", "the login has the capabilities that a rotation takes")]

    def least_rights(self) -> t.Sequence[LeastRights]:
        rights = {f"{self._mount}/static-creds/{self._role}": ("read",), f"{self._mount}/rotate-role/{self._role}": ("update",)}
        return [vault_rights(self._client.host, rights)]

    def present(self) -> Issued:
        """What Vault has now.

        :raises NotFound: no such static role. :raises Rejected: its credential is not a password.
        """
        path = f"{self._mount}/static-creds/{self._role}"
        answer = self._client.request("get", path, doing=f"read the {self.identity}", tolerated=(400,))
        if answer.status == 400 and _UNKNOWN_ROLE in answer.complaints:
            raise errors.NotFound(f"There is no {self.identity}.", next_step="check role_name and engine_mount_point.")
        found = answer.data
        if not found and not answer.refused:
            raise self._client.not_vault()
        if not all(isinstance(found.get(name), str) and found[name] for name in (*self.FIELDS, "last_vault_rotation")):
            raise errors.Rejected(
                f"The {self.identity} shows no user name with a password (HTTP {answer.status}).",
                next_step="its credential_type must be password; look at it with vault read.",
            )
        rotated = str(found["last_vault_rotation"])
        fields = SecretFields({name: found[name] for name in self.FIELDS}).register(self.PUBLIC_FIELDS)
        return Issued(f"{self._role}/{rotated}", fields, moment(rotated))

    def stranded(self, attempt: Attempt, recorded: t.Container[str]) -> list[KeyInfo]:
        """What Vault has made it still shows, so it is never lost."""
        return []

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        """Rotate, and read. A lost answer does not matter where the reading shows that the rotation has happened."""
        before = self.present()
        lost: errors.Unreachable | None = None
        try:
            path = f"{self._mount}/rotate-role/{self._role}"
            self._client.request("post", path, {}, doing=f"rotate the {self.identity}", once=True)
        except errors.Unreachable as error:
            lost = error
        after = self.present()
        if after.fields["password"] != before.fields["password"]:
            return after
        raise errors.Unreachable(
            lost.message
            if lost
            else f"Vault says that it has rotated the {self.identity}, and shows the same password as before.",
            next_step="look at the connection between Vault and the database, and run again; Vault may also try again by itself, "
            "and the next run publishes what it has then.",
        )

    def verify(self, version: Issued) -> Verification:
        """By a login at PostgreSQL where we know how; else by what Vault shows, which proves no more than that."""
        if self._server is not None:
            return self._by_login(self._server, version)
        try:
            present = self.present()
        except errors.Rejected:
            raise
        except errors.ExternalError as error:
            return Verification(Verdict.UNKNOWN, detail=error.message)
        if present.fields["password"] != version.fields["password"] or present.fields["username"] != version.fields["username"]:
            return Verification(Verdict.DEAD, detail=f"Vault has had another one since {present.id.rpartition('/')[2]}")
        return Verification(Verdict.ALIVE, self.identity, "Vault shows this password; no login was made with it")

    def _by_login(self, server: Server, version: Issued) -> Verification:
        name = version.fields["username"]
        login = try_login(server, name, version.fields["password"], self._clock, _LOGIN_ATTEMPTS)
        _check_asked(server, name, login)
        if login.session is None:
            return Verification(Verdict.DEAD if login.outcome is Outcome.REFUSED else Verdict.UNKNOWN, detail=login.detail)
        try:
            with login.session as session:
                identity = str(session.value("SELECT session_user::text"))
        except errors.ExternalError as failure:  # a pooler may open a session first and find no server for it later
            return Verification(Verdict.UNKNOWN, detail=failure.message)
        if identity != name:
            raise errors.Rejected(
                f"A login as {quoted(name)} at {server} became a session of {quoted(identity)}.",
                next_step="point login_host at the server, or at a pooler that does not force a user.",
            )
        return Verification(Verdict.ALIVE, f"{identity} on {server}")

    def _check_way_in(self, server: Server, name: str) -> None:
        """Before the password is changed, find out whether its verification could prove anything."""
        login = knock(server, name, self._clock)
        _check_asked(server, name, login)
        if login.outcome is Outcome.SILENT:
            raise errors.Unreachable(
                f"PostgreSQL at {server}, where a new password is to be verified, does not let {quoted(name)} try: {login.detail}."
                " Nothing was changed.",
                next_step="check login_host, login_port, login_db and ssl_mode, or leave login_host out.",
            )

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        present = self.present()
        if any(fields.get(name) != present.fields[name] for name in self.FIELDS):
            return None
        return KeyInfo(present.id, self._role, present.created_at)

    def delete(self, version: Issued) -> None:
        """Nothing is left to remove: the password died when the next one was set."""


def _check_asked(server: Server, name: str, login: Login) -> None:
    if login.session is not None and not login.used_password:
        login.session.close()
        raise errors.Rejected(
            f"PostgreSQL at {server} lets {quoted(name)} in without a password: no login proves anything.",
            next_step="have its pg_hba.conf ask this role for scram-sha-256, or leave login_host out.",
        )


def _server(options: t.Mapping[str, t.Any]) -> Server | None:
    host, authority, mode = options.get("login_host"), options.get("ssl_rootcert"), str(options.get("ssl_mode") or "prefer")
    if not host:
        return None
    if authority and mode in OPPORTUNISTIC:
        raise errors.ConfigurationError(
            f"ssl_rootcert is given, but ssl_mode={mode} never looks at it.", next_step="set ssl_mode=verify-full."
        )
    extra = {"sslmode": mode, **({"sslrootcert": authority} if authority else {})}
    return Server(str(host), int(options["login_port"]), str(options["login_db"]), extra)
