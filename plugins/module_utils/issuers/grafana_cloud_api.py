# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests to the Grafana Cloud API (grafana.com/api, "GCOM"). Called by the two kinds of Grafana Cloud credentials.

Facts are from its OpenAPI description (grafana/grafana-com-public-clients), its documentation, and the Terraform provider.
Every request that changes something carries an x-request-id. Invalid arguments are answered with 409, not with 400.
"""

from __future__ import annotations

import typing as t
import uuid
from urllib.parse import parse_qs, quote, urlsplit

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import (
    Answer,
    Authorization,
    Connection,
    JsonClient,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_api import (
    Account,
    GrafanaApi,
    account_of,
    error_message,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock, to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ExternalError,
    LocksmithError,
    NotFound,
    Unreachable,
)

CLOUD_OPTIONS: dict[str, t.Any] = {
    "cloud_api_key": {"type": "str", "no_log": True},
    "cloud_api_url": {"type": "str", "default": "https://grafana.com/api"},
}
_PAGE = 100


class CloudStackApi(GrafanaApi):
    """The service accounts of one stack. The paths are Grafana's own, below that of the stack."""

    def __init__(self, url: str, slug: str, authorization: Authorization, connection: Connection, clock: Clock) -> None:
        super().__init__(f"{url.rstrip('/')}/instances/{quote(slug, safe='')}", authorization, connection, clock)
        self._slug = slug

    def _change(
        self, method: str, path: str, body: t.Any = None, *, creates: bool = False, accept: t.Container[int] = ()
    ) -> Answer:
        self._client.headers["x-request-id"] = _request_id()
        return super()._change(method, path, body, creates=creates, accept=accept)

    def _described(self, row: t.Mapping[str, t.Any]) -> Account:
        """The search promises id and name only."""
        return account_of(self._client.request("GET", f"/api/serviceaccounts/{row.get('id')}").mapping())

    def no_accounts(self) -> LocksmithError:
        return NotFound(
            f"{self.origin} knows no stack {self._slug}.",
            next_step="check stack_slug, and that cloud_api_key may manage this stack's service accounts (stack-service-accounts:write).",
        )

    def is_duplicate(self, answer: Answer, message_id: str) -> bool:
        """409 stands for any invalid argument here, so it takes the words to tell."""
        return "exists" in answer.message

    def permissions(self) -> dict[str, t.Any] | None:
        """The Cloud API does not tell."""
        return None


class CloudApi:
    """Access policies of one region, and their tokens. Also the login of such a token."""

    def __init__(
        self, url: str, region: str, authorization: Authorization, connection: Connection, clock: Clock, attempts: int = 5
    ) -> None:
        self._client = JsonClient(url, authorization, connection, error_message=error_message, clock=clock, attempts=attempts)
        self._region = {"region": region}
        self.origin = self._client.origin

    def close(self) -> None:
        self._client.close()

    def _change(
        self, method: str, path: str, body: t.Any = None, *, creates: bool = False, accept: t.Container[int] = ()
    ) -> Answer:
        self._client.headers["x-request-id"] = _request_id()
        return self._client.request(method, path, query=self._region, body=body, creates=creates, accept=accept)

    def _items(self, path: str, **query: str) -> t.Iterator[dict[str, t.Any]]:
        """All pages of a listing. The next page's address names its cursor."""
        cursor = ""
        while True:
            page = {**self._region, **query, "pageSize": _PAGE, **({"pageCursor": cursor} if cursor else {})}
            answer = self._client.request("GET", path, query=page)
            yield from (row for row in answer.field("items", list) if isinstance(row, dict))
            following = _next_cursor(answer)
            if not following:
                return
            if following == cursor:
                raise Unreachable(f"{answer.where} leads from one page to the same page.")
            cursor = following

    def policy_named(self, name: str) -> dict[str, t.Any] | None:
        """The access policy of exactly this name in the region."""
        return next((row for row in self._items("/v1/accesspolicies", name=name) if row.get("name") == name), None)

    def policy(self, policy_id: str) -> dict[str, t.Any] | None:
        """The access policy; None where it is gone or this login may not see it."""
        return self._told(f"/v1/accesspolicies/{policy_id}")

    def tokens(self, policy_id: str) -> list[dict[str, t.Any]]:
        """All tokens of the access policy, expired ones too."""
        rows = self._items("/v1/tokens", accessPolicyId=policy_id, includeExpired="true")
        return [row for row in rows if row.get("accessPolicyId") == policy_id]

    def token(self, token_id: str) -> dict[str, t.Any] | None:
        """One token; None where it is gone or this login may not see it."""
        return self._told(f"/v1/tokens/{token_id}")

    def _told(self, path: str) -> dict[str, t.Any] | None:
        answer = self._client.request("GET", path, query=self._region, accept=(404,))
        return answer.mapping() if answer.status == 200 else None

    def create_token(self, policy_id: str, name: str, title: str, expires_at: float | None) -> Answer:
        """C(expires_at): seconds since the epoch, None for never. 400 and 409 are returned, for the caller to explain."""
        body = {"accessPolicyId": policy_id, "name": name, "displayName": title}
        if expires_at is not None:
            body["expiresAt"] = to_iso(expires_at) or ""
        return self._change("POST", "/v1/tokens", body, creates=True, accept=(400, 409))

    def set_end(self, token_id: str, expires_at: float) -> Answer:
        """Let the token end at another time. 400, 404 and 409 are returned, for the caller to explain."""
        return self._change("POST", f"/v1/tokens/{token_id}", {"expiresAt": to_iso(expires_at)}, accept=(400, 404, 409))

    def delete_token(self, token_id: str) -> bool:
        """Delete; False where the server answered 404."""
        return self._change("DELETE", f"/v1/tokens/{token_id}", accept=(404,)).status < 300

    def login(self) -> tuple[Verdict, str]:
        """Whether this login works: listing tokens is allowed or forbidden to one that does, and 401 to one that does not."""
        try:
            answer = self._client.request("GET", "/v1/tokens", query={**self._region, "pageSize": 1}, accept=(401, 403))
        except ExternalError as error:
            return Verdict.UNKNOWN, error.message
        if answer.status == 401:
            return Verdict.DEAD, answer.message
        if answer.status == 403:
            return Verdict.ALIVE, "it works, and may not list tokens (403)"
        if isinstance(answer.payload, dict) and "items" in answer.payload:
            return Verdict.ALIVE, ""
        return Verdict.UNKNOWN, "the server's answer is not that of the Grafana Cloud API"

    def permissions(self) -> dict[str, t.Any] | None:
        """A token cannot ask."""
        return None


def _request_id() -> str:
    return f"locksmith-{uuid.uuid4()}"


def _next_cursor(answer: Answer) -> str:
    """The cursor of the next page, which C(nextPage) holds as a query parameter; empty on the last page."""
    pagination = answer.field("metadata", dict).get("pagination") or {}
    following = pagination.get("nextPage")
    if not following:
        return ""
    cursor = parse_qs(urlsplit(str(following)).query).get("pageCursor", [""])[-1] or str(pagination.get("pageCursor") or "")
    if not cursor:
        raise Unreachable(f"{answer.where} has a next page, and does not say how to ask for it.")
    return cursor
