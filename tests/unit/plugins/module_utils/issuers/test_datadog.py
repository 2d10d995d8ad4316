# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Datadog issuer makes of texts and numbers, without a server."""

from __future__ import annotations

import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers import datadog, datadog_api
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import KeyInfo
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Unreachable


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-09-08T09:24:43.558793+00:00", from_iso("2025-09-08T09:24:43Z")),
        ("2025-09-08T09:24:43.5Z", from_iso("2025-09-08T09:24:43Z")),
        ("2025-09-08", from_iso("2025-09-08T00:00:00Z")),
        (None, None),
        ("", None),
    ],
)
def test_moments_are_read_with_any_number_of_digits(text: str | None, moment: float | None) -> None:
    assert datadog_api.moment(text) == moment


def test_a_moment_that_is_none_is_no_usable_answer() -> None:
    with pytest.raises(Unreachable):
        datadog_api.moment("yesterday")


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"errors": ["Forbidden", "really"]}, "Forbidden; really"),
        ({"errors": ["<html>"]}, None),
        ({"errors": {"key": "value"}}, None),
        ("<html>Forbidden</html>", None),
    ],
)
def test_only_datadogs_own_words_are_shown(body: object, shown: str | None) -> None:
    assert datadog_api._message(body) == shown


def test_application_keys_are_where_their_owner_is() -> None:
    assert datadog_api.application_keys("").path == "/api/v2/current_user/application_keys"
    assert datadog_api.application_keys("3ad5").path == "/api/v2/service_accounts/3ad5/application_keys"


def test_a_random_key_has_the_form_of_a_real_one() -> None:
    assert len(datadog._random_key(True)) == 32 and len(datadog._random_key(False)) == 40
    assert set(datadog._random_key(False)) <= set("0123456789abcdef")


def test_a_key_in_the_way_is_described_for_people() -> None:
    key = KeyInfo("f625994a", "agents", last_used_at=from_iso("2026-11-21T03:14:00Z"))
    assert datadog._described(key) == "agents (f625994a, last used 2026-11-21T03:14:00Z)"
    assert datadog._described(KeyInfo("f625994a", "agents")) == "agents (f625994a, no use recorded)"


def validated(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], **given: str) -> dict[str, t.Any]:
    """The options as the module gets them."""
    for name in ("DD_API_KEY", "DATADOG_API_KEY", "DD_APP_KEY", "DATADOG_APP_KEY", "DD_SITE", "DATADOG_SITE", "DATADOG_HOST"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    checked = ArgumentSpecValidator(datadog.DatadogIssuer.OPTIONS, **datadog.DatadogIssuer.CONSTRAINTS).validate(given)
    assert not checked.error_messages
    return checked.validated_parameters


def test_options_come_from_datadogs_own_variables_and_the_task_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"DD_API_KEY": "one", "DATADOG_APP_KEY": "two", "DD_SITE": "datadoghq.eu"}
    found = validated(monkeypatch, environment)
    assert (found["api_key"], found["app_key"], found["site"]) == ("one", "two", "datadoghq.eu")
    found = validated(monkeypatch, environment, datadog_api_key="three", datadog_site="us3.datadoghq.com")
    assert (found["api_key"], found["app_key"], found["site"]) == ("three", "two", "us3.datadoghq.com")


def test_without_anything_said_it_is_the_first_site(monkeypatch: pytest.MonkeyPatch) -> None:
    assert validated(monkeypatch, {}, api_key="one", app_key="two")["site"] == "datadoghq.com"
