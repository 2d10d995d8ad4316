# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the HTTP API issuer that need no server: templates, places in answers, pages, and what a description may not say."""

from __future__ import annotations

import copy
import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Answer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers import (
    http_api,
    http_api_answer,
    http_api_login,
    http_api_pages,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_answer import MISSING, Condition, Place
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_description import Description
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_pages import Paging
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_template import Template, fill_json, fill_text
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Setting
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock, from_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, Rejected, Unreachable

LISTED: dict[str, t.Any] = {
    "url": "https://api.example.com/v1",
    "identity": "account 1",
    "api_token": "t0ken",
    "create": {"method": "POST", "path": "/keys", "body": {"name": "{name}"}, "id": "id", "secret": "key"},
    "list": {"path": "/keys", "rows": "keys", "id": "id", "name": "name"},
    "verify": {"path": "/me", "headers": {"Authorization": "Bearer {secret}"}},
    "delete": {"method": "DELETE", "path": "/keys/{id}"},
}
SLOTS: dict[str, t.Any] = {
    **{name: LISTED[name] for name in ("url", "identity", "api_token", "verify")},
    "slots": ["a", "b"],
    "check": {"path": "/account"},
    "create": {"method": "POST", "path": "/slots/{slot}", "secret": "key"},
    "delete": {"method": "DELETE", "path": "/slots/{slot}"},
}


def changed(base: dict[str, t.Any], path: str, value: t.Any) -> dict[str, t.Any]:
    """C(base) with the option at C(path) set; None removes it."""
    options = copy.deepcopy(base)
    *outer, last = path.split(".")
    inner = options
    for name in outer:
        inner = inner.setdefault(name, {})
    inner[last] = value
    if value is None:
        del inner[last]
    return options


def make(options: dict[str, t.Any], rotate_after: int = 86400) -> http_api.HttpApiIssuer:
    return http_api.HttpApiIssuer.create(options, Setting("c", rotate_after, 3600, 0, SystemClock()))


# ---- what a description may not say ------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [LISTED, SLOTS])
def test_the_least_that_has_to_be_said(options: dict[str, t.Any]) -> None:
    issuer = make(options)
    assert (issuer.CAN_DISABLE, issuer.LOGINS_NEEDED, issuer.lists_keys) == (False, 1, "list" in options)
    assert issuer.capacity == (0 if "list" in options else 2)


@pytest.mark.parametrize(
    ("base", "path", "value", "words"),
    [
        (LISTED, "create.body", {"name": "{nmae}"}, r"create\.body\.name has the placeholder \{nmae\}"),
        (LISTED, "create.body", {"name": "{name}", "a": [{"b": "{id}"}]}, r"create\.body\.a\[0\]\.b has the placeholder \{id\}"),
        (LISTED, "create.body", {"{name}": "{name}"}, r"the name '\{name\}' in create\.body has"),
        (LISTED, "create.query", {"n": "{slot}"}, r"create\.query\.n has the placeholder \{slot\}"),
        (LISTED, "create.headers", {"X-N": "{secret}"}, r"create\.headers\.X-N has the placeholder \{secret\}"),
        (LISTED, "create.body", {"name": "fixed"}, r"create does not use \{name\}: a key whose creation was interrupted"),
        (LISTED, "create.id", None, r"create\.id is required with list"),
        (LISTED, "create.secret", "a..b", r"create\.secret is 'a\.\.b', which is not a place"),
        (LISTED, "list.id", "a[x]", r"list\.id is 'a\[x\]'"),
        (LISTED, "list.path", "/keys/{name}", r"list\.path has the placeholder \{name\}"),
        (LISTED, "list.active", {"status": ["active"]}, r"list\.active\.status expects a text"),
        (LISTED, "list.paging", {"type": "page"}, r"list\.paging\.parameter is required"),
        (LISTED, "list.paging", {"type": "cursor", "parameter": "c"}, r"list\.paging\.next is required"),
        (LISTED, "list.last_used_resolution", "soon", r"list\.last_used_resolution is 'soon'"),
        (LISTED, "list", None, "described by list or by slots"),
        (LISTED, "slots", ["a", "b"], "described by list or by slots"),
        (LISTED, "verify.headers", {"Authorization": "Bearer fixed"}, r"verify does not use \{secret\}"),
        (LISTED, "verify.path", "/me/{secret}", r"verify\.path has the placeholder \{secret\}"),
        (LISTED, "verify.query", {"key": "{secret}"}, r"verify\.query\.key has the placeholder \{secret\}"),
        (LISTED, "verify.password", "{password}", r"verify\.password has the placeholder \{password\}"),
        (LISTED, "verify.dead", [401, 200], r"verify\.alive and verify\.dead share a status"),
        (LISTED, "verify.logins", 0, r"verify\.logins is less than 1"),
        (LISTED, "verify.url", "ftp://x", r"verify\.url: the server's URL is malformed"),
        (LISTED, "delete.path", "/keys", r"delete does not use \{id\}: it could not be told which key"),
        (LISTED, "delete.path", "/keys/{id}?force=1", r"delete\.path is not the path of a request"),
        (LISTED, "delete.path", "//elsewhere.example.com/{id}", r"delete\.path is not the path of a request"),
        (LISTED, "delete.path", "/keys/../{id}", r"delete\.path is not the path of a request"),
        (LISTED, "delete.path", "/keys/%2E%2e/{id}", r"delete\.path is not the path of a request"),
        (LISTED, "delete.path", "https://elsewhere.example.com/{id}", r"delete\.path is not the path of a request"),
        (LISTED, "delete.headers", {"Host": "elsewhere"}, r"delete\.headers has 'Host'"),
        (LISTED, "delete.headers", {"X-A": "a\r\nX-B: b"}, r"delete\.headers\.X-A has a character"),
        (LISTED, "headers", {"X A": "a"}, "headers has 'X A'"),
        (LISTED, "headers", {"X-A": "{name}"}, r"headers\.X-A has the placeholder"),
        (LISTED, "secret_headers", {"X A": "a"}, "secret_headers has 'X A'"),
        (LISTED, "secret_headers", {"X-A": "a\n"}, "has a character in it that no token has"),
        (LISTED, "api_token", None, "there is no login"),
        (LISTED, "disable", {"path": "/keys/{id}/off"}, "disable and enable belong together"),
        (LISTED, "max_keys", 1, "max_keys is 1"),
        (LISTED, "identity", " ", "identity is empty"),
        (LISTED, "lifetime", "1h", "it would expire while it is in use"),
        (LISTED, "error_message", "a b", "error_message is 'a b'"),
        (SLOTS, "slots", ["a"], "slots names fewer than two"),
        (SLOTS, "slots", ["a", "a"], "slots names fewer than two, one twice"),
        (SLOTS, "slots", ["a", "../b"], "slots names"),
        (SLOTS, "slots", ["a", ".."], "slots names"),
        (SLOTS, "first_slot", "c", "first_slot is 'c', which is none of slots"),
        (SLOTS, "check", None, "slots needs check"),
        (SLOTS, "create.path", "/slots/a", r"create does not use \{slot\}"),
        (SLOTS, "delete.path", "/slots/{id}", r"delete\.path has the placeholder \{id\}"),
        (SLOTS, "delete.path", "/slots/a", r"delete does not use \{slot\}"),
    ],
)
def test_a_mistake_is_named_by_its_place_before_anything_is_sent(
    base: dict[str, t.Any], path: str, value: t.Any, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        make(changed(base, path, value))
    assert caught.value.next_step


def test_a_secret_may_stand_in_a_url_where_that_is_said_and_is_never_shown() -> None:
    options = changed(changed(LISTED, "verify.path", "/me/{secret}"), "verify.secret_in_url", True)
    prepared = Description.read(options).login.call.fill({"id": "1", "secret": "s3cr/et"})
    assert (prepared.path, prepared.shown) == ("/me/s3cr%2Fet", "/me/***")
    assert "s3cr" not in repr(prepared)


# ---- templates -------------------------------------------------------------------------------------------------------


def template(**written: t.Any) -> Template:
    return Template.read("delete", {"path": "/keys/{id}", **written}, ("id", "name", "lifetime_seconds"))


@given(st.text(min_size=1))
def test_no_id_leads_to_another_path(key_id: str) -> None:
    try:
        path = template().fill({"id": key_id}).path
    except (Rejected, UnicodeEncodeError):
        assert key_id in (".", "..") or any(0xD800 <= ord(letter) <= 0xDFFF for letter in key_id)
        return
    assert path.startswith("/keys/") and path.count("/") == 2 and not set(path) & set("?#\\ ")


@pytest.mark.parametrize("key_id", ["", ".", ".."])
def test_an_id_that_would_name_the_parent_is_refused(key_id: str) -> None:
    with pytest.raises(Rejected, match=r"delete\.path would lead elsewhere"):
        template().fill({"id": key_id})


@given(st.text(), st.text())
def test_values_are_never_looked_at_again(one: str, other: str) -> None:
    """A vendor's id that looks like a placeholder stays what it is."""
    assert fill_text("{id}|{name}", {"id": one, "name": other}) == f"{one}|{other}"
    assert json.loads(json.dumps(fill_json({"a": ["{id}", "x{name}"]}, {"id": one, "name": other}))) == {"a": [one, f"x{other}"]}


def test_a_number_stays_one_only_where_it_stands_alone() -> None:
    body = {"ttl": "{lifetime_seconds}", "text": "{lifetime_seconds} s", "n": 7, "b": True, "none": None}
    assert fill_json(body, {"lifetime_seconds": 90}) == {"ttl": 90, "text": "90 s", "n": 7, "b": True, "none": None}


def test_braces_that_are_no_placeholder_stay() -> None:
    assert fill_text('{"a": { id } {ID} {id}', {"id": "1"}) == '{"a": { id } {ID} 1'


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\x00", "\u540d"])
def test_a_value_that_would_break_a_header_is_refused(value: str) -> None:
    with pytest.raises(Rejected, match=r"delete\.headers\.X-Key cannot hold"):
        template(headers={"X-Key": "{id}"}).fill({"id": value})


# ---- places in answers -----------------------------------------------------------------------------------------------

ANSWER = {"result": {"id": 7, "tokens": [{"value": "v"}], "a.b": {"c": None}, "on": True}, "": 1}


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("result.id", 7),
        ("result.tokens[0].value", "v"),
        ('result["a.b"].c', None),
        ('["result"].id', 7),
        (".", ANSWER),
        ("result.tokens[1].value", MISSING),
        ("result.id.more", MISSING),
        ("result[0]", MISSING),
        ("nothing", MISSING),
    ],
)
def test_a_place_is_found_or_missing(written: str, found: t.Any) -> None:
    assert Place.read("x", written).find(ANSWER) is found or Place.read("x", written).find(ANSWER) == found


@pytest.mark.parametrize("written", ["a..b", ".a", "a[", "a[-1]", "a[x]", "a b", "a.", 'a["b'])
def test_what_is_no_place_is_refused(written: str) -> None:
    with pytest.raises(ConfigurationError, match="not a place in an answer"):
        Place.read("create.id", written)


def test_places_are_looked_up_in_json_only() -> None:
    """Never an attribute of a Python object."""
    assert Place.read("x", "__class__.__name__").find(ANSWER) is MISSING


@pytest.mark.parametrize(
    "payload", [{}, {"id": None}, {"id": ""}, {"id": True}, {"id": 1.5}, {"id": ["a"]}, {"id": "a\n"}, {"id": "x" * 600}]
)
def test_an_id_that_cannot_be_one_is_no_id(payload: dict[str, t.Any]) -> None:
    with pytest.raises(Unreachable, match=r"without a usable id at id \(create\.id\)"):
        Place.read("create.id", "id").id(payload, "POST /keys")


@pytest.mark.parametrize(
    ("found", "moment"),
    [
        (None, None),
        ("", None),
        (60, 60.0),
        (60.5, 60.5),
        (1_700_000_000_000, 1_700_000_000.0),
        ("1970-01-01T00:01:00.123456789Z", 60.0),
        ("1970-01-02", 86400.0),
        ("1970-01-01T01:01:00+01:00", 60.0),
    ],
)
def test_moments(found: t.Any, moment: float | None) -> None:
    assert Place.read("x", "at").moment({"at": found}, "GET /") == moment
    assert Place.read("x", "at").moment({}, "GET /") is None


@pytest.mark.parametrize("found", ["yesterday", True, [], {"a": 1}])
def test_what_is_no_moment_is_not_taken_for_never(found: t.Any) -> None:
    with pytest.raises(Unreachable, match="no moment"):
        Place.read("list.last_used_at", "at").moment({"at": found}, "GET /")


@pytest.mark.parametrize(
    ("expected", "payload", "holds"),
    [
        ({"a": True}, {"a": True}, True),
        ({"a": "true"}, {"a": True}, True),
        ({"a": True}, {"a": "true"}, False),
        ({"a": 1}, {"a": True}, False),
        ({"a": 1}, {"a": 1}, True),
        ({"a": None}, {"a": None}, True),
        ({"a": None}, {}, False),
        ({"a": "x", "b": "y"}, {"a": "x", "b": "z"}, False),
        ({"a": "x"}, {"a": {"x": 1}}, False),
        ({}, {}, True),
    ],
)
def test_conditions(expected: dict[str, t.Any], payload: t.Any, holds: bool) -> None:
    assert Condition.read("list.active", expected).holds(payload) is holds


# ---- pages -----------------------------------------------------------------------------------------------------------

PAGES = [[1, 2], [3, 4], [5]]


def listing(
    paging: dict[str, t.Any] | None, answers: t.Callable[[str, dict[str, t.Any]], Answer]
) -> tuple[list[t.Any], list[t.Any]]:
    asked: list[t.Any] = []

    def ask(path: str, query: t.Mapping[str, t.Any]) -> Answer:
        asked.append((path, dict(query)))
        return answers(path, dict(query))

    found = http_api_pages.rows(
        Paging.read("list.paging", paging), ask, Place.read("list.rows", "rows"), "https://api.example.com/v1"
    )
    return list(found), asked


def reply(rows: t.Any, next_url: str = "", **more: t.Any) -> Answer:
    return Answer("GET /keys", 200, {"rows": rows, **more}, next_url=next_url)


def page(number: int) -> list[int]:
    return PAGES[number] if number < len(PAGES) else []


@pytest.mark.parametrize("start", [0, 1])
def test_pages_are_counted_to_an_empty_one(start: int) -> None:
    paging = {"type": "page", "parameter": "p", "size_parameter": "n", "size": 9, "start": start}
    found, asked = listing(paging, lambda path, query: reply(page(query["p"] - start)))
    assert (found, [query["p"] - start for path, query in asked]) == ([1, 2, 3, 4, 5], [0, 1, 2, 3])
    assert all(query["n"] == 9 for path, query in asked)


def test_offsets_follow_what_came_and_not_what_was_asked_for() -> None:
    every = [1, 2, 3, 4, 5]
    found, asked = listing(
        {"type": "offset", "parameter": "o", "size_parameter": "n", "size": 100},
        lambda path, query: reply(every[query["o"] :][:2]),
    )
    assert (found, [query["o"] for path, query in asked]) == (every, [0, 2, 4, 5])


@pytest.mark.parametrize("end", [{}, {"next": None}, {"next": ""}])
def test_cursors_are_followed_to_the_last(end: dict[str, t.Any]) -> None:
    def answer(path: str, query: dict[str, t.Any]) -> Answer:
        number = int(query.get("c", 0))
        return reply(page(number), **({"next": number + 1} if number < 2 else end))

    found, asked = listing({"type": "cursor", "parameter": "c", "next": "next"}, answer)
    assert (found, asked) == ([1, 2, 3, 4, 5], [("", {}), ("", {"c": "1"}), ("", {"c": "2"})])


@pytest.mark.parametrize("kind", ["next_url", "link_header"])
@pytest.mark.parametrize("base", ["https://api.example.com/v1", "/v1"])
def test_links_are_followed_below_the_url(kind: str, base: str) -> None:
    def answer(path: str, query: dict[str, t.Any]) -> Answer:
        number = int(query.get("p", 0))
        link = f"{base}/keys/page?p={number + 1}&x=%26" if number < 2 else ""
        return reply(page(number), next_url=link, link=link)

    found, asked = listing({"type": kind, "next": "link"}, answer)
    assert (found, asked[1:]) == ([1, 2, 3, 4, 5], [("/keys/page", {"p": "1", "x": "&"}), ("/keys/page", {"p": "2", "x": "&"})])


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example.com/v1/keys?p=1",
        "http://api.example.com/v1/keys?p=1",
        "https://api.example.com:444/v1/keys",
        "https://api.example.com@elsewhere.example.com/v1/keys",
        "https://api.example.com/v2/keys",
        "https://api.example.com/v1/../admin",
        "//elsewhere.example.com/v1/keys",
        "https://[",
    ],
)
def test_a_link_to_another_address_is_not_followed(link: str) -> None:
    with pytest.raises(Rejected, match="leads to another address"):
        listing({"type": "next_url", "next": "link"}, lambda path, query: reply([1], link=link))


@pytest.mark.parametrize("paging", [{"type": "page", "parameter": "p"}, {"type": "cursor", "parameter": "c", "next": "next"}])
def test_a_server_that_always_gives_the_same_is_noticed(paging: dict[str, t.Any]) -> None:
    with pytest.raises(Rejected, match="does not end"):
        listing(paging, lambda path, query: reply([1, 2], next="same"))


@pytest.mark.parametrize("rows", [None, {}, "x"])
def test_what_is_no_list_is_not_an_empty_one(rows: t.Any) -> None:
    with pytest.raises(Unreachable, match=r"without a list at rows \(list\.rows\)"):
        listing(None, lambda path, query: reply(rows))


# ---- the rest --------------------------------------------------------------------------------------------------------


@given(st.from_regex(r"[A-Za-z0-9._-]{1,60}", fullmatch=True))
def test_a_strangers_secret_looks_like_one(secret: str) -> None:
    made = http_api_login.stranger(secret)
    kinds = [(letter.isdigit(), letter.islower(), letter.isupper()) for letter in secret]
    assert [(letter.isdigit(), letter.islower(), letter.isupper()) for letter in made] == kinds
    assert len(secret) <= 18 or made[:6] == secret[:6]


def test_a_strangers_secret_is_another_one() -> None:
    assert len({http_api_login.stranger("glpat-aB3xY7mQ9tR2wZ5kL8nP") for dummy in range(50)}) == 50


@pytest.mark.parametrize(
    ("now", "day"),
    [("2026-11-21T03:14:00Z", "2026-11-23"), ("2026-11-21T00:00:00Z", "2026-11-22"), ("2026-12-30T12:00:00Z", "2027-01-01")],
)
def test_a_key_that_ends_at_a_midnight_lives_as_long_as_it_is_needed(now: str, day: str) -> None:
    values = http_api._lifetime_values(from_iso(now), 86400)
    assert values["expires_on"] == day
    assert from_iso(day) >= from_iso(now) + 86400 == from_iso(str(values["expires_at"]))


def test_no_secret_is_in_a_repr() -> None:
    assert "t0ken" not in repr(vars(make(LISTED)))


def test_ids_are_short_enough_for_a_journal() -> None:
    assert http_api_answer._LONGEST_ID <= 512
