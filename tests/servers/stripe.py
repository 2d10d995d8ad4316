# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in Stripe as a server, and what a person does in its Dashboard. Used by tests and demo."""

from __future__ import annotations

import json
import typing as t
import urllib.parse
import urllib.request

from ansible_collections.locksmith.rotation.tests.servers.json_server import JsonServer
from ansible_collections.locksmith.rotation.tests.servers.json_standin import digest


class StripeServer(JsonServer):
    """C(settings) are those of the stand-in's C(Settings)."""

    STANDIN = "stripe_standin"

    def add_account(self) -> str:
        return str(self.side_door("account")["account"])

    def make_key(
        self, account: str, kind: str = "sk", mode: str = "test", rights: t.Sequence[str] = (), app: bool = False
    ) -> str:
        """A key; shown this once."""
        return str(self.side_door("make", account=account, kind=kind, mode=mode, rights=list(rights), app=app)["key"])

    def end_key(self, key: str, seconds: float = 0.0) -> None:
        """Let a key expire that many seconds from now."""
        self.side_door("end", key=key, seconds=seconds)

    def works(self, key: str) -> bool:
        return self.ask(key, "GET", "/v1/account")[0] in (200, 403)

    def ask(self, key: str, method: str, path: str, headers: t.Mapping[str, str] | None = None) -> tuple[int, t.Any]:
        return self.exchange(method, path, headers={"Authorization": f"Bearer {key}", **(headers or {})})[:2]

    def make_endpoint(self, key: str, url: str, events: t.Sequence[str], **more: str) -> tuple[str, str]:
        """A webhook endpoint made by hand; its id and its secret."""
        form = [("url", url), *(("enabled_events[]", event) for event in events), *more.items()]
        request = urllib.request.Request(
            self.url + "/v1/webhook_endpoints",
            data=urllib.parse.urlencode(form).encode(),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/x-www-form-urlencoded"},
            method="POST",
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as response:
            made = json.loads(response.read())
        return str(made["id"]), str(made["secret"])

    def make_managed(self, app_key: str, account: str) -> str:
        """A key that another app made through the preview; its id."""
        headers = {"Authorization": f"Bearer {app_key}", "Stripe-Context": account, "Stripe-Version": "2026-08-26.preview"}
        body = {"type": "secret_key", "name": "by hand", "permissions": ["charge_read"]}
        return str(self.exchange("POST", "/v2/iam/api_keys", body, headers)[1]["id"])

    def managed_ids(self, account: str) -> set[str]:
        """Keys of the preview that have not ended."""
        return {key["id"] for key in self.state()["keys"] if key["id"] and key["account"] == account and key["ends_at"] is None}

    def endpoints(self, account: str, url: str = "") -> list[dict[str, t.Any]]:
        """The webhook endpoints as the stand-in holds them: C(digest) of the secret, never the secret."""
        return [row for row in self.state()["endpoints"] if row["account"] == account and url in ("", row["url"])]

    def signs_with(self, account: str, secret: str) -> bool:
        """Whether an enabled endpoint of the account signs what it sends with this secret."""
        return any(row["digest"] == digest(secret) and row["status"] == "enabled" for row in self.endpoints(account))

    def alter(self, endpoint: str, **changes: t.Any) -> None:
        """Change an endpoint behind everybody's back."""
        self.side_door("alter", id=endpoint, changes=changes)
