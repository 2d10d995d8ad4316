# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Grafana's HTTP API, as far as rotation needs it: service accounts, tokens, organizations, legacy keys.

No Grafana can be installed from PyPI. This one imitates versions 9.0 to 13.0 from their sources (C(grafana_state.py)); here are
its routes and error bodies. C(json_standin.py) serves them, lets them fail on purpose and shows the state.
"""

from __future__ import annotations

import re
import typing as t
from collections import Counter
from urllib.parse import unquote

from ansible_collections.locksmith.rotation.tests.servers import json_standin
from ansible_collections.locksmith.rotation.tests.servers.grafana_state import Grafana, Identity, Refusal, Settings

_GONE = "this endpoint has been removed, please use POST /api/serviceaccounts and POST /api/serviceaccounts/{id}/tokens instead"


class Api:
    """Routes and counters."""

    def __init__(self, grafana: Grafana) -> None:
        self.grafana = grafana
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


class Front(json_standin.Api):
    """P(Api) behind HTTP."""

    def __init__(self, api: Api) -> None:
        super().__init__()
        self.api, self.lock = api, api.grafana.lock

    @property
    def settings(self) -> Settings:
        return self.api.grafana.settings

    @settings.setter
    def settings(self, changed: Settings) -> None:
        self.api.grafana.settings = changed
        self.api.grafana.upgraded()

    def serve(self, request: json_standin.Request) -> json_standin.Reply:
        answer = self.api.answer(request.method, request.path, request.query, request.headers, request.body)
        return json_standin.Reply(*answer)

    def refused(self, refusal: json_standin.Refusal) -> json_standin.Reply:
        """Grafana's own refusals are answered before."""
        return json_standin.Reply(refusal.status, {"message": refusal.message})

    def state(self) -> dict[str, t.Any]:
        return {**self.api.grafana.state(), "refused": self.api.refused}

    def setup(self, name: str, body: dict[str, t.Any]) -> t.Any:
        if name == "grant":
            self.api.grafana.accounts[body["account"]].grants = body["permissions"]
        elif name == "token":
            vars(self.api.grafana.tokens[body.pop("id")]).update(body)
        else:
            return super().setup(name, body)
        return {}


def make(start: dict[str, t.Any]) -> Front:
    return Front(Api(Grafana(start["admin_user"], start["admin_password"], Settings(**start["settings"]))))


if __name__ == "__main__":
    json_standin.run(make)
