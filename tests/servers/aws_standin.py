# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the stand-ins for AWS services that moto lacks have in common: HTTP, signatures, rights, injected faults, and a record
of every exchange, so that a test can hold all of them against botocore's own model of the service.

Runs in a thread of the test's process, on a free loopback port.
"""

from __future__ import annotations

import abc
import collections
import dataclasses
import http.server
import json
import re
import secrets
import socket
import ssl
import struct
import threading
import typing as t
from urllib.parse import parse_qsl, unquote, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

HOST = "127.0.0.1"
REGION = "eu-central-1"
_SCOPE = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]+)")


class Refusal(Exception):
    """An error answer, by the name of its shape in the model. C(more): its other members."""

    def __init__(self, status: int, code: str, message: str, **more: t.Any) -> None:
        super().__init__(code)
        self.status, self.code, self.message, self.more = status, code, message, more


@dataclasses.dataclass(frozen=True)
class Request:
    """One request. C(path) is not decoded; C(signer): the access key that signed it, C(region) the one that it was signed for."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes
    signer: str = ""
    region: str = ""

    def body(self) -> dict[str, t.Any]:
        found = json.loads(self.raw) if self.raw else {}
        return found if isinstance(found, dict) else {}


@dataclasses.dataclass(frozen=True)
class Reply:
    """One answer of the AWS API."""

    status: int
    body: dict[str, t.Any]
    headers: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Exchange:
    """A request that the service understood, and its answer."""

    operation: str
    request: Request
    reply: Reply


class AwsStandin(abc.ABC):
    """One service; a context manager.

    C(exchanges): everything that was asked and answered. C(keys): access key to its secret; C(rights): access key to the
    operations that it may ask for, all of them where it is not named.
    """

    SERVICE: t.ClassVar[str]

    def __init__(self, tls: tuple[str, str] | None = None) -> None:
        """:arg tls: files with the server's certificate and key."""
        self.lock = threading.RLock()
        self.exchanges: list[Exchange] = []
        self.keys: dict[str, str] = {}
        self.rights: dict[str, set[str]] = {}
        self.faults: dict[str, collections.deque[str]] = collections.defaultdict(collections.deque)
        self._server = _Server((HOST, 0), _handler_of(self))
        self.address = f"{HOST}:{self._server.server_address[1]}"
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = ("https://" if tls else "http://") + self.address

    def __enter__(self) -> t.Any:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def login(self, *operations: str) -> dict[str, t.Any]:
        """A new access key; the collection's AWS options for it. C(operations): what it may do, everything if none is named."""
        access_key = "AKIA" + secrets.token_hex(8).upper()
        self.keys[access_key] = secrets.token_urlsafe(30)
        if operations:
            self.rights[access_key] = set(operations)
        keys = {"access_key": access_key, "secret_key": self.keys[access_key]}
        return {**keys, "endpoint_url": self.url, "region": REGION}

    def fail(self, operation: str, *faults: str) -> None:
        """The next requests for C(operation) fail in these ways, one each.

        C(lost): carried out, and the connection is cut before the answer. C(garbled): carried out, answered by a proxy's page.
        Whatever else is there is the name of a refusal of the service: see P(refusals).
        """
        self.faults[operation].extend(faults)

    def asked(self) -> list[str]:
        """The operations that were asked for, in order."""
        return [exchange.operation for exchange in self.exchanges]

    # ---- for the services --------------------------------------------------------------------------------------------

    @abc.abstractmethod
    def operation_of(self, request: Request) -> str:
        """The operation that a request asks for, or an empty string."""

    @abc.abstractmethod
    def serve(self, operation: str, request: Request) -> dict[str, t.Any]:
        """Carry it out. :raises Refusal: no."""

    @abc.abstractmethod
    def refusals(self) -> dict[str, Refusal]:
        """Faults by name."""

    @abc.abstractmethod
    def render(self, refusal: Refusal) -> Reply:
        """An error in the service's protocol."""

    def elsewhere(self, request: Request) -> tuple[int, t.Any] | None:
        """What answers at the same address and is not this API: status and payload."""
        return None

    # ---- the flow of a request ---------------------------------------------------------------------------------------

    def answer(self, request: Request) -> tuple[int, bytes, dict[str, str]] | None:
        """Status, content and headers; None: cut the connection."""
        other = self.elsewhere(request)
        if other is not None:
            content = other[1] if isinstance(other[1], str) else json.dumps(other[1])
            return other[0], content.encode(), {"Content-Type": "application/json"}
        operation = self.operation_of(request)
        fault = self.faults[operation].popleft() if self.faults[operation] else ""
        reply = self._reply(operation, request, fault)
        if fault == "lost":
            return None
        if fault == "garbled":
            return 502, b"<html><title>502 Bad Gateway</title></html>", {"Content-Type": "text/html"}
        return reply.status, json.dumps(reply.body).encode(), reply.headers

    def _reply(self, operation: str, request: Request, fault: str) -> Reply:
        with self.lock:
            try:
                if not operation:
                    raise Refusal(404, "UnknownOperationException", "no such operation")
                request = self._check_signature(request)
                self._check_rights(operation, request)
                if fault in self.refusals():
                    raise self.refusals()[fault]
                reply = Reply(200, self.serve(operation, request), {"Content-Type": self.content_type()})
            except Refusal as refusal:
                reply = self.render(refusal)
            if operation:
                self.exchanges.append(Exchange(operation, request, reply))
            return reply

    def content_type(self) -> str:
        return "application/json"

    def _check_signature(self, request: Request) -> Request:
        """Recompute it, with botocore's own signer."""
        found = _SCOPE.search(request.headers.get("authorization", ""))
        if found is None:
            raise Refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
        access_key, region, service, names, signature = found.groups()
        secret = self.keys.get(access_key)
        if secret is None:
            raise Refusal(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
        signer = SigV4Auth(Credentials(access_key, secret), service, region)
        headers = {name: request.headers[name] for name in names.split(";")}
        query = "&".join(f"{name}={value}" for name, value in sorted(request.query.items()))
        url = f"http://{request.headers['host']}{request.path}" + (f"?{query}" if query else "")
        again = AWSRequest(request.method, url, headers=headers, data=request.raw)
        again.context["timestamp"] = request.headers["x-amz-date"]
        expected = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
        if service != self.SERVICE or not secrets.compare_digest(expected, signature):
            raise Refusal(403, "InvalidSignatureException", "The request signature we calculated does not match.")
        return dataclasses.replace(request, signer=access_key, region=region)

    def _check_rights(self, operation: str, request: Request) -> None:
        allowed = self.rights.get(request.signer)
        if allowed is not None and operation not in allowed:
            who = "arn:aws:iam::123456789012:user/rotation"
            message = f"User: {who} is not authorized to perform: {self.SERVICE}:{operation} on resource: *"
            raise Refusal(403, "AccessDeniedException", message)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """A client that hangs up is no news."""
        import sys

        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def _handler_of(standin: AwsStandin) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def serve(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            answer = standin.answer(Request(self.command, parts.path, query, headers, raw))
            if answer is None:
                self._reset()
                return
            status, content, more = answer
            self.send_response(status)
            for name, value in {**more, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

        def _reset(self) -> None:
            """End the connection with RST instead of an answer."""
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: a log is one more place for secrets."""

    return Handler


def decoded(part: str) -> str:
    """A path parameter."""
    return unquote(part)
