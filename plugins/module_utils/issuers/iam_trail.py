# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who used an AWS access key, as CloudTrail's event history tells it. Called by the IAM issuer for the usage report.

Facts are those of CloudTrail's API reference: LookupEvents looks back 90 days, answers for one region, takes two requests a second
for an account and region, and knows management events only.
"""

from __future__ import annotations

import collections
import dataclasses
import json
import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import AuditTrail, Use
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock

#: Seconds.
LONGEST_MEMORY = 90 * 86400
#: A little more than half a second between two requests to one region.
_INTERVAL = 0.55
#: Other users of the account share the rate, so that a lookup may be turned away often.
_ATTEMPTS = 8
_PAGE = 50
_LONGEST_AGENT = 120
_BLIND_TO = "data events (objects in S3, calls of Lambda functions …), the events of about the last 15 minutes, other regions"

#: Region to when it was last asked, by this process; monotonic seconds.
_asked: dict[str, float] = {}


@dataclasses.dataclass
class _Sum:
    """What is added up for one caller, address and program."""

    places: set[str] = dataclasses.field(default_factory=set)
    actions: set[str] = dataclasses.field(default_factory=set)
    first_at: float = float("inf")
    last_at: float = 0.0
    requests: int = 0
    refused: int = 0


def search(
    key_id: str, options: t.Mapping[str, t.Any], regions: t.Sequence[str], since: float, most: int, clock: Clock
) -> AuditTrail:
    """Look C(key_id) up in each region. A region that does not answer is named and does not hide the others.

    :raises ConfigurationError: CloudTrail does not remember that long.
    """
    if clock.now() - since > LONGEST_MEMORY + 60:
        raise errors.ConfigurationError("CloudTrail's event history ends after 90 days.", next_step="set since to 90d or less.")
    sums: dict[tuple[str, str, str], _Sum] = collections.defaultdict(_Sum)
    searched, unanswered, complete = [], {}, True
    for region in dict.fromkeys(regions):
        try:
            for number, event in enumerate(_events(key_id, {**options, "region": region}, since, clock)):
                if number == most:
                    complete = False
                    break
                _add(sums, event, region)
            searched.append(region)
        except errors.ExternalError as error:
            unanswered[region] = str(error)
    uses = sorted((_use(who, total) for who, total in sums.items()), key=lambda use: -use.last_at)
    return AuditTrail(since, tuple(searched), unanswered, tuple(uses), complete, _BLIND_TO)


def _events(key_id: str, options: t.Mapping[str, t.Any], since: float, clock: Clock) -> t.Iterator[t.Mapping[str, t.Any]]:
    """Newest first, page by page."""
    region = str(options["region"])
    wanted = [{"AttributeKey": "AccessKeyId", "AttributeValue": key_id}]
    request: dict[str, t.Any] = {"LookupAttributes": wanted, "StartTime": since, "MaxResults": _PAGE}
    while True:
        _wait_for_turn(region, clock)
        with aws.aws_errors("cloudtrail", f"look up the access key {key_id} in {region}"):
            page = aws.client("cloudtrail", options, _ATTEMPTS).lookup_events(**request)
        yield from page.get("Events") or ()
        if not page.get("NextToken"):
            return
        request["NextToken"] = page["NextToken"]


def _wait_for_turn(region: str, clock: Clock) -> None:
    left = _asked.get(region, -_INTERVAL) + _INTERVAL - clock.monotonic()
    if left > 0:
        clock.sleep(left)
    _asked[region] = clock.monotonic()


def _add(sums: dict[tuple[str, str, str], _Sum], event: t.Mapping[str, t.Any], region: str) -> None:
    told = _told(event)
    identity = told.get("userIdentity")
    arn = identity.get("arn") if isinstance(identity, dict) else None
    who = (
        _line(arn or event.get("Username") or "unknown"),
        _line(told.get("sourceIPAddress") or "unknown"),
        _line(told.get("userAgent") or "unknown"),
    )
    at = event["EventTime"].timestamp()
    total = sums[who]
    total.places.add(_line(told.get("awsRegion") or region))
    total.actions.add(
        _line(f"{str(event.get('EventSource') or 'unknown').partition('.')[0]}:{event.get('EventName') or 'unknown'}")
    )
    total.first_at, total.last_at = min(total.first_at, at), max(total.last_at, at)
    total.requests += 1
    total.refused += bool(told.get("errorCode"))


def _told(event: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The event itself, which CloudTrail hands over as a text."""
    try:
        told = json.loads(event.get("CloudTrailEvent") or "{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _line(text: t.Any) -> str:
    """What a caller says of itself, on one line and not too long."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", str(text)).strip()[:_LONGEST_AGENT]


def _use(who: tuple[str, str, str], total: _Sum) -> Use:
    places, actions = tuple(sorted(total.places)), tuple(sorted(total.actions))
    return Use(*who, places, actions, total.first_at, total.last_at, total.requests, total.refused)
