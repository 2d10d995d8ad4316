# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a way to tell people. One class a way, in the files beside. Called by P(entry.notifying)."""

from __future__ import annotations

import abc
import typing as t
from urllib.parse import parse_qsl, urlsplit

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import (
    Authorization,
    Connection,
    ErrorMessage,
    JsonClient,
    Patience,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.event import Message
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

#: What a receiver may answer while it has trouble that may be over in a moment; it takes a repetition.
_TROUBLE = (500, 502, 503, 504)
#: A dead receiver holds the end of a run up for about half a minute, seconds.
CALM = Patience(attempts=3, connect=5.0, read=10.0, pauses=20.0, trouble=_TROUBLE)
#: For a run that is being ended: somebody waits for it.
HURRIED = Patience(attempts=2, connect=3.0, read=5.0, pauses=3.0, trouble=_TROUBLE)

CONNECTION_OPTIONS: dict[str, t.Any] = {
    "validate_certs": {"type": "bool"},
    "ca_path": {"type": "path"},
    "use_proxy": {"type": "bool"},
}


class Channel(abc.ABC):
    """One place where people are told. See the module's docstring."""

    #: The value of C(kind).
    KIND: t.ClassVar[str]
    #: The channel's own options, as an Ansible argument spec. Those of all kinds make one spec, so an option that two kinds share
    #: has the same type and C(no_log) in both, and none has a default.
    OPTIONS: t.ClassVar[dict[str, t.Any]]
    #: Which of them must be given.
    REQUIRED: t.ClassVar[tuple[str, ...]]
    #: Whether the receiver keeps open alerts by key, and closes them without a noise.
    KEEPS_ALERTS: t.ClassVar[bool] = False
    #: Whether every event is a message of its own.
    SINGLY: t.ClassVar[bool] = False

    def __init__(self, options: t.Mapping[str, t.Any], clock: Clock, patience: Patience) -> None:
        self._options = options
        self._clock = clock
        self._patience = patience

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], clock: Clock, patience: Patience) -> Channel:
        """Build from validated options. Opens no connection.

        :raises ConfigurationError: an option is missing or wrong. Its text holds no value of an option that may be secret.
        """
        missing = [name for name in cls.REQUIRED if not options.get(name)]
        if missing:
            raise ConfigurationError(
                f"a channel of kind {cls.KIND} lacks {', '.join(missing)}.", next_step="add it to rotation_notify_channels."
            )
        return cls(options, clock, patience)

    @property
    def name(self) -> str:
        """What messages and the state file call it. Public."""
        return str(self._options.get("name") or f"{self.KIND} {self.address}")

    def wants(self, kind: str) -> bool:
        """Whether it is to hear of this kind of event."""
        events = self._options.get("events")
        return not events or kind in events

    @property
    @abc.abstractmethod
    def address(self) -> str:
        """Where it is, without anything secret."""

    @abc.abstractmethod
    def send(self, message: Message) -> None:
        """Tell it, in as few messages as its receiver allows. May arrive twice.

        :raises LocksmithError: not all of it arrived, or nobody knows whether it did.
        """

    def close(self) -> None:
        """Let go of connections."""
        return


class WebChannel(Channel):
    """A channel behind one URL, whose path and query may be secret and are never shown."""

    def __init__(self, options: t.Mapping[str, t.Any], clock: Clock, patience: Patience) -> None:
        super().__init__(options, clock, patience)
        try:
            parts = urlsplit(self._url())
        except ValueError:
            raise ConfigurationError(f"the URL of a {self.KIND} channel is malformed.", next_step="copy it once more.") from None
        self._path, self._query = parts.path, parse_qsl(parts.query, keep_blank_values=True)
        self._client = JsonClient(
            f"{parts.scheme}://{parts.netloc}",
            self._authorization(),
            Connection.from_options(options),
            error_message=self._error_message(),
            clock=clock,
            patience=patience,
        )

    def close(self) -> None:
        self._client.close()

    @property
    def address(self) -> str:
        return self._client.origin

    def _url(self) -> str:
        """Where to post."""
        return str(self._options["url"]).strip()

    def _authorization(self) -> Authorization:
        """The login, or the signature; what is secret in the URL is blotted out of messages too."""
        return Authorization(secrets=self._secrets())

    def _secrets(self) -> tuple[str, ...]:
        parts = urlsplit(self._url())
        values = [value for dummy, value in parse_qsl(parts.query)]
        return tuple(one for one in (parts.path.strip("/"), parts.query, *values) if len(one) > 5)

    def _error_message(self) -> ErrorMessage | None:
        """Picks what may be shown of an error answer; without it nothing is."""
        return None

    def _post(self, body: t.Any) -> None:
        self._client.request("POST", self._path, query=dict(self._query), body=body, shown="its URL")
