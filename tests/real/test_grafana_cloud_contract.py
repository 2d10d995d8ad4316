# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in against the Grafana Cloud API's own description. Nothing is collected where that file is not at hand."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import jsonschema
import pytest

from ansible_collections.locksmith.rotation.tests.servers.grafana_cloud import SLUG, GrafanaCloudServer

CONTRACT = Path(__file__).resolve().parents[3] / "shared" / "contracts" / "grafana-cloud.openapi.json"
__test__ = CONTRACT.is_file()

ACCOUNTS = "/instances/{instanceId}/api/serviceaccounts"
ACCOUNT = ACCOUNTS + "/{serviceAccountId}"
TOKENS = ACCOUNT + "/tokens"
#: What rotation never asks for.
NOT_OURS = {
    ("post", "/v1/accesspolicies"),
    ("get", "/v1/accesspolicies/config"),
    ("post", "/v1/accesspolicies/{id}"),
    ("delete", "/v1/accesspolicies/{id}"),
}
#: Pointers in the stack's Go structure, without omitempty: null where there is none.
NULL_WHEN_EMPTY = ("lastUsedAt", "expiration")


class Exchange(t.NamedTuple):
    method: str
    path: str
    status: int
    body: t.Any


def exchanges(server: GrafanaCloudServer) -> t.Iterator[Exchange]:
    """Every path that rotation uses, with every outcome that it can meet."""

    def ask(method: str, path: str, body: t.Any = None, *, token: str | None = None, query: str = "", **ids: t.Any) -> Exchange:
        real = path.replace("{instanceId}", str(ids.pop("slug", SLUG)))
        for name, one in ids.items():
            real = real.replace("{" + name + "}", str(one))
        region = "?region=us" + query if path.startswith("/v1/") else query
        status, answer = server.ask(method.upper(), "/api" + real + region, body, token=token)
        return Exchange(method, path, status, answer)

    account = ask("post", ACCOUNTS, {"name": "one", "role": "Viewer", "isDisabled": False})
    yield account
    number = {"serviceAccountId": account.body["id"]}
    yield ask("post", ACCOUNTS, {"name": "one", "role": "Viewer"})
    yield ask("get", ACCOUNTS + "/search", query="?query=o&page=1&perpage=10")
    yield ask("get", ACCOUNT, **number)
    made = ask("post", TOKENS, {"name": "t", "secondsToLive": 3600}, **number)
    yield made
    yield ask("post", TOKENS, {"name": "t"}, **number)
    yield ask("get", TOKENS, **number)

    policy = server.create_policy("readers")
    yield ask("get", "/v1/accesspolicies", query="&name=readers")
    yield ask("get", "/v1/accesspolicies/{id}", id=policy)
    token = ask("post", "/v1/tokens", {"accessPolicyId": policy, "name": "one", "expiresAt": "2030-01-01T00:00:00Z"})
    yield token
    yield ask("post", "/v1/tokens", {"accessPolicyId": policy, "name": "one"})
    yield ask("get", "/v1/tokens", query=f"&accessPolicyId={policy}&includeExpired=true&pageSize=5")
    yield ask("get", "/v1/tokens/{id}", id=token.body["id"])
    yield ask("post", "/v1/tokens/{id}", {"expiresAt": "2020-01-01T00:00:00Z"}, id=token.body["id"])
    yield ask("post", "/v1/tokens/{id}", {"expiresAt": None}, id=token.body["id"])

    for weak in (token.body["token"], "glc_nobody"):
        for method, path, body in (
            ("post", ACCOUNTS, {"name": "two", "role": "Viewer"}),
            ("get", ACCOUNTS + "/search", None),
            ("get", ACCOUNT, None),
            ("get", TOKENS, None),
            ("post", TOKENS, {"name": "u"}),
            ("delete", TOKENS + "/{tokenId}", None),
            ("delete", ACCOUNT, None),
            ("get", "/v1/accesspolicies", None),
            ("get", "/v1/accesspolicies/{id}", None),
            ("get", "/v1/tokens", None),
            ("post", "/v1/tokens", {"accessPolicyId": policy, "name": "three"}),
            ("get", "/v1/tokens/{id}", None),
            ("post", "/v1/tokens/{id}", {}),
            ("delete", "/v1/tokens/{id}", None),
        ):
            yield ask(method, path, body, token=weak, tokenId=made.body["id"], id=token.body["id"], **number)
    for _turn in range(2):
        yield ask("delete", TOKENS + "/{tokenId}", tokenId=made.body["id"], **number)
        yield ask("delete", "/v1/tokens/{id}", id=token.body["id"])
    yield ask("get", "/v1/tokens/{id}", id=token.body["id"])
    yield ask("post", "/v1/tokens/{id}", {}, id=token.body["id"])
    yield ask("get", "/v1/accesspolicies/{id}", id="nobody")
    for _turn in range(2):
        yield ask("delete", ACCOUNT, **number)
    for method, path in (("get", ACCOUNT), ("get", TOKENS), ("post", TOKENS)):
        yield ask(method, path, {"name": "w"} if method == "post" else None, **number)
    yield ask("get", ACCOUNTS + "/search", slug="elsewhere")


@pytest.fixture(scope="module")
def description() -> dict[str, t.Any]:
    return json.loads(CONTRACT.read_text())


@pytest.fixture(scope="module")
def seen() -> list[Exchange]:
    with GrafanaCloudServer() as server:
        return list(exchanges(server))


def schema_of(description: dict[str, t.Any], exchange: Exchange) -> dict[str, t.Any]:
    response = description["paths"][exchange.path][exchange.method]["responses"][str(exchange.status)]
    return response.get("content", {}).get("application/json", {}).get("schema", {})


def without_nulls(body: t.Any) -> t.Any:
    if isinstance(body, list):
        return [without_nulls(item) for item in body]
    return {name: value for name, value in body.items() if value is not None or name not in NULL_WHEN_EMPTY}


def nullable(schema: t.Any) -> t.Any:
    """OpenAPI's nullable in the words of JSON Schema."""
    if isinstance(schema, list):
        return [nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    said = {name: nullable(item) for name, item in schema.items()}
    return {**said, "type": [said["type"], "null"]} if said.get("nullable") and isinstance(said.get("type"), str) else said


def test_every_answer_fits_its_schema(description: dict[str, t.Any], seen: list[Exchange]) -> None:
    components = {"components": nullable(description["components"])}
    for exchange in seen:
        jsonschema.Draft4Validator({**nullable(schema_of(description, exchange)), **components}).validate(
            without_nulls(exchange.body)
        )


def test_every_status_is_documented(description: dict[str, t.Any], seen: list[Exchange]) -> None:
    unknown = {
        (exchange.method, exchange.path, exchange.status)
        for exchange in seen
        if str(exchange.status) not in description["paths"][exchange.path][exchange.method]["responses"]
    }
    assert not unknown
    assert {exchange.status for exchange in seen} == {200, 401, 403, 404, 409}


def test_the_items_of_listings_are_what_is_shown_one_by_one(description: dict[str, t.Any], seen: list[Exchange]) -> None:
    schemas = description["components"]["schemas"]
    for path, name in (("/v1/tokens", "AuthToken"), ("/v1/accesspolicies", "AuthAccessPolicy")):
        rows = [row for one in seen if (one.method, one.path, one.status) == ("get", path, 200) for row in one.body["items"]]
        assert rows and all(set(row) <= set(schemas[name]["properties"]) for row in rows)


def test_every_path_that_rotation_uses_was_tried(description: dict[str, t.Any], seen: list[Exchange]) -> None:
    described = {(method, path) for path, methods in description["paths"].items() for method in methods}
    assert described - NOT_OURS == {(exchange.method, exchange.path) for exchange in seen}


def test_a_change_without_a_request_id_is_refused() -> None:
    with GrafanaCloudServer() as server:
        login = {"Authorization": f"Bearer {server.admin_token}"}
        assert (
            server.exchange("POST", f"/api/instances/{SLUG}/api/serviceaccounts", {"name": "n", "role": "Viewer"}, login)[0]
            == 409
        )
