# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in SendGrid, one server for the whole test session, and what tests of the issuer need."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import time
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued, Issuer, Setting
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.sendgrid import SendgridIssuer
from ansible_collections.locksmith.rotation.tests.real.clocks import HastyClock
from ansible_collections.locksmith.rotation.tests.real.issuer_makers import Maker
from ansible_collections.locksmith.rotation.tests.servers.moto import free_port
from ansible_collections.locksmith.rotation.tests.servers.sendgrid import SendgridServer

SCOPES = ("mail.batch.create", "mail.send")
DEFAULTS: dict[str, t.Any] = {
    "most_keys": 100,
    "rate_limit": 0,
    "rate_period": 60,
    "propagation_delay": 0.0,
    "flat": False,
    "missing_subuser": 401,
    "middle_is_id": True,
    "automatic": True,
    "drop": [],
    "add": [],
    "strict": True,
    "scopes_forbidden": False,
}
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def sendgrid_server() -> t.Iterator[SendgridServer]:
    with SendgridServer() as server:
        yield server


@pytest.fixture
def sendgrid(sendgrid_server: SendgridServer) -> SendgridServer:
    """Without faults and settings of earlier tests."""
    sendgrid_server.calm()
    sendgrid_server.settings(**DEFAULTS)
    return sendgrid_server


def unique(base: str = "subuser") -> str:
    """A name that no other test uses."""
    return f"{base}-{next(_numbers)}"


def make_issuer(server: SendgridServer, subuser: str | None = None, **more: t.Any) -> SendgridIssuer:
    """An issuer for a subuser with every option at its default, except how to reach the server and what C(more) says."""
    clock = more.pop("clock", None) or HastyClock()
    setting = Setting("newsletter", rotate_after=86400, grace=3600, recovery_wait=0, clock=clock)
    options = {name: spec.get("default") for name, spec in SendgridIssuer.OPTIONS.items()}
    options.update(url=server.url, api_key=server.admin_key, subuser=subuser, scopes=list(SCOPES))
    options.update(more)
    return SendgridIssuer.create(options, setting)


def make_attempt(name: str | None = None) -> Attempt:
    return Attempt(name or f"locksmith-newsletter-20261121T031400-{secrets.token_hex(4)}", time.time(), (), 90000)


class SendgridMaker(Maker):
    """Subusers of one server for the conformance tests."""

    def __init__(self, server: SendgridServer) -> None:
        self._server = server

    def make(self) -> SendgridIssuer:
        return make_issuer(self._server, self._server.add_account(unique("conform")))

    def unreachable(self, issuer: Issuer) -> SendgridIssuer:
        return make_issuer(self._server, subuser_of(issuer), url=f"http://127.0.0.1:{free_port()}")

    def missing(self) -> SendgridIssuer:
        return make_issuer(self._server, unique("nobody"))

    def denied(self, issuer: Issuer) -> SendgridIssuer:
        return make_issuer(self._server, subuser_of(issuer), api_key=f"SG.{'a' * 22}.{'b' * 43}")

    def kill(self, issuer: Issuer, version: Issued) -> None:
        self._server.ask("DELETE", f"/v3/api_keys/{version.id}", behalf=subuser_of(issuer))

    def foreign_key(self, issuer: Issuer) -> str:
        return self._server.create_key(unique("by-hand"), SCOPES, subuser_of(issuer))[0]

    def secrets(self) -> t.Sequence[str]:
        return (self._server.admin_key,)

    def module_options(self, issuer: Issuer) -> dict[str, t.Any]:
        server = self._server
        return {"url": server.url, "api_key": server.admin_key, "subuser": subuser_of(issuer), "scopes": list(SCOPES)}

    def alive(self, issuer: Issuer, fields: t.Mapping[str, str]) -> bool:
        return self._server.ask("GET", "/v3/scopes", key=fields["api_key"])[0] == 200

    def key_ids(self, issuer: Issuer) -> set[str]:
        return {key["id"] for key in self._server.keys(subuser_of(issuer))}


def subuser_of(issuer: Issuer) -> str:
    if not isinstance(issuer, SendgridIssuer):
        raise TypeError("another system's issuer")
    return issuer._behalf


@contextlib.contextmanager
def server_for_makers() -> t.Iterator[Maker]:
    """One server for all conformance tests."""
    with SendgridServer() as server:
        yield SendgridMaker(server)
