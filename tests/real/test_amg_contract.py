# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for Amazon Managed Grafana, and every request of the issuer, against botocore's own model of the service."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

import botocore.config
import botocore.exceptions
import botocore.session
import pytest

from ansible_collections.locksmith.rotation.tests.real.fixtures_amg import RIGHTS, Amg, make_attempt, unique
from ansible_collections.locksmith.rotation.tests.servers.amg_standin import ROUTES, AmgStandin
from ansible_collections.locksmith.rotation.tests.servers.aws_model import Model, faults_of
from ansible_collections.locksmith.rotation.tests.servers.aws_standin import REGION

MODEL = Model("grafana")
OPERATIONS = sorted(operation for method, path, operation in ROUTES)


@pytest.fixture
def client(amg: Amg) -> t.Iterator[t.Any]:
    """botocore's client, without its retries and its own checks of parameters: the server is what is tested."""
    login = amg.server.login()
    made = botocore.session.Session().create_client(
        "grafana",
        region_name=REGION,
        endpoint_url=amg.server.url,
        aws_access_key_id=login["access_key"],
        aws_secret_access_key=login["secret_key"],
        config=botocore.config.Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )
    yield made
    made.close()


@contextlib.contextmanager
def refused(code: str, status: int) -> t.Iterator[None]:
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        yield
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)


def complaints(server: AmgStandin) -> list[str]:
    return [line for exchange in server.exchanges for line in MODEL.complaints(exchange)]


def ask_for_everything(client: t.Any, server: AmgStandin) -> None:
    """Each operation with each outcome that rotation can meet."""
    which = {"workspaceId": server.main.id}
    server.main.page = 2
    client.describe_workspace(**which)
    account = client.create_workspace_service_account(**which, name="one", grafanaRole="EDITOR")["id"]
    with refused("ConflictException", 409):
        client.create_workspace_service_account(**which, name="one", grafanaRole="VIEWER")
    for name in ("two", "three"):
        client.create_workspace_service_account(**which, name=name, grafanaRole="ADMIN")
    page = client.list_workspace_service_accounts(**which)
    client.list_workspace_service_accounts(**which, nextToken=page["nextToken"], maxResults=100)
    tokens = {**which, "serviceAccountId": account}
    made = [
        client.create_workspace_service_account_token(**tokens, name=name, secondsToLive=60)["serviceAccountToken"]
        for name in ("a", "b", "c")
    ]
    with refused("ConflictException", 409):
        client.create_workspace_service_account_token(**tokens, name="a", secondsToLive=60)
    server.main.grafana.tokens[int(made[0]["id"])].last_used = server.main.grafana.now()
    page = client.list_workspace_service_account_tokens(**tokens)
    client.list_workspace_service_account_tokens(**tokens, nextToken=page["nextToken"])
    client.delete_workspace_service_account_token(**tokens, tokenId=made[0]["id"])
    with refused("ResourceNotFoundException", 404):
        client.delete_workspace_service_account_token(**tokens, tokenId=made[0]["id"])
    with refused("ResourceNotFoundException", 404):
        client.list_workspace_service_account_tokens(**which, serviceAccountId="nobody")
    client.create_workspace_api_key(**which, keyName="key", keyRole="VIEWER", secondsToLive=60)
    with refused("ConflictException", 409):
        client.create_workspace_api_key(**which, keyName="key", keyRole="VIEWER", secondsToLive=60)
    client.delete_workspace_api_key(**which, keyName="key")
    with refused("ResourceNotFoundException", 404):
        client.delete_workspace_api_key(**which, keyName="key")
    with refused("ResourceNotFoundException", 404):
        client.describe_workspace(workspaceId="g-0000000000")
    server.main.token_quota = server.main.key_quota = 0
    with refused("ServiceQuotaExceededException", 402):
        client.create_workspace_service_account_token(**tokens, name="d", secondsToLive=60)
    with refused("ServiceQuotaExceededException", 402):
        client.create_workspace_api_key(**which, keyName="key", keyRole="VIEWER", secondsToLive=60)


def test_every_answer_of_the_stand_in_is_as_the_model_says(amg: Amg, client: t.Any) -> None:
    ask_for_everything(client, amg.server)
    assert sorted(set(amg.server.asked())) == OPERATIONS, "an operation was left out"
    assert complaints(amg.server) == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_injected_refusal_is_one_that_the_model_knows(amg: Amg, client: t.Any, operation: str) -> None:
    parameters: dict[str, t.Any] = {"workspaceId": amg.server.main.id, "serviceAccountId": "1", "tokenId": "1"}
    parameters.update(keyName="one", name="one", keyRole="VIEWER", grafanaRole="VIEWER", secondsToLive=1)
    wanted = {name: parameters[name] for name in MODEL.operation(operation).input_shape.required_members}
    known = {shape.name for shape in MODEL.operation(operation).error_shapes}
    names = [name for name, refusal in amg.server.refusals().items() if refusal.code in known]
    assert {"throttled", "broken", "denied"} <= set(names)
    for name in names:
        amg.server.fail(operation, name)
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            getattr(client, botocore.xform_name(operation))(**wanted)
        assert caught.value.response["Error"]["Code"] == amg.server.refusals()[name].code
    assert complaints(amg.server) == []


@pytest.mark.parametrize(
    ("operation", "member", "more"),
    [
        ("CreateWorkspaceServiceAccountToken", "secondsToLive", {"name": "one", "serviceAccountId": "2"}),
        ("CreateWorkspaceServiceAccountToken", "name", {"secondsToLive": 60, "serviceAccountId": "2"}),
        ("CreateWorkspaceServiceAccount", "name", {"grafanaRole": "VIEWER"}),
        ("CreateWorkspaceApiKey", "keyName", {"keyRole": "VIEWER", "secondsToLive": 60}),
        ("CreateWorkspaceApiKey", "secondsToLive", {"keyRole": "VIEWER", "keyName": "one"}),
        ("ListWorkspaceServiceAccounts", "maxResults", {}),
        ("ListWorkspaceServiceAccountTokens", "maxResults", {"serviceAccountId": "2"}),
    ],
)
def test_limits_are_the_models(amg: Amg, client: t.Any, operation: str, member: str, more: dict[str, t.Any]) -> None:
    """The least and the most are taken; one below and one above are refused."""
    amg.account("first")
    call = getattr(client, botocore.xform_name(operation))
    is_text = MODEL.operation(operation).input_shape.members[member].type_name == "string"
    least, most = (MODEL.limit(operation, member, which) for which in ("min", "max"))
    for size, taken in ((least - 1, False), (least, True), (most, True), (most + 1, False)):
        amg.server.main.grafana.tokens.clear()
        value = "x" * size if is_text else size
        given = {"workspaceId": amg.server.main.id, **more, member: value}
        if taken:
            call(**given)
        else:
            with refused("ValidationException", 400):
                call(**given)
    assert complaints(amg.server) == []


def test_roles_and_workspace_ids_are_the_models(amg: Amg, client: t.Any) -> None:
    which = {"workspaceId": amg.server.main.id}
    for role in MODEL.operation("CreateWorkspaceServiceAccount").input_shape.members["grafanaRole"].enum:
        client.create_workspace_service_account(**which, name=f"the-{role}", grafanaRole=role)
    with refused("ValidationException", 400):
        client.create_workspace_service_account(**which, name="nobody", grafanaRole="NONE")
    with refused("ValidationException", 400):
        client.describe_workspace(workspaceId="monitoring")


def test_a_version_without_service_accounts_refuses_them_and_one_without_api_keys_those(amg: Amg, client: t.Any) -> None:
    old, new = amg.server.workspace("8.4").id, amg.server.workspace("12.1").id
    with refused("ValidationException", 400):
        client.list_workspace_service_accounts(workspaceId=old)
    client.create_workspace_api_key(workspaceId=old, keyName="key", keyRole="VIEWER", secondsToLive=60)
    with refused("ValidationException", 400):
        client.create_workspace_api_key(workspaceId=new, keyName="key", keyRole="VIEWER", secondsToLive=60)
    assert complaints(amg.server) == []


@pytest.mark.parametrize(
    ("wrong", "code"), [("access_key", "UnrecognizedClientException"), ("secret_key", "InvalidSignatureException")]
)
def test_signatures_are_checked(amg: Amg, wrong: str, code: str) -> None:
    login = {**amg.login, wrong: "AKIAEVE0000000000000"}
    made: t.Any = botocore.session.Session().create_client(
        "grafana",
        region_name=REGION,
        endpoint_url=amg.server.url,
        aws_access_key_id=login["access_key"],
        aws_secret_access_key=login["secret_key"],
    )
    with refused(code, 403):
        made.list_workspace_service_account_tokens(workspaceId=amg.server.main.id, serviceAccountId="1/ä", maxResults=5)
    made.close()


@pytest.mark.parametrize("kind", ["service_account", "api_key"])
def test_every_request_of_the_issuer_is_as_the_model_says(kind: str) -> None:
    with AmgStandin("10.4") as server:
        server.main.page = 1
        amg = Amg(server, kind)
        issuer = amg.issuer()
        for _turn in range(2):
            attempt = make_attempt()
            issuer.check_room(issuer.keys(), ())
            version = issuer.issue(attempt, None, ())
            issuer.verify(version)
            issuer.identify(version.fields)
            issuer.last_use(version)
            assert [key.id for key in issuer.stranded(attempt, ())] == [version.id]
        for _turn in range(2):
            issuer.delete(version)
        amg.issuer(service_account=unique("new")).issue(make_attempt(), None, ())
        assert complaints(server) == []
        assert set(server.asked()) == set(RIGHTS[kind]), (
            "the rights of the issuer's page are what it asks for, no more and no less"
        )


def test_the_comparison_itself_finds_fault(amg: Amg, client: t.Any) -> None:
    """Every kind of departure from the model is noticed."""
    client.describe_workspace(workspaceId=amg.server.main.id)
    good = amg.server.exchanges[-1]
    assert MODEL.complaints(good) == []
    workspace = good.reply.body["workspace"]
    departures: list[dict[str, t.Any]] = [
        {"status": "SLEEPING"},
        {"endpoint": ""},
        {"endpoint": 7},
        {"id": "monitoring"},
        {"created": "yesterday"},
        {"dataSources": "CLOUDWATCH"},
        {"dataSources": ["EXCEL"]},
        {"unheard": "of"},
        {"freeTrialConsumed": "no"},
        {"authentication": {}},
    ]
    for changed in departures:
        body = {"workspace": {**workspace, **changed}}
        assert MODEL.complaints(dataclasses.replace(good, reply=dataclasses.replace(good.reply, body=body))), changed
    assert MODEL.complaints(dataclasses.replace(good, reply=dataclasses.replace(good.reply, status=201)))
    assert MODEL.complaints(dataclasses.replace(good, request=dataclasses.replace(good.request, method="POST")))
    assert MODEL.complaints(dataclasses.replace(good, request=dataclasses.replace(good.request, path="/workspace/x")))
    shape = MODEL.operation("CreateWorkspaceApiKey").input_shape
    assert faults_of(
        shape, {"keyName": "x" * 101, "keyRole": "VIEWER", "secondsToLive": True, "workspaceId": "g-1"}, everywhere=True
    )
