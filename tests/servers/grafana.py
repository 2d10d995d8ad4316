# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and stops the stand-in Grafana, sets it up and looks into it. Used by tests, demo and bench."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
import sys
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

VERSIONS = ("9.4", "10.4", "11.3", "12.1", "13.0")
_PROGRAM = Path(__file__).with_name("grafana_standin.py")


class GrafanaServer:
    """One server on a free loopback port; a context manager. C(settings) are those of the stand-in's C(Settings)."""

    def __init__(self, version: str = "12.1", **settings: t.Any) -> None:
        self.admin_user = "root-admin"
        self.admin_password = secrets.token_urlsafe(24)
        self.url = ""
        self._port = 0
        self._settings = {"version": version, **settings}
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> GrafanaServer:
        self.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start with an empty state; a second start takes the same port again."""
        command = [sys.executable, str(_PROGRAM)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the stand-in has no pipes")
        login = {"admin_user": self.admin_user, "admin_password": self.admin_password}
        self._process.stdin.write(json.dumps({**login, "settings": self._settings, "port": self._port}) + "\n")
        self._process.stdin.flush()
        self._port = int(self._process.stdout.readline())
        self.url = f"http://127.0.0.1:{self._port}"

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        if process.stdout is not None:
            process.stdout.close()
        process.terminate()
        process.wait(timeout=10)

    # ---- looking in and setting up ---------------------------------------------------------------------------------

    def state(self) -> dict[str, t.Any]:
        """Accounts, tokens (digests, no secrets), settings, counters C(requests) and C(refused) (401 by path)."""
        return self._side_door("state", {})

    def settings(self, **changed: t.Any) -> None:
        """Change the stand-in's C(Settings) from now on."""
        self._side_door("settings", changed)

    def fault(self, kind: str, method: str = ".*", path: str = ".*", times: int = 1, **more: t.Any) -> None:
        """Let the next C(times) matching requests fail; see the stand-in's C(Fault)."""
        self._side_door("fault", {"kind": kind, "method": method, "path": path, "times": times, **more})

    def calm(self) -> None:
        """Forget all faults."""
        self._side_door("calm", {})

    def grant(self, account: int, permissions: dict[str, list[str]]) -> None:
        """Give a service account permissions besides those of its role, as custom roles do."""
        self._side_door("grant", {"account": account, "permissions": permissions})

    def set_token(self, token_id: int, **changed: t.Any) -> None:
        """Change a token behind Grafana's back: C(expires), C(last_used), C(revoked), C(created)."""
        self._side_door("token", {"id": token_id, **changed})

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
        headers = {"Authorization": f"Bearer {token}" if token else f"Basic {login}", "Content-Type": "application/json"}
        if org_id is not None:
            headers["X-Grafana-Org-Id"] = str(org_id)
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        try:
            with _DIRECT.open(request, timeout=10) as response:
                return response.status, _decoded(response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _decoded(error.read())

    def _side_door(self, name: str, body: dict[str, t.Any]) -> dict[str, t.Any]:
        return self.ask("POST", f"/__test__/{name}", body)[1]


#: Past any proxy of the environment: the server is on this machine.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _decoded(content: bytes) -> t.Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode("utf-8", "replace")
