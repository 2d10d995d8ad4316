# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stripe: is the supplied key the successor; webhook endpoints made like the old one; the preview's refusals; the stand-in's contract."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued, Issuer, Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.fixtures_stripe import EVENTS, make_issuer, unique_url
from ansible_collections.locksmith.rotation.tests.servers.stripe import StripeServer

ATTEMPT = Attempt("locksmith-shop-1", 0.0, (), 86400)
READ_ACCOUNT = ("account",)


@pytest.fixture
def account(stripe: StripeServer) -> str:
    return stripe.add_account()


# ---- keys that a person makes ----------------------------------------------------------------------------------------------------


def propose(server: StripeServer, key: str, current: Issued | None = None, kind: str = "secret_key", **more: t.Any) -> Issued:
    issuer = make_issuer(server, kind, new_value={"secret": key}, **more)
    return issuer.propose(ATTEMPT, current)


def test_a_key_is_named_as_the_dashboard_shows_it(stripe: StripeServer, account: str) -> None:
    key = stripe.make_key(account, "sk", "live")
    version = propose(stripe, key)
    assert version.id == f"{account}/live/sk_live_…{key[-4:]}"
    told = make_issuer(stripe, "secret_key").how_to_revoke(version)
    assert (f"sk_live_…{key[-4:]}" in told, "https://dashboard.stripe.com/apikeys" in told, key in told) == (True, True, False)


@pytest.mark.parametrize("ended", [False, True], ids=["old-alive", "old-ended"])
def test_account_mode_and_kind_are_those_of_the_old_one(stripe: StripeServer, account: str, ended: bool) -> None:
    old = propose(stripe, stripe.make_key(account))
    if ended:
        stripe.end_key(old.fields["secret"])
    assert propose(stripe, stripe.make_key(account), old).id.startswith(f"{account}/test/")
    elsewhere = stripe.add_account()
    for wrong, said in (
        (stripe.make_key(elsewhere), f"belongs to {elsewhere}/test"),
        (stripe.make_key(account, mode="live"), f"belongs to {account}/live"),
        (stripe.make_key(account, "rk", rights=READ_ACCOUNT), "is a restricted key, and a secret key is wanted"),
        ("whsec_" + "x" * 24, "nothing that looks like a key of Stripe"),
    ):
        with pytest.raises(errors.Rejected, match=said) as caught:
            propose(stripe, wrong, old)
        assert wrong not in str(caught.value)


def test_an_ended_key_is_refused(stripe: StripeServer, account: str) -> None:
    key = stripe.make_key(account)
    stripe.end_key(key)
    with pytest.raises(errors.Rejected, match="api_key_expired"):
        propose(stripe, key)


def test_a_restricted_key_may_be_known_by_stripes_refusal(stripe: StripeServer, account: str) -> None:
    one, two = (stripe.make_key(account, "rk", rights=("charges",)) for dummy in range(2))
    old = propose(stripe, one, kind="restricted_key")
    assert old.id.startswith(f"{account}/test/rk_test_")
    propose(stripe, two, old, kind="restricted_key")
    elsewhere = stripe.make_key(stripe.add_account(), "rk", rights=("charges",))
    with pytest.raises(errors.Rejected, match="belongs to"):
        propose(stripe, elsewhere, old, kind="restricted_key")


def test_an_account_that_is_not_shown_is_refused_unless_a_person_says_otherwise(stripe: StripeServer, account: str) -> None:
    stripe.settings(names_account=False)
    one, two = (stripe.make_key(account, "rk") for dummy in range(2))
    old = propose(stripe, one, kind="restricted_key")
    assert old.id.startswith("account not shown/test/")
    with pytest.raises(errors.Rejected, match="does not say") as caught:
        propose(stripe, two, old, kind="restricted_key")
    assert "allow_unproved_account" in caught.value.next_step
    assert propose(stripe, two, old, kind="restricted_key", allow_unproved_account=True).id != old.id
    live = stripe.make_key(account, "rk", "live")
    with pytest.raises(errors.Rejected, match="another mode"):
        propose(stripe, live, old, kind="restricted_key", allow_unproved_account=True)


def test_the_old_key_is_watched_until_it_expires(stripe: StripeServer, account: str) -> None:
    issuer = make_issuer(stripe, "secret_key")
    version = propose(stripe, stripe.make_key(account))
    assert issuer.verify(version).verdict is Verdict.ALIVE
    stripe.end_key(version.fields["secret"], 600)
    with pytest.raises(errors.Rejected, match="only a person"):
        issuer.delete(version)
    stripe.end_key(version.fields["secret"])
    seen = issuer.verify(version)
    assert (seen.verdict, seen.detail) == (Verdict.DEAD, "api_key_expired")
    issuer.delete(version)


@pytest.mark.parametrize("fault", ["500", "html", "truncated", "malformed", "reset"])
def test_trouble_at_stripe_is_neither_life_nor_death(stripe: StripeServer, account: str, fault: str) -> None:
    issuer = make_issuer(stripe, "secret_key")
    version = propose(stripe, stripe.make_key(account))
    issuer.keys()
    stripe.fault(fault, times=20)
    assert issuer.verify(version).verdict is Verdict.UNKNOWN
    with pytest.raises(errors.Unreachable):
        issuer.delete(version)


def test_a_server_that_lets_anybody_in_proves_nothing(stripe: StripeServer, account: str) -> None:
    key = stripe.make_key(account)
    stripe.settings(accept_anything=True)
    with pytest.raises(errors.Rejected, match="proves nothing"):
        propose(stripe, key)


def test_what_is_published_has_to_be_of_the_kind(stripe: StripeServer, account: str) -> None:
    with pytest.raises(errors.Rejected, match="is a restricted key, and kind says secret_key"):
        make_issuer(stripe, "secret_key").identify({"secret": stripe.make_key(account, "rk")})


def test_the_person_is_told_about_the_expiry(stripe: StripeServer) -> None:
    issuer = make_issuer(stripe, "secret_key")
    assert "longest time offered" in issuer.how_to_supply("scheduled")
    assert "choose now" in issuer.how_to_supply("leak")


# ---- webhook endpoints -----------------------------------------------------------------------------------------------------------


class Hooks:
    """One account with a management key, and one URL."""

    def __init__(self, server: StripeServer) -> None:
        self.server, self.account, self.url = server, server.add_account(), unique_url()
        self.key = server.make_key(self.account, "rk", rights=["webhook_read", "webhook_write"])

    def issuer(self, **more: t.Any) -> Issuer:
        options = {"api_key": self.key, "webhook_url": self.url, "enabled_events": EVENTS, **more}
        return make_issuer(self.server, "webhook_endpoint", **options)

    def rows(self) -> list[dict[str, t.Any]]:
        return self.server.endpoints(self.account, self.url)

    def issue(self, name: str = "attempt-1", known: t.Sequence[Issued] = (), **more: t.Any) -> Issued:
        return self.issuer(**more).issue(Attempt(name, 0.0, (), 0), None, known)


@pytest.fixture
def hooks(stripe: StripeServer) -> Hooks:
    return Hooks(stripe)


def test_a_second_endpoint_is_like_the_first(hooks: Hooks) -> None:
    metadata = {"metadata[team]": "payments", "api_version": "2025-01-27.acacia", "description": "orders"}
    old_id, dummy = hooks.server.make_endpoint(hooks.server.make_key(hooks.account), hooks.url, ["payout.paid"], **metadata)
    new = hooks.issue(known=[Issued(old_id, SecretFields({}))])
    old_row, new_row = hooks.rows()
    assert new_row["id"] == new.id
    for same in ("url", "enabled_events", "api_version", "description", "livemode", "status"):
        assert new_row[same] == old_row[same], same
    ours = {"locksmith_attempt": "attempt-1", "locksmith_fingerprint": new.fields.fingerprint()}
    assert new_row["metadata"] == {"team": "payments", **ours}
    third = hooks.issue("attempt-2", [new])
    assert hooks.rows()[-1]["metadata"]["locksmith_attempt"] == "attempt-2"
    assert hooks.rows()[-1]["metadata"]["locksmith_fingerprint"] == third.fields.fingerprint()
    assert hooks.rows()[-1]["metadata"]["team"] == "payments"


def test_the_options_are_for_a_first_endpoint(hooks: Hooks) -> None:
    hooks.issue(api_version="2025-01-27.acacia", description="orders")
    row = hooks.rows()[0]
    assert (row["enabled_events"], row["api_version"], row["description"]) == (EVENTS, "2025-01-27.acacia", "orders")


def test_a_lost_answer_makes_no_second_endpoint_and_loses_no_secret(hooks: Hooks) -> None:
    hooks.server.fault("lost", "POST", "/v1/webhook_endpoints")
    version = hooks.issue()
    assert [row["id"] for row in hooks.rows()] == [version.id]
    assert hooks.server.signs_with(hooks.account, version.fields["secret"])


def test_a_secret_that_could_not_be_recorded_is_found_by_its_attempt(hooks: Hooks) -> None:
    hooks.server.fault("403", "(POST|DELETE)", "/v1/webhook_endpoints/.*", times=20)
    with pytest.raises(errors.Unreachable) as caught:
        hooks.issue("attempt-lost")
    assert hooks.rows()[0]["id"] in caught.value.stranded[0]
    hooks.server.calm()
    issuer = hooks.issuer()
    assert [key.id for key in issuer.stranded(Attempt("attempt-lost", 0.0, (), 0), ())] == [hooks.rows()[0]["id"]]
    assert issuer.stranded(Attempt("another", 0.0, (), 0), ()) == []


@pytest.mark.parametrize("trouble", ["401", "403", "404", "500"])
def test_an_endpoint_that_could_not_be_signed_is_taken_back(hooks: Hooks, trouble: str) -> None:
    """Whatever the reason: the engine must not take a refusal after the creation for one before it."""
    hooks.server.fault(trouble, "POST", "/v1/webhook_endpoints/.*", times=20)
    with pytest.raises(errors.Unreachable, match="fingerprint of its secret") as caught:
        hooks.issue()
    assert (hooks.rows(), caught.value.stranded) == ([], [])


def test_a_full_account_is_refused_before_anything_is_made(hooks: Hooks) -> None:
    key = hooks.server.make_key(hooks.account)
    for number in range(15):
        hooks.server.make_endpoint(key, f"https://other.example.com/{number}", EVENTS)
    first = hooks.issue()
    issuer = hooks.issuer()
    listed = issuer.keys()
    with pytest.raises(errors.ForeignKeys, match="16 webhook endpoints"):
        issuer.check_room(listed, {first.id})
    with pytest.raises(errors.QuotaExceeded, match="maximum of 16"):
        hooks.issue("attempt-2", [first])
    assert [row["id"] for row in hooks.rows()] == [first.id]


def test_ours_in_the_way_are_named_as_ours(hooks: Hooks) -> None:
    hooks.server.settings(most=2)
    one, two = hooks.issue("a"), hooks.issue("b")
    issuer = hooks.issuer()
    listed = issuer.keys()
    issuer.check_room(listed, {one.id, two.id})  # two of sixteen
    issuer._listed = issuer._listed * 8  # type: ignore[attr-defined]
    with pytest.raises(errors.QuotaExceeded, match="are ours"):
        issuer.check_room(listed, {one.id, two.id})


def test_all_pages_of_a_list_are_read(hooks: Hooks) -> None:
    hooks.server.settings(most=500)
    first = hooks.issue()
    key = hooks.server.make_key(hooks.account)
    for number in range(120):
        hooks.server.make_endpoint(key, f"https://other.example.com/{number}", EVENTS)
    assert [key.id for key in hooks.issuer().keys()] == [first.id], "the oldest is on the last page"


def test_an_endpoint_that_was_changed_behind_our_back_does_not_verify(hooks: Hooks) -> None:
    version, issuer = hooks.issue(), hooks.issuer()
    assert issuer.verify(version).verdict is Verdict.ALIVE
    hooks.server.alter(version.id, status="disabled")
    assert issuer.verify(version).verdict is Verdict.DEAD
    hooks.server.alter(version.id, status="enabled", url="https://elsewhere.example.com/")
    assert issuer.verify(version).verdict is Verdict.DEAD


def test_a_secret_made_by_hand_is_adopted_on_a_persons_word_only(hooks: Hooks) -> None:
    endpoint, secret = hooks.server.make_endpoint(hooks.server.make_key(hooks.account), hooks.url, EVENTS)
    assert hooks.issuer().identify({"secret": secret}) is None
    assert hooks.issuer().verify(Issued(endpoint, SecretFields({"secret": secret}))).verdict is Verdict.UNKNOWN
    told = hooks.issuer(endpoint_id=endpoint)
    key = told.identify({"secret": secret})
    assert key is not None and key.id == endpoint
    seen = told.verify(Issued(endpoint, SecretFields({"secret": secret})))
    assert (seen.verdict, "a person says" in seen.detail) == (Verdict.ALIVE, True)


def test_a_404_that_is_not_stripes_is_not_taken_for_gone(hooks: Hooks) -> None:
    version = hooks.issue()
    with pytest.raises(errors.NotFound, match="not by Stripe"):
        hooks.issuer(api_url=hooks.server.url + "/nowhere").delete(version)
    assert hooks.server.signs_with(hooks.account, version.fields["secret"])


def test_live_and_test_mode_do_not_see_each_other(hooks: Hooks) -> None:
    hooks.issue()
    live = hooks.server.make_key(hooks.account, "rk", "live", rights=["webhook_read", "webhook_write"])
    assert hooks.issuer(api_key=live).keys() == []


@pytest.mark.parametrize("lacking", ["api_key", "webhook_url"])
def test_what_is_needed_is_said(stripe: StripeServer, lacking: str) -> None:
    options: dict[str, t.Any] = {"api_key": "rk_test_x", "webhook_url": unique_url(), lacking: None}
    with pytest.raises(errors.ConfigurationError, match=lacking):
        make_issuer(stripe, "webhook_endpoint", **options)


# ---- the private preview -----------------------------------------------------------------------------------------------------------


def managed(server: StripeServer, account: str, **more: t.Any) -> Issuer:
    app = server.make_key(server.add_account(), app=True)
    options = {"api_key": app, "stripe_account": account, "permissions": ["charge_read"], "private_preview": True, **more}
    return make_issuer(server, "managed_key", **options)


def test_the_preview_is_only_used_where_somebody_asked_for_it(stripe: StripeServer, account: str) -> None:
    with pytest.raises(errors.ConfigurationError, match="no public API") as caught:
        managed(stripe, account, private_preview=False)
    assert "secret_key or restricted_key" in caught.value.next_step
    with pytest.raises(errors.ConfigurationError, match="live mode"):
        managed(stripe, account, api_key=stripe.make_key(account, "sk", "live", app=True))
    with pytest.raises(errors.ConfigurationError, match="permissions"):
        managed(stripe, account, permissions=[])


def test_a_key_that_is_only_shown_encrypted_is_ended_at_once(stripe: StripeServer, account: str) -> None:
    stripe.settings(encrypts=True)
    issuer = managed(stripe, account)
    with pytest.raises(errors.Rejected, match="not show it in plain text") as caught:
        issuer.issue(ATTEMPT, None, [])
    assert (caught.value.stranded, stripe.managed_ids(account)) == ([], set())


def test_a_key_that_could_not_be_ended_is_named(stripe: StripeServer, account: str) -> None:
    stripe.settings(encrypts=True)
    issuer = managed(stripe, account)
    stripe.fault("500", "POST", ".*/expire", times=20)
    with pytest.raises(errors.Rejected) as caught:
        issuer.issue(ATTEMPT, None, [])
    assert [key_id in caught.value.stranded[0] for key_id in stripe.managed_ids(account)] == [True]


def test_many_keys_are_listed_page_by_page(stripe: StripeServer, account: str) -> None:
    issuer = managed(stripe, account)
    app = stripe.make_key(account, app=True)
    made = {stripe.make_managed(app, account) for dummy in range(130)}
    assert {key.id for key in issuer.keys()} == made


def test_an_end_that_takes_a_while_is_waited_for_by_nobody(stripe: StripeServer, account: str) -> None:
    stripe.settings(expiry_delay=0.4)
    issuer = managed(stripe, account)
    version = issuer.issue(ATTEMPT, None, [])
    issuer.delete(version)
    assert issuer.verify(version).verdict is Verdict.ALIVE, "Stripe takes seconds to turn it away"
    issuer.delete(version)


# ---- the stand-in's contract -------------------------------------------------------------------------------------------------------


def test_errors_have_stripes_form_and_mask_keys(stripe: StripeServer, account: str) -> None:
    key = stripe.make_key(account)
    stripe.end_key(key)
    status, body = stripe.ask(key, "GET", "/v1/account")
    assert (status, body["error"]["type"], body["error"]["code"]) == (401, "invalid_request_error", "api_key_expired")
    assert key not in str(body) and key[-4:] in body["error"]["message"]
    restricted = stripe.make_key(account, "rk")
    assert stripe.ask(restricted, "GET", "/v1/webhook_endpoints")[0] == 403
    gone = stripe.ask(stripe.make_key(account), "GET", "/v1/webhook_endpoints/we_none")
    assert (gone[0], gone[1]["error"]["code"]) == (404, "resource_missing")


def test_v1_takes_forms_and_versions_that_are_dates(stripe: StripeServer, account: str) -> None:
    login = {"Authorization": f"Bearer {stripe.make_key(account)}"}
    as_json = stripe.exchange("POST", "/v1/webhook_endpoints", {"url": unique_url()}, login)
    assert (as_json[0], "form-urlencoded" in as_json[1]["error"]["message"]) == (400, True)
    assert stripe.ask(stripe.make_key(account), "GET", "/v1/account", {"Stripe-Version": "latest"})[0] == 400
    assert stripe.ask(stripe.make_key(account), "GET", "/v1/account", {"Stripe-Version": "2025-01-27.acacia"})[0] == 200


def test_a_secret_is_shown_once(hooks: Hooks) -> None:
    version = hooks.issue()
    key = hooks.server.make_key(hooks.account)
    for path in (f"/v1/webhook_endpoints/{version.id}", "/v1/webhook_endpoints"):
        assert "secret" not in str(hooks.server.ask(key, "GET", path)[1]).replace(version.fields.fingerprint(), "")


def test_the_preview_is_closed_to_all_others(stripe: StripeServer, account: str) -> None:
    preview = {"Stripe-Version": "2026-08-26.preview", "Stripe-Context": account}
    assert stripe.ask(stripe.make_key(account), "GET", "/v2/iam/api_keys", preview)[0] == 403
    app = stripe.make_key(account, app=True)
    assert stripe.ask(app, "GET", "/v2/iam/api_keys", {"Stripe-Context": account})[0] == 404, "without a preview version"
    assert stripe.ask(app, "GET", "/v2/iam/api_keys", preview)[0] == 200
