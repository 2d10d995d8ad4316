# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at a server without a login: what time it is there, and until when its certificate is valid. Called by the doctor.

For HTTP the C(Date) of the answer to C(HEAD /), whatever the status; for PostgreSQL only the certificate, which it shows to anybody.
Does not go through a proxy: where nothing but a proxy leads there, this look fails, and that says nothing about the server.
"""

from __future__ import annotations

import dataclasses
import http.client
import socket
import ssl
import struct
import typing as t
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock

#: Seconds.
_TIMEOUT = 10
#: https://www.postgresql.org/docs/current/protocol-message-formats.html#PROTOCOL-MESSAGE-FORMATS-SSLREQUEST
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
_PORTS = {"https": 443, "http": 80, "postgresql": 5432}


@dataclasses.dataclass(frozen=True)
class Glance:
    """What was seen. C(ahead): seconds by which our clock is ahead of the server's; None where it does not say.

    C(expires_at): when its certificate ends, seconds since the epoch; None without TLS, or where it is not checked. C(problem): why
    something is missing, empty if nothing is.
    """

    ahead: float | None = None
    expires_at: float | None = None
    problem: str = ""


def glance_at(endpoint: Endpoint, clock: Clock) -> Glance:
    """Never raises: what could not be seen is in C(problem)."""
    parts = urlsplit(endpoint.url)
    host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    try:
        if parts.scheme == "postgresql":
            return _postgresql(endpoint, host, port)
        return _http(endpoint, host, port, parts.scheme == "https", clock)
    except ssl.SSLCertVerificationError as error:
        return Glance(problem=f"the certificate of {host}:{port} is not trusted: {error.verify_message}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Glance(
            problem=f"{host}:{port} could not be looked at from here ({type(error).__name__}), perhaps because of a proxy"
        )


def _http(endpoint: Endpoint, host: str, port: int, encrypted: bool, clock: Clock) -> Glance:
    made = (
        http.client.HTTPSConnection(host, port, timeout=_TIMEOUT, context=_context(endpoint))
        if encrypted
        else http.client.HTTPConnection(host, port, timeout=_TIMEOUT)
    )
    try:
        made.connect()
        expires_at = _expiry(made.sock)
        asked_at = clock.now()
        made.request("HEAD", "/")
        said = made.getresponse().getheader("Date")
        # The header has whole seconds, so that half a second is to be expected; so is half of the time that the answer took.
        ahead = (asked_at + clock.now()) / 2 - 0.5 - parsedate_to_datetime(said).timestamp() if said else None
        return Glance(ahead, expires_at, "" if said else f"{host}:{port} does not tell the time")
    finally:
        made.close()


def _postgresql(endpoint: Endpoint, host: str, port: int) -> Glance:
    with socket.create_connection((host, port), _TIMEOUT) as plain:
        plain.sendall(_SSL_REQUEST)
        if plain.recv(1) != b"S":
            return Glance()
        with _context(endpoint).wrap_socket(plain, server_hostname=host) as encrypted:
            return Glance(expires_at=_expiry(encrypted))


def _context(endpoint: Endpoint) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=endpoint.ca_path)
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)  # the clients are not that strict either
    if not endpoint.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _expiry(connected: t.Any) -> float | None:
    """None also where the certificate is not checked: Python shows none then."""
    shown = connected.getpeercert() if isinstance(connected, ssl.SSLSocket) else None
    return float(ssl.cert_time_to_seconds(str(shown["notAfter"]))) if shown else None
