# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft Teams, by a webhook of its Workflows: an Adaptive Card.

Sources: Microsoft's "Create and send messages" and the reference of the Teams connector: a message with one attachment of type
C(application/vnd.microsoft.card.adaptive), at most 28 KB; the answer is 202. The old connectors' URLs are being retired.
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.notify.event import (
    CRITICAL,
    INFO,
    Event,
    Message,
    clip,
    fitting,
    left_out,
    paragraph,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.interface import CONNECTION_OPTIONS, WebChannel

_LARGEST = 28 * 1024
#: Characters of one event: they fit even where JSON takes twelve bytes for each.
_LONGEST_EVENT = 1800
_MARKDOWN = re.compile(r"([\\`*_\[\]#~|<>])")


class Teams(WebChannel):
    """One card a run. The query of the URL holds its signature, which is the secret."""

    KIND = "teams"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {"url": {"type": "str", "no_log": True}, **CONNECTION_OPTIONS}
    REQUIRED = ("url",)

    def send(self, message: Message) -> None:
        self._post(payload(message))


def payload(message: Message) -> dict[str, t.Any]:
    """The message as Teams takes it, with as many events as have room."""
    shown, more = fitting(message, lambda part, rest: _size(_card(message.title(), part, rest)), _LARGEST)
    return _card(message.title(), shown, more)


def _size(body: t.Any) -> int:
    return len(json.dumps(body).encode())


def _card(title: str, message: Message, more: int) -> dict[str, t.Any]:
    heading = {**_text(clip(title, 300)), "size": "Medium", "weight": "Bolder", "style": "heading"}
    blocks = [heading, *map(_event, message.events)]
    blocks += [_text(left_out(more))] if more else []
    blocks.append({**_text(f"Run {message.run} at {message.at}"), "isSubtle": True, "size": "Small"})
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.2",
        "body": blocks,
        "msteams": {"width": "Full"},
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": content}
    return {"type": "message", "attachments": [attachment]}


def _event(event: Event) -> dict[str, t.Any]:
    color = {CRITICAL: "Attention", INFO: "Good"}.get(event.severity, "Warning")
    return {**_text(clip("\n\n".join(paragraph(event)), _LONGEST_EVENT)), "color": color, "separator": True}


def _text(text: str) -> dict[str, t.Any]:
    """Teams reads Markdown in it; ours is none."""
    return {"type": "TextBlock", "text": _MARKDOWN.sub(r"\\\1", text), "wrap": True}
