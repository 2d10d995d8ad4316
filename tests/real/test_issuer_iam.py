# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The IAM issuer against moto, which checks signatures and rights here."""

from __future__ import annotations

import dataclasses
import json
import time

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.iam import IamIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued, KeyInfo, Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.fixtures_iam import MANAGER_RIGHTS, USER, Iam

NOBODY: frozenset[str] = frozenset()


def attempt(known: tuple[str, ...] = (), at: float | None = None) -> Attempt:
    return Attempt("locksmith-ci-1", time.time() if at is None else at, known, 8467200)


def issue(iam: Iam) -> Issued:
    return iam.issuer().issue(attempt(), None, [])


def ids(issuer: IamIssuer) -> list[str]:
    listed = issuer.keys()
    return [key.id for key in listed]


def use(iam: Iam, key: Issued) -> None:
    """Somebody calls AWS with this key."""
    options = iam.moto.options_of(*key.fields.values())
    iam.moto.client("sts", **options).get_caller_identity()


def by_hand(iam: Iam) -> Issued:
    """Somebody creates a key for the user by hand."""
    key = iam.root().create_access_key(UserName=USER)["AccessKey"]
    return Issued(
        key["AccessKeyId"], SecretFields({"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]})
    )


class TestLifeOfAKey:
    def test_an_issued_key_logs_in_as_the_user(self, iam: Iam) -> None:
        issuer = iam.issuer()
        issued = issuer.issue(attempt(), None, [])
        result = issuer.verify(issued)
        assert result.verdict is Verdict.ALIVE
        assert result.identity.endswith(f":user/{USER}")
        assert issued.created_at == pytest.approx(time.time(), abs=60)

    def test_keys_lists_it_without_asking_for_its_last_use(self, iam: Iam) -> None:
        issued = issue(iam)
        iam.front.requests.clear()
        listed = iam.issuer().keys()
        assert [(key.id, key.active) for key in listed] == [(issued.id, True)]
        assert iam.front.requests == ["ListAccessKeys"]

    def test_disabled_it_is_dead_and_enabled_it_is_alive_again(self, iam: Iam) -> None:
        issuer, issued = iam.issuer(), issue(iam)
        for _twice in range(2):
            issuer.disable(issued)
        assert issuer.verify(issued).verdict is Verdict.DEAD
        listed = issuer.keys()
        assert [key.active for key in listed] == [False]
        for _twice in range(2):
            issuer.enable(issued)
        assert issuer.verify(issued).verdict is Verdict.ALIVE

    def test_deleted_it_is_dead_and_deleting_again_succeeds(self, iam: Iam) -> None:
        issuer, issued = iam.issuer(), issue(iam)
        for _twice in range(2):
            issuer.delete(issued)
        assert issuer.verify(issued).verdict is Verdict.DEAD
        assert issuer.keys() == []
        issuer.disable(issued)

    def test_identify_names_the_key_of_a_stored_value(self, iam: Iam) -> None:
        issued = issue(iam)
        found = iam.issuer().identify(issued.fields)
        assert found is not None and found.id == issued.id
        assert iam.issuer().identify({"access_key_id": "AKIAIOSFODNN7EXAMPLE"}) is None

    def test_every_login_is_made_on_a_new_connection(self, iam: Iam) -> None:
        issuer = iam.issuer()
        issued = issuer.issue(attempt(), None, [])
        iam.front.connections.clear()
        for _again in range(3):
            issuer.verify(issued)
        assert len(iam.front.connections) == 3

    def test_the_secret_shows_in_no_representation(self, iam: Iam) -> None:
        issued = issue(iam)
        assert issued.fields["secret_access_key"] not in f"{issued!r} {issued} {iam.issuer()!r} {vars(iam.issuer())}"


class TestVerify:
    def test_a_wrong_secret_is_dead(self, iam: Iam) -> None:
        issued = issue(iam)
        wrong = SecretFields({"access_key_id": issued.id, "secret_access_key": "x" * 40})
        assert iam.issuer().verify(dataclasses.replace(issued, fields=wrong)).verdict is Verdict.DEAD

    @pytest.mark.parametrize("fault", ["broken", "throttled", "denied", "lost", "garbled"])
    def test_an_answer_that_proves_nothing_is_unknown(self, iam: Iam, fault: str) -> None:
        issued = issue(iam)
        iam.front.fail("GetCallerIdentity", fault)
        assert iam.issuer().verify(issued).verdict is Verdict.UNKNOWN

    def test_another_users_key_is_refused_and_named(self, iam: Iam) -> None:
        other = iam.moto.user("somebody-else", ["iam:*"])
        fields = SecretFields({"access_key_id": other["access_key"], "secret_access_key": other["secret_key"]})
        with pytest.raises(errors.Rejected, match=r"belongs to .*user/somebody-else") as caught:
            iam.issuer().verify(Issued(other["access_key"], fields))
        assert other["secret_key"] not in str(caught.value)

    def test_a_key_that_the_managed_account_does_not_list_is_not_proved(self, iam: Iam) -> None:
        issuer, issued = iam.issuer(), issue(iam)
        issuer.keys = list  # type: ignore[method-assign]
        assert issuer.verify(issued).verdict is Verdict.UNKNOWN


class TestWhoMayRotate:
    def test_an_unknown_user_is_not_found(self, iam: Iam) -> None:
        with pytest.raises(errors.NotFound, match="nobody"):
            iam.issuer(user_name="nobody").keys()

    def test_a_missing_right_is_named(self, iam: Iam) -> None:
        weak = iam.through_front(iam.moto.user("weak", ["iam:ListAccessKeys"]))
        issuer = iam.issuer(**weak)
        assert issuer.keys() == []
        with pytest.raises(errors.Denied, match="iam:CreateAccessKey"):
            issuer.issue(attempt(), None, [])

    def test_a_user_rotates_its_own_keys_without_giving_its_name(self, iam: Iam) -> None:
        own = iam.through_front(iam.moto.user("self-made", MANAGER_RIGHTS))
        issuer = iam.issuer(user_name=None, **own)
        assert ids(issuer) == [own["access_key"]]
        assert issuer.identity == "iam user self-made"
        assert issuer.verify(issuer.issue(attempt(), None, [])).identity.endswith("user/self-made")

    def test_a_role_must_give_the_users_name(self, iam: Iam) -> None:
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam.root().create_role(RoleName="rotator", AssumeRolePolicyDocument=document)
        role = "arn:aws:iam::123456789012:role/rotator"
        session = iam.root("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        options = iam.moto.options_of(session["AccessKeyId"], session["SecretAccessKey"])
        issuer = iam.issuer(user_name=None, **iam.through_front(options), session_token=session["SessionToken"])
        with pytest.raises(errors.ConfigurationError, match="user_name"):
            issuer.keys()


class TestRoom:
    def test_one_key_leaves_room(self, iam: Iam) -> None:
        by_hand(iam)
        issuer = iam.issuer()
        issuer.check_room(issuer.keys(), NOBODY)

    def test_foreign_keys_are_named_with_age_and_last_use(self, iam: Iam) -> None:
        unused, used = by_hand(iam), by_hand(iam)
        use(iam, used)
        issuer = iam.issuer()
        with pytest.raises(errors.ForeignKeys) as caught:
            issuer.check_room(issuer.keys(), NOBODY)
        text = str(caught.value)
        first, second = text.index(unused.id), text.index(used.id)
        assert "never used" in text[first:second]
        assert f"by sts/{iam.moto.region}" in text[second:]
        assert "update-access-key" in text
        assert len(issuer.keys()) == 2

    def test_our_key_is_told_from_the_foreign_one(self, iam: Iam) -> None:
        ours, foreign = issue(iam), by_hand(iam)
        issuer = iam.issuer()
        with pytest.raises(errors.ForeignKeys) as caught:
            issuer.check_room(issuer.keys(), {ours.id})
        assert f"{ours.id} (ours" in str(caught.value)
        assert f"{foreign.id} (not ours" in str(caught.value)
        assert f"who uses {foreign.id};" in str(caught.value)

    def test_two_of_ours_leave_no_room_either(self, iam: Iam) -> None:
        both = {issue(iam).id, issue(iam).id}
        issuer = iam.issuer()
        with pytest.raises(errors.QuotaExceeded, match="retired"):
            issuer.check_room(issuer.keys(), both)

    def test_a_failed_lookup_of_the_last_use_does_not_hide_the_message(self, iam: Iam) -> None:
        by_hand(iam), by_hand(iam)
        iam.front.fail("GetAccessKeyLastUsed", "denied", "denied")
        issuer = iam.issuer()
        with pytest.raises(errors.ForeignKeys, match="last use unknown"):
            issuer.check_room(issuer.keys(), NOBODY)

    def test_a_third_key_is_refused_by_aws(self, iam: Iam) -> None:
        by_hand(iam), by_hand(iam)
        with pytest.raises(errors.QuotaExceeded):
            issue(iam)


class TestCreateIsSentOnce:
    @pytest.mark.parametrize("fault", ["lost", "broken", "garbled"])
    def test_an_answer_that_is_lost_is_not_repeated(self, iam: Iam, fault: str) -> None:
        iam.front.fail("CreateAccessKey", fault)
        with pytest.raises(errors.Unreachable, match="may have taken effect") as caught:
            issue(iam)
        assert iam.front.requests.count("CreateAccessKey") == 1
        assert caught.value.stranded
        assert len(iam.issuer().keys()) == (0 if fault == "broken" else 1)

    def test_a_throttled_request_did_nothing_and_is_repeated_with_backoff(self, iam: Iam) -> None:
        iam.front.fail("CreateAccessKey", "throttled", "throttled")
        issue(iam)
        assert len(iam.issuer().keys()) == 1
        assert len(iam.clock.pauses) == 2 and 0 < iam.clock.pauses[0] < iam.clock.pauses[1] * 2

    def test_throttling_to_the_end_is_unreachable(self, iam: Iam) -> None:
        iam.front.fail("CreateAccessKey", *["throttled"] * 5)
        with pytest.raises(errors.Unreachable):
            issue(iam)
        assert iam.issuer().keys() == []


class TestStranded:
    def test_the_key_of_a_lost_answer_is_found(self, iam: Iam) -> None:
        begun = attempt()
        iam.front.fail("CreateAccessKey", "lost")
        with pytest.raises(errors.Unreachable):
            iam.issuer().issue(begun, None, [])
        found = iam.issuer().stranded(begun, NOBODY)
        assert [key.id for key in found] == ids(iam.issuer())
        assert len(found) == 1

    def test_a_recorded_key_and_one_that_was_there_before_are_not(self, iam: Iam) -> None:
        before = by_hand(iam)
        begun = attempt(known=(before.id,))
        recorded = issue(iam)
        assert iam.issuer().stranded(begun, {recorded.id}) == []

    def test_a_new_key_that_somebody_used_stops_us(self, iam: Iam) -> None:
        begun = attempt()
        used = by_hand(iam)
        use(iam, used)
        with pytest.raises(errors.ForeignKeys) as caught:
            iam.issuer().stranded(begun, NOBODY)
        assert used.id in str(caught.value)
        assert "by sts/" in str(caught.value)

    def test_a_key_created_long_after_the_attempt_stops_us(self, iam: Iam) -> None:
        late = by_hand(iam)
        with pytest.raises(errors.ForeignKeys, match=late.id):
            iam.issuer().stranded(attempt(at=time.time() - 7200), NOBODY)

    def test_a_key_created_before_the_attempt_is_left_alone(self, iam: Iam) -> None:
        by_hand(iam)
        assert iam.issuer().stranded(attempt(at=time.time() + 7200), NOBODY) == []

    def test_of_two_new_keys_one_is_not_ours(self, iam: Iam) -> None:
        begun = attempt()
        by_hand(iam), by_hand(iam)
        with pytest.raises(errors.ForeignKeys):
            iam.issuer().stranded(begun, NOBODY)

    def test_a_failed_lookup_of_the_last_use_is_no_proof(self, iam: Iam) -> None:
        begun = attempt()
        by_hand(iam)
        iam.front.fail("GetAccessKeyLastUsed", "denied")
        with pytest.raises(errors.Denied):
            iam.issuer().stranded(begun, NOBODY)


class TestLastUse:
    def test_never_used(self, iam: Iam) -> None:
        last = iam.issuer().last_use(issue(iam))
        assert (last.supported, last.at, last.by) == (True, None, "")

    def test_used_says_when_and_by_which_service(self, iam: Iam) -> None:
        key = by_hand(iam)
        use(iam, key)
        last = iam.issuer().last_use(key)
        assert last.at == pytest.approx(time.time(), abs=60)
        assert last.by == f"sts/{iam.moto.region}"
        assert last.resolution >= 900

    @pytest.mark.parametrize("fault", ["denied", "throttled"])
    def test_an_error_is_raised_and_never_read_as_unused(self, iam: Iam, fault: str) -> None:
        issued = issue(iam)
        iam.front.fail("GetAccessKeyLastUsed", *[fault] * 4)
        with pytest.raises(errors.ExternalError):
            iam.issuer().last_use(issued)


def test_an_unknown_status_is_not_active(iam: Iam) -> None:
    key = by_hand(iam)
    iam.root().update_access_key(UserName=USER, AccessKeyId=key.id, Status="Expired")
    listed: list[KeyInfo] = iam.issuer().keys()
    assert [known.active for known in listed] == [False]


def test_every_page_of_the_list_is_read(iam: Iam, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = by_hand(iam), by_hand(iam)
    issuer = iam.issuer()
    whole = iam.root().list_access_keys(UserName=USER)["AccessKeyMetadata"]
    pages = {None: {"AccessKeyMetadata": whole[:1], "IsTruncated": True, "Marker": "2"}, "2": {"AccessKeyMetadata": whole[1:]}}
    paged = type("Paged", (), {"list_access_keys": lambda self, UserName, Marker=None: pages[Marker]})()
    monkeypatch.setattr(issuer, "_iam", lambda: paged)
    assert sorted(ids(issuer)) == sorted([first.id, second.id])
