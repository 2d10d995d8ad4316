# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in of a vendor with nothing but a dashboard, as a server. Used by tests and demo."""

from __future__ import annotations

import secrets
import typing as t

from ansible_collections.locksmith.rotation.tests.servers.json_server import JsonServer


class DashboardServer(JsonServer):
    """The methods are what a person does with the mouse."""

    STANDIN = "dashboard_standin"

    def __init__(self, **settings: t.Any) -> None:
        super().__init__(**settings)
        self.gateway = secrets.token_urlsafe(16)

    def told(self) -> dict[str, t.Any]:
        return {"gateway": self.gateway}

    def add_account(self, name: str) -> str:
        self.side_door("account", name=name)
        return name

    def make_key(self, account: str) -> str:
        """A key; shown this once."""
        return str(self.side_door("make", account=account)["key"])

    def revoke(self, key: str) -> None:
        self.side_door("revoke", key=key)

    def works(self, account: str, key: str) -> bool:
        headers = {"X-Api-Key": key, "X-Gateway": self.gateway}
        return self.exchange("GET", f"/v1/accounts/{account}/whoami", headers=headers)[0] == 200
