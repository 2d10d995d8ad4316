# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GitHub's secret scanning, as its REST API shows an alert (docs.github.com, "Get a secret scanning alert") and as its webhook tells of one
(octokit/webhooks, payload-examples/api.github.com/secret_scanning_alert): the alert has the secret, the webhook does not."""

from __future__ import annotations

import hashlib
import hmac
import http.server
import json
import threading
import typing as t

TOKEN = "github-token-of-the-stand-in"
REPOSITORY = "octo-org/hello-world"


class GitHubAlerts:
    """A context manager. C(alerts): number to the secret found. C(asked): the paths. C(failures): statuses to answer with first."""

    def __init__(self, alerts: t.Mapping[int, str]) -> None:
        self.alerts = alerts
        self.asked: list[str] = []
        self.failures: list[int] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> GitHubAlerts:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, token: str) -> tuple[int, t.Any]:
        """What the API says."""
        self.asked.append(path)
        if self.failures:
            return self.failures.pop(0), {"message": "try again"}
        number = path.removeprefix(f"/repos/{REPOSITORY}/secret-scanning/alerts/")
        if token != f"Bearer {TOKEN}" or not number.isdigit() or int(number) not in self.alerts:
            return 404, {"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}
        found = {"number": int(number), "state": "open", "secret_type": "aws_access_key_id", "secret": self.alerts[int(number)]}
        return 200, found


def delivery(number: t.Any, secret: str, action: str = "created", repository: t.Any = REPOSITORY) -> tuple[bytes, dict[str, str]]:
    """The body of a webhook's request, and its headers."""
    alert = {"number": number, "secret_type": "aws_access_key_id", "resolution": None}
    body = json.dumps({"action": action, "alert": alert, "repository": {"full_name": repository}}).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return body, {"X-GitHub-Event": "secret_scanning_alert", "X-Hub-Signature-256": f"sha256={signature}"}


def _handler_of(alerts: GitHubAlerts) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, answer = alerts.answer(self.path, self.headers.get("Authorization", ""))
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *dummy: object) -> None:
            return

    return Handler
