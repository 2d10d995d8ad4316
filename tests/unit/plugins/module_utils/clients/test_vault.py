# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of Vault's answers may be shown, how long is waited, and which environment variables count. No server."""

from __future__ import annotations

import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import vault
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors


class Response:
    """As much of an answer as the pause looks at."""

    def __init__(self, **headers: str) -> None:
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def pause(response: t.Any, attempt: int) -> float:
    return vault._pause(response, attempt)


def test_vaults_own_words_are_shown_on_one_line() -> None:
    assert vault.public_message({"errors": ["permission\n denied", "really"]}, ["a-secret"]) == ": permission denied; really"


@pytest.mark.parametrize("body", [None, "page", {}, {"errors": []}, {"errors": None}])
def test_no_words_are_nothing(body: t.Any) -> None:
    assert vault.public_message(body, []) == ""


def test_words_that_repeat_a_secret_are_not_shown() -> None:
    assert vault.public_message({"errors": ["bad value a-secret here"]}, ["other", "a-secret"]) == ""


def test_long_words_are_cut() -> None:
    assert len(vault.public_message({"errors": ["x" * 5000]}, [])) < 250


@pytest.mark.parametrize(("asked", "seconds"), [("0", 0.0), ("7", 7.0), ("86400", vault.LONGEST_RETRY_AFTER)])
def test_retry_after_is_honoured_up_to_a_limit(asked: str, seconds: float) -> None:
    assert pause(Response(Retry_After=asked), 0) == seconds


@pytest.mark.parametrize("response", [None, Response(), Response(Retry_After="Wed, 21 Oct 2026 07:28:00 GMT")])
def test_pauses_grow_with_jitter_up_to_a_limit(response: t.Any) -> None:
    first, later = [pause(response, 0) for dummy in range(50)], [pause(response, 9) for dummy in range(50)]
    assert len(set(first)) > 1
    assert min(first) >= 0.25 and max(first) <= 0.5
    assert min(later) >= 4.0 and max(later) <= 8.0


def test_environment_variables_count_in_the_order_of_hashi_vault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_ADDR", "https://second")
    monkeypatch.setenv("ANSIBLE_HASHI_VAULT_ADDR", "https://first")
    monkeypatch.setenv("VAULT_NAMESPACE", "team")
    monkeypatch.setenv("VAULT_CACERT", "/ca.pem")
    monkeypatch.setenv("VAULT_TOKEN", "a-token")
    found = ArgumentSpecValidator(vault.VAULT_OPTIONS).validate({}).validated_parameters
    given = [found[name] for name in ("url", "namespace", "ca_cert", "token")]
    assert given == ["https://first", "team", "/ca.pem", "a-token"]


def test_every_secret_option_is_hidden() -> None:
    hidden = {name for name, option in vault.VAULT_OPTIONS.items() if option.get("no_log")}
    assert hidden == {"token", "password", "secret_id", "jwt", "secret_key", "session_token"}


def test_without_hvac_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault, "HAS_HVAC", False)
    with pytest.raises(errors.MissingLibrary, match="hvac"):
        vault.VaultClient({"url": "https://vault.example.com", "token": "a-token"})


def test_an_answer_does_not_show_its_body() -> None:
    assert "a-secret" not in repr(vault.Answer(200, {"data": {"password": "a-secret"}}))
