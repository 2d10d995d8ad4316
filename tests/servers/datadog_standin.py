# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Datadog's key management: API keys, application keys of users and service accounts, and logins with them.

Datadog cannot be installed. This one imitates it after its API description and after the recorded traffic in the tests of its Python
client, to which C(tests/real/test_datadog_contract.py) holds it. State and behaviour only; C(datadog.py) puts it behind HTTP.
"""

from __future__ import annotations

import dataclasses
import secrets
import threading
import time
import typing as t
import uuid
from datetime import datetime, timezone
from urllib.parse import unquote

Answer = t.Tuple[int, t.Any]
_USE = "Timestamp of when this key was last used in the past ninety (90) days, null if no recent usage"
_DAY = 86400
_RIGHTS = frozenset(
    {"api_keys_read", "api_keys_write", "api_keys_delete", "user_app_keys", "org_app_keys_read", "org_app_keys_write"}
    | {"service_account_write"}
)


class Refusal(Exception):
    """An error answer: C({"errors": [message]})."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclasses.dataclass
class Settings:
    """What differs from organization to organization, or from one moment to the next.

    C(propagation_delay): seconds until a new key logs in. C(one_time_read): no application key is ever shown again.
    C(validate_v2): whether the preview call is there. C(tells_use): whether listings have dates of last use at all.
    C(rate_limit): requests allowed in C(rate_period) seconds; 0 is no limit. C(accept_anything): some proxy logs everybody in.
    """

    max_allowed: int = 200
    max_allowed_per_user: int = 1000
    propagation_delay: float = 0.0
    one_time_read: bool = True
    validate_v2: bool = True
    tells_use: bool = True
    older: bool = False
    rate_limit: int = 0
    rate_period: int = 60
    accept_anything: bool = False


@dataclasses.dataclass
class Key:
    """C(owner): the user of an application key; empty for an API key. The value is kept, because Datadog keeps it."""

    id: str
    name: str
    value: str
    owner: str
    maker: str
    created: float
    usable_at: float
    scopes: list[str] | None = None
    category: str = "default"
    remote_config: bool = True
    last_used: float | None = None


@dataclasses.dataclass
class User:
    id: str
    name: str
    service_account: bool
    rights: frozenset[str] = _RIGHTS


def stamp(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="microseconds")


class Datadog:
    """One organization. Every public method is called under C(lock)."""

    def __init__(self, **settings: t.Any) -> None:
        self.lock = threading.RLock()
        self.settings = Settings(**settings)
        self.org = str(uuid.uuid4())
        self.users: dict[str, User] = {}
        self.keys: dict[str, Key] = {}
        self._window: list[float] = []

    # ---- set up by tests --------------------------------------------------------------------------------------------

    def add_user(self, name: str, service_account: bool = False, rights: t.Iterable[str] = _RIGHTS) -> str:
        user = User(str(uuid.uuid4()), name, service_account, frozenset(rights))
        self.users[user.id] = user
        return user.id

    def add_key(self, name: str, owner: str = "", **more: t.Any) -> Key:
        """C(owner): empty for an API key."""
        now = time.time()
        value = secrets.token_hex(20 if owner else 16)
        usable = now + self.settings.propagation_delay
        key = Key(str(uuid.uuid4()), name, value, owner, owner or next(iter(self.users)), now, usable, **more)
        self.keys[key.id] = key
        return key

    def holds(self, value: str) -> bool:
        """Is this one of its API keys? That decides which organization a request is for."""
        with self.lock:
            return any(key.value == value and not key.owner for key in self.keys.values())

    # ---- who ------------------------------------------------------------------------------------------------------

    def _by_value(self, value: str, api: bool) -> Key | None:
        now = time.time()
        found = (key for key in self.keys.values() if key.value == value and bool(key.owner) != api and key.usable_at <= now)
        key = next(found, None)
        if key is not None:
            key.last_used = now
        return key

    def login(self, headers: t.Mapping[str, str]) -> tuple[Key, User, frozenset[str]]:
        """The API key, and whoever the application key belongs to with what it may do.

        :raises Refusal: either does not log in. Datadog does not say which.
        """
        api, app = (
            self._by_value(headers.get("dd-api-key", ""), True),
            self._by_value(headers.get("dd-application-key", ""), False),
        )
        if api is None or app is None:
            raise Refusal(403, "Forbidden")
        user = self.users[app.owner]
        return api, user, user.rights if app.scopes is None else user.rights & frozenset(app.scopes)

    # ---- requests -------------------------------------------------------------------------------------------------

    def answer(self, method: str, path: str, query: t.Mapping[str, str], headers: t.Mapping[str, str], body: t.Any) -> Answer:
        """Status and payload (None: an empty body)."""
        with self.lock:
            try:
                if path.startswith("/api/") and "validate" in path:
                    return self._validate(path, headers)
                return self._manage(method, path, query, headers, body)
            except Refusal as refusal:
                return refusal.status, {"errors": [refusal.message]}

    def _validate(self, path: str, headers: t.Mapping[str, str]) -> Answer:
        if self.settings.accept_anything:
            return 200, {"valid": True, "status": "ok", "data": self._validated("")}
        if path == "/api/v2/validate_keys":
            self.login(headers)
            return 200, {"status": "ok"}
        if path not in ("/api/v1/validate", "/api/v2/validate") or (path == "/api/v2/validate" and not self.settings.validate_v2):
            raise Refusal(404, "Not found")
        key = self._by_value(headers.get("dd-api-key", ""), True)
        if key is None:
            raise Refusal(403, "Forbidden")
        return 200, {"valid": True} if path == "/api/v1/validate" else {"data": self._validated(key.id)}

    def _validated(self, key_id: str) -> dict[str, t.Any]:
        attributes = {"valid": True, "api_key_id": key_id, "api_key_scopes": []}
        return {"id": self.org, "type": "validate_v2", "attributes": attributes}

    def _manage(self, method: str, path: str, query: t.Mapping[str, str], headers: t.Mapping[str, str], body: t.Any) -> Answer:
        dummy, user, rights = self.login(headers)
        parts = [unquote(part) for part in path.strip("/").split("/")]
        if parts[:3] == ["api", "v2", "api_keys"]:
            return self._serve(method, parts[3:], query, body, user, rights, "")
        if parts[:4] == ["api", "v2", "current_user", "application_keys"]:
            return self._serve(method, parts[4:], query, body, user, rights, user.id)
        if parts[:3] == ["api", "v2", "service_accounts"] and parts[4:5] == ["application_keys"]:
            owner = self.users.get(parts[3])
            if owner is None or not owner.service_account:
                raise Refusal(404, "User not found")
            return self._serve(method, parts[5:], query, body, user, rights, owner.id)
        raise Refusal(404, "Not found")

    def _serve(
        self,
        method: str,
        rest: list[str],
        query: t.Mapping[str, str],
        body: t.Any,
        user: User,
        rights: frozenset[str],
        owner: str,
    ) -> Answer:
        self._demand(method, user, rights, owner)
        if method == "GET" and not rest:
            return 200, self._listing(owner, query)
        if method == "POST" and not rest:
            return 201, {"data": self._described(self._create(owner, user, body), fresh=True)}
        key = self.keys.get(rest[0]) if len(rest) == 1 else None
        if key is None or key.owner != owner:
            raise Refusal(404, "Application key not found" if owner else "API key not found")
        if method == "GET":
            return 200, {
                "data": self._described(key, shown=self._is_shown(key, user), read=True, ownerless=owner not in ("", user.id))
            }
        if method == "PATCH":
            key.name = str(body["data"]["attributes"]["name"])
            return 200, {"data": self._described(key, shown=not owner)}
        if method == "DELETE":
            del self.keys[key.id]
            return 204, None
        raise Refusal(405, "Method Not Allowed")

    def _demand(self, method: str, user: User, rights: frozenset[str], owner: str) -> None:
        if not owner:
            needed = {"GET": "api_keys_read", "DELETE": "api_keys_delete"}.get(method, "api_keys_write")
        else:
            needed = "user_app_keys" if owner == user.id else "service_account_write"
        if needed not in rights:
            raise Refusal(403, "Forbidden")

    def _is_shown(self, key: Key, user: User) -> bool:
        return not key.owner or (key.owner == user.id and not self.settings.one_time_read)

    def _create(self, owner: str, user: User, body: t.Any) -> Key:
        data = body.get("data") if isinstance(body, dict) else None
        wanted = "application_keys" if owner else "api_keys"
        if not isinstance(data, dict) or data.get("type") != wanted or not isinstance(data.get("attributes"), dict):
            raise Refusal(400, f"body.data.type should be equal to {wanted}")
        said = dict(data["attributes"])
        name = said.pop("name", "")
        unknown = set(said) - ({"scopes"} if owner else {"category", "remote_config_read_enabled"})
        if not isinstance(name, str) or not name or unknown:
            raise Refusal(400, "Invalid request")
        mine = [key for key in self.keys.values() if key.owner == owner]
        most = self.settings.max_allowed_per_user if owner else self.settings.max_allowed
        if len(mine) >= most:
            raise Refusal(400, "Maximum number of keys reached")
        if not owner and any(key.name == name for key in mine):
            raise Refusal(409, "API key with this name already exists")
        key = self.add_key(name, owner)
        key.maker = user.id
        key.scopes = said.get("scopes")
        key.category = said.get("category", "default")
        key.remote_config = said.get("remote_config_read_enabled", True)
        return key

    def _listing(self, owner: str, query: t.Mapping[str, str]) -> dict[str, t.Any]:
        size, number = int(query.get("page[size]", 10)), int(query.get("page[number]", 0))
        if not 0 < size <= 100 or number < 0:
            raise Refusal(400, "page[size] should be between 1 and 100")
        found = [key for key in self.keys.values() if key.owner == owner and query.get("filter", "") in key.name]
        found.sort(key=lambda key: key.name)
        rows = [self._described(key, read=True, ownerless=True) for key in found[number * size : (number + 1) * size]]
        quota = (
            {"max_allowed_per_user": self.settings.max_allowed_per_user} if owner else {"max_allowed": self.settings.max_allowed}
        )
        return {"data": rows, "meta": {"page": {"total_filtered_count": len(found)}, **quota}}

    # ---- how keys are shown -----------------------------------------------------------------------------------------

    def _described(
        self, key: Key, fresh: bool = False, shown: bool = False, read: bool = False, ownerless: bool = False
    ) -> dict[str, t.Any]:
        """C(fresh): just made, with its value. C(read): looked at, with its last use. C(ownerless): listings, and looks at a
        service account's key, do not name the owner."""
        attributes: dict[str, t.Any] = {"created_at": stamp(key.created), "last4": key.value[-4:], "name": key.name}
        if fresh or shown:
            attributes["key"] = key.value
        describe = self._application_key if key.owner else self._api_key
        attributes.update(describe(key, read and self.settings.tells_use))
        leak = {"leak_information": {"data": None}}
        if not key.owner:
            maker = {"data": {"type": "users", "id": key.maker}}
            return {
                "type": "api_keys",
                "id": key.id,
                "attributes": attributes,
                "relationships": {"created_by": maker, "modified_by": maker, **leak},
            }
        owner = {} if ownerless else {"owned_by": {"data": {"type": "users", "id": key.owner}}}
        return {"type": "application_keys", "id": key.id, "attributes": attributes, "relationships": {**owner, **leak}}

    def _api_key(self, key: Key, use: bool) -> dict[str, t.Any]:
        said: dict[str, t.Any] = {"modified_at": stamp(key.created)}
        if not self.settings.older:
            said.update(remote_config_read_enabled=key.remote_config, category=key.category)
        if use:
            recent = key.last_used is not None and time.time() - key.last_used < _DAY
            said.update(date_last_used=stamp(key.last_used), used_in_last_24_hours=recent)
            said.update(last_used_date={"timestamp": stamp(key.last_used), "description": _USE})
        return said

    def _application_key(self, key: Key, use: bool) -> dict[str, t.Any]:
        said: dict[str, t.Any] = {"scopes": key.scopes}
        if use:
            said["last_used_at"] = stamp(key.last_used)
        return said

    # ---- limits and looking in --------------------------------------------------------------------------------------

    def limited(self) -> tuple[bool, dict[str, str]]:
        """Count one request: whether it is one too many, and the headers that every answer has where there is a limit."""
        with self.lock:
            limit, period, now = self.settings.rate_limit, self.settings.rate_period, time.time()
            if not limit:
                return False, {}
            self._window = [moment for moment in self._window if moment > now - period]
            over = len(self._window) >= limit
            if not over:
                self._window.append(now)
            reset = round(self._window[0] + period - now) if self._window else period
            return over, {
                "X-RateLimit-Limit": str(limit),
                "X-RateLimit-Period": str(period),
                "X-RateLimit-Remaining": str(limit - len(self._window)),
                "X-RateLimit-Reset": str(max(1, reset)),
                "X-RateLimit-Name": "key_management",
            }
