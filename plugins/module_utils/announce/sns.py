# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS SNS topic, for teams that subscribe to it: mail, SQS, Lambda, chat."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.announce.interface import Facts, Target
from ansible_collections.locksmith.rotation.plugins.module_utils.clients.sns import TOPIC_OPTIONS, Topic
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock

#: Facts that subscribers may filter by.
_ATTRIBUTES = ("event", "credential", "type")


class SnsTopic(Target):
    """Publishes the facts as JSON, with attributes to filter by. A FIFO topic drops a repetition within five minutes by itself."""

    KIND = "sns"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = TOPIC_OPTIONS
    REQUIRED = ("topic_arn",)

    def __init__(self, options: t.Mapping[str, t.Any], clock: Clock) -> None:
        super().__init__(options, clock)
        self._topic = Topic(options)

    @property
    def address(self) -> str:
        return str(self._options["topic_arn"])

    def send(self, facts: Facts) -> None:
        self._topic.publish(
            f"{facts.get('credential', 'a credential')}: version {facts.get('version', '?')} is published",
            json.dumps(dict(facts), sort_keys=True),
            {name: facts.get(name, "") for name in _ATTRIBUTES},
            group=facts.get("credential", ""),
            delivery=f"{facts.get('fingerprint', '')}-{facts.get('version', '')}",
        )
