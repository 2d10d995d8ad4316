# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations, moments and the value type."""

from __future__ import annotations

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso, to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration, parse_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, Rejected
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields, generate_password


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90d", 7776000), ("24h", 86400), ("2w", 1209600), ("1h30m", 5400), ("45s", 45), (" 10M ", 600), (30, 30), ("0", 0)],
)
def test_durations_as_people_write_them(written: str | int, seconds: int) -> None:
    assert parse_duration(written, "grace") == seconds


@pytest.mark.parametrize("written", ["", "soon", "90 days", "-1d", "1.5h", "d90", "10dd", "९0d x", "1e3", "²", "9¹d"])
def test_a_malformed_duration_names_the_option(written: str) -> None:
    with pytest.raises(ConfigurationError, match="rotate_after"):
        parse_duration(written, "rotate_after")


@given(some.integers(min_value=0, max_value=10**9))
def test_a_formatted_duration_is_read_back_within_its_precision(seconds: int) -> None:
    read = parse_duration(format_duration(seconds).replace(" ", ""), "x")
    assert read <= seconds < read + max(60, seconds // 20 + 1)


def test_moments() -> None:
    assert to_iso(0) == "1970-01-01T00:00:00Z"
    assert to_iso(None) is None
    assert from_iso("2026-11-21T03:14:00Z") == from_iso("2026-11-21T04:14:00+01:00")
    assert from_iso("2027-01-31") == from_iso("2027-01-31T00:00:00Z")


def test_a_value_does_not_show_by_accident() -> None:
    fields = SecretFields({"username": "orders", "password": "s3cret-value"})
    with pytest.raises(ValueError) as caught:
        raise ValueError(fields)
    shown = "".join(traceback.format_exception(caught.type, caught.value, caught.tb))
    for text in (repr(fields), str(fields), f"{fields}", f"{[fields]}", shown):
        assert "s3cret-value" not in text and "orders" not in text
    assert fields.reveal() == {"username": "orders", "password": "s3cret-value"}


def test_a_fingerprint_names_the_value_whatever_the_order_of_its_fields() -> None:
    one, other = SecretFields({"a": "1", "b": "2"}), SecretFields({"b": "2", "a": "1"})
    assert one.fingerprint() == other.fingerprint()
    assert len(one.fingerprint()) == 12
    assert one.fingerprint() != SecretFields({"a": "1", "b": "3"}).fingerprint()


def test_generated_passwords_need_no_quoting_and_differ() -> None:
    made = {generate_password() for dummy in range(50)}
    assert len(made) == 50
    assert all(len(one) == 40 and one.isalnum() and one.isascii() for one in made)


def test_an_error_says_what_is_left_and_what_to_do() -> None:
    error = Rejected("orders-db: no.", next_step="do this.", stranded=["key-1 at the issuer"])
    assert str(error) == "orders-db: no. Left behind: key-1 at the issuer. Next: do this."
