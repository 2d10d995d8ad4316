# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(kind: cloud_access_policy_token): tokens of a Grafana Cloud access policy, in its region.

The end of a token can be set and set again, so an old one is first made to expire, which can be undone, and deleted later.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Answer, Authorization
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_api import moment
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_cloud_api import CLOUD_OPTIONS, CloudApi
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_kind import GrafanaKind
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_login import cloud_token, random_cloud_token
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    Attempt,
    Issued,
    KeyInfo,
    LastUse,
    Setting,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import NotFound, Rejected, Unreachable
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

#: How far lastUsedAt may lag is not documented. An hour is a guess on the safe side.
_LAST_USE_RESOLUTION = 3600
#: Seconds: the end of a token that is switched off, where the API takes no moment that is past already.
_SOON = 60


class AccessPolicyTokens(GrafanaKind):
    """Tokens of one access policy. A version's id is the token's, a UUID."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {**CLOUD_OPTIONS, "access_policy": {"type": "str"}, "region": {"type": "str"}}
    CAN_DISABLE = True

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        super().__init__(options, setting)
        self._name: str = options["access_policy"]
        self._region: str = options["region"]
        self._api = self._connect(options["cloud_api_key"])
        self._known: dict[str, t.Any] | None = None

    def _connect(self, secret: str, attempts: int = 5) -> CloudApi:
        login, url = Authorization.bearer(secret), self._options["cloud_api_url"]
        return CloudApi(url, self._region, login, self._connection, self._setting.clock, attempts)

    def close(self) -> None:
        self._api.close()

    def endpoints(self) -> t.Sequence[Endpoint]:
        return [Endpoint.of(self._api.origin, self._options)]

    @property
    def identity(self) -> str:
        return f"grafana cloud access policy {self._name} (region {self._region}) at {self._api.origin}"

    def _place(self) -> str:
        return self._api.origin

    # ---- what is there --------------------------------------------------------------------------------------------

    def _policy(self) -> dict[str, t.Any]:
        """The access policy. :raises NotFound: there is none of that name in the region."""
        if self._known is None:
            self._known = self._api.policy_named(self._name)
        if self._known is None:
            raise NotFound(
                f"{self.identity} does not exist, or cloud_api_key may not see it.",
                next_step="check access_policy and region; a policy is not created here, because its scopes are a decision.",
            )
        return self._known

    def keys(self) -> list[KeyInfo]:
        if self._policy().get("status") == "inactive":
            raise Rejected(f"{self.identity} is inactive, so no token of it works.", next_step="activate it in Grafana Cloud.")
        return self._listing()

    def _listing(self) -> list[KeyInfo]:
        return [self._key(row) for row in self._api.tokens(str(self._policy().get("id")))]

    def _key(self, row: t.Mapping[str, t.Any]) -> KeyInfo:
        expires_at = moment(row.get("expiresAt"))
        return KeyInfo(
            id=str(row.get("id")),
            name=str(row.get("name") or ""),
            created_at=moment(row.get("createdAt")),
            expires_at=expires_at,
            active=expires_at is None or expires_at > self._setting.clock.now(),
            last_used_at=moment(row.get("lastUsedAt")) or moment(row.get("firstUsedAt")),
        )

    def _token_name(self, attempt: Attempt) -> str:
        """Lower-case letters, digits and hyphens, as all names in the documentation are."""
        return re.sub(r"[^a-z0-9-]", "-", super()._token_name(attempt).lower())

    # ---- issuing --------------------------------------------------------------------------------------------------

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        lifetime, asked_at = self._seconds(attempt), self._setting.clock.now()
        expires_at = asked_at + lifetime if lifetime else None
        policy_id = str(self._policy().get("id"))
        answer = self._api.create_token(policy_id, self._token_name(attempt), attempt.name, expires_at)
        if answer.status >= 300:
            taken = any(key.name == self._token_name(attempt) for key in self._listing())
            raise self._explained(answer, attempt, taken)
        fields = SecretFields({"token": answer.field("token", str)})
        told = moment(answer.field("expiresAt", str)) if lifetime else None
        return Issued(answer.field("id", str), fields, asked_at, told)

    # ---- verifying ------------------------------------------------------------------------------------------------

    def _visit(self, secret: str) -> CloudApi:
        return self._connect(secret, attempts=2)

    def _nobodys_secret(self) -> str:
        return random_cloud_token(self._region)

    def _who_is(self, visitor: CloudApi, secret: str) -> tuple[str, bool]:
        """A token names its organization, its policy and itself, and has been accepted as that."""
        said = cloud_token(secret)
        if said is None:
            return "", False
        ours = str(self._policy().get("orgId") or "")
        if ours and said.org_id != ours:
            raise Rejected(f"the token belongs to organization {said.org_id}, and {self.identity} to {ours}.")
        return f"cloud token {said.name} (organization {said.org_id})", said.name.startswith(f"{self._name}-")

    def _permissions_of(self, version: Issued) -> dict[str, t.Any] | None:
        """The scopes of the policy that the token belongs to, each on its realms."""
        row = self._api.token(version.id) if version.id else None
        policy = self._api.policy(str(row.get("accessPolicyId"))) if row else None
        if policy is None:
            return None
        realms = [f"{realm.get('type')}:{realm.get('identifier')}" for realm in policy.get("realms") or ()]
        return {str(scope): realms for scope in policy.get("scopes") or ()}

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        """The token whose policy and name together are what the secret says. None where that is not exactly one."""
        secret = fields.get("token", "")
        said = cloud_token(secret)
        if said is None:
            return None
        found = [key for key in self._listing() if f"{self._name}-{key.name}" == said.name] if self._is_ours(secret) else []
        return found[0] if len(found) == 1 else None

    # ---- the end of a version -------------------------------------------------------------------------------------

    def last_use(self, version: Issued) -> LastUse:
        """Our own logins may count as use too. A token that is gone cannot be in use."""
        row = self._row(version)
        at = self._key(row).last_used_at if row else None
        return LastUse(supported=True, at=at, resolution=_LAST_USE_RESOLUTION)

    def _row(self, version: Issued) -> dict[str, t.Any] | None:
        row = self._api.token(_checked(version.id))
        if row is None:
            self._policy()  # raises where 404 means another region or another organization
        return row

    def disable(self, version: Issued) -> None:
        """Let the token end now; in a minute, where the API takes no moment that is past."""
        now = self._setting.clock.now()
        answer = self._api.set_end(_checked(version.id), now)
        if answer.status in (400, 409):
            answer = self._api.set_end(version.id, now + _SOON)
        self._check_end(version, answer, lambda end: end is not None and end <= now + _SOON)

    def enable(self, version: Issued) -> None:
        """Give the token its end back; if that is past, long enough an end for one more rotation."""
        now = self._setting.clock.now()
        end = version.expires_at or 0.0
        if end <= now:
            end = now + self._setting.rotate_after + self._setting.grace
        answer = self._api.set_end(_checked(version.id), end)
        self._check_end(version, answer, lambda told: told is None or told > now)

    def _check_end(self, version: Issued, answer: Answer, is_right: t.Callable[[float | None], bool]) -> None:
        if answer.status < 300 and is_right(moment(answer.mapping().get("expiresAt"))):
            return
        said = f" ({answer.message})" if answer.message else ""
        raise Rejected(
            f"the end of token {version.id} of {self.identity} could not be set, status {answer.status}{said}.",
            next_step="look at the token in Grafana Cloud; one that has expired for good cannot be brought back.",
        )

    def delete(self, version: Issued) -> None:
        if not self._api.delete_token(_checked(version.id)) and self._row(version) is not None:
            raise Unreachable(f"token {version.id} of {self.identity} is still there, though deleting it was answered with 404.")


def _checked(version_id: str) -> str:
    """An id that is fit to stand in a path."""
    if not re.fullmatch(r"[0-9A-Za-z-]+", version_id):
        raise Rejected(
            f"{version_id or 'a version without an id'} is not the id of a Grafana Cloud token, so it cannot be told which one it is.",
            next_step="delete the old token in Grafana Cloud by hand, once nobody uses it.",
        )
    return version_id
