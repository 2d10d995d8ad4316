# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in Grafana Cloud as a server, with one stack and one token that may do everything. Used by tests, demo and bench."""

from __future__ import annotations

import secrets
import typing as t

from ansible_collections.locksmith.rotation.tests.servers.json_server import JsonServer

#: The stack's slug, as the stand-in has it.
SLUG = "teststack"
REGION = "us"


class GrafanaCloudServer(JsonServer):
    """C(settings) are those of the stand-in's C(Settings)."""

    STANDIN = "grafana_cloud_standin"

    def __init__(self, **settings: t.Any) -> None:
        super().__init__(**settings)
        self.admin_token = f"glc_{secrets.token_urlsafe(40)}"

    def told(self) -> dict[str, t.Any]:
        return {"admin_token": self.admin_token}

    @property
    def api_url(self) -> str:
        return self.url + "/api"

    @property
    def stack_url(self) -> str:
        return self.url + "/stack"

    def ask(self, method: str, path: str, body: t.Any = None, *, token: str | None = None) -> tuple[int, t.Any]:
        """One request with the administrator's token or with C(token); status and decoded body."""
        login = self.admin_token if token is None else token
        headers = {"Authorization": f"Bearer {login}", "x-request-id": f"by-hand-{secrets.token_hex(8)}"}
        return self.exchange(method, path, body, headers)[:2]

    # ---- the stack ------------------------------------------------------------------------------------------------

    def create_account(self, name: str, role: str = "Viewer") -> int:
        """A service account of the stack, made by hand; its id."""
        body = {"name": name, "role": role, "isDisabled": False}
        return int(self.ask("POST", f"/api/instances/{SLUG}/api/serviceaccounts", body)[1]["id"])

    def create_account_token(self, account: int, name: str) -> tuple[int, str]:
        """A token of it, made by hand; its id and its secret."""
        made = self.ask("POST", f"/api/instances/{SLUG}/api/serviceaccounts/{account}/tokens", {"name": name})[1]
        return int(made["id"]), str(made["key"])

    def works_at_stack(self, token: str) -> bool:
        return self.ask("GET", "/stack/api/access-control/user/permissions", token=token)[0] == 200

    # ---- access policies ------------------------------------------------------------------------------------------

    def create_policy(self, name: str, scopes: t.Sequence[str] = ("metrics:write",), region: str = REGION) -> str:
        """An access policy, made by hand; its id."""
        return str(self.side_door("policy", name=name, scopes=list(scopes), region=region)["id"])

    def create_token(self, policy: str, name: str, region: str = REGION) -> tuple[str, str]:
        """A token of it, made by hand; its id and its secret."""
        made = self.ask("POST", f"/api/v1/tokens?region={region}", {"accessPolicyId": policy, "name": name})[1]
        return str(made["id"]), str(made["token"])

    def works(self, token: str) -> bool:
        """Whether the Cloud API takes the token for one: it may forbid what is asked."""
        return self.ask("GET", f"/api/v1/tokens?region={REGION}", token=token)[0] in (200, 403)
