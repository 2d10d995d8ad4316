# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine relies on, asked of every issuer against its server. See C(issuer_makers.py)."""

from __future__ import annotations

import itertools
import time
import traceback
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    Attempt,
    Issued,
    Issuer,
    KeyInfo,
    LastUse,
    Verdict,
    Verification,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.issuer_makers import MAKERS, Maker

#: Seconds: as long as a stand-in's propagation delay may be.
PATIENCE = 15.0
_numbers = itertools.count(1)


@pytest.fixture(scope="session", params=sorted(MAKERS))
def maker(request: pytest.FixtureRequest) -> t.Iterator[Maker]:
    with MAKERS[request.param]() as made:
        yield made


@pytest.fixture
def issuer(maker: Maker) -> t.Iterator[Issuer]:
    made = maker.make()
    yield made
    made.close()


def keys_of(issuer: Issuer) -> dict[str, KeyInfo]:
    listed = issuer.keys()
    return {key.id: key for key in listed}


def begin(issuer: Issuer) -> Attempt:
    """An attempt as the engine records it."""
    return Attempt(f"locksmith-test-{next(_numbers)}", time.time(), tuple(keys_of(issuer)), 86400)


def issue(issuer: Issuer, attempt: Attempt | None = None, current: Issued | None = None) -> Issued:
    """Issue as the engine does: a value that is ours to choose, or that a person supplies, is proposed first."""
    attempt = attempt or begin(issuer)
    proposal = None if issuer.MINTS else issuer.propose(attempt, current)
    issued = issuer.issue(attempt, proposal, [current] if current else [])
    issuer.taken(issued)
    return issued


def wait_for(issuer: Issuer, version: Issued, verdict: Verdict) -> Verification:
    """The first of the needed number of logins in a row that show C(verdict), within the propagation delay allowed."""
    deadline = time.monotonic() + PATIENCE
    row = 0
    while True:
        verification = issuer.verify(version)
        row = row + 1 if verification.verdict is verdict else 0
        if row >= issuer.LOGINS_NEEDED:
            return verification
        assert time.monotonic() < deadline, f"{verification.verdict} and not {verdict}: {verification.detail}"
        time.sleep(0.05)


class TestLifeCycle:
    def test_a_version_logs_in_as_somebody(self, issuer: Issuer) -> None:
        version = issue(issuer)
        assert wait_for(issuer, version, Verdict.ALIVE).identity

    def test_a_version_has_exactly_the_declared_fields(self, issuer: Issuer) -> None:
        version = issue(issuer)
        assert sorted(version.fields) == sorted(issuer.FIELDS)
        assert set(issuer.PUBLIC_FIELDS) < set(issuer.FIELDS)
        assert all(version.fields.values())

    def test_the_listing_gains_a_minted_key_and_no_other(self, issuer: Issuer) -> None:
        before = set(keys_of(issuer))
        version = issue(issuer)
        gained = set(keys_of(issuer)) - before
        assert gained == ({version.id} if issuer.MINTS and issuer.lists_keys else set())

    def test_two_versions_differ_in_id_and_secret(self, issuer: Issuer) -> None:
        one = issue(issuer)
        two = issue(issuer, current=one)
        assert one.id != two.id
        assert one.fields.fingerprint() != two.fields.fingerprint()

    def test_as_many_versions_live_as_the_capacity_says(self, issuer: Issuer) -> None:
        one = issue(issuer)
        two = issue(issuer, current=one)
        wait_for(issuer, two, Verdict.ALIVE)
        wait_for(issuer, one, Verdict.DEAD if issuer.capacity == 1 else Verdict.ALIVE)

    def test_deleting_twice_is_deleting_once_and_leaves_the_other_alone(self, maker: Maker, issuer: Issuer) -> None:
        one = issue(issuer)
        two = issue(issuer, current=one)
        if not issuer.REVOKES:
            with pytest.raises(errors.Rejected, match="only a person"):
                issuer.delete(one)
            maker.kill(issuer, one)
        for _turn in range(2):
            issuer.delete(one)
        wait_for(issuer, one, Verdict.DEAD)
        wait_for(issuer, two, Verdict.ALIVE)
        assert not issuer.MINTS or one.id not in keys_of(issuer)

    def test_a_version_that_died_by_other_hands_is_dead_and_can_be_deleted(self, maker: Maker, issuer: Issuer) -> None:
        version = issue(issuer)
        maker.kill(issuer, version)
        wait_for(issuer, version, Verdict.DEAD)
        issuer.delete(version)

    def test_what_can_be_disabled_can_be_enabled_and_both_twice(self, issuer: Issuer) -> None:
        version = issue(issuer)
        if not issuer.CAN_DISABLE:
            with pytest.raises(AssertionError):
                issuer.disable(version)
            return
        for _turn in range(2):
            issuer.disable(version)
        wait_for(issuer, version, Verdict.DEAD)
        for _turn in range(2):
            issuer.enable(version)
        wait_for(issuer, version, Verdict.ALIVE)
        issuer.disable(version)
        issuer.delete(version)
        wait_for(issuer, version, Verdict.DEAD)

    def test_evidence_of_use_is_evidence_or_said_to_be_missing(self, issuer: Issuer) -> None:
        version = issue(issuer)
        use = issuer.last_use(version)
        assert isinstance(use, LastUse)
        assert use.supported or (use.at is None and not use.by)
        assert use.at is None or use.at <= time.time() + use.resolution + 1


class TestTelling:
    def test_a_wrong_secret_is_dead(self, maker: Maker, issuer: Issuer) -> None:
        version = issue(issuer)
        wait_for(issuer, version, Verdict.ALIVE)
        assert issuer.verify(maker.wrong(issuer, version)).verdict is Verdict.DEAD

    def test_a_value_is_recognised_by_its_fields(self, issuer: Issuer) -> None:
        version = issue(issuer)
        key = issuer.identify(version.fields)
        assert key is not None
        assert issuer.SUPPLIED or not issuer.lists_keys or key.id in keys_of(issuer), "where a person makes keys there is no list"

    def test_a_value_of_somebody_else_is_not_recognised(self, issuer: Issuer) -> None:
        version = issue(issuer)
        assert issuer.identify(dict.fromkeys(version.fields, "AKIANOBODYKNOWSTHIS0")) is None
        assert issuer.identify({}) is None

    def test_an_identity_is_named_for_people(self, issuer: Issuer) -> None:
        assert len(issuer.identity.split()) > 1

    def test_an_identity_that_is_not_there_is_not_found(self, maker: Maker) -> None:
        with pytest.raises(errors.NotFound):
            maker.missing().keys()

    def test_an_administrator_without_rights_is_denied(self, maker: Maker, issuer: Issuer) -> None:
        with pytest.raises(errors.Denied) as caught:
            maker.denied(issuer).keys()
        assert caught.value.next_step


class TestInterrupted:
    def test_an_attempt_that_left_nothing_has_nothing_stranded(self, issuer: Issuer) -> None:
        """Where nothing is listed nobody knows, and what may be there is named."""
        assert issuer.stranded(begin(issuer), ()) == [] or not issuer.lists_keys

    def test_what_an_attempt_may_have_left_is_never_a_version_on_record(self, issuer: Issuer) -> None:
        kept = issue(issuer)
        for key in issuer.stranded(begin(issuer), (kept.id,)):
            issuer.delete(Issued(key.id, SecretFields({})))
        wait_for(issuer, kept, Verdict.ALIVE)

    def test_what_an_attempt_left_is_found_and_nothing_else(self, maker: Maker, issuer: Issuer) -> None:
        loses = issuer.MINTS and not issuer.REVEALS
        if loses:
            maker.foreign_key(issuer)
        attempt = begin(issuer)
        version = issue(issuer, attempt)
        assert [key.id for key in issuer.stranded(attempt, ())] == ([version.id] if loses else [])
        others = [key.id for key in issuer.stranded(attempt, (version.id,))]
        assert version.id not in others and (others == [] or not issuer.lists_keys)

    def test_what_an_issuer_shows_is_what_it_made_last(self, issuer: Issuer) -> None:
        if not issuer.REVEALS:
            with pytest.raises(AssertionError):
                issuer.present()
            return
        before = issuer.present()
        version = issue(issuer)
        after = issuer.present()
        assert (after.id, after.fields.fingerprint()) == (version.id, version.fields.fingerprint())
        assert after.id != before.id

    def test_what_was_found_can_be_deleted_without_its_secret(self, issuer: Issuer) -> None:
        attempt = begin(issuer)
        version = issue(issuer, attempt)
        found = issuer.stranded(attempt, ())
        for key in found:
            issuer.delete(Issued(key.id, SecretFields({})))
        assert issuer.stranded(attempt, ()) == [] or not issuer.lists_keys
        wait_for(issuer, version, Verdict.DEAD if found else Verdict.ALIVE)

    def test_a_proposal_can_be_issued_again(self, issuer: Issuer) -> None:
        if issuer.MINTS:
            with pytest.raises(AssertionError):
                issuer.propose(begin(issuer), None)
            return
        attempt = begin(issuer)
        proposal = issuer.propose(attempt, None)
        first, second = (issuer.issue(attempt, proposal, [proposal]) for dummy in range(2))
        assert (first.id, dict(first.fields)) == (second.id, dict(second.fields)) == (proposal.id, dict(proposal.fields))
        wait_for(issuer, second, Verdict.ALIVE)


class TestNobodyAnswers:
    def test_a_login_is_unknown(self, maker: Maker, issuer: Issuer) -> None:
        version = issue(issuer)
        assert maker.unreachable(issuer).verify(version).verdict is Verdict.UNKNOWN

    def test_everything_else_says_so_and_shows_no_secret(self, maker: Maker, issuer: Issuer) -> None:
        attempt = begin(issuer)
        version = issue(issuer, attempt)
        away = maker.unreachable(issuer)
        calls: list[t.Callable[[], t.Any]] = [away.keys, lambda: issue(away, attempt, version)]
        if issuer.CAN_DISABLE:
            calls += [lambda: away.disable(version), lambda: away.enable(version)]
        if issuer.capacity != 1:
            calls += [lambda: away.delete(version)]
        for call in calls:
            with pytest.raises(errors.Unreachable) as caught:
                call()
            assert_public(caught.value, [*secrets_of(issuer, version), *maker.secrets()])
        wait_for(issuer, version, Verdict.ALIVE)


class TestNoSecretShows:
    def test_in_what_the_issuer_returns(self, maker: Maker, issuer: Issuer) -> None:
        version = issue(issuer)
        shown = [version, issuer, issuer.identity, issuer.keys(), issuer.verify(version), issuer.last_use(version)]
        shown += [issuer.verify(maker.wrong(issuer, version)), issuer.identify(version.fields), version.id]
        text = "".join(repr(thing) + str(thing) for thing in shown)
        for secret in [*secrets_of(issuer, version), *maker.secrets()]:
            assert (secret in text) is False

    def test_in_a_denial(self, maker: Maker, issuer: Issuer) -> None:
        version = issue(issuer)
        with pytest.raises(errors.Denied) as caught:
            issue(maker.denied(issuer), begin(issuer), version)
        assert_public(caught.value, [*secrets_of(issuer, version), *maker.secrets()])


def secrets_of(issuer: Issuer, version: Issued) -> list[str]:
    return [value for name, value in version.fields.items() if name not in issuer.PUBLIC_FIELDS]


def assert_public(error: errors.LocksmithError, secrets: t.Sequence[str]) -> None:
    """No secret in the error, nor in what a traceback shows of it and its causes."""
    text = (
        repr(error) + str(error) + repr(error.args) + "".join(traceback.format_exception(type(error), error, error.__traceback__))
    )
    for secret in secrets:
        assert (secret in text) is False, "a secret shows in an error"
