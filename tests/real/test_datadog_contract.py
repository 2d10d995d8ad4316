# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in against recorded traffic of Datadog's own API: the same requests must be answered with the same statuses and shapes.

C(recorded/datadog_key_management.json) is an excerpt of the recordings in the tests of Datadog's Python client; it names its source.
"""

from __future__ import annotations

import json
import re
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from ansible_collections.locksmith.rotation.tests.servers.datadog import DatadogServer, Organization

RECORDED: list[dict[str, t.Any]] = json.loads(
    (Path(__file__).parent / "recorded" / "datadog_key_management.json").read_text(encoding="utf-8")
)["recordings"]
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_OWNER = re.compile(r"/service_accounts/([0-9a-f-]+)/")
#: Recordings made before an API key's category, and before an application key's last use, were part of an answer.
_BEFORE_CATEGORIES, _BEFORE_LAST_USE = "2023-01-01", "2024-01-01"


def ask(organization: Organization, method: str, path: str, body: t.Any) -> tuple[int, t.Any]:
    headers = {
        "DD-API-KEY": organization.api_key,
        "DD-APPLICATION-KEY": organization.app_key,
        "Content-Type": "application/json",
    }
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(organization.url + path, data=data, headers=headers, method=method)
    try:
        with _DIRECT.open(request, timeout=10) as response:
            content, status = response.read(), response.status
    except urllib.error.HTTPError as error:
        with error:
            content, status = error.read(), error.code
    return status, json.loads(content) if content else None


def shape(value: t.Any, where: str = "") -> t.Any:
    """Names and kinds of what is in an answer. Of a listing the first row stands for all; a moment that may be null is either."""
    if isinstance(value, dict):
        return {name: shape(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [shape(value[0], where)] if value else []
    if where in ("scopes", "last_used_at", "date_last_used", "timestamp"):
        return "may be null"
    return type(value).__name__


def organization_like(server: DatadogServer, recording: dict[str, t.Any]) -> Organization:
    """As old as the recording, and as generous with keys."""
    made = re.search(r'"created_at": "(\d{4}-\d\d-\d\d)', json.dumps(recording))
    date = made.group(1) if made else "2025-09-08"
    shown = any("application_keys/" in one["path"] and "key" in _attributes(one) for one in recording["exchanges"])
    settings = {"older": date < _BEFORE_CATEGORIES, "tells_use": date > _BEFORE_LAST_USE, "one_time_read": not shown}
    return server.organization(**settings)


def _attributes(exchange: dict[str, t.Any]) -> dict[str, t.Any]:
    data = (exchange["answer"] or {}).get("data")
    return data["attributes"] if isinstance(data, dict) else {}


@pytest.mark.parametrize("recording", RECORDED, ids=lambda recording: recording["recording"])
def test_it_answers_what_was_recorded(datadog: DatadogServer, recording: dict[str, t.Any]) -> None:
    organization = organization_like(datadog, recording)
    ours: dict[str, str] = {}
    for exchange in recording["exchanges"]:
        owner = _OWNER.search(exchange["path"])
        if owner and owner.group(1) not in ours:
            ours[owner.group(1)] = organization.service_account("robot")
        path = exchange["path"]
        for recorded, real in ours.items():
            path = path.replace(recorded, real)
        body = json.loads(re.sub("|".join(ours) or "$^", lambda found: ours[found.group()], json.dumps(exchange["body"])))
        status, answer = ask(organization, exchange["method"], path, body)
        assert status == exchange["status"], (exchange["method"], path, answer)
        assert shape(answer) == shape(exchange["answer"]), (exchange["method"], path)
        if status == 404:
            assert answer == exchange["answer"]
        if status == 201:
            ours[exchange["answer"]["data"]["id"]] = answer["data"]["id"]
            for field in ("key", "name", "scopes"):
                recorded, real = exchange["answer"]["data"]["attributes"].get(field), answer["data"]["attributes"].get(field)
                assert (len(recorded or "") == len(real or "")) if field == "key" else recorded == real, field


def test_the_recordings_hold_no_key() -> None:
    values = {
        one for recording in RECORDED for exchange in recording["exchanges"] for one in [_attributes(exchange).get("key")] if one
    }
    assert values and all(set(value) == {"x"} for value in values)


def test_a_listing_without_a_size_has_ten_rows_and_a_larger_one_than_a_hundred_is_refused(datadog: DatadogServer) -> None:
    organization = datadog.organization()
    for number in range(12):
        organization.make(f"key {number}")
    assert len(ask(organization, "GET", "/api/v2/api_keys", None)[1]["data"]) == 10
    assert ask(organization, "GET", "/api/v2/api_keys?page[size]=101", None)[0] == 400


def test_requests_beyond_the_limit_are_told_when_to_come_back(datadog: DatadogServer) -> None:
    organization = datadog.organization(rate_limit=1)
    assert ask(organization, "GET", "/api/v2/api_keys", None)[0] == 200
    assert ask(organization, "GET", "/api/v2/api_keys", None) == (429, {"errors": ["Too many requests"]})
