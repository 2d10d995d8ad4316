# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Publishing to an AWS SNS topic: the topic's own rules, kept for announcements and alerts alike.

Called by P(announce.sns) and P(notify.sns).
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

_ARN = re.compile(r"arn:[a-z-]+:sns:(?P<region>[a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_.-]+")
#: SNS takes at most 100 characters, printable ASCII, in one line.
_LONGEST_SUBJECT = 99
#: Bytes of a message with its attributes.
LARGEST_MESSAGE = 262_144

#: The options of a topic, none with a default.
TOPIC_OPTIONS: dict[str, t.Any] = {
    "topic_arn": {"type": "str"},
    **{name: {field: value for field, value in spec.items() if field != "default"} for name, spec in aws.AWS_OPTIONS.items()},
}


class Topic:
    """One topic. Opens no connection before it publishes.

    :raises ConfigurationError: C(topic_arn) is none, or the AWS options contradict each other.
    """

    def __init__(self, options: t.Mapping[str, t.Any], max_attempts: int = aws.MAX_ATTEMPTS) -> None:
        self.arn = str(options["topic_arn"])
        parts = _ARN.fullmatch(self.arn)
        if parts is None:
            raise ConfigurationError("topic_arn is not the ARN of an SNS topic.", next_step="copy it from the topic's page.")
        self._options = {**options, "region": options.get("region") or parts["region"]}
        self._max_attempts = max_attempts
        aws.check_options(self._options)

    def publish(
        self,
        subject: str,
        message: str,
        attributes: t.Mapping[str, str],
        *,
        group: str,
        delivery: str,
        by_protocol: bool = False,
    ) -> None:
        """Send one message.

        :arg attributes: to filter by; empty ones are left out.
        :arg group: for a FIFO topic, what keeps its order. :arg delivery: for one, by what it knows a repetition.
        :arg by_protocol: C(message) is JSON with a text for each protocol.
        :raises LocksmithError: it was refused, or nobody knows whether it arrived.
        """
        request: dict[str, t.Any] = {
            "TopicArn": self.arn,
            "Subject": re.sub(r"[^ -~]", "?", subject)[:_LONGEST_SUBJECT],
            "Message": message,
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
            },
        }
        if by_protocol:
            request["MessageStructure"] = "json"
        if self.arn.endswith(".fifo"):
            request["MessageGroupId"] = re.sub(r"[^A-Za-z0-9-]", "-", group)[:128] or "credentials"
            request["MessageDeduplicationId"] = delivery
        with aws.aws_errors("sns", f"publish to the topic {self.arn}"):
            aws.client("sns", self._options, self._max_attempts).publish(**request)
