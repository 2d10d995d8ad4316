# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS SNS topic, for teams that subscribe to it: mail, SQS, Lambda, chat."""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.announce.interface import Facts, Target
from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

_ARN = re.compile(r"arn:[a-z-]+:sns:(?P<region>[a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_.-]+")
#: SNS takes at most 100 characters, printable ASCII, in one line.
_LONGEST_SUBJECT = 99
#: Facts that subscribers may filter by.
_ATTRIBUTES = ("event", "credential", "type")


class SnsTopic(Target):
    """Publishes the facts as JSON, with attributes to filter by. A FIFO topic drops a repetition within five minutes by itself."""

    KIND = "sns"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        "topic_arn": {"type": "str"},
        **{name: {field: value for field, value in spec.items() if field != "default"} for name, spec in aws.AWS_OPTIONS.items()},
    }
    REQUIRED = ("topic_arn",)

    def __init__(self, options: t.Mapping[str, t.Any], clock: Clock) -> None:
        super().__init__(options, clock)
        arn = _ARN.fullmatch(options["topic_arn"])
        if arn is None:
            raise ConfigurationError("topic_arn is not the ARN of an SNS topic.", next_step="copy it from the topic's page.")
        self._aws = {**options, "region": options.get("region") or arn["region"]}
        aws.check_options(self._aws)

    @property
    def address(self) -> str:
        return str(self._options["topic_arn"])

    def send(self, facts: Facts) -> None:
        topic = self._options["topic_arn"]
        subject = f"{facts.get('credential', 'a credential')}: version {facts.get('version', '?')} is published"
        request: dict[str, t.Any] = {
            "TopicArn": topic,
            "Subject": re.sub(r"[^ -~]", "?", subject)[:_LONGEST_SUBJECT],
            "Message": json.dumps(dict(facts), sort_keys=True),
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": facts[name]} for name in _ATTRIBUTES if facts.get(name)
            },
        }
        if topic.endswith(".fifo"):
            request["MessageGroupId"] = re.sub(r"[^A-Za-z0-9-]", "-", facts.get("credential", ""))[:128] or "credentials"
            request["MessageDeduplicationId"] = f"{facts.get('fingerprint', '')}-{facts.get('version', '')}"
        with aws.aws_errors("sns", f"publish to the topic {topic}"):
            aws.client("sns", self._aws).publish(**request)
