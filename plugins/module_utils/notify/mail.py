# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""E-mail, by SMTP. One plain-text mail a run."""

from __future__ import annotations

import re
import typing as t
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Patience
from ansible_collections.locksmith.rotation.plugins.module_utils.clients.smtp import SmtpClient, SmtpServer
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.event import Message, as_text, clip, fitting, left_out
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.interface import Channel
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

_ADDRESS = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+")
_LONGEST_SUBJECT = 150
#: Bytes of text: nobody reads more, and few servers take megabytes.
_LARGEST = 200_000
#: Header lines as RFC 5322 allows them; folded at 78 the subject would begin on a line of its own.
_POLICY = SMTP.clone(max_line_length=998)


class Email(Channel):
    """STARTTLS unless the options say otherwise: the password and the names of hosts are nobody else's business."""

    KIND = "email"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        "host": {"type": "str"},
        "port": {"type": "int"},
        "security": {"type": "str", "choices": ["starttls", "tls", "none"]},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
        "sender": {"type": "str"},
        "to": {"type": "list", "elements": "str"},
        "validate_certs": {"type": "bool"},
        "ca_path": {"type": "path"},
    }
    REQUIRED = ("host", "sender", "to")

    def __init__(self, options: t.Mapping[str, t.Any], clock: Clock, patience: Patience) -> None:
        super().__init__(options, clock, patience)
        self._to = [str(one).strip() for one in options["to"]]
        for one in (str(options["sender"]).strip(), *self._to):
            if not _ADDRESS.fullmatch(one):
                raise ConfigurationError(
                    f"{one!r} of an email channel is no e-mail address.", next_step="write it as name@example.com."
                )
        self._client = SmtpClient(SmtpServer.from_options(options), clock, patience.attempts, patience.read)

    @property
    def address(self) -> str:
        return ", ".join(self._to)

    def send(self, message: Message) -> None:
        mail = EmailMessage(_POLICY)
        sender = str(self._options["sender"]).strip()
        mail["From"], mail["To"], mail["Subject"] = sender, ", ".join(self._to), clip(message.title(), _LONGEST_SUBJECT)
        mail["Date"], mail["Message-ID"] = formatdate(self._clock.now()), make_msgid("locksmith", sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"
        shown, more = fitting(message, lambda part, dummy: len(as_text(part).encode()), _LARGEST)
        mail.set_content("\n\n".join([as_text(shown), *([left_out(more)] if more else [])]))
        self._client.send(mail, sender, self._to)
