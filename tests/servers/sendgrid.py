# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in SendGrid as a server, with one key that may do everything. Used by tests, demo and bench."""

from __future__ import annotations

import secrets
import typing as t

from ansible_collections.locksmith.rotation.tests.servers.json_server import JsonServer


class SendgridServer(JsonServer):
    """C(settings) are those of the stand-in's C(Settings)."""

    STANDIN = "sendgrid_standin"

    def __init__(self, **settings: t.Any) -> None:
        super().__init__(**settings)
        self.admin_key = f"SG.{secrets.token_urlsafe(16)}.{secrets.token_urlsafe(32)}"

    def told(self) -> dict[str, t.Any]:
        return {"admin_key": self.admin_key}

    def ask(self, method: str, path: str, body: t.Any = None, *, key: str | None = None, behalf: str = "") -> tuple[int, t.Any]:
        """One request with the administrator's key or with C(key); status and decoded body."""
        headers = {"Authorization": f"Bearer {self.admin_key if key is None else key}"}
        if behalf:
            headers["on-behalf-of"] = behalf
        return self.exchange(method, path, body, headers)[:2]

    def add_account(self, name: str) -> str:
        """A subuser or customer account, without keys."""
        self.side_door("account", name=name)
        return name

    def create_key(self, name: str, scopes: t.Sequence[str], behalf: str = "") -> tuple[str, str]:
        """A key made by hand; its id and its secret."""
        made = self.ask("POST", "/v3/api_keys", {"name": name, "scopes": list(scopes)}, behalf=behalf)[1]
        return str(made["api_key_id"]), str(made["api_key"])

    def keys(self, account: str = "") -> list[dict[str, t.Any]]:
        """The keys of an account as the stand-in holds them; the parent's have no account name."""
        return [key for key in self.state()["keys"] if key["account"] == account]
