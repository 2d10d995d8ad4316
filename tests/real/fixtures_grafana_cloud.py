# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in Grafana Cloud, one for the whole test session, and what tests of the two kinds of issuers there need."""

from __future__ import annotations

import contextlib
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana import GrafanaIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_cloud_policy import AccessPolicyTokens
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_cloud_stack import CloudStackTokens
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_kind import GrafanaKind
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, Issuer, Setting
from ansible_collections.locksmith.rotation.tests.real.clocks import HastyClock
from ansible_collections.locksmith.rotation.tests.real.fixtures_grafana import unique
from ansible_collections.locksmith.rotation.tests.real.issuer_makers import Maker
from ansible_collections.locksmith.rotation.tests.servers.grafana_cloud import REGION, SLUG, GrafanaCloudServer
from ansible_collections.locksmith.rotation.tests.servers.moto import free_port

DEFAULTS: dict[str, t.Any] = {
    "propagation_delay": 0.0,
    "fresh_failures": 0,
    "fresh_status": 400,
    "past_ends": True,
    "revives": True,
    "page": 100,
    "accept_anything": False,
    "clock_offset": 0.0,
}


@pytest.fixture(scope="session")
def grafana_cloud_server() -> t.Iterator[GrafanaCloudServer]:
    with GrafanaCloudServer() as server:
        yield server


@pytest.fixture
def grafana_cloud(grafana_cloud_server: GrafanaCloudServer) -> GrafanaCloudServer:
    """Without faults and settings of earlier tests."""
    grafana_cloud_server.calm()
    grafana_cloud_server.settings(**DEFAULTS)
    return grafana_cloud_server


def make_cloud_kind(server: GrafanaCloudServer, **more: t.Any) -> GrafanaKind:
    """An issuer with every option at its default, except how to reach the server and what C(more) says."""
    setting = Setting(
        "dashboards", rotate_after=86400, grace=3600, recovery_wait=0, clock=more.pop("clock", None) or HastyClock()
    )
    options = {name: spec.get("default") for name, spec in GrafanaIssuer.OPTIONS.items()}
    options.update({"cloud_api_url": server.api_url, "cloud_api_key": server.admin_token, **more})
    return GrafanaIssuer.create(options, setting)


def make_stack_issuer(server: GrafanaCloudServer, account: str | None = None, **more: t.Any) -> CloudStackTokens:
    """An issuer of tokens of a stack's service account."""
    chosen = {"service_account": account or unique(), "service_account_role": "Viewer", "stack_slug": SLUG}
    made = make_cloud_kind(server, **{"kind": "cloud_stack_token", "url": server.stack_url, **chosen, **more})
    if not isinstance(made, CloudStackTokens):
        raise TypeError("another kind")
    return made


def make_policy_issuer(server: GrafanaCloudServer, policy: str, **more: t.Any) -> AccessPolicyTokens:
    """An issuer of tokens of an access policy."""
    made = make_cloud_kind(server, **{"kind": "cloud_access_policy_token", "access_policy": policy, "region": REGION, **more})
    if not isinstance(made, AccessPolicyTokens):
        raise TypeError("another kind")
    return made


class _CloudMaker(Maker):
    def __init__(self, server: GrafanaCloudServer) -> None:
        self._server = server

    def secrets(self) -> t.Sequence[str]:
        return (self._server.admin_token,)

    def _options(self, kind: str) -> dict[str, t.Any]:
        return {"kind": kind, "cloud_api_url": self._server.api_url, "cloud_api_key": self._server.admin_token}


class StackMaker(_CloudMaker):
    """Service accounts of the stack for the conformance tests."""

    def make(self) -> Issuer:
        name = unique("conform")
        self._server.create_account(name)
        return make_stack_issuer(self._server, name)

    def unreachable(self, issuer: Issuer) -> Issuer:
        away = f"http://127.0.0.1:{free_port()}"
        return make_stack_issuer(self._server, _account_of(issuer), url=away, cloud_api_url=away)

    def missing(self) -> Issuer:
        return make_stack_issuer(self._server, unique("nobody"), create_service_account=False)

    def denied(self, issuer: Issuer) -> Issuer:
        return make_stack_issuer(self._server, _account_of(issuer), cloud_api_key="glc_not-the-administrators")

    def kill(self, issuer: Issuer, version: Issued) -> None:
        account, token = version.id.split("/")
        self._server.ask("DELETE", f"/api/instances/{SLUG}/api/serviceaccounts/{account}/tokens/{token}")

    def module_options(self, issuer: Issuer) -> dict[str, t.Any]:
        account = {"service_account": _account_of(issuer), "service_account_role": "Viewer"}
        return {**self._options("cloud_stack_token"), "stack_slug": SLUG, "url": self._server.stack_url, **account}

    def alive(self, issuer: Issuer, fields: t.Mapping[str, str]) -> bool:
        return self._server.works_at_stack(fields["token"])

    def key_ids(self, issuer: Issuer) -> set[str]:
        state, name = self._server.state(), _account_of(issuer)
        accounts = {account["id"] for account in state["accounts"] if account["name"] == name}
        return {f"{token['account']}/{token['id']}" for token in state["tokens"] if token["account"] in accounts}

    def foreign_key(self, issuer: Issuer) -> str:
        name = _account_of(issuer)
        account = next(int(account["id"]) for account in self._server.state()["accounts"] if account["name"] == name)
        return f"{account}/{self._server.create_account_token(account, unique('by-hand'))[0]}"


class PolicyMaker(_CloudMaker):
    """Access policies for the conformance tests."""

    def make(self) -> Issuer:
        name = unique("conform")
        self._server.create_policy(name)
        return make_policy_issuer(self._server, name)

    def unreachable(self, issuer: Issuer) -> Issuer:
        return make_policy_issuer(self._server, _policy_of(issuer), cloud_api_url=f"http://127.0.0.1:{free_port()}")

    def missing(self) -> Issuer:
        return make_policy_issuer(self._server, unique("nobody"))

    def denied(self, issuer: Issuer) -> Issuer:
        return make_policy_issuer(self._server, _policy_of(issuer), cloud_api_key="glc_not-the-administrators")

    def kill(self, issuer: Issuer, version: Issued) -> None:
        self._server.ask("DELETE", f"/api/v1/tokens/{version.id}?region={REGION}")

    def module_options(self, issuer: Issuer) -> dict[str, t.Any]:
        return {**self._options("cloud_access_policy_token"), "access_policy": _policy_of(issuer), "region": REGION}

    def alive(self, issuer: Issuer, fields: t.Mapping[str, str]) -> bool:
        return self._server.works(fields["token"])

    def key_ids(self, issuer: Issuer) -> set[str]:
        state, name = self._server.state(), _policy_of(issuer)
        policies = {policy["id"] for policy in state["policies"] if policy["name"] == name}
        return {token["id"] for token in state["cloud_tokens"] if token["policy"] in policies}

    def foreign_key(self, issuer: Issuer) -> str:
        policies = {policy["name"]: str(policy["id"]) for policy in self._server.state()["policies"]}
        return self._server.create_token(policies[_policy_of(issuer)], unique("by-hand"))[0]


def _account_of(issuer: Issuer) -> str:
    if not isinstance(issuer, CloudStackTokens):
        raise TypeError("another system's issuer")
    return issuer._name


def _policy_of(issuer: Issuer) -> str:
    if not isinstance(issuer, AccessPolicyTokens):
        raise TypeError("another system's issuer")
    return issuer._name


@contextlib.contextmanager
def cloud_for_makers(maker: t.Callable[[GrafanaCloudServer], Maker]) -> t.Iterator[Maker]:
    """One server for all conformance tests."""
    with GrafanaCloudServer() as server:
        yield maker(server)
