# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests of SendGrid's v3 API that rotation needs, one method each. Called by P(SendgridIssuer) only.

Facts are from twilio/sendgrid-oai, tsg_api_keys_v3.json and tsg_scopes_v3.json, and from SendGrid's page on rate limits.
"""

from __future__ import annotations

import typing as t
from urllib.parse import quote

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import (
    Answer,
    Authorization,
    Connection,
    JsonClient,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ExternalError, Unreachable

#: Where SendGrid answers. Subusers of the EU region exist at the second address only.
HOSTS = {"global": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}
_NOT_SENDGRID = "check that url leads to SendGrid's API itself and not to a proxy's own page, then run again."
#: A 429 carries the moment when the next period begins, and no Retry-After.
_PAUSE_HEADERS = ("Retry-After", "X-RateLimit-Reset")


class SendgridApi:
    """A client with one login.

    :arg on_behalf_of: whose keys these are, if not the login's own: a subuser's name, or C(account-id) and an id.
    """

    def __init__(
        self,
        url: str,
        authorization: Authorization,
        connection: Connection,
        clock: Clock,
        attempts: int,
        on_behalf_of: str = "",
    ) -> None:
        self._client = JsonClient(
            url,
            authorization,
            connection,
            error_message=_message,
            clock=clock,
            attempts=attempts,
            pause_headers=_PAUSE_HEADERS,
        )
        self.origin = self._client.origin
        if on_behalf_of:
            self._client.headers["on-behalf-of"] = on_behalf_of

    def close(self) -> None:
        self._client.close()

    def keys(self) -> list[dict[str, t.Any]]:
        """Id and name of every key. Without C(limit): the answer then holds them all."""
        return objects(self._client.request("GET", "/v3/api_keys").field("result", list), "its list of keys")

    def scopes_of(self, key_id: str) -> frozenset[str] | None:
        """The scopes of a key; None where there is no such key.

        The description wraps the key in C(result), older examples do not: both are read.
        """
        answer = self._client.request("GET", f"/v3/api_keys/{quote(key_id, safe='')}", accept=(404,))
        if answer.status == 404:
            return None
        found = answer.mapping()
        wrapped = found.get("result", found)
        rows = objects(wrapped if isinstance(wrapped, list) else [wrapped], "a key")
        named = [row for row in rows if row.get("api_key_id") == key_id]
        if not named:
            raise Unreachable(f"{answer.where} was answered without the key that was asked for.", next_step=_NOT_SENDGRID)
        return scopes_in(named[0], answer.where)

    def create(self, name: str, scopes: t.Collection[str]) -> Answer:
        """Create a key. 400 and 403 are returned, for the caller to explain.

        :arg scopes: never empty: SendGrid makes a key without scopes one with full access.
        """
        if not scopes:
            raise ValueError("a key without scopes would have full access")
        body = {"name": name, "scopes": sorted(scopes)}
        return self._client.request("POST", "/v3/api_keys", body=body, creates=True, accept=(400, 403))

    def delete(self, key_id: str) -> bool:
        """Revoke; False where the server answered 404."""
        return self._client.request("DELETE", f"/v3/api_keys/{quote(key_id, safe='')}", accept=(404,)).status < 300

    def login(self) -> tuple[Verdict, frozenset[str] | None, str]:
        """Whether this login works, the scopes that it has as far as it may see them, and a public detail.

        401 is no such key; 403 is a key that may not ask. Both only in SendGrid's own words: a proxy can answer that too.
        """
        try:
            answer = self._client.request("GET", "/v3/scopes", accept=(401, 403))
            if answer.status < 300:
                return Verdict.ALIVE, scopes_in(answer.mapping(), answer.where), ""
        except ExternalError as error:
            return Verdict.UNKNOWN, None, error.message
        if not _is_sendgrids(answer):
            return Verdict.UNKNOWN, None, f"{answer.where} was answered with status {answer.status}, and not by SendGrid"
        return (Verdict.DEAD if answer.status == 401 else Verdict.ALIVE), None, answer.message


def objects(rows: t.Sequence[t.Any], what: str) -> list[dict[str, t.Any]]:
    """C(rows), all JSON objects. :raises Unreachable: they are not."""
    if not all(isinstance(row, dict) for row in rows):
        raise Unreachable(f"SendGrid described {what} in a form that is unknown here.", next_step=_NOT_SENDGRID)
    return list(rows)


def scopes_in(row: t.Mapping[str, t.Any], where: str) -> frozenset[str]:
    """The scopes in an answer. :raises Unreachable: there are none, which is not the same as an empty list."""
    scopes = row.get("scopes")
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        raise Unreachable(f"{where} was answered without a list of scopes.", next_step=_NOT_SENDGRID)
    return frozenset(scopes)


def _is_sendgrids(answer: Answer) -> bool:
    return isinstance(answer.payload, dict) and isinstance(answer.payload.get("errors"), list)


def _message(body: t.Any) -> str | None:
    """SendGrid's own words; they name fields and never echo a key."""
    errors = body.get("errors") if isinstance(body, dict) else None
    if not isinstance(errors, list):
        return None
    said = [str(error["message"]) for error in errors if isinstance(error, dict) and error.get("message")]
    return "; ".join(said) or None
