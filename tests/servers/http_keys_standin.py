# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in that plays one of three key APIs, for the worked examples of C(docs/issuers/http_api.md).

C(gitlab): access tokens of GitLab projects; revoked ones stay in the list. C(cloudflare): tokens of Cloudflare accounts; they can be
disabled, by a PUT of the whole token. C(slots): an API without list and names, with two keys for each account that are made anew.
"""

from __future__ import annotations

import abc
import dataclasses
import re
import secrets
import string
import time
import typing as t
from datetime import date, datetime, timezone
from urllib.parse import unquote, urlencode

from ansible_collections.locksmith.rotation.tests.servers.json_standin import Api, Refusal, Reply, Request, digest, run

_DAY = 86400
#: GitLab writes last_used_at at most once in ten minutes (PersonalAccessTokens::LastUsedService).
_LAST_USED_EVERY = 600


@dataclasses.dataclass
class Settings:
    """C(propagation_delay): seconds until a new key works. C(per_page): the longest page. C(clock_offset): seconds ahead.

    C(public): whoever logs in with anything is let in. C(ignore_paging): every page is the first.
    """

    plays: str = "gitlab"
    propagation_delay: float = 0.0
    per_page: int = 100
    clock_offset: float = 0.0
    public: bool = False
    ignore_paging: bool = False


@dataclasses.dataclass
class Key:
    """C(status): active, disabled, or revoked (only remembered). C(slot): empty where keys have ids."""

    id: str
    owner: str
    name: str
    digest: str
    created: float
    usable_at: float
    expires: float | None = None
    status: str = "active"
    last_used: float | None = None
    more: dict[str, t.Any] = dataclasses.field(default_factory=dict)


def stamp(moment: float | None, text: str = "%Y-%m-%dT%H:%M:%SZ") -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, timezone.utc).strftime(text)


def letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for dummy in range(count))


class KeyApi(Api):
    """What the three have in common. C(owners): projects or accounts; an owner is made by the side door."""

    def __init__(self, admin_token: str, settings: Settings) -> None:
        super().__init__()
        self.settings: Settings = settings
        self.admin = digest(admin_token)
        self.owners: set[str] = set()
        self.keys: list[Key] = []
        self.numbers = 1000
        self.routes = self.make_routes()

    @abc.abstractmethod
    def make_routes(self) -> list[tuple[str, str, t.Callable[..., Reply]]]:
        """Method, pattern of the path, and who serves it."""

    @abc.abstractmethod
    def token_in(self, request: Request) -> str:
        """The login in a request, or an empty text."""

    def now(self) -> float:
        return time.time() + self.settings.clock_offset

    def serve(self, request: Request) -> Reply:
        for method, pattern, serve in self.routes:
            match = re.fullmatch(pattern, request.path)
            if method == request.method and match:
                return serve(request, *map(unquote, match.groups()))
        raise Refusal(404, "Not Found")

    def by_admin(self, request: Request, owner: str) -> None:
        """Our own login, for an owner that is there."""
        if digest(self.token_in(request)) != self.admin:
            raise Refusal(401, "Unauthorized")
        if owner not in self.owners:
            raise Refusal(404, "Not Found")

    def by_key(self, secret: str) -> Key:
        """The key that somebody logs in with; disabled ones too."""
        wanted = digest(secret)
        found = next((key for key in self.keys if key.digest == wanted and key.status != "revoked"), None)
        if self.settings.public:
            return found or Key("0", "anybody", "anybody", "", self.now(), 0.0)
        if found is None or found.usable_at > self.now() or (found.expires or self.now() + 1) <= self.now():
            raise Refusal(401, "Unauthorized")
        if found.last_used is None or found.last_used < self.now() - _LAST_USED_EVERY:
            found.last_used = self.now()
        return found

    def make_key(self, key_id: str, owner: str, name: str, secret: str, **more: t.Any) -> Key:
        key = Key(key_id, owner, name, digest(secret), self.now(), self.now() + self.settings.propagation_delay, **more)
        self.keys.append(key)
        return key

    def find(self, owner: str, key_id: str) -> Key:
        for key in self.keys:
            if (key.owner, key.id) == (owner, key_id) and key.status != "revoked":
                return key
        raise Refusal(404, "Not Found")

    def page_of(self, request: Request, found: list[t.Any]) -> tuple[list[t.Any], int, int]:
        """One page, its number and its length."""
        number = int(request.query.get("page") or 1)
        size = min(int(request.query.get("per_page") or 20), self.settings.per_page)
        begin = 0 if self.settings.ignore_paging else (number - 1) * size
        return found[begin : begin + size], number, size

    def state(self) -> dict[str, t.Any]:
        return {"keys": [dataclasses.asdict(key) for key in self.keys]}

    def setup(self, name: str, body: dict[str, t.Any]) -> t.Any:
        if name == "owner":
            self.owners.add(body["name"])
            return {}
        return super().setup(name, body)


class GitLab(KeyApi):
    """Project access tokens, GitLab 17: C(lib/api/resource_access_tokens.rb), C(lib/api/personal_access_tokens/self_information.rb)."""

    def make_routes(self) -> list[tuple[str, str, t.Callable[..., Reply]]]:
        tokens = r"/api/v4/projects/([^/]+)/access_tokens"
        return [
            ("GET", tokens, self._list),
            ("POST", tokens, self._create),
            ("DELETE", tokens + r"/([^/]+)", self._delete),
            ("GET", "/api/v4/personal_access_tokens/self", self._self),
        ]

    def token_in(self, request: Request) -> str:
        return request.headers.get("PRIVATE-TOKEN", "")

    def refused(self, refusal: Refusal) -> Reply:
        return Reply(refusal.status, {"message": f"{refusal.status} {refusal.message}"}, refusal.more.get("headers", {}))

    def _shown(self, key: Key) -> dict[str, t.Any]:
        return {
            "id": int(key.id),
            "name": key.name,
            "revoked": key.status == "revoked",
            "created_at": stamp(key.created, "%Y-%m-%dT%H:%M:%S.123Z"),
            "scopes": key.more["scopes"],
            "user_id": 7,
            "last_used_at": stamp(key.last_used),
            "active": key.status == "active" and (key.expires is None or key.expires > self.now()),
            "expires_at": stamp(key.expires, "%Y-%m-%d"),
            "access_level": key.more["access_level"],
        }

    def _list(self, request: Request, project: str) -> Reply:
        self.by_admin(request, project)
        found = [self._shown(key) for key in self.keys if key.owner == project]
        page, number, size = self.page_of(request, found)
        headers = {"X-Page": str(number), "X-Per-Page": str(size), "X-Total": str(len(found)), "X-Next-Page": ""}
        if number * size < len(found):
            query = urlencode({"page": number + 1, "per_page": size})
            headers["X-Next-Page"] = str(number + 1)
            headers["Link"] = f'<http://{request.headers["Host"]}{request.path}?{query}>; rel="next"'
        return Reply(200, page, headers)

    def _create(self, request: Request, project: str) -> Reply:
        self.by_admin(request, project)
        name, scopes = request.field("name"), request.field("scopes")
        if not name or not scopes:
            raise Refusal(400, "Bad request - name and scopes are required")
        ends = self._day(request.field("expires_at"))
        self.numbers += 1
        secret = "glpat-" + letters(20)
        more = {"scopes": scopes, "access_level": request.field("access_level") or 40}
        key = self.make_key(str(self.numbers), project, name, secret, expires=ends, more=more)
        return Reply(201, {**self._shown(key), "token": secret})

    def _day(self, text: t.Any) -> float:
        """Tokens end at midnight UTC, and within 365 days (default of GitLab's max_personal_access_token_lifetime)."""
        try:
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), timezone.utc).timestamp()
        except (TypeError, ValueError):
            raise Refusal(400, "Bad request - expires_at is invalid") from None
        if not self.now() < day <= self.now() + 366 * _DAY:
            raise Refusal(400, "Bad request - Expiration date must be before the limit")
        return day

    def _delete(self, request: Request, project: str, key_id: str) -> Reply:
        self.by_admin(request, project)
        self.find(project, key_id).status = "revoked"
        return Reply(204)

    def _self(self, request: Request) -> Reply:
        key = self.by_key(self.token_in(request))
        return Reply(200, self._shown(key) if key.more else {"id": 1, "name": "anybody", "active": True})


class Cloudflare(KeyApi):
    """Account-owned tokens, after Cloudflare's API description: an envelope around everything, PUT replaces a whole token."""

    def make_routes(self) -> list[tuple[str, str, t.Callable[..., Reply]]]:
        tokens = r"/client/v4/accounts/([^/]+)/tokens"
        return [
            ("GET", tokens + "/verify", self._verify),
            ("GET", tokens, self._list),
            ("POST", tokens, self._create),
            ("PUT", tokens + r"/([^/]+)", self._update),
            ("DELETE", tokens + r"/([^/]+)", self._delete),
        ]

    def token_in(self, request: Request) -> str:
        kind, dummy, token = request.headers.get("Authorization", "").partition(" ")
        return token if kind == "Bearer" else ""

    def refused(self, refusal: Refusal) -> Reply:
        code, message = {400: (6003, "Invalid request headers"), 401: (1000, "Invalid API Token")}.get(
            refusal.status, (1003, refusal.message)
        )
        return Reply(refusal.status, self._wrapped(None, success=False, errors=[{"code": code, "message": message}]))

    def _wrapped(self, result: t.Any, success: bool = True, **more: t.Any) -> dict[str, t.Any]:
        return {"success": success, "errors": [], "messages": [], "result": result, **more}

    def _shown(self, key: Key) -> dict[str, t.Any]:
        shown = {
            "id": key.id,
            "name": key.name,
            "status": key.status,
            "issued_on": stamp(key.created),
            "policies": key.more["policies"],
        }
        moments = {"expires_on": stamp(key.expires), "last_used_on": stamp(key.last_used)}
        return {**shown, **{name: moment for name, moment in moments.items() if moment}}

    def _list(self, request: Request, account: str) -> Reply:
        self.by_admin(request, account)
        found = [self._shown(key) for key in self.keys if key.owner == account and key.status != "revoked"]
        page, number, size = self.page_of(request, found)
        info = {"page": number, "per_page": size, "count": len(page), "total_count": len(found)}
        return Reply(200, self._wrapped(page, result_info=info))

    def _fields(self, request: Request) -> tuple[str, list[t.Any]]:
        name, policies = request.field("name"), request.field("policies")
        if not name or not isinstance(policies, list) or not policies:
            raise Refusal(422, "name and policies are required")
        return name, policies

    def _create(self, request: Request, account: str) -> Reply:
        self.by_admin(request, account)
        name, policies = self._fields(request)
        ends, secret = request.field("expires_on"), letters(40)
        expires = None if ends is None else datetime.fromisoformat(ends.replace("Z", "+00:00")).timestamp()
        key = self.make_key(secrets.token_hex(16), account, name, secret, expires=expires, more={"policies": policies})
        return Reply(200, self._wrapped({**self._shown(key), "value": secret}))

    def _update(self, request: Request, account: str, key_id: str) -> Reply:
        self.by_admin(request, account)
        key = self.find(account, key_id)
        key.name, key.more["policies"] = self._fields(request)
        if request.field("status") not in ("active", "disabled"):
            raise Refusal(422, "status is unknown")
        key.status = request.field("status")
        return Reply(200, self._wrapped(self._shown(key)))

    def _delete(self, request: Request, account: str, key_id: str) -> Reply:
        self.by_admin(request, account)
        self.find(account, key_id).status = "revoked"
        return Reply(200, self._wrapped({"id": key_id}))

    def _verify(self, request: Request, account: str) -> Reply:
        if not re.fullmatch(r"[A-Za-z0-9_-]{40}", self.token_in(request)):
            raise Refusal(400)
        key = self.by_key(self.token_in(request))
        if key.owner not in (account, "anybody"):
            raise Refusal(401)
        return Reply(200, self._wrapped({"id": key.id, "status": key.status}))


class Slots(KeyApi):
    """Two keys for each account, both empty at first. Nothing is listed."""

    NAMES = ("primary", "secondary")

    def make_routes(self) -> list[tuple[str, str, t.Callable[..., Reply]]]:
        account = r"/v1/accounts/([^/]+)"
        return [
            ("GET", account, self._account),
            ("POST", account + r"/keys/([^/]+)/regenerate", self._regenerate),
            ("DELETE", account + r"/keys/([^/]+)", self._clear),
            ("GET", "/v1/whoami", self._whoami),
        ]

    def token_in(self, request: Request) -> str:
        return request.headers.get("Authorization", "").partition("Bearer ")[2]

    def refused(self, refusal: Refusal) -> Reply:
        return Reply(refusal.status, {"error": refusal.message})

    def _account(self, request: Request, account: str) -> Reply:
        self.by_admin(request, account)
        return Reply(200, {"account": account})

    def _empty(self, request: Request, account: str, slot: str) -> None:
        self.by_admin(request, account)
        if slot not in self.NAMES:
            raise Refusal(404, "no such slot")
        self.keys = [key for key in self.keys if (key.owner, key.id) != (account, slot)]

    def _regenerate(self, request: Request, account: str, slot: str) -> Reply:
        self._empty(request, account, slot)
        secret = letters(32)
        self.make_key(slot, account, slot, secret)
        return Reply(200, {"slot": slot, "key": secret})

    def _clear(self, request: Request, account: str, slot: str) -> Reply:
        self._empty(request, account, slot)
        return Reply(204)

    def _whoami(self, request: Request) -> Reply:
        return Reply(200, {"account": self.by_key(request.headers.get("X-Api-Key", "")).owner})


PLAYS: dict[str, type[KeyApi]] = {"gitlab": GitLab, "cloudflare": Cloudflare, "slots": Slots}


def make(start: dict[str, t.Any]) -> KeyApi:
    settings = Settings(**start["settings"])
    return PLAYS[settings.plays](start["admin_token"], settings)


if __name__ == "__main__":
    run(make)
