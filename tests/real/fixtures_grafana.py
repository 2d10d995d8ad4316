# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in Grafana in each version, one server each for the whole test session, and what tests of the issuer need."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import time
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana import GrafanaIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_api_key import ApiKeys
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_kind import GrafanaKind
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_service_account import ServiceAccountTokens
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued, Issuer, Setting
from ansible_collections.locksmith.rotation.tests.real.clocks import HastyClock
from ansible_collections.locksmith.rotation.tests.real.issuer_makers import Maker
from ansible_collections.locksmith.rotation.tests.servers.grafana import VERSIONS, GrafanaServer
from ansible_collections.locksmith.rotation.tests.servers.moto import free_port

LIFETIME = 90000
DEFAULTS = {
    "propagation_delay": 0.0,
    "accept_anything": False,
    "permissions_endpoint": True,
    "service_accounts": True,
    "api_key_max_seconds_to_live": -1,
    "token_expiration_day_limit": 0,
    "clock_offset": 0.0,
    "hide_version": False,
}
_numbers = itertools.count(1)


@pytest.fixture(scope="session", params=VERSIONS)
def grafana_server(request: pytest.FixtureRequest) -> t.Iterator[GrafanaServer]:
    with GrafanaServer(request.param) as server:
        yield server


@pytest.fixture
def grafana(grafana_server: GrafanaServer) -> GrafanaServer:
    """Each version in turn, without faults and limits of earlier tests."""
    grafana_server.calm()
    grafana_server.settings(**DEFAULTS)
    return grafana_server


@pytest.fixture(scope="session")
def grafana_12() -> t.Iterator[GrafanaServer]:
    """One version, for what does not differ between them."""
    with GrafanaServer("12.1") as server:
        yield server


def unique(base: str = "exporter") -> str:
    """A name that no other test uses."""
    return f"{base}-{next(_numbers)}"


def make_kind(server: GrafanaServer, **more: t.Any) -> GrafanaKind:
    """An issuer with every option at its default, except how to reach the server and what C(more) says."""
    setting = Setting(
        "dashboards", rotate_after=86400, grace=3600, recovery_wait=0, clock=more.pop("clock", None) or HastyClock()
    )
    options = {name: spec.get("default") for name, spec in GrafanaIssuer.OPTIONS.items()}
    options.update(url=server.url)
    if "grafana_api_key" not in more:
        options.update(url_username=server.admin_user, url_password=server.admin_password)
    options.update(more)
    return GrafanaIssuer.create(options, setting)


def make_issuer(server: GrafanaServer, account: str | None = None, **more: t.Any) -> ServiceAccountTokens:
    """An issuer of service-account tokens."""
    made = make_kind(server, **{"service_account": account or unique(), "service_account_role": "Viewer", **more})
    if not isinstance(made, ServiceAccountTokens):
        raise TypeError("another kind")
    return made


def make_attempt(name: str | None = None) -> Attempt:
    if name is None:
        name = f"locksmith-dashboards-20261121T031400-{secrets.token_hex(4)}"
    return Attempt(name, time.time(), (), LIFETIME)


def clock_of(issuer: GrafanaKind) -> HastyClock:
    clock = issuer._setting.clock
    if not isinstance(clock, HastyClock):
        raise TypeError("made with another clock")
    return clock


def token_names(server: GrafanaServer) -> set[str]:
    return {token["name"] for token in server.tokens()}


class GrafanaMaker(Maker):
    """Service accounts of one server for the conformance tests."""

    def __init__(self, server: GrafanaServer) -> None:
        self._server = server

    def make(self) -> Issuer:
        name = unique("conform")
        self._server.create_account(name)
        return make_issuer(self._server, name)

    def unreachable(self, issuer: Issuer) -> Issuer:
        return make_issuer(self._server, _account_of(issuer), url=f"http://127.0.0.1:{free_port()}")

    def missing(self) -> Issuer:
        return make_issuer(self._server, unique("nobody"), create_service_account=False)

    def denied(self, issuer: Issuer) -> Issuer:
        return make_issuer(self._server, _account_of(issuer), url_password="not-the-administrators-password")

    def kill(self, issuer: Issuer, version: Issued) -> None:
        account, token = version.id.split("/")
        self._server.ask("DELETE", f"/api/serviceaccounts/{account}/tokens/{token}")

    def foreign_key(self, issuer: Issuer) -> str:
        name = _account_of(issuer)
        account = next(int(account["id"]) for account in self._server.state()["accounts"] if account["name"] == name)
        return f"{account}/{self._server.create_token(account, unique('by-hand'))[0]}"

    def secrets(self) -> t.Sequence[str]:
        return (self._server.admin_password,)

    def module_options(self, issuer: Issuer) -> dict[str, t.Any]:
        login = {"url_username": self._server.admin_user, "url_password": self._server.admin_password}
        return {"url": self._server.url, "service_account": _account_of(issuer), "service_account_role": "Viewer", **login}

    def alive(self, issuer: Issuer, fields: t.Mapping[str, str]) -> bool:
        return self._server.ask("GET", "/api/org", token=fields["token"])[0] == 200

    def key_ids(self, issuer: Issuer) -> set[str]:
        state, name = self._server.state(), _account_of(issuer)
        accounts = {account["id"] for account in state["accounts"] if account["name"] == name}
        return {f"{token['account']}/{token['id']}" for token in state["tokens"] if token["account"] in accounts}


class ApiKeyMaker(Maker):
    """Legacy API keys of one server for the conformance tests. They belong to no account, so each test has an organization."""

    def __init__(self, server: GrafanaServer) -> None:
        self._server = server

    def _of_org(self, org_id: int | None, **more: t.Any) -> Issuer:
        return make_kind(self._server, **{"kind": "api_key", "api_key_role": "Viewer", "org_id": org_id, **more})

    def make(self) -> Issuer:
        return self._of_org(self._server.create_org(unique("Conform")))

    def unreachable(self, issuer: Issuer) -> Issuer:
        return self._of_org(_org_of(issuer), url=f"http://127.0.0.1:{free_port()}")

    def missing(self) -> Issuer:
        return self._of_org(None, org_name=unique("Nowhere"))

    def denied(self, issuer: Issuer) -> Issuer:
        return self._of_org(_org_of(issuer), url_password="not-the-administrators-password")

    def kill(self, issuer: Issuer, version: Issued) -> None:
        self._server.ask("DELETE", f"/api/auth/keys/{version.id.partition('/')[2]}", org_id=_org_of(issuer))

    def foreign_key(self, issuer: Issuer) -> str:
        return f"key/{self._server.create_key(unique('by-hand'), org_id=_org_of(issuer))[0]}"

    def secrets(self) -> t.Sequence[str]:
        return (self._server.admin_password,)

    def module_options(self, issuer: Issuer) -> dict[str, t.Any]:
        login = {"url_username": self._server.admin_user, "url_password": self._server.admin_password}
        return {"kind": "api_key", "url": self._server.url, "api_key_role": "Viewer", "org_id": _org_of(issuer), **login}

    def alive(self, issuer: Issuer, fields: t.Mapping[str, str]) -> bool:
        return self._server.works(fields["token"])

    def key_ids(self, issuer: Issuer) -> set[str]:
        org_id = _org_of(issuer)
        return {f"key/{key['id']}" for key in self._server.tokens() if key["org_id"] == org_id and not key["account"]}


def _org_of(issuer: Issuer) -> int:
    if not isinstance(issuer, ApiKeys) or issuer._server.org_id is None:
        raise TypeError("another system's issuer")
    return issuer._server.org_id


def _account_of(issuer: Issuer) -> str:
    if not isinstance(issuer, ServiceAccountTokens):
        raise TypeError("another system's issuer")
    return issuer._name


@contextlib.contextmanager
def server_for_makers(version: str, maker: type[GrafanaMaker | ApiKeyMaker] = GrafanaMaker) -> t.Iterator[Maker]:
    """One server for all conformance tests."""
    with GrafanaServer(version) as server:
        yield maker(server)
