# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in that speaks just enough of PostgreSQL's protocol to refuse logins in German, as a server with
C(lc_messages = 'de_DE.UTF-8') does; such a locale is rarely installed where tests run.

https://www.postgresql.org/docs/current/protocol-message-formats.html; texts from the server's de.po.
"""

from __future__ import annotations

import contextlib
import hashlib
import socket
import socketserver
import struct
import threading

from ansible_collections.locksmith.rotation.tests.servers.postgres import HOST

_PROTOCOL_3 = 3
_SALT = b"salt"


class GermanPostgres:
    """Knows one role, which is NOLOGIN, and its password; a context manager."""

    def __init__(self, user: str, password: str) -> None:
        inner = hashlib.md5(f"{password}{user}".encode()).hexdigest()
        expected = b"md5" + hashlib.md5(inner.encode() + _SALT).hexdigest().encode()

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(ConnectionError, struct.error):
                    _refuse(self.request, user, expected)

        self._server = socketserver.ThreadingTCPServer((HOST, 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.host = HOST
        self.port = int(self._server.server_address[1])
        self.admin_user = user
        self.admin_password = password

    def __enter__(self) -> GermanPostgres:
        self._thread.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _refuse(client: socket.socket, user: str, expected: bytes) -> None:
    while True:
        length, major, dummy = struct.unpack("!IHH", _read(client, 8))
        _read(client, length - 8)
        if major == _PROTOCOL_3:
            break
        client.sendall(b"N")  # neither TLS nor GSS encryption
    client.sendall(b"R" + struct.pack("!II4s", 12, 5, _SALT))
    kind, length = struct.unpack("!cI", _read(client, 5))
    answer = _read(client, length - 4).rstrip(b"\0")
    if kind == b"p" and answer == expected:
        _send_error(client, "28000", f"Rolle »{user}« hat keine Berechtigung zum Login (darf sich nicht einloggen)")
    else:
        _send_error(client, "28P01", f"Passwort-Authentifizierung für Benutzer »{user}« fehlgeschlagen")


def _send_error(client: socket.socket, state: str, message: str) -> None:
    fields = {b"S": "SCHWERWIEGEND", b"V": "FATAL", b"C": state, b"M": message}
    body = b"".join(code + text.encode() + b"\0" for code, text in fields.items()) + b"\0"
    client.sendall(b"E" + struct.pack("!I", len(body) + 4) + body)


def _read(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = client.recv(count - len(data))
        if not part:
            raise ConnectionError
        data += part
    return data
