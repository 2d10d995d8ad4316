# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SendGrid issuer against the stand-in: what the conformance suite does not ask."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, KeyInfo, Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    Denied,
    ForeignKeys,
    LocksmithError,
    NotFound,
    QuotaExceeded,
    Rejected,
    Unreachable,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.clocks import HastyClock
from ansible_collections.locksmith.rotation.tests.real.fixtures_sendgrid import SCOPES, make_attempt, make_issuer, unique
from ansible_collections.locksmith.rotation.tests.servers.sendgrid import SendgridServer
from ansible_collections.locksmith.rotation.tests.servers.sendgrid_standin import AUTOMATIC
from ansible_collections.locksmith.rotation.tests.servers.sendgrid_standin import SCOPES as FULL_ACCESS


def subuser(server: SendgridServer) -> str:
    return server.add_account(unique())


def scopes_of(server: SendgridServer, account: str, key_id: str) -> set[str]:
    return next(set(key["scopes"]) for key in server.keys(account) if key["id"] == key_id)


def refused(act: t.Callable[[], object], error: type[LocksmithError], words: str) -> LocksmithError:
    with pytest.raises(error, match=words) as caught:
        act()
    assert caught.type is error and caught.value.next_step
    return caught.value


# ---- scopes: the trap of the vendor's API -----------------------------------------------------------------------------


def test_the_trap_is_there(sendgrid: SendgridServer) -> None:
    """What the tests below are about: without scopes, and with an empty list of them, a key has full access."""
    for body in ({"name": "x"}, {"name": "x", "scopes": []}):
        assert set(sendgrid.ask("POST", "/v3/api_keys", body)[1]["scopes"]) >= set(FULL_ACCESS)


def test_the_first_key_gets_the_scopes_that_are_said(sendgrid: SendgridServer) -> None:
    account = subuser(sendgrid)
    issuer = make_issuer(sendgrid, account)
    issued = issuer.issue(make_attempt(), None, [])
    assert scopes_of(sendgrid, account, issued.id) == {*SCOPES, *AUTOMATIC}
    assert issuer.verify(issued).verdict is Verdict.ALIVE


def test_the_first_key_is_refused_without_scopes(sendgrid: SendgridServer) -> None:
    account = subuser(sendgrid)
    error = refused(
        lambda: make_issuer(sendgrid, account, scopes=None).issue(make_attempt(), None, []), Rejected, "to copy the scopes"
    )
    assert "scopes" in error.next_step
    assert sendgrid.keys(account) == []


@pytest.mark.parametrize("scopes", [[], ["2fa_required"], ["sender_verification_eligible", "2fa_exempt"]])
def test_scopes_that_come_to_nothing_are_a_mistake_of_the_user(sendgrid: SendgridServer, scopes: list[str]) -> None:
    refused(lambda: make_issuer(sendgrid, "any", scopes=scopes), ConfigurationError, "full access")


@pytest.mark.parametrize("flat", [True, False])
def test_a_later_key_gets_the_scopes_of_the_one_that_it_replaces(sendgrid: SendgridServer, flat: bool) -> None:
    sendgrid.settings(flat=flat)
    account = subuser(sendgrid)
    key_id, secret = sendgrid.create_key("by-hand", ["alerts.read", "mail.send"], account)
    current = Issued(key_id, SecretFields({"api_key": secret}))
    issued = make_issuer(sendgrid, account, scopes=None).issue(make_attempt(), None, [current])
    assert scopes_of(sendgrid, account, issued.id) == {"alerts.read", "mail.send", *AUTOMATIC}


def test_scopes_that_only_the_key_itself_can_tell_are_copied_too(sendgrid: SendgridServer) -> None:
    """A value that was adopted without its id being known."""
    account = subuser(sendgrid)
    current = Issued("", SecretFields({"api_key": sendgrid.create_key("by-hand", ["alerts.read"], account)[1]}))
    issued = make_issuer(sendgrid, account, scopes=None).issue(make_attempt(), None, [current])
    assert scopes_of(sendgrid, account, issued.id) == {"alerts.read", *AUTOMATIC}


def test_where_the_current_key_is_gone_scopes_have_to_be_said(sendgrid: SendgridServer) -> None:
    account = subuser(sendgrid)
    issuer = make_issuer(sendgrid, account)
    current = issuer.issue(make_attempt(), None, [])
    issuer.delete(current)
    refused(
        lambda: make_issuer(sendgrid, account, scopes=None).issue(make_attempt(), None, [current]), Rejected, "to copy the scopes"
    )
    issued = issuer.issue(make_attempt(), None, [current])
    assert scopes_of(sendgrid, account, issued.id) == {*SCOPES, *AUTOMATIC}


def test_a_current_key_with_other_scopes_than_said_stops_the_rotation(sendgrid: SendgridServer) -> None:
    account = subuser(sendgrid)
    key_id, secret = sendgrid.create_key("by-hand", ["mail.send", "api_keys.create"], account)
    current = Issued(key_id, SecretFields({"api_key": secret}))
    error = refused(lambda: make_issuer(sendgrid, account).issue(make_attempt(), None, [current]), Rejected, "other scopes than")
    assert "more: api_keys.create; missing: mail.batch.create" in error.message
    assert [key["id"] for key in sendgrid.keys(account)] == [key_id]


@pytest.mark.parametrize(
    ("behaviour", "words"), [({"drop": ["mail.send"]}, "missing: mail.send"), ({"add": ["api_keys.create"]}, "more: api")]
)
def test_a_key_that_is_given_other_scopes_than_asked_for_is_taken_back(
    sendgrid: SendgridServer, behaviour: dict[str, t.Any], words: str
) -> None:
    account = subuser(sendgrid)
    sendgrid.settings(**behaviour)
    error = refused(
        lambda: make_issuer(sendgrid, account).issue(make_attempt(), None, []), Rejected, "other scopes than asked for"
    )
    assert words in error.message and "deleted again" in error.message
    assert sendgrid.keys(account) == []


def test_a_key_with_other_scopes_that_cannot_be_taken_back_is_left_to_the_next_run(sendgrid: SendgridServer) -> None:
    account = subuser(sendgrid)
    sendgrid.settings(drop=["mail.send"])
    sendgrid.fault("500", "DELETE", times=9)
    issuer, attempt = make_issuer(sendgrid, account), make_attempt()
    refused(lambda: issuer.issue(attempt, None, []), Unreachable, "the next run tries again")
    assert [key.name for key in issuer.stranded(attempt, ())] == [attempt.name]


# ---- limits and rights ---------------------------------------------------------------------------------------------------


def test_a_full_account_is_noticed_before_anything_is_announced(sendgrid: SendgridServer) -> None:
    issuer = make_issuer(sendgrid, subuser(sendgrid))
    full = [KeyInfo(id=str(number), name=f"n{number}") for number in range(100)]
    refused(lambda: issuer.check_room(full, {"7"}), ForeignKeys, "there are 100 .* 99 of them are not this credential's")
    refused(lambda: issuer.check_room(full, {str(number) for number in range(100)}), QuotaExceeded, "all are this credential's")
    issuer.check_room(full[1:], ())


def test_a_full_account_is_told_from_a_lack_of_rights(sendgrid: SendgridServer) -> None:
    account = subuser(sendgrid)
    for number in range(100):
        sendgrid.create_key(f"by-hand-{number}", ["mail.send"], account)
    issuer = make_issuer(sendgrid, account)
    assert len(issuer.keys()) == 100
    refused(lambda: issuer.issue(make_attempt(), None, []), QuotaExceeded, "there are 100 .* the most that SendGrid allows")


def test_rights_are_checked_before_anything_is_created(sendgrid: SendgridServer) -> None:
    helper = sendgrid.create_key(unique("helper"), ["api_keys.read", "api_keys.create", "mail.send"])[1]
    refused(make_issuer(sendgrid, api_key=helper).keys, Denied, "lacks api_keys.delete")


def test_a_login_without_any_right_is_denied_with_a_word_on_what_it_needs(sendgrid: SendgridServer) -> None:
    helper = sendgrid.create_key(unique("helper"), ["mail.send"])[1]
    error = refused(make_issuer(sendgrid, api_key=helper).keys, Denied, "status 403")
    assert "api_keys.read, api_keys.create, api_keys.delete" in error.next_step


def test_a_login_that_gives_away_what_it_has_not_is_told_so(sendgrid: SendgridServer) -> None:
    helper = sendgrid.create_key(unique("helper"), ["api_keys.read", "api_keys.create", "api_keys.delete"])[1]
    issuer = make_issuer(sendgrid, api_key=helper)
    refused(lambda: issuer.issue(make_attempt(), None, []), Denied, "itself lacks mail.batch.create, mail.send")


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_subuser_that_is_not_there_is_not_found_however_sendgrid_says_so(sendgrid: SendgridServer, status: int) -> None:
    sendgrid.settings(missing_subuser=status)
    error = refused(make_issuer(sendgrid, "nobody").keys, NotFound, "no such subuser")
    assert "region" in error.next_step


def test_keys_of_a_subuser_and_of_its_parent_are_kept_apart(sendgrid: SendgridServer) -> None:
    one, other = subuser(sendgrid), sendgrid.add_account(unique("12345"))
    first = make_issuer(sendgrid, one).issue(make_attempt(), None, [])
    second = make_issuer(sendgrid, account_id=other).issue(make_attempt(), None, [])
    assert [key["id"] for key in sendgrid.keys(one)] == [first.id]
    assert [key["id"] for key in sendgrid.keys(other)] == [second.id]
    assert make_issuer(sendgrid, account_id=other).identity.startswith(
        f"sendgrid keys for account-id {other} at http://127.0.0.1"
    )
    assert first.id not in {key.id for key in make_issuer(sendgrid).keys()}


@pytest.mark.parametrize("name", ["", " ", "acme\r\nX-Evil: 1", "a b ", "\u540d"])
def test_a_subuser_that_cannot_stand_in_a_header_is_refused(sendgrid: SendgridServer, name: str) -> None:
    refused(lambda: make_issuer(sendgrid, name), ConfigurationError, "header")


@pytest.mark.parametrize(
    ("option", "origin"), [({}, "https://api.sendgrid.com"), ({"region": "eu"}, "https://api.eu.sendgrid.com")]
)
def test_the_region_says_where_to_ask(sendgrid: SendgridServer, option: dict[str, str], origin: str) -> None:
    assert make_issuer(sendgrid, url=None, **option).identity.endswith(" at " + origin)


def test_a_limit_is_waited_out_as_the_header_says(sendgrid: SendgridServer) -> None:
    """SendGrid says the moment, and gives no Retry-After."""
    clock = HastyClock()
    sendgrid.fault("429", "GET", "/v3/api_keys", headers={"X-RateLimit-Reset": str(int(time.time()) + 20)})
    assert make_issuer(sendgrid, subuser(sendgrid), clock=clock).keys() == []
    assert [18 < pause <= 20 for pause in clock.pauses] == [True]


# ---- verifying -------------------------------------------------------------------------------------------------------


def test_a_key_that_may_not_see_its_scopes_is_alive(sendgrid: SendgridServer) -> None:
    sendgrid.settings(scopes_forbidden=True)
    issuer = make_issuer(sendgrid, subuser(sendgrid))
    assert issuer.verify(issuer.issue(make_attempt(), None, [])).verdict is Verdict.ALIVE


def test_a_403_of_a_proxy_is_no_sign_of_life(sendgrid: SendgridServer) -> None:
    issuer = make_issuer(sendgrid, subuser(sendgrid))
    issued = issuer.issue(make_attempt(), None, [])
    for status in ("401", "403"):
        sendgrid.fault(status, "GET", "/v3/scopes")
        result = issuer.verify(issued)
        assert (result.verdict, "not by SendGrid" in result.detail) == (Verdict.UNKNOWN, True)


def test_a_key_whose_scopes_are_not_those_on_record_is_not_called_alive(sendgrid: SendgridServer) -> None:
    """It is another key than its id says."""
    account = subuser(sendgrid)
    issuer = make_issuer(sendgrid, account)
    issued = issuer.issue(make_attempt(), None, [])
    other = sendgrid.create_key("by-hand", ["alerts.read"], account)[1]
    result = issuer.verify(Issued(issued.id, SecretFields({"api_key": other})))
    assert (result.verdict, "not with the scopes on record" in result.detail) == (Verdict.UNKNOWN, True)


@pytest.mark.parametrize("fault", ["html", "500", "truncated", "malformed", "redirect", "lost", "reset"])
def test_no_usable_answer_is_unknown(sendgrid: SendgridServer, fault: str) -> None:
    issuer = make_issuer(sendgrid, subuser(sendgrid))
    issued = issuer.issue(make_attempt(), None, [])
    sendgrid.fault(fault, "GET", "/v3/scopes", times=9)
    assert issuer.verify(issued).verdict is Verdict.UNKNOWN


def test_a_value_that_no_header_can_hold_is_dead(sendgrid: SendgridServer) -> None:
    issuer = make_issuer(sendgrid, subuser(sendgrid))
    for value in ("", "SG.a.b\n"):
        assert issuer.verify(Issued("x", SecretFields({"api_key": value}))).verdict is Verdict.DEAD


def test_a_key_that_may_do_less_than_the_current_one_is_told(sendgrid: SendgridServer) -> None:
    account = subuser(sendgrid)
    issuer = make_issuer(sendgrid, account, scopes=None)
    keys = {}
    for name, scopes in (("less", ["mail.send"]), ("current", SCOPES), ("more", [*SCOPES, "alerts.read"])):
        key_id, secret = sendgrid.create_key(name, scopes, account)
        keys[name] = Issued(key_id, SecretFields({"api_key": secret}))
    refused(lambda: issuer.check_rights(keys["less"], keys["current"]), Rejected, "may do less .* missing: mail.batch.create")
    issuer.check_rights(keys["more"], keys["current"])
    issuer.delete(keys["current"])
    issuer.check_rights(keys["less"], keys["current"])


def test_a_change_that_arrives_late_is_seen_late(sendgrid: SendgridServer) -> None:
    """SendGrid speaks of some small propagation delay. The engine asks again until it has an answer."""
    issuer = make_issuer(sendgrid, subuser(sendgrid))
    sendgrid.settings(propagation_delay=0.2)
    issued = issuer.issue(make_attempt(), None, [])
    assert issuer.verify(issued).verdict is Verdict.DEAD
    time.sleep(0.25)
    assert issuer.verify(issued).verdict is Verdict.ALIVE
    issuer.delete(issued)
    assert (issuer.verify(issued).verdict, issuer.keys()) == (Verdict.ALIVE, [])
    time.sleep(0.25)
    assert issuer.verify(issued).verdict is Verdict.DEAD


# ---- interrupted -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lost", "truncated", "malformed"])
def test_a_key_whose_secret_was_lost_on_the_way_is_made_once_and_found(sendgrid: SendgridServer, fault: str) -> None:
    account = subuser(sendgrid)
    sendgrid.create_key("by-hand", ["mail.send"], account)
    issuer, attempt = make_issuer(sendgrid, account, key_name_prefix="team-a."), make_attempt()
    sendgrid.fault(fault, "POST")
    refused(lambda: issuer.issue(attempt, None, []), Unreachable, "may have taken effect")
    (found,) = issuer.stranded(attempt, ())
    assert found.name == "team-a." + attempt.name
    issuer.delete(Issued(found.id, SecretFields({})))
    assert [key["name"] for key in sendgrid.keys(account)] == ["by-hand"]


def test_another_key_with_the_same_name_that_is_recorded_is_not_stranded(sendgrid: SendgridServer) -> None:
    """Names need not be unique at SendGrid."""
    issuer, attempt = make_issuer(sendgrid, subuser(sendgrid)), make_attempt()
    ours, lost = issuer.issue(attempt, None, []), issuer.issue(attempt, None, [])
    assert [key.id for key in issuer.stranded(attempt, (ours.id,))] == [lost.id]


# ---- whose value is it, and the end of one ------------------------------------------------------------------------------


def test_where_the_middle_of_a_key_is_not_its_id_the_value_is_nobodys(sendgrid: SendgridServer) -> None:
    """Only SendGrid's example says that it is. The old key then stays, for a person to delete."""
    account = subuser(sendgrid)
    sendgrid.settings(middle_is_id=False)
    issuer = make_issuer(sendgrid, account)
    value = sendgrid.create_key("by-hand", SCOPES, account)[1]
    assert issuer.identify({"api_key": value}) is None
    issued = issuer.issue(make_attempt(), None, [])
    assert (issuer.verify(issued).verdict, [key.id for key in issuer.keys()][1]) == (Verdict.ALIVE, issued.id)
    refused(lambda: issuer.delete(Issued("", SecretFields({"api_key": value}))), Rejected, "without an id")


def test_the_key_that_the_run_logs_in_with_is_not_deleted(sendgrid: SendgridServer) -> None:
    scopes = ["api_keys.read", "api_keys.create", "api_keys.delete"]
    key_id, secret = sendgrid.create_key(unique("self"), scopes)
    own = make_issuer(sendgrid, api_key=secret, scopes=scopes)
    old = Issued(key_id, SecretFields({"api_key": secret}))
    new = own.issue(make_attempt(), None, [old])
    assert own.own_login([new]) == "" and own.own_login([new, old]) == key_id
    assert own.own_login([Issued("", old.fields)]) == key_id, "by the value alone"
    refused(lambda: own.delete(old), Rejected, "is the one that this run logs in with")
    make_issuer(sendgrid, api_key=new.fields["api_key"], scopes=scopes).delete(old)
    assert own.verify(old).verdict is Verdict.DEAD


def test_a_404_for_a_key_that_is_still_listed_is_no_deletion(sendgrid: SendgridServer) -> None:
    issuer = make_issuer(sendgrid, subuser(sendgrid))
    issued = issuer.issue(make_attempt(), None, [])
    sendgrid.fault("404", "DELETE")
    refused(lambda: issuer.delete(issued), Unreachable, "still among")
    assert issuer.verify(issued).verdict is Verdict.ALIVE
