# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is special about static roles: no overlap, Vault's own rotation, and a database that does not answer. On a real OpenBao
with a real PostgreSQL behind it."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.vault_static_role import VaultStaticRoleIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.tests.real.fixtures_vault import Recorder
from ansible_collections.locksmith.rotation.tests.real.fixtures_vault_issuers import SETTING, StaticRoles, make_attempt
from ansible_collections.locksmith.rotation.tests.servers.postgres import free_port


def test_the_new_password_logs_in_at_once_and_the_old_one_does_not(static_roles: StaticRoles) -> None:
    role = static_roles.create()
    issuer = static_roles.issuer(role)
    old = issuer.present()
    new = issuer.issue(make_attempt(), None, [])
    assert static_roles.logs_in(new.fields)
    assert not static_roles.logs_in(old.fields)
    assert (new.fields["username"], new.id == old.id) == (role, False)
    assert new.created_at is not None and abs(new.created_at - SETTING.clock.now()) < 60


def test_a_login_is_proof_and_a_look_is_less(static_roles: StaticRoles) -> None:
    role = static_roles.create()
    by_login, by_look = static_roles.issuer(role), static_roles.issuer(role, by_login=False)
    version = by_login.present()
    assert role in by_login.verify(version).identity
    assert "no login was made" in by_look.verify(version).detail
    static_roles.postgres.sql(f"ALTER ROLE {role} PASSWORD 'changed-behind-vaults-back'")
    assert by_login.verify(version).verdict is Verdict.DEAD
    assert by_look.verify(version).verdict is Verdict.ALIVE, "what Vault shows says nothing about the database"


def test_what_vault_replaced_by_itself_is_another_version(static_roles: StaticRoles) -> None:
    role = static_roles.create()
    issuer = static_roles.issuer(role, by_login=False)
    before = issuer.present()
    static_roles.rotate(role)
    assert issuer.verify(before).verdict is Verdict.DEAD
    assert issuer.identify(before.fields) is None
    assert issuer.present().id != before.id


def test_a_database_that_does_not_answer_verifies_nothing(static_roles: StaticRoles) -> None:
    issuer = static_roles.issuer(static_roles.create(), login_port=free_port())
    assert issuer.verify(issuer.present()).verdict is Verdict.UNKNOWN
    with pytest.raises(errors.Unreachable, match="Nothing was changed"):
        issuer.keys()


def test_trust_proves_nothing_and_is_found_before_anything_is_changed(static_roles: StaticRoles) -> None:
    """The role trusting gets in without a password, see the server's pg_hba.conf."""
    roles, name = static_roles, "trusting"
    roles.postgres.sql(f"CREATE ROLE {name} LOGIN")
    body = {"db_name": "orders", "username": name, "rotation_period": 86400}
    roles.server.call("POST", f"{roles.mount}/static-roles/{name}", body)
    issuer = roles.issuer(name)
    before = issuer.present()
    with pytest.raises(errors.Rejected, match="without a password"):
        issuer.keys()
    with pytest.raises(errors.Rejected, match="without a password"):
        issuer.verify(before)
    assert issuer.present().id == before.id


def test_a_rotation_that_vault_cannot_finish_is_an_error(static_roles: StaticRoles) -> None:
    role = static_roles.create()
    issuer = static_roles.issuer(role, by_login=False)
    before = issuer.present()
    static_roles.postgres.sql(f"ALTER ROLE {role} RENAME TO {role}_away")
    with pytest.raises(errors.Unreachable):
        issuer.issue(make_attempt(), None, [])
    assert issuer.present().fields.fingerprint() == before.fields.fingerprint()


def test_missing_rights_are_named_before_anything_is_changed(static_roles: StaticRoles) -> None:
    role = static_roles.create()
    static_roles.server.policy(f"reader-{role}", {f"{static_roles.mount}/static-creds/{role}": ("read",)})
    token = static_roles.server.token(f"reader-{role}")
    with pytest.raises(errors.Denied, match="update on .*rotate-role"):
        static_roles.issuer(role, token=token).keys()


def test_an_authority_that_nobody_looks_at_is_refused(static_roles: StaticRoles) -> None:
    with pytest.raises(errors.ConfigurationError, match="ssl_rootcert"):
        static_roles.issuer("any", ssl_rootcert="/etc/ca.pem")


class TestLostAnswers:
    """Against a recorder that plays Vault."""

    def scripted(self, recorder: Recorder, passwords: t.Sequence[str], status: int) -> VaultStaticRoleIssuer:
        options = {name: spec.get("default") for name, spec in VaultStaticRoleIssuer.OPTIONS.items()}
        options.update(url=recorder.url, token="rotator", role_name="orders")
        shown = [
            {"username": "orders", "password": password, "last_vault_rotation": f"2026-11-21T03:14:0{number}Z"}
            for number, password in enumerate(passwords)
        ]
        recorder.script["database/static-creds/orders"] = [(200, {}, {"data": each}) for each in shown]
        recorder.script["database/rotate-role/orders"] = [(status, {}, {"errors": ["internal"]})] * 9
        return VaultStaticRoleIssuer.create(options, SETTING)

    def test_a_rotation_whose_answer_was_lost_is_found_done(self, recorder: Recorder) -> None:
        issuer = self.scripted(recorder, ["before-the-rotation", "after-the-rotation"], 502)
        assert issuer.issue(make_attempt(), None, []).id == "orders/2026-11-21T03:14:01Z"
        assert len(recorder.at("database/rotate-role")) == 1

    def test_one_that_did_not_happen_is_an_error_without_the_password(self, recorder: Recorder) -> None:
        issuer = self.scripted(recorder, ["the-same-as-ever", "the-same-as-ever"], 502)
        with pytest.raises(errors.Unreachable) as caught:
            issuer.issue(make_attempt(), None, [])
        assert "the-same-as-ever" not in str(caught.value)

    def test_a_yes_without_a_change_is_one_too(self, recorder: Recorder) -> None:
        issuer = self.scripted(recorder, ["the-same-as-ever", "the-same-as-ever"], 204)
        with pytest.raises(errors.Unreachable, match="same password as before"):
            issuer.issue(make_attempt(), None, [])

    def test_a_proxys_page_proves_nothing(self, recorder: Recorder) -> None:
        issuer = self.scripted(recorder, ["before-the-rotation"], 204)
        version = issuer.present()
        recorder.script["database/static-creds/orders"] = [(200, {}, "<html>maintenance</html>")] * 9
        with pytest.raises(errors.Unreachable, match="not Vault"):
            issuer.present()
        assert issuer.verify(version).verdict is Verdict.UNKNOWN

    def test_a_role_of_keys_is_refused(self, recorder: Recorder) -> None:
        issuer = self.scripted(recorder, [], 204)
        shown = {"username": "orders", "rsa_private_key": "-----BEGIN", "last_vault_rotation": "2026-11-21T03:14:00Z"}
        recorder.script["database/static-creds/orders"] = [(200, {}, {"data": shown})]
        with pytest.raises(errors.Rejected, match="no user name with a password"):
            issuer.keys()
