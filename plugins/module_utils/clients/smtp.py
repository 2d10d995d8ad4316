# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending a mail by SMTP: TLS, login, bounded retries, and errors that hold no secret. The only place that imports smtplib.

Called by P(notify.mail).
"""

from __future__ import annotations

import dataclasses
import smtplib
import ssl
import typing as t
from email.message import EmailMessage

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    Denied,
    LocksmithError,
    Rejected,
    Unreachable,
)

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
#: Seconds between two attempts.
_PAUSE = 2.0
#: Replies from here on are final, below they may be over in a moment (RFC 5321, 4.2.1).
_FINAL = 500


@dataclasses.dataclass(frozen=True)
class SmtpServer:
    """Where and how to log in."""

    host: str
    port: int
    security: str
    username: str = ""
    password: str = dataclasses.field(repr=False, default="")
    validate_certs: bool = True
    ca_path: str | None = None

    @classmethod
    def from_options(cls, options: t.Mapping[str, t.Any]) -> SmtpServer:
        """:raises ConfigurationError: half a login, or a password that would go over the network unencrypted."""
        security = str(options.get("security") or "starttls")
        username, password = str(options.get("username") or ""), str(options.get("password") or "")
        if bool(username) != bool(password):
            raise ConfigurationError(
                "an email channel has only one of username and password.", next_step="give both, or neither."
            )
        if password and security == "none":
            raise ConfigurationError(
                "an email channel would send its password unencrypted.", next_step="use security starttls or tls, or no login."
            )
        certs = options.get("validate_certs")
        port = int(options.get("port") or _PORTS[security])
        return cls(str(options["host"]), port, security, username, password, certs is not False, options.get("ca_path"))

    @property
    def where(self) -> str:
        return f"the mail server {self.host}:{self.port}"


class SmtpClient:
    """A connection for each mail.

    :arg attempts: how often one mail is sent at most. :arg timeout: for each step, seconds.
    """

    def __init__(self, server: SmtpServer, clock: Clock, attempts: int, timeout: float) -> None:
        self._server, self._clock, self._attempts, self._timeout = server, clock, attempts, timeout

    def send(self, mail: EmailMessage, sender: str, to: t.Sequence[str]) -> None:
        """:raises Denied: the login was refused. :raises Rejected: the mail was, or one of its receivers.
        :raises Unreachable: no usable answer after all attempts; the mail may have been sent."""
        for left in range(self._attempts - 1, -1, -1):
            failure, again = self._attempt(mail, sender, to)
            if failure is None:
                return
            if not again or not left:
                raise failure from None
            self._clock.sleep(_PAUSE)

    def _attempt(self, mail: EmailMessage, sender: str, to: t.Sequence[str]) -> tuple[LocksmithError | None, bool]:
        """What went wrong, and whether it may be over in a moment. No reply of the server is shown: it may echo what it got."""
        where = self._server.where
        try:
            with self._connected() as connection:
                refused = connection.send_message(mail, sender, list(to))
        except ssl.SSLError:
            return Unreachable(f"{where} could not be reached over TLS.", next_step="check its certificate and ca_path."), False
        except smtplib.SMTPAuthenticationError as error:
            return Denied(f"{where} refused the login ({error.smtp_code}).", next_step="check username and password."), False
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, dummy in error.recipients.values()]
            return self._refusal("the receivers", codes), all(code < _FINAL for code in codes)
        except smtplib.SMTPResponseException as error:
            return self._refusal("the mail", [error.smtp_code]), error.smtp_code < _FINAL
        except smtplib.SMTPNotSupportedError:
            return Rejected(f"{where} offers no STARTTLS or no login.", next_step="check port and security."), False
        except (smtplib.SMTPException, OSError) as error:
            return Unreachable(f"{where} did not answer ({type(error).__name__})."), True
        if refused:
            return self._refusal("a receiver", [code for code, dummy in refused.values()]), False
        return None, False

    def _refusal(self, what: str, codes: t.Sequence[int]) -> Rejected:
        said = ", ".join(str(code) for code in sorted(set(codes)))
        return Rejected(f"{self._server.where} refused {what} ({said}).", next_step="look at its log.")

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        context = self._context()
        if server.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=self._timeout, context=context)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=self._timeout)
        try:
            if server.security == "starttls":
                connection.starttls(context=context)
            if server.password:
                connection.login(server.username, server.password)
        except BaseException:
            connection.close()
            raise
        return connection

    def _context(self) -> ssl.SSLContext:
        """:raises OSError: C(ca_path) cannot be read."""
        context = ssl.create_default_context(cafile=self._server.ca_path)
        if not self._server.validate_certs:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context
