# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Grafana's HTTP API, as far as rotation needs it: service accounts, tokens, organizations, legacy keys.

No Grafana can be installed from PyPI. This one imitates versions 9.4 to 13.0 from their sources: state, permissions,
unique names, limits, error bodies, late lastUsedAt. C(/__test__/) sets it up, makes it fail on purpose and shows its state.
Runs as a process of its own: reads one line of JSON from standard input, writes its port to standard output.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
import secrets
import socket
import string
import struct
import sys
import threading
import time
import typing as t
import zlib
from collections import Counter
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

Permissions = t.Dict[str, t.List[str]]
_ALL_ACCOUNTS = ["serviceaccounts:*"]
_READER: Permissions = {"orgs:read": [""], "dashboards:read": ["dashboards:*"]}
_RIGHTS: dict[str, Permissions] = {
    "None": {},
    "Viewer": _READER,
    "Editor": _READER,
    "Admin": {
        **_READER,
        "serviceaccounts:read": _ALL_ACCOUNTS,
        "serviceaccounts:write": _ALL_ACCOUNTS,
        "serviceaccounts:delete": _ALL_ACCOUNTS,
        "serviceaccounts:create": [""],
        "apikeys:read": ["apikeys:*"],
        "apikeys:create": [""],
        "apikeys:delete": ["apikeys:*"],
    },
}
_RANK = ("None", "Viewer", "Editor", "Admin")
_GONE = "this endpoint has been removed, please use POST /api/serviceaccounts and POST /api/serviceaccounts/{id}/tokens instead"


class Refusal(Exception):
    """An error answer. C(message_id): of Grafana's errutil errors. C(plain): the body is the bare text."""

    def __init__(self, status: int, message: str, message_id: str = "", plain: bool = False, **more: t.Any) -> None:
        super().__init__(message)
        self.status, self.message, self.message_id, self.plain, self.more = status, message, message_id, plain, more


@dataclasses.dataclass
class Account:
    id: int
    uid: str
    name: str
    role: str
    org_id: int
    disabled: bool = False
    grants: Permissions = dataclasses.field(default_factory=dict)

    @property
    def login(self) -> str:
        return f"sa-{self.org_id}-{self.name.lower().replace(' ', '-')}"


@dataclasses.dataclass
class Token:
    """C(account): 0 for a legacy API key, which has a role of its own."""

    id: int
    account: int
    org_id: int
    name: str
    digest: str
    created: float
    expires: float | None
    usable_at: float
    role: str = ""
    last_used: float | None = None
    revoked: bool = False


@dataclasses.dataclass
class Identity:
    """Who a request comes from. C(user) is empty for tokens."""

    org_id: int
    role: str
    permissions: Permissions
    user: str = ""
    account: Account | None = None


@dataclasses.dataclass
class Settings:
    """C(propagation_delay): seconds until a new token works. C(clock_offset): seconds that this server is ahead."""

    version: str = "12.1"
    propagation_delay: float = 0.0
    last_used_interval: float = 300.0
    last_used_delay: float = 0.02
    accept_anything: bool = False
    permissions_endpoint: bool = True
    service_accounts: bool = True
    api_key_max_seconds_to_live: int = -1
    token_expiration_day_limit: int = 0
    clock_offset: float = 0.0
    hide_version: bool = False

    @property
    def release(self) -> tuple[int, int]:
        major, minor = self.version.split(".")
        return int(major), int(minor)


def new_secret() -> str:
    """C(glsa_), 32 random characters, and their CRC-32 in little-endian hexadecimal, as Grafana makes them."""
    body = "glsa_" + "".join(secrets.choice(string.ascii_letters + string.digits) for dummy in range(32))
    return f"{body}_{struct.pack('<I', zlib.crc32(body.encode())).hex()}"


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def stamp(moment: float | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Grafana:
    """State and behaviour, without HTTP. Every public method is called under C(lock)."""

    def __init__(self, admin_user: str, admin_password: str, settings: Settings) -> None:
        self.lock = threading.RLock()
        self.settings = settings
        self.users = {admin_user: admin_password}
        self.orgs = {1: "Main Org.", 2: "Second Org"}
        self.accounts: dict[int, Account] = {}
        self.tokens: dict[int, Token] = {}
        self._account_ids = 1
        self._token_ids = 0

    def now(self) -> float:
        return time.time() + self.settings.clock_offset

    # ---- who ------------------------------------------------------------------------------------------------------

    def authenticate(self, authorization: str, org_header: str) -> Identity:
        org_id = int(org_header) if org_header.isdigit() else 0
        kind, dummy, rest = authorization.partition(" ")
        if kind == "Bearer":
            return self._by_token(rest, org_id)
        if kind == "Basic":
            user, dummy, password = base64.b64decode(rest).decode().partition(":")
            return self._by_token(password, org_id) if user == "api_key" else self._by_password(user, password, org_id)
        if self.settings.accept_anything:
            return Identity(1, "Viewer", _RIGHTS["Viewer"])
        raise Refusal(401, "Unauthorized")

    def _by_password(self, user: str, password: str, org_id: int) -> Identity:
        known = self.users.get(user)
        if known is None or not secrets.compare_digest(known, password):
            raise Refusal(401, "Invalid username or password", "password-auth.failed")
        if org_id and org_id not in self.orgs:
            raise Refusal(401, "Unauthorized")
        return Identity(org_id or 1, "Admin", _RIGHTS["Admin"], user)

    def _by_token(self, secret: str, org_id: int) -> Identity:
        wanted = digest(secret)
        token = next((token for token in self.tokens.values() if token.digest == wanted), None)
        if token is None or token.usable_at > self.now() or not self._knows_legacy(token):
            if self.settings.accept_anything:
                return Identity(1, "Viewer", _RIGHTS["Viewer"])
            raise Refusal(401, "Invalid API key", "api-key.invalid")
        if token.revoked:
            raise Refusal(401, "Revoked API key", "api-key.revoked")
        if token.expires is not None and token.expires <= self.now():
            raise Refusal(401, "Expired API key", "api-key.expired")
        if org_id and org_id != token.org_id:
            raise Refusal(401, "API key does not belong to the requested organization", "api-key.organization-mismatch")
        self._touch(token)
        if not token.account:
            return Identity(token.org_id, token.role, _RIGHTS[token.role])
        account = self.accounts[token.account]
        if account.disabled:
            raise Refusal(401, "Invalid API key", "api-key.invalid")
        return Identity(token.org_id, account.role, {**_RIGHTS[account.role], **account.grants}, account=account)

    def _knows_legacy(self, token: Token) -> bool:
        return bool(token.account) or self.settings.release < (11, 6)

    def _touch(self, token: Token) -> None:
        """Write lastUsedAt, later and only if it is empty or old enough."""
        now = self.now()
        if token.last_used is None or token.last_used < now - self.settings.last_used_interval:
            threading.Timer(self.settings.last_used_delay, setattr, (token, "last_used", now)).start()

    def demand(self, who: Identity, action: str, account: int | None = None) -> None:
        scopes = who.permissions.get(action)
        wide = scopes is not None and (account is None or "serviceaccounts:*" in scopes)
        if not wide and f"serviceaccounts:id:{account}" not in (scopes or ()):
            message = f"You'll need additional permissions to perform this action. Permissions needed: {action}"
            raise Refusal(403, message, accessErrorId="ACE0000000000", title="Access denied")

    # ---- service accounts -----------------------------------------------------------------------------------------

    def described(self, account: Account, profile: bool = False) -> dict[str, t.Any]:
        said: dict[str, t.Any] = {
            "id": account.id,
            "name": account.name,
            "login": account.login,
            "orgId": account.org_id,
            "isDisabled": account.disabled,
            "role": account.role,
            "tokens": sum(token.account == account.id for token in self.tokens.values()),
            "avatarUrl": "/avatar/" + hashlib.md5(account.login.encode(), usedforsecurity=False).hexdigest(),
        }
        if self.settings.release >= (11, 3):
            said["uid"] = account.uid
        if profile:
            said.update(createdAt=stamp(self.now()), updatedAt=stamp(self.now()), teams=[])
        return said

    def account(self, who: Identity, account_id: int, action: str) -> Account:
        self.demand(who, action, account_id)
        account = self.accounts.get(account_id)
        if account is None or account.org_id != who.org_id:
            raise Refusal(404, "service account not found", "serviceaccounts.ErrNotFound")
        return account

    def search(self, who: Identity, query: str, page: int, size: int) -> dict[str, t.Any]:
        self.demand(who, "serviceaccounts:read")
        found = [one for one in self.accounts.values() if one.org_id == who.org_id and query.lower() in one.name.lower()]
        shown = found[(page - 1) * size : page * size]
        accounts = [self.described(one) for one in shown]
        return {"totalCount": len(found), "serviceAccounts": accounts, "page": page, "perPage": size}

    def create_account(self, who: Identity, name: str, role: str, disabled: bool = False) -> Account:
        self.demand(who, "serviceaccounts:create")
        if role not in _RANK or (role == "None" and self.settings.release < (10, 2)):
            raise Refusal(400, "invalid role specified", "serviceaccounts.ErrInvalidInput")
        if _RANK.index(role) > _RANK.index(who.role):
            raise Refusal(403, "role is above the caller's", "serviceaccounts.ErrRoleForbidden")
        if any(one.name == name and one.org_id == who.org_id for one in self.accounts.values()):
            raise Refusal(400, "service account already exists", "serviceaccounts.ErrAlreadyExists")
        self._account_ids += 1
        account = Account(self._account_ids, "f" + secrets.token_hex(6), name, role, who.org_id, disabled)
        self.accounts[account.id] = account
        return account

    def delete_account(self, account: Account) -> None:
        del self.accounts[account.id]
        self.tokens = {key: token for key, token in self.tokens.items() if token.account != account.id}

    # ---- tokens ---------------------------------------------------------------------------------------------------

    def listed(self, account: Account) -> list[dict[str, t.Any]]:
        return [self._listed(token) for token in self.tokens.values() if token.account == account.id]

    def _listed(self, token: Token) -> dict[str, t.Any]:
        left = 0.0 if token.expires is None else token.expires - self.now()
        return {
            "id": token.id,
            "name": token.name,
            "created": stamp(token.created),
            "lastUsedAt": stamp(token.last_used),
            "expiration": stamp(token.expires),
            "secondsUntilExpiration": left if 0 < left <= 7 * 86400 else 0,
            "hasExpired": token.expires is not None and left <= 0,
            "isRevoked": token.revoked,
        }

    def create_token(self, org_id: int, account: int, name: str, lifetime: int, role: str = "") -> tuple[Token, str]:
        self._check_lifetime(lifetime, legacy=not account)
        if any(token.name == name and token.org_id == org_id for token in self.tokens.values()):
            if not account:
                raise Refusal(409, "API key, organization ID and name must be unique")
            message = "service account token with given name already exists in the organization"
            raise Refusal(409 if self.settings.release < (10, 0) else 400, message, "serviceaccounts.ErrTokenAlreadyExists")
        secret = new_secret()
        if not account:
            packed = json.dumps({"k": secrets.token_hex(16), "n": name, "id": org_id}, separators=(",", ":"))
            secret = base64.b64encode(packed.encode()).decode()
        self._token_ids += 1
        now = self.now()
        expires = now + lifetime if lifetime else None
        usable = now + self.settings.propagation_delay
        token = Token(self._token_ids, account, org_id, name, digest(secret), now, expires, usable, role)
        self.tokens[token.id] = token
        return token, secret

    def _check_lifetime(self, lifetime: int, legacy: bool) -> None:
        longest, days = self.settings.api_key_max_seconds_to_live, self.settings.token_expiration_day_limit
        if lifetime < 0:
            raise Refusal(400, "invalid SecondsToLive value", "serviceaccounts.ErrInvalidInput")
        if longest >= 0 and lifetime == 0:
            raise Refusal(400, "Number of seconds before expiration should be set")
        if 0 <= longest < lifetime:
            raise Refusal(400, "Number of seconds before expiration is greater than the global limit")
        if days and not legacy and not 0 < lifetime <= days * 86400:
            text = "The expiration date input exceeds the limit for service account access tokens expiration date"
            raise Refusal(400, text, plain=True)

    def delete_token(self, account: Account, token_id: int) -> None:
        token = self.tokens.get(token_id)
        if token is None or token.account != account.id:
            raise Refusal(404, "service account token not found", "serviceaccounts.ErrTokenNotFound")
        del self.tokens[token_id]

    # ---- legacy API keys ------------------------------------------------------------------------------------------

    def listed_keys(self, org_id: int, expired_too: bool) -> list[dict[str, t.Any]]:
        """With lastUsedAt from 10 on, and without what is empty, as Go's omitempty has it."""
        keys = [token for token in self.tokens.values() if not token.account and token.org_id == org_id]
        shown = [
            {
                "id": key.id,
                "name": key.name,
                "role": key.role,
                "expiration": stamp(key.expires),
                "lastUsedAt": stamp(key.last_used) if self.settings.release >= (10, 0) else None,
            }
            for key in keys
            if expired_too or key.expires is None or key.expires > self.now()
        ]
        return [{name: value for name, value in key.items() if value is not None} for key in shown]

    def convert(self, key: Token) -> None:
        """Make an API key the token of a service account of its own; number, name and secret stay."""
        self._account_ids += 1
        name = f"sa-autogen-{key.name}"
        account = Account(self._account_ids, "f" + secrets.token_hex(6), name, key.role, key.org_id)
        self.accounts[account.id] = account
        key.account, key.role = account.id, ""

    def upgraded(self) -> None:
        """What a new release does when it starts: since 11.6, convert all API keys."""
        if self.settings.release >= (11, 6):
            for token in self.tokens.values():
                if not token.account:
                    self.convert(token)

    # ---- the others -----------------------------------------------------------------------------------------------

    def user(self, who: Identity) -> dict[str, t.Any]:
        if who.account is None and not who.user:
            raise Refusal(
                *((404, "user not found") if self.settings.release < (10, 0) else (403, "Endpoint only available for users"))
            )
        if who.account is None:
            return {
                "id": 1,
                "uid": "u000000000001",
                "login": who.user,
                "name": who.user,
                "orgId": who.org_id,
                "isGrafanaAdmin": True,
            }
        release, account = self.settings.release, who.account
        if release < (10, 0):
            return {"id": account.id, "login": account.login, "name": account.name, "orgId": account.org_id}
        if release < (11, 2):
            raise Refusal(403, "Endpoint only available for users")
        uid = account.uid if release >= (12, 0) else account.id
        return {
            "id": 0,
            "uid": f"service-account:{uid}",
            "login": account.login,
            "name": account.name,
            "orgId": account.org_id,
            "isGrafanaAdmin": False,
        }

    def state(self) -> dict[str, t.Any]:
        return {
            "accounts": [dataclasses.asdict(account) for account in self.accounts.values()],
            "tokens": [dataclasses.asdict(token) for token in self.tokens.values()],
            "orgs": self.orgs,
            "settings": dataclasses.asdict(self.settings),
        }


@dataclasses.dataclass
class Fault:
    """What goes wrong with the next C(times) requests whose method and path match.

    C(kind): a status (429, 500, 502, 503, 504), C(reset) before the effect, C(lost) after it, C(slow), C(truncated),
    C(malformed), C(html) (a login page with status 200), C(redirect).
    """

    kind: str
    method: str = ".*"
    path: str = ".*"
    times: int = 1
    retry_after: str = ""
    seconds: float = 0.0

    @property
    def reaches_us(self) -> bool:
        """Whether the request still has its effect."""
        return self.kind in ("slow", "lost", "truncated", "malformed")

    def concerns(self, method: str, path: str) -> bool:
        return self.times > 0 and bool(re.fullmatch(self.method, method)) and bool(re.fullmatch(self.path, path))


class Api:
    """Routes and counters."""

    def __init__(self, grafana: Grafana) -> None:
        self.grafana = grafana
        self.faults: list[Fault] = []
        self.requests: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        account = r"/api/serviceaccounts/(\d+)"
        self._routes: list[tuple[str, str, t.Callable[..., tuple[int, t.Any]]]] = [
            ("GET", "/api/org", self._org),
            ("GET", "/api/orgs/name/([^/]+)", self._org_by_name),
            ("POST", "/api/orgs", self._create_org),
            ("GET", "/api/user", self._user),
            ("GET", "/api/access-control/user/permissions", self._permissions),
            ("GET", "/api/search", self._data),
            ("GET", "/api/dashboards/home", self._data),
            ("GET", "/api/serviceaccounts/search", self._search),
            ("POST", "/api/serviceaccounts", self._create_account),
            ("GET", account, self._account),
            ("PATCH", account, self._update_account),
            ("DELETE", account, self._delete_account),
            ("GET", account + "/tokens", self._tokens),
            ("POST", account + "/tokens", self._create_token),
            ("DELETE", account + r"/tokens/(\d+)", self._delete_token),
            ("POST", r"/api/serviceaccounts/migrate", self._convert),
            ("POST", r"/api/serviceaccounts/migrate/(\d+)", self._convert),
            ("GET", "/api/auth/keys", self._keys),
            ("POST", "/api/auth/keys", self._create_key),
            ("DELETE", r"/api/auth/keys/(\d+)", self._delete_key),
        ]

    def answer(self, method: str, path: str, query: dict[str, str], headers: t.Any, body: t.Any) -> tuple[int, t.Any]:
        with self.grafana.lock:
            self.requests[f"{method} {re.sub('[0-9]+', '*', path)}"] += 1
            if (method, path) == ("GET", "/api/health"):
                said = {"database": "ok"}
                return 200, said if self.grafana.settings.hide_version else {
                    **said,
                    "version": self.grafana.settings.version + ".0",
                }
            try:
                who = self.grafana.authenticate(headers.get("Authorization", ""), headers.get("X-Grafana-Org-Id", ""))
                return self._route(method, path, who, query, body)
            except Refusal as refusal:
                if refusal.status == 401:
                    self.refused[path] += 1
                return refusal.status, self._told(refusal)

    def _told(self, refusal: Refusal) -> t.Any:
        if refusal.plain:
            return refusal.message
        said = {"message": refusal.message, **refusal.more}
        if refusal.message_id and self.grafana.settings.release >= (10, 0):
            said.update(messageId=refusal.message_id, statusCode=refusal.status, traceID="")
        return said

    def _route(self, method: str, path: str, who: Identity, query: dict[str, str], body: t.Any) -> tuple[int, t.Any]:
        if path.startswith("/api/serviceaccounts") and not self.grafana.settings.service_accounts:
            raise Refusal(404, "Not found")
        for verb, pattern, serve in self._routes:
            match = re.fullmatch(pattern, path)
            if verb == method and match:
                numbers = [int(part) if part.isdigit() else unquote(part) for part in match.groups()]
                return serve(who, *numbers, query=query, body=body if isinstance(body, dict) else {})
        raise Refusal(404, "Not found")

    def _org(self, who: Identity, **dummy: t.Any) -> tuple[int, t.Any]:
        self.grafana.demand(who, "orgs:read")
        return 200, {"id": who.org_id, "name": self.grafana.orgs[who.org_id], "address": {}}

    def _org_by_name(self, who: Identity, name: str, **dummy: t.Any) -> tuple[int, t.Any]:
        if not who.user:
            raise Refusal(403, "You'll need additional permissions to perform this action. Permissions needed: orgs:read")
        found = [number for number, title in self.grafana.orgs.items() if title == name]
        if not found:
            raise Refusal(404, "Organization not found")
        return 200, {"id": found[0], "name": name, "address": {}}

    def _create_org(self, who: Identity, body: dict[str, t.Any], **dummy: t.Any) -> tuple[int, t.Any]:
        if not who.user:
            raise Refusal(403, "You'll need additional permissions to perform this action. Permissions needed: orgs:create")
        if body["name"] in self.grafana.orgs.values():
            raise Refusal(409, "Organization name taken")
        number = max(self.grafana.orgs) + 1
        self.grafana.orgs[number] = body["name"]
        return 200, {"message": "Organization created", "orgId": number}

    def _user(self, who: Identity, **dummy: t.Any) -> tuple[int, t.Any]:
        return 200, self.grafana.user(who)

    def _permissions(self, who: Identity, **dummy: t.Any) -> tuple[int, t.Any]:
        if not self.grafana.settings.permissions_endpoint:
            raise Refusal(404, "Not found")
        return 200, who.permissions

    def _data(self, who: Identity, **dummy: t.Any) -> tuple[int, t.Any]:
        self.grafana.demand(who, "dashboards:read")
        return 200, [{"id": 1, "uid": "home", "title": "Home", "type": "dash-db"}]

    def _search(self, who: Identity, query: dict[str, str], **dummy: t.Any) -> tuple[int, t.Any]:
        page, size = int(query.get("page", 1)), int(query.get("perpage", 1000))
        return 200, self.grafana.search(who, query.get("query", ""), page, size)

    def _create_account(self, who: Identity, body: dict[str, t.Any], **dummy: t.Any) -> tuple[int, t.Any]:
        account = self.grafana.create_account(who, body["name"], body.get("role", "Viewer"), bool(body.get("isDisabled")))
        return 201, self.grafana.described(account)

    def _account(self, who: Identity, account_id: int, **dummy: t.Any) -> tuple[int, t.Any]:
        return 200, self.grafana.described(self.grafana.account(who, account_id, "serviceaccounts:read"), profile=True)

    def _update_account(self, who: Identity, account_id: int, body: dict[str, t.Any], **dummy: t.Any) -> tuple[int, t.Any]:
        account = self.grafana.account(who, account_id, "serviceaccounts:write")
        account.name, account.role = body.get("name", account.name), body.get("role", account.role)
        account.disabled = body.get("isDisabled", account.disabled)
        said = self.grafana.described(account, profile=True)
        return 200, {"message": "Service account updated", "id": account.id, "name": account.name, "serviceaccount": said}

    def _delete_account(self, who: Identity, account_id: int, **dummy: t.Any) -> tuple[int, t.Any]:
        self.grafana.delete_account(self.grafana.account(who, account_id, "serviceaccounts:delete"))
        return 200, {"message": "Service account deleted"}

    def _tokens(self, who: Identity, account_id: int, **dummy: t.Any) -> tuple[int, t.Any]:
        return 200, self.grafana.listed(self.grafana.account(who, account_id, "serviceaccounts:read"))

    def _create_token(self, who: Identity, account_id: int, body: dict[str, t.Any], **dummy: t.Any) -> tuple[int, t.Any]:
        account = self.grafana.account(who, account_id, "serviceaccounts:write")
        lifetime = int(body.get("secondsToLive") or 0)
        token, secret = self.grafana.create_token(account.org_id, account.id, body["name"], lifetime)
        return 200, {"id": token.id, "name": token.name, "key": secret}

    def _delete_token(self, who: Identity, account_id: int, token_id: int, **dummy: t.Any) -> tuple[int, t.Any]:
        self.grafana.delete_token(self.grafana.account(who, account_id, "serviceaccounts:write"), token_id)
        old = self.grafana.settings.release < (10, 0)
        return 200, {"message": "API key deleted" if old else "Service account token deleted"}

    # ---- legacy API keys ------------------------------------------------------------------------------------------

    def _legacy(self, who: Identity, action: str) -> None:
        if self.grafana.settings.release >= (12, 1):
            raise Refusal(404, "Not found")
        self.grafana.demand(who, action)

    def _keys(self, who: Identity, query: dict[str, str], **dummy: t.Any) -> tuple[int, t.Any]:
        self._legacy(who, "apikeys:read")
        return 200, self.grafana.listed_keys(who.org_id, query.get("includeExpired") == "true")

    def _convert(self, who: Identity, key_id: int = 0, **dummy: t.Any) -> tuple[int, t.Any]:
        """All keys of the organization, or one. An unknown number is answered with success, as Grafana does."""
        if not (9, 1) <= self.grafana.settings.release < (12, 1):
            raise Refusal(404, "Not found")
        self.grafana.demand(who, "serviceaccounts:write", 0)
        keys = [token for token in self.grafana.tokens.values() if not token.account and token.org_id == who.org_id]
        if key_id and not keys:
            raise Refusal(500, "Error converting API key")
        for key in keys:
            if not key_id or key.id == key_id:
                self.grafana.convert(key)
        return 200, {"message": "Service accounts migrated" if key_id else "API keys migrated to service accounts"}

    def _create_key(self, who: Identity, body: dict[str, t.Any], **dummy: t.Any) -> tuple[int, t.Any]:
        self._legacy(who, "apikeys:create")
        if self.grafana.settings.release >= (11, 3):
            raise Refusal(410, _GONE)
        lifetime = int(body.get("secondsToLive") or 0)
        token, secret = self.grafana.create_token(who.org_id, 0, body["name"], lifetime, body.get("role", "Viewer"))
        return 200, {"id": token.id, "name": token.name, "key": secret}

    def _delete_key(self, who: Identity, key_id: int, **dummy: t.Any) -> tuple[int, t.Any]:
        self._legacy(who, "apikeys:delete")
        key = self.grafana.tokens.get(key_id)
        if key is None or key.account or key.org_id != who.org_id:
            raise Refusal(404, "API key not found")
        del self.grafana.tokens[key_id]
        return 200, {"message": "API key deleted"}

    # ---- the tests' side door -------------------------------------------------------------------------------------

    def fault_for(self, method: str, path: str) -> Fault | None:
        with self.grafana.lock:
            fault = next((one for one in self.faults if one.concerns(method, path)), None)
            if fault:
                fault.times -= 1
                if not fault.reaches_us:
                    self.requests[f"{method} {re.sub('[0-9]+', '*', path)}"] += 1
            return fault

    def side_door(self, path: str, body: t.Any) -> t.Any:
        with self.grafana.lock:
            if path == "/__test__/fault":
                self.faults.append(Fault(**body))
            elif path == "/__test__/calm":
                self.faults.clear()
            elif path == "/__test__/settings":
                self.grafana.settings = dataclasses.replace(self.grafana.settings, **body)
                self.grafana.upgraded()
            elif path == "/__test__/grant":
                self.grafana.accounts[body["account"]].grants = body["permissions"]
            elif path == "/__test__/token":
                vars(self.grafana.tokens[body.pop("id")]).update(body)
            return {**self.grafana.state(), "requests": self.requests, "refused": self.refused}


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with keep-alive; answers and faults."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    api: t.ClassVar[Api]

    def log_message(self, format: str, *args: t.Any) -> None:
        """Nothing: a log is one more place for secrets."""

    def serve(self) -> None:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw else None
        if parts.path.startswith("/__test__/"):
            self._send(200, self.api.side_door(parts.path, body))
            return
        fault = self.api.fault_for(self.command, parts.path)
        if fault and self._failed_before(fault):
            return
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        status, payload = self.api.answer(self.command, parts.path, query, self.headers, body)
        if fault and fault.kind != "slow":
            self._fail_after(fault, status, payload)
        else:
            self._send(status, payload)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve

    def _failed_before(self, fault: Fault) -> bool:
        """Faults that keep the request from having an effect."""
        if fault.kind.isdigit():
            self._send(int(fault.kind), {"message": "on purpose"}, {"Retry-After": fault.retry_after})
        elif fault.kind == "html":
            self._send(200, "<html><body>Please log in</body></html>")
        elif fault.kind == "redirect":
            self._send(302, {}, {"Location": "http://user:word@elsewhere.example.com/login?next=secret"})
        elif fault.kind == "reset":
            self._reset()
        else:
            time.sleep(fault.seconds)
            return False
        return True

    def _fail_after(self, fault: Fault, status: int, payload: t.Any) -> None:
        content = json.dumps(payload).encode()
        if fault.kind == "lost":
            self._reset()
        elif fault.kind == "malformed":
            self._write(status, content[: len(content) // 2], len(content) // 2)
        else:
            self._write(status, content[: len(content) // 2], len(content))
            self.close_connection = True

    def _reset(self) -> None:
        """End the connection with RST instead of an answer."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _send(self, status: int, payload: t.Any, headers: dict[str, str] | None = None) -> None:
        plain = isinstance(payload, str)
        content = payload.encode() if plain else json.dumps(payload).encode()
        self._write(status, content, len(content), headers, "text/html; charset=utf-8" if plain else "application/json")

    def _write(
        self, status: int, content: bytes, length: int, headers: dict[str, str] | None = None, kind: str = "application/json"
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        for name, value in (headers or {}).items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """A client that hangs up is no news; a bug in the stand-in is, and its traceback holds no secret."""
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handle_error(request, client_address)


def main() -> None:
    start = json.loads(sys.stdin.readline())
    grafana = Grafana(start["admin_user"], start["admin_password"], Settings(**start["settings"]))
    Handler.api = Api(grafana)
    server = Server(("127.0.0.1", start.get("port", 0)), Handler)
    threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


def _end_with_parent(server: Server) -> None:
    """Standard input ends when the parent does, however it dies."""
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
