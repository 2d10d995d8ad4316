# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for described APIs as a server, with one token that may do everything. Used by tests, demo and bench."""

from __future__ import annotations

import secrets
import typing as t
from datetime import date, timedelta

from ansible_collections.locksmith.rotation.tests.servers.json_server import JsonServer

PLAYS = ("gitlab", "cloudflare", "slots")


class HttpKeysServer(JsonServer):
    """C(plays): one of P(PLAYS). C(settings) are those of the stand-in's C(Settings)."""

    STANDIN = "http_keys_standin"

    def __init__(self, plays: str, **settings: t.Any) -> None:
        super().__init__(plays=plays, **settings)
        self.plays = plays
        self.admin_token = secrets.token_hex(20)

    def told(self) -> dict[str, t.Any]:
        return {"admin_token": self.admin_token}

    def add_owner(self, name: str) -> str:
        """A project or an account, without keys."""
        self.side_door("owner", name=name)
        return name

    def login(self, secret: str) -> dict[str, str]:
        """The header that logs in with a key or with the administrator's token."""
        if self.plays == "gitlab":
            return {"PRIVATE-TOKEN": secret}
        return (
            {"X-Api-Key": secret}
            if self.plays == "slots" and secret != self.admin_token
            else {"Authorization": f"Bearer {secret}"}
        )

    def ask(self, method: str, path: str, body: t.Any = None) -> tuple[int, t.Any]:
        """One request of the administrator, by hand."""
        return self.exchange(method, path, body, self.login(self.admin_token))[:2]

    def works(self, owner: str, secret: str) -> bool:
        """Whether a key logs in now."""
        path = {"gitlab": "/api/v4/personal_access_tokens/self", "slots": "/v1/whoami"}.get(
            self.plays, f"/client/v4/accounts/{owner}/tokens/verify"
        )
        status, answer, dummy = self.exchange("GET", path, None, self.login(secret))
        return status == 200 and (self.plays != "cloudflare" or answer["result"]["status"] == "active")

    def create(self, owner: str, name: str) -> tuple[str, str]:
        """A key made by hand; its id and its secret. With slots, C(name) is the slot."""
        if self.plays == "gitlab":
            body = {"name": name, "scopes": ["read_repository"], "expires_at": (date.today() + timedelta(days=30)).isoformat()}
            made = self.ask("POST", f"/api/v4/projects/{owner}/access_tokens", body)[1]
            return str(made["id"]), made["token"]
        if self.plays == "cloudflare":
            token = {"name": name, "policies": [{"effect": "allow"}]}
            made = self.ask("POST", f"/client/v4/accounts/{owner}/tokens", token)[1]["result"]
            return made["id"], made["value"]
        made = self.ask("POST", f"/v1/accounts/{owner}/keys/{name}/regenerate")[1]
        return name, made["key"]

    def revoke(self, owner: str, key_id: str) -> None:
        """Delete a key by hand."""
        paths = {
            "gitlab": f"/api/v4/projects/{owner}/access_tokens/{key_id}",
            "cloudflare": f"/client/v4/accounts/{owner}/tokens/{key_id}",
            "slots": f"/v1/accounts/{owner}/keys/{key_id}",
        }
        self.ask("DELETE", paths[self.plays])

    def keys(self, owner: str) -> list[dict[str, t.Any]]:
        """The keys of an owner as the stand-in holds them, without those that it only remembers."""
        return [key for key in self.state()["keys"] if key["owner"] == owner and key["status"] != "revoked"]
