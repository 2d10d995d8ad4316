# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in against SendGrid's own API description (C(contracts/sendgrid.json) says where it is from)."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import jsonschema
import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.sendgrid import AUTOMATIC, key_id_of
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.sendgrid_api import HOSTS
from ansible_collections.locksmith.rotation.tests.servers.sendgrid import SendgridServer

CONTRACT = Path(__file__).with_name("contracts") / "sendgrid.json"
KEYS, KEY, SCOPES = "/v3/api_keys", "/v3/api_keys/{api_key_id}", "/v3/scopes"
#: Statuses of rotation's own trouble that SendGrid gives for every request and describes elsewhere.
EVERYWHERE = {429}


class Exchange(t.NamedTuple):
    method: str
    path: str
    status: int
    body: t.Any
    headers: t.Mapping[str, str]


class Asker:
    """Asks the stand-in, and keeps what came back under the description's own path."""

    def __init__(self, server: SendgridServer) -> None:
        self.server = server
        self.seen: list[Exchange] = []

    def ask(
        self, method: str, path: str, body: t.Any = None, *, key: str | None = None, behalf: str = "", query: str = ""
    ) -> t.Any:
        login = self.server.admin_key if key is None else key
        headers = {"Authorization": f"Bearer {login}", **({"on-behalf-of": behalf} if behalf else {})}
        status, answer, said = self.server.exchange(method.upper(), path + query, body, headers)
        template = re.sub(r"(/v3/api_keys)/.+", r"\1/{api_key_id}", path)
        self.seen.append(Exchange(method, template, status, answer, said))
        return answer


def _exchanges(server: SendgridServer) -> list[Exchange]:
    """Every path of the description, with every outcome that rotation can meet."""
    asker = Asker(server)
    ask = asker.ask
    made = ask("post", KEYS, {"name": "one", "scopes": ["mail.send"]})
    weak, one = made["api_key"], f"{KEYS}/{made['api_key_id']}"
    ask("post", KEYS, {"name": "one", "scopes": ["mail.send"]})
    ask("post", KEYS, {"scopes": ["mail.send"]})
    ask("post", KEYS, {"name": "two", "scopes": ["mail.everything"]})
    for query in ("", "?limit=1"):
        ask("get", KEYS, query=query)
    ask("get", one)
    ask("patch", one, {"name": "first"})
    ask("patch", one, {})
    ask("put", one, {"name": "first", "scopes": ["alerts.read"]})
    ask("put", one, {"name": "first", "scopes": []})
    for key in ("", weak, "SG.nobody.knows-this"):
        ask("get", SCOPES, key=key)
        for method, path in (("get", KEYS), ("post", KEYS), ("get", one), ("patch", one), ("put", one), ("delete", one)):
            ask(method, path, {"name": "x", "scopes": ["mail.send"]} if method in ("post", "patch", "put") else None, key=key)
    ask("delete", one)
    for method in ("get", "patch", "put", "delete"):
        ask(method, one, {"name": "x", "scopes": ["mail.send"]} if method in ("patch", "put") else None)
    server.settings(scopes_forbidden=True)
    ask("get", SCOPES, key=ask("post", KEYS, {"name": "blind", "scopes": ["mail.send"]})["api_key"])
    for status in (401, 403, 404):
        server.settings(missing_subuser=status)
        ask("get", KEYS, behalf="nobody")
    server.settings(most_keys=0)
    ask("post", KEYS, {"name": "too-many", "scopes": ["mail.send"]})
    return asker.seen


@pytest.fixture(scope="module")
def contract() -> dict[str, t.Any]:
    return json.loads(CONTRACT.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def seen() -> list[Exchange]:
    with SendgridServer() as server:
        return _exchanges(server)


def described(contract: dict[str, t.Any], exchange: Exchange) -> tuple[dict[str, t.Any] | None, dict[str, t.Any]]:
    """The schema of an answer, None where there is no content, and the description that it refers to."""
    part = contract["scopes" if exchange.path == SCOPES else "api_keys"]
    response = part["paths"][exchange.path][exchange.method]["responses"][str(exchange.status)]
    if "$ref" in response:
        response = part["components"]["responses"][response["$ref"].rpartition("/")[2]]
    content = response.get("content")
    return (content["application/json"]["schema"] if content else None), part


def nullable(schema: t.Any) -> t.Any:
    """OpenAPI's C(nullable) as JSON Schema has it."""
    if isinstance(schema, list):
        return [nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    turned = {name: nullable(value) for name, value in schema.items()}
    return {**turned, "type": [schema["type"], "null"]} if schema.get("nullable") is True else turned


def test_every_answer_fits_its_schema(contract: dict[str, t.Any], seen: list[Exchange]) -> None:
    for exchange in seen:
        schema, part = described(contract, exchange)
        if schema is None:
            assert exchange.body == ""
            continue
        whole = {**nullable(schema), "components": nullable(part["components"])}
        jsonschema.Draft7Validator(whole).validate(exchange.body)


def test_every_path_and_every_method_was_tried(contract: dict[str, t.Any], seen: list[Exchange]) -> None:
    known = {
        (method, path)
        for part in ("api_keys", "scopes")
        for path, methods in contract[part]["paths"].items()
        for method in methods
        if method != "parameters"
    }
    assert known == {(exchange.method, exchange.path) for exchange in seen}
    assert {exchange.status for exchange in seen} == {200, 201, 204, 400, 401, 403, 404}


def test_successes_have_no_field_that_the_description_lacks(contract: dict[str, t.Any], seen: list[Exchange]) -> None:
    for exchange in seen:
        schema, part = described(contract, exchange)
        if exchange.status >= 300 or schema is None:
            continue
        rows, properties = exchange.body, schema
        if "result" in schema.get("properties", {}):
            rows, properties = exchange.body["result"], schema["properties"]["result"]["items"]
        if "$ref" in properties:
            properties = part["components"]["schemas"][properties["$ref"].rpartition("/")[2]]
        for row in rows if isinstance(rows, list) else [rows]:
            assert set(row) <= set(properties["properties"]), (exchange.method, exchange.path)


def test_the_descriptions_own_examples_are_read(contract: dict[str, t.Any]) -> None:
    created = contract["api_keys"]["paths"][KEYS]["post"]["responses"]["201"]["content"]["application/json"]
    example = created["examples"]["response"]["value"]
    assert key_id_of(example["api_key"]) == example["api_key_id"]
    shown = contract["api_keys"]["components"]["schemas"]["ApiKeyScopesResponse"]["example"]["scopes"]
    assert {scope for scope in shown if "." not in scope} <= AUTOMATIC
    assert sorted(HOSTS.values()) == sorted(server["url"] for server in contract["api_keys"]["servers"])


def test_a_limit_is_told_in_the_headers_and_a_429_says_when_it_ends() -> None:
    """As on SendGrid's page about rate limits: no Retry-After, and the moment when the next period begins."""
    with SendgridServer(rate_limit=2, rate_period=86400) as server:
        login = {"Authorization": f"Bearer {server.admin_key}"}
        first, second, third = (server.exchange("GET", SCOPES, None, login) for dummy in range(3))
    assert [first[2]["X-RateLimit-Remaining"], second[2]["X-RateLimit-Remaining"]] == ["1", "0"]
    assert third[0] in EVERYWHERE and third[1] == {"errors": [{"message": "too many requests", "field": None}]}
    assert int(third[2]["X-RateLimit-Reset"]) > 1_700_000_000 and "Retry-After" not in third[2]
