# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is special about Amazon Managed Grafana: thirty days, quotas, keys that cannot be listed, answers that get lost."""

from __future__ import annotations

import pathlib
import time
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.amg import AmgIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, Setting, Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.fixtures_amg import DAY, RIGHTS, Amg, make_attempt, unique
from ansible_collections.locksmith.rotation.tests.servers.amg_standin import AmgStandin
from ansible_collections.locksmith.rotation.tests.servers.certificates import make_authority_and_certificate

LIMIT = 2592000


def alive(issuer: AmgIssuer, version: Issued) -> bool:
    return issuer.verify(version).verdict is Verdict.ALIVE


def setting(rotate_after: int, grace: int = 0, recovery_wait: int = 0) -> Setting:
    return Setting("charts", rotate_after, grace, recovery_wait, SystemClock())


def minimal(**more: t.Any) -> dict[str, t.Any]:
    return {"workspace_id": "g-0123456789", "service_account": "exporter", "role": "VIEWER", **more}


class TestThirtyDays:
    def test_an_interval_that_would_let_a_token_die_is_refused_with_the_arithmetic(self) -> None:
        with pytest.raises(errors.ConfigurationError) as caught:
            AmgIssuer.create(minimal(), setting(25 * DAY, DAY, 7 * DAY))
        said = str(caught.value)
        assert "rotate_after 25d + grace 1d + recovery_wait 7d + a run that comes late 1d = 34d" in said
        assert "lives for 30d at most" in said
        assert "lower rotate_after to 21d or less" in said

    def test_the_way_out_that_is_named_is_one(self) -> None:
        AmgIssuer.create(minimal(), setting(21 * DAY, DAY, 7 * DAY))

    def test_a_day_too_long_is_refused_and_a_second_less_is_not(self) -> None:
        with pytest.raises(errors.ConfigurationError):
            AmgIssuer.create(minimal(), setting(LIMIT - DAY + 1))
        AmgIssuer.create(minimal(), setting(LIMIT - DAY))

    def test_a_shorter_life_of_ones_own_is_held_to_as_well(self) -> None:
        with pytest.raises(errors.ConfigurationError, match="seconds_to_live"):
            AmgIssuer.create(minimal(seconds_to_live=7200), setting(3600, 60))
        AmgIssuer.create(minimal(seconds_to_live=7260), setting(3600, 60))

    @pytest.mark.parametrize("seconds", [-1, LIMIT + 1])
    def test_what_aws_does_not_take_is_refused_before_any_request(self, seconds: int) -> None:
        with pytest.raises(errors.ConfigurationError, match="1 to 2592000"):
            AmgIssuer.create(minimal(seconds_to_live=seconds), setting(DAY))

    def test_the_default_interval_fits_the_other_defaults(self) -> None:
        from ansible_collections.locksmith.rotation.plugins.module_utils.entry.spec import common_options
        from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import parse_duration

        spec = common_options()
        grace, wait = (parse_duration(spec[name]["default"], name) for name in ("grace", "recovery_wait"))
        AmgIssuer.create(minimal(), setting(parse_duration(AmgIssuer.ROTATE_AFTER, "rotate_after"), grace, wait))

    def test_a_token_gets_thirty_days_and_says_when_it_ends(self, amg: Amg) -> None:
        issuer = amg.issuer()
        version = issuer.issue(make_attempt(), None, ())
        (listed,) = issuer.keys()
        assert version.expires_at is not None
        assert version.expires_at == pytest.approx(time.time() + LIMIT, abs=30)
        assert listed.expires_at == pytest.approx(version.expires_at, abs=2)

    @pytest.mark.parametrize(("kind", "longest"), [("service_account", 128), ("api_key", 100)])
    def test_names_that_aws_would_refuse_are_refused_before(self, kind: str, longest: int) -> None:
        fits = longest - len("locksmith--20261121T031400-9f86d081") - len("charts")
        AmgIssuer.create(minimal(token_type=kind, token_name_prefix="x" * fits), setting(DAY))
        with pytest.raises(errors.ConfigurationError, match=f"allows {longest}"):
            AmgIssuer.create(minimal(token_type=kind, token_name_prefix="x" * (fits + 1)), setting(DAY))

    def test_a_name_is_not_taken_for_an_id(self) -> None:
        with pytest.raises(errors.ConfigurationError, match="id and not the name"):
            AmgIssuer.create(minimal(workspace_id="monitoring"), setting(DAY))


class TestLoggingIn:
    def test_at_the_address_that_aws_names_with_aws_own_certificates(self, tmp_path: pathlib.Path) -> None:
        authority, certificate, key = make_authority_and_certificate()
        files = [tmp_path / name for name in ("ca.pem", "server.pem", "key.pem")]
        for file, content in zip(files, (authority, certificate, key)):
            file.write_bytes(content)
        with AmgStandin("10.4", tls=(str(files[1]), str(files[2]))) as server:
            issuer = Amg(server).issuer(workspace_url=None, aws_ca_bundle=str(files[0]))
            version = issuer.issue(make_attempt(), None, ())
            assert alive(issuer, version)
            assert server.asked().count("DescribeWorkspace") == 1
            assert issuer.verify(Issued("1/1", SecretFields({"token": "glsa_nobody"}))).verdict is Verdict.DEAD

    @pytest.mark.parametrize("opaque", [False, True])
    def test_a_token_of_another_service_account_is_refused(self, amg_12: Amg, opaque: bool) -> None:
        amg_12.server.main.opaque_ids = opaque
        issuer = amg_12.issuer()
        version = issuer.issue(make_attempt(), None, ())
        assert "service account" in issuer.verify(version).identity
        stranger = amg_12.token(amg_12.account())[1]
        with pytest.raises(errors.Rejected, match="somebody else"):
            issuer.verify(Issued(version.id, SecretFields({"token": stranger})))
        assert issuer.identify({"token": stranger}) is None

    def test_an_address_that_lets_anybody_in_proves_nothing(self, amg: Amg) -> None:
        issuer = amg.issuer()
        version = issuer.issue(make_attempt(), None, ())
        amg.server.main.grafana.settings.accept_anything = True
        with pytest.raises(errors.Rejected, match="nobody issued"):
            issuer.verify(version)

    def test_an_aws_that_does_not_say_where_is_unknown_and_not_dead(self, amg: Amg) -> None:
        issuer = amg.issuer(workspace_url=None)
        version = issuer.issue(make_attempt(), None, ())
        amg.server.fail("DescribeWorkspace", *["broken"] * 4)
        assert issuer.verify(version).verdict is Verdict.UNKNOWN

    def test_grafana_8_has_api_keys_and_no_permissions_to_ask_for(self) -> None:
        with AmgStandin("8.4") as server:
            issuer = Amg(server, "api_key").issuer()
            issuer.check_room(issuer.keys(), ())
            version = issuer.issue(make_attempt(), None, ())
            assert alive(issuer, version)
            assert "API key locksmith-charts" in issuer.verify(version).identity


class TestApiKeys:
    """They cannot be listed: the journal is the only memory, and the id is the name."""

    def test_the_id_is_the_name_and_the_name_is_the_attempts(self, amg_keys: Amg) -> None:
        attempt = make_attempt()
        version = amg_keys.issuer(token_name_prefix="ops-").issue(attempt, None, ())
        assert version.id == f"ops-{attempt.name}"
        assert [key.name for key in amg_keys.tokens()] == [version.id]

    def test_a_key_says_its_own_name(self, amg_keys: Amg) -> None:
        name, secret = amg_keys.api_key()
        amg_keys.api_key()
        key = amg_keys.issuer().identify({"token": secret})
        assert key is not None
        assert key.id == name

    def test_a_key_under_anothers_name_is_refused(self, amg_keys: Amg) -> None:
        secret = amg_keys.api_key()[1]
        with pytest.raises(errors.Rejected, match="and not as"):
            amg_keys.issuer().verify(Issued("another", SecretFields({"token": secret})))

    def test_what_a_lost_answer_left_is_deleted_by_its_name(self, amg_keys: Amg) -> None:
        issuer, attempt = amg_keys.issuer(), make_attempt()
        amg_keys.server.fail("CreateWorkspaceApiKey", "lost")
        with pytest.raises(errors.Unreachable) as caught:
            issuer.issue(attempt, None, ())
        assert attempt.name in str(caught.value)
        assert len(amg_keys.tokens()) == 1
        for key in issuer.stranded(attempt, ()):
            issuer.delete(Issued(key.id, SecretFields({})))
        assert amg_keys.tokens() == []

    def test_an_attempt_in_the_journal_is_not_stranded(self, amg_keys: Amg) -> None:
        issuer, attempt = amg_keys.issuer(), make_attempt()
        version = issuer.issue(attempt, None, ())
        assert issuer.stranded(attempt, (version.id,)) == []

    def test_there_is_no_evidence_of_use_and_that_is_said(self, amg_keys: Amg) -> None:
        issuer = amg_keys.issuer()
        assert issuer.last_use(issuer.issue(make_attempt(), None, ())).supported is False

    def test_a_workspace_that_has_them_no_more_is_named_with_the_way_out(self, amg_keys: Amg) -> None:
        issuer = amg_keys.issuer()
        version = issuer.issue(make_attempt(), None, ())
        amg_keys.server.main.grafana.settings.version = "12.1"
        with pytest.raises(errors.Rejected, match="token_type to service_account"):
            amg_keys.issuer().check_room([], ())
        issuer.delete(version)
        assert amg_keys.tokens() == [], "what it had before its upgrade can still be retired"

    def test_a_service_accounts_token_takes_a_keys_place(self, amg: Amg) -> None:
        """The kind is changed in the catalogue; the key is recognised, works until the end, and is deleted as a key."""
        name, secret = amg.api_key()
        amg.server.rights[amg.login["access_key"]] |= set(RIGHTS["api_key"])
        issuer = amg.issuer()
        key = issuer.identify({"token": secret})
        assert key is not None
        old = Issued(key.id, SecretFields({"token": secret}))
        new = issuer.issue(make_attempt(), None, ())
        assert (old.id, alive(issuer, old), alive(issuer, new)) == (name, True, True)
        assert issuer.last_use(old).supported is False
        issuer.delete(old)
        assert (amg.tokens(), alive(issuer, new)) == ([], True)

    def test_service_accounts_begin_with_9(self) -> None:
        with AmgStandin("8.4") as server, pytest.raises(errors.Rejected, match="begin with 9"):
            Amg(server).issuer().check_room([], ())


class TestWhatAwsRefuses:
    def test_no_room_is_a_quota_and_says_what_fills_it(self, amg: Amg) -> None:
        name = amg.account()
        issuer = amg.issuer(service_account=name)
        for lifetime in (1, DAY):
            amg.token(name, lifetime=lifetime)
        amg.server.main.grafana.settings.clock_offset = 60
        issuer._setting.clock.now = lambda: time.time() + 60  # type: ignore[method-assign]
        amg.server.main.token_quota = 2
        with pytest.raises(errors.QuotaExceeded) as caught:
            issuer.issue(make_attempt(), None, ())
        said = str(caught.value)
        assert "ServiceQuotaExceededException, HTTP 402, quota L-0000000" in said
        assert "has 2 tokens, of which 1 have expired" in said
        assert "expired ones count" in said

    def test_no_room_for_an_api_key(self, amg_keys: Amg) -> None:
        amg_keys.server.main.key_quota = 0
        with pytest.raises(errors.QuotaExceeded, match="AWS has no list of them"):
            amg_keys.issuer().issue(make_attempt(), None, ())

    @pytest.mark.parametrize("kind", ["service_account", "api_key"])
    def test_a_throttled_request_is_sent_again_after_as_long_as_aws_asks(self, kind: str) -> None:
        with AmgStandin("10.4") as server:
            amg = Amg(server, kind)
            operation = "CreateWorkspaceApiKey" if kind == "api_key" else "CreateWorkspaceServiceAccountToken"
            server.fail(operation, "throttled", "throttled_without_word")
            issuer = amg.issuer()
            version = issuer.issue(make_attempt(), None, ())
            assert alive(issuer, version)
            assert server.asked().count(operation) == 3
            assert [3 <= amg.clock.pauses[0] <= 4, 2 <= amg.clock.pauses[1] <= 4] == [True, True]

    def test_a_request_that_is_always_throttled_ends(self, amg: Amg) -> None:
        amg.server.fail("CreateWorkspaceServiceAccountToken", *["throttled"] * 5)
        with pytest.raises(errors.Unreachable, match="ThrottlingException"):
            amg.issuer().issue(make_attempt(), None, ())
        assert amg.server.asked().count("CreateWorkspaceServiceAccountToken") == 5
        assert not amg.server.faults["CreateWorkspaceServiceAccountToken"]

    @pytest.mark.parametrize("fault", ["lost", "garbled"])
    def test_a_lost_answer_is_not_asked_for_twice(self, amg: Amg, fault: str) -> None:
        issuer, attempt = amg.issuer(), make_attempt()
        amg.server.fail("CreateWorkspaceServiceAccountToken", fault)
        with pytest.raises(errors.Unreachable, match="may have taken effect") as caught:
            issuer.issue(attempt, None, ())
        assert attempt.name in caught.value.stranded[0]
        (left,) = issuer.stranded(attempt, ())
        assert left.name == attempt.name
        assert len(amg.tokens(issuer._options["service_account"])) == 1

    @pytest.mark.parametrize("kind", ["service_account", "api_key"])
    def test_a_conflict_made_nothing_and_the_next_attempt_has_another_name(self, kind: str) -> None:
        with AmgStandin("10.4") as server:
            amg, attempt = Amg(server, kind), make_attempt()
            issuer = amg.issuer()
            issuer.issue(attempt, None, ())
            with pytest.raises(errors.Rejected, match="another name"):
                issuer.issue(attempt, None, ())
            issuer.issue(make_attempt(), None, ())

    def test_a_conflict_while_deleting_is_for_the_next_run(self, amg: Amg) -> None:
        issuer = amg.issuer()
        version = issuer.issue(make_attempt(), None, ())
        amg.server.fail("DeleteWorkspaceServiceAccountToken", "changing")
        with pytest.raises(errors.Unreachable):
            issuer.delete(version)
        issuer.delete(version)
        assert issuer.keys() == []

    def test_a_missing_right_is_named(self, amg: Amg) -> None:
        amg.server.rights[amg.login["access_key"]].remove("CreateWorkspaceServiceAccountToken")
        with pytest.raises(errors.Denied, match="grafana:CreateWorkspaceServiceAccountToken"):
            amg.issuer().issue(make_attempt(), None, ())

    def test_a_workspace_that_is_being_made_is_for_a_later_run(self, amg: Amg) -> None:
        amg.server.main.status = "CREATING"
        with pytest.raises(errors.Unreachable, match="is CREATING"):
            amg.issuer().check_room([], ())


class TestServiceAccounts:
    def test_one_that_is_missing_is_created_with_the_role(self, amg: Amg) -> None:
        name = unique("new")
        issuer = amg.issuer(service_account=name, role="EDITOR")
        assert issuer.keys() == []
        issuer.issue(make_attempt(), None, ())
        assert [one.role for one in amg.server.main.grafana.accounts.values() if one.name == name] == ["Editor"]

    def test_one_that_is_missing_is_not_created_without_a_role_or_against_the_will(self, amg: Amg) -> None:
        with pytest.raises(errors.ConfigurationError, match="role does not say"):
            amg.issuer(role=None).keys()
        with pytest.raises(errors.NotFound, match="create_service_account"):
            amg.issuer(create_service_account=False).keys()
        assert amg.server.main.grafana.accounts == {}

    def test_one_that_somebody_else_just_made_is_taken(self, amg: Amg) -> None:
        name = unique("new")
        issuer = amg.issuer(service_account=name)
        assert issuer.keys() == []
        amg.account(name)
        issuer._secrets._known = None  # type: ignore[attr-defined]
        assert alive(issuer, issuer.issue(make_attempt(), None, ()))

    def test_a_role_is_never_changed(self, amg: Amg) -> None:
        name = amg.account(role="Admin")
        with pytest.raises(errors.Rejected, match="a role is never changed"):
            amg.issuer(service_account=name).keys()

    def test_a_disabled_one_makes_no_tokens(self, amg: Amg) -> None:
        name = amg.account()
        next(one for one in amg.server.main.grafana.accounts.values() if one.name == name).disabled = True
        with pytest.raises(errors.Rejected, match="disabled"):
            amg.issuer(service_account=name).keys()


class TestTheEnd:
    def test_deleting_clears_away_what_has_expired_of_ours_and_nothing_else(self, amg: Amg) -> None:
        name = amg.account()
        issuer = amg.issuer(service_account=name)
        ours, others = "locksmith-charts-20260101T000000-00000000", "locksmith-charts-two-20260101T000000-00000000"
        for token in (ours, others, "by-hand"):
            amg.token(name, token, lifetime=1)
        version = issuer.issue(make_attempt(), None, ())
        live = issuer.issue(make_attempt(), None, ())
        clock = issuer._setting.clock
        clock.now = lambda: time.time() + 60  # type: ignore[method-assign]
        issuer.delete(version)
        assert {token.name for token in amg.tokens(name)} == {others, "by-hand", issuer.keys()[-1].name}
        assert live.id in [key.id for key in issuer.keys()]

    def test_another_workspace_is_not_taken_for_a_deleted_token(self, amg: Amg) -> None:
        issuer = amg.issuer()
        version = issuer.issue(make_attempt(), None, ())
        with pytest.raises(errors.NotFound):
            amg.issuer(workspace_id="g-0000000000").delete(version)
        with pytest.raises(errors.NotFound):
            amg.issuer(workspace_id="g-0000000000", **amg.server.login()).delete(Issued("a-key", SecretFields({})))
        assert alive(issuer, version)

    def test_a_service_account_that_is_gone_took_its_tokens_along(self, amg: Amg) -> None:
        name = amg.account()
        issuer = amg.issuer(service_account=name)
        version = issuer.issue(make_attempt(), None, ())
        grafana = amg.server.main.grafana
        grafana.delete_account(next(one for one in grafana.accounts.values() if one.name == name))
        issuer.delete(version)
        assert issuer.last_use(version).at is None

    def test_last_use_is_what_aws_lists(self, amg: Amg) -> None:
        issuer = amg.issuer()
        version = issuer.issue(make_attempt(), None, ())
        assert issuer.last_use(version).at is None
        moment = time.time() - 1000
        amg.tokens(issuer._options["service_account"])[0].last_used = moment
        assert issuer.last_use(version).at == pytest.approx(moment, abs=1)


class TestAdopting:
    def test_the_only_token_is_recognised(self, amg_12: Amg) -> None:
        name = amg_12.account()
        token_id, secret = amg_12.token(name)
        key = amg_12.issuer(service_account=name).identify({"token": secret})
        assert key is not None
        assert key.id == token_id

    def test_one_of_several_is_not_guessed_at(self, amg_12: Amg) -> None:
        name = amg_12.account()
        secret = amg_12.token(name)[1]
        amg_12.token(name)
        assert amg_12.issuer(service_account=name).identify({"token": secret}) is None

    def test_where_grafana_does_not_say_whose_it_is_it_is_not_guessed_at(self, amg: Amg) -> None:
        name = amg.account()
        secret = amg.token(name)[1]
        assert amg.issuer(service_account=name).identify({"token": secret}) is None


class TestPatience:
    def test_reading_waits_as_long_as_aws_asks_too(self, amg: Amg, monkeypatch: pytest.MonkeyPatch) -> None:
        """botocore's own retries would ask again after a fraction of a second."""
        pauses: list[float] = []
        monkeypatch.setattr("botocore.endpoint.time.sleep", pauses.append)
        amg.server.fail("ListWorkspaceServiceAccounts", "throttled", "throttled_without_word")
        assert amg.issuer().keys() == []
        assert 3 <= pauses[0] <= 4 and 0 <= pauses[1] < 3

    def test_and_ends_after_as_many_attempts_as_ever(self, amg: Amg, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("botocore.endpoint.time.sleep", lambda seconds: None)
        amg.server.fail("ListWorkspaceServiceAccounts", *["throttled"] * 9)
        with pytest.raises(errors.Unreachable, match="ThrottlingException"):
            amg.issuer().keys()
        assert amg.server.asked().count("ListWorkspaceServiceAccounts") == 4
