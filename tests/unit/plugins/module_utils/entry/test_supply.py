# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person types when asked for a value, and where a drop-off may be."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.drop_off import build_drop_off
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.supply import understood
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.iam import IamIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.manual import ManualIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

FILE = {"type": "file", "path": "/srv/db.yml", "vault_password_file": "/srv/password"}


@pytest.mark.parametrize(
    ("typed", "label", "fields", "value"),
    [
        ("a key\n", "", ("secret",), {"secret": "a key"}),
        ('{"not": "parsed"}', "", ("secret",), {"secret": '{"not": "parsed"}'}),
        ('{"user": "a", "password": "b"}', "", ("user", "password"), {"user": "a", "password": "b"}),
        ({"secret": "a key"}, "autumn", ("secret",), {"secret": "a key", "label": "autumn"}),
    ],
)
def test_what_is_typed(typed: t.Any, label: str, fields: tuple[str, ...], value: dict[str, str]) -> None:
    assert understood(typed, label, fields) == value


@pytest.mark.parametrize("typed", ["just-a-word", "[1]", "{", 7, ["a"]])
def test_what_is_typed_wrong_is_not_repeated(typed: t.Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        understood(typed, "", ("user", "password"))
    assert "user, password" in str(caught.value) and "just-a-word" not in str(caught.value)


@pytest.mark.parametrize(
    ("issuer", "drop_off", "said"),
    [(IamIssuer, "/srv/new.yml", "has no drop-off"), (ManualIssuer, "/srv/db.yml", "the very place")],
)
def test_a_drop_off_that_cannot_be(issuer: type[Issuer], drop_off: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        build_drop_off({**FILE, "drop_off": drop_off}, issuer)


def test_a_drop_off_is_another_place_of_the_same_store() -> None:
    made = build_drop_off({**FILE, "drop_off": "/srv/new.yml"}, ManualIssuer)
    assert made is not None and made.place == "file /srv/new.yml"
    assert build_drop_off(FILE, ManualIssuer) is None
