# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the SendGrid issuer that need no server."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Authorization, Connection
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers import sendgrid, sendgrid_api
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Unreachable


@pytest.mark.parametrize(
    ("value", "key_id"),
    [
        ("SG.xxxxxxxx.yyyyyyyy", "xxxxxxxx"),
        ("SG.qfTQ6KG0QBiwWdJ0-pCLCA.a_b-c", "qfTQ6KG0QBiwWdJ0-pCLCA"),
        ("SG.one", ""),
        ("SG..two", ""),
        ("SG.a.b.c", ""),
        ("sg.a.b", ""),
        ("SG.a/../x.b", ""),
        ("SG.a.b\n", ""),
        ("", ""),
    ],
)
def test_the_id_is_the_middle_of_a_key(value: str, key_id: str) -> None:
    assert sendgrid.key_id_of(value) == key_id


def test_scopes_that_sendgrid_gives_by_itself_do_not_count() -> None:
    assert sendgrid.managed(["mail.send", "2fa_required", "sender_verification_legacy"]) == {"mail.send"}


def test_a_request_for_a_key_without_scopes_is_never_sent() -> None:
    """Nobody listens there: the request would raise another error."""
    api = sendgrid_api.SendgridApi("http://127.0.0.1:1", Authorization.bearer("k"), Connection(), SystemClock(), 1)
    with pytest.raises(ValueError, match="full access"):
        api.create("name", frozenset())


@pytest.mark.parametrize("row", [{}, {"scopes": None}, {"scopes": "mail.send"}, {"scopes": [1]}])
def test_an_answer_without_scopes_is_not_an_empty_list(row: dict[str, t.Any]) -> None:
    with pytest.raises(Unreachable):
        sendgrid_api.scopes_in(row, "GET /v3/scopes")


def test_a_difference_names_few_scopes_of_many() -> None:
    many = frozenset(f"scope.{number:03}" for number in range(100))
    said = sendgrid._difference(frozenset(["mail.send"]), many)
    assert said.startswith("more: mail.send; missing: scope.000, ") and said.endswith("scope.007 and 92 more")
