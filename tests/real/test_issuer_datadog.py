# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Datadog issuer against the stand-in: what is special about it. The rest is asked of every issuer."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, LastUse, Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.clocks import HastyClock
from ansible_collections.locksmith.rotation.tests.real.fixtures_datadog import FAMILIES, Account, make_attempt
from ansible_collections.locksmith.rotation.tests.servers.datadog import DatadogServer

KEYS = r"/api/v2/(api_keys|current_user/application_keys|service_accounts/[^/]+/application_keys)"
DAY = 86400


@pytest.fixture(params=FAMILIES)
def account(request: pytest.FixtureRequest, datadog: DatadogServer) -> Account:
    """Each family of keys, in a new organization."""
    return Account(datadog.organization(), request.param)


@pytest.fixture
def api(datadog: DatadogServer) -> Account:
    return Account(datadog.organization(), "api")


@pytest.fixture
def own(datadog: DatadogServer) -> Account:
    return Account(datadog.organization(), "own")


@pytest.fixture
def robot(datadog: DatadogServer) -> Account:
    return Account(datadog.organization(), "service-account")


def value_of(account: Account, key_id: str) -> dict[str, str]:
    return {"key": account.organization.keys[key_id].value}


# ---- issuing --------------------------------------------------------------------------------------------------------


def test_old_and_new_work_side_by_side_until_the_old_one_is_deleted(account: Account) -> None:
    issuer = account.issuer()
    old = issuer.issue(make_attempt(), None, [])
    new = issuer.issue(make_attempt(), None, [old])
    assert (account.works(old), account.works(new)) == (True, True)
    issuer.delete(old)
    assert (account.works(old), account.works(new), account.ids()) == (False, True, {new.id})


def test_a_new_api_key_is_like_the_current_one(api: Account) -> None:
    current = Issued(api.by_hand(category="edge", remote_config=False), SecretFields({"key": "of no concern here"}))
    made = api.organization.keys[api.issuer().issue(make_attempt(), None, [current]).id]
    assert (made.category, made.remote_config) == ("edge", False)


def test_what_the_options_say_wins_over_the_current_key(api: Account) -> None:
    current = Issued(api.by_hand(category="edge", remote_config=False), SecretFields({"key": "of no concern here"}))
    made = api.organization.keys[api.issuer(remote_config_read_enabled=True).issue(make_attempt(), None, [current]).id]
    assert (made.category, made.remote_config) == ("edge", True)


@pytest.mark.parametrize("scopes", [["dashboards_read", "monitors_read"], None])
def test_a_new_application_key_has_the_scopes_of_the_current_one(robot: Account, scopes: list[str] | None) -> None:
    current = Issued(robot.by_hand(scopes=scopes), SecretFields({"key": "of no concern here"}))
    made = robot.organization.keys[robot.issuer().issue(make_attempt(), None, [current]).id]
    assert made.scopes == scopes


def test_scopes_of_a_key_that_is_gone_are_not_guessed(robot: Account) -> None:
    gone = Issued("00000000-0000-4000-8000-000000000000", SecretFields({"key": "of no concern here"}))
    with pytest.raises(errors.Rejected, match="which scopes it had is unknown"):
        robot.issuer().issue(make_attempt(), None, [gone])
    assert robot.ids() == set()
    made = robot.issuer(scopes=["monitors_read"]).issue(make_attempt(), None, [gone])
    assert robot.organization.keys[made.id].scopes == ["monitors_read"]


def test_an_organization_of_before_there_were_categories_is_asked_for_none(api: Account) -> None:
    api.organization.set(older=True)
    current = Issued(api.by_hand(), SecretFields({"key": "of no concern here"}))
    assert api.works(api.issuer().issue(make_attempt(), None, [current]))


def test_a_lost_answer_is_not_asked_again_and_the_key_is_found_by_its_name(datadog: DatadogServer, account: Account) -> None:
    issuer, attempt = account.issuer(key_name_prefix="team-"), make_attempt()
    datadog.fault("lost", "POST", KEYS)
    with pytest.raises(errors.Unreachable, match="may have taken effect"):
        issuer.issue(attempt, None, [])
    (left,) = account.ids()
    account.by_hand(attempt.name)
    (found,) = issuer.stranded(attempt, ())
    assert (found.id, found.name) == (left, "team-" + attempt.name)


@pytest.mark.parametrize("fault", ["truncated", "malformed"])
def test_half_an_answer_is_no_key(datadog: DatadogServer, account: Account, fault: str) -> None:
    issuer, attempt = account.issuer(), make_attempt()
    datadog.fault(fault, "POST", KEYS)
    with pytest.raises(errors.Unreachable, match="may have taken effect"):
        issuer.issue(attempt, None, [])
    assert [key.id for key in issuer.stranded(attempt, ())] == list(account.ids())


# ---- room and limits --------------------------------------------------------------------------------------------------


def test_all_pages_of_a_long_listing_are_read(account: Account) -> None:
    made = {account.by_hand(f"key {number:03}") for number in range(103)}
    listed = {key.id for key in account.issuer().keys()}
    assert made <= listed


def test_room_is_what_datadog_says_it_allows(account: Account) -> None:
    account.organization.set(max_allowed=3, max_allowed_per_user=3)
    issuer = account.issuer()
    while len(issuer.keys()) < 3:
        issuer.check_room(issuer.keys(), ())
        account.by_hand(f"somebody's {len(account.ids())}")
    listed = issuer.keys()
    with pytest.raises(errors.ForeignKeys, match="Datadog allows 3") as caught:
        issuer.check_room(listed, ())
    assert "somebody's" in caught.value.next_step
    with pytest.raises(errors.QuotaExceeded, match="all ours"):
        issuer.check_room(listed, {key.id for key in listed})


def test_the_key_that_was_idle_longest_is_named_first(api: Account) -> None:
    api.organization.set(max_allowed=3)
    now = time.time()
    for name, used in (("busy", now), ("idle", now - 80 * DAY)):
        api.by_hand(name, last_used=used)
    issuer = api.issuer()
    with pytest.raises(errors.ForeignKeys) as caught:
        issuer.check_room(issuer.keys(), ())
    assert caught.value.next_step.index("idle (") < caught.value.next_step.index("busy (")


def test_a_429_is_waited_out_as_long_as_datadog_says(datadog: DatadogServer, api: Account) -> None:
    clock = HastyClock()
    datadog.fault("429", "GET", KEYS, times=2, headers={"X-RateLimit-Reset": "17"})
    api.issuer(clock).keys()
    assert clock.pauses == [17.0, 17.0]


def test_a_limit_that_lasts_is_an_unreachable_server(api: Account) -> None:
    api.organization.set(rate_limit=1)
    issuer = api.issuer()
    issuer.keys()
    with pytest.raises(errors.Unreachable, match="429"):
        issuer.keys()


# ---- verifying --------------------------------------------------------------------------------------------------------


def test_a_new_key_is_dead_until_it_is_known_everywhere(account: Account) -> None:
    account.organization.set(propagation_delay=0.3)
    issuer = account.issuer()
    issued = issuer.issue(make_attempt(), None, [])
    assert issuer.verify(issued).verdict is Verdict.DEAD
    time.sleep(0.4)
    assert issuer.verify(issued).verdict is Verdict.ALIVE


def test_an_api_key_that_logs_in_as_another_one_is_refused(api: Account) -> None:
    one, other = api.by_hand("one"), api.by_hand("other")
    with pytest.raises(errors.Rejected, match=f"logs in as {other}"):
        api.issuer().verify(Issued(one, SecretFields(value_of(api, other))))


def test_an_application_key_of_somebody_else_is_not_taken_for_ours(own: Account) -> None:
    ours = own.by_hand()
    stranger = own.organization.make("theirs", own.organization.add_user("somebody"))
    result = own.issuer().verify(Issued(ours, SecretFields({"key": stranger.value})))
    assert result.verdict is Verdict.UNKNOWN


def test_an_application_key_whose_scopes_let_it_see_nothing_is_alive(robot: Account) -> None:
    issued = robot.issuer(scopes=["monitors_read"]).issue(make_attempt(), None, [])
    assert robot.issuer().verify(issued).verdict is Verdict.ALIVE


def test_without_the_preview_call_an_api_key_logs_in_by_version_1(api: Account) -> None:
    api.organization.set(validate_v2=False)
    issuer = api.issuer()
    issued = issuer.issue(make_attempt(), None, [])
    assert issuer.verify(issued).verdict is Verdict.ALIVE
    api.organization.remove(issued.id)
    assert issuer.verify(issued).verdict is Verdict.DEAD


def test_a_refusal_proves_nothing_when_our_own_login_is_refused(account: Account) -> None:
    issued = account.issuer().issue(make_attempt(), None, [])
    for key in list(account.organization.keys.values()):
        account.organization.remove(key.id)
    result = account.issuer().verify(issued)
    assert result.verdict is Verdict.UNKNOWN and "themselves do not log in" in result.detail


def test_a_server_that_lets_everybody_in_proves_nothing(account: Account) -> None:
    issuer = account.issuer()
    issued = issuer.issue(make_attempt(), None, [])
    account.organization.set(accept_anything=True)
    with pytest.raises(errors.Rejected, match="proves nothing"):
        issuer.verify(Issued("", issued.fields))


@pytest.mark.parametrize("fault", ["500", "503", "reset", "html", "malformed", "redirect"])
def test_no_usable_answer_is_neither_dead_nor_alive(datadog: DatadogServer, account: Account, fault: str) -> None:
    issuer = account.issuer()
    issued = issuer.issue(make_attempt(), None, [])
    datadog.fault(fault, "GET", "/api/.*validate.*", times=99)
    assert issuer.verify(issued).verdict is Verdict.UNKNOWN


def test_a_value_with_a_line_break_is_dead_and_not_sent(datadog: DatadogServer, account: Account) -> None:
    issuer = account.issuer()
    assert issuer.verify(Issued("", SecretFields({"key": "broken\nvalue"}))).verdict is Verdict.DEAD
    assert datadog.requests.total() == 1, "our own login, and nothing else"


# ---- adopting ---------------------------------------------------------------------------------------------------------


def test_an_api_key_is_recognised_by_the_preview_call(api: Account) -> None:
    wanted = [api.by_hand(f"key {number}") for number in range(3)][1]
    found = api.issuer().identify(value_of(api, wanted))
    assert found is not None and found.id == wanted


def test_without_the_preview_call_an_api_key_is_recognised_by_what_datadog_shows(api: Account) -> None:
    api.organization.set(validate_v2=False)
    wanted = [api.by_hand(f"key {number}") for number in range(3)][1]
    found = api.issuer().identify(value_of(api, wanted))
    assert found is not None and found.id == wanted


@pytest.mark.parametrize("one_time_read", [True, False])
def test_an_application_key_is_recognised_by_its_owners_listing(own: Account, one_time_read: bool) -> None:
    own.organization.set(one_time_read=one_time_read)
    wanted = [own.by_hand(f"key {number}") for number in range(3)][1]
    found = own.issuer().identify(value_of(own, wanted))
    assert found is not None and found.id == wanted


@pytest.mark.parametrize(("one_time_read", "known"), [(True, False), (False, True)])
def test_an_application_key_that_may_not_look_is_recognised_only_where_datadog_shows_keys(
    own: Account, one_time_read: bool, known: bool
) -> None:
    own.organization.set(one_time_read=one_time_read)
    wanted = own.by_hand(scopes=["monitors_read"])
    found = own.issuer().identify(value_of(own, wanted))
    assert (found.id if found else "") == (wanted if known else "")


def test_somebody_elses_application_key_is_none_of_ours(own: Account) -> None:
    stranger = own.organization.make("theirs", own.organization.add_user("somebody"))
    assert own.issuer().identify({"key": stranger.value}) is None


# ---- the end of a key -------------------------------------------------------------------------------------------------


def test_the_last_use_is_what_datadog_says(account: Account) -> None:
    used, idle = account.by_hand("used", last_used=time.time() - 5 * DAY), account.by_hand("idle")
    issuer = account.issuer()
    seen = issuer.last_use(Issued(used, SecretFields({})))
    assert seen.supported and seen.at == pytest.approx(time.time() - 5 * DAY, abs=5)
    seen = issuer.last_use(Issued(idle, SecretFields({})))
    assert seen.supported and seen.at is None


def test_a_key_that_is_gone_is_unused_and_a_listing_that_does_not_tell_is_no_evidence(account: Account) -> None:
    issuer, key = account.issuer(), account.by_hand()
    assert issuer.last_use(Issued("00000000-0000-4000-8000-000000000000", SecretFields({}))) == LastUse(supported=True)
    account.organization.set(tells_use=False)
    assert issuer.last_use(Issued(key, SecretFields({}))).supported is False


def test_a_lookup_that_fails_is_an_error(datadog: DatadogServer, account: Account) -> None:
    issuer, key = account.issuer(), account.by_hand()
    datadog.fault("500", "GET", KEYS)
    with pytest.raises(errors.Unreachable):
        issuer.last_use(Issued(key, SecretFields({})))


@pytest.mark.parametrize("family", ["api", "own"])
def test_the_key_that_the_run_logs_in_with_is_known_as_such(datadog: DatadogServer, family: str) -> None:
    account = Account(datadog.organization(), family)
    login = account.organization.api_key if family == "api" else account.organization.app_key
    issuer, other = account.issuer(), Issued("other", SecretFields({"key": "0" * 32}))
    assert issuer.own_login([other]) == ""
    assert issuer.own_login([other, Issued("mine", SecretFields({"key": login}))]) == "mine"
    assert "published" in issuer.own_login([Issued("", SecretFields({"key": login}))])


@pytest.mark.parametrize("family", ["api", "own"])
def test_the_key_that_the_run_logs_in_with_is_not_deleted(datadog: DatadogServer, family: str) -> None:
    account = Account(datadog.organization(), family)
    login = account.organization.api_key if family == "api" else account.organization.app_key
    key_id = next(key.id for key in account.organization.keys.values() if key.value == login)
    with pytest.raises(errors.Rejected, match="logs in with"):
        account.issuer().delete(Issued(key_id, SecretFields({"key": login})))
    assert key_id in account.organization.keys


def test_a_version_without_an_id_is_not_deleted(account: Account) -> None:
    kept = account.by_hand()
    with pytest.raises(errors.Rejected, match="by hand"):
        account.issuer().delete(Issued("", SecretFields({"key": "some value"})))
    assert account.ids() == {kept}


def test_deleting_where_there_is_no_datadog_is_no_success(account: Account) -> None:
    key = account.by_hand()
    with pytest.raises(errors.NotFound):
        account.issuer(api_host=account.organization.url + "/nowhere").delete(Issued(key, SecretFields({})))


# ---- rights and options -----------------------------------------------------------------------------------------------


def test_a_login_without_the_right_is_told_so(account: Account) -> None:
    weak = account.organization.login_of("intern", ["monitors_read"])
    with pytest.raises(errors.Denied) as caught:
        account.issuer(app_key=weak).keys()
    assert "site" in caught.value.next_step and weak not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"site": "https://app.datadoghq.com"}, "site"),
        ({"site": "app.datadoghq.eu"}, "site"),
        ({"service_account_id": "robot", "key_type": "application"}, "not an id"),
        ({"service_account_id": "3ad549bf-eba0-11e9-a77a-0705486660d0"}, "key_type=application"),
        ({"scopes": ["monitors_read"]}, "key_type=application"),
        ({"category": "edge", "key_type": "application"}, "key_type=api"),
        ({"scopes": [], "key_type": "application"}, "empty"),
    ],
)
def test_options_that_cannot_be_meant_are_refused_before_any_request(
    datadog: DatadogServer, api: Account, options: dict[str, t.Any], said: str
) -> None:
    with pytest.raises(errors.ConfigurationError, match=said):
        api.issuer(**options)
    assert datadog.requests.total() == 0


@pytest.mark.parametrize(
    ("options", "url"),
    [
        ({}, "https://api.datadoghq.com"),
        ({"site": "us3.datadoghq.com"}, "https://api.us3.datadoghq.com"),
        ({"site": "ddog-gov.com"}, "https://api.ddog-gov.com"),
    ],
)
def test_a_site_is_an_address(api: Account, options: dict[str, t.Any], url: str) -> None:
    assert api.issuer(api_host=None, **options).identity.endswith(" at " + url)
