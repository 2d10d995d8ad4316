# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS SNS topic: text for people's mail, JSON for everything else that subscribes."""

from __future__ import annotations

import hashlib
import json
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Patience
from ansible_collections.locksmith.rotation.plugins.module_utils.clients.sns import LARGEST_MESSAGE, TOPIC_OPTIONS, Topic
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.event import Message, as_text, fitting, left_out
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.interface import Channel
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock

#: Bytes that the attributes and SNS's own envelope may take.
_ENVELOPE = 4096


class SnsTopic(Channel):
    """One message a run, with attributes to filter by: C(event), C(source), C(kind) and C(severity) of the gravest."""

    KIND = "sns"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = TOPIC_OPTIONS
    REQUIRED = ("topic_arn",)

    def __init__(self, options: t.Mapping[str, t.Any], clock: Clock, patience: Patience) -> None:
        super().__init__(options, clock, patience)
        self._topic = Topic(options, patience.attempts)

    @property
    def address(self) -> str:
        return str(self._options["topic_arn"])

    def send(self, message: Message) -> None:
        body = payload(message)
        gravest = message.events[0]
        self._topic.publish(
            message.title(),
            body,
            {"event": "rotation_alerts", "source": message.source, "kind": gravest.kind, "severity": gravest.severity},
            group=message.source,
            delivery=hashlib.sha256(body.encode()).hexdigest(),
            by_protocol=True,
        )


def payload(message: Message) -> str:
    """The message for each protocol, with as many events as have room."""
    shown, more = fitting(message, lambda part, rest: len(_texts(part, rest).encode()), LARGEST_MESSAGE - _ENVELOPE)
    return _texts(shown, more)


def _texts(message: Message, more: int) -> str:
    text = "\n\n".join([as_text(message), *([left_out(more)] if more else [])])
    facts = {**message.as_facts(), "left_out": more}
    return json.dumps({"default": json.dumps(facts, sort_keys=True, ensure_ascii=False), "email": text}, ensure_ascii=False)
