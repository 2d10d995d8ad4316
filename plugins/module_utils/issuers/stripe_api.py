# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stripe's HTTP API, as far as rotation needs it. Called by the strategies of the issuer C(stripe).

Facts: stripe-python 16.1 (401 is AuthenticationError, 403 PermissionError, 429 RateLimitError; webhook_endpoint.py) and
docs.stripe.com/keys, /api/errors, /api/idempotent_requests, /api/webhook_endpoints. v1 takes forms and answers with JSON.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
from urllib.parse import quote

from ansible.module_utils.common.parameters import env_fallback

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import (
    Answer,
    Authorization,
    Connection,
    JsonClient,
    refusal,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ExternalError,
    LocksmithError,
    NotFound,
    QuotaExceeded,
)

#: C(GET /v1/webhook_endpoints) allows so many in one answer.
_PAGE = 100
_ACCOUNT = re.compile(r"\bacct_[A-Za-z0-9]{6,}\b")

#: Options that lead to Stripe and are the same for every strategy.
API_OPTIONS: dict[str, t.Any] = {
    "api_key": {"type": "str", "no_log": True, "fallback": (env_fallback, ["STRIPE_API_KEY"])},
    "api_url": {"type": "str", "default": "https://api.stripe.com"},
    "stripe_account": {"type": "str"},
    "stripe_version": {"type": "str"},
    "use_proxy": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
}


@dataclasses.dataclass(frozen=True)
class Seen:
    """What a request with a key showed. C(account): whose it is, empty where Stripe does not say."""

    verdict: Verdict
    account: str = ""
    detail: str = ""


class StripeApi:
    """The requests with one key."""

    def __init__(self, options: t.Mapping[str, t.Any], key: str, clock: Clock, attempts: int = 5) -> None:
        self._client = JsonClient(
            options["api_url"],
            Authorization.bearer(key),
            Connection.from_options(options),
            error_message=_message,
            clock=clock,
            attempts=attempts,
        )
        self.origin = self._client.origin
        if options.get("stripe_version"):
            self._client.headers["Stripe-Version"] = options["stripe_version"]
        if options.get("stripe_account"):
            self._client.headers["Stripe-Account"] = options["stripe_account"]

    def close(self) -> None:
        self._client.close()

    # ---- keys -------------------------------------------------------------------------------------------------------

    def whose(self) -> Seen:
        """Does this key work, and whose is it? 200 and 403 are a key that works, 401 is one that does not.

        A restricted key may not be allowed to see its account. Stripe's refusal then names the account in its text,
        as far as has been seen; where it does not, nobody is named.
        """
        try:
            answer = self._client.request("GET", "/v1/account", accept=(401, 403))
        except ExternalError as error:
            return Seen(Verdict.UNKNOWN, detail=error.message)
        if answer.status == 401:
            return Seen(Verdict.DEAD, detail=code_of(answer) or "status 401")
        if answer.status == 403:
            found = _ACCOUNT.search(_text_of(answer))
            return Seen(Verdict.ALIVE, found.group() if found else "", "a restricted key that may not see its account")
        account = answer.payload.get("id") if isinstance(answer.payload, dict) else None
        if not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
            return Seen(Verdict.UNKNOWN, detail="the answer is not Stripe's")
        return Seen(Verdict.ALIVE, account)

    def check_refuses(self) -> bool:
        """Whether this key, which nobody issued, is turned away with 401.

        :raises ExternalError: the server answers otherwise, or not at all.
        """
        answer = self._client.request("GET", "/v1/account", accept=(401,))
        return answer.status == 401

    # ---- webhook endpoints ------------------------------------------------------------------------------------------

    def endpoints(self) -> list[dict[str, t.Any]]:
        """All webhook endpoints of the account, in the mode of the key."""
        found: list[dict[str, t.Any]] = []
        query: dict[str, t.Any] = {"limit": _PAGE}
        while True:
            page = self._client.request("GET", "/v1/webhook_endpoints", query=query)
            rows = [row for row in page.field("data", list) if isinstance(row, dict)]
            found += rows
            if not rows or not page.field("has_more", bool):
                return found
            query = {"limit": _PAGE, "starting_after": rows[-1]["id"]}

    def create_endpoint(self, form: t.Mapping[str, t.Any], idempotency_key: str) -> dict[str, t.Any]:
        """Create one. Sent again after a lost answer: Stripe gives the same answer to the same C(Idempotency-Key) for a day.

        :raises QuotaExceeded: the account has as many as Stripe allows.
        """
        headers = {"Idempotency-Key": idempotency_key}
        answer = self._client.request("POST", "/v1/webhook_endpoints", form=encoded(form), headers=headers, accept=(400,))
        if answer.status == 400:
            raise _no_room(answer) or _refused(answer)
        return answer.mapping()

    def update_endpoint(self, endpoint: str, form: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """:raises NotFound: there is none."""
        return self._client.request("POST", _path(endpoint), form=encoded(form)).mapping()

    def delete_endpoint(self, endpoint: str) -> None:
        """Gone already is success, if it is Stripe that says so."""
        answer = self._client.request("DELETE", _path(endpoint), accept=(404,))
        if answer.status == 404 and code_of(answer) != "resource_missing":
            raise NotFound(f"{answer.where} was answered with status 404, and not by Stripe.", next_step="check api_url.")

    # ---- the private preview of an API for keys -----------------------------------------------------------------------

    def v2(self, method: str, path: str, body: t.Any = None, query: t.Mapping[str, t.Any] | None = None, **more: t.Any) -> Answer:
        """A request to v2, which takes JSON."""
        return self._client.request(method, path, body=body, query=query, **more)


def encoded(form: t.Mapping[str, t.Any]) -> list[tuple[str, str]]:
    """Nested mappings and lists as v1 wants them: C(metadata[name]=…), C(enabled_events[]=…), booleans as words."""
    return list(_pairs("", form))


def _pairs(prefix: str, value: t.Any) -> t.Iterator[tuple[str, str]]:
    if isinstance(value, t.Mapping):
        for name, inner in value.items():
            yield from _pairs(f"{prefix}[{name}]" if prefix else str(name), inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _pairs(f"{prefix}[]", inner)
    elif isinstance(value, bool):
        yield prefix, "true" if value else "false"
    elif value is not None:
        yield prefix, str(value)


def code_of(answer: Answer) -> str:
    """Stripe's C(error.code), a word such as C(api_key_expired)."""
    code = _error_of(answer.payload).get("code")
    return code if isinstance(code, str) and re.fullmatch(r"[a-z0-9_]{1,60}", code) else ""


def _error_of(payload: t.Any) -> dict[str, t.Any]:
    error = payload.get("error") if isinstance(payload, dict) else None
    return error if isinstance(error, dict) else {}


def _text_of(answer: Answer) -> str:
    return str(_error_of(answer.payload).get("message") or "")


def _message(body: t.Any) -> str | None:
    """Stripe's own words. It shows keys in them only as C(sk_live_****abcd)."""
    said = _error_of(body).get("message")
    return said if isinstance(said, str) else None


def _refused(answer: Answer) -> LocksmithError:
    error = refusal(answer)
    error.next_step = "check webhook_url, enabled_events and api_version."
    return error


def _no_room(answer: Answer) -> LocksmithError | None:
    if "maximum of" not in _text_of(answer):
        return None
    return QuotaExceeded(
        f"{answer.where}: {answer.message}", next_step="delete a webhook endpoint that nobody needs any more, then run again."
    )


def _path(endpoint: str) -> str:
    return "/v1/webhook_endpoints/" + quote(endpoint, safe="")
