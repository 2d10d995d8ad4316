# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates for an agent: what is refused before one is written, and that nothing of an entry becomes a command of the template.

What the agent makes of them is tested on a real one, in tests/real.
"""

from __future__ import annotations

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.agent import Source, expected, template_of
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.interface import Place
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, Rejected

_SOURCE = Source("secret/data/db", True)
_HOSTILE = '{{ key "other" }}'


@pytest.mark.parametrize(
    ("kind", "names", "says"),
    [
        ("raw", {"a": "a", "b": "b"}, "raw writes one field, and there are 2"),
        ("raw", {}, "raw writes one field, and there are 0"),
        ("env", {"NOT-A-NAME": "a"}, "'NOT-A-NAME' cannot be a name in format env"),
        ("env", {_HOSTILE: "a"}, "cannot be a name"),
        ("ini", {"[a]": "a"}, "cannot be a name in format ini"),
        ("aws_credentials", {"a b": "a"}, "cannot be a name in format aws_credentials"),
        ("pgpass", {"password": "a"}, "pgpass writes user and password"),
    ],
)
def test_names_that_a_format_has_no_room_for_are_refused(kind: str, names: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        template_of(kind, names, False, Place(section="main"), _SOURCE)
    assert says in str(refused.value)


def test_a_section_that_is_none_is_refused() -> None:
    with pytest.raises(Rejected, match="cannot be the name of a section"):
        template_of("ini", {"a": "a"}, False, Place(section="a]\nb"), _SOURCE)


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("env", {"A": "a"}),
        ("json", {_HOSTILE: "a"}),
        ("yaml", {_HOSTILE: "a"}),
        ("ini", {"a": "a"}),
        ("pgpass", {"user": "a", "password": "b"}),
    ],
)
def test_nothing_of_an_entry_becomes_a_command(kind: str, names: dict[str, str]) -> None:
    place = Place(title=_HOSTILE, section=_HOSTILE, host=_HOSTILE)
    text = template_of(kind, names, False, place, _SOURCE)
    assert '{{ "{{" }} key' in text
    assert "{{ key" not in text.replace('{{ "{{" }}', "")


def test_a_published_name_is_a_string_and_no_command() -> None:
    text = template_of("raw", {"value": 'a" }}{{ key `x`'}, False, Place(), _SOURCE)
    assert 'sprig_hasKey $data "a\\" }}{{ key `x`"' in text


def test_where_no_fields_are_named_what_is_not_published_is_left_out() -> None:
    optional = template_of("json", {"a": "a"}, True, Place(), _SOURCE)
    assert "sprig_fail" not in optional
    assert 'sprig_fail "the field a is not published"' in template_of("json", {"a": "a"}, False, Place(), _SOURCE)


def test_version_1_has_the_fields_at_the_top() -> None:
    assert "{{ $data := .Data }}" in template_of("raw", {"a": "a"}, False, Place(), Source("kv1/db", False))


def test_what_is_foretold_holds_the_values_as_they_are() -> None:
    assert expected("json", {"a": "é"}, Place()) == '{\n  "a": "é"\n}\n'
