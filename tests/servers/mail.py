# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail server for tests: SMTP with STARTTLS and a login (RFC 5321, 3207, 4954), as far as a sender of one mail sees it."""

from __future__ import annotations

import base64
import dataclasses
import email
import email.message
import email.policy
import secrets
import socketserver
import ssl
import threading
import typing as t
from pathlib import Path

from ansible_collections.locksmith.rotation.tests.servers.certificates import make_authority_and_certificate

USER = "rotation"


@dataclasses.dataclass
class Received:
    """One mail. C(encrypted), C(login): how it came."""

    sender: str
    to: list[str]
    mail: email.message.EmailMessage
    encrypted: bool
    login: str


class MailServer:
    """A context manager. C(refuse): verb to the reply that it gets instead, as often as it stands there.

    C(top): a directory for its certificate. C(implicit): TLS from the first byte.
    """

    def __init__(self, top: Path, implicit: bool = False) -> None:
        authority, certificate, key = make_authority_and_certificate()
        self.ca_path = top / "mail-ca.pem"
        self.ca_path.write_bytes(authority)
        chain = top / "mail.pem"
        chain.touch(mode=0o600)
        chain.write_bytes(certificate + key)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain)
        self.implicit = implicit
        self.password = secrets.token_urlsafe(20)
        self.mails: list[Received] = []
        self.refuse: list[tuple[str, str]] = []
        self._server = _Server(("127.0.0.1", 0), _session_of(self))
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> MailServer:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def channel(self, **more: t.Any) -> dict[str, t.Any]:
        """A channel as a user writes it."""
        login = {"username": USER, "password": self.password}
        people = {"sender": "rotation@example.com", "to": ["platform@example.com", "oncall@example.com"]}
        where = {"host": "127.0.0.1", "port": self.port, "ca_path": str(self.ca_path)}
        return {"kind": "email", **where, **login, **people, **more}

    def refusal(self, verb: str) -> str:
        """What is to be answered to this verb now instead, or an empty string."""
        for planned in self.refuse:
            if planned[0] == verb:
                self.refuse.remove(planned)
                return planned[1]
        return ""


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: t.Any, client_address: t.Any) -> None:
        """A client that hangs up is no news."""


class _Session(socketserver.StreamRequestHandler):
    """One connection."""

    server_of: t.ClassVar[MailServer]

    def handle(self) -> None:
        self.sender, self.to, self.login = "", t.cast("list[str]", []), ""
        self.encrypted = False
        if self.server_of.implicit:
            self._encrypt()
        self._say("220 127.0.0.1 ESMTP")
        while True:
            line = self.rfile.readline().decode("utf-8", "replace").strip()
            verb, dummy, rest = line.partition(" ")
            if not line or verb.upper() == "QUIT":
                self._say("221 Bye")
                return
            planned = self.server_of.refusal(verb.upper())
            self._say(planned) if planned else self._answer(verb.upper(), rest)

    def _answer(self, verb: str, rest: str) -> None:
        if verb == "EHLO":
            offers = ["127.0.0.1", "8BITMIME", "SMTPUTF8", "AUTH PLAIN" if self.encrypted else "STARTTLS"]
            for number, offer in enumerate(offers, 1):
                self._say(f"250{' ' if number == len(offers) else '-'}{offer}")
        elif verb == "STARTTLS" and not self.encrypted:
            self._say("220 Go ahead")
            self._encrypt()
        elif verb == "AUTH":
            self._log_in(rest)
        elif verb == "MAIL":
            self.sender = rest.partition(":<")[2].partition(">")[0]
            self._say("250 OK" if self.login else "530 5.7.0 Authentication required")
        elif verb == "RCPT":
            self.to.append(rest.partition(":<")[2].partition(">")[0])
            self._say("250 OK")
        elif verb == "DATA":
            self._take()
        else:
            self._say("250 OK" if verb in ("RSET", "NOOP") else "502 5.5.1 Command not implemented")

    def _log_in(self, rest: str) -> None:
        method, dummy, encoded = rest.partition(" ")
        given = base64.b64decode(encoded).decode().split("\0") if method == "PLAIN" and encoded else []
        right = self.encrypted and given[1:] == [USER, self.server_of.password]
        self.login = USER if right else ""
        self._say("235 2.7.0 Authentication successful" if right else "535 5.7.8 Authentication credentials invalid")

    def _take(self) -> None:
        self._say("354 End data with <CR><LF>.<CR><LF>")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        if any(len(line) > 1000 for line in lines):
            self._say("554 5.6.0 A line is longer than 998 characters")
            return
        mail = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        self.server_of.mails.append(Received(self.sender, self.to, mail, self.encrypted, self.login))
        self._say("250 2.0.0 Queued")

    def _encrypt(self) -> None:
        self.connection = self.server_of.context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.encrypted = True

    def _say(self, line: str) -> None:
        self.connection.sendall(line.encode() + b"\r\n")


def _session_of(server: MailServer) -> type[_Session]:
    class Session(_Session):
        server_of = server

    return Session
