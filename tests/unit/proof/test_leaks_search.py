# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The search for leaks finds a secret in every shape, wherever in the bytes it stands, and nothing where there is none."""

from __future__ import annotations

import base64
import json
import typing as t
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.locksmith.rotation.tests.proof.leaks_search import Search

SHAPES: dict[str, t.Callable[[str], bytes]] = {
    "as it is": lambda text: text.encode(),
    "reversed": lambda text: text[::-1].encode(),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "URL": lambda text: quote(text, safe="").encode(),
    "form": lambda text: quote_plus(text).encode(),
    "JSON": lambda text: json.dumps(text).encode(),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()),
}
passwords = some.text(some.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=60)


@pytest.mark.parametrize("shape", sorted(SHAPES))
@given(secret=passwords, before=some.text("abc ", max_size=7), after=some.text("xyz ", max_size=7))
def test_a_secret_is_found_in_every_shape_and_at_every_alignment(shape: str, secret: str, before: str, after: str) -> None:
    assert Search({"it": secret}).look(b"head " + SHAPES[shape](before + secret + after) + b" tail")


@given(secret=passwords, text=some.binary(max_size=200))
def test_random_bytes_are_no_leak(secret: str, text: bytes) -> None:
    assert not Search({"it": secret}).look(text)


def test_the_report_names_secret_shape_and_place_and_holds_no_secret() -> None:
    search = Search({"the token": "s3cret-of-the-test"})
    (found,) = search.look(b"xx" + b"s3cret-of-the-test".hex().encode())
    assert found == ("the token", "hex", 2) and search.bytes == 38


def test_what_is_too_short_to_look_for_is_refused() -> None:
    with pytest.raises(ValueError, match="pin"):
        Search({"pin": "1234"})
