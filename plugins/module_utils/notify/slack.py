# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slack, by an incoming webhook.

Sources: Slack's reference of incoming webhooks and of Block Kit: at most 50 blocks in a message, 150 characters in a header, 3000 in
a section; "&", "<" and ">" are escaped; errors are a word as text, such as C(invalid_payload); 429 carries C(Retry-After).
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import ErrorMessage
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.event import (
    DIGEST,
    RESOLVED,
    Message,
    clip,
    left_out,
    paragraph,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.interface import CONNECTION_OPTIONS, WebChannel

_MOST_BLOCKS = 50
_LONGEST_HEADER = 150
_LONGEST_SECTION = 3000
#: Blocks beside the events: the header, what is left out, and the run.
_FRAME = 3
_WORD = re.compile(r"[a-z_]{3,60}")


class Slack(WebChannel):
    """One message a run. The URL is the secret."""

    KIND = "slack"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {"url": {"type": "str", "no_log": True}, **CONNECTION_OPTIONS}
    REQUIRED = ("url",)

    def send(self, message: Message) -> None:
        self._post(payload(message))

    def _error_message(self) -> ErrorMessage:
        return lambda body: body if isinstance(body, str) and _WORD.fullmatch(body) else None


def payload(message: Message) -> dict[str, t.Any]:
    """The message as Slack takes it."""
    shown, more = message.first(_MOST_BLOCKS - _FRAME)
    title = message.title()
    blocks: list[dict[str, t.Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": clip(title, _LONGEST_HEADER), "emoji": False}}
    ]
    for event in shown.events:
        blocks.append(_section("\n".join([_sign(event.kind) + " " + paragraph(event)[0], *paragraph(event)[1:]])))
    if more:
        blocks.append(_section(left_out(more)))
    blocks.append({"type": "context", "elements": [{"type": "plain_text", "text": f"Run {message.run} at {message.at}"}]})
    return {"text": _escaped(clip(title, _LONGEST_SECTION // 2)), "blocks": blocks}


def _section(text: str) -> dict[str, t.Any]:
    longest = _LONGEST_SECTION
    while len(_escaped(clip(text, longest))) > _LONGEST_SECTION:
        longest = longest * 3 // 4
    return {"type": "section", "text": {"type": "mrkdwn", "text": _escaped(clip(text, longest)), "verbatim": True}}


def _sign(kind: str) -> str:
    return {RESOLVED: ":white_check_mark:", DIGEST: ":key:"}.get(kind, ":rotating_light:")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
