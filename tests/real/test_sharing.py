# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One store for many AWS accounts, with the policies and the catalogue of C(docs/sharing.md) as they stand there."""

from __future__ import annotations

import json
import pathlib
import re
import typing as t

import botocore.exceptions
import pytest
import yaml

from ansible_collections.locksmith.rotation.tests.real.estate import Ended, Estate
from ansible_collections.locksmith.rotation.tests.servers.aws_accounts import AwsAccounts, allows
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

PAGE = pathlib.Path(__file__).absolute().parents[2] / "docs" / "sharing.md"
_EXAMPLE = re.compile(r"<!-- example: (\w+) -->\n```\w+\n(.*?)```", re.DOTALL)
EXAMPLES: dict[str, str] = dict(_EXAMPLE.findall(PAGE.read_text(encoding="utf-8")))
SHARED, TEAM, CONTROL = "111111111111", "222222222222", "333333333333"
REGION, SECRET, JOURNAL = "eu-west-1", "teams/orders/aws", "locksmith/teams/orders/aws"


class Company:
    """The three accounts of the page, set up as it says."""

    def __init__(self, moto: Moto, front: AwsAccounts, top: pathlib.Path) -> None:
        self.moto, self.front = moto, front
        front.role(SHARED, "locksmith-store", EXAMPLES["trust"], EXAMPLES["store"])
        front.role(TEAM, "locksmith-issuer", EXAMPLES["trust"], EXAMPLES["issuer"])
        self.client("iam", front.within(TEAM)).create_user(UserName="orders")
        owner = self.client("secretsmanager", front.within(SHARED))
        self.arn = owner.create_secret(Name=SECRET)["ARN"]
        owner.put_resource_policy(SecretId=SECRET, ResourcePolicy=EXAMPLES["readers"], BlockPublicPolicy=True)
        self.catalogue = yaml.safe_load(EXAMPLES["catalogue"])
        self.estate = Estate(moto, top, [], [])
        self.estate.credentials["orders"] = self.catalogue
        login = {name: value for name, value in front.acting_as(CONTROL, "awx").items() if name != "region"}
        for part in ("credential_options", "credential_store"):
            self.catalogue[part].update(login)

    def client(self, service: str, options: t.Mapping[str, t.Any]) -> t.Any:
        return self.moto.client(service, **{**options, "region": REGION})

    def rotate(self, *arguments: str) -> Ended:
        return self.estate.rotate(*arguments)

    def read(self, secret: str, account: str = TEAM, role: str = "orders-api") -> t.Any:
        """As a workload in another account reads it; the document, or the code of the refusal.

        With the label that AWS takes by itself: without one moto gives what was put last as current, also after the label moved.
        """
        client = self.client("secretsmanager", self.front.acting_as(account, role))
        try:
            return json.loads(client.get_secret_value(SecretId=secret, VersionStage="AWSCURRENT")["SecretString"])
        except botocore.exceptions.ClientError as refusal:
            return refusal.response["Error"]["Code"]

    def keys(self) -> list[str]:
        """The access keys of the team's user."""
        listed = self.client("iam", self.front.within(TEAM)).list_access_keys(UserName="orders")
        return [key["AccessKeyId"] for key in listed["AccessKeyMetadata"]]


@pytest.fixture
def company(tmp_path: pathlib.Path) -> t.Iterator[Company]:
    with Moto() as moto:
        front = AwsAccounts(moto)
        with front:
            yield Company(moto, front, tmp_path)


def test_a_key_of_one_account_is_kept_in_another_and_read_from_the_first(company: Company) -> None:
    first = company.rotate()
    assert first.status == 0, first.output
    value = company.read(company.arn)
    assert set(value) == {"access_key_id", "secret_access_key", "rotated_at"}
    assert company.keys() == [value["access_key_id"]]
    assert company.rotate().changed() == 0

    second = company.rotate("-e", "credential_force=true")
    assert second.status == 0, second.output
    new = company.read(company.arn)
    assert new["access_key_id"] != value["access_key_id"] and company.keys() == [value["access_key_id"], new["access_key_id"]]
    assert value["secret_access_key"] not in first.output and new["secret_access_key"] not in second.output

    journal = company.client("secretsmanager", company.front.within(SHARED)).describe_secret(SecretId=JOURNAL)["ARN"]
    assert company.read(journal) == "AccessDeniedException", "nobody reads the journal from another account"
    assert company.read(company.arn, role="another-api") == "AccessDeniedException"
    assert company.read(company.arn, account=CONTROL) == "AccessDeniedException"
    assert company.read(SECRET) == "ResourceNotFoundException", "a name is looked up in the reader's own account"


@pytest.mark.parametrize("external_id", [None, "locksmith-000000"])
@pytest.mark.parametrize("part", ["credential_options", "credential_store"])
def test_without_the_external_id_nothing_is_done_anywhere(company: Company, part: str, external_id: str | None) -> None:
    company.catalogue[part]["external_id"] = external_id
    if external_id is None:
        del company.catalogue[part]["external_id"]
    refused = company.rotate()
    assert refused.status != 0 and "assume the role" in " ".join(refused.output.split())
    assert company.keys() == []


def test_only_the_role_that_ansible_runs_as_may_assume_them(company: Company) -> None:
    login = company.front.acting_as(CONTROL, "somebody-else")
    for part in ("credential_options", "credential_store"):
        company.catalogue[part].update({name: value for name, value in login.items() if name != "region"})
    assert company.rotate().status != 0 and company.keys() == []


def test_the_policies_of_the_roles_allow_what_a_rotation_asks_for_and_no_more(company: Company) -> None:
    """Every action that arrived in an account is granted there, and every grant was needed (a secret exists, so it was not created)."""
    assert company.rotate().status == 0
    company.catalogue.update(credential_grace="0s", credential_recovery_wait="0s")
    assert company.rotate("-e", "credential_force=true").status == 0
    asked = set(company.front.requests) - {"AssumeRole", "GetCallerIdentity", ""}
    granted = {
        action.partition(":")[2]
        for name in ("store", "issuer")
        for statement in json.loads(EXAMPLES[name])["Statement"]
        for action in statement["Action"]
        if not action.startswith("kms:")
    }
    assert asked == granted


def test_every_policy_of_the_page_is_well_formed_and_names_the_accounts_of_the_page() -> None:
    assert set(EXAMPLES) == {"trust", "store", "issuer", "catalogue", "readers", "key", "reader"}
    for name, text in EXAMPLES.items():
        document = yaml.safe_load(text) if name == "catalogue" else json.loads(text)
        assert set(re.findall(r"\d{12}", json.dumps(document))) - {"000000000000"} <= {SHARED, TEAM, CONTROL}, name
    reader, readers = json.loads(EXAMPLES["reader"]), json.loads(EXAMPLES["readers"])
    assert reader["Statement"][0]["Action"] == readers["Statement"][0]["Action"], "both sides have to agree"


def test_a_deny_wins_and_what_cannot_be_judged_does_not_hold() -> None:
    caller = "arn:aws:iam::222222222222:role/orders-api"
    allow = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222222222222:root"}, "Action": "secretsmanager:Get*"}
    action = "secretsmanager:GetSecretValue"
    assert allows({"Statement": allow}, caller, action, {})
    assert not allows({"Statement": [allow, {**allow, "Effect": "Deny"}]}, caller, action, {})
    assert not allows({"Statement": {**allow, "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}}, caller, action, {})
    assert not allows({"Statement": allow}, "arn:aws:iam::444444444444:role/orders-api", action, {})
