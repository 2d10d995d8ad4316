# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options in a shape that Ansible's own validation stumbles over are refused by name before it."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.shapes import check_shapes

SPEC: dict[str, t.Any] = {
    "store": {
        "type": "dict",
        "aliases": ["place"],
        "options": {"inner": {"type": "dict", "options": {"a": {"type": "str"}}}, "port": {"type": "int"}},
    },
    "consumers": {"type": "list", "elements": "dict", "options": {"host": {"type": "str"}}},
    "count": {"type": "int"},
}


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"store": False}, "store"),
        ({"place": [None]}, "place"),
        ({"store": {"inner": "text"}}, "store.inner"),
        ({"store": {"port": [1, 2, 3]}}, "store.port"),
        ({"consumers": [{"host": "web1"}, None]}, "consumers"),
        ({"consumers": 3}, "consumers"),
        ({"count": [18446744073709551616, None, None]}, "count"),
    ],
)
def test_a_malformed_option_is_named_and_its_value_is_not_shown(given: dict[str, t.Any], named: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_shapes(SPEC, given, "orders-db: ")
    assert str(refused.value).startswith(f"orders-db: {named} is no")
    assert "18446744073709551616" not in str(refused.value) and "text" not in str(refused.value)


@pytest.mark.parametrize(
    "given", [{}, {"store": None}, {"store": {"inner": {}, "port": "5"}}, {"consumers": []}, {"consumers": [{}]}, {"count": "x"}]
)
def test_what_ansible_can_judge_is_left_to_it(given: dict[str, t.Any]) -> None:
    check_shapes(SPEC, given)
