# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written in a format is what its readers read back, and what is not ours stays as it is."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import typing as t

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.formats import FORMATS
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.interface import Place
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.whole import quote_env
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected

_ANY = st.text(st.characters(exclude_categories=["Cs"]))
_LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])).map(str.strip)
_ENV = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n")).filter(lambda text: "\x7f" not in text)
_PLACE = Place(title="orders-db", section="db", host="db1", port="5432", database="orders")


def _nobody(part: str) -> bool:
    return False


def _render(form: str, values: t.Mapping[str, str], existing: str = "", place: Place = _PLACE) -> str:
    return FORMATS[form].render(existing, values, place, _nobody)


def _read_as_systemd(text: str) -> str:
    """The value part of an assignment, as parse_env_file_internal in systemd's basic/env-file.c reads it."""
    state, found = "pre", ""
    for char in text:
        if state in ("pre", "value") and char == "\n":
            return found
        if state == "pre" and char in "'\"\\":
            state = {"'": "single", '"': "double", "\\": "escape"}[char]
        elif state == "pre" and char.isspace():
            continue
        elif state in ("pre", "value") or state == "escape":
            state, found = "value", found + char
        elif state == "single":
            state, found = ("pre", found) if char == "'" else (state, found + char)
        elif state == "double" and char in '"\\':
            state = "pre" if char == '"' else "double escape"
        elif state == "double":
            found += char
        else:
            state, found = "double", found + (char if char in '"\\`$' else "\\" + char)
    raise ValueError("not closed")


@given(_ENV)
def test_systemd_reads_an_environment_value_back(value: str) -> None:
    assert _read_as_systemd(quote_env("A", value) + "\n") == value


@settings(max_examples=40, deadline=None)
@given(_ENV)
def test_a_shell_reads_an_environment_value_back(value: str) -> None:
    script = _render("env", {"A": value}) + 'printf %s "$A"'
    assert subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout == value.encode()


@pytest.mark.parametrize("value", ["a\0b", "a\rb", "\x1b[0m", "\x7f"])
def test_an_environment_file_refuses_what_systemd_would_drop(value: str) -> None:
    with pytest.raises(Rejected) as error:
        quote_env("A", value)
    assert value not in str(error.value)


def test_an_environment_file_refuses_a_name_that_is_none() -> None:
    with pytest.raises(Rejected):
        _render("env", {"A-B": "x"})


@given(st.dictionaries(st.text(min_size=1), _ANY))
def test_json_reads_back(values: dict[str, str]) -> None:
    assert json.loads(_render("json", values)) == values


@given(st.dictionaries(_ANY.filter(bool), _ANY, min_size=1))
def test_yaml_reads_back(values: dict[str, str]) -> None:
    assert yaml.safe_load(_render("yaml", values)) == values


@given(_ANY)
def test_raw_is_the_value_and_nothing_else(value: str) -> None:
    assert _render("raw", {"any": value}) == value


def test_raw_refuses_two_fields() -> None:
    with pytest.raises(Rejected):
        _render("raw", {"a": "1", "b": "2"})


@given(_LINE, _LINE, _LINE)
def test_ini_reads_back_and_keeps_the_rest(old: str, new: str, other: str) -> None:
    before = f"# kept\n[other]\npassword = {other}\n\n[db]\n; kept too\nhost=db1\npassword: {old}\n[last]\nx = 1\n"
    after = _render("ini", {"password": new, "user": "u"}, before)
    parser = configparser.RawConfigParser(strict=True)
    parser.read_string(after)
    assert parser["db"]["password"] == new and parser["db"]["user"] == "u" and parser["db"]["host"] == "db1"
    assert after.replace(f"password: {new}\n", f"password: {old}\n").replace("user = u\n", "") == before or old == "user = u"


@given(_LINE)
def test_ini_written_twice_is_the_same(value: str) -> None:
    once = _render("ini", {"password": value}, "[a]\nx=1")
    assert _render("ini", {"password": value}, once) == once


def test_ini_makes_a_section_in_a_new_file_and_in_one_without_a_last_newline() -> None:
    assert _render("ini", {"k": "v"}) == "[db]\nk = v\n"
    assert _render("ini", {"k": "v"}, "[a]\nx=1") == "[a]\nx=1\n\n[db]\nk = v\n"


def test_ini_keeps_the_line_ends_of_windows() -> None:
    assert _render("ini", {"k": "v", "n": "w"}, "[db]\r\nk=old\r\n[z]\r\n") == "[db]\r\nk=v\r\nn = w\r\n[z]\r\n"


def test_ini_replaces_every_line_that_a_reader_could_take() -> None:
    assert "old" not in _render("ini", {"k": "v"}, "[db]\nk=old\nK = old\n[x]\n[db]\nk=old\n")


@pytest.mark.parametrize("value", ["a\nb", " a", "a ", "a\rb", "a\0"])
def test_ini_refuses_what_it_cannot_carry(value: str) -> None:
    with pytest.raises(Rejected) as error:
        _render("ini", {"k": value})
    assert repr(value) not in str(error.value)


def test_ini_does_not_guess_at_a_continued_value() -> None:
    with pytest.raises(Rejected, match="line 3"):
        _render("ini", {"k": "v"}, "[db]\nk = old\n  rest of old\n")


def test_a_part_of_an_ini_file_changes_with_our_keys_only() -> None:
    form = FORMATS["ini"]
    before = form.parts("[db]\nk = v\nother = 1\n", ["k"], _PLACE)
    assert form.parts("# c\n[a]\nk=w\n[db]\nother = 2\nk=v\n", ["k"], _PLACE) == before
    assert form.parts("[db]\nk = w\n", ["k"], _PLACE) != before
    assert form.parts("[db]\nother = 2\n", ["k"], _PLACE) == []


def test_a_profile_loses_the_session_token_of_the_key_before() -> None:
    before = (
        "[p]\naws_access_key_id = a\naws_secret_access_key = b\naws_session_token = c\nregion = r\n[q]\naws_session_token = d\n"
    )
    place = Place(section="p")
    after = _render("aws_credentials", {"aws_access_key_id": "A", "aws_secret_access_key": "B"}, before, place)
    assert after == "[p]\naws_access_key_id = A\naws_secret_access_key = B\nregion = r\n[q]\naws_session_token = d\n"


def _libpq_password(text: str, wanted: tuple[str, str, str, str]) -> str | None:
    """The password that passwordFromFile of libpq finds: the first line whose four fields are equal or a star."""
    for line in text.split("\n"):
        if not line or line.startswith("#"):
            continue
        fields = [re.sub(r"\\(.)", r"\1", part) for part in re.findall(r"(?:^|:)((?:[^:\\]|\\.)*)", line, re.DOTALL)]
        if len(fields) >= 5 and all(have in ("*", want) for have, want in zip(fields, wanted)):
            return fields[4]
    return None


_PGPASS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(lambda text: "\x7f" not in text)


@given(_PGPASS, _PGPASS, st.sampled_from(["", "*:*:*:*:any\n", "# c\ndb1:5432:orders:*:old\nx:1:y:z:w", "db1:*:*:*:p\n"]))
def test_libpq_finds_our_password_first(user: str, password: str, existing: str) -> None:
    after = _render("pgpass", {"user": user, "password": password}, existing)
    assert _libpq_password(after, ("db1", "5432", "orders", user)) == password
    assert all(line in after.split("\n") for line in existing.split("\n"))
    again = _render("pgpass", {"user": user, "password": password}, after)
    assert again == after
    form, values = FORMATS["pgpass"], {"user": user, "password": password}
    assert form.written(after, values, _PLACE) in form.parts(after, [], _PLACE)


def test_the_line_that_we_wrote_goes_when_the_user_changes() -> None:
    form = FORMATS["pgpass"]
    before = "db1:5432:orders:app_a:ours\ndb1:5432:orders:human:theirs\n"
    after = form.render(before, {"user": "app_b", "password": "new"}, _PLACE, lambda part: part.endswith(":ours"))
    assert after == "db1:5432:orders:app_b:new\ndb1:5432:orders:human:theirs\n"


@pytest.mark.parametrize("form", ["ini", "aws_credentials", "pgpass", "env", "json", "yaml", "raw"])
def test_bytes_that_are_no_text_survive(form: str) -> None:
    odd = b"# \xff\xfe\n".decode("utf-8", "surrogateescape")
    names = {"pgpass": ["user", "password"], "raw": ["a"]}.get(form, ["a"])
    after = _render(form, dict.fromkeys(names, "v"), odd)
    assert (odd in after) is FORMATS[form].SHARED
