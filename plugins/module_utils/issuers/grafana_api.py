# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests to a Grafana server, one method each. Called by the kinds of Grafana credentials, and by nobody else.

Facts are from Grafana's own sources: pkg/services/serviceaccounts/api, pkg/services/authn/clients/api_key.go,
pkg/api/apikey.go, pkg/api/user.go.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
from urllib.parse import quote

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import (
    Answer,
    Authorization,
    Connection,
    JsonClient,
    refusal,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import KeyInfo, Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock, whole_from_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ExternalError,
    LocksmithError,
    Rejected,
    Unreachable,
)

_PAGE = 1000
#: Statuses of a server that has no API for legacy API keys any more, or not for this purpose.
_NO_API_KEYS = (404, 410)


@dataclasses.dataclass(frozen=True)
class Account:
    """A service account as Grafana describes it. Servers before 11 have no uid."""

    id: int
    uid: str
    name: str
    login: str
    role: str
    org_id: int
    disabled: bool


class GrafanaApi:
    """The requests, with one login. C(org_id): the organization to name in every request."""

    def __init__(
        self,
        url: str,
        authorization: Authorization,
        connection: Connection,
        clock: Clock,
        attempts: int = 5,
        org_id: int | None = None,
    ) -> None:
        self._client = JsonClient(url, authorization, connection, error_message=error_message, clock=clock, attempts=attempts)
        self.origin = self._client.origin
        if org_id is not None:
            self._use_org(org_id)

    def close(self) -> None:
        self._client.close()

    def _change(
        self, method: str, path: str, body: t.Any = None, *, creates: bool = False, accept: t.Container[int] = ()
    ) -> Answer:
        """A request that changes something."""
        return self._client.request(method, path, body=body, creates=creates, accept=accept)

    def _told(self, path: str) -> dict[str, t.Any] | None:
        answer = self._client.request("GET", path, accept=(403, 404))
        return answer.mapping() if answer.status == 200 else None

    # ---- organizations and the server itself ---------------------------------------------------------------------

    def _use_org(self, org_id: int) -> None:
        self._client.headers["X-Grafana-Org-Id"] = str(org_id)

    def enter_org(self, name: str) -> None:
        """Work in the organization of that name. Only server administrators may look one up by name.

        :raises NotFound: no such organization.
        """
        self._use_org(self._client.request("GET", f"/api/orgs/name/{quote(name, safe='')}").field("id", int))

    def org(self) -> dict[str, t.Any] | None:
        """The organization of this login; None where it may not see it (role None)."""
        return self._told("/api/org")

    def release(self) -> tuple[int, int] | None:
        """Major and minor version of the server; None where it keeps them to itself (C(hide_version)) or something else answers."""
        try:
            said = self._told("/api/health") or {}
        except ExternalError:
            return None
        match = re.match(r"(\d+)\.(\d+)", str(said.get("version") or ""))
        return (int(match.group(1)), int(match.group(2))) if match else None

    # ---- service accounts and their tokens -----------------------------------------------------------------------

    def _account_rows(self, query: str) -> t.Iterator[dict[str, t.Any]]:
        seen, page = 0, 1
        while True:
            parameters = {"query": query, "page": page, "perpage": _PAGE}
            answer = self._client.request("GET", "/api/serviceaccounts/search", query=parameters, accept=(404,))
            if answer.status == 404:
                raise self.no_accounts()
            rows = answer.field("serviceAccounts", list)
            yield from (row for row in rows if isinstance(row, dict))
            seen, page = seen + len(rows), page + 1
            if not rows or seen >= answer.field("totalCount", int):
                return

    def accounts(self, query: str) -> t.Iterator[Account]:
        """The service accounts with C(query) in their names. :raises ExternalError: the server has none, see M(no_accounts)."""
        return (self._described(row) for row in self._account_rows(query))

    def find(self, name: str) -> Account | None:
        """The service account of exactly this name. :raises ExternalError: see M(no_accounts)."""
        return next((self._described(row) for row in self._account_rows(name) if row.get("name") == name), None)

    def _described(self, row: t.Mapping[str, t.Any]) -> Account:
        return account_of(row)

    def no_accounts(self) -> LocksmithError:
        """What it means that the search for service accounts was answered with 404."""
        return Rejected(
            f"{self.origin} has no service accounts: it is older than Grafana 9, or the URL is not the root of Grafana.",
            next_step="check the URL; a Grafana before 9 has only legacy API keys (kind: api_key).",
        )

    def create_account(self, name: str, role: str) -> Account | None:
        """Create the service account; None where somebody else just did. Answers 400 for a duplicate, older servers 409."""
        body = {"name": name, "role": role, "isDisabled": False}
        answer = self._change("POST", "/api/serviceaccounts", body, creates=True, accept=(400, 409))
        if answer.status < 300:
            return account_of(answer.mapping())
        if not self.is_duplicate(answer, "serviceaccounts.ErrAlreadyExists"):
            raise refusal(answer)
        return None

    def is_duplicate(self, answer: Answer, message_id: str) -> bool:
        """Whether an answer of 400 or 409 says that the name is taken."""
        payload = answer.payload if isinstance(answer.payload, dict) else {}
        return answer.status == 409 or payload.get("messageId") == message_id or "already exists" in answer.message

    def tokens(self, account_id: str) -> list[dict[str, t.Any]]:
        """All tokens of the service account, expired ones too. :raises NotFound: no such service account."""
        return self._client.request("GET", f"/api/serviceaccounts/{account_id}/tokens").rows()

    def create_token(self, account_id: int, name: str, lifetime: int) -> Answer:
        """C(lifetime): seconds, 0 for ever. 400 and 409 are returned, for the caller to explain."""
        path = f"/api/serviceaccounts/{account_id}/tokens"
        body = {"name": name, "secondsToLive": lifetime}
        return self._change("POST", path, body, creates=True, accept=(400, 409))

    def delete_token(self, account_id: str, token_id: str) -> bool:
        """Delete; False where the server answered 404."""
        return self._change("DELETE", f"/api/serviceaccounts/{account_id}/tokens/{token_id}", accept=(404,)).status < 300

    # ---- legacy API keys -----------------------------------------------------------------------------------------

    def api_keys(self) -> list[dict[str, t.Any]] | None:
        """All API keys of the organization, expired ones too; None where the server has no such thing any more (12.1)."""
        answer = self._client.request("GET", "/api/auth/keys", query={"includeExpired": "true"}, accept=_NO_API_KEYS)
        return None if answer.status in _NO_API_KEYS else answer.rows()

    def create_api_key(self, name: str, role: str, lifetime: int) -> Answer:
        """C(lifetime): seconds, 0 for ever. 400, 409 and the end of API keys (404, 410) are returned, to be explained."""
        body = {"name": name, "role": role, "secondsToLive": lifetime}
        return self._change("POST", "/api/auth/keys", body, creates=True, accept=(400, 409, *_NO_API_KEYS))

    def delete_api_key(self, key_id: str) -> bool:
        """Delete; False where there is no such key, or no API keys at all."""
        return self._change("DELETE", f"/api/auth/keys/{key_id}", accept=_NO_API_KEYS).status < 300

    def convert_api_key(self, key_id: str) -> bool:
        """Make the key the token of a service account of its own (9.1 to 12.0); False where the server cannot."""
        return self._change("POST", f"/api/serviceaccounts/migrate/{key_id}", accept=_NO_API_KEYS).status < 300

    # ---- this login ----------------------------------------------------------------------------------------------

    def permissions(self) -> dict[str, t.Any] | None:
        """Action to scopes, of this login; None where the server does not tell."""
        return self._told("/api/access-control/user/permissions")

    def login(self) -> tuple[Verdict, str]:
        """Whether this login works: every signed-in identity may see its permissions, whatever its role.

        403 is a known identity without the right; 401 is none. Health and frontend settings answer anybody and prove nothing.
        """
        try:
            answer = self._client.request("GET", "/api/access-control/user/permissions", accept=(401, 403, 404))
            if answer.status == 404:
                answer = self._client.request("GET", "/api/org", accept=(401, 403))
        except ExternalError as error:
            return Verdict.UNKNOWN, error.message
        if answer.status == 401:
            return Verdict.DEAD, answer.message
        if answer.status == 403:
            return Verdict.ALIVE, "it works, and may not see its own permissions or organization (403)"
        if isinstance(answer.payload, dict):
            return Verdict.ALIVE, ""
        return Verdict.UNKNOWN, "the server's answer is not Grafana's"

    def whoami(self) -> dict[str, t.Any] | None:
        """The identity of this login; None where the server says that only for users (10.x to 11.1)."""
        return self._told("/api/user")


def error_message(body: t.Any) -> str | None:
    """Grafana's own words: C(message), or a bare text (the token expiry limit). A proxy's HTML page is neither."""
    said = body.get("message") if isinstance(body, dict) else body
    return said if isinstance(said, str) and "<" not in said else None


def account_of(row: t.Mapping[str, t.Any]) -> Account:
    """:raises Unreachable: what matters is missing."""
    try:
        return Account(
            id=int(row["id"]),
            uid=str(row.get("uid") or ""),
            name=str(row["name"]),
            login=str(row.get("login") or ""),
            role=str(row.get("role") or ""),
            org_id=int(row["orgId"]),
            disabled=bool(row.get("isDisabled")),
        )
    except (KeyError, TypeError, ValueError):
        raise Unreachable("Grafana described a service account without id, name or organization.") from None


def key_of(key_id: str, row: t.Mapping[str, t.Any]) -> KeyInfo:
    """A token or an API key as a server lists it."""
    return KeyInfo(
        id=key_id,
        name=str(row.get("name") or ""),
        created_at=moment(row.get("created")),
        expires_at=moment(row.get("expiration")),
        active=not row.get("hasExpired") and not row.get("isRevoked"),
        last_used_at=moment(row.get("lastUsedAt")),
    )


def moment(text: t.Any) -> float | None:
    """An RFC 3339 moment; nanoseconds, which Go may write and Python 3.8 cannot read, are cut off."""
    if not isinstance(text, str) or not text:
        return None
    try:
        return whole_from_iso(text)
    except ValueError:
        raise Unreachable("Grafana described a token with a moment that is not RFC 3339.") from None
