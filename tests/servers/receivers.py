# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stand-ins for what is told of a new version: Jenkins, GitHub, GitLab and a receiver of signed JSON, as strict as their documentation.

One server imitates all four, below C(/jenkins), C(/github), C(/gitlab) and C(/hooks). What it does not understand it refuses as the
real one does. Sources: Jenkins' "Remote Access API", GitHub's REST reference, GitLab's REST reference of pipeline triggers.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import socketserver
import threading
import typing as t
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

USER = "locksmith"
FACTS = ("event", "credential", "type", "version", "id", "fingerprint", "store", "published_at")


class Refused(Exception):
    """An answer other than success."""

    def __init__(self, status: int, body: t.Any) -> None:
        super().__init__(str(status))
        self.status, self.body = status, body


class Request(t.NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes

    def json(self) -> dict[str, t.Any]:
        if self.headers.get("content-type") != "application/json":
            raise Refused(415, {"message": "Unsupported Media Type"})
        body = json.loads(self.raw)
        if not isinstance(body, dict):
            raise Refused(400, {"message": "Body should be a JSON object"})
        return body


class Receivers:
    """A context manager. C(told): for each receiver the facts that it took in, in order.

    C(down): names of receivers that answer 503.
    """

    def __init__(self) -> None:
        self.jenkins_token, self.github_token = secrets.token_hex(17), "github_pat_" + secrets.token_hex(20)
        self.gitlab_token, self.hook_secret = "glptt-" + secrets.token_hex(20), secrets.token_hex(32)
        self.workflow_inputs = {"credential", "version", "fingerprint"}
        self.told: dict[str, list[dict[str, str]]] = {name: [] for name in ("jenkins", "github", "gitlab", "hooks")}
        self.down: set[str] = set()
        self.attempts = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Receivers:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def secrets(self) -> tuple[str, ...]:
        basic = base64.b64encode(f"{USER}:{self.jenkins_token}".encode()).decode()
        return self.jenkins_token, basic, self.github_token, self.gitlab_token, self.hook_secret

    def targets(self) -> list[dict[str, t.Any]]:
        """One target of each kind, as a user writes them."""
        return [
            {"kind": "jenkins", "url": f"{self.url}/jenkins/job/team/job/deploy", "user": USER, "api_token": self.jenkins_token},
            {"kind": "github", "url": f"{self.url}/github", "repository": "example/orders", "token": self.github_token},
            {"kind": "gitlab", "url": f"{self.url}/gitlab", "project": "payments/deploy", "token": self.gitlab_token},
            {"kind": "webhook", "url": f"{self.url}/hooks/some-secret-path", "hmac_secret": self.hook_secret},
        ]

    def answer(self, request: Request) -> tuple[int, t.Any, dict[str, str]]:
        """Status, body and headers."""
        name = request.path.split("/")[1]
        receive = {"jenkins": self._jenkins, "github": self._github, "gitlab": self._gitlab, "hooks": self._hook}.get(name)
        with self._lock:
            self.attempts += 1
            if receive is None:
                return 404, {"message": "404 Not Found"}, {}
            if name in self.down:
                return 503, "<html>Service Unavailable</html>", {}
            try:
                facts, status, body, headers = receive(request)
            except Refused as refused:
                return refused.status, refused.body, {}
            self.told[name].append(facts)
            return status, body, headers

    def _jenkins(self, request: Request) -> tuple[dict[str, str], int, t.Any, dict[str, str]]:
        """A parametrized job C(deploy) that declares the facts and C(ENVIRONMENT), and one without parameters, C(plain)."""
        expected = "Basic " + base64.b64encode(f"{USER}:{self.jenkins_token}".encode()).decode()
        if request.headers.get("authorization") != expected:
            raise Refused(401, "<html>Unauthorized</html>")
        job, dummy, verb = request.path.rpartition("/")
        if request.method != "POST" or job not in ("/jenkins/job/team/job/deploy", "/jenkins/job/team/job/plain"):
            raise Refused(404 if request.method == "POST" else 405, "<html>Not Found</html>")
        if (job.endswith("deploy"), verb) not in ((True, "buildWithParameters"), (False, "build")):
            raise Refused(400, "<html>job is not parameterized, or is and nothing was given</html>")
        if request.raw and not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise Refused(400, "<html>This page expects a form submission</html>")
        declared = {"CREDENTIAL", "ENVIRONMENT", *(f"CREDENTIAL_{name.upper()}" for name in FACTS if name != "credential")}
        taken = {name: value for name, value in request.query.items() if name in declared}
        return taken, 201, None, {"Location": f"{self.url}/jenkins/queue/item/{len(self.told['jenkins']) + 1}/"}

    def _github(self, request: Request) -> tuple[dict[str, str], int, t.Any, dict[str, str]]:
        if request.headers.get("authorization") != f"Bearer {self.github_token}":
            raise Refused(401, {"message": "Bad credentials"})
        if not request.headers.get("x-github-api-version") or "user-agent" not in request.headers:
            raise Refused(403, {"message": "Request forbidden by administrative rules"})
        body = request.json()
        if request.path == "/github/repos/example/orders/dispatches":
            payload, event = body.get("client_payload", {}), body.get("event_type")
            if (
                not event
                or not isinstance(event, str)
                or len(event) > 100
                or len(payload) > 10
                or set(body) - {"event_type", "client_payload"}
            ):
                raise Refused(422, {"message": "Invalid request."})
            return {"event_type": event, **payload}, 204, None, {}
        if request.path != "/github/repos/example/orders/actions/workflows/deploy.yml/dispatches":
            raise Refused(404, {"message": "Not Found"})
        if not isinstance(body.get("ref"), str):
            raise Refused(422, {"message": 'Invalid request.\n\n"ref" wasn\'t supplied.'})
        unexpected = set(body.get("inputs", {})) - self.workflow_inputs
        if unexpected or not all(isinstance(value, str) for value in body.get("inputs", {}).values()):
            raise Refused(422, {"message": f"Unexpected inputs provided: {sorted(unexpected)}"})
        return {"ref": body["ref"], **body.get("inputs", {})}, 204, None, {}

    def _gitlab(self, request: Request) -> tuple[dict[str, str], int, t.Any, dict[str, str]]:
        """The project C(payments/deploy), number 42. GitLab's API takes forms and JSON alike; a wrong token is 404."""
        prefix, suffix = "/gitlab/api/v4/projects/", "/trigger/pipeline"
        project = request.path[len(prefix) : -len(suffix)]
        if request.method != "POST" or not request.path.startswith(prefix) or not request.path.endswith(suffix):
            raise Refused(404, {"error": "404 Not Found"})
        body = request.json()
        if body.get("token") != self.gitlab_token or unquote(project) not in ("payments/deploy", "42") or "/" in project:
            raise Refused(404, {"message": "404 Not Found"})
        if not isinstance(body.get("ref"), str):
            raise Refused(400, {"error": "ref is missing"})
        if body["ref"] not in ("main", "release"):
            raise Refused(400, {"message": {"base": ["Reference not found"]}})
        variables = body.get("variables", {})
        if not all(isinstance(value, str) for value in variables.values()):
            raise Refused(400, {"message": "variables needs to be a map of key-valued strings"})
        made = {"id": 8, "ref": body["ref"], "status": "created", "web_url": f"{self.url}/gitlab/payments/deploy/-/pipelines/8"}
        return {"ref": body["ref"], **variables}, 201, made, {}

    def _hook(self, request: Request) -> tuple[dict[str, str], int, t.Any, dict[str, str]]:
        if request.path != "/hooks/some-secret-path" or request.method != "POST":
            raise Refused(404, "")
        expected = "sha256=" + hmac.new(self.hook_secret.encode(), request.raw, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers.get("x-hub-signature-256", "")):
            raise Refused(401, {"message": "invalid signature"})
        return request.json(), 200, None, {}


class _Server(socketserver.ThreadingMixIn, HTTPServer):
    daemon_threads = True

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """A client that hangs up is no news."""


def _handler_of(receivers: Receivers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: t.Any) -> None:
            """Nothing."""

        def serve(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, parts.path, dict(parse_qsl(parts.query)), headers, raw)
            status, body, more = receivers.answer(request)
            content = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            kind = "text/html" if isinstance(body, str) else "application/json"
            for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = serve

    return Handler
