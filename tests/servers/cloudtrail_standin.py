# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for CloudTrail's event history, LookupEvents only, which moto lacks: regions, pages, 90 days, two requests a second.

C(test_key_usage.py) holds it to botocore's model.
"""

from __future__ import annotations

import collections
import json
import secrets
import time
import typing as t

from ansible_collections.locksmith.rotation.tests.servers.aws_standin import REGION, AwsStandin, Refusal, Reply, Request

LONGEST_MEMORY = 90 * 86400
_TARGET = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101."
_KEYS = {"EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName", "EventSource", "AccessKeyId"}


class CloudTrailStandin(AwsStandin):
    """One account. C(rate): requests a second and region. C(disabled): regions that the account has not opted in to."""

    SERVICE = "cloudtrail"

    def __init__(self, rate: int = 2) -> None:
        super().__init__()
        self.rate = rate
        self.disabled: set[str] = set()
        self.throttled = 0
        self._events: dict[str, list[dict[str, t.Any]]] = collections.defaultdict(list)
        self._arrivals: dict[str, collections.deque[float]] = collections.defaultdict(collections.deque)

    def record(self, key_id: str, region: str = REGION, age: float = 3600, **more: t.Any) -> None:
        """A request that somebody made with a key, C(age) seconds ago. C(more): members of the event itself."""
        moment = time.time() - age
        told = {
            "eventVersion": "1.09",
            "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/ci", "accessKeyId": key_id},
            "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment)),
            "eventSource": "ec2.amazonaws.com",
            "eventName": "DescribeInstances",
            "awsRegion": region,
            "sourceIPAddress": "203.0.113.7",
            "userAgent": "aws-cli/2.17.0",
            **more,
        }
        event = {
            "EventId": secrets.token_hex(16),
            "EventName": told["eventName"],
            "ReadOnly": "true",
            "AccessKeyId": key_id,
            "EventTime": moment,
            "EventSource": told["eventSource"],
            "Username": "ci",
            "Resources": [],
            "CloudTrailEvent": json.dumps(told),
        }
        with self.lock:
            self._events[region].append(event)

    def operation_of(self, request: Request) -> str:
        target = request.headers.get("x-amz-target", "")
        return "LookupEvents" if target == _TARGET + "LookupEvents" and request.path == "/" else ""

    def content_type(self) -> str:
        return "application/x-amz-json-1.1"

    def refusals(self) -> dict[str, Refusal]:
        return {
            "throttled": Refusal(400, "ThrottlingException", "Rate exceeded"),
            "broken": Refusal(500, "InternalFailure", "internal error"),
            "denied": Refusal(400, "AccessDeniedException", "User: x is not authorized to perform: cloudtrail:LookupEvents"),
        }

    def render(self, refusal: Refusal) -> Reply:
        """json 1.1: the code in the body."""
        return Reply(refusal.status, {"__type": refusal.code, "message": refusal.message}, {"Content-Type": self.content_type()})

    def serve(self, operation: str, request: Request) -> dict[str, t.Any]:
        if request.region in self.disabled:
            raise Refusal(400, "UnrecognizedClientException", "The security token included in the request is invalid.")
        self._throttle(request.region)
        body = request.body()
        size, start = body.get("MaxResults", 50), body.get("StartTime", 0)
        if not 1 <= size <= 50:
            raise Refusal(400, "InvalidMaxResultsException", "1 to 50")
        if body.get("EndTime", start) < start:
            raise Refusal(400, "InvalidTimeRangeException", "the start is after the end")
        found = self._found(request.region, body)
        offset = self._offset(body)
        answer: dict[str, t.Any] = {"Events": found[offset : offset + size]}
        if offset + size < len(found):
            answer["NextToken"] = json.dumps([offset + size, _question(body)])
        return answer

    def _throttle(self, region: str) -> None:
        arrivals, now = self._arrivals[region], time.monotonic()
        while arrivals and arrivals[0] <= now - 1:
            arrivals.popleft()
        if len(arrivals) >= self.rate:
            self.throttled += 1
            raise self.refusals()["throttled"]
        arrivals.append(now)

    def _found(self, region: str, body: dict[str, t.Any]) -> list[dict[str, t.Any]]:
        wanted = body.get("LookupAttributes", [])
        if len(wanted) > 1 or any(one.get("AttributeKey") not in _KEYS for one in wanted):
            raise Refusal(400, "InvalidLookupAttributesException", "one attribute")
        oldest = max(body.get("StartTime", 0), time.time() - LONGEST_MEMORY)
        found = [event for event in self._events[region] if oldest <= event["EventTime"] <= body.get("EndTime", time.time())]
        for one in wanted:
            found = [event for event in found if str(event.get(one["AttributeKey"])) == one["AttributeValue"]]
        return sorted(found, key=lambda event: -event["EventTime"])

    def _offset(self, body: dict[str, t.Any]) -> int:
        if "NextToken" not in body:
            return 0
        offset, question = json.loads(body["NextToken"])
        if question != _question(body):
            raise Refusal(400, "InvalidNextTokenException", "of another question")
        return int(offset)


def _question(body: dict[str, t.Any]) -> list[t.Any]:
    """What has to be the same when the next page is asked for."""
    return [body.get("LookupAttributes"), body.get("StartTime"), body.get("EndTime")]
