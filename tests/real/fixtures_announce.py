# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Receivers of announcements, and a topic with a queue that keeps what is published there."""

from __future__ import annotations

import itertools
import json
import typing as t

import pytest

from ansible_collections.locksmith.rotation.tests.servers.moto import Moto
from ansible_collections.locksmith.rotation.tests.servers.receivers import Receivers

_numbers = itertools.count(1)


@pytest.fixture
def receivers() -> t.Iterator[Receivers]:
    with Receivers() as running:
        yield running


class Topic:
    """An SNS topic at moto, with an SQS queue that subscribes to it."""

    def __init__(self, moto: Moto, suffix: str = "") -> None:
        self._moto = moto
        self._sqs = moto.client("sqs")
        name = f"credentials-{next(_numbers)}{suffix}"
        fifo = {"Attributes": {"FifoTopic": "true"}} if suffix else {}
        self.arn = moto.client("sns").create_topic(Name=name, **fifo)["TopicArn"]
        queue = {"Attributes": {"FifoQueue": "true"}} if suffix else {}
        self._queue = self._sqs.create_queue(QueueName=name, **queue)["QueueUrl"]
        where = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        moto.client("sns").subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=where)

    def target(self) -> dict[str, t.Any]:
        return {"kind": "sns", "topic_arn": self.arn, **self._moto.options}

    def told(self) -> list[dict[str, t.Any]]:
        """What arrived since the last call: the envelopes, with C(Message) decoded."""
        found: list[dict[str, t.Any]] = []
        while True:
            got = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
            if not got:
                return found
            for message in got:
                envelope = json.loads(message["Body"])
                found.append({**envelope, "Message": json.loads(envelope["Message"])})
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
