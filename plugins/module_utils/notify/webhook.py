# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any receiver of signed JSON: an event bus, a ticket system, Event-Driven Ansible's webhook source."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Signature
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.event import Message, fitting
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.interface import CONNECTION_OPTIONS, WebChannel

#: Bytes: what most receivers take without being told to.
_LARGEST = 512 * 1024


class Webhook(WebChannel):
    """One request a run, with every event, signed with HMAC-SHA256."""

    KIND = "webhook"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        "url": {"type": "str", "no_log": True},
        "hmac_secret": {"type": "str", "no_log": True},
        "hmac_header": {"type": "str"},
        **CONNECTION_OPTIONS,
    }
    REQUIRED = ("url", "hmac_secret")

    def send(self, message: Message) -> None:
        shown, more = fitting(message, lambda part, dummy: len(json.dumps(part.as_facts())), _LARGEST)
        self._post({**shown.as_facts(), "left_out": more})

    def _authorization(self) -> Signature:
        header = str(self._options.get("hmac_header") or "X-Hub-Signature-256")
        secret = str(self._options["hmac_secret"])
        return Signature(secrets=(secret, *self._secrets()), header_name=header, key=secret)
