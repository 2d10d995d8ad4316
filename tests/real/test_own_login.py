# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that rotates what it logs in with: recognised, refused, and on request done last, without cutting the run off."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.estate import Estate
from ansible_collections.locksmith.rotation.tests.real.fixtures_grafana import make_issuer as make_grafana_issuer
from ansible_collections.locksmith.rotation.tests.real.fixtures_grafana import unique as grafana_name
from ansible_collections.locksmith.rotation.tests.real.fixtures_iam import Iam
from ansible_collections.locksmith.rotation.tests.real.fixtures_postgres import make_issuer, make_role, unique, version
from ansible_collections.locksmith.rotation.tests.real.issuer_makers import MAKERS
from ansible_collections.locksmith.rotation.tests.servers.grafana import GrafanaServer
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto
from ansible_collections.locksmith.rotation.tests.servers.postgres import Postgres

OTHER = Issued("AKIASOMEBODYELSE0000", SecretFields({"access_key_id": "AKIASOMEBODYELSE0000", "secret_access_key": "x"}))


class TestAccessKeys:
    def own(self, iam: Iam) -> Issued:
        key = iam.options["access_key"]
        return Issued(key, SecretFields({"access_key_id": key, "secret_access_key": iam.options["secret_key"]}))

    def test_the_key_that_signs_is_recognised_by_its_id_or_its_value(self, iam: Iam) -> None:
        issuer, own = iam.issuer(), self.own(iam)
        before = list(iam.front.requests)
        assert issuer.own_login([OTHER, own]) == own.id
        assert issuer.own_login([Issued("", own.fields)]) == own.id
        assert issuer.own_login([OTHER]) == ""
        assert issuer.own_login([]) == ""
        assert iam.front.requests == before, "without a request"

    def test_also_where_botocore_finds_it(self, iam: Iam, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
        own = self.own(iam)
        file = tmp_path / "credentials"
        file.write_text(f"[ops]\naws_access_key_id = {own.id}\naws_secret_access_key = s\n", encoding="utf-8")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
        monkeypatch.setattr(aws, "_sessions", {})
        issuer = iam.issuer(access_key=None, secret_key=None, profile="ops")
        assert issuer.own_login([own]) == own.id

    def test_temporary_credentials_of_a_role_are_nobodys_key(self, iam: Iam) -> None:
        issuer = iam.issuer(assume_role_arn="arn:aws:iam::123456789012:role/rotation")
        assert issuer.own_login([self.own(iam)]) == ""


class TestRoles:
    def test_a_role_that_changes_its_own_password_is_one(self, postgres: Postgres) -> None:
        name, password = make_role(postgres, unique("self"))
        value = version(name, password)
        assert name in make_issuer(postgres, name, login_user=name, login_password=password).own_login([value])
        assert make_issuer(postgres, name).own_login([value]) == ""


@pytest.fixture
def estate(moto: Moto, tmp_path: pathlib.Path) -> Estate:
    """Two users: C(rotator), whose published key signs the requests for both, and C(another)."""
    made = Estate(moto, tmp_path, ["rotator", "another"], ["web1"])
    key = moto.client("iam").create_access_key(UserName=made.users["rotator"])["AccessKey"]
    value = json.dumps({"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]})
    moto.client("ssm").put_parameter(Name=f"/{made.mark}/rotator", Value=value, Type="SecureString")
    looked_up = {
        option: "{{ lookup('locksmith.rotation.credential', 'rotator', field='" + field + "') }}"
        for option, field in (("access_key", "access_key_id"), ("secret_key", "secret_access_key"))
    }
    for credential in made.credentials.values():
        credential["credential_options"] = {**credential["credential_options"], **looked_up}
    return made


class TestPlaybook:
    def test_refused_with_the_way_out_and_the_others_are_rotated(self, estate: Estate) -> None:
        first = estate.rotate()
        assert first.status == 0, first.output
        own, other = estate.published_id("rotator"), estate.published_id("another")
        assert estate.key_ids("rotator") == [own], "taken over without rotating it"
        estate.make_due()
        refused = estate.rotate()
        said = " ".join(refused.output.split())
        assert refused.status != 0
        assert f"rotator: {own} is what this run itself logs in with" in said
        assert "credential_own_login: last" in said
        assert estate.key_ids("rotator") == [own], "nothing was done to it"
        assert estate.published_id("another") != other

    def test_last_when_asked_for_and_retired_by_a_run_that_has_the_new_one(self, estate: Estate) -> None:
        estate.rotate()
        own, other = estate.published_id("rotator"), estate.published_id("another")
        estate.credentials["rotator"]["credential_own_login"] = "last"
        estate.make_due()
        ended = estate.rotate("--diff")
        assert ended.status == 0, ended.output
        assert estate.published_id("rotator") != own and estate.published_id("another") != other
        assert ended.output.index("PLAY [Rotate what is due]") < ended.output.index(
            "PLAY [Rotate what the run itself may log in with]"
        )
        early = ended.output.partition("PLAY [Rotate what the run itself")[0].partition("PLAY [Rotate what is due]")[2]
        assert "[another]" in early and "[rotator]" not in early
        assert estate.key_ids("rotator") == [estate.published_id("rotator")], "the lookup gives the retiring play the new key"
        assert estate.has("web1", "rotator", "running") == estate.published_id("rotator")
        estate.make_current()
        again = estate.rotate()
        assert (again.status, again.changed()) == (0, 0), again.output

    def test_a_login_that_was_not_replaced_is_not_cut_off(self, estate: Estate) -> None:
        """As with a key from the environment of a job template: the run goes on with the old one, and the next one too."""
        estate.rotate()
        own = json.loads(self.parameter(estate))
        fixed = {"access_key": own["access_key_id"], "secret_key": own["secret_access_key"]}
        for credential in estate.credentials.values():
            credential["credential_options"] = {**credential["credential_options"], **fixed}
        estate.credentials["rotator"]["credential_own_login"] = "last"
        estate.make_due()
        held = estate.rotate("-e", "rotate_only=rotator")
        assert held.status == 0, held.output
        assert own["access_key_id"] in estate.key_ids("rotator") and len(estate.key_ids("rotator")) == 2
        estate.make_current()
        still = estate.rotate()
        assert still.status == 0, still.output
        assert "this run itself logs in with" in " ".join(still.output.split()), still.output
        assert own["access_key_id"] in estate.key_ids("rotator")
        assert own["secret_access_key"] not in held.output + still.output

    @staticmethod
    def parameter(estate: Estate) -> str:
        found: dict[str, t.Any] = estate.moto.client("ssm").get_parameter(Name=f"/{estate.mark}/rotator", WithDecryption=True)
        return str(found["Parameter"]["Value"])


class TestGrafanaTokens:
    def test_the_token_that_logs_in_is_recognised_by_its_value(self, grafana_12: GrafanaServer) -> None:
        name = grafana_name("self")
        account = grafana_12.create_account(name, "Admin")
        number, secret = grafana_12.create_token(account, grafana_name("token"))
        own = Issued(f"{account}/{number}", SecretFields({"token": secret}))
        other = Issued("1/1", SecretFields({"token": "glsa_other"}))
        asked = grafana_12.state()["requests"]
        issuer = make_grafana_issuer(grafana_12, name, grafana_api_key=secret)
        assert issuer.own_login([other, own]) == own.id
        assert name in issuer.own_login([Issued("", own.fields)])
        assert issuer.own_login([other]) == ""
        assert make_grafana_issuer(grafana_12, name).own_login([own]) == "", "a user's password is another login"
        assert grafana_12.state()["requests"] == asked, "without a request"


@pytest.mark.parametrize("case", ["http-api-gitlab", "http-api-cloudflare", "stripe-managed"])
def test_a_key_of_the_described_api_or_of_stripe_is_known_by_its_value(case: str) -> None:
    """The maker's own login, taken for a version, is recognised; a version that was made just now is not."""
    with MAKERS[case]() as maker:
        issuer = maker.make()
        options = maker.module_options(issuer)
        login = options.get("api_token") or options.get("api_key") or next(iter(options["secret_headers"].values()))
        other = Issued("other", SecretFields({"secret": "0" * 40}))
        assert issuer.own_login([other]) == ""
        assert issuer.own_login([other, Issued("mine", SecretFields({"secret": login}))]) == "mine"
        assert "published" in issuer.own_login([Issued("", SecretFields({"secret": login}))])
        issuer.close()
