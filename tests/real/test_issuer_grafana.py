# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Grafana issuer against the stand-in, in every version it imitates."""

from __future__ import annotations

import base64
import json
import time
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, LastUse, Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    Denied,
    ExternalError,
    LocksmithError,
    NotFound,
    Rejected,
    Unreachable,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.fixtures_grafana import (
    LIFETIME,
    clock_of,
    make_attempt,
    make_issuer,
    token_names,
    unique,
)
from ansible_collections.locksmith.rotation.tests.servers.grafana import GrafanaServer

TOKENS = r"/api/serviceaccounts/\d+/tokens"
LEGACY = base64.b64encode(json.dumps({"k": "x" * 32, "n": "old", "id": 1}, separators=(",", ":")).encode()).decode()

#: What the stand-in can do instead of answering: statuses, and ways to break an answer.
STATUSES = ("400", "401", "403", "404", "409", "429", "500", "503")
FAULTS = (*STATUSES, "reset", "lost", "truncated", "malformed", "html", "redirect")


def version(token: str, number: str = "") -> Issued:
    return Issued(number, SecretFields({"token": token}))


def says_who(server: GrafanaServer) -> bool:
    """Grafana 10.x to 11.1 does not tell a token who it is."""
    return not server.state()["settings"]["version"].startswith("10.")


def eventually(look: t.Callable[[], t.Any]) -> t.Any:
    """What C(look) returns as soon as that is true, within five seconds."""
    end = time.monotonic() + 5
    while True:
        seen = look()
        if seen or time.monotonic() > end:
            return seen
        time.sleep(0.02)


# ---- issuing --------------------------------------------------------------------------------------------------------


def test_the_first_token_comes_with_its_service_account(grafana: GrafanaServer) -> None:
    issuer, attempt = make_issuer(grafana, "first"), make_attempt()
    assert issuer.keys() == []
    assert "first" not in {account["name"] for account in grafana.state()["accounts"]}

    issued = issuer.issue(attempt, None, [])

    account = next(account for account in grafana.state()["accounts"] if account["name"] == "first")
    assert (account["role"], account["org_id"]) == ("Viewer", 1)
    assert [(key.id, key.name) for key in issuer.keys()] == [(issued.id, attempt.name)]
    assert grafana.ask("GET", "/api/search", token=issued.fields["token"])[0] == 200
    assert issuer.verify(issued).verdict is Verdict.ALIVE


def test_a_token_expires_when_its_lifetime_is_over(grafana: GrafanaServer) -> None:
    issuer = make_issuer(grafana)
    issued = issuer.issue(make_attempt(), None, [])
    (key,) = issuer.keys()
    assert key.expires_at == pytest.approx(time.time() + LIFETIME, abs=5)
    assert issued.expires_at == pytest.approx(key.expires_at, abs=5)
    assert issued.created_at == pytest.approx(key.created_at, abs=5)
    grafana.settings(clock_offset=LIFETIME + 10)
    assert issuer.verify(issued).verdict is Verdict.DEAD
    assert not issuer.keys()[0].active


@pytest.mark.parametrize(("seconds", "expires"), [(0, False), (200000, True)])
def test_seconds_to_live_is_the_users_choice(grafana: GrafanaServer, seconds: int, expires: bool) -> None:
    issuer = make_issuer(grafana, seconds_to_live=seconds)
    issued = issuer.issue(make_attempt(), None, [])
    (key,) = issuer.keys()
    assert (key.expires_at is not None, issued.expires_at is not None) == (expires, expires)


def test_old_and_new_work_side_by_side_and_only_the_named_one_is_deleted(grafana: GrafanaServer) -> None:
    issuer = make_issuer(grafana)
    old, new = issuer.issue(make_attempt(), None, []), issuer.issue(make_attempt(), None, [])
    assert (issuer.verify(old).verdict, issuer.verify(new).verdict) == (Verdict.ALIVE, Verdict.ALIVE)
    issuer.delete(old)
    assert (issuer.verify(old).verdict, issuer.verify(new).verdict) == (Verdict.DEAD, Verdict.ALIVE)
    issuer.delete(old)
    assert [key.id for key in issuer.keys()] == [new.id]


def test_the_account_is_found_by_its_exact_name_among_similar_ones(grafana: GrafanaServer) -> None:
    name = unique("similar")
    for other in (name + "-2", "a-" + name, name.upper()):
        grafana.create_account(other)
    number = grafana.create_account(name)
    assert make_issuer(grafana, name).issue(make_attempt(), None, []).id.split("/")[0] == str(number)


def test_the_prefix_stands_before_the_name_and_stranded_tokens_are_still_found(grafana: GrafanaServer) -> None:
    issuer, attempt = make_issuer(grafana, token_name_prefix="team-a."), make_attempt()
    issued = issuer.issue(attempt, None, [])
    assert "team-a." + attempt.name in token_names(grafana)
    assert [key.id for key in issuer.stranded(attempt, ())] == [issued.id]
    assert issuer.stranded(attempt, (issued.id,)) == []


def test_a_name_that_is_taken_in_the_organization_is_refused(grafana: GrafanaServer) -> None:
    attempt = make_attempt()
    make_issuer(grafana).issue(attempt, None, [])
    with pytest.raises(Rejected, match=f"{attempt.name} exists already"):
        make_issuer(grafana).issue(attempt, None, [])


@pytest.mark.parametrize(
    ("limit", "lifetime", "words"),
    [
        ({"api_key_max_seconds_to_live": 3600}, None, "greater than the global limit"),
        ({"api_key_max_seconds_to_live": 3600}, 0, "should be set"),
        ({"token_expiration_day_limit": 1}, None, "exceeds the limit"),
    ],
)
def test_a_limit_on_lifetimes_is_explained(
    grafana: GrafanaServer, limit: dict[str, int], lifetime: int | None, words: str
) -> None:
    grafana.settings(**limit)
    attempt = make_attempt()
    with pytest.raises(Rejected, match=words) as caught:
        make_issuer(grafana, seconds_to_live=lifetime).issue(attempt, None, [])
    assert ("no end" if lifetime == 0 else "90000 s (1d 1h)") in caught.value.message
    assert "token_expiration_day_limit" in caught.value.next_step
    assert attempt.name not in token_names(grafana)


# ---- what keys() finds out before anything is created ------------------------------------------------------------------


def assert_nothing_changed(server: GrafanaServer, act: t.Callable[[], object], error: type[LocksmithError], words: str) -> None:
    before = server.state()
    with pytest.raises(error, match=words) as caught:
        act()
    assert caught.value.next_step
    after = server.state()
    assert (before["accounts"], token_ids(before)) == (after["accounts"], token_ids(after))


def token_ids(state: dict[str, t.Any]) -> list[int]:
    return [token["id"] for token in state["tokens"]]


def test_a_missing_account_that_must_not_be_created(grafana: GrafanaServer) -> None:
    issuer = make_issuer(grafana, "nobody", create_service_account=False)
    assert_nothing_changed(grafana, issuer.keys, NotFound, "nobody .* does not exist")
    assert_nothing_changed(grafana, lambda: issuer.issue(make_attempt(), None, []), NotFound, "does not exist")


def test_a_missing_account_without_a_role_to_create_it_with(grafana: GrafanaServer) -> None:
    issuer = make_issuer(grafana, "roleless", service_account_role=None)
    assert_nothing_changed(grafana, issuer.keys, ConfigurationError, "service_account_role")


def test_the_role_of_an_existing_account_is_never_changed(grafana: GrafanaServer) -> None:
    name = unique()
    grafana.create_account(name, "Editor")
    issuer = make_issuer(grafana, name)
    assert_nothing_changed(grafana, issuer.keys, Rejected, "has the role Editor, and service_account_role says Viewer")
    assert make_issuer(grafana, name, service_account_role=None).keys() == []


def test_a_disabled_account(grafana: GrafanaServer) -> None:
    name = unique()
    number = grafana.create_account(name)
    grafana.ask("PATCH", f"/api/serviceaccounts/{number}", {"isDisabled": True})
    assert_nothing_changed(grafana, make_issuer(grafana, name).keys, Rejected, "is disabled")


@pytest.mark.parametrize("exists", [True, False])
def test_rights_are_checked_before_anything_is_created(grafana: GrafanaServer, exists: bool) -> None:
    name = unique()
    if exists:
        grafana.create_account(name)
    helper = grafana.create_account(unique("helper"))
    grafana.grant(helper, {"serviceaccounts:read": ["serviceaccounts:*"]})
    issuer = make_issuer(grafana, name, grafana_api_key=grafana.create_token(helper, unique("t"))[1])
    lacking = "serviceaccounts:write" if exists else "serviceaccounts:create"
    assert_nothing_changed(grafana, issuer.keys, Denied, lacking)


def test_a_login_without_the_right_to_read_accounts(grafana: GrafanaServer) -> None:
    helper = grafana.create_account(unique("helper"))
    issuer = make_issuer(grafana, grafana_api_key=grafana.create_token(helper, unique("t"))[1])
    assert_nothing_changed(grafana, issuer.keys, Denied, "status 403 .*serviceaccounts:read")


def test_rights_on_the_one_account_are_enough(grafana: GrafanaServer) -> None:
    name = unique()
    number, helper = grafana.create_account(name), grafana.create_account(unique("helper"))
    scope = [f"serviceaccounts:id:{number}"]
    grafana.grant(helper, {"serviceaccounts:read": scope, "serviceaccounts:write": scope})
    issuer = make_issuer(grafana, name, grafana_api_key=grafana.create_token(helper, unique("t"))[1])
    issuer.keys()
    issued = issuer.issue(make_attempt(), None, [])
    assert issuer.verify(issued).verdict is Verdict.ALIVE
    issuer.delete(issued)
    assert issuer.keys() == []


def test_rights_on_another_account_are_not(grafana: GrafanaServer) -> None:
    name = unique()
    number, helper = grafana.create_account(name), grafana.create_account(unique("helper"))
    read = ["serviceaccounts:*"]
    grafana.grant(helper, {"serviceaccounts:read": read, "serviceaccounts:write": [f"serviceaccounts:id:{helper}"]})
    issuer = make_issuer(grafana, name, grafana_api_key=grafana.create_token(helper, unique("t"))[1])
    assert_nothing_changed(grafana, issuer.keys, Denied, f"serviceaccounts:write on serviceaccounts:id:{number}")


def test_a_server_that_does_not_tell_rights_is_taken_at_its_later_word(grafana: GrafanaServer) -> None:
    grafana.settings(permissions_endpoint=False)
    issuer = make_issuer(grafana)
    assert issuer.keys() == []
    assert issuer.verify(issuer.issue(make_attempt(), None, [])).verdict is Verdict.ALIVE


def test_a_wrong_password(grafana: GrafanaServer) -> None:
    issuer = make_issuer(grafana, url_password="wrong-but-secret")
    with pytest.raises(Denied, match="401") as caught:
        issuer.keys()
    assert "wrong-but-secret" not in str(caught.value)


def test_a_server_without_service_accounts(grafana: GrafanaServer) -> None:
    grafana.settings(service_accounts=False)
    assert_nothing_changed(grafana, make_issuer(grafana).keys, Rejected, "has no service accounts")


# ---- organizations --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("choice", [{"org_id": 2}, {"org_name": "Second Org"}])
def test_the_account_lives_in_the_chosen_organization(grafana: GrafanaServer, choice: dict[str, t.Any]) -> None:
    issuer = make_issuer(grafana, unique("abroad"), **choice)
    issuer.keys()
    issued = issuer.issue(make_attempt(), None, [])
    assert grafana.ask("GET", "/api/org", token=issued.fields["token"])[1]["id"] == 2
    assert issuer.verify(issued).verdict is Verdict.ALIVE
    assert str(next(iter(choice.values()))) in issuer.identity
    issuer.delete(issued)
    assert issuer.verify(issued).verdict is Verdict.DEAD


def test_an_organization_that_does_not_exist(grafana: GrafanaServer) -> None:
    with pytest.raises(NotFound, match="Organization not found"):
        make_issuer(grafana, org_name="Nowhere").keys()


def test_a_token_must_be_of_the_named_organization(grafana: GrafanaServer) -> None:
    helper = grafana.create_account(unique("helper"), "Admin", org_id=2)
    token = grafana.create_token(helper, unique("t"), org_id=2)[1]
    assert make_issuer(grafana, grafana_api_key=token, org_name="Second Org").keys() == []
    with pytest.raises(Rejected, match="organization Main Org."):
        make_issuer(grafana, grafana_api_key=token, org_name="Main Org.").keys()
    with pytest.raises(Denied, match="does not belong to the requested organization"):
        make_issuer(grafana, grafana_api_key=token, org_id=1).keys()


def test_a_token_of_another_organization_is_somebody_elses(grafana: GrafanaServer) -> None:
    name = unique()
    grafana.create_account(name)
    elsewhere = grafana.create_account(name, org_id=2)
    foreign = grafana.create_token(elsewhere, unique("t"), org_id=2)[1]
    with pytest.raises(Rejected, match="belongs to organization 2"):
        make_issuer(grafana, name).verify(version(foreign))


# ---- interruptions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["lost", "truncated", "malformed"])
def test_a_token_whose_answer_was_lost_is_found_and_not_made_twice(grafana: GrafanaServer, kind: str) -> None:
    issuer, attempt = make_issuer(grafana), make_attempt()
    grafana.fault(kind, "POST", TOKENS, times=9)
    with pytest.raises(Unreachable, match="may have taken effect"):
        issuer.issue(attempt, None, [])
    grafana.calm()
    assert [token["name"] for token in grafana.tokens()].count(attempt.name) == 1
    (lost,) = make_issuer(grafana, issuer._name).stranded(attempt, ())
    issuer.delete(version("", lost.id))
    assert issuer.keys() == []
    assert issuer.verify(issuer.issue(make_attempt(), None, [])).verdict is Verdict.ALIVE


@pytest.mark.parametrize("kind", ["500", "502", "503", "504", "reset"])
def test_creating_is_not_repeated_when_it_may_have_worked(grafana: GrafanaServer, kind: str) -> None:
    issuer, attempt = make_issuer(grafana), make_attempt()
    grafana.fault(kind, "POST", TOKENS)
    with pytest.raises(Unreachable, match="may have taken effect"):
        issuer.issue(attempt, None, [])
    assert attempt.name not in token_names(grafana)
    assert issuer.stranded(attempt, ()) == []


def test_an_account_whose_answer_was_lost_is_used_by_the_next_run(grafana: GrafanaServer) -> None:
    issuer = make_issuer(grafana, "half-born")
    grafana.fault("lost", "POST", "/api/serviceaccounts")
    with pytest.raises(Unreachable, match="may have taken effect"):
        issuer.issue(make_attempt(), None, [])
    issuer.issue(make_attempt(), None, [])
    assert [account["name"] for account in grafana.state()["accounts"]].count("half-born") == 1


def test_somebody_else_creates_the_account_at_the_same_moment(grafana: GrafanaServer) -> None:
    name = unique()
    issuer = make_issuer(grafana, name)
    assert issuer.keys() == []
    number = grafana.create_account(name)
    assert issuer._manager().create_account(name, "Viewer") is None
    assert issuer.issue(make_attempt(), None, []).id.startswith(f"{number}/")


def test_nothing_is_created_while_the_server_limits_requests_and_one_token_afterwards(grafana: GrafanaServer) -> None:
    issuer, attempt = make_issuer(grafana), make_attempt()
    grafana.fault("429", "POST", TOKENS, times=2, headers={"Retry-After": "7"})
    issued = issuer.issue(attempt, None, [])
    assert clock_of(issuer).pauses == [7, 7]
    assert [key.id for key in issuer.keys()] == [issued.id]


@pytest.mark.parametrize("kind", ["429", "502", "503", "504", "reset", "lost", "truncated"])
def test_reading_is_repeated(grafana: GrafanaServer, kind: str) -> None:
    issuer = make_issuer(grafana)
    grafana.fault(kind, "GET", "/api/serviceaccounts/search", times=3)
    assert issuer.keys() == []
    assert len(clock_of(issuer).pauses) == 3


def test_deleting_is_repeated_and_gone_is_success(grafana: GrafanaServer) -> None:
    issuer = make_issuer(grafana)
    issued = issuer.issue(make_attempt(), None, [])
    grafana.fault("lost", "DELETE", TOKENS + r"/\d+")
    issuer.delete(issued)
    assert issuer.keys() == []


def test_a_login_page_in_place_of_the_api(grafana: GrafanaServer) -> None:
    grafana.fault("html", "GET", "/api/serviceaccounts/search")
    with pytest.raises(Unreachable, match="JSON object") as caught:
        make_issuer(grafana).keys()
    assert "log in" not in str(caught.value)


# ---- verifying ------------------------------------------------------------------------------------------------------


def test_the_identity_is_named_where_grafana_tells_it(grafana: GrafanaServer) -> None:
    issuer = make_issuer(grafana, unique("named"))
    issued = issuer.issue(make_attempt(), None, [])
    wanted = f"service account {issuer._name} (id {issued.id.split('/')[0]}, organization 1)"
    assert issuer.verify(issued).identity == (wanted if says_who(grafana) else "a token of organization 1")


def test_another_accounts_token_is_somebody_elses(grafana: GrafanaServer) -> None:
    name, other = unique(), grafana.create_account(unique())
    grafana.create_account(name)
    foreign = version(grafana.create_token(other, unique("t"))[1])
    issuer = make_issuer(grafana, name)
    if says_who(grafana):
        with pytest.raises(Rejected, match="as somebody else"):
            issuer.verify(foreign)
    else:
        assert issuer.verify(foreign).identity == "a token of organization 1"
    assert issuer.identify(foreign.fields) is None


def test_a_users_login_is_not_the_service_account(grafana: GrafanaServer) -> None:
    """The administrator's own identity, behind a proxy that logs everybody in as a user."""
    issuer = make_issuer(grafana)
    issuer.issue(make_attempt(), None, [])
    with pytest.raises(Rejected, match="as somebody else"):
        issuer._who_is(issuer._manager(), "")


@pytest.mark.parametrize("role", ["None", "Viewer", "Editor", "Admin"])
def test_tokens_of_every_role_can_be_verified(grafana: GrafanaServer, role: str) -> None:
    if role == "None" and grafana.state()["settings"]["version"] == "9.4":
        role = "Viewer"
    issuer = make_issuer(grafana, service_account_role=role)
    assert issuer.verify(issuer.issue(make_attempt(), None, [])).verdict is Verdict.ALIVE


@pytest.mark.parametrize("role", ["Viewer", "Admin"])
def test_without_the_permissions_endpoint_the_organization_answers(grafana: GrafanaServer, role: str) -> None:
    grafana.settings(permissions_endpoint=False)
    issuer = make_issuer(grafana, service_account_role=role)
    issued = issuer.issue(make_attempt(), None, [])
    assert issuer.verify(issued).verdict is Verdict.ALIVE
    issuer.delete(issued)
    assert issuer.verify(issued).verdict is Verdict.DEAD


@pytest.mark.parametrize(("change", "detail"), [({"revoked": True}, "Revoked API key"), ({"expires": 1.0}, "Expired API key")])
def test_a_dead_token_and_why(grafana: GrafanaServer, change: dict[str, t.Any], detail: str) -> None:
    issuer = make_issuer(grafana)
    issued = issuer.issue(make_attempt(), None, [])
    grafana.set_token(int(issued.id.split("/")[1]), **change)
    result = issuer.verify(issued)
    assert (result.verdict, result.detail) == (Verdict.DEAD, detail)


@pytest.mark.parametrize("token", ["", "line\nbreak", "with space", "glsa_é"])
def test_what_cannot_be_a_token_is_dead_without_asking(grafana: GrafanaServer, token: str) -> None:
    issuer = make_issuer(grafana)
    before = grafana.state()["requests"]
    assert issuer.verify(version(token)).verdict is Verdict.DEAD
    after = grafana.state()["requests"]
    assert before.get("GET /api/access-control/user/permissions") == after.get("GET /api/access-control/user/permissions")


@pytest.mark.parametrize("kind", ["500", "503", "429", "reset", "lost", "truncated", "html"])
def test_no_usable_answer_is_neither_alive_nor_dead(grafana: GrafanaServer, kind: str) -> None:
    issuer = make_issuer(grafana)
    issued = issuer.issue(make_attempt(), None, [])
    grafana.fault(kind, "GET", "/api/access-control/.*", times=9)
    assert issuer.verify(issued).verdict is Verdict.UNKNOWN
    grafana.calm()
    assert issuer.verify(issued).verdict is Verdict.ALIVE


def test_a_stopped_server_is_unknown() -> None:
    with GrafanaServer() as server:
        issuer = make_issuer(server)
        issued = issuer.issue(make_attempt(), None, [])
        server.stop()
        assert issuer.verify(issued).verdict is Verdict.UNKNOWN
        with pytest.raises(Unreachable, match="could not connect"):
            issuer.keys()
        assert len(clock_of(issuer).pauses) >= 4


def test_a_token_that_takes_time_to_be_known(grafana: GrafanaServer) -> None:
    grafana.settings(propagation_delay=0.4)
    issuer = make_issuer(grafana)
    issued = issuer.issue(make_attempt(), None, [])
    assert issuer.verify(issued).verdict is Verdict.DEAD
    assert eventually(lambda: issuer.verify(issued).verdict is Verdict.ALIVE)


def test_a_server_that_lets_everybody_in_proves_nothing(grafana: GrafanaServer) -> None:
    issuer = make_issuer(grafana)
    issued = issuer.issue(make_attempt(), None, [])
    grafana.settings(accept_anything=True)
    with pytest.raises(Rejected, match="proves nothing"):
        issuer.verify(issued)


def test_the_random_token_is_tried_once(grafana: GrafanaServer) -> None:
    issuer = make_issuer(grafana)
    issued = issuer.issue(make_attempt(), None, [])
    path = "/api/access-control/user/permissions"
    before = grafana.state()["refused"].get(path, 0)
    for _turn in range(3):
        issuer.verify(issued)
    assert grafana.state()["refused"][path] == before + 1


# ---- identifying ----------------------------------------------------------------------------------------------------


def test_the_only_active_token_is_identified(grafana: GrafanaServer) -> None:
    name = unique()
    number = grafana.create_account(name)
    expired, dummy = grafana.create_token(number, unique("t"), 60)
    grafana.set_token(expired, expires=1.0)
    token_id, token = grafana.create_token(number, unique("t"))
    found = make_issuer(grafana, name).identify({"token": token})
    if says_who(grafana):
        assert found is not None and found.id == f"{number}/{token_id}"
    else:
        assert found is None


def test_one_of_two_active_tokens_is_not_guessed(grafana: GrafanaServer) -> None:
    name = unique()
    number = grafana.create_account(name)
    tokens = [grafana.create_token(number, unique("t"))[1] for dummy in range(2)]
    assert [make_issuer(grafana, name).identify({"token": token}) for token in tokens] == [None, None]


def test_a_dead_value_is_none_of_the_keys_and_an_unknown_one_is_an_error(grafana: GrafanaServer) -> None:
    issuer = make_issuer(grafana)
    issued = issuer.issue(make_attempt(), None, [])
    assert issuer.identify({"token": "glsa_" + "a" * 32 + "_00000000"}) is None
    grafana.fault("500", "GET", "/api/access-control/.*")
    with pytest.raises(Unreachable):
        issuer.identify(issued.fields)


def test_a_legacy_key_that_does_not_work_is_none_of_the_keys(grafana: GrafanaServer) -> None:
    assert make_issuer(grafana).identify({"token": LEGACY}) is None


# ---- last use -------------------------------------------------------------------------------------------------------


def test_last_use_is_what_grafana_notes_five_minutes_apart(grafana: GrafanaServer) -> None:
    issuer = make_issuer(grafana)
    issued = issuer.issue(make_attempt(), None, [])
    assert issuer.last_use(issued) == LastUse(supported=True, at=None, resolution=300)
    grafana.ask("GET", "/api/search", token=issued.fields["token"])
    first = eventually(lambda: issuer.last_use(issued).at)
    assert first == pytest.approx(time.time(), abs=5)
    grafana.settings(clock_offset=200.0)
    grafana.ask("GET", "/api/search", token=issued.fields["token"])
    time.sleep(0.1)
    assert issuer.last_use(issued).at == first
    grafana.settings(clock_offset=400.0)
    grafana.ask("GET", "/api/search", token=issued.fields["token"])
    assert eventually(lambda: (issuer.last_use(issued).at or 0) > first + 300)


def test_last_use_of_a_token_that_is_gone_and_of_one_that_cannot_be_looked_up(grafana: GrafanaServer) -> None:
    issuer = make_issuer(grafana)
    issued = issuer.issue(make_attempt(), None, [])
    grafana.fault("500", "GET", TOKENS, times=1)
    with pytest.raises(Unreachable):
        issuer.last_use(issued)
    issuer.delete(issued)
    assert issuer.last_use(issued) == LastUse(supported=True, at=None, resolution=300)


# ---- deleting -------------------------------------------------------------------------------------------------------


def test_a_token_is_found_although_its_account_was_renamed_and_replaced(grafana: GrafanaServer) -> None:
    name = unique()
    issued = make_issuer(grafana, name).issue(make_attempt(), None, [])
    number = issued.id.split("/")[0]
    grafana.ask("PATCH", f"/api/serviceaccounts/{number}", {"name": unique("renamed")})
    grafana.create_account(name)
    make_issuer(grafana, name).delete(issued)
    assert grafana.ask("GET", "/api/search", token=issued.fields["token"])[0] == 401


def test_deleting_after_the_account_is_gone(grafana: GrafanaServer) -> None:
    issuer = make_issuer(grafana)
    issued = issuer.issue(make_attempt(), None, [])
    grafana.ask("DELETE", f"/api/serviceaccounts/{issued.id.split('/')[0]}")
    issuer.delete(issued)
    assert make_issuer(grafana, issuer._name).keys() == []


def test_a_404_that_means_a_wrong_server_is_not_taken_for_deleted(grafana: GrafanaServer) -> None:
    issuer = make_issuer(grafana)
    issued = issuer.issue(make_attempt(), None, [])
    grafana.settings(service_accounts=False)
    with pytest.raises(Rejected, match="no service accounts"):
        issuer.delete(issued)
    with pytest.raises(Rejected, match="no service accounts"):
        issuer.last_use(issued)


def test_a_404_for_a_token_that_is_still_listed_is_not_believed(grafana: GrafanaServer) -> None:
    issuer = make_issuer(grafana)
    issued = issuer.issue(make_attempt(), None, [])
    grafana.fault("404", "DELETE", TOKENS + r"/\d+")
    with pytest.raises(Unreachable, match="still listed"):
        issuer.delete(issued)


@pytest.mark.parametrize("number", ["", "7", "../7", "1/2/3", "a/b"])
def test_an_id_that_is_none_is_refused(grafana_12: GrafanaServer, number: str) -> None:
    issuer = make_issuer(grafana_12)
    with pytest.raises(Rejected, match="not the id of a Grafana token"):
        issuer.delete(version("x", number))


def test_no_other_token_is_touched_whatever_its_name_and_whether_it_has_expired(grafana: GrafanaServer) -> None:
    name = unique()
    number = grafana.create_account(name)
    names = [f"locksmith-dashboards-20260101T000000-{number:08x}", f"somebody-elses-{number}"]
    made = [grafana.create_token(number, one, 60)[0] for one in names]
    grafana.set_token(made[0], expires=1.0)
    issuer = make_issuer(grafana, name)
    issuer.delete(issuer.issue(make_attempt(), None, []))
    assert {token["name"] for token in grafana.tokens() if token["account"] == number} == set(names)


# ---- options --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url_username": None, "url_password": None}, "needs one login"),
        ({"url_password": None}, "needs one login"),
        ({"grafana_api_key": "glsa_x", "url_username": "a", "url_password": "b"}, "needs one login"),
        ({"grafana_api_key": LEGACY}, "legacy API key"),
        ({"grafana_api_key": "glsa_x\n"}, "API token to log in with"),
        ({"seconds_to_live": 90000 - 1}, r"rotate_after 86400 \+ grace 3600 = 90000 s \(1d 1h\)"),
        ({"seconds_to_live": -5}, "would expire while it is in use"),
        ({"token_name_prefix": "p" * 150}, "would have 195 characters; Grafana allows 190"),
        ({"url": "grafana.example.com"}, "URL is malformed"),
        ({"url": "https://"}, "URL is malformed"),
        ({"url": "https://host:99999"}, "URL is malformed"),
        ({"url": "https://me:pass-word@grafana.example.com"}, "holds a user name"),
        ({"url": "https://grafana.example.com?auth=pass-word"}, "holds a user name"),
    ],
)
def test_options_that_cannot_work(grafana_12: GrafanaServer, options: dict[str, t.Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        make_issuer(grafana_12, **options)
    assert caught.value.next_step
    assert "pass-word" not in str(caught.value)


def test_a_sub_path_in_the_url_is_kept(grafana_12: GrafanaServer) -> None:
    with pytest.raises(Rejected, match="has no service accounts"):
        make_issuer(grafana_12, url=grafana_12.url + "/grafana/").keys()
    assert grafana_12.state()["requests"]["GET /grafana/api/serviceaccounts/search"] == 1


def test_no_secret_in_any_error(grafana: GrafanaServer) -> None:
    """Every fault, in every step; the errors, their causes and contexts, and the results."""
    issuer = make_issuer(grafana)
    issued = issuer.issue(make_attempt(), None, [])
    hidden = [issued.fields["token"], grafana.admin_password]
    hidden.append(base64.b64encode(f"{grafana.admin_user}:{grafana.admin_password}".encode()).decode())
    steps: list[t.Callable[[], object]] = [
        issuer.keys,
        lambda: issuer.issue(make_attempt(), None, []),
        lambda: issuer.verify(issued),
        lambda: issuer.identify(issued.fields),
        lambda: issuer.last_use(issued),
        lambda: issuer.delete(version("", "1/1")),
    ]
    said: list[str] = [repr(issued), repr(issuer.keys())]
    for kind in FAULTS:
        for step in steps:
            grafana.fault(kind, times=9)
            try:
                said.append(repr(step()))
            except ExternalError as error:
                context = None if error.__suppress_context__ else error.__context__
                said += [str(error), repr(error), repr(error.__cause__), repr(context)]
            grafana.calm()
    assert not [number for number, text in enumerate(said) for secret in hidden if secret in text]
    assert not [text for text in said if "next=secret" in text or "word@" in text]
    assert len(said) > 100
