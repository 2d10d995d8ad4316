# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The channels that there are. The only place that names them all."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Patience
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.event import KINDS
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.interface import Channel
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.mail import Email
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.pagerduty import PagerDuty
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.slack import Slack
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.sns import SnsTopic
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.teams import Teams
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.webhook import Webhook
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.shapes import refuse_foreign

CHANNELS: dict[str, type[Channel]] = {channel.KIND: channel for channel in (Slack, PagerDuty, Teams, SnsTopic, Email, Webhook)}
_COMMON = ("kind", "name", "events")


def channel_options() -> dict[str, t.Any]:
    """The options of a channel: those of all kinds in one spec."""
    merged: dict[str, t.Any] = {
        "kind": {"type": "str", "required": True, "choices": list(CHANNELS)},
        "name": {"type": "str"},
        "events": {"type": "list", "elements": "str", "choices": list(KINDS)},
    }
    for channel in CHANNELS.values():
        merged.update(channel.OPTIONS)
    return merged


def check_channel(given: t.Mapping[str, t.Any]) -> None:
    """Refuse options of another kind. C(given): as written by the user, before environment variables.

    :raises ConfigurationError: names them.
    """
    channel = CHANNELS.get(str(given.get("kind")))
    if channel is not None:
        refuse_foreign(given, channel.OPTIONS, f"a channel of kind {channel.KIND}", *_COMMON)


def build_channel(options: t.Mapping[str, t.Any], clock: Clock, patience: Patience) -> Channel:
    """One channel, from validated options. Opens no connection."""
    return CHANNELS[options["kind"]].create(options, clock, patience)
