# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stand-ins for JSON APIs share: HTTP, failing on purpose, and a side door C(/__test__/) to set up and look in.

A stand-in is a subclass of P(Api) in a file of its own, which ends with C(run(ItsApi)). It runs as a process of its own,
started by C(json_server.py): reads one line of JSON from standard input and writes its port to standard output.
"""

from __future__ import annotations

import abc
import dataclasses
import hashlib
import json
import re
import socket
import struct
import sys
import threading
import time
import typing as t
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Refusal(Exception):
    """An error answer: its status and what the vendor says."""

    def __init__(self, status: int, message: str = "", **more: t.Any) -> None:
        super().__init__(message)
        self.status, self.message, self.more = status, message, more


@dataclasses.dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: t.Any
    body: t.Any

    def field(self, name: str) -> t.Any:
        return self.body.get(name) if isinstance(self.body, dict) else None


@dataclasses.dataclass
class Reply:
    """C(payload) None: no content."""

    status: int = 200
    payload: t.Any = None
    headers: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Fault:
    """What goes wrong with the next C(times) requests that match.

    C(kind): a status (429, 500, 502, 503, 504), C(reset) before the effect, C(lost) after it, C(slow), C(truncated),
    C(malformed), C(html) (a login page with status 200), C(redirect).
    """

    kind: str
    method: str = ".*"
    path: str = ".*"
    times: int = 1
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    seconds: float = 0.0

    @property
    def reaches_us(self) -> bool:
        """Whether the request still has its effect."""
        return self.kind in ("slow", "lost", "truncated", "malformed")

    def concerns(self, method: str, path: str) -> bool:
        return self.times > 0 and bool(re.fullmatch(self.method, method)) and bool(re.fullmatch(self.path, path))


class Api(abc.ABC):
    """One vendor's state and answers. Everything is called under C(lock).

    C(settings): what tests may change, a dataclass. C(requests): how often each method and path was asked.
    """

    settings: t.Any

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.faults: list[Fault] = []
        self.requests: Counter[str] = Counter()

    @abc.abstractmethod
    def serve(self, request: Request) -> Reply:
        """Answer, or raise P(Refusal)."""

    @abc.abstractmethod
    def refused(self, refusal: Refusal) -> Reply:
        """The vendor's form of an error."""

    @abc.abstractmethod
    def state(self) -> dict[str, t.Any]:
        """What tests may see: digests of secrets, never secrets."""

    def decoded(self, raw: bytes, content_type: str) -> t.Any:
        """A request's body. JSON, unless the vendor takes something else."""
        return json.loads(raw)

    def setup(self, name: str, body: dict[str, t.Any]) -> t.Any:
        """The vendor's own doors beside those below."""
        raise ValueError(f"no side door {name}")

    def answer(self, request: Request) -> Reply:
        with self.lock:
            self.requests[f"{request.method} {request.path}"] += 1
            try:
                return self.serve(request)
            except Refusal as refusal:
                return self.refused(refusal)

    def fault_for(self, method: str, path: str) -> Fault | None:
        with self.lock:
            fault = next((one for one in self.faults if one.concerns(method, path)), None)
            if fault:
                fault.times -= 1
                if not fault.reaches_us:
                    self.requests[f"{method} {path}"] += 1
            return fault

    def side_door(self, name: str, body: dict[str, t.Any]) -> t.Any:
        with self.lock:
            if name == "fault":
                self.faults.append(Fault(**body))
            elif name == "calm":
                self.faults.clear()
                self.requests.clear()
            elif name == "settings":
                self.settings = dataclasses.replace(self.settings, **body)
            elif name != "state":
                return self.setup(name, body)
            return {**self.state(), "settings": dataclasses.asdict(self.settings), "requests": self.requests}


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with keep-alive; answers and faults."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    api: t.ClassVar[Api]
    #: What a fault that is a status answers with.
    ON_PURPOSE: t.ClassVar[t.Mapping[str, t.Any]] = {"message": "on purpose"}

    def log_message(self, format: str, *args: t.Any) -> None:
        """Nothing: a log is one more place for secrets."""

    def serve(self) -> None:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if parts.path.startswith("/__test__/"):
            self._send(Reply(200, self.api.side_door(parts.path.rpartition("/")[2], json.loads(raw) if raw else {})))
            return
        fault = self.api.fault_for(self.command, parts.path)
        if fault and self._failed_before(fault):
            return
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        body = self.api.decoded(raw, self.headers.get("Content-Type") or "") if raw else None
        reply = self.api.answer(Request(self.command, parts.path, query, self.headers, body))
        if fault and fault.kind != "slow":
            self._fail_after(fault, reply)
        else:
            self._send(reply)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve

    def _failed_before(self, fault: Fault) -> bool:
        """Faults that keep the request from having an effect."""
        if fault.kind.isdigit():
            self._send(Reply(int(fault.kind), self.ON_PURPOSE, fault.headers))
        elif fault.kind == "html":
            self._send(Reply(200, "<html><body>Please log in</body></html>"))
        elif fault.kind == "redirect":
            self._send(Reply(302, {}, {"Location": "http://user:word@elsewhere.example.com/login?next=secret"}))
        elif fault.kind == "reset":
            self._reset()
        else:
            time.sleep(fault.seconds)
            return False
        return True

    def _fail_after(self, fault: Fault, reply: Reply) -> None:
        content = json.dumps(reply.payload).encode()
        if fault.kind == "lost":
            self._reset()
        elif fault.kind == "malformed":
            self._write(reply.status, content[: len(content) // 2], len(content) // 2, reply.headers)
        else:
            self._write(reply.status, content[: len(content) // 2], len(content), reply.headers)
            self.close_connection = True

    def _reset(self) -> None:
        """End the connection with RST instead of an answer."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _send(self, reply: Reply) -> None:
        if reply.payload is None:
            self._write(reply.status, b"", 0, reply.headers)
            return
        plain = isinstance(reply.payload, str)
        content = reply.payload.encode() if plain else json.dumps(reply.payload).encode()
        self._write(reply.status, content, len(content), reply.headers, "text/html" if plain else "application/json")

    def _write(self, status: int, content: bytes, length: int, headers: dict[str, str], kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status != 204:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """A client that hangs up is no news; a bug in the stand-in is, and its traceback holds no secret."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def run(make: t.Callable[[dict[str, t.Any]], Api]) -> None:
    """The body of a stand-in's process. C(make) gets what the starter sent."""
    start = json.loads(sys.stdin.readline())
    Handler.api = make(start)
    server = Server(("127.0.0.1", start.get("port", 0)), Handler)
    threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


def _end_with_parent(server: Server) -> None:
    """Standard input ends when the parent does, however it dies."""
    sys.stdin.read()
    server.shutdown()
