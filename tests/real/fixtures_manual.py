# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor with nothing but a dashboard, one server for the whole test session, and the person who works with it."""

from __future__ import annotations

import contextlib
import itertools
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import DropOff, Issued, Issuer, Setting
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.manual import ManualIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.real.clocks import HastyClock
from ansible_collections.locksmith.rotation.tests.real.issuer_makers import Maker
from ansible_collections.locksmith.rotation.tests.servers.dashboard import DashboardServer
from ansible_collections.locksmith.rotation.tests.servers.moto import free_port

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def dashboard_server() -> t.Iterator[DashboardServer]:
    with DashboardServer() as server:
        yield server


@pytest.fixture
def dashboard(dashboard_server: DashboardServer) -> DashboardServer:
    """Without faults and settings of earlier tests."""
    dashboard_server.calm()
    dashboard_server.settings(accept_anything=False)
    return dashboard_server


def unique(base: str = "account") -> str:
    """A name that no other test uses."""
    return f"{base}-{next(_numbers)}"


class Drawer(DropOff):
    """A drop-off in memory. C(refill): what a diligent person puts in whenever somebody looks."""

    def __init__(self, refill: t.Callable[[], dict[str, str]] | None = None) -> None:
        self.content: dict[str, str] | None = None
        self._refill = refill

    @property
    def place(self) -> str:
        return "the drawer"

    def read(self) -> SecretFields | None:
        if self._refill:
            self.content = self._refill()
        return SecretFields(self.content) if self.content else None

    def clear(self, taken: SecretFields) -> None:
        if self.content and {name: value for name, value in self.content.items() if name != "label"} == dict(taken):
            self.content = None


def probe_of(server: DashboardServer, account: str, **more: t.Any) -> dict[str, t.Any]:
    """A probe as a user writes it."""
    headers = {"X-Api-Key": "{secret}", "X-Gateway": server.gateway}
    return {"url": f"{server.url}/v1/accounts/{account}/whoami", "headers": headers, "identity": "account.id", **more}


def validated(probe: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """With the defaults that Ansible fills in."""
    options = ManualIssuer.OPTIONS["probe"]["options"]
    return {**{name: spec.get("default") for name, spec in options.items()}, **probe}


def make_issuer(server: DashboardServer, account: str, drop_off: DropOff | None = None, **more: t.Any) -> ManualIssuer:
    """An issuer with every option at its default, except the probe and what C(more) says."""
    options = {name: spec.get("default") for name, spec in ManualIssuer.OPTIONS.items()}
    fields = more.pop("fields", ("secret",))
    options.update({"made_at": "https://dashboard.example.com/keys", "probe": probe_of(server, account), **more})
    if options["probe"]:
        options["probe"] = validated(options["probe"])
    setting = Setting("partner", 86400, 3600, 0, HastyClock(), fields, drop_off)
    return ManualIssuer.create(options, setting)


class ManualMaker(Maker):
    """Accounts of one vendor. The person puts a new key into the drop-off whenever it is looked into."""

    def __init__(self, server: DashboardServer) -> None:
        self._server = server
        self._made: list[tuple[ManualIssuer, str]] = []

    def make(self) -> ManualIssuer:
        account = self._server.add_account(unique())
        return self._of(account)

    def _of(self, account: str, **more: t.Any) -> ManualIssuer:
        issuer = make_issuer(self._server, account, Drawer(lambda: {"secret": self._server.make_key(account)}), **more)
        self._made.append((issuer, account))
        return issuer

    def _account(self, issuer: Issuer) -> str:
        return next(account for made, account in self._made if made is issuer)

    def unreachable(self, issuer: Issuer) -> ManualIssuer:
        account = self._account(issuer)
        probe = {**probe_of(self._server, account), "url": f"http://127.0.0.1:{free_port()}/"}
        return self._of(account, probe=probe)

    def missing(self) -> ManualIssuer:
        return self._of(unique("nobody"))

    def denied(self, issuer: Issuer) -> ManualIssuer:
        account = self._account(issuer)
        probe = probe_of(self._server, account, headers={"X-Api-Key": "{secret}", "X-Gateway": "not-the-gateways-token"})
        return self._of(account, probe=probe)

    def kill(self, issuer: Issuer, version: Issued) -> None:
        self._server.revoke(version.fields["secret"])

    def secrets(self) -> t.Sequence[str]:
        return (self._server.gateway,)

    def module_options(self, issuer: Issuer) -> dict[str, t.Any]:
        account = self._account(issuer)
        return {
            "made_at": "https://dashboard.example.com/keys",
            "probe": probe_of(self._server, account),
            "new_value": {"secret": self._server.make_key(account)},
        }

    def alive(self, issuer: Issuer, fields: t.Mapping[str, str]) -> bool:
        return self._server.works(self._account(issuer), fields.get("secret", ""))


@contextlib.contextmanager
def server_for_makers() -> t.Iterator[Maker]:
    """One server for all conformance tests."""
    with DashboardServer() as server:
        yield ManualMaker(server)
