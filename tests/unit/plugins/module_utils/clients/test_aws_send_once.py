# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that must not be sent twice, and how long AWS is left alone after it turned one away."""

from __future__ import annotations

import typing as t

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.aws import send_once
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock


class Clock(SystemClock):
    def __init__(self) -> None:
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


def refusal(code: str, retry_after: str = "") -> ClientError:
    headers = {"retry-after": retry_after} if retry_after else {}
    answer: t.Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 400, "HTTPHeaders": headers}}
    return ClientError(answer, "CreateKey")


def script(*outcomes: t.Any) -> t.Callable[[], t.Any]:
    """A request that ends in these ways, one after the other."""
    left = list(outcomes)

    def request() -> t.Any:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return request


def test_what_was_turned_away_unread_is_sent_again_after_the_pause_that_was_asked_for() -> None:
    clock = Clock()
    assert send_once(clock, script(refusal("ThrottlingException", "7"), refusal("Throttling"), "made")) == "made"
    assert 7 <= clock.pauses[0] <= 8
    assert 2 <= clock.pauses[1] <= 4


@pytest.mark.parametrize(("header", "least", "most"), [("600", 60, 61), ("soon", 1, 2), ("-5", 1, 2)])
def test_no_pause_is_endless_and_nonsense_is_none(header: str, least: float, most: float) -> None:
    clock = Clock()
    send_once(clock, script(refusal("Throttling", header), "made"))
    assert least <= clock.pauses[0] <= most


@pytest.mark.parametrize(
    "failure", [refusal("InternalFailure"), refusal("ConflictException"), ReadTimeoutError(endpoint_url="x")]
)
def test_whatever_may_have_taken_effect_is_sent_once(failure: Exception) -> None:
    request = script(failure, "a second key")
    with pytest.raises(type(failure)):
        send_once(Clock(), request)
    assert request() == "a second key", "it was not asked for again"


def test_it_ends() -> None:
    clock = Clock()
    with pytest.raises(ClientError):
        send_once(clock, script(*[refusal("Throttling")] * 5))
    assert len(clock.pauses) == 4
