# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two kinds of Grafana Cloud credentials against the stand-in."""

from __future__ import annotations

import dataclasses
import time
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, LastUse, Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    Denied,
    ExternalError,
    NotFound,
    Rejected,
    Unreachable,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.fixtures_grafana import LIFETIME, clock_of, make_attempt, unique
from ansible_collections.locksmith.rotation.tests.real.fixtures_grafana_cloud import make_policy_issuer, make_stack_issuer
from ansible_collections.locksmith.rotation.tests.servers.grafana_cloud import SLUG, GrafanaCloudServer

STACK_TOKENS = rf"/api/instances/{SLUG}/api/serviceaccounts/\d+/tokens"
TOKENS = "/api/v1/tokens"


def bare(version: Issued) -> Issued:
    return Issued(version.id, SecretFields({}))


def names(server: GrafanaCloudServer, where: str) -> list[str]:
    return [str(token["name"]) for token in server.state()[where]]


# ---- stacks -----------------------------------------------------------------------------------------------------------


def test_the_first_token_comes_with_its_service_account(grafana_cloud: GrafanaCloudServer) -> None:
    issuer, attempt = make_stack_issuer(grafana_cloud), make_attempt()
    assert issuer.keys() == []
    issued = issuer.issue(attempt, None, [])
    account = next(one for one in grafana_cloud.state()["accounts"] if one["name"] == issuer._name)
    assert (account["role"], issued.id.split("/")[0]) == ("Viewer", str(account["id"]))
    assert issuer.verify(issued).identity == f"service account {issuer._name} (id {account['id']}, organization 1)"
    assert grafana_cloud.works_at_stack(issued.fields["token"])
    assert issuer.keys()[0].expires_at == pytest.approx(time.time() + LIFETIME, abs=5)


def test_every_change_has_a_request_id_of_its_own(grafana_cloud: GrafanaCloudServer) -> None:
    before = len(grafana_cloud.state()["request_ids"])
    issuer = make_stack_issuer(grafana_cloud)
    issuer.delete(issuer.issue(make_attempt(), None, []))
    used = grafana_cloud.state()["request_ids"][before:]
    assert len(used) == len(set(used)) == 3 and all(one.startswith("locksmith-") for one in used)


@pytest.mark.parametrize("status", [400, 404, 409, 503])
def test_a_new_service_account_is_given_time(grafana_cloud: GrafanaCloudServer, status: int) -> None:
    grafana_cloud.settings(fresh_failures=3, fresh_status=status)
    issuer, attempt = make_stack_issuer(grafana_cloud), make_attempt()
    issued = issuer.issue(attempt, None, [])
    assert clock_of(issuer).pauses.count(5.0) == 3
    assert [key.id for key in issuer.keys()] == [issued.id]


def test_a_token_whose_answer_was_lost_while_the_account_was_new_is_replaced_at_once(grafana_cloud: GrafanaCloudServer) -> None:
    issuer, attempt = make_stack_issuer(grafana_cloud), make_attempt()
    grafana_cloud.fault("lost", "POST", STACK_TOKENS)
    issued = issuer.issue(attempt, None, [])
    assert [(key.id, key.name) for key in issuer.keys()] == [(issued.id, attempt.name)]
    assert issuer.verify(issued).verdict is Verdict.ALIVE


def test_patience_has_an_end(grafana_cloud: GrafanaCloudServer) -> None:
    grafana_cloud.settings(fresh_failures=99)
    issuer = make_stack_issuer(grafana_cloud)
    with pytest.raises(Rejected, match="status 400 .*is not there yet"):
        issuer.issue(make_attempt(), None, [])
    assert clock_of(issuer).pauses.count(5.0) == 24


def test_an_account_that_was_there_before_is_not_waited_for(grafana_cloud: GrafanaCloudServer) -> None:
    name, attempt = unique(), make_attempt()
    number = grafana_cloud.create_account(name)
    issuer = make_stack_issuer(grafana_cloud, name)
    grafana_cloud.fault("lost", "POST", STACK_TOKENS)
    with pytest.raises(Unreachable, match="may have taken effect"):
        issuer.issue(attempt, None, [])
    (lost,) = issuer.stranded(attempt, ())
    assert lost.id.startswith(f"{number}/")
    issuer.delete(Issued(lost.id, SecretFields({})))
    assert issuer.keys() == []


def test_a_pause_that_the_server_asks_for_is_made(grafana_cloud: GrafanaCloudServer) -> None:
    name = unique()
    grafana_cloud.create_account(name)
    issuer = make_stack_issuer(grafana_cloud, name)
    grafana_cloud.fault("429", "POST", STACK_TOKENS, times=2, headers={"Retry-After": "7"})
    issuer.issue(make_attempt(), None, [])
    assert clock_of(issuer).pauses == [7, 7]


def test_the_role_and_the_state_of_the_account_are_looked_at(grafana_cloud: GrafanaCloudServer) -> None:
    name = unique()
    grafana_cloud.create_account(name, "Editor")
    with pytest.raises(Rejected, match="has the role Editor"):
        make_stack_issuer(grafana_cloud, name).keys()


def test_a_stack_that_is_not_there(grafana_cloud: GrafanaCloudServer) -> None:
    with pytest.raises(NotFound, match="knows no stack elsewhere"):
        make_stack_issuer(grafana_cloud, stack_slug="elsewhere").keys()


def test_the_stacks_own_address_follows_from_its_slug(grafana_cloud: GrafanaCloudServer) -> None:
    issuer = make_stack_issuer(grafana_cloud, url=None)
    assert issuer._place() == f"https://{SLUG}.grafana.net"
    assert issuer.identity == f"grafana service account {issuer._name} at stack {SLUG} of {grafana_cloud.url}"


def test_another_accounts_token_is_somebody_elses(grafana_cloud: GrafanaCloudServer) -> None:
    name = unique()
    grafana_cloud.create_account(name)
    other = grafana_cloud.create_account_token(grafana_cloud.create_account(unique()), unique("t"))[1]
    with pytest.raises(Rejected, match="as somebody else"):
        make_stack_issuer(grafana_cloud, name).verify(Issued("", SecretFields({"token": other})))


def test_the_only_token_of_the_account_is_identified(grafana_cloud: GrafanaCloudServer) -> None:
    name = unique()
    number = grafana_cloud.create_account(name)
    token_id, token = grafana_cloud.create_account_token(number, unique("t"))
    found = make_stack_issuer(grafana_cloud, name).identify({"token": token})
    assert found is not None and found.id == f"{number}/{token_id}"


def test_a_legacy_key_in_the_store_of_a_stack_is_none_of_its_tokens(grafana_cloud: GrafanaCloudServer) -> None:
    gone = Issued("key/7", SecretFields({"token": "eyJrIjoieCIsIm4iOiJvbGQiLCJpZCI6MX0="}))
    issuer = make_stack_issuer(grafana_cloud)
    assert issuer.identify(gone.fields) is None
    issuer.delete(gone)
    assert issuer.last_use(gone) == LastUse(supported=True, at=None, resolution=300)


# ---- access policies --------------------------------------------------------------------------------------------------


def make(server: GrafanaCloudServer, **more: t.Any) -> t.Any:
    name = unique("policy")
    server.create_policy(name, region=more.get("region", "us"))
    return make_policy_issuer(server, name, **more)


def test_a_policy_token_has_a_name_an_end_and_an_identity(grafana_cloud: GrafanaCloudServer) -> None:
    issuer, attempt = make(grafana_cloud), make_attempt()
    issued = issuer.issue(attempt, None, [])
    (key,) = issuer.keys()
    assert (key.id, key.name) == (issued.id, attempt.name.lower())
    assert issued.expires_at == key.expires_at == pytest.approx(time.time() + LIFETIME, abs=5)
    result = issuer.verify(issued)
    assert (result.verdict, result.identity) == (Verdict.ALIVE, f"cloud token {issuer._name}-{key.name} (organization 4711)")
    assert "403" in result.detail, "works, and may not list tokens"


def test_a_policy_token_without_an_end(grafana_cloud: GrafanaCloudServer) -> None:
    issuer = make(grafana_cloud, seconds_to_live=0)
    assert issuer.issue(make_attempt(), None, []).expires_at is None
    assert issuer.keys()[0].expires_at is None


@pytest.mark.parametrize("past_ends", [True, False])
def test_an_old_token_is_let_expire_and_can_be_brought_back(grafana_cloud: GrafanaCloudServer, past_ends: bool) -> None:
    grafana_cloud.settings(past_ends=past_ends)
    issuer = make(grafana_cloud)
    issued = issuer.issue(make_attempt(), None, [])
    for _turn in range(2):
        issuer.disable(issued)
    end = issuer.keys()[0].expires_at
    assert end is not None and end <= time.time() + 61
    grafana_cloud.settings(clock_offset=62.0)
    assert issuer.verify(issued).verdict is Verdict.DEAD
    issuer.enable(issued)
    assert issuer.verify(issued).verdict is Verdict.ALIVE
    assert issuer.keys()[0].expires_at == issued.expires_at, "with the end that it had"


def test_a_token_whose_own_end_is_past_comes_back_for_one_more_rotation(grafana_cloud: GrafanaCloudServer) -> None:
    issuer = make(grafana_cloud)
    issued = dataclasses.replace(issuer.issue(make_attempt(), None, []), expires_at=5.0)
    issuer.disable(issued)
    issuer.enable(issued)
    assert issuer.keys()[0].expires_at == pytest.approx(time.time() + 90000, abs=5)


def test_a_token_that_is_gone_cannot_be_switched_off_or_on(grafana_cloud: GrafanaCloudServer) -> None:
    issuer = make(grafana_cloud)
    issued = issuer.issue(make_attempt(), None, [])
    issuer.delete(issued)
    for act in (issuer.disable, issuer.enable):
        with pytest.raises(Rejected, match="could not be set, status 404"):
            act(issued)


def test_use_is_the_tokens_last_and_first_where_there_is_no_last(grafana_cloud: GrafanaCloudServer) -> None:
    issuer = make(grafana_cloud)
    issued = issuer.issue(make_attempt(), None, [])
    assert issuer.last_use(issued) == LastUse(supported=True, at=None, resolution=3600)
    grafana_cloud.works(issued.fields["token"])
    assert issuer.last_use(issued).at == pytest.approx(time.time(), abs=5)
    grafana_cloud.side_door("change_token", id=issued.id, last_used=None, first_used=1000.0)
    assert issuer.last_use(issued).at == 1000.0
    grafana_cloud.fault("500", "GET", TOKENS + "/.*")
    with pytest.raises(Unreachable):
        issuer.last_use(issued)
    issuer.delete(issued)
    assert issuer.last_use(issued) == LastUse(supported=True, at=None, resolution=3600)


def test_all_pages_are_read(grafana_cloud: GrafanaCloudServer) -> None:
    grafana_cloud.settings(page=2)
    issuer = make(grafana_cloud)
    made = [issuer.issue(make_attempt(), None, []).id for dummy in range(5)]
    assert sorted(key.id for key in issuer.keys()) == sorted(made)


def test_a_policy_token_whose_answer_was_lost_is_found_by_its_name(grafana_cloud: GrafanaCloudServer) -> None:
    issuer, attempt = make(grafana_cloud), make_attempt()
    grafana_cloud.fault("lost", "POST", TOKENS)
    with pytest.raises(Unreachable, match="may have taken effect"):
        issuer.issue(attempt, None, [])
    (lost,) = issuer.stranded(attempt, ())
    issuer.delete(Issued(lost.id, SecretFields({})))
    assert issuer.keys() == [] and attempt.name.lower() not in names(grafana_cloud, "cloud_tokens")


def test_a_name_that_is_taken_and_any_other_refusal_are_told_apart(grafana_cloud: GrafanaCloudServer) -> None:
    issuer, attempt = make(grafana_cloud), make_attempt()
    issuer.issue(attempt, None, [])
    with pytest.raises(Rejected, match="exists already"):
        issuer.issue(attempt, None, [])
    grafana_cloud.fault("409", "POST", TOKENS)
    with pytest.raises(Rejected, match="status 409"):
        issuer.issue(make_attempt(), None, [])


def test_the_region_is_part_of_who_a_policy_is(grafana_cloud: GrafanaCloudServer) -> None:
    issuer = make(grafana_cloud, region="eu")
    issued = issuer.issue(make_attempt(), None, [])
    assert issuer.verify(issued).verdict is Verdict.ALIVE
    elsewhere = make_policy_issuer(grafana_cloud, issuer._name)
    for act in (elsewhere.keys, lambda: elsewhere.delete(issued), lambda: elsewhere.last_use(issued)):
        with pytest.raises(NotFound, match="does not exist"):
            act()
    assert issuer.verify(issued).verdict is Verdict.ALIVE


def test_an_inactive_policy_is_refused(grafana_cloud: GrafanaCloudServer) -> None:
    issuer = make(grafana_cloud)
    grafana_cloud.side_door("change_policy", id=issuer._policy()["id"], status="inactive")
    with pytest.raises(Rejected, match="is inactive"):
        make_policy_issuer(grafana_cloud, issuer._name).keys()


def test_a_login_that_may_not_see_policies(grafana_cloud: GrafanaCloudServer) -> None:
    issuer = make(grafana_cloud)
    weak = issuer.issue(make_attempt(), None, []).fields["token"]
    with pytest.raises(Denied, match="status 403"):
        make_policy_issuer(grafana_cloud, issuer._name, cloud_api_key=weak).keys()


def test_a_stored_token_is_known_by_what_it_says_of_itself(grafana_cloud: GrafanaCloudServer) -> None:
    issuer = make(grafana_cloud)
    made = [grafana_cloud.create_token(issuer._policy()["id"], unique("by-hand")) for dummy in range(3)]
    found = issuer.identify({"token": made[1][1]})
    assert found is not None and found.id == made[1][0]
    assert make(grafana_cloud).identify({"token": made[1][1]}) is None, "another policy's"
    grafana_cloud.fault("500", "GET", TOKENS)
    with pytest.raises(Unreachable):
        issuer.identify({"token": made[1][1]})


def test_a_token_of_another_organization_is_somebody_elses(grafana_cloud: GrafanaCloudServer) -> None:
    issuer = make(grafana_cloud)
    issued = issuer.issue(make_attempt(), None, [])
    issuer._known = {**issuer._policy(), "orgId": "1"}
    with pytest.raises(Rejected, match="belongs to organization 4711"):
        issuer.verify(issued)


def test_a_policy_with_fewer_scopes_than_that_of_the_old_token(grafana_cloud: GrafanaCloudServer) -> None:
    wide = grafana_cloud.create_policy(unique("wide"), ["metrics:write", "logs:write"])
    token_id, token = grafana_cloud.create_token(wide, unique("old"))
    old, issuer = Issued(token_id, SecretFields({"token": token})), make(grafana_cloud)
    new = issuer.issue(make_attempt(), None, [old])
    with pytest.raises(Rejected, match="logs:write"):
        issuer.check_rights(new, old)
    issuer.check_rights(old, new)
    issuer.check_rights(new, dataclasses.replace(old, id=""))


def test_a_server_that_lets_everybody_in_proves_nothing(grafana_cloud: GrafanaCloudServer) -> None:
    issuer = make(grafana_cloud)
    issued = issuer.issue(make_attempt(), None, [])
    grafana_cloud.settings(accept_anything=True)
    with pytest.raises(Rejected, match="proves nothing"):
        issuer.verify(issued)


@pytest.mark.parametrize("number", ["", "../x", "a/b", "a?b"])
def test_an_id_that_is_none_is_refused(grafana_cloud: GrafanaCloudServer, number: str) -> None:
    issuer = make(grafana_cloud)
    for act in (issuer.delete, issuer.last_use, issuer.disable, issuer.enable):
        with pytest.raises(Rejected, match="not the id of a Grafana Cloud token"):
            act(Issued(number, SecretFields({})))


def test_a_404_for_a_token_that_is_still_there_is_not_believed(grafana_cloud: GrafanaCloudServer) -> None:
    issuer = make(grafana_cloud)
    issued = issuer.issue(make_attempt(), None, [])
    grafana_cloud.fault("404", "DELETE", TOKENS + "/.*")
    with pytest.raises(Unreachable, match="still there"):
        issuer.delete(bare(issued))


# ---- both -------------------------------------------------------------------------------------------------------------


def make_either(server: GrafanaCloudServer, kind: str) -> t.Any:
    return make(server) if kind == "policy" else make_stack_issuer(server)


@pytest.mark.parametrize("kind", ["stack", "policy"])
def test_no_secret_in_any_error(grafana_cloud: GrafanaCloudServer, kind: str) -> None:
    """Every fault, in every step; the errors, their causes and contexts, and the results."""
    issuer = make_either(grafana_cloud, kind)
    issued = issuer.issue(make_attempt(), None, [])
    hidden = [issued.fields["token"], grafana_cloud.admin_token]
    steps: list[t.Callable[[], object]] = [
        issuer.keys,
        lambda: issuer.issue(make_attempt(), None, []),
        lambda: issuer.verify(issued),
        lambda: issuer.check_rights(issued, issued),
        lambda: issuer.identify(issued.fields),
        lambda: issuer.last_use(issued),
        lambda: issuer.delete(bare(issued)),
    ]
    if issuer.CAN_DISABLE:
        steps += [lambda: issuer.disable(issued), lambda: issuer.enable(issued)]
    said = [repr(issued), repr(issuer.keys()), issuer.identity]
    for fault in (
        "400",
        "401",
        "403",
        "404",
        "409",
        "429",
        "500",
        "503",
        "reset",
        "lost",
        "truncated",
        "malformed",
        "html",
        "redirect",
    ):
        for step in steps:
            grafana_cloud.fault(fault, times=9)
            try:
                said.append(repr(step()))
            except ExternalError as error:
                context = None if error.__suppress_context__ else error.__context__
                said += [str(error), repr(error), repr(error.__cause__), repr(context)]
            grafana_cloud.calm()
    assert not [number for number, text in enumerate(said) for secret in hidden if secret in text]
    assert len(said) > 100


@pytest.mark.parametrize("kind", ["stack", "policy"])
@pytest.mark.parametrize("fault", ["500", "503", "429", "reset", "lost", "truncated", "html"])
def test_no_usable_answer_is_neither_alive_nor_dead(grafana_cloud: GrafanaCloudServer, kind: str, fault: str) -> None:
    issuer = make_either(grafana_cloud, kind)
    issued = issuer.issue(make_attempt(), None, [])
    grafana_cloud.fault(fault, "GET", "/stack/.*|/api/v1/tokens", times=9)
    assert issuer.verify(issued).verdict is Verdict.UNKNOWN
    grafana_cloud.calm()
    assert issuer.verify(issued).verdict is Verdict.ALIVE


@pytest.mark.parametrize("kind", ["stack", "policy"])
def test_a_token_that_takes_time_to_be_known(grafana_cloud: GrafanaCloudServer, kind: str) -> None:
    issuer = make_either(grafana_cloud, kind)
    if kind == "policy":
        grafana_cloud.settings(propagation_delay=0.3)
    issued = issuer.issue(make_attempt(), None, [])
    assert issuer.verify(issued).verdict is (Verdict.DEAD if kind == "policy" else Verdict.ALIVE)
    end = time.monotonic() + 5
    while issuer.verify(issued).verdict is not Verdict.ALIVE:
        assert time.monotonic() < end
        time.sleep(0.05)
