# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP API issuer with the examples of its page, against the stand-in: what the conformance suite does not ask."""

from __future__ import annotations

import time
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api import HttpApiIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    Denied,
    ForeignKeys,
    LocksmithError,
    QuotaExceeded,
    Rejected,
    Unreachable,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.clocks import HastyClock
from ansible_collections.locksmith.rotation.tests.real.fixtures_http_api import (
    EXAMPLES,
    catalogue_entry,
    example,
    make_attempt,
    make_issuer,
    unique,
    validated,
)
from ansible_collections.locksmith.rotation.tests.servers.http_keys import HttpKeysServer

CREATING = {"gitlab": ".*/access_tokens", "cloudflare": ".*/tokens", "slots": ".*/regenerate"}
VERIFYING = {"gitlab": ".*/self", "cloudflare": ".*/verify", "slots": ".*/whoami"}


def owner(server: HttpKeysServer) -> str:
    return server.add_owner(unique())


def names(server: HttpKeysServer, whose: str) -> list[str]:
    return [key["name"] for key in server.keys(whose)]


def part(server: HttpKeysServer, whose: str, option: str, **changed: t.Any) -> dict[str, t.Any]:
    """One option of the example, with some of its suboptions changed; None takes one away."""
    options = {**catalogue_entry(server, whose)["credential_options"][option], **changed}
    return {name: value for name, value in options.items() if value is not None}


def refused(act: t.Callable[[], object], error: type[LocksmithError], words: str) -> LocksmithError:
    with pytest.raises(error, match=words) as caught:
        act()
    assert caught.type is error and caught.value.next_step
    return caught.value


# ---- the examples ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plays", EXAMPLES)
def test_an_example_is_what_ansible_takes(plays: str) -> None:
    text = example(plays)
    assert "credential_type: http_api" in text and "credential_store:" in text
    assert all(place in text for place in EXAMPLES[plays][1:])


def test_an_unknown_suboption_is_ansibles_to_refuse(gitlab: HttpKeysServer) -> None:
    options = catalogue_entry(gitlab, "7")["credential_options"]
    with pytest.raises(ValueError, match=r"create\.idd|idd"):
        validated({**options, "create": {**options["create"], "idd": "id"}})


# ---- creating --------------------------------------------------------------------------------------------------------


def test_a_gitlab_token_ends_at_the_first_midnight_after_its_lifetime(gitlab: HttpKeysServer) -> None:
    whose = owner(gitlab)
    issuer = make_issuer(gitlab, whose)
    issued = issuer.issue(make_attempt(), None, [])
    (key,) = issuer.keys()
    assert issued.expires_at == key.expires_at and issued.expires_at is not None
    assert 0 <= issued.expires_at - (time.time() + 90000) < 86400 and issued.expires_at % 86400 == 0
    assert key.created_at == pytest.approx(time.time(), abs=5)
    gitlab.settings(clock_offset=90000 + 86400)
    assert issuer.verify(issued).verdict is Verdict.DEAD


def test_a_cloudflare_token_ends_to_the_second(cloudflare: HttpKeysServer) -> None:
    issuer = make_issuer(cloudflare)
    issued = issuer.issue(make_attempt(), None, [])
    assert issued.expires_at == pytest.approx(time.time() + 90000, abs=5)


def test_a_lifetime_of_ones_own(cloudflare: HttpKeysServer) -> None:
    issued = make_issuer(cloudflare, lifetime="30d").issue(make_attempt(), None, [])
    assert issued.expires_at == pytest.approx(time.time() + 30 * 86400, abs=5)


def test_what_the_api_says_of_an_error_is_shown_where_the_user_wants_it(gitlab: HttpKeysServer) -> None:
    whose = owner(gitlab)
    silent = make_issuer(gitlab, whose, lifetime="800d", error_message=None)
    assert "expires" not in refused(lambda: silent.issue(make_attempt(), None, []), Rejected, "status 400").message.lower()
    talking = make_issuer(gitlab, whose, lifetime="800d")
    refused(lambda: talking.issue(make_attempt(), None, []), Rejected, r"status 400 \(400 Bad request - Expiration date")
    assert names(gitlab, whose) == []


@pytest.mark.parametrize("fault", ["lost", "truncated", "malformed"])
def test_a_key_whose_secret_was_lost_on_the_way_is_made_once_and_cleared(http_keys: HttpKeysServer, fault: str) -> None:
    whose = owner(http_keys)
    issuer, attempt = make_issuer(http_keys, whose), make_attempt()
    http_keys.fault(fault, "POST", CREATING[http_keys.plays])
    refused(lambda: issuer.issue(attempt, None, []), Unreachable, "may have taken effect|without a usable id|without a secret")
    assert len(http_keys.keys(whose)) == 1
    (found,) = issuer.stranded(attempt, ())
    issuer.delete(Issued(found.id, SecretFields({})))
    assert http_keys.keys(whose) == []


@pytest.mark.parametrize("option", ["id", "secret"])
def test_an_answer_without_what_the_description_says_is_named_and_the_key_is_found_again(
    gitlab: HttpKeysServer, option: str
) -> None:
    whose = owner(gitlab)
    issuer, attempt = make_issuer(gitlab, whose, create=part(gitlab, whose, "create", **{option: "data.nothing"})), make_attempt()
    error = refused(lambda: issuer.issue(attempt, None, []), Unreachable, rf"at data\.nothing \(create\.{option}\)")
    assert f"create.{option}" in error.next_step
    assert [key.name for key in issuer.stranded(attempt, ())] == [attempt.name]


def test_a_full_account_is_told_by_its_status(cloudflare: HttpKeysServer) -> None:
    whose = owner(cloudflare)
    issuer = make_issuer(cloudflare, whose, create=part(cloudflare, whose, "create", no_room=[409, 422], body={"name": "{name}"}))
    refused(lambda: issuer.issue(make_attempt(), None, []), QuotaExceeded, "status 422")


def test_room_is_counted_before_anything_is_announced(cloudflare: HttpKeysServer) -> None:
    whose = owner(cloudflare)
    issuer = make_issuer(cloudflare, whose, max_keys=2)
    ours = issuer.issue(make_attempt(), None, [])
    issuer.check_room(issuer.keys(), {ours.id})
    foreign = cloudflare.create(whose, "by-hand")[0]
    refused(lambda: issuer.check_room(issuer.keys(), {ours.id}), ForeignKeys, f"has 2 keys, and max_keys is 2; .* {foreign}")
    refused(lambda: issuer.check_room(issuer.keys(), {ours.id, foreign}), QuotaExceeded, "all are this credential's")


# ---- listing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("per_page", [1, 2, 3, 100])
def test_every_page_is_read(gitlab: HttpKeysServer, per_page: int) -> None:
    whose = owner(gitlab)
    made = [gitlab.create(whose, f"by-hand-{number}")[0] for number in range(6)]
    gitlab.revoke(whose, made.pop())
    gitlab.settings(per_page=per_page)
    paged = make_issuer(gitlab, whose)
    linked = make_issuer(
        gitlab, whose, list=part(gitlab, whose, "list", paging={"type": "link_header", "size_parameter": "per_page"})
    )
    assert [key.id for key in paged.keys()] == [key.id for key in linked.keys()] == made


def test_a_server_that_ignores_the_page_is_noticed(gitlab: HttpKeysServer) -> None:
    whose = owner(gitlab)
    gitlab.create(whose, "by-hand")
    gitlab.settings(ignore_paging=True)
    refused(make_issuer(gitlab, whose).keys, Rejected, "does not end")


def test_a_revoked_token_that_is_only_remembered_is_gone(gitlab: HttpKeysServer) -> None:
    whose = owner(gitlab)
    issuer = make_issuer(gitlab, whose)
    issued = issuer.issue(make_attempt(), None, [])
    issuer.delete(issued)
    assert issuer.keys() == [] and len(gitlab.state()["keys"]) > 0
    remembering = make_issuer(gitlab, whose, list=part(gitlab, whose, "list", gone=None))
    assert [(key.id, key.active) for key in remembering.keys()] == [(issued.id, False)]
    refused(lambda: remembering.delete(issued), Unreachable, "still listed")


@pytest.mark.parametrize("header", ["Retry-After", "RateLimit-Reset", "X-RateLimit-Reset"])
def test_a_limit_is_waited_out_as_the_server_says(gitlab: HttpKeysServer, header: str) -> None:
    clock, whose = HastyClock(), owner(gitlab)
    issuer = make_issuer(gitlab, whose, clock)
    until = str(int(time.time()) + 20) if header.endswith("Reset") else "20"
    gitlab.fault("429", "GET", ".*/access_tokens", headers={header: until})
    assert issuer.keys() == []
    assert [18 < pause <= 20 for pause in clock.pauses] == [True]


def test_last_use_is_what_the_list_says(gitlab: HttpKeysServer) -> None:
    whose = owner(gitlab)
    issuer = make_issuer(gitlab, whose)
    issued = issuer.issue(make_attempt(), None, [])
    assert (issuer.last_use(issued).supported, issuer.last_use(issued).at) == (True, None)
    gitlab.works(whose, issued.fields["secret"])
    assert issuer.last_use(issued).at == pytest.approx(time.time(), abs=5)
    assert issuer.last_use(issued).resolution == 600
    blind = make_issuer(gitlab, whose, list=part(gitlab, whose, "list", last_used_at=None))
    assert not blind.last_use(issued).supported


def test_keys_without_names_are_never_guessed(gitlab: HttpKeysServer) -> None:
    whose = owner(gitlab)
    before = gitlab.create(whose, "by-hand")[0]
    issuer = make_issuer(gitlab, whose, list=part(gitlab, whose, "list", name=None))
    attempt = make_attempt((before,))
    assert issuer.stranded(attempt, ()) == []
    issued = issuer.issue(attempt, None, [])
    error = refused(lambda: issuer.stranded(attempt, ()), ForeignKeys, f"may have left one of these behind .* {issued.id}")
    assert "run again" in error.next_step
    assert issuer.stranded(attempt, (issued.id,)) == []
    assert len(gitlab.keys(whose)) == 2


# ---- verifying -------------------------------------------------------------------------------------------------------


def test_a_page_that_lets_anybody_in_proves_nothing(http_keys: HttpKeysServer) -> None:
    issuer = make_issuer(http_keys)
    issued = issuer.issue(make_attempt(), None, [])
    http_keys.settings(public=True)
    refused(
        lambda: issuer.verify(issued),
        Rejected,
        "takes a secret that nobody issued" if http_keys.plays != "cloudflare" else "nobody",
    )


def test_the_random_login_is_made_once_and_can_be_left_out(slots: HttpKeysServer) -> None:
    whose = owner(slots)
    for wanted, expected in ((True, 4), (False, 3)):
        issuer = make_issuer(slots, whose, verify=part(slots, whose, "verify", refuses_strangers=wanted))
        issued = issuer.issue(make_attempt(), None, [])
        slots.calm()
        for _turn in range(3):
            assert issuer.verify(issued).verdict is Verdict.ALIVE
        assert slots.state()["requests"]["GET /v1/whoami"] == expected


def test_a_secret_of_another_key_is_somebody_else(gitlab: HttpKeysServer) -> None:
    issuer = make_issuer(gitlab)
    one, other = issuer.issue(make_attempt(), None, []), issuer.issue(make_attempt(), None, [])
    refused(lambda: issuer.verify(Issued(one.id, other.fields)), Rejected, f"logs in .* as another key, {other.id}")


def test_who_the_server_says_it_was(gitlab: HttpKeysServer, cloudflare: HttpKeysServer, slots: HttpKeysServer) -> None:
    attempt, whose = make_attempt(), owner(slots)
    for server, who in ((gitlab, attempt.name), (cloudflare, "key "), (slots, whose)):
        issuer = make_issuer(server, whose if server is slots else None)
        issued = issuer.issue(attempt, None, [])
        assert issuer.verify(issued).identity == (who + issued.id if who == "key " else who)


@pytest.mark.parametrize("fault", ["html", "500", "404", "truncated", "malformed", "redirect", "lost", "reset"])
def test_no_usable_answer_is_unknown(http_keys: HttpKeysServer, fault: str) -> None:
    issuer = make_issuer(http_keys)
    issued = issuer.issue(make_attempt(), None, [])
    http_keys.fault(fault, "GET", VERIFYING[http_keys.plays], times=9)
    assert issuer.verify(issued).verdict is Verdict.UNKNOWN


def test_a_login_page_for_everybody_is_no_login(slots: HttpKeysServer) -> None:
    """Also where nothing in the answer is looked at."""
    whose = owner(slots)
    issuer = make_issuer(slots, whose, verify=part(slots, whose, "verify", identity=None))
    issued = issuer.issue(make_attempt(), None, [])
    slots.fault("html", "GET", VERIFYING["slots"], times=9)
    refused(lambda: issuer.verify(issued), Rejected, "takes a secret that nobody issued")


def test_a_secret_in_the_url_shows_in_no_error(slots: HttpKeysServer) -> None:
    whose = owner(slots)
    verify = part(slots, whose, "verify", path="/whoami/{secret}", query={"key": "{secret}"}, secret_in_url=True, headers=None)
    issuer = make_issuer(slots, whose, verify=verify)
    issued = issuer.issue(make_attempt(), None, [])
    result = issuer.verify(issued)
    assert (result.verdict, "/whoami/***" in result.detail) == (Verdict.UNKNOWN, True)
    assert (issued.fields["secret"] in repr(result)) is False


def test_a_login_with_http_basic_and_another_address(slots: HttpKeysServer, gitlab: HttpKeysServer) -> None:
    """The header is made of user name and password; the stand-in knows no such login, so it is refused, and not by the API's own server."""
    whose = owner(slots)
    verify = part(slots, whose, "verify", headers=None, username="key", password="{secret}", url=gitlab.url + "/api/v4")
    verify["path"] = "/personal_access_tokens/self"
    issuer = make_issuer(slots, whose, verify=verify)
    issued = issuer.issue(make_attempt(), None, [])
    slots.calm()
    gitlab.calm()
    assert issuer.verify(issued).verdict is Verdict.DEAD
    assert gitlab.state()["requests"]["GET /api/v4/personal_access_tokens/self"] == 1
    assert slots.state()["requests"] == {}


# ---- switching off ---------------------------------------------------------------------------------------------------


def test_a_token_is_disabled_whole(cloudflare: HttpKeysServer) -> None:
    """Cloudflare's PUT replaces everything: name and policies must survive."""
    whose = owner(cloudflare)
    issuer, attempt = make_issuer(cloudflare, whose), make_attempt()
    issued = issuer.issue(attempt, None, [])
    (before,) = cloudflare.keys(whose)
    issuer.disable(issued)
    (key,) = cloudflare.keys(whose)
    assert (key["status"], key["name"], key["more"]) == ("disabled", attempt.name, before["more"])
    assert [one.active for one in issuer.keys()] == [False]
    assert issuer.verify(issued).verdict is Verdict.DEAD
    issuer.enable(issued)
    assert issuer.verify(issued).verdict is Verdict.ALIVE


def test_a_404_for_a_key_that_is_still_listed_is_no_deletion(gitlab: HttpKeysServer) -> None:
    issuer = make_issuer(gitlab)
    issued = issuer.issue(make_attempt(), None, [])
    gitlab.fault("404", "DELETE")
    refused(lambda: issuer.delete(issued), Unreachable, "still listed")


def test_a_version_without_an_id_is_left_to_a_person(http_keys: HttpKeysServer) -> None:
    whose = owner(http_keys)
    issuer = make_issuer(http_keys, whose)
    issued = issuer.issue(make_attempt(), None, [])
    refused(lambda: issuer.delete(Issued("", issued.fields)), (Rejected), "without a known id|would lead elsewhere")
    assert len(http_keys.keys(whose)) == 1


# ---- slots -----------------------------------------------------------------------------------------------------------


def rotate(issuer: HttpApiIssuer, *known: Issued) -> Issued:
    return issuer.issue(make_attempt(), None, list(known))


def test_versions_take_turns_in_the_slots(slots: HttpKeysServer) -> None:
    issuer = make_issuer(slots)
    one = rotate(issuer)
    two = rotate(issuer, one)
    assert (one.id, two.id) == ("secondary", "primary")
    refused(lambda: rotate(issuer, two, one), QuotaExceeded, "every slot .* holds a version that is still in service")
    refused(lambda: issuer.check_room([], {"primary", "secondary"}), QuotaExceeded, "every slot")
    issuer.check_room([], {"primary"})
    issuer.delete(one)
    three = rotate(issuer, two)
    assert (three.id, issuer.verify(two).verdict, issuer.verify(three).verdict) == ("secondary", Verdict.ALIVE, Verdict.ALIVE)


def test_deleting_an_old_version_spares_the_one_that_is_in_its_slot_now(slots: HttpKeysServer) -> None:
    issuer = make_issuer(slots)
    one = rotate(issuer)
    again = rotate(issuer)
    assert one.id == again.id
    issuer.delete(one)
    assert issuer.verify(again).verdict is Verdict.ALIVE


def test_a_slot_that_cannot_be_emptied_is_filled_anew(slots: HttpKeysServer) -> None:
    whose = owner(slots)
    delete = {"method": "POST", "path": f"/accounts/{whose}/keys/{{slot}}/regenerate"}
    issuer = make_issuer(slots, whose, delete=delete)
    one = rotate(issuer)
    two = rotate(issuer, one)
    issuer.delete(one)
    slots.calm()
    issuer.delete(one)
    assert not [path for path in slots.state()["requests"] if "regenerate" in path], "dead already: nothing to do"
    assert (issuer.verify(one).verdict, issuer.verify(two).verdict) == (Verdict.DEAD, Verdict.ALIVE)


def test_whether_a_slot_still_holds_a_version_has_to_be_known(slots: HttpKeysServer) -> None:
    whose = owner(slots)
    issuer = make_issuer(slots, whose)
    one = rotate(issuer)
    slots.fault("503", "GET", VERIFYING["slots"], times=9)
    refused(lambda: issuer.delete(one), Unreachable, "whether slot secondary .* is unknown")
    assert len(slots.keys(whose)) == 1


def test_one_wrong_401_does_not_let_an_old_key_live_on(slots: HttpKeysServer) -> None:
    whose = owner(slots)
    issuer = make_issuer(slots, whose)
    old = rotate(issuer)
    slots.fault("401", "GET", VERIFYING["slots"])
    issuer.delete(old)
    assert slots.keys(whose) == []
    old = rotate(issuer)
    slots.fault("401", times=99)
    refused(lambda: issuer.delete(old), Denied, "status 401")
    assert len(slots.keys(whose)) == 1


def test_nothing_is_overwritten_by_guessing(slots: HttpKeysServer) -> None:
    whose = owner(slots)
    secret = slots.create(whose, "primary")[1]
    careful = make_issuer(slots, whose, first_slot=None)
    refused(lambda: rotate(careful), Rejected, "whoever uses the slot that is filled first loses access")
    refused(
        lambda: rotate(careful, Issued("", SecretFields({"id": "", "secret": secret}))),
        Rejected,
        "slot of the current version .* not known",
    )
    assert slots.works(whose, secret)
    adopted = careful.identify({"id": "primary", "secret": secret})
    assert adopted is not None
    current = Issued(adopted.id, SecretFields({"id": "primary", "secret": secret}))
    assert (rotate(careful, current).id, slots.works(whose, secret)) == ("secondary", True)


def test_an_interrupted_attempt_is_overwritten_and_the_current_version_is_not(slots: HttpKeysServer) -> None:
    whose = owner(slots)
    issuer = make_issuer(slots, whose)
    current, attempt = rotate(issuer), make_attempt()
    slots.fault("lost", "POST", CREATING["slots"])
    refused(lambda: issuer.issue(attempt, None, [current]), Unreachable, "may have taken effect")
    assert [key.id for key in issuer.stranded(attempt, {current.id})] == ["primary"]
    following = rotate(issuer, current)
    assert (following.id, len(slots.keys(whose))) == ("primary", 2)
    assert (issuer.verify(current).verdict, issuer.verify(following).verdict) == (Verdict.ALIVE, Verdict.ALIVE)


def test_the_check_is_what_keys_asks(slots: HttpKeysServer) -> None:
    issuer = make_issuer(slots)
    assert issuer.keys() == []
    slots.fault("403", "GET", "/v1/accounts/.*")
    refused(issuer.keys, Denied, "status 403")
