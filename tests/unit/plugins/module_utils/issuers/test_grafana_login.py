# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Grafana secret says about itself, and which of two sets of permissions is the larger."""

from __future__ import annotations

import base64
import json
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Answer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers import grafana_login
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_api import GrafanaApi
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_cloud_api import _next_cursor
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Unreachable


def packed(said: t.Any) -> str:
    return base64.b64encode(json.dumps(said, separators=(",", ":")).encode()).decode()


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        (packed({"k": "x", "n": "old", "id": 2}), ("old", 2)),
        (packed({"k": "x", "n": "old", "id": 2}).rstrip("="), ("old", 2)),
        (packed({"k": "x", "n": "old"}), None),
        (packed({"k": "x", "n": 1, "id": 2}), None),
        (packed({"n": "old", "id": 2, "k": "x"}), None),
        ("eyJrIjoi", None),
        ("eyJrIjoi!!!", None),
        ("glsa_abc", None),
        ("", None),
    ],
)
def test_what_a_legacy_key_says(secret: str, said: tuple[str, int] | None) -> None:
    assert grafana_login.legacy_key(secret) == said


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("glc_" + packed({"o": "1", "n": "policy-token", "k": "x", "m": {"r": "us"}}), ("1", "policy-token", "us")),
        ("glc_" + packed({"o": 1, "n": "policy-token", "k": "x"}), ("1", "policy-token", "")),
        ("glc_" + packed({"o": "1", "k": "x"}), None),
        ("glc_" + packed(["o", "n"]), None),
        ("glc_nonsense", None),
        (packed({"o": "1", "n": "policy-token"}), None),
    ],
)
def test_what_a_cloud_token_says(secret: str, said: tuple[str, str, str] | None) -> None:
    assert grafana_login.cloud_token(secret) == said


def test_secrets_that_nobody_issued_have_the_right_form_and_differ() -> None:
    assert grafana_login.legacy_key(grafana_login.random_legacy_key(3)) == ("locksmith-nobody", 3)
    assert grafana_login.cloud_token(grafana_login.random_cloud_token("us")) == ("0", "locksmith-nobody", "us")
    assert len({grafana_login.random_legacy_key(1) for dummy in range(20)}) == 20


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ({}, {}, []),
        ({"a": ["x:1"]}, {"a": ["x:1"]}, []),
        ({"a": ["x:1"]}, {"a": ["x:*"]}, []),
        ({"a": ["x:1"]}, {"a": ["*"]}, []),
        ({"a": [""]}, {"a": []}, []),
        ({"a": []}, {"a": None, "b": []}, ["a"]),
        ({"a": ["x:*"]}, {"a": ["x:1"]}, ["a on x:*"]),
        ({"a": ["x:1", "x:2"], "b": []}, {"a": ["x:2"]}, ["a on x:1", "b"]),
        ({"a": ["x:1"]}, {"a": ["x:10"]}, ["a on x:1"]),
    ],
)
def test_what_is_lost(old: dict[str, t.Any], new: dict[str, t.Any], lost: list[str]) -> None:
    assert grafana_login.lost_permissions(old, new) == lost


@pytest.mark.parametrize(
    ("pagination", "cursor"),
    [
        ({"nextPage": None}, ""),
        ({"nextPage": "", "pageCursor": "a"}, ""),
        ({"nextPage": "/v1/tokens?region=us&pageCursor=b%2Fc", "pageCursor": "a"}, "b/c"),
        ({"nextPage": "/v1/tokens?region=us", "pageCursor": "a"}, "a"),
        (None, ""),
    ],
)
def test_the_cursor_of_the_next_page(pagination: t.Any, cursor: str) -> None:
    assert _next_cursor(Answer("GET /x", 200, {"metadata": {"pagination": pagination}})) == cursor


def test_a_next_page_that_cannot_be_asked_for_is_not_left_out() -> None:
    with pytest.raises(Unreachable):
        _next_cursor(Answer("GET /x", 200, {"metadata": {"pagination": {"nextPage": "/v1/tokens"}}}))


@pytest.mark.parametrize(
    ("told", "release"),
    [
        ({"version": "11.3.0+security-01"}, (11, 3)),
        ({"version": "9.4.7"}, (9, 4)),
        ({"version": ""}, None),
        ({"database": "ok"}, None),
        (None, None),
    ],
)
def test_the_release_of_a_server(told: dict[str, t.Any] | None, release: tuple[int, int] | None) -> None:
    api = GrafanaApi.__new__(GrafanaApi)
    api._told = lambda path: told  # type: ignore[method-assign]
    assert api.release() == release
