# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key has leaked: both answers on an AWS that refuses inactive keys and on PostgreSQL, and the playbook, by name and by key."""

from __future__ import annotations

import json
import pathlib
import secrets
import time
import typing as t
import urllib.error

import psycopg
import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.iam import IamIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.iam_sessions import LONGEST_SESSION, POLICY_NAME
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.postgresql import PostgresqlIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.vault_secret_id import VaultSecretIdIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import LocksmithError
from ansible_collections.locksmith.rotation.tests.real.documented import Life
from ansible_collections.locksmith.rotation.tests.real.estate import Estate
from ansible_collections.locksmith.rotation.tests.real.fixtures_iam import USER, Iam
from ansible_collections.locksmith.rotation.tests.real.fixtures_postgres import make_role, unique
from ansible_collections.locksmith.rotation.tests.real.fixtures_vault_issuers import AppRoles
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto
from ansible_collections.locksmith.rotation.tests.servers.openbao import OpenBao
from ansible_collections.locksmith.rotation.tests.servers.postgres import Postgres

EMERGENCY = "locksmith.rotation.emergency"
CONTAIN = {"contain": "disable"}


class Deployer:
    """One IAM user whose key has been published, by a manager with the documented rights. Its store is somebody else's business."""

    def __init__(self, iam: Iam) -> None:
        self.iam = iam
        self.path = f"/leak/{secrets.token_hex(4)}"
        store = {**iam.moto.options, "type": "ssm", "name": self.path}
        self.life = Life(IamIssuer, "deployer", {"user_name": USER, **iam.options}, store)
        self.life.call()
        self.leaked = self.published()

    def published(self) -> dict[str, str]:
        found = self.iam.root("ssm").get_parameter(Name=self.path, WithDecryption=True)
        return dict(json.loads(found["Parameter"]["Value"]))

    def works(self, pair: t.Mapping[str, str]) -> bool:
        return self.iam.front.knows(pair["access_key_id"], pair["secret_access_key"])

    def proof(self, host: str) -> dict[str, t.Any]:
        fingerprint = self.life.call()["fingerprint"]
        return {"host": host, "fingerprint": fingerprint, "running": fingerprint, "healthy": True}

    def may_bar_sessions(self) -> None:
        """What docs/emergency.md gives the manager beyond its other rights."""
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": self.bar_rights, "Resource": "*"}]}
        self.iam.root().put_user_policy(UserName="rotation", PolicyName="emergency", PolicyDocument=json.dumps(document))

    bar_rights: t.ClassVar[list[str]] = ["iam:PutUserPolicy", "iam:DeleteUserPolicy"]


@pytest.fixture
def deployer(iam: Iam) -> Deployer:
    return Deployer(iam)


def test_overlap_keeps_the_leaked_key_working_until_every_host_has_the_new_one_and_then_ends_it(deployer: Deployer) -> None:
    foretold = deployer.life.call(check_mode=True, leak={})
    assert (foretold["action"], foretold["changed"], deployer.published()) == ("rotated", True, deployer.leaked)
    assert deployer.life.call(leak={})["action"] == "rotated"
    assert deployer.works(deployer.leaked) and deployer.works(deployer.published())
    waiting = {"host": "web2", "detail": "unreachable"}
    held = deployer.life.call(state="retired", grace="24h", consumers=[deployer.proof("web1"), waiting])
    assert held["waiting_for"] == ["web2 (unreachable)"] and deployer.works(deployer.leaked)
    done = deployer.life.call(
        state="retired", grace="24h", recovery_wait="7d", consumers=[deployer.proof("web1"), deployer.proof("web2")]
    )
    assert done["action"] == "disabled" and not deployer.works(deployer.leaked) and deployer.works(deployer.published())
    assert done["leaked"] == [deployer.leaked["access_key_id"]]


def test_contained_the_key_is_dead_before_there_is_a_new_one_and_a_plain_run_finishes_what_failed(deployer: Deployer) -> None:
    deployer.iam.front.fail("CreateAccessKey", "denied")
    with pytest.raises(LocksmithError):
        deployer.life.call(leak=CONTAIN)
    assert not deployer.works(deployer.leaked) and deployer.published() == deployer.leaked, "the outage that was accepted"
    assert deployer.life.call(state="retired", consumers=[])["state"] == "contained"
    finished = deployer.life.call()
    assert finished["action"] == "rotated" and deployer.works(deployer.published()) and not deployer.works(deployer.leaked)
    assert finished["state"] == "disabled" and [event["event"] for event in finished["history"]].count("contain") == 1
    assert deployer.life.call(state="rolled_back", reason="manual")["action"] == "rolled_back"
    assert deployer.works(deployer.leaked) and deployer.published()["access_key_id"] == deployer.leaked["access_key_id"]


def test_a_foreign_key_is_never_touched_although_it_is_in_the_way(deployer: Deployer) -> None:
    foreign = deployer.iam.root().create_access_key(UserName=USER)["AccessKey"]
    theirs = {"access_key_id": foreign["AccessKeyId"], "secret_access_key": foreign["SecretAccessKey"]}
    asked = deployer.life.call(leak={**CONTAIN, "version_ids": [foreign["AccessKeyId"]]})
    assert (asked["action"], asked["changed"]) == ("none", False) and "no version that the journal records" in asked["why"]
    with pytest.raises(LocksmithError, match="never touched"):
        deployer.life.call(leak=CONTAIN)
    assert not deployer.works(deployer.leaked) and deployer.works(theirs)


def test_temporary_credentials_of_before_are_denied_and_the_policy_goes_when_they_are_over(deployer: Deployer) -> None:
    refused = deployer.life.call(leak=CONTAIN)
    assert any("NOT ended" in note and "iam:PutUserPolicy" in note for note in refused["notes"]), refused["notes"]
    deployer.may_bar_sessions()
    deployer.leaked = deployer.published()
    before = time.time()
    done = deployer.life.call(leak={**CONTAIN, "delete_at_once": True})
    assert any(POLICY_NAME in note for note in done["notes"]), done["notes"]
    document = deployer.iam.root().get_user_policy(UserName=USER, PolicyName=POLICY_NAME)["PolicyDocument"]
    (statement,) = document["Statement"]
    moment = statement["Condition"]["DateLessThan"]["aws:TokenIssueTime"]
    assert (statement["Effect"], statement["Action"], statement["Resource"]) == ("Deny", "*", "*")
    assert before - 2 < _epoch(moment) <= time.time() + 2
    issuer = deployer.iam.issuer()
    issuer.lift_bar()
    issuer.lift_bar()
    assert deployer.iam.root().list_user_policies(UserName=USER)["PolicyNames"] == []
    assert LONGEST_SESSION == 36 * 3600


def test_the_right_that_was_missing_is_used_when_the_leaked_key_is_deleted(deployer: Deployer) -> None:
    deployer.life.call(leak={})
    proofs = [deployer.proof("web1"), deployer.proof("web2")]
    off = deployer.life.call(state="retired", recovery_wait="7d", consumers=proofs)
    assert off["action"] == "disabled" and any("NOT ended" in note for note in off["notes"]), off["notes"]
    deployer.may_bar_sessions()
    gone = deployer.life.call(state="retired", recovery_wait="0s", consumers=proofs)
    assert gone["action"] == "deleted" and any(POLICY_NAME in note for note in gone["notes"]), gone["notes"]
    assert deployer.iam.root().list_user_policies(UserName=USER)["PolicyNames"] == [POLICY_NAME]


def _epoch(moment: str) -> float:
    return time.mktime(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone


class Orders:
    """A PostgreSQL role of either strategy, published in SSM."""

    def __init__(self, server: Postgres, moto: Moto, strategy: str, **more: t.Any) -> None:
        self.server, self.moto = server, moto
        base, self.path = unique("leak"), f"/leak/{secrets.token_hex(4)}"
        for name in [base] if strategy == "single_user" else [f"{base}_blue", f"{base}_green"]:
            make_role(server, name)
        login = {"login_host": server.host, "login_port": server.port, "login_user": server.admin_user}
        options = {
            **login,
            "login_password": server.admin_password,
            "role": base,
            "strategy": strategy,
            "ssl_mode": "disable",
            **more,
        }
        self.life = Life(PostgresqlIssuer, "orders", options, {**moto.options, "type": "ssm", "name": self.path})
        self.life.call()
        self.leaked = self.published()

    def published(self) -> dict[str, str]:
        return dict(json.loads(self.moto.client("ssm").get_parameter(Name=self.path, WithDecryption=True)["Parameter"]["Value"]))

    def logs_in(self, pair: t.Mapping[str, str]) -> bool:
        return self.server.logs_in(pair["username"], pair["password"])

    def connect(self) -> psycopg.Connection[t.Any]:
        pair = self.published()
        return psycopg.connect(**self.server.dsn(pair["username"], pair["password"]), autocommit=True)


def lives(connection: psycopg.Connection[t.Any]) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


@pytest.mark.parametrize("postgres", [18], indirect=True)
@pytest.mark.parametrize("strategy", ["single_user", "alternating_users"])
def test_contained_a_role_lets_nobody_in_and_its_connections_are_ended(postgres: Postgres, moto: Moto, strategy: str) -> None:
    orders = Orders(postgres, moto, strategy)
    with orders.connect() as thief:
        done = orders.life.call(leak=CONTAIN)
        assert not lives(thief), "an open connection outlives NOLOGIN and a new password"
    assert done["action"] == "rotated" and any("1 open connections" in note for note in done["notes"]), done["notes"]
    assert not orders.logs_in(orders.leaked) and orders.logs_in(orders.published())


@pytest.mark.parametrize("postgres", [18], indirect=True)
def test_overlap_ends_connections_of_before_and_spares_those_of_hosts_that_have_moved(postgres: Postgres, moto: Moto) -> None:
    orders = Orders(postgres, moto, "single_user")
    with orders.connect() as thief:
        orders.life.call(leak={})
        assert lives(thief)
        time.sleep(0.05)
        with orders.connect() as moved:
            fingerprint = orders.life.call()["fingerprint"]
            proof = {"host": "web1", "fingerprint": fingerprint, "running": fingerprint, "healthy": True}
            assert orders.life.call(state="retired", consumers=[proof])["action"] == "deleted"
            assert not lives(thief) and lives(moved)


@pytest.mark.parametrize("postgres", [18], indirect=True)
def test_connections_that_may_not_be_ended_are_named_with_the_right_that_is_missing(postgres: Postgres, moto: Moto) -> None:
    rotator, password = make_role(postgres, more="CREATEROLE")
    orders = Orders(postgres, moto, "single_user")
    postgres.sql(f'GRANT "{orders.leaked["username"]}" TO "{rotator}" WITH ADMIN OPTION, INHERIT FALSE, SET FALSE')
    with orders.connect() as open_still:
        done = orders.life.call(leak=CONTAIN, login_user=rotator, login_password=password)
        assert lives(open_still) and not orders.logs_in(orders.leaked)
    assert any("NOT ended" in note and f'GRANT pg_signal_backend TO "{rotator}"' in note for note in done["notes"]), done["notes"]


def test_tokens_of_a_leaked_secret_id_are_revoked_and_no_others(approles: AppRoles, moto: Moto) -> None:
    role, path = approles.create(), f"/leak/{secrets.token_hex(4)}"
    server, store = approles.server, {**moto.options, "type": "ssm", "name": path}
    life = Life(VaultSecretIdIssuer, "orders", {"url": server.url, "token": server.root_token, "role_name": role}, store)
    life.call(leak=None)
    theirs = dict(json.loads(moto.client("ssm").get_parameter(Name=path, WithDecryption=True)["Parameter"]["Value"]))
    other = {"role_id": theirs["role_id"], "secret_id": approles.by_hand(role)["secret_id"]}
    stolen, foreign = (_token(server, {name: pair[name] for name in ("role_id", "secret_id")}) for pair in (theirs, other))
    refused = life.call(leak={})
    assert refused["action"] == "rotated" and _is_alive(server, stolen)
    proof = {"host": "web1", "fingerprint": refused["fingerprint"], "running": refused["fingerprint"], "healthy": True}
    done = life.call(state="retired", consumers=[proof])
    assert done["action"] == "deleted" and "1 tokens that were got with the secret id were revoked" in done["notes"]
    assert not _is_alive(server, stolen) and _is_alive(server, foreign)


def _token(server: OpenBao, pair: t.Mapping[str, str]) -> str:
    return str(server.call("POST", "auth/approle/login", dict(pair), token="")["auth"]["client_token"])


def _is_alive(server: OpenBao, token: str) -> bool:
    try:
        server.call("GET", "auth/token/lookup-self", token=token)
    except urllib.error.HTTPError:
        return False
    return True


@pytest.fixture
def estate(moto: Moto, tmp_path: pathlib.Path) -> Estate:
    estate = Estate(moto, tmp_path, ["deployer", "backup"], ["web1", "web2"])
    for credential in estate.credentials.values():
        credential["credential_grace"] = credential["credential_recovery_wait"] = "24h"
    return estate


def test_the_playbook_by_key_and_by_name_without_a_host_and_with_a_key_that_nobody_has(estate: Estate) -> None:
    for name, credential in estate.credentials.items():
        Life(IamIssuer, name, credential["credential_options"], credential["credential_store"]).call()
    old = {name: estate.published_id(name) for name in estate.users}
    estate.credentials["unreadable"] = {**estate.credentials["deployer"], "credential_store": {"type": "ssm"}}
    bob = f"{estate.mark}-bob"
    estate.moto.client("iam").create_user(UserName=bob)
    foreign = estate.moto.client("iam").create_access_key(UserName=bob)["AccessKey"]["AccessKeyId"]

    unknown = estate.run(EMERGENCY, "-e", f"emergency_key_id={foreign}", "-e", "reason=leak")
    assert unknown.status != 0 and unknown.changed() == 0, unknown.output
    assert f"{foreign}: no journal of the catalogue has it" in " ".join(unknown.output.split())
    assert f"{foreign} is a key of iam user {bob}" in " ".join(unknown.output.split())
    assert "could not be asked: unreadable: " in unknown.output and "of those that could be read" in unknown.output

    both = f"emergency_key_id={old['deployer']},{foreign}"
    by_key = estate.run(EMERGENCY, "-e", both, "-e", "emergency_mode=contain_first")
    assert by_key.status != 0 and f"{foreign}: no journal of the catalogue has it, and nothing was done" in by_key.output
    assert by_key.output.count("FAILED!") == 2, "that, and the journal that cannot be read"
    new = estate.published_id("deployer")
    assert estate.key_ids("deployer") == [new] and new != old["deployer"]
    assert {estate.has(machine, "deployer", "running") for machine in ("web1", "web2")} == {new}
    assert f"{old['deployer']} is disabled while it is published" in " ".join(by_key.output.split())
    assert estate.published_id("backup") == old["backup"] and estate.key_ids("backup") == [old["backup"]], "only what leaked"

    estate.cut_off("web2")
    held = estate.run(EMERGENCY, "-e", "rotate_only=backup", "-e", "reason=leak")
    assert held.status != 0 and old["backup"] in estate.key_ids("backup"), held.output
    assert f"{old['backup']} leaked and is not ended yet (web2 (unreachable))" in " ".join(held.output.split())
    estate.run(EMERGENCY, "-e", "rotate_only=backup", "-e", "emergency_without=web2")
    assert estate.key_ids("backup") == [estate.published_id("backup")] and estate.published_id("backup") != old["backup"]


def test_the_playbook_changes_nothing_where_it_is_not_clear_what_is_meant(estate: Estate) -> None:
    for wrong in (["-e", "rotate_only=backup", "-e", "emergency_key_id=AKIAX"], ["-e", "rotate_only=all"]):
        refused = estate.run(EMERGENCY, *wrong)
        assert refused.status != 0 and refused.changed() == 0 and "Nothing was changed anywhere" in refused.output
    assert estate.key_ids("deployer") == []
    estate.credentials.clear()
    empty = estate.run(EMERGENCY, "-e", "rotate_only=backup")
    assert empty.status != 0 and "has no group credentials" in empty.output
