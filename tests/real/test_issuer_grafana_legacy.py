# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Legacy API keys against the stand-in Grafana: where they can be made, where they end, and the way over to service accounts."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_kind import GrafanaKind
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, LastUse, Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Denied, Rejected, Unreachable
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.fixtures_grafana import (
    LIFETIME,
    make_attempt,
    make_issuer,
    make_kind,
    token_names,
    unique,
)
from ansible_collections.locksmith.rotation.tests.servers.grafana import GrafanaServer

KEYS = "/api/auth/keys"


@pytest.fixture(params=("9.4", "10.4"))
def keyed(request: pytest.FixtureRequest) -> t.Iterator[GrafanaServer]:
    """A server that still makes API keys, of the test's own: tests upgrade it."""
    with GrafanaServer(request.param) as server:
        yield server


@pytest.fixture(params=("11.3", "12.1", "13.0"))
def keyless(request: pytest.FixtureRequest) -> t.Iterator[GrafanaServer]:
    """A server that makes none any more."""
    with GrafanaServer(request.param) as server:
        yield server


def make_keys(server: GrafanaServer, **more: t.Any) -> GrafanaKind:
    return make_kind(server, **{"kind": "api_key", "api_key_role": "Viewer", **more})


def version(secret: str, number: str = "") -> Issued:
    return Issued(number, SecretFields({"token": secret}))


def eventually(look: t.Callable[[], t.Any]) -> t.Any:
    end = time.monotonic() + 5
    while True:
        seen = look()
        if seen or time.monotonic() > end:
            return seen
        time.sleep(0.02)


# ---- making, listing, deleting ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["Viewer", "Editor", "Admin"])
def test_a_key_has_the_role_and_the_end_that_were_asked_for(keyed: GrafanaServer, role: str) -> None:
    issuer, attempt = make_keys(keyed, api_key_role=role), make_attempt()
    issued = issuer.issue(attempt, None, [])
    (row,) = keyed.ask("GET", KEYS)[1]
    assert (row["name"], row["role"], f"key/{row['id']}") == (attempt.name, role, issued.id)
    assert issuer.keys()[0].expires_at == pytest.approx(time.time() + LIFETIME, abs=5)
    result = issuer.verify(issued)
    assert (result.verdict, result.identity) == (Verdict.ALIVE, f"API key {attempt.name} (organization 1)")


def test_expired_keys_are_listed_and_not_active(keyed: GrafanaServer) -> None:
    issuer = make_keys(keyed)
    issued = issuer.issue(make_attempt(), None, [])
    keyed.set_token(int(issued.id.partition("/")[2]), expires=1.0)
    assert [(key.id, key.active) for key in issuer.keys()] == [(issued.id, False)]
    assert issuer.verify(issued).verdict is Verdict.DEAD


def test_two_keys_work_side_by_side_and_only_the_named_one_is_deleted(keyed: GrafanaServer) -> None:
    issuer = make_keys(keyed)
    old, new = issuer.issue(make_attempt(), None, []), issuer.issue(make_attempt(), None, [])
    assert keyed.works(old.fields["token"]) and keyed.works(new.fields["token"])
    for _turn in range(2):
        issuer.delete(old)
    assert (keyed.works(old.fields["token"]), keyed.works(new.fields["token"])) == (False, True)


def test_a_key_whose_answer_was_lost_is_found_by_its_name(keyed: GrafanaServer) -> None:
    issuer, attempt = make_keys(keyed), make_attempt()
    keyed.create_key(unique("by-hand"))
    keyed.fault("lost", "POST", KEYS)
    with pytest.raises(Unreachable, match="may have taken effect"):
        issuer.issue(attempt, None, [])
    (lost,) = issuer.stranded(attempt, ())
    issuer.delete(Issued(lost.id, SecretFields({})))
    assert attempt.name not in token_names(keyed) and len(issuer.keys()) == 1


def test_a_name_that_is_taken(keyed: GrafanaServer) -> None:
    attempt = make_attempt()
    keyed.create_key(attempt.name)
    with pytest.raises(Rejected, match=f"{attempt.name} exists already"):
        make_keys(keyed).issue(attempt, None, [])


@pytest.mark.parametrize(("seconds", "words"), [(None, "greater than the global limit"), (0, "should be set")])
def test_the_servers_limit_on_lifetimes_is_explained(keyed: GrafanaServer, seconds: int | None, words: str) -> None:
    keyed.settings(api_key_max_seconds_to_live=3600)
    with pytest.raises(Rejected, match=words) as caught:
        make_keys(keyed, seconds_to_live=seconds).issue(make_attempt(), None, [])
    assert "api_key_max_seconds_to_live" in caught.value.next_step


def test_a_login_that_may_not_make_keys(keyed: GrafanaServer) -> None:
    helper = keyed.create_account(unique("helper"))
    keyed.grant(helper, {"apikeys:read": ["apikeys:*"]})
    issuer = make_keys(keyed, grafana_api_key=keyed.create_token(helper, unique("t"))[1])
    with pytest.raises(Denied, match="apikeys:create"):
        issuer.keys()


def test_a_server_that_lets_everybody_in_proves_nothing(keyed: GrafanaServer) -> None:
    issuer = make_keys(keyed)
    issued = issuer.issue(make_attempt(), None, [])
    keyed.settings(accept_anything=True)
    with pytest.raises(Rejected, match="proves nothing"):
        issuer.verify(issued)


# ---- identifying, and evidence ----------------------------------------------------------------------------------------


def test_a_key_is_known_for_certain_among_others(keyed: GrafanaServer) -> None:
    made = [keyed.create_key(unique("by-hand")) for dummy in range(3)]
    found = make_keys(keyed).identify({"token": made[1][1]})
    assert found is not None and found.id == f"key/{made[1][0]}"


def test_a_key_of_another_organization_is_somebody_elses(keyed: GrafanaServer) -> None:
    foreign = keyed.create_key(unique("abroad"), org_id=2)[1]
    with pytest.raises(Rejected, match="belongs to organization 2"):
        make_keys(keyed).verify(version(foreign))
    assert make_keys(keyed).identify({"token": foreign}) is None
    assert make_keys(keyed, org_id=2).verify(version(foreign)).verdict is Verdict.ALIVE


def test_a_token_of_a_service_account_is_no_api_key(keyed: GrafanaServer) -> None:
    token = keyed.create_token(keyed.create_account(unique()), unique("t"))[1]
    with pytest.raises(Rejected, match="is not an API key"):
        make_keys(keyed).verify(version(token))
    assert make_keys(keyed).identify({"token": token}) is None


def test_use_is_evidence_only_where_the_server_tells_it(keyed: GrafanaServer) -> None:
    issuer = make_keys(keyed)
    issued = issuer.issue(make_attempt(), None, [])
    keyed.ask("GET", "/api/search", token=issued.fields["token"])
    if keyed.state()["settings"]["version"] == "9.4":
        time.sleep(0.1)
        assert issuer.last_use(issued) == LastUse(supported=False)
        return
    assert eventually(lambda: issuer.last_use(issued).at) == pytest.approx(time.time(), abs=5)
    unused = issuer.issue(make_attempt(), None, [])
    assert issuer.last_use(unused) == LastUse(supported=True, at=None, resolution=300)
    issuer.delete(unused)
    assert issuer.last_use(unused) == LastUse(supported=True, at=None, resolution=300)


# ---- the end of API keys ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", [False, True])
def test_a_server_without_new_keys_says_so_with_the_way_out(keyless: GrafanaServer, hidden: bool) -> None:
    keyless.settings(hide_version=hidden)
    issuer = make_keys(keyless)
    with pytest.raises(Rejected, match="makes no API keys any more") as caught:
        issuer.check_room(issuer.keys(), ())
        issuer.issue(make_attempt(), None, [])
    assert "service_account_token" in caught.value.next_step and "grafana_api_key_migrate" in caught.value.next_step
    assert keyless.tokens() == []


def test_a_server_that_makes_keys_has_room(keyed: GrafanaServer) -> None:
    issuer = make_keys(keyed)
    issuer.check_room(issuer.keys(), ())


@pytest.mark.parametrize("kind", ["api_key", "service_account_token"])
def test_a_key_that_an_upgrade_has_converted_is_found_and_deleted_where_it_is_now(keyed: GrafanaServer, kind: str) -> None:
    issued = make_keys(keyed).issue(make_attempt(), None, [])
    keyed.settings(version="12.1")
    assert keyed.works(issued.fields["token"]), "the old string goes on working"
    issuer = make_keys(keyed) if kind == "api_key" else make_issuer(keyed)
    found = issuer.identify(issued.fields)
    assert found is not None and found.id.endswith("/" + issued.id.partition("/")[2])
    assert eventually(lambda: issuer.last_use(issued).at), "the evidence is the token's"
    issuer.delete(issued)
    assert not keyed.works(issued.fields["token"])
    issuer.delete(issued)


def test_a_converted_key_that_cannot_be_found_is_not_taken_for_deleted(keyed: GrafanaServer) -> None:
    issuer = make_keys(keyed)
    issued = issuer.issue(make_attempt(), None, [])
    keyed.settings(version="12.1")
    (account,) = keyed.state()["accounts"]
    keyed.ask("PATCH", f"/api/serviceaccounts/{account['id']}", {"name": unique("renamed")})
    for act in (issuer.delete, issuer.last_use):
        with pytest.raises(Rejected, match="still logs in") as caught:
            act(issued)
        assert issued.fields["token"] not in str(caught.value)
    assert keyed.works(issued.fields["token"])


def test_a_token_with_the_keys_name_and_another_number_is_not_ours(keyed: GrafanaServer) -> None:
    issuer, attempt = make_keys(keyed), make_attempt()
    issued = issuer.issue(attempt, None, [])
    issuer.delete(issued)
    number = keyed.create_account(f"sa-autogen-{attempt.name}")
    keyed.create_token(number, attempt.name)
    issuer.delete(issued)
    assert attempt.name in token_names(keyed)


# ---- from API keys to service accounts ----------------------------------------------------------------------------------


def test_an_api_key_is_replaced_by_a_token_and_deleted_in_the_end(keyed: GrafanaServer) -> None:
    number, secret = keyed.create_key(unique("old"))
    issuer = make_issuer(keyed)
    adopted = issuer.identify({"token": secret})
    assert adopted is not None and adopted.id == f"key/{number}"
    old = version(secret, adopted.id)
    assert issuer.verify(old).identity.startswith("API key old-")
    new = issuer.issue(make_attempt(), None, [old])
    assert issuer.verify(new).verdict is Verdict.ALIVE
    issuer.check_rights(new, old)
    issuer.delete(old)
    assert (keyed.works(secret), keyed.works(new.fields["token"])) == (False, True)


def test_a_token_that_may_do_less_than_the_key_is_refused_unless_that_is_wanted(keyed: GrafanaServer) -> None:
    number, secret = keyed.create_key(unique("old"), "Admin")
    issuer, old = make_issuer(keyed), version(secret, f"key/{number}")
    new = issuer.issue(make_attempt(), None, [old])
    with pytest.raises(Rejected, match="may not do what the published one may: .* more") as caught:
        issuer.check_rights(new, old)
    assert "allow_fewer_permissions" in caught.value.next_step
    make_issuer(keyed, issuer._name, allow_fewer_permissions=True).check_rights(new, old)
    keyed.ask("DELETE", f"{KEYS}/{number}")
    issuer.check_rights(new, old)  # a key that works no more has no rights to keep
    keyed.settings(permissions_endpoint=False)
    issuer.check_rights(new, old)


def test_whether_rights_were_lost_is_unknown_while_nobody_answers(keyed: GrafanaServer) -> None:
    issuer = make_issuer(keyed)
    old, new = issuer.issue(make_attempt(), None, []), issuer.issue(make_attempt(), None, [])
    issuer.check_rights(new, old)
    keyed.fault("500", "GET", "/api/access-control/.*")
    with pytest.raises(Unreachable):
        issuer.check_rights(new, old)
