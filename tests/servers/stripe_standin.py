# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Stripe's API, as far as rotation needs it. No Stripe can be installed; this one holds to:

- stripe-python 16.1 and docs.stripe.com/api/errors: an error is C({"error": {"type", "message", "code"}}); an unknown, deleted or expired
  key is 401 (C(api_key_expired) for an expired one) and a restricted key without the right is 403; both C(invalid_request_error).
  Messages show keys only as C(sk_test_********abcd).
- docs.stripe.com/keys: C(sk_) and C(rk_), C(live) and C(test). No public API makes, lists or ends keys: the Dashboard does, which is the
  side door here, with "Rotate key" and an expiry for the old one.
- webhook_endpoint.py: create, retrieve, update, delete, list; the C(secret) is only in the answer to the creation; at most 16 of them in
  a mode; C(status) enabled or disabled by C(disabled). Bodies are forms: a JSON body is not understood.
- docs.stripe.com/api/idempotent_requests: the same C(Idempotency-Key) gets the first answer again, and 400 with other parameters.
- C(Stripe-Version) is a date, with a suffix since 2024; another is 400. Lists have C(has_more) and C(starting_after).
- v2/iam/api_keys (private preview; stripe-python 16.1.0a4 and what was measured by others): needs a C(.preview) version and
  C(Stripe-Context), and an app's key; test mode shows tokens also in the list, live mode only encrypted; expiring takes a while.
"""

from __future__ import annotations

import dataclasses
import json
import re
import secrets
import time
import typing as t
from urllib.parse import parse_qsl, unquote

from ansible_collections.locksmith.rotation.tests.servers.json_standin import Api, Refusal, Reply, Request, digest, run

_VERSION = re.compile(r"20\d\d-\d\d-\d\d(\.[a-z]+)?")


@dataclasses.dataclass
class Settings:
    """C(names_account): a refusal for lack of rights names the account. C(expiry_delay): seconds until an end takes effect.

    C(encrypts): the preview's answer holds a new key only encrypted, as in live mode. C(most): webhook endpoints of an account.
    """

    names_account: bool = True
    expiry_delay: float = 0.0
    encrypts: bool = False
    accept_anything: bool = False
    most: int = 16


@dataclasses.dataclass
class Key:
    """C(rights): what a restricted key may do. C(id): only of a key that the preview made."""

    account: str
    mode: str
    kind: str
    digest: str
    last_four: str
    rights: tuple[str, ...] = ()
    ends_at: float | None = None
    id: str = ""
    name: str = ""
    app: bool = False
    token: str = ""

    def masked(self) -> str:
        return f"{self.kind}_{self.mode}_{'*' * 12}{self.last_four}"


class Stripe(Api):
    """Accounts, keys (digests, and what the preview shows again), webhook endpoints."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings: Settings = settings
        self._accounts: set[str] = set()
        self._keys: list[Key] = []
        self._endpoints: dict[str, dict[str, t.Any]] = {}
        self._replays: dict[tuple[str, str], tuple[str, Reply]] = {}

    # ---- who and what -----------------------------------------------------------------------------------------------

    def decoded(self, raw: bytes, content_type: str) -> t.Any:
        if content_type.startswith("application/json"):
            return {"": json.loads(raw)}
        return parse_qsl(raw.decode(), keep_blank_values=True)

    def serve(self, request: Request) -> Reply:
        if request.path.startswith("/nowhere/"):
            raise Refusal(404, f"Unrecognized request URL ({request.method}: {request.path}).", type="invalid_request_error")
        if request.path.startswith("/blocked/"):
            raise Refusal(403, "a proxy does not let this through")
        self._check_version(request)
        if isinstance(request.body, dict) and not request.path.startswith("/v2/"):
            raise Refusal(400, "Invalid request: v1 takes application/x-www-form-urlencoded", type="invalid_request_error")
        key = self._key(request)
        repeat = request.headers.get("Idempotency-Key")
        if not repeat or request.method != "POST":
            return self._routed(request, key)
        asked = digest(json.dumps([request.path, request.body]))
        slot = (key.account, repeat)
        if slot not in self._replays:
            self._replays[slot] = (asked, self._routed(request, key))
        before, reply = self._replays[slot]
        if before != asked:
            raise Refusal(400, "Keys for idempotent requests can only be used with the same parameters", type="idempotency_error")
        return reply

    def _check_version(self, request: Request) -> None:
        version = request.headers.get("Stripe-Version")
        if version and not _VERSION.fullmatch(version):
            raise Refusal(400, "Invalid Stripe API version", type="invalid_request_error")
        if request.path.startswith("/v2/iam/") and not (version or "").endswith(".preview"):
            raise Refusal(404, "Unrecognized request URL", type="invalid_request_error")

    def _key(self, request: Request) -> Key:
        said = (request.headers.get("Authorization") or "").partition(" ")[2]
        found = next((key for key in self._keys if key.digest == digest(said)), None)
        if found is None and self.settings.accept_anything:
            found = next((key for key in reversed(self._keys) if key.kind == "sk"), None)
        if found is None:
            raise Refusal(401, f"Invalid API Key provided: {'*' * 12}{said[-4:]}", type="invalid_request_error")
        if found.ends_at is not None and found.ends_at <= time.time():
            message = f"Expired API Key provided: {found.masked()}"
            raise Refusal(401, message, type="invalid_request_error", code="api_key_expired")
        return found

    def _demand(self, key: Key, right: str) -> None:
        if key.kind == "sk" or right in key.rights:
            return
        account = f" on account '{key.account}'" if self.settings.names_account else ""
        message = f"The provided key '{key.masked()}' does not have the required permissions for this endpoint{account}."
        raise Refusal(403, message, type="invalid_request_error")

    def _routed(self, request: Request, key: Key) -> Reply:
        if (request.method, request.path) == ("GET", "/v1/account"):
            self._demand(key, "account")
            return Reply(200, {"id": key.account, "object": "account", "country": "DE"})
        match = re.fullmatch(r"/v1/webhook_endpoints(?:/([^/]+))?", request.path)
        if match:
            return self._webhooks(request, key, unquote(match[1] or ""))
        if request.path.startswith("/v2/iam/api_keys"):
            return self._preview(request, key)
        raise Refusal(404, f"Unrecognized request URL ({request.method}: {request.path}).", type="invalid_request_error")

    # ---- webhook endpoints ------------------------------------------------------------------------------------------

    def _webhooks(self, request: Request, key: Key, endpoint: str) -> Reply:
        self._demand(key, "webhook_read" if request.method == "GET" else "webhook_write")
        if not endpoint:
            return self._list(request, key) if request.method == "GET" else self._create(request, key)
        row = self._endpoints.get(endpoint)
        if row is None or (row["account"], row["livemode"]) != (key.account, key.mode == "live"):
            raise Refusal(
                404, f"No such webhook endpoint: '{endpoint}'", type="invalid_request_error", code="resource_missing", param="id"
            )
        if request.method == "DELETE":
            del self._endpoints[endpoint]
            return Reply(200, {"id": endpoint, "object": "webhook_endpoint", "deleted": True})
        if request.method == "POST":
            self._change(row, request.body or [])
        return Reply(200, _public(row))

    def _of(self, key: Key) -> list[dict[str, t.Any]]:
        """Newest first, as Stripe lists."""
        rows = [row for row in self._endpoints.values() if (row["account"], row["livemode"]) == (key.account, key.mode == "live")]
        return rows[::-1]

    def _list(self, request: Request, key: Key) -> Reply:
        limit, after = int(request.query.get("limit", 10)), request.query.get("starting_after")
        if not 1 <= limit <= 100:
            raise Refusal(400, "Invalid integer: limit", type="invalid_request_error", param="limit")
        rows = self._of(key)
        names = [row["id"] for row in rows]
        begin = names.index(after) + 1 if after in names else 0
        shown = rows[begin : begin + limit]
        more = begin + limit < len(rows)
        return Reply(200, {"object": "list", "data": [_public(row) for row in shown], "has_more": more, "url": request.path})

    def _create(self, request: Request, key: Key) -> Reply:
        row: dict[str, t.Any] = {
            "id": "we_" + secrets.token_hex(12),
            "object": "webhook_endpoint",
            "account": key.account,
            "api_version": None,
            "application": None,
            "created": int(time.time()),
            "description": None,
            "enabled_events": [],
            "livemode": key.mode == "live",
            "metadata": {},
            "status": "enabled",
            "url": "",
        }
        self._change(row, request.body or [])
        for needed in ("url", "enabled_events"):
            if not row[needed]:
                raise Refusal(
                    400,
                    f"Missing required param: {needed}.",
                    type="invalid_request_error",
                    code="parameter_missing",
                    param=needed,
                )
        if len(self._of(key)) >= self.settings.most:
            message = f"You have reached the maximum of {self.settings.most} {key.mode} webhook endpoints."
            raise Refusal(400, message, type="invalid_request_error")
        secret = "whsec_" + secrets.token_urlsafe(24).replace("-", "A").replace("_", "B")
        row["digest"] = digest(secret)
        self._endpoints[row["id"]] = row
        return Reply(200, {**_public(row), "secret": secret})

    @staticmethod
    def _change(row: dict[str, t.Any], form: t.Sequence[tuple[str, str]]) -> None:
        events = [value for name, value in form if name == "enabled_events[]"]
        if events:
            row["enabled_events"] = events
        for name, value in form:
            metadata = re.fullmatch(r"metadata\[([^\]]{1,40})\]", name)
            if metadata and len(value) > 500:
                raise Refusal(400, "Metadata values can have up to 500 characters", type="invalid_request_error")
            if metadata:
                row["metadata"][metadata[1]] = value
            elif name == "disabled":
                row["status"] = "disabled" if value == "true" else "enabled"
            elif name in ("url", "description", "api_version"):
                row[name] = value
            elif name not in ("enabled_events[]", "connect"):
                raise Refusal(
                    400, f"Received unknown parameter: {name}", type="invalid_request_error", code="parameter_unknown", param=name
                )

    # ---- the private preview ----------------------------------------------------------------------------------------

    def _preview(self, request: Request, key: Key) -> Reply:
        if not key.app:
            raise Refusal(
                403, "Only an installed app with api_key_write may do this.", type="invalid_request_error", code="forbidden"
            )
        account = request.headers.get("Stripe-Context") or ""
        if account not in self._accounts:
            raise Refusal(404, "No such account", type="invalid_request_error", code="not_found")
        match = re.fullmatch(r"/v2/iam/api_keys/([^/]+)/expire", request.path)
        if match and request.method == "POST":
            return self._expire(account, match[1])
        if request.path != "/v2/iam/api_keys":
            raise Refusal(404, "Unrecognized request URL", type="invalid_request_error")
        if request.method == "GET":
            return self._managed(account, int(request.query.get("limit", 20)), int(request.query.get("page", 0)))
        body = (request.body or {}).get("", {})
        if body.get("type") != "secret_key" or not body.get("permissions"):
            raise Refusal(400, "permissions are required", type="invalid_request_error", code="invalid_fields")
        made, token = self._make(account, key.mode, "rk", tuple(body["permissions"]))
        made.id, made.name, made.token = "mk_" + secrets.token_hex(12), body.get("name", ""), token
        return Reply(200, self._shown(made))

    def _expire(self, account: str, key_id: str) -> Reply:
        found = next((key for key in self._keys if key.id == key_id and key.account == account), None)
        if found is None:
            raise Refusal(404, "No such API key", type="invalid_request_error", code="not_found")
        if found.ends_at is None:
            found.ends_at = time.time() + self.settings.expiry_delay
        return Reply(200, self._shown(found))

    def _managed(self, account: str, limit: int, page: int) -> Reply:
        rows = [key for key in self._keys if key.id and key.account == account]
        rows = [key for key in rows if key.ends_at is None or key.ends_at > time.time()]
        shown = rows[page * limit : (page + 1) * limit]
        more = (page + 1) * limit < len(rows)
        following = f"/v2/iam/api_keys?limit={limit}&page={page + 1}" if more else None
        return Reply(200, {"data": [self._shown(key) for key in shown], "next_page_url": following, "previous_page_url": None})

    def _shown(self, key: Key) -> dict[str, t.Any]:
        secret = (
            {"encrypted_secret": {"ciphertext": "e30.e30.e30.e30.e30", "format": "jwe"}}
            if self.settings.encrypts
            else {"token": key.token}
        )
        return {
            "id": key.id,
            "object": "v2.iam.api_key",
            "type": "secret_key",
            "name": key.name,
            "created": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
            "status": "expired" if key.ends_at is not None and key.ends_at <= time.time() else "active",
            "livemode": key.mode == "live",
            "last_used": None,
            "secret_key": {**secret, "secret_token_redacted": key.masked()},
        }

    # ---- the Dashboard ----------------------------------------------------------------------------------------------

    def _make(self, account: str, mode: str, kind: str, rights: tuple[str, ...] = ()) -> tuple[Key, str]:
        token = f"{kind}_{mode}_51" + secrets.token_hex(16)
        made = Key(account, mode, kind, digest(token), token[-4:], rights)
        self._keys.append(made)
        return made, token

    def setup(self, name: str, body: dict[str, t.Any]) -> t.Any:
        if name == "account":
            account = "acct_1" + secrets.token_hex(8)
            self._accounts.add(account)
            return {"account": account}
        if name == "make":
            made, token = self._make(body["account"], body["mode"], body["kind"], tuple(body["rights"]))
            made.app = bool(body.get("app"))
            return {"key": token}
        if name == "end":
            for key in self._keys:
                if key.digest == digest(body["key"]):
                    key.ends_at = time.time() + body["seconds"]
        elif name == "alter":
            self._endpoints[body["id"]].update(body["changes"])
        return {}

    def refused(self, refusal: Refusal) -> Reply:
        return Reply(refusal.status, {"error": {"message": refusal.message, **refusal.more}})

    def state(self) -> dict[str, t.Any]:
        keys = [{"account": key.account, "id": key.id, "digest": key.digest, "ends_at": key.ends_at} for key in self._keys]
        return {"endpoints": list(self._endpoints.values()), "keys": keys}


def _public(row: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {name: value for name, value in row.items() if name not in ("account", "digest")}


if __name__ == "__main__":
    run(lambda start: Stripe(Settings(**start["settings"])))
