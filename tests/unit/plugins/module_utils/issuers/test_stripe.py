# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms that Stripe takes, the form of its keys, and which strategy a kind chooses."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Answer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, Setting
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.stripe import StripeIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.stripe_api import code_of, encoded
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.stripe_keys import StripeKeys
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.supplied import SuppliedIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

TAIL = "51AbCdEfGhIjKlMnOpQrStUv"


def issuer(kind: str, **more: t.Any) -> t.Any:
    options = {name: spec.get("default") for name, spec in StripeIssuer.OPTIONS.items()}
    setting = Setting("shop", 1, 1, 1, SystemClock(), ("secret",))
    return StripeIssuer.create({**options, "kind": kind, **more}, setting)


def test_nested_values_are_written_as_v1_reads_them() -> None:
    form = {"url": "u", "enabled_events": ["a", "b"], "metadata": {"team": "x"}, "disabled": False, "connect": True, "none": None}
    assert encoded(form) == [
        ("url", "u"),
        ("enabled_events[]", "a"),
        ("enabled_events[]", "b"),
        ("metadata[team]", "x"),
        ("disabled", "false"),
        ("connect", "true"),
    ]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"error": {"code": "api_key_expired"}}, "api_key_expired"),
        ({"error": {"code": "sk_live_" + "X" * 70}}, ""),
        ({"error": {"code": 7}}, ""),
        ({"error": "text"}, ""),
        ([], ""),
        (None, ""),
    ],
)
def test_only_a_word_is_a_code(payload: t.Any, code: str) -> None:
    assert code_of(Answer("GET /", 401, payload)) == code


@pytest.mark.parametrize("kind", ["sk", "rk"])
@pytest.mark.parametrize("mode", ["live", "test"])
def test_each_kind_takes_only_its_own_keys(kind: str, mode: str) -> None:
    wants = {"sk": "secret_key", "rk": "restricted_key"}
    value = SecretFields({"secret": f"{kind}_{mode}_{TAIL}"})
    issuer(wants[kind]).check_form(value)
    other = wants["rk" if kind == "sk" else "sk"]
    with pytest.raises(errors.Rejected) as caught:
        issuer(other).check_form(value)
    assert TAIL not in str(caught.value)


@pytest.mark.parametrize(
    "wrong", ["", "sk_live_short", "pk_live_" + TAIL, "sk_org_live_" + TAIL, "whsec_" + TAIL, f"sk_live_{TAIL} "]
)
def test_what_is_no_key_is_dead_without_a_request(wrong: str) -> None:
    made = issuer("secret_key", api_url="http://127.0.0.1:9")
    assert made.look_at(SecretFields({"secret": wrong})).verdict.value == "dead"
    with pytest.raises(errors.Rejected):
        made.check_form(SecretFields({"secret": wrong}))


def test_the_instruction_leads_to_the_right_mode() -> None:
    made = issuer("secret_key")
    live, test = (Issued(f"acct_1/{mode}/sk_{mode}_…StUv", SecretFields({})) for mode in ("live", "test"))
    assert "dashboard.stripe.com/apikeys" in made.how_to_revoke(live)
    assert "dashboard.stripe.com/test/apikeys" in made.how_to_revoke(test)


def test_a_kind_chooses_its_strategy() -> None:
    assert isinstance(issuer("secret_key"), StripeKeys)
    webhook = issuer("webhook_endpoint", api_key="rk_test_x", webhook_url="https://shop.example.com/")
    assert (webhook.MINTS, isinstance(webhook, SuppliedIssuer)) == (True, False)
    with pytest.raises(errors.ConfigurationError, match="leave new_value out|Stripe makes the secret"):
        issuer("webhook_endpoint", api_key="rk_test_x", webhook_url="https://shop.example.com/", new_value={"secret": "x"})
