# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secret ids of an AppRole of Vault or OpenBao: any number may live at once, so the new one lives beside the old one.

A secret id is shown once. Its metadata carries the attempt's name, which finds a stranded one among the accessors; the accessor,
which is no secret, is the version's id. Facts are from OpenBao's builtin/credential/approle (path_role.go, path_login.go).
"""

from __future__ import annotations

import dataclasses
import json
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.vault import VAULT_OPTIONS, Answer, VaultClient
from ansible_collections.locksmith.rotation.plugins.module_utils.clients.vault_login import secret_id_of
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
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.vault_names import moment, path_part
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.vault_secret_id_limits import Limits
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.vault_secret_id_tokens import revoke_tokens
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint, LeastRights, vault_rights
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import RIGHTS, Check
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields, register_secret

#: The metadata of a secret id that holds the attempt's name. Its other metadata is the user's.
ATTEMPT = "locksmith_attempt"
#: Vault puts this into the metadata of each token itself.
_RESERVED = (ATTEMPT, "role_name")
#: A connection's options that the login of a secret id shares with the rotator's own.
_CONNECTION = ("url", "namespace", "ca_cert", "validate_certs", "timeout")
#: What a whole rotation needs, by path below the role's.
_RIGHTS: dict[str, tuple[str, ...]] = {
    "": ("read",),
    "/role-id": ("read",),
    "/secret-id": ("update", "list"),
    "/secret-id/lookup": ("update",),
    "/secret-id-accessor/lookup": ("update",),
    "/secret-id-accessor/destroy": ("update",),
}
#: Part of Vault's refusals on account of an address, whether the secret id's or the role's list says so.
_ADDRESS = "CIDR restrictions"


@dataclasses.dataclass(frozen=True)
class SecretId:
    """A secret id as Vault describes it, without its value. Times in seconds since the epoch.

    C(uses_left): logins that are left; 0 is no limit, for one that is used up is gone. C(updated_at): of the last login where
    C(uses_left) is not 0, else when it was made.
    """

    accessor: str
    attempt: str
    created_at: float
    updated_at: float
    expires_at: float | None
    uses_left: int


class VaultSecretIdIssuer(Issuer):
    """See the module's docstring."""

    KIND = "vault_secret_id"
    MODULE = "vault_secret_id_rotate"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **VAULT_OPTIONS,
        "role_name": {"type": "str", "required": True},
        "approle_mount_point": {"type": "str", "default": "approle"},
        "ttl": {"type": "str"},
        "num_uses": {"type": "int"},
        "uses_per_day": {"type": "int"},
        "cidr_list": {"type": "list", "elements": "str"},
        "token_bound_cidrs": {"type": "list", "elements": "str", "no_log": False},
        "metadata": {"type": "dict"},
    }
    FIELDS = ("role_id", "secret_id")
    PUBLIC_FIELDS = ("role_id",)
    INSTEAD = (
        "A secret id is a password for machines: what has an identity of its own can log in at Vault with that (auth methods aws, "
        "kubernetes, jwt, cert) and needs no secret id."
    )
    MINTS = True
    ROTATE_AFTER = "30d"

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        self._options = options
        self._clock = setting.clock
        self._role = str(options["role_name"])
        self._mount = path_part(options.get("approle_mount_point") or "approle", "approle_mount_point")
        path_part(self._role, "role_name")
        self._limits = Limits.of(options, setting)
        self._metadata = _metadata(options.get("metadata"))
        self._client = VaultClient(options, setting.clock, prefix="")
        self._role_id = ""

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> VaultSecretIdIssuer:
        return cls(options, setting)

    @property
    def identity(self) -> str:
        mount = "" if self._mount == "approle" else f" of {self._mount}"
        namespace = self._options.get("namespace")
        return f"AppRole {self._role}{mount} at {self._client.host}" + (f" (namespace {namespace})" if namespace else "")

    @property
    def capacity(self) -> int:
        return 0

    def close(self) -> None:
        self._client.close()

    # ---- what is there --------------------------------------------------------------------------------------------

    def keys(self) -> list[KeyInfo]:
        """Only the accessors: their details cost a request each. Checks the role's limits and our rights on the way."""
        self._limits.check(self._read_role(), self.identity)
        self._check_rights()
        return [KeyInfo(accessor) for accessor in self._accessors()]

    def stranded(self, attempt: Attempt, recorded: t.Container[str]) -> list[KeyInfo]:
        """Of the accessors that are new since the attempt and not in the journal, those whose metadata has its name."""
        new = [accessor for accessor in self._accessors() if accessor not in attempt.known_ids and accessor not in recorded]
        found = [secret_id for secret_id in map(self._look_up, new) if secret_id is not None]
        return [_key(secret_id) for secret_id in found if secret_id.attempt == attempt.name]

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        value = fields.get("secret_id", "")
        found = self._look_up_value(value) if value and fields.get("role_id") == self._own_role_id() else None
        return _key(found) if found else None

    def _at(self, path: str = "") -> str:
        return f"auth/{self._mount}/role/{self._role}{path}"

    def _ask(self, path: str, body: t.Mapping[str, t.Any] | None, doing: str, tolerated: t.Container[int] = ()) -> Answer:
        return self._client.request("get" if body is None else "post", self._at(path), body, doing=doing, tolerated=tolerated)

    def _read_role(self) -> t.Mapping[str, t.Any]:
        role = self._ask("", None, f"read {self.identity}").data
        if "bind_secret_id" not in role:
            raise self._client.not_vault()
        if role.get("bind_secret_id") is False:
            raise errors.Rejected(
                f"{self.identity} logs in without a secret id (bind_secret_id is false), so a new one would prove nothing.",
                next_step="set bind_secret_id to true on the role.",
            )
        return role

    def _own_role_id(self) -> str:
        """The role's id. It is no secret, and it stays the same when secret ids change."""
        if not self._role_id:
            self._role_id = str(self._ask("/role-id", None, f"read the role id of {self.identity}").data.get("role_id") or "")
        if not self._role_id:
            raise self._client.not_vault()
        return self._role_id

    def endpoints(self) -> t.Sequence[Endpoint]:
        return [self._client.endpoint]

    def examine(self) -> t.Sequence[Check]:
        """M(keys) has asked Vault what the login may do."""
        return [Check(RIGHTS, "", "the login has the capabilities that a rotation takes")]

    def least_rights(self) -> t.Sequence[LeastRights]:
        return [vault_rights(self._client.host, {self._at(path): needed for path, needed in _RIGHTS.items()})]

    def _check_rights(self) -> None:
        """All that a whole rotation needs, before anything of it is done. Reading and listing is done anyhow."""
        asked = {self._at(path): tuple(right for right in needed if right != "list") for path, needed in _RIGHTS.items() if path}
        self._client.check_rights(asked, "docs/issuers/vault_secret_id.md")

    def _accessors(self) -> list[str]:
        """404 is Vault's answer for a role without secret ids."""
        doing = f"list the secret ids of {self.identity}"
        answer = self._client.request("list", self._at("/secret-id"), doing=doing, tolerated=(404,))
        found = [] if answer.refused else answer.data.get("keys")
        if not isinstance(found, list):
            raise self._client.not_vault()
        return [str(accessor) for accessor in found]

    def _look_up(self, accessor: str) -> SecretId | None:
        """None: there is none such (any more)."""
        doing = f"look up the secret id with accessor {accessor} of {self.identity}"
        return self._described(self._ask("/secret-id-accessor/lookup", {"secret_id_accessor": accessor}, doing, (404,)))

    def _look_up_value(self, value: str) -> SecretId | None:
        doing = f"look up a secret id of {self.identity}"
        return self._described(self._ask("/secret-id/lookup", {"secret_id": value}, doing, (404,)))

    def _described(self, answer: Answer) -> SecretId | None:
        """None where Vault says that there is none: with 404, or with 204 and nothing else. No other answer says so."""
        if answer.status == 204 or (answer.status == 404 and answer.refused):
            return None
        if answer.status == 404 or not answer.data.get("secret_id_accessor"):
            raise self._client.not_vault()
        return _secret_id(answer.data)

    # ---- issuing --------------------------------------------------------------------------------------------------

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        role_id = self._own_role_id()
        body: dict[str, t.Any] = {"metadata": json.dumps({**self._metadata, ATTEMPT: attempt.name}), **self._limits.asked()}
        body.update({name: self._options[name] for name in ("cidr_list", "token_bound_cidrs") if self._options.get(name)})
        made_at = self._clock.now()
        answer = self._client.request(
            "post", self._at("/secret-id"), body, doing=f"make a secret id of {self.identity}", once=True
        )
        try:
            fields = SecretFields({"role_id": role_id, "secret_id": str(answer.data["secret_id"])})
            accessor, lifetime = str(answer.data["secret_id_accessor"]), int(answer.data["secret_id_ttl"])
        except (KeyError, TypeError, ValueError):
            raise errors.Unreachable(
                f"Vault's answer to making a secret id of {self.identity} holds none: it may have been wrapped on the way.",
                next_step="lift response wrapping (min_wrapping_ttl) from the rotator's policy; the next run clears up.",
            ) from None
        issued = Issued(accessor, fields.register(self.PUBLIC_FIELDS), made_at, made_at + lifetime if lifetime else None)
        self._refuse_short_life(issued, lifetime)
        return issued

    def _refuse_short_life(self, issued: Issued, lifetime: int) -> None:
        """Vault cuts what is longer than the mount's max_lease_ttl without a word; the answer tells the lifetime that is left."""
        problem = self._limits.too_short(lifetime)
        if problem:
            self.delete(issued)
            raise errors.Rejected(
                f"{self.identity}: Vault gave a secret id that expires {problem} It was destroyed again.",
                next_step=f"raise max_lease_ttl of the mount (vault auth tune -max-lease-ttl=… {self._mount}), or shorten "
                "rotate_after or grace.",
            )

    # ---- verifying ------------------------------------------------------------------------------------------------

    def verify(self, version: Issued) -> Verification:
        """Look it up first, which uses nothing up. Log in with it where that costs nothing either."""
        try:
            found = self._look_up_value(version.fields["secret_id"])
            if found is None:
                return Verification(Verdict.DEAD, detail="Vault does not know it for this role")
            if found.uses_left:
                return self._looked_up(version, f"{found.uses_left} logins are left, and one would use one up")
            return self._log_in(version)
        except errors.ExternalError as error:
            if isinstance(error, errors.Rejected):
                raise
            return Verification(Verdict.UNKNOWN, detail=error.message)

    def _looked_up(self, version: Issued, why: str) -> Verification:
        """The lesser proof: Vault knows the secret id for this role, and the role id is the role's."""
        if version.fields["role_id"] != self._own_role_id():
            return Verification(Verdict.DEAD, detail="its role id is not the role's any more")
        return Verification(Verdict.ALIVE, self.identity, f"looked up, not logged in: {why}")

    def _log_in(self, version: Issued) -> Verification:
        """On a connection of its own, without a token. The token that it yields is revoked at once."""
        login = self._client_as(auth_method="none")
        try:
            answer = login.request(
                "post",
                f"auth/{self._mount}/login",
                version.fields.reveal(),
                doing="log in with a secret id",
                tolerated=(400, 403),
            )
        finally:
            login.close()
        auth = answer.body.get("auth") or {}
        if answer.status == 400 and _ADDRESS in answer.complaints:
            return self._looked_up(version, "this machine's address is not one that may log in with it")
        if answer.refused:
            return Verification(Verdict.DEAD, detail=f"Vault refused the log-in (HTTP {answer.status})")
        if not auth.get("client_token"):
            raise self._client.not_vault()
        register_secret(str(auth["client_token"]))
        detail = self._revoke(str(auth["client_token"]), auth)
        role = (auth.get("metadata") or {}).get("role_name")
        if role is not None and str(role).lower() != self._role.lower():
            raise errors.Rejected(
                f"The secret id logs in as AppRole {role}, not as {self._role}.",
                next_step="check role_name and what the store publishes.",
            )
        return Verification(Verdict.ALIVE, self.identity, detail)

    def _client_as(self, **login: t.Any) -> VaultClient:
        kept = {name: self._options.get(name) for name in _CONNECTION}
        return VaultClient({**kept, "retries": 1, **login}, self._clock, prefix="")

    def _revoke(self, token: str, auth: t.Mapping[str, t.Any]) -> str:
        """Best effort: a batch token, or one that is bound to other addresses, cannot revoke itself and ends by itself."""
        client = self._client_as(auth_method="token", token=token)
        try:
            client.request("post", "auth/token/revoke-self", {}, doing="revoke the token of a proof")
        except errors.ExternalError:
            return f"the token of the proof could not be revoked and ends after {auth.get('lease_duration')} s"
        finally:
            client.close()
        return ""

    def own_login(self, versions: t.Sequence[Issued]) -> str:
        return self._login_among(versions, "secret_id", (secret_id_of(self._options),), "secret id")

    # ---- the end of a version -------------------------------------------------------------------------------------

    def last_use(self, version: Issued) -> LastUse:
        """Vault writes a login down only where it counts them: then the entry's last update is the last login."""
        found = self._look_up(version.id)
        if found is None:
            return LastUse(supported=True)
        if not found.uses_left:
            return LastUse(supported=False)
        used = found.updated_at > found.created_at
        return LastUse(supported=True, at=found.updated_at if used else None)

    def delete(self, version: Issued) -> None:
        """Destroying an unknown accessor is answered with 500, so it is looked up before, and after a failure again."""
        if self._is_gone(version.id):
            return
        doing = f"destroy the secret id with accessor {version.id} of {self.identity}"
        try:
            self._ask("/secret-id-accessor/destroy", {"secret_id_accessor": version.id}, doing)
        except errors.ExternalError:
            if not self._is_gone(version.id):
                raise

    def revoke_sessions(self, version: Issued, made_by: str, replaced_at: float | None) -> Revocation:
        return revoke_tokens(self._client, f"auth/{self._mount}/login", ATTEMPT, made_by)

    def _is_gone(self, accessor: str) -> bool:
        """A role takes its secret ids with it, and a lookup of a role that is gone is answered with 500."""
        try:
            return self._look_up(accessor) is None
        except errors.Unreachable:
            try:
                self._ask("", None, f"read {self.identity}")
            except errors.NotFound:
                return True
            raise


def _metadata(given: t.Mapping[str, t.Any] | None) -> dict[str, str]:
    found = {str(name): str(value) for name, value in (given or {}).items()}
    taken = sorted(set(found) & set(_RESERVED))
    if taken:
        raise errors.ConfigurationError(f"metadata holds {', '.join(taken)}, which is written by others.", next_step="rename it.")
    return found


def _secret_id(data: t.Mapping[str, t.Any]) -> SecretId:
    created_at = moment(data.get("creation_time")) or 0.0
    return SecretId(
        accessor=str(data["secret_id_accessor"]),
        attempt=str((data.get("metadata") or {}).get(ATTEMPT) or ""),
        created_at=created_at,
        updated_at=moment(data.get("last_updated_time")) or created_at,
        expires_at=moment(data.get("expiration_time")),
        uses_left=int(data.get("secret_id_num_uses") or 0),
    )


def _key(secret_id: SecretId) -> KeyInfo:
    return KeyInfo(secret_id.accessor, secret_id.attempt, secret_id.created_at, secret_id.expires_at)
