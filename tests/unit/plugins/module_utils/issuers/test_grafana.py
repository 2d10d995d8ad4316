# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the Grafana issuer that need no server."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers import (
    grafana_api,
    grafana_login,
    grafana_service_account,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana import KINDS, GrafanaIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Unreachable

ACCOUNT = grafana_api.Account(12, "fabc", "exporter", "sa-1-exporter", "Viewer", 1, False)


def test_a_random_token_looks_like_a_real_one() -> None:
    tokens = {grafana_login.random_token() for dummy in range(50)}
    assert len(tokens) == 50
    assert all(re.match(r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}$", token) for token in tokens)


def test_the_checksum_is_the_vendors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the example in Grafana's API description, which no server accepts."""
    letters = iter("yscW25imSKJIuav8zF37RZmnbiDvB05G")
    monkeypatch.setattr(grafana_login.secrets, "choice", lambda dummy: next(letters))
    assert grafana_login.random_token() == "glsa_yscW25imSKJIuav8zF37RZmnbiDvB05G_" + "fcaaf58a"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:01:00Z", 60.0),
        ("1970-01-01T00:01:00.123456789Z", 60.0),
        ("1970-01-01T01:01:00+01:00", 60.0),
        ("", None),
        (None, None),
    ],
)
def test_moments(text: str | None, moment: float | None) -> None:
    key = grafana_api.key_of("12/7", {"id": 7, "created": text, "lastUsedAt": text, "expiration": text})
    assert (key.id, key.created_at, key.last_used_at, key.expires_at) == ("12/7", moment, moment, moment)


def test_a_moment_that_is_none_is_not_taken_for_never() -> None:
    with pytest.raises(Unreachable):
        grafana_api.key_of("12/7", {"id": 7, "lastUsedAt": "yesterday"})


@pytest.mark.parametrize(
    ("row", "active"),
    [
        ({"id": 1}, True),
        ({"id": 1, "hasExpired": False, "isRevoked": None}, True),
        ({"id": 1, "hasExpired": True}, False),
        ({"id": 1, "isRevoked": True}, False),
    ],
)
def test_expired_and_revoked_tokens_are_not_active(row: dict[str, t.Any], active: bool) -> None:
    assert grafana_api.key_of("12/1", row).active is active


@pytest.mark.parametrize(
    ("user", "same"),
    [
        ({"uid": "service-account:12", "id": 0}, True),
        ({"uid": "service-account:fabc"}, True),
        ({"uid": "service-account:13", "login": "sa-1-exporter"}, False),
        ({"uid": "service-account:"}, False),
        ({"id": 12, "login": "whatever"}, True),
        ({"login": "sa-1-exporter"}, True),
        ({"uid": "user:12", "id": 0, "login": "admin"}, False),
        ({}, False),
    ],
)
def test_who_a_login_is(user: dict[str, t.Any], same: bool) -> None:
    assert grafana_service_account.is_account(user, ACCOUNT) is same


def test_a_missing_uid_is_nobodys() -> None:
    old = grafana_api.Account(12, "", "exporter", "", "Viewer", 1, False)
    assert not grafana_service_account.is_account({"uid": "service-account:"}, old)
    assert not grafana_service_account.is_account({"login": ""}, old)


@pytest.mark.parametrize(
    ("scopes", "covered"),
    [
        (["serviceaccounts:*"], True),
        (["serviceaccounts:id:*"], True),
        (["serviceaccounts:id:12"], True),
        (["serviceaccounts:uid:fabc"], True),
        (["*"], True),
        (["serviceaccounts:id:1", "serviceaccounts:id:120"], False),
        ([], False),
        (None, False),
    ],
)
def test_which_scopes_cover_the_account(scopes: list[str] | None, covered: bool) -> None:
    assert grafana_service_account.covers(scopes, ACCOUNT) is covered


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"message": "no"}, "no"),
        ({"message": 7}, None),
        ({"error": "no"}, None),
        ("plain words", "plain words"),
        ("<html>a proxy</html>", None),
        (["no"], None),
        (None, None),
    ],
)
def test_which_words_of_an_error_are_shown(body: t.Any, shown: str | None) -> None:
    assert grafana_api.error_message(body) == shown


@pytest.mark.parametrize(
    "row", [{}, {"id": 1, "name": "n"}, {"id": "x", "name": "n", "orgId": 1}, {"id": None, "name": "n", "orgId": 1}]
)
def test_an_account_without_what_matters_is_unusable(row: dict[str, t.Any]) -> None:
    with pytest.raises(Unreachable):
        grafana_api.account_of(row)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "url, service_account"),
        ({"url": "u", "service_account": "s"}, "grafana_api_key, url_username"),
        ({"url": "u", "service_account": "s", "grafana_api_key": "k"}, ""),
        ({"kind": "api_key", "url": "u", "grafana_api_key": "k"}, "api_key_role"),
        ({"kind": "api_key", "url": "u", "url_username": "n", "url_password": "p", "api_key_role": "Viewer"}, ""),
        ({"kind": "api_key", "url": "u", "grafana_api_key": "k", "api_key_role": "None"}, "api_key_role"),
        ({"kind": "cloud_stack_token", "service_account": "s"}, "cloud_api_key, stack_slug"),
        ({"kind": "cloud_stack_token", "service_account": "s", "cloud_api_key": "k", "stack_slug": "g"}, ""),
        ({"kind": "cloud_access_policy_token", "cloud_api_key": "k"}, "access_policy, region"),
        ({"kind": "cloud_access_policy_token", "cloud_api_key": "k", "access_policy": "p", "region": "us"}, ""),
        ({"kind": "user"}, "kind"),
    ],
)
def test_which_options_each_kind_needs(options: dict[str, t.Any], words: str) -> None:
    checked = ArgumentSpecValidator(GrafanaIssuer.OPTIONS, **GrafanaIssuer.CONSTRAINTS).validate(options)
    said = " ".join(checked.error_messages)
    assert words in said if words else not said


def test_each_kind_has_a_class_of_its_own() -> None:
    assert set(KINDS) == set(GrafanaIssuer.OPTIONS["kind"]["choices"])
    assert len(set(KINDS.values())) == len(KINDS)
    assert {name for name, kind in KINDS.items() if kind.CAN_DISABLE} == {"cloud_access_policy_token"}
