# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in against Grafana 9.4's own API description. Nothing is collected where that file is not at hand."""

from __future__ import annotations

import json
import struct
import typing as t
import zlib
from pathlib import Path

import jsonschema
import pytest

from ansible_collections.locksmith.rotation.tests.servers.grafana import GrafanaServer

CONTRACT = Path(__file__).resolve().parents[3] / "shared" / "contracts" / "grafana-9.4.swagger.json"
__test__ = CONTRACT.is_file()

ACCOUNT, TOKENS = "/serviceaccounts/{serviceAccountId}", "/serviceaccounts/{serviceAccountId}/tokens"
TOKEN = TOKENS + "/{tokenId}"
#: Statuses that Grafana's handlers give and its description leaves out.
UNDOCUMENTED = {
    ("delete", ACCOUNT, 404): "the account is looked up first: serviceaccounts.ErrNotFound",
    ("get", TOKENS, 404): "the account is looked up first: serviceaccounts.ErrNotFound",
}
#: The description says one token; the handler makes a list of them.
REALLY_A_LIST = {("get", TOKENS)}
#: The description says the short form of an account; the handler gives the long one (ServiceAccountProfileDTO).
REALLY_A_PROFILE = {("get", ACCOUNT)}
#: Pointers in the Go structure, without omitempty: null where there is none.
NULL_WHEN_EMPTY = ("lastUsedAt", "expiration")


class Exchange(t.NamedTuple):
    method: str
    path: str
    status: int
    body: t.Any


def exchanges(server: GrafanaServer) -> t.Iterator[Exchange]:
    """Every path of the description, with every outcome that rotation can meet."""

    def ask(method: str, path: str, body: t.Any = None, *, token: str | None = None, **numbers: int) -> Exchange:
        real = path
        for name, number in numbers.items():
            real = real.replace("{" + name + "}", str(number))
        status, answer = server.ask(method.upper(), "/api" + real, body, token=token)
        return Exchange(method, path.partition("?")[0], status, answer)

    account = ask("post", "/serviceaccounts", {"name": "one", "role": "Viewer"})
    yield account
    number = {"serviceAccountId": account.body["id"]}
    yield ask("post", "/serviceaccounts", {"name": "one", "role": "Viewer"})
    yield ask("post", "/serviceaccounts", {"name": "two", "role": "Everything"})
    yield ask("get", "/serviceaccounts/search?query=o&page=1&perpage=10")
    yield ask("get", ACCOUNT, **number)
    yield ask("patch", ACCOUNT, {"role": "Editor"}, **number)
    made = ask("post", TOKENS, {"name": "t", "secondsToLive": 3600}, **number)
    yield made
    yield ask("post", TOKENS, {"name": "t"}, **number)
    yield ask("post", TOKENS, {"name": "u", "secondsToLive": -1}, **number)
    yield ask("get", TOKENS, **number)
    weak, nobody = made.body["key"], "glsa_" + "a" * 32 + "_00000000"
    for token in (weak, nobody):
        yield ask("post", "/serviceaccounts", {"name": "three", "role": "Viewer"}, token=token)
        yield ask("get", "/serviceaccounts/search", token=token)
        yield ask("get", ACCOUNT, token=token, **number)
        yield ask("patch", ACCOUNT, {"role": "Admin"}, token=token, **number)
        yield ask("get", TOKENS, token=token, **number)
        yield ask("post", TOKENS, {"name": "v"}, token=token, **number)
        yield ask("delete", TOKEN, token=token, tokenId=made.body["id"], **number)
        yield ask("delete", ACCOUNT, token=token, **number)
        yield ask("get", "/auth/keys", token=token)
        yield ask("post", "/auth/keys", {"name": "k"}, token=token)
        yield ask("delete", "/auth/keys/{id}", token=token, id=1)
    yield ask("delete", TOKEN, tokenId=made.body["id"], **number)
    yield ask("delete", TOKEN, tokenId=made.body["id"], **number)
    yield ask("delete", ACCOUNT, **number)
    for method, path, body in (("get", ACCOUNT, None), ("patch", ACCOUNT, {}), ("delete", ACCOUNT, None), ("get", TOKENS, None)):
        yield ask(method, path, body, **number)
    yield ask("post", TOKENS, {"name": "w"}, **number)
    key = ask("post", "/auth/keys", {"name": "k", "role": "Viewer", "secondsToLive": 60})
    yield key
    yield ask("post", "/auth/keys", {"name": "k", "role": "Viewer"})
    yield ask("get", "/auth/keys")
    yield ask("delete", "/auth/keys/{id}", id=key.body["id"])
    yield ask("delete", "/auth/keys/{id}", id=key.body["id"])


@pytest.fixture(scope="module")
def description() -> dict[str, t.Any]:
    return json.loads(CONTRACT.read_text())


@pytest.fixture(scope="module")
def seen() -> list[Exchange]:
    with GrafanaServer("9.4") as server:
        return list(exchanges(server))


def schema_of(description: dict[str, t.Any], exchange: Exchange) -> dict[str, t.Any]:
    """The schema that the description gives for an answer; an error's where it leaves the status out."""
    if (exchange.method, exchange.path, exchange.status) in UNDOCUMENTED:
        return {"$ref": "#/definitions/ErrorResponseBody"}
    if (exchange.method, exchange.path) in REALLY_A_PROFILE and exchange.status == 200:
        return {"$ref": "#/definitions/ServiceAccountProfileDTO"}
    response = description["paths"][exchange.path][exchange.method]["responses"][str(exchange.status)]
    schema = description["responses"][response["$ref"].rpartition("/")[2]]["schema"]
    wanted_list = (exchange.method, exchange.path) in REALLY_A_LIST and exchange.status == 200
    return {"type": "array", "items": schema} if wanted_list else schema


def without_nulls(body: t.Any) -> t.Any:
    if isinstance(body, list):
        return [without_nulls(item) for item in body]
    return {name: value for name, value in body.items() if value is not None or name not in NULL_WHEN_EMPTY}


def test_every_answer_fits_its_schema(description: dict[str, t.Any], seen: list[Exchange]) -> None:
    for exchange in seen:
        schema = {**schema_of(description, exchange), "definitions": description["definitions"]}
        jsonschema.Draft4Validator(schema).validate(without_nulls(exchange.body))


def test_successes_have_no_field_that_the_description_lacks(description: dict[str, t.Any], seen: list[Exchange]) -> None:
    for exchange in seen:
        if exchange.status >= 300:
            continue
        schema = schema_of(description, exchange)
        name = (schema.get("items") or schema).get("$ref", "").rpartition("/")[2]
        known = (description["definitions"][name] if name else schema)["properties"]
        rows = exchange.body if isinstance(exchange.body, list) else [exchange.body]
        assert not {field for row in rows for field in row} - set(known), (exchange.method, exchange.path)


def test_every_status_is_documented_or_explained(description: dict[str, t.Any], seen: list[Exchange]) -> None:
    unknown = {
        (exchange.method, exchange.path, exchange.status)
        for exchange in seen
        if str(exchange.status) not in description["paths"][exchange.path][exchange.method]["responses"]
    }
    assert unknown == set(UNDOCUMENTED)


def test_every_path_of_the_description_was_tried(description: dict[str, t.Any], seen: list[Exchange]) -> None:
    described = {(method, path) for path, methods in description["paths"].items() for method in methods}
    assert described == {(exchange.method, exchange.path) for exchange in seen}
    assert {exchange.status for exchange in seen} == {200, 201, 400, 401, 403, 404, 409}


def test_the_example_token_of_the_description_has_the_checksum_that_is_made_here(description: dict[str, t.Any]) -> None:
    body, dummy, checksum = description["definitions"]["NewApiKeyResult"]["properties"]["key"]["example"].rpartition("_")
    assert struct.pack("<I", zlib.crc32(body.encode())).hex() == checksum
