# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PagerDuty, by the Events API v2: an alert for each problem, closed when it is solved, and a change event for what was done.

Sources: PagerDuty's developer documentation, "Events API v2": C(routing_key) 32 characters, C(dedup_key) at most 255,
C(payload.summary) at most 1024, an event at most 512 KB; 202 is success, 400 is final, 429 and 5xx are tried again;
change events go to a service's key and not to a ruleset's, which begins with R.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Authorization, ErrorMessage, Patience
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.event import DIGEST, RESOLVED, Event, Message, clip
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.interface import CONNECTION_OPTIONS, WebChannel
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

_URL = "https://events.pagerduty.com"
_KEY_LENGTH = 32
_LONGEST_SUMMARY = 1024
_LARGEST = 512 * 1024
_RULESET = "R"


class PagerDuty(WebChannel):
    """An event each, because each has its own alert."""

    KIND = "pagerduty"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        "url": {"type": "str", "no_log": True},
        "routing_key": {"type": "str", "no_log": True},
        **CONNECTION_OPTIONS,
    }
    REQUIRED = ("routing_key",)
    KEEPS_ALERTS = True
    SINGLY = True

    def __init__(self, options: t.Mapping[str, t.Any], clock: Clock, patience: Patience) -> None:
        if len(str(options["routing_key"])) != _KEY_LENGTH:
            raise ConfigurationError(
                f"routing_key of a pagerduty channel does not have {_KEY_LENGTH} characters.",
                next_step="copy the integration key of an integration of type Events API v2.",
            )
        super().__init__(options, clock, patience)

    def send(self, message: Message) -> None:
        key = str(self._options["routing_key"])
        for event in message.events:
            if event.kind != DIGEST:
                self._enqueue("/v2/enqueue", alert(message, event, key))
            elif not key.startswith(_RULESET):
                self._enqueue("/v2/change/enqueue", change(message, event, key))

    def wants(self, kind: str) -> bool:
        return super().wants(kind) and not (kind == DIGEST and str(self._options["routing_key"]).startswith(_RULESET))

    def _enqueue(self, path: str, body: dict[str, t.Any]) -> None:
        self._client.request("POST", self._path.rstrip("/") + path, body=body, shown=path)

    def _url(self) -> str:
        return str(self._options.get("url") or _URL)

    def _authorization(self) -> Authorization:
        return Authorization(secrets=(str(self._options["routing_key"]), *self._secrets()))

    def _error_message(self) -> ErrorMessage:
        return _said


def alert(message: Message, event: Event, routing_key: str) -> dict[str, t.Any]:
    """Opens the alert of a problem, or closes it."""
    common = {"routing_key": routing_key, "dedup_key": message.key(event)}
    if event.kind == RESOLVED:
        return {**common, "event_action": "resolve"}
    return {
        **common,
        "event_action": "trigger",
        "client": "locksmith.rotation",
        "payload": {
            **_payload(message, event),
            "severity": event.severity,
            "component": event.about,
            "group": message.source,
            "class": event.kind,
        },
    }


def change(message: Message, event: Event, routing_key: str) -> dict[str, t.Any]:
    """What was done, shown beside incidents; nobody is woken by it."""
    return {"routing_key": routing_key, "payload": _payload(message, event)}


def _payload(message: Message, event: Event) -> dict[str, t.Any]:
    lines = list(event.lines)
    while len(json.dumps(lines)) > _LARGEST // 2:
        lines = lines[: len(lines) // 2]
    names = {"next": event.next_step, "run": message.run, **event.details, "lines": lines}
    return {
        "summary": clip(event.summary if event.kind != DIGEST else f"Rotation: {event.summary}", _LONGEST_SUMMARY),
        "source": message.source,
        "timestamp": message.at,
        "custom_details": {name: value for name, value in names.items() if value},
    }


def _said(body: t.Any) -> str | None:
    """PagerDuty's own words about an event that it does not take."""
    if not isinstance(body, dict):
        return None
    errors = [str(line) for line in body.get("errors") or () if isinstance(line, str)]
    return "; ".join([str(body.get("message") or ""), *errors]).strip("; ") or None
