# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is special about secret ids: uses, lifetimes, addresses, accessors, and what others do to them. On a real OpenBao."""

from __future__ import annotations

import dataclasses
import typing as t
import urllib.error

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.vault_secret_id import ATTEMPT, VaultSecretIdIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.fixtures_vault import Recorder
from ansible_collections.locksmith.rotation.tests.real.fixtures_vault_issuers import DAY, SETTING, AppRoles, make_attempt

ELSEWHERE = ["192.0.2.7/32"]


def issue(issuer: VaultSecretIdIssuer, name: str | None = None) -> Issued:
    issuer.keys()
    return issuer.issue(make_attempt(name), None, [])


class TestProof:
    def test_a_login_leaves_no_token_behind(self, approles: AppRoles) -> None:
        role = approles.create(token_policies=["default"])
        issuer = approles.issuer(role)
        version = issue(issuer)
        before = set(approles.server.call("LIST", "auth/token/accessors")["data"]["keys"])
        assert issuer.verify(version).verdict is Verdict.ALIVE
        assert set(approles.server.call("LIST", "auth/token/accessors")["data"]["keys"]) == before

    def test_one_with_limited_uses_is_looked_up_and_loses_none(self, approles: AppRoles) -> None:
        role = approles.create(secret_id_num_uses=3000)
        issuer = approles.issuer(role, uses_per_day=10)
        version = issue(issuer)
        for _turn in range(3):
            found = issuer.verify(version)
            assert found.verdict is Verdict.ALIVE
            assert "looked up, not logged in" in found.detail
        assert approles.details(role, version.id)["secret_id_num_uses"] == 3000

    def test_looking_up_notices_another_role_id(self, approles: AppRoles) -> None:
        role = approles.create(secret_id_num_uses=3000)
        issuer = approles.issuer(role, uses_per_day=10)
        version = issue(issuer)
        strange = Issued(version.id, SecretFields({**version.fields, "role_id": "somebody-elses"}))
        assert issuer.verify(strange).verdict is Verdict.DEAD

    @pytest.mark.parametrize("where", ["secret id", "role"])
    def test_one_that_may_not_log_in_from_here_is_looked_up(self, approles: AppRoles, where: str) -> None:
        role = approles.create(secret_id_bound_cidrs=ELSEWHERE if where == "role" else [])
        issuer = approles.issuer(role, cidr_list=ELSEWHERE if where == "secret id" else None)
        version = issue(issuer)
        assert not approles.logs_in(version.fields)
        found = issuer.verify(version)
        assert (found.verdict, "address" in found.detail) == (Verdict.ALIVE, True)

    def test_a_token_bound_elsewhere_is_proof_though_it_cannot_be_revoked(self, approles: AppRoles) -> None:
        issuer = approles.issuer(approles.create(), token_bound_cidrs=ELSEWHERE)
        found = issuer.verify(issue(issuer))
        assert found.verdict is Verdict.ALIVE
        assert "could not be revoked" in found.detail

    def test_a_batch_token_is_proof_too(self, approles: AppRoles) -> None:
        issuer = approles.issuer(approles.create(token_type="batch"))
        assert issuer.verify(issue(issuer)).verdict is Verdict.ALIVE

    def test_that_of_another_role_is_dead(self, approles: AppRoles) -> None:
        version = issue(approles.issuer(approles.create()))
        assert approles.issuer(approles.create()).verify(version).verdict is Verdict.DEAD

    def test_a_role_without_secret_ids_is_refused(self, approles: AppRoles) -> None:
        role = approles.create(bind_secret_id=False, secret_id_bound_cidrs=["127.0.0.1/32"])
        with pytest.raises(errors.Rejected, match="bind_secret_id"):
            approles.issuer(role).keys()


class TestLimits:
    def test_a_lifetime_of_the_role_that_is_too_short_is_refused_before_anything_is_made(self, approles: AppRoles) -> None:
        role = approles.create(secret_id_ttl="240h")
        with pytest.raises(errors.Rejected, match=r"864000 s \(10d\).* = 2678400 s \(31d\)"):
            approles.issuer(role).keys()
        assert approles.accessors(role) == []

    def test_what_vault_cuts_at_the_mounts_limit_is_destroyed_again(self, approles: AppRoles) -> None:
        """The mount's max_lease_ttl is 768h, 32 days."""
        role = approles.create()
        setting = dataclasses.replace(SETTING, rotate_after=60 * DAY)
        issuer = approles.issuer(role, setting=setting, ttl="70d")
        issuer.keys()
        with pytest.raises(errors.Rejected, match=r"2764800 s \(32d\).* = 5270400 s \(61d\)") as refused:
            issuer.issue(make_attempt(), None, [])
        assert "max_lease_ttl" in refused.value.next_step
        assert approles.accessors(role) == []

    def test_a_lifetime_is_known(self, approles: AppRoles) -> None:
        role = approles.create()
        version = issue(approles.issuer(role, ttl="32d"))
        assert version.created_at is not None and version.expires_at == version.created_at + 32 * DAY
        assert issue(approles.issuer(role)).expires_at is None

    def test_limited_uses_must_be_counted(self, approles: AppRoles) -> None:
        role = approles.create(secret_id_num_uses=40)
        with pytest.raises(errors.Rejected, match="one login every 18h 36m"):
            approles.issuer(role).keys()
        with pytest.raises(errors.Rejected, match="used up after 20d"):
            approles.issuer(role, uses_per_day=2).keys()
        assert approles.issuer(role, uses_per_day=1).keys() == []


class TestEvidence:
    def test_counted_uses_show_the_last_one(self, approles: AppRoles) -> None:
        role = approles.create(secret_id_num_uses=3000)
        issuer = approles.issuer(role, uses_per_day=10)
        version = issue(issuer)
        assert (issuer.last_use(version).supported, issuer.last_use(version).at) == (True, None)
        before = SETTING.clock.now()
        assert approles.logs_in(version.fields)
        used = issuer.last_use(version)
        assert used.at is not None and before - 1 <= used.at <= SETTING.clock.now() + 1

    def test_uncounted_uses_show_nothing_and_say_so(self, approles: AppRoles) -> None:
        issuer = approles.issuer(approles.create())
        version = issue(issuer)
        assert approles.logs_in(version.fields)
        assert issuer.last_use(version).supported is False

    def test_one_that_is_gone_is_not_used(self, approles: AppRoles) -> None:
        role = approles.create()
        issuer = approles.issuer(role)
        version = issue(issuer)
        approles.destroy(role, version.id)
        assert (issuer.last_use(version).supported, issuer.last_use(version).at) == (True, None)


class TestMetadata:
    def test_it_names_the_attempt_and_what_the_user_adds(self, approles: AppRoles) -> None:
        role = approles.create()
        version = issue(approles.issuer(role, metadata={"team": "orders", "ticket": 7}), "attempt-of-this-test")
        assert approles.details(role, version.id)["metadata"] == {
            ATTEMPT: "attempt-of-this-test",
            "team": "orders",
            "ticket": "7",
        }

    def test_names_that_are_taken_are_refused(self, approles: AppRoles) -> None:
        with pytest.raises(errors.ConfigurationError, match="role_name"):
            approles.issuer("any", metadata={"role_name": "another"})

    def test_a_foreign_one_with_metadata_of_its_own_is_never_stranded(self, approles: AppRoles) -> None:
        role = approles.create()
        issuer = approles.issuer(role)
        approles.by_hand(role, metadata='{"locksmith_attempt": "another-attempt"}')
        assert issuer.stranded(make_attempt("this-attempt"), ()) == []


class TestOwnLogin:
    def test_it_is_told_from_the_options(self, approles: AppRoles) -> None:
        role = approles.create()
        version, other = issue(approles.issuer(role)), issue(approles.issuer(role))
        login: dict[str, t.Any] = {"auth_method": "approle", **version.fields}
        issuer = approles.issuer(role, **login)
        assert issuer.own_login([other, version]) == version.id
        assert "published" in issuer.own_login([Issued("", version.fields)])
        assert issuer.own_login([other]) == ""
        assert approles.issuer(role).own_login([version]) == ""

    def test_a_rotator_may_rotate_itself_when_its_policy_lets_it(self, approles: AppRoles) -> None:
        role = approles.create()
        base = f"auth/approle/role/{role}"
        rights = {"secret-id": ("update", "list"), "role-id": ("read",)}
        steps = ("secret-id/lookup", "secret-id-accessor/lookup", "secret-id-accessor/destroy")
        rules: dict[str, t.Sequence[str]] = {f"{base}/{name}": each for name, each in rights.items()}
        approles.server.policy(f"self-{role}", {**rules, **{f"{base}/{name}": ("update",) for name in steps}, base: ("read",)})
        approles.server.call("POST", base, {"token_policies": [f"self-{role}"]})
        first = issue(approles.issuer(role))
        login: dict[str, t.Any] = {"auth_method": "approle", **first.fields}
        issuer = approles.issuer(role, **login)
        second = issue(issuer)
        assert issuer.verify(second).verdict is Verdict.ALIVE
        issuer.delete(first)
        assert approles.accessors(role) == [second.id]


class TestEnd:
    def test_a_role_that_is_gone_took_its_secret_ids_with_it(self, approles: AppRoles) -> None:
        role = approles.create()
        issuer = approles.issuer(role)
        version = issue(issuer)
        approles.server.call("DELETE", f"auth/approle/role/{role}")
        issuer.delete(version)

    def test_one_that_is_used_up_is_gone(self, approles: AppRoles) -> None:
        role = approles.create()
        made = approles.by_hand(role, num_uses=1)
        issuer = approles.issuer(role)
        role_id = approles.server.call("GET", f"auth/approle/role/{role}/role-id")["data"]["role_id"]
        fields = SecretFields({"role_id": role_id, "secret_id": made["secret_id"]})
        version = Issued(made["secret_id_accessor"], fields)
        assert issuer.verify(version).verdict is Verdict.ALIVE
        assert approles.logs_in(fields)
        assert issuer.verify(version).verdict is Verdict.DEAD
        issuer.delete(version)


def test_another_mount(approles: AppRoles) -> None:
    approles.server.call("POST", "sys/auth/machines", {"type": "approle"})
    approles.server.call("POST", "auth/machines/role/web", {"token_policies": ["default"]})
    issuer = approles.issuer("web", approle_mount_point="machines")
    assert issuer.verify(issue(issuer)).verdict is Verdict.ALIVE
    assert "machines" in issuer.identity


def test_missing_rights_are_named_before_anything_is_made(approles: AppRoles) -> None:
    role = approles.create()
    base = f"auth/approle/role/{role}"
    rules: dict[str, t.Sequence[str]] = {base: ("read",), f"{base}/secret-id": ("update", "list"), f"{base}/role-id": ("read",)}
    approles.server.policy(f"little-{role}", rules)
    with pytest.raises(errors.Denied, match="secret-id/lookup") as denied:
        approles.issuer(role, token=approles.server.token(f"little-{role}")).keys()
    assert "docs/issuers/vault_secret_id.md" in denied.value.next_step


class TestLostAnswers:
    """Against a recorder that plays Vault: what a real one does only at the worst moment."""

    def scripted(self, recorder: Recorder, **more: t.Any) -> VaultSecretIdIssuer:
        options = {name: spec.get("default") for name, spec in VaultSecretIdIssuer.OPTIONS.items()}
        options.update(url=recorder.url, token="rotator", role_name="orders", **more)
        recorder.script["auth/approle/role/orders/role-id"] = [(200, {}, {"data": {"role_id": "some-role-id"}})] * 9
        return VaultSecretIdIssuer.create(options, SETTING)

    @pytest.mark.parametrize("status", [500, 502, 504])
    def test_a_request_that_makes_something_is_not_repeated(self, recorder: Recorder, status: int) -> None:
        issuer = self.scripted(recorder)
        recorder.script["auth/approle/role/orders/secret-id"] = [(status, {}, {"errors": ["internal"]})] * 5
        with pytest.raises(errors.Unreachable):
            issuer.issue(make_attempt(), None, [])
        assert len([each for each in recorder.at("auth/approle/role/orders/secret-id") if each.method == "POST"]) == 1

    def test_one_that_was_turned_away_unread_is(self, recorder: Recorder) -> None:
        issuer = self.scripted(recorder)
        made = {"data": {"secret_id": "the-secret", "secret_id_accessor": "the-accessor", "secret_id_ttl": 0}}
        turned_away = (429, {"Retry-After": "0"}, {"errors": ["rate limit"]})
        recorder.script["auth/approle/role/orders/secret-id"] = [turned_away, (200, {}, made)]
        assert issuer.issue(make_attempt(), None, []).id == "the-accessor"

    def test_a_wrapped_answer_is_explained(self, recorder: Recorder) -> None:
        issuer = self.scripted(recorder)
        wrapped = {"wrap_info": {"token": "a-wrapping-token"}}
        recorder.script["auth/approle/role/orders/secret-id"] = [(200, {}, wrapped)]
        with pytest.raises(errors.Unreachable, match="wrapped") as caught:
            issuer.issue(make_attempt(), None, [])
        assert "a-wrapping-token" not in str(caught.value)

    def test_a_destruction_whose_answer_was_lost_is_found_done(self, recorder: Recorder) -> None:
        issuer = self.scripted(recorder, retries=0)
        described = {"data": {"secret_id_accessor": "the-accessor", "creation_time": "2026-11-21T03:14:00.5Z"}}
        base = "auth/approle/role/orders/secret-id-accessor"
        recorder.script[f"{base}/lookup"] = [(200, {}, described), (404, {}, {"errors": ["failed to find accessor entry"]})]
        recorder.script[f"{base}/destroy"] = [(500, {}, {"errors": ["failed to find accessor entry"]})]
        issuer.delete(Issued("the-accessor", SecretFields({})))

    @pytest.mark.parametrize("status", [200, 404])
    def test_a_proxys_page_is_not_taken_for_gone(self, recorder: Recorder, status: int) -> None:
        issuer = self.scripted(recorder, retries=0)
        recorder.script["auth/approle/role/orders/secret-id"] = [(status, {}, "<html>maintenance</html>")] * 9
        version = Issued("the-accessor", SecretFields({"role_id": "some-role-id", "secret_id": "the-secret"}))
        calls: list[t.Callable[[], t.Any]] = [lambda: issuer.delete(version), lambda: issuer.last_use(version)]
        calls += [lambda: issuer.stranded(make_attempt(), ()), lambda: issuer.identify(version.fields)]
        for call in calls:
            with pytest.raises(errors.Unreachable, match="not Vault"):
                call()
        assert issuer.verify(version).verdict is Verdict.UNKNOWN

    @pytest.mark.parametrize("status", [200, 400])
    def test_a_proxys_page_is_no_refused_login(self, recorder: Recorder, status: int) -> None:
        issuer = self.scripted(recorder, retries=0)
        described = {"data": {"secret_id_accessor": "the-accessor", "creation_time": "2026-11-21T03:14:00Z"}}
        recorder.script["auth/approle/role/orders/secret-id/lookup"] = [(200, {}, described)]
        recorder.script["auth/approle/login"] = [(status, {}, "<html>maintenance</html>")]
        version = Issued("the-accessor", SecretFields({"role_id": "some-role-id", "secret_id": "the-secret"}))
        assert issuer.verify(version).verdict is Verdict.UNKNOWN

    def test_another_roles_login_is_refused(self, recorder: Recorder) -> None:
        issuer = self.scripted(recorder)
        described = {"data": {"secret_id_accessor": "the-accessor", "creation_time": "2026-11-21T03:14:00Z"}}
        recorder.script["auth/approle/role/orders/secret-id/lookup"] = [(200, {}, described)]
        login = {"auth": {"client_token": "a-token", "metadata": {"role_name": "another"}}}
        recorder.script["auth/approle/login"] = [(200, {}, login)]
        with pytest.raises(errors.Rejected, match="AppRole another"):
            issuer.verify(Issued("the-accessor", SecretFields({"role_id": "some-role-id", "secret_id": "the-secret"})))


def test_the_old_token_stays_when_its_secret_id_is_destroyed(approles: AppRoles) -> None:
    """As docs/issuers/vault_secret_id.md says: retiring cuts nobody off who is logged in."""
    role = approles.create()
    issuer = approles.issuer(role)
    version = issue(issuer)
    login = approles.server.call("POST", "auth/approle/login", version.fields.reveal(), token="")
    issuer.delete(version)
    approles.server.call("GET", "auth/token/lookup-self", token=login["auth"]["client_token"])
    with pytest.raises(urllib.error.HTTPError):
        approles.server.call("POST", "auth/approle/login", version.fields.reveal(), token="")
