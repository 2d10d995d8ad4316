# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and stops the stand-in Grafana, sets it up and looks into it. Used by tests, demo and bench."""

from __future__ import annotations

import base64
import secrets
import typing as t

from ansible_collections.locksmith.rotation.tests.servers.json_server import JsonServer

VERSIONS = ("9.4", "10.4", "11.3", "12.1", "13.0")


class GrafanaServer(JsonServer):
    """One server on a free loopback port; a context manager. C(settings) are those of the stand-in's C(Settings).

    Its C(state) has accounts, tokens (digests, no secrets) and C(refused): how often a path answered 401.
    """

    STANDIN = "grafana_standin"

    def __init__(self, version: str = "12.1", **settings: t.Any) -> None:
        super().__init__(version=version, **settings)
        self.admin_user = "root-admin"
        self.admin_password = secrets.token_urlsafe(24)

    def told(self) -> dict[str, t.Any]:
        return {"admin_user": self.admin_user, "admin_password": self.admin_password}

    def grant(self, account: int, permissions: dict[str, list[str]]) -> None:
        """Give a service account permissions besides those of its role, as custom roles do."""
        self.side_door("grant", account=account, permissions=permissions)

    def set_token(self, token_id: int, **changed: t.Any) -> None:
        """Change a token behind Grafana's back: C(expires), C(last_used), C(revoked), C(created)."""
        self.side_door("token", id=token_id, **changed)

    def tokens(self) -> list[dict[str, t.Any]]:
        return self.state()["tokens"]

    def create_account(self, name: str, role: str = "Viewer", org_id: int = 1) -> int:
        """A service account, made by the administrator; its id."""
        return int(self.ask("POST", "/api/serviceaccounts", {"name": name, "role": role}, org_id=org_id)[1]["id"])

    def create_token(self, account: int, name: str, lifetime: int = 0, org_id: int = 1) -> tuple[int, str]:
        """A token, made by the administrator; its id and its secret."""
        body = {"name": name, "secondsToLive": lifetime}
        made = self.ask("POST", f"/api/serviceaccounts/{account}/tokens", body, org_id=org_id)[1]
        return int(made["id"]), str(made["key"])

    def create_org(self, name: str) -> int:
        """An organization, made by the administrator; its id."""
        return int(self.ask("POST", "/api/orgs", {"name": name})[1]["orgId"])

    def create_key(self, name: str, role: str = "Viewer", lifetime: int = 0, org_id: int = 1) -> tuple[int, str]:
        """A legacy API key, made by the administrator; its id and its secret."""
        body = {"name": name, "role": role, "secondsToLive": lifetime}
        made = self.ask("POST", "/api/auth/keys", body, org_id=org_id)[1]
        return int(made["id"]), str(made["key"])

    def works(self, secret: str) -> bool:
        """Whether a login with this secret does."""
        return self.ask("GET", "/api/access-control/user/permissions", token=secret)[0] == 200

    def ask(
        self, method: str, path: str, body: t.Any = None, *, token: str | None = None, org_id: int | None = None
    ) -> tuple[int, t.Any]:
        """One request as the administrator, or with C(token); status and decoded body."""
        login = base64.b64encode(f"{self.admin_user}:{self.admin_password}".encode()).decode()
        headers = {"Authorization": f"Bearer {token}" if token else f"Basic {login}"}
        if org_id is not None:
            headers["X-Grafana-Org-Id"] = str(org_id)
        return self.exchange(method, path, body, headers)[:2]
