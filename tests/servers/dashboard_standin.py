# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for any vendor whose keys are made and revoked in a dashboard and nowhere else.

The side door is the dashboard: it makes keys and revokes them. The API can only be used with a key: in the header
C(X-Api-Key), or as the password of HTTP Basic. A gateway before it may demand a header of its own.
"""

from __future__ import annotations

import base64
import dataclasses
import re
import secrets
import typing as t

from ansible_collections.locksmith.rotation.tests.servers.json_standin import Api, Refusal, Reply, Request, digest, run


@dataclasses.dataclass
class Settings:
    """C(accept_anything): who comes without a valid key is let in as well, as behind a proxy that logs in."""

    accept_anything: bool = False


class Dashboard(Api):
    """Accounts and their keys. Of a key only the digest is kept."""

    def __init__(self, gateway: str, settings: Settings) -> None:
        super().__init__()
        self.settings: Settings = settings
        self._gateway = gateway
        self._accounts: set[str] = set()
        self._keys: dict[str, str] = {}

    def serve(self, request: Request) -> Reply:
        match = re.fullmatch(r"/v1/accounts/([^/]+)/whoami", request.path)
        if self._gateway and request.headers.get("X-Gateway") != self._gateway:
            raise Refusal(403, "the gateway lets nobody through without its token")
        if not match or match[1] not in self._accounts:
            raise Refusal(404, "no such account")
        owner = self._keys.get(digest(self._key(request)))
        if owner is None and self.settings.accept_anything:
            owner = match[1]
        if owner is None:
            raise Refusal(401, "invalid key")
        return Reply(200, {"account": {"id": owner}, "ok": True})

    @staticmethod
    def _key(request: Request) -> str:
        kind, dummy, rest = (request.headers.get("Authorization") or "").partition(" ")
        if kind == "Basic":
            return base64.b64decode(rest).decode().partition(":")[2]
        return request.headers.get("X-Api-Key") or ""

    def refused(self, refusal: Refusal) -> Reply:
        return Reply(refusal.status, {"error": {"message": refusal.message}})

    def state(self) -> dict[str, t.Any]:
        return {"accounts": sorted(self._accounts), "keys": dict(self._keys)}

    def setup(self, name: str, body: dict[str, t.Any]) -> t.Any:
        if name == "account":
            self._accounts.add(body["name"])
        elif name == "make":
            key = "pk_" + secrets.token_urlsafe(24)
            self._keys[digest(key)] = body["account"]
            return {"key": key}
        elif name == "revoke":
            self._keys.pop(digest(body["key"]), None)
        return {}


if __name__ == "__main__":
    run(lambda start: Dashboard(start["gateway"], Settings(**start["settings"])))
