# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the Grafana Cloud API, as far as rotation needs it: service accounts of one stack, access policies and their
tokens. The stack itself, a Grafana of C(grafana_standin.py), answers below C(/stack). Held to the API's own description by
C(test_grafana_cloud_contract.py). Where the behaviour is not documented, a setting chooses between the possibilities.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import secrets
import time
import typing as t
import uuid
from collections import Counter
from datetime import datetime

from ansible_collections.locksmith.rotation.tests.servers import grafana_standin, grafana_state
from ansible_collections.locksmith.rotation.tests.servers.json_standin import Api, Refusal, Reply, Request, digest, run

ORG = "4711"
SLUG = "teststack"
REGIONS = ("us", "eu")
_CODES = {401: "InvalidCredentials", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 503: "ServiceUnavailable"}
_INVALID = "Invalid arguments: wrong or missing parameters"
_NEEDED = {"GET": "accesspolicies:read", "POST": "accesspolicies:write", "DELETE": "accesspolicies:delete"}
_ALL_SCOPES = [*_NEEDED.values(), "stack-service-accounts:write"]


@dataclasses.dataclass
class Settings:
    """C(fresh_failures): how many requests for a token of a service account that was just made fail, with C(fresh_status).
    C(past_ends): whether a token's end may be set to a moment that is past. C(revives): whether a token that has expired works
    again when its end is moved. C(page): rows of one page at most. C(accept_anything): nobody is refused.
    C(clock_offset): seconds that the server is ahead.
    """

    propagation_delay: float = 0.0
    fresh_failures: int = 0
    fresh_status: int = 400
    past_ends: bool = True
    revives: bool = True
    page: int = 100
    accept_anything: bool = False
    clock_offset: float = 0.0


@dataclasses.dataclass
class Policy:
    id: str
    name: str
    region: str
    scopes: list[str]
    realms: list[dict[str, str]]
    status: str = "active"

    def shown(self) -> dict[str, t.Any]:
        more = {"id": self.id, "orgId": ORG, "name": self.name, "displayName": self.name, "status": self.status}
        return {**more, "scopes": self.scopes, "realms": self.realms}


@dataclasses.dataclass
class Token:
    id: str
    policy: str
    name: str
    title: str
    digest: str
    created: float
    expires: float | None
    usable_at: float = 0.0
    first_used: float | None = None
    last_used: float | None = None
    dead: bool = False

    def shown(self) -> dict[str, t.Any]:
        said = {"id": self.id, "orgId": ORG, "accessPolicyId": self.policy, "name": self.name, "displayName": self.title}
        moments = {"expiresAt": self.expires, "firstUsedAt": self.first_used, "lastUsedAt": self.last_used}
        moments.update(createdAt=self.created, updatedAt=self.created)
        return {**said, **{name: grafana_state.stamp(moment) for name, moment in moments.items() if moment is not None}}


class Cloud(Api):
    """State and behaviour."""

    def __init__(self, admin_token: str, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.stack = grafana_standin.Api(grafana_state.Grafana("nobody", secrets.token_hex(16), grafana_state.Settings("13.0")))
        self.policies: dict[str, Policy] = {}
        self.tokens: dict[str, Token] = {}
        self.request_ids: list[str] = []
        self.fresh: Counter[int] = Counter()
        rotator = self.add_policy("rotator", "us", _ALL_SCOPES)
        self._keep(Token("rotator", rotator.id, "rotator", "rotator", digest(admin_token), time.time(), None))
        account, token = r"/api/serviceaccounts/(\d+)", r"/api/v1/tokens"
        self._routes: list[tuple[str, str, t.Callable[..., Reply]]] = [
            ("GET", "/api/v1/accesspolicies", self._policies),
            ("GET", r"/api/v1/accesspolicies/([\w-]+)", self._policy),
            ("GET", token, self._list),
            ("POST", token, self._create),
            ("GET", token + r"/([\w-]+)", self._see),
            ("POST", token + r"/([\w-]+)", self._update),
            ("DELETE", token + r"/([\w-]+)", self._delete),
        ]
        self._proxied = (
            ("POST", "/api/serviceaccounts"),
            ("GET", "/api/serviceaccounts/search"),
            ("GET", account),
            ("DELETE", account),
            ("GET", account + "/tokens"),
            ("POST", account + "/tokens"),
            ("DELETE", account + r"/tokens/\d+"),
        )

    def now(self) -> float:
        return time.time() + self.settings.clock_offset

    def add_policy(self, name: str, region: str, scopes: t.Sequence[str]) -> Policy:
        policy = Policy(str(uuid.uuid4()), name, region, list(scopes), [{"type": "org", "identifier": ORG}])
        self.policies[policy.id] = policy
        return policy

    def _keep(self, token: Token) -> None:
        self.tokens[token.id] = token

    # ---- every request --------------------------------------------------------------------------------------------

    def serve(self, request: Request) -> Reply:
        if request.path.startswith("/stack/"):
            return Reply(*self.stack.answer(request.method, request.path[6:], request.query, request.headers, request.body))
        token = self._login(request)
        if request.method != "GET":
            if not request.headers.get("x-request-id"):
                raise Refusal(409, _INVALID)
            self.request_ids.append(request.headers["x-request-id"])
        scopes = self.policies[token.policy].scopes if token else []
        found = re.fullmatch(r"/api/instances/([^/]+)(/api/.*)", request.path)
        if found:
            return self._proxy(request, found.group(1), found.group(2), scopes)
        return self._own(request, scopes)

    def _login(self, request: Request) -> Token | None:
        secret = (request.headers.get("Authorization") or "").partition(" ")[2]
        wanted, now = digest(secret), self.now()
        token = next((one for one in self.tokens.values() if one.digest == wanted), None)
        gone = token is None or token.dead or token.usable_at > now or (token.expires is not None and token.expires <= now)
        if token is None or gone:
            if self.settings.accept_anything:
                return None
            raise Refusal(401, "Login Required or invalid credentials")
        token.first_used = token.first_used or now
        token.last_used = now
        return token

    def _own(self, request: Request, scopes: t.Sequence[str]) -> Reply:
        if request.query.get("region") not in REGIONS:
            raise Refusal(409, _INVALID)
        if _NEEDED[request.method] not in scopes and not self.settings.accept_anything:
            raise Refusal(403, "Forbidden")
        for method, pattern, act in self._routes:
            match = re.fullmatch(pattern, request.path)
            if method == request.method and match:
                return act(request, *match.groups())
        raise Refusal(404, "Element not found")

    def refused(self, refusal: Refusal) -> Reply:
        return Reply(refusal.status, {"code": _CODES.get(refusal.status, "Error"), "message": refusal.message})

    # ---- service accounts of the stack ----------------------------------------------------------------------------

    def _proxy(self, request: Request, slug: str, path: str, scopes: t.Sequence[str]) -> Reply:
        known = any(verb == request.method and re.fullmatch(pattern, path) for verb, pattern in self._proxied)
        if slug != SLUG or not known:
            raise Refusal(404, "Element not found")
        if "stack-service-accounts:write" not in scopes:
            raise Refusal(403, "Forbidden")
        self._refuse_fresh(request, path)
        who = grafana_state.Identity(1, "Admin", grafana_state.RIGHTS["Admin"], "cloud")
        try:
            status, payload = self.stack._route(request.method, path, who, request.query, request.body)
        except grafana_state.Refusal as refusal:
            raise Refusal(409 if refusal.status == 400 else refusal.status, refusal.message) from None
        if request.method == "POST" and path == "/api/serviceaccounts":
            self.fresh[payload["id"]] = self.settings.fresh_failures
        if path.endswith("/search"):
            payload["serviceAccounts"] = [{"id": row["id"], "name": row["name"]} for row in payload["serviceAccounts"]]
        return Reply(200 if status == 201 else status, payload)

    def _refuse_fresh(self, request: Request, path: str) -> None:
        match = re.fullmatch(r"/api/serviceaccounts/(\d+)/tokens", path)
        if request.method == "POST" and match and self.fresh[int(match.group(1))] > 0:
            self.fresh[int(match.group(1))] -= 1
            raise Refusal(self.settings.fresh_status, "the service account is not there yet")

    # ---- access policies and their tokens -------------------------------------------------------------------------

    def _page(self, request: Request, rows: list[dict[str, t.Any]]) -> Reply:
        size = min(int(request.query.get("pageSize") or 500), self.settings.page)
        start = int(request.query.get("pageCursor") or 0)
        end = start + size
        following = f"{request.path[4:]}?region={request.query['region']}&pageSize={size}&pageCursor={end}"
        pagination = {"pageSize": size, "pageCursor": str(start), "nextPage": following if end < len(rows) else None}
        return Reply(200, {"items": rows[start:end], "metadata": {"pagination": pagination}})

    def _policies(self, request: Request) -> Reply:
        here = [policy for policy in self.policies.values() if policy.region == request.query["region"]]
        wanted = request.query.get("name")
        return self._page(request, [policy.shown() for policy in here if wanted in (None, policy.name)])

    def _policy(self, request: Request, policy_id: str) -> Reply:
        policy = self.policies.get(policy_id)
        if policy is None or policy.region != request.query["region"]:
            raise Refusal(404, "Element not found")
        return Reply(200, policy.shown())

    def _in_region(self, request: Request) -> list[Token]:
        return [one for one in self.tokens.values() if self.policies[one.policy].region == request.query["region"]]

    def _list(self, request: Request) -> Reply:
        expired_too, policy = request.query.get("includeExpired") == "true", request.query.get("accessPolicyId")
        found = [one for one in self._in_region(request) if policy in (None, one.policy)]
        now = self.now()
        return self._page(request, [one.shown() for one in found if expired_too or one.expires is None or one.expires > now])

    def _find(self, request: Request, token_id: str) -> Token:
        found = [one for one in self._in_region(request) if one.id == token_id]
        if not found:
            raise Refusal(404, "Element not found")
        return found[0]

    def _create(self, request: Request) -> Reply:
        name, policy = request.field("name"), self.policies.get(request.field("accessPolicyId"))
        usable = isinstance(name, str) and re.fullmatch(r"[a-z0-9-]{1,255}", name)
        if policy is None or policy.region != request.query["region"] or not usable:
            raise Refusal(409, _INVALID)
        if any(one.name == name for one in self._in_region(request)):
            raise Refusal(409, _INVALID)
        said = {"o": ORG, "n": f"{policy.name}-{name}", "k": secrets.token_urlsafe(24), "m": {"r": policy.region}}
        secret = "glc_" + base64.b64encode(json.dumps(said, separators=(",", ":")).encode()).decode()
        now, title = self.now(), request.field("displayName") or name
        token = Token(str(uuid.uuid4()), policy.id, name, title, digest(secret), now, _moment(request.field("expiresAt")))
        token.usable_at = now + self.settings.propagation_delay
        self._keep(token)
        return Reply(200, {**token.shown(), "token": secret})

    def _see(self, request: Request, token_id: str) -> Reply:
        return Reply(200, self._find(request, token_id).shown())

    def _update(self, request: Request, token_id: str) -> Reply:
        token, now = self._find(request, token_id), self.now()
        end = _moment(request.field("expiresAt"))
        if end is not None and end <= now and not self.settings.past_ends:
            raise Refusal(409, _INVALID)
        if token.expires is not None and token.expires <= now and not self.settings.revives:
            token.dead = True
        token.expires = end
        return Reply(200, token.shown())

    def _delete(self, request: Request, token_id: str) -> Reply:
        del self.tokens[self._find(request, token_id).id]
        return Reply(200, {})

    # ---- the tests' side door -------------------------------------------------------------------------------------

    def state(self) -> dict[str, t.Any]:
        return {
            "policies": [dataclasses.asdict(policy) for policy in self.policies.values()],
            "cloud_tokens": [dataclasses.asdict(token) for token in self.tokens.values()],
            "request_ids": self.request_ids,
            **{name: self.stack.grafana.state()[name] for name in ("accounts", "tokens")},
        }

    def setup(self, name: str, body: dict[str, t.Any]) -> t.Any:
        if name == "policy":
            return dataclasses.asdict(self.add_policy(**body))
        if name == "change_policy":
            vars(self.policies[body.pop("id")]).update(body)
            return {}
        if name == "change_token":
            vars(self.tokens[body.pop("id")]).update(body)
            return {}
        if name == "grant":
            self.stack.grafana.accounts[body["account"]].grants = body["permissions"]
            return {}
        return super().setup(name, body)


def _moment(text: t.Any) -> float | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp()
    except ValueError:
        raise Refusal(409, _INVALID) from None


def make(start: dict[str, t.Any]) -> Cloud:
    return Cloud(start["admin_token"], Settings(**start["settings"]))


if __name__ == "__main__":
    run(make)
