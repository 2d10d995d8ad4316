# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On ansible-core 2.22 and later new values are registered with its masking: values only, never public fields or short words."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.terms import secret


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What ansible-core 2.22 would be told."""
    told: list[str] = []
    monkeypatch.setattr(secret, "_register", told.append)
    return told


def test_a_value_and_its_encoded_forms_are_registered(registered: list[str]) -> None:
    secret.SecretFields({"username": "orders_app", "password": "a password/with signs"}).register(public=("username",))
    assert registered == [
        "a password/with signs",
        base64.b64encode(b"a password/with signs").decode(),
        "a%20password%2Fwith%20signs",
    ]


def test_names_of_fields_public_fields_and_short_words_are_not(registered: list[str]) -> None:
    secret.SecretFields({"password": "short", "access_key_id": "AKIA0000000000000000"}).register(public=("access_key_id",))
    assert registered == []


def test_before_2_22_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret, "_register", None)
    secret.SecretFields({"password": "long enough to be registered"}).register()
