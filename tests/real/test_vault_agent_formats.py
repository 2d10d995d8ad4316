# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent renders from our templates, against what the consumer role writes: on the real agent, with values that hurt."""

from __future__ import annotations

import json
import shlex
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.agent import expected
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.formats import FORMATS
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.interface import Place
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected
from ansible_collections.locksmith.rotation.tests.real.agent_once import Once
from ansible_collections.locksmith.rotation.tests.servers.openbao import OpenBao

#: Carried by every format but where a control character is refused.
HOSTILE = {
    "plain": "Zk9-_./:@%+,=",
    "empty": "",
    "quotes": 'it\'s "quoted" and `ticked`',
    "single": "it's",
    "shell": "$HOME ${HOME} $(id) \\$x !! #no ; & | > ~",
    "backslashes": "\\ \\\\ \\n \\x41 c:\\",
    "braces": '{{ .Data }} {{ "}}" ${x} %s %(a)s',
    "unicode": "pä\u00df \u05e9\u05dc\u05d5\u05dd \u2028 \U0001f511 \ufeff \x85",
    "equals": "a=b:c#d[e]",
    "colons": "::\\:",
}
CONTROL = {"newline": "one\ntwo\r\n", "tab": "a\tb", "bell": "a\x07\x00\x1b\x7fz", "spaces": " lead and trail "}


@pytest.mark.parametrize("mount", ["secret", "kv1"])
def test_the_agent_renders_what_was_foretold_and_readers_read_the_same_from_it(
    openbao: OpenBao, tmp_path: Path, mount: str
) -> None:
    values = {**HOSTILE, **CONTROL, "user": 'us"er:\\'}
    once = Once(openbao, tmp_path, values, mount)
    all_of_them = {f"N_{name}": name for name in values}
    for_env = {to: name for to, name in all_of_them.items() if name not in ("bell", "newline")}
    place = Place("db {{ x }}", "main", "h:1", "5432", "o\\d")
    asked: dict[str, tuple[str, t.Mapping[str, str], Place]] = {
        "env": ("env", for_env, place),
        "json": ("json", all_of_them, place),
        "yaml": ("yaml", all_of_them, place),
        "ini": ("ini", {f"N_{name}": name for name in HOSTILE if name not in ("unicode",)}, place),
        "pgpass": ("pgpass", {"user": "user", "password": "backslashes"}, place),
        **{f"raw-{name}": ("raw", {"value": name}, place) for name in values},
    }
    found = once.render(asked)
    for file, (kind, names, where) in asked.items():
        wanted = {to: values[name] for to, name in names.items()}
        assert found[file] == expected(kind, wanted, where), file
        written = FORMATS[kind].render("", wanted, where, lambda part: False)
        if kind != "json":  # which the role writes with escapes where it is not ASCII
            assert found[file] == written, file
    assert json.loads(found["json"]) == {to: values[name] for to, name in all_of_them.items()}
    assert yaml.safe_load(found["yaml"]) == {to: values[name] for to, name in all_of_them.items()}
    shown = "".join(f'printf "%s\\0" "${to}"; ' for to in for_env)
    shell = subprocess.run(["/bin/sh", "-c", f". {shlex.quote(str(tmp_path / 'env'))}; {shown}"], capture_output=True, check=True)
    assert shell.stdout.decode().split("\0")[:-1] == [values[name] for name in for_env.values()]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("env", "bell"), ("ini", "newline"), ("ini", "spaces"), ("ini", "unicode"), ("pgpass", "tab")],
)
def test_what_a_format_cannot_carry_is_in_no_file(openbao: OpenBao, tmp_path: Path, kind: str, name: str) -> None:
    values = {**HOSTILE, **CONTROL}
    names = {"user": "plain", "password": name} if kind == "pgpass" else {"N": name}
    once = Once(openbao, tmp_path, values, "secret")
    with pytest.raises(Rejected):
        expected(kind, {to: values[field] for to, field in names.items()}, Place(section="main"))
    assert once.render({"refused": (kind, names, Place(section="main"))}) == {}
    assert "holds what this format cannot carry" in once.said
    assert repr(values[name])[1:-1] not in once.said


def test_a_field_that_is_not_published_is_no_empty_one(openbao: OpenBao, tmp_path: Path) -> None:
    once = Once(openbao, tmp_path, {"there": "x"}, "secret")
    assert once.render({"lacking": ("env", {"THERE": "there", "LACKING": "lacking"}, Place())}) == {}
    assert "the field lacking is not published" in once.said
    assert "THERE=x" in once.render({"lacking": ("env", {"THERE": "there"}, Place())})["lacking"]


def test_where_no_fields_are_named_those_that_are_published_are_written(openbao: OpenBao, tmp_path: Path) -> None:
    once = Once(openbao, tmp_path, {"first": "1", "last": "2"})
    names = {"none": "none", "first": "first", "never": "never", "last": "last", "nothing": "nothing"}
    found = once.render({kind: (kind, names, Place("db")) for kind in ("env", "json", "yaml")}, optional=True)
    assert found == {kind: expected(kind, {"first": "1", "last": "2"}, Place("db")) for kind in ("env", "json", "yaml")}
