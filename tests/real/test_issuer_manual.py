# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A credential that a person makes: the supply, the check before anything is written, the probe, and watching the old one."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued, Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.manual import ManualIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.fixtures_manual import Drawer, make_issuer, probe_of, unique
from ansible_collections.locksmith.rotation.tests.servers.dashboard import DashboardServer

ATTEMPT = Attempt("locksmith-partner-1", 0.0, (), 86400)


@pytest.fixture
def account(dashboard: DashboardServer) -> str:
    return dashboard.add_account(unique())


def propose(issuer: ManualIssuer, current: Issued | None = None) -> Issued:
    return issuer.propose(ATTEMPT, current)


# ---- where the value comes from ------------------------------------------------------------------------------------------------


def test_a_value_comes_from_the_option_or_from_the_drop_off(dashboard: DashboardServer, account: str) -> None:
    one, two = dashboard.make_key(account), dashboard.make_key(account)
    by_option = propose(make_issuer(dashboard, account, new_value={"secret": one}))
    drawer = Drawer()
    drawer.content = {"secret": two, "label": "autumn"}
    dropped = propose(make_issuer(dashboard, account, drawer))
    assert (by_option.fields["secret"] == one, dropped.fields["secret"] == two) == (True, True)
    assert by_option.id == f"{account}/{by_option.fields.fingerprint()}"
    assert (dropped.id, sorted(dropped.fields)) == (f"{account}/autumn", ["secret"])


def test_a_line_break_at_the_end_is_not_part_of_the_value(dashboard: DashboardServer, account: str) -> None:
    key = dashboard.make_key(account)
    assert propose(make_issuer(dashboard, account, new_value={"secret": key + "\n"})).fields["secret"] == key


def test_it_is_taken_out_of_the_drop_off_once_and_only_itself(dashboard: DashboardServer, account: str) -> None:
    drawer = Drawer()
    drawer.content = {"secret": dashboard.make_key(account), "label": "autumn"}
    issuer = make_issuer(dashboard, account, drawer)
    version = propose(issuer)
    later = {"secret": dashboard.make_key(account)}
    drawer.content, kept = later, drawer.content
    issuer.taken(version)
    assert drawer.content is later, "what a person has put there meanwhile stays"
    drawer.content = kept
    for _turn in range(2):
        issuer.taken(version)
    assert (drawer.read(), issuer.supplied()) == (None, None)


def test_two_different_values_are_refused(dashboard: DashboardServer, account: str) -> None:
    drawer = Drawer()
    drawer.content = {"secret": "one-value-in-the-drawer"}
    with pytest.raises(errors.ConfigurationError, match="two different values"):
        make_issuer(dashboard, account, drawer, new_value={"secret": "another-value"}).supplied()
    assert make_issuer(dashboard, account, drawer, new_value=dict(drawer.content)).supplied() is not None


def test_without_a_value_the_person_is_told_all_the_ways(dashboard: DashboardServer, account: str) -> None:
    issuer = make_issuer(dashboard, account, Drawer())
    with pytest.raises(errors.ValueAwaited) as caught:
        propose(issuer)
    for part in ("https://dashboard.example.com/keys", "locksmith.rotation.supply", "the drawer", "new_value"):
        assert part in str(caught.value)
    assert "now, because the old one leaked" in issuer.how_to_supply("leak")


@pytest.mark.parametrize(
    "given",
    [{}, {"secret": ""}, {"key": "value-under-a-wrong-name"}, {"secret": "a-secret-value", "more": "x"}, {"label": "only"}],
    ids=["nothing", "empty", "wrong", "more", "label"],
)
def test_a_value_with_other_fields_is_refused_and_not_shown(
    dashboard: DashboardServer, account: str, given: dict[str, str]
) -> None:
    drawer = Drawer()
    drawer.content = given
    issuer = make_issuer(dashboard, account, drawer)
    if not given:
        assert issuer.supplied() is None
        return
    with pytest.raises(errors.ConfigurationError, match="fields of this credential") as caught:
        issuer.supplied()
    assert not [value for value in given.values() if len(value) > 4 and value in str(caught.value)]


def test_the_secret_is_no_label(dashboard: DashboardServer, account: str) -> None:
    key = dashboard.make_key(account)
    with pytest.raises(errors.ConfigurationError, match="label") as caught:
        make_issuer(dashboard, account, new_value={"secret": key, "label": f"my {key}"}).supplied()
    assert key not in str(caught.value)


# ---- checked before anything is written ------------------------------------------------------------------------------------------


def test_a_value_that_does_not_work_is_refused(dashboard: DashboardServer, account: str) -> None:
    key = dashboard.make_key(account)
    dashboard.revoke(key)
    with pytest.raises(errors.Rejected, match="does not work") as caught:
        propose(make_issuer(dashboard, account, new_value={"secret": key}))
    assert key not in str(caught.value)


def test_a_value_of_another_account_is_refused_also_when_the_old_one_is_dead(dashboard: DashboardServer, account: str) -> None:
    old = propose(make_issuer(dashboard, account, new_value={"secret": dashboard.make_key(account)}))
    other = dashboard.add_account(unique())
    stranger = make_issuer(dashboard, account, new_value={"secret": dashboard.make_key(other)})
    with pytest.raises(errors.Rejected, match=f"belongs to {other}, and the published one to {account}"):
        propose(stranger, old)
    dashboard.revoke(old.fields["secret"])
    with pytest.raises(errors.Rejected, match="belongs to"):
        propose(stranger, old)
    successor = make_issuer(dashboard, account, new_value={"secret": dashboard.make_key(account)})
    assert propose(successor, old).id.startswith(f"{account}/")


def test_a_server_in_trouble_says_nothing_about_a_value(dashboard: DashboardServer, account: str) -> None:
    issuer = make_issuer(dashboard, account, new_value={"secret": dashboard.make_key(account)})
    issuer.keys()
    dashboard.fault("500", times=50)
    with pytest.raises(errors.Unreachable, match="not known"):
        propose(issuer)
    dashboard.calm()
    assert propose(issuer).id


# ---- the probe --------------------------------------------------------------------------------------------------------------------


def test_a_probe_that_lets_anybody_in_is_refused(dashboard: DashboardServer, account: str) -> None:
    dashboard.settings(accept_anything=True)
    issuer = make_issuer(dashboard, account, new_value={"secret": dashboard.make_key(account)})
    for ask in (issuer.keys, lambda: propose(issuer), lambda: issuer.look_at(SecretFields({"secret": "x"}))):
        with pytest.raises(errors.Rejected, match="proves nothing"):
            ask()


def test_basic_authentication_with_two_fields(dashboard: DashboardServer, account: str) -> None:
    probe = probe_of(
        dashboard,
        account,
        headers={"X-Gateway": dashboard.gateway},
        url_username="{username}",
        url_password="{password}",
    )
    key = dashboard.make_key(account)
    value = {"username": "orders", "password": key}
    issuer = make_issuer(dashboard, account, probe=probe, fields=("username", "password"), new_value=value)
    assert issuer.look_at(SecretFields(value)).verdict is Verdict.ALIVE
    assert propose(issuer).id.startswith(account)
    dashboard.revoke(key)
    assert issuer.look_at(SecretFields(value)).verdict is Verdict.DEAD


def test_other_statuses_prove_neither(dashboard: DashboardServer, account: str) -> None:
    issuer = make_issuer(dashboard, account)
    issuer.keys()
    dashboard.fault("redirect")
    with pytest.raises(errors.Rejected):
        issuer.look_at(SecretFields({"secret": "anything"}))
    other = make_issuer(dashboard, account, probe=probe_of(dashboard, account, alive=[204]))
    seen = other.look_at(SecretFields({"secret": dashboard.make_key(account)}))
    assert (seen.verdict, "status 200" in seen.detail) == (Verdict.UNKNOWN, True)


def test_an_answer_without_the_identity_proves_nothing(dashboard: DashboardServer, account: str) -> None:
    issuer = make_issuer(dashboard, account, probe=probe_of(dashboard, account, identity="account.name"))
    assert issuer.look_at(SecretFields({"secret": dashboard.make_key(account)})).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"headers": {"X-Api-Key": "{key}"}}, "no field of this credential"),
        ({"headers": {"X-Api-Key": "fixed"}}, "would prove nothing"),
        ({"alive": [200], "dead": [200]}, "none in common"),
        ({"dead": []}, "none in common"),
    ],
)
def test_a_probe_that_can_prove_nothing_is_refused_at_once(
    dashboard: DashboardServer, account: str, wrong: dict[str, t.Any], said: str
) -> None:
    with pytest.raises(errors.ConfigurationError, match=said):
        make_issuer(dashboard, account, probe=probe_of(dashboard, account, **wrong))


# ---- without a probe --------------------------------------------------------------------------------------------------------------


def test_either_a_probe_or_the_word_unverified(dashboard: DashboardServer, account: str) -> None:
    for more in ({"probe": None}, {"unverified": True}):
        with pytest.raises(errors.ConfigurationError, match="exactly one"):
            make_issuer(dashboard, account, **more)
    with pytest.raises(errors.ConfigurationError, match="leave revoked out|with a probe"):
        make_issuer(dashboard, account, revoked=["3f9c1e7a5b20"])


def test_without_a_probe_nothing_is_called_verified_and_a_person_ends_the_watch(dashboard: DashboardServer, account: str) -> None:
    value = {"secret": "the code of the alarm panel", "label": "panel 1"}
    issuer = make_issuer(dashboard, account, probe=None, unverified=True, new_value=value)
    version = propose(issuer)
    assert (issuer.verifiable, issuer.verify(version).verdict) == (False, Verdict.UNKNOWN)
    assert "never checked" in issuer.identity
    with pytest.raises(errors.Unreachable):
        issuer.delete(version)
    print_ = version.fields.fingerprint()
    assert f"revoked: [{print_}]" in issuer.how_to_revoke(version)
    told = make_issuer(dashboard, account, probe=None, unverified=True, revoked=[print_])
    assert told.verify(version).verdict is Verdict.DEAD
    told.delete(version)


# ---- fields and the old one -------------------------------------------------------------------------------------------------------


def test_the_store_says_what_a_value_is_made_of() -> None:
    assert ManualIssuer.field_names({}) == ("secret",)
    assert ManualIssuer.field_names({"fields": {"user": "U", "password": "P"}}) == ("user", "password")
    assert ManualIssuer.field_names({"names": {"user": "/u", "password": "/p", "rotated_at": "/r"}}) == ("user", "password")
    with pytest.raises(errors.ConfigurationError, match="label"):
        ManualIssuer.field_names({"fields": {"label": "L"}})


def test_only_a_dead_value_is_let_go(dashboard: DashboardServer, account: str) -> None:
    issuer = make_issuer(dashboard, account, new_value={"secret": dashboard.make_key(account)})
    version = propose(issuer)
    with pytest.raises(errors.Rejected, match="only a person") as caught:
        issuer.delete(version)
    assert (caught.value.stranded, version.fields.fingerprint() in caught.value.next_step) == (
        [f"{version.id} at {issuer.identity}"],
        True,
    )
    dashboard.revoke(version.fields["secret"])
    issuer.delete(version)
