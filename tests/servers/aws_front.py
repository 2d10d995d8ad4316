# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A front before moto: counts requests, refuses inactive access keys as AWS does and moto does not, and injects faults."""

from __future__ import annotations

import collections
import http.client
import http.server
import re
import socketserver
import threading
import typing as t
import urllib.parse

import botocore.auth
import botocore.awsrequest
import botocore.credentials

_SIGNER = re.compile(r"Credential=([A-Z0-9]+)/")
_FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
#: Marks what a test asks for itself.
_UNCOUNTED = "x-uncounted"
_SIGNED = ("host", "authorization", "content-type")
_PAGE = b"<!doctype html><title>502 Bad Gateway</title>"
_ERROR = "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>"


class AwsFront:
    """One front; a context manager. Its C(url) is given to the code under test instead of the server's.

    C(requests) are the actions that arrived, in order. C(connections) counts connections that carried requests.
    """

    def __init__(self, port: int) -> None:
        """:arg port: moto's, on the loopback address."""
        self._port = port
        self._inactive: set[str] = set()
        self._faults: dict[str, collections.deque[str]] = collections.defaultdict(collections.deque)
        self.requests: list[str] = []
        self.connections: set[tuple[str, int]] = set()
        self._server = _Server(("127.0.0.1", 0), _handler_of(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> AwsFront:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fail(self, action: str, *faults: str) -> None:
        """The next requests for C(action) fail in these ways, one each.

        C(lost): carried out, and the connection is cut before the answer. C(garbled): carried out, and answered by some proxy's
        HTML page. C(throttled): refused unread. C(broken): HTTP 500, not carried out. C(denied): HTTP 403.
        """
        self._faults[action].extend(faults)

    def knows(self, access_key: str, secret_key: str) -> bool:
        """Whether a request signed with this pair is answered as its owner's: asked through the front, and not counted."""
        request = botocore.awsrequest.AWSRequest("POST", self.url + "/", _FORM, "Action=GetCallerIdentity&Version=2011-06-15")
        signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(access_key, secret_key), "sts", "us-east-1")
        signer.add_auth(request)
        front = http.client.HTTPConnection("127.0.0.1", self._server.server_address[1], timeout=30)
        try:
            front.request("POST", "/", request.data, {**request.headers, _UNCOUNTED: "yes"})
            return front.getresponse().status == 200
        finally:
            front.close()

    def answer(self, body: bytes, headers: t.Mapping[str, str]) -> tuple[int, bytes] | None:
        """Status and body; None: cut the connection."""
        form = dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace")))
        action = headers.get("x-amz-target", "").rpartition(".")[2] or form.get("Action", "")
        if _UNCOUNTED not in headers:
            self.requests.append(action)
        signer = _SIGNER.search(headers.get("authorization", ""))
        if signer and signer.group(1) in self._inactive:
            return 403, _error("InvalidClientTokenId", "The security token included in the request is invalid.")
        fault = self._faults[action].popleft() if self._faults[action] else ""
        if fault in _REFUSALS:
            status, code = _REFUSALS[fault]
            return status, _error(code, "injected")
        answered = self._forward(body, headers, form)
        return {"lost": None, "garbled": (502, _PAGE)}.get(fault, answered)

    def _forward(self, body: bytes, headers: t.Mapping[str, str], form: t.Mapping[str, str]) -> tuple[int, bytes]:
        server = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            server.request("POST", "/", body, _forwarded(headers))
            answer = server.getresponse()
            content = answer.read()
        finally:
            server.close()
        if form.get("Action") == "UpdateAccessKey" and answer.status == 200:
            change = self._inactive.discard if form["Status"] == "Active" else self._inactive.add
            change(form["AccessKeyId"])
        return answer.status, content


_REFUSALS = {"throttled": (400, "Throttling"), "broken": (500, "ServiceFailure"), "denied": (403, "AccessDenied")}


def _forwarded(headers: t.Mapping[str, str]) -> dict[str, str]:
    """Those that the signature covers, C(Host) among them, so that it stays right."""
    return {name: value for name, value in headers.items() if name in _SIGNED or name.startswith("x-amz-")}


def _error(code: str, message: str) -> bytes:
    return _ERROR.format(code, message).encode()


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, *dummy: object) -> None:
        """A client that went away, or was killed, is nobody's trouble here."""


def _handler_of(front: AwsFront) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            front.connections.add(self.client_address)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = front.answer(body, {name.lower(): value for name, value in self.headers.items()})
            if answer is None:
                self.close_connection = True
                return
            self.send_response(answer[0])
            self.send_header("Content-Length", str(len(answer[1])))
            self.end_headers()
            self.wfile.write(answer[1])

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
