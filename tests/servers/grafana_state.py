# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stand-in Grafana remembers and decides, without HTTP: service accounts, tokens, organizations, legacy keys, permissions,
unique names, limits, late lastUsedAt. Versions 9.0 to 13.0, after their sources. Called by C(grafana_standin.py).
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import secrets
import string
import struct
import threading
import time
import typing as t
import zlib
from datetime import datetime, timezone

Permissions = t.Dict[str, t.List[str]]
_ALL_ACCOUNTS = ["serviceaccounts:*"]
_READER: Permissions = {"orgs:read": [""], "dashboards:read": ["dashboards:*"]}
RIGHTS: dict[str, Permissions] = {
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
            return Identity(1, "Viewer", RIGHTS["Viewer"])
        raise Refusal(401, "Unauthorized")

    def _by_password(self, user: str, password: str, org_id: int) -> Identity:
        known = self.users.get(user)
        if known is None or not secrets.compare_digest(known, password):
            raise Refusal(401, "Invalid username or password", "password-auth.failed")
        if org_id and org_id not in self.orgs:
            raise Refusal(401, "Unauthorized")
        return Identity(org_id or 1, "Admin", RIGHTS["Admin"], user)

    def _by_token(self, secret: str, org_id: int) -> Identity:
        wanted = digest(secret)
        token = next((token for token in self.tokens.values() if token.digest == wanted), None)
        if token is None or token.usable_at > self.now() or not self._knows_legacy(token):
            if self.settings.accept_anything:
                return Identity(1, "Viewer", RIGHTS["Viewer"])
            raise Refusal(401, "Invalid API key", "api-key.invalid")
        if token.revoked:
            raise Refusal(401, "Revoked API key", "api-key.revoked")
        if token.expires is not None and token.expires <= self.now():
            raise Refusal(401, "Expired API key", "api-key.expired")
        if org_id and org_id != token.org_id:
            raise Refusal(401, "API key does not belong to the requested organization", "api-key.organization-mismatch")
        self._touch(token)
        if not token.account:
            return Identity(token.org_id, token.role, RIGHTS[token.role])
        account = self.accounts[token.account]
        if account.disabled:
            raise Refusal(401, "Invalid API key", "api-key.invalid")
        return Identity(token.org_id, account.role, {**RIGHTS[account.role], **account.grants}, account=account)

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
