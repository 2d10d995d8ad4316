# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for SendGrid's API keys, as far as rotation needs them. Held to SendGrid's description by C(test_sendgrid_contract.py).

Where SendGrid's behaviour is not documented, a setting chooses between the possibilities.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
import time
import typing as t
from collections import Counter
from urllib.parse import unquote

from ansible_collections.locksmith.rotation.tests.servers.json_standin import Api, Refusal, Reply, Request, digest, run

#: What a key may be given; a real account has some four hundred.
SCOPES = (
    "alerts.create",
    "alerts.read",
    "api_keys.create",
    "api_keys.delete",
    "api_keys.read",
    "api_keys.update",
    "mail.batch.create",
    "mail.send",
    "user.profile.read",
)
AUTOMATIC = ("2fa_required", "sender_verification_eligible")
_ACCOUNT = re.compile(r"account-id (\S+)")


@dataclasses.dataclass
class Settings:
    """C(rate_limit): requests of each login in C(rate_period) seconds, 0 is no limit. C(propagation_delay): seconds until a new key
    works and an old one fails. C(flat): one key is answered without C(result). C(missing_subuser): the status for a subuser that
    is not there. C(middle_is_id): the id is the middle of the key. C(drop) and C(add): scopes that SendGrid leaves out or puts in by
    itself. C(strict): scopes that the login has not are refused. C(scopes_forbidden): a key that manages no keys may not see its scopes.
    """

    most_keys: int = 100
    rate_limit: int = 0
    rate_period: int = 60
    propagation_delay: float = 0.0
    flat: bool = False
    missing_subuser: int = 401
    middle_is_id: bool = True
    automatic: bool = True
    drop: list[str] = dataclasses.field(default_factory=list)
    add: list[str] = dataclasses.field(default_factory=list)
    strict: bool = True
    scopes_forbidden: bool = False


@dataclasses.dataclass
class Key:
    id: str
    account: str
    name: str
    scopes: list[str]
    digest: str
    usable_at: float
    revoked_at: float | None = None

    def works(self, delay: float) -> bool:
        now = time.time()
        return self.usable_at <= now and (self.revoked_at is None or now < self.revoked_at + delay)


def new_id() -> str:
    return secrets.token_urlsafe(16)


class SendGrid(Api):
    """State and behaviour. C(accounts): the parent account is the empty name, its subusers and customers have theirs."""

    def __init__(self, admin_key: str, settings: Settings) -> None:
        super().__init__()
        self.settings: Settings = settings
        self.accounts = {""}
        self.keys: list[Key] = []
        self._spent: Counter[tuple[str, int]] = Counter()
        self._put("", "rotator", list(SCOPES), admin_key).usable_at = 0.0
        here = "/v3/api_keys"
        one = here + "/([^/]+)"
        self._routes: list[tuple[str, str, str, t.Callable[..., Reply]]] = [
            ("GET", here, "api_keys.read", self._list),
            ("POST", here, "api_keys.create", self._create),
            ("GET", one, "api_keys.read", self._show),
            ("PATCH", one, "api_keys.update", self._update),
            ("PUT", one, "api_keys.update", self._update),
            ("DELETE", one, "api_keys.delete", self._delete),
            ("GET", "/v3/scopes", "", self._see_scopes),
        ]

    def _put(self, account: str, name: str, scopes: list[str], secret: str) -> Key:
        key_id = secret.split(".")[1] if self.settings.middle_is_id else new_id()
        key = Key(key_id, account, name, scopes, digest(secret), time.time() + self.settings.propagation_delay)
        self.keys.append(key)
        return key

    # ---- answering ------------------------------------------------------------------------------------------------

    def serve(self, request: Request) -> Reply:
        login = self._authenticate(request.headers.get("Authorization", ""))
        limits = self._limits(login)
        account = self._account(login, request.headers.get("on-behalf-of", ""))
        for method, pattern, scope, serve in self._routes:
            match = re.fullmatch(pattern, request.path)
            if method == request.method and match:
                if scope and scope not in login.scopes:
                    raise Refusal(403, "access forbidden", headers=limits)
                reply = serve(request, login, account, *map(unquote, match.groups()))
                reply.headers.update(limits)
                return reply
        raise Refusal(404, "not found", headers=limits)

    def refused(self, refusal: Refusal) -> Reply:
        error: dict[str, t.Any] = {"message": refusal.message}
        if refusal.status != 500:
            error["field"] = refusal.more.get("field")
        return Reply(refusal.status, {"errors": [error]}, refusal.more.get("headers", {}))

    def _authenticate(self, authorization: str) -> Key:
        kind, dummy, secret = authorization.partition(" ")
        if kind != "Bearer" or not secret:
            raise Refusal(401, "authorization required")
        wanted = digest(secret)
        found = next((key for key in self.keys if key.digest == wanted), None)
        if found is None or not found.works(self.settings.propagation_delay):
            raise Refusal(401, "The provided authorization grant is invalid, expired, or revoked")
        return found

    def _limits(self, login: Key) -> dict[str, str]:
        """The documented headers; C(X-RateLimit-Reset) is the moment when the next period begins."""
        limit, seconds = self.settings.rate_limit, self.settings.rate_period
        if not limit:
            return {}
        period = int(time.time() // seconds)
        self._spent[login.id, period] += 1
        left = limit - self._spent[login.id, period]
        said = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, left)),
            "X-RateLimit-Reset": str((period + 1) * seconds),
        }
        if left < 0:
            raise Refusal(429, "too many requests", headers=said)
        return said

    def _account(self, login: Key, behalf: str) -> str:
        match = _ACCOUNT.fullmatch(behalf)
        wanted = match.group(1) if match else behalf
        if not wanted:
            return login.account
        if login.account or wanted not in self.accounts:
            status = self.settings.missing_subuser
            raise Refusal(status, {401: "authorization required", 403: "access forbidden"}.get(status, "not found"))
        return wanted

    # ---- keys -----------------------------------------------------------------------------------------------------

    def _of(self, account: str) -> list[Key]:
        return [key for key in self.keys if key.account == account and key.revoked_at is None]

    def _find(self, account: str, key_id: str) -> Key:
        for key in self._of(account):
            if key.id == key_id:
                return key
        raise Refusal(404, "Unable to find API Key")

    def _list(self, request: Request, login: Key, account: str) -> Reply:
        keys = self._of(account)
        if request.query.get("limit"):
            keys = keys[: int(request.query["limit"])]
        return Reply(200, {"result": [{"api_key_id": key.id, "name": key.name} for key in keys]})

    def _create(self, request: Request, login: Key, account: str) -> Reply:
        if len(self._of(account)) >= self.settings.most_keys:
            raise Refusal(403, f"Cannot create more than {self.settings.most_keys} API Keys")
        name, scopes = self._named(request), self._wished(request, login)
        secret = f"SG.{new_id()}.{secrets.token_urlsafe(32)}"
        key = self._put(account, name, self._given(scopes), secret)
        return Reply(201, {"api_key": secret, "api_key_id": key.id, "name": key.name, "scopes": key.scopes})

    def _named(self, request: Request) -> str:
        name = request.field("name")
        if not isinstance(name, str) or not name:
            raise Refusal(400, "missing required argument", field="name")
        return name

    def _wished(self, request: Request, login: Key) -> list[str]:
        """Omitted, or an empty list: full access. That is the trap that rotation must not fall into."""
        scopes = request.field("scopes")
        if not scopes:
            return list(SCOPES)
        if any(scope not in SCOPES for scope in scopes):
            raise Refusal(400, "one or more of the scopes are invalid", field="scopes")
        if self.settings.strict and not set(scopes) <= set(login.scopes):
            raise Refusal(403, "access forbidden")
        return list(scopes)

    def _given(self, scopes: list[str]) -> list[str]:
        kept = [scope for scope in scopes if scope not in self.settings.drop] + self.settings.add
        return sorted({*kept, *(AUTOMATIC if self.settings.automatic else ())})

    def _show(self, request: Request, login: Key, account: str, key_id: str) -> Reply:
        key = self._find(account, key_id)
        row = {"api_key_id": key.id, "name": key.name, "scopes": key.scopes}
        return Reply(200, row if self.settings.flat else {"result": [row]})

    def _update(self, request: Request, login: Key, account: str, key_id: str) -> Reply:
        key = self._find(account, key_id)
        key.name = self._named(request)
        if request.method == "PUT":
            if not request.field("scopes"):
                raise Refusal(400, "must have at least one scope", field="scopes")
            key.scopes = self._given(self._wished(request, login))
        return Reply(200, {"api_key_id": key.id, "name": key.name})

    def _delete(self, request: Request, login: Key, account: str, key_id: str) -> Reply:
        self._find(account, key_id).revoked_at = time.time()
        return Reply(204)

    def _see_scopes(self, request: Request, login: Key, account: str) -> Reply:
        if self.settings.scopes_forbidden and "api_keys.read" not in login.scopes:
            raise Refusal(403, "access forbidden", field="null")
        return Reply(200, {"scopes": login.scopes})

    # ---- the tests' side door -------------------------------------------------------------------------------------

    def state(self) -> dict[str, t.Any]:
        return {"keys": [dataclasses.asdict(key) for key in self.keys if key.revoked_at is None]}

    def setup(self, name: str, body: dict[str, t.Any]) -> t.Any:
        if name == "account":
            self.accounts.add(body["name"])
            return {}
        return super().setup(name, body)


def make(start: dict[str, t.Any]) -> SendGrid:
    return SendGrid(start["admin_key"], Settings(**start["settings"]))


if __name__ == "__main__":
    run(make)
