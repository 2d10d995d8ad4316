# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in Datadog, one server for the whole test session and a new organization for each test."""

from __future__ import annotations

import contextlib
import secrets
import time
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.datadog import DatadogIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued, Issuer, Setting
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.tests.real.clocks import HastyClock
from ansible_collections.locksmith.rotation.tests.real.issuer_makers import Maker
from ansible_collections.locksmith.rotation.tests.servers.datadog import DatadogServer, Organization
from ansible_collections.locksmith.rotation.tests.servers.moto import free_port

#: Which keys a test is about: the organization's API keys, the administrator's own application keys, those of a service account.
FAMILIES = ("api", "own", "service-account")


@pytest.fixture(scope="session")
def datadog_server() -> t.Iterator[DatadogServer]:
    with DatadogServer() as server:
        yield server


@pytest.fixture
def datadog(datadog_server: DatadogServer) -> DatadogServer:
    """Without faults of earlier tests."""
    datadog_server.calm()
    return datadog_server


class Account:
    """One owner of keys in one organization, and what makes an issuer for them. The service account may list its own keys."""

    def __init__(self, organization: Organization, family: str) -> None:
        self.organization, self.family = organization, family
        self.owner = {"api": "", "own": organization.admin}.get(family) or (
            organization.service_account("robot", ["user_app_keys"]) if family == "service-account" else ""
        )

    @property
    def application(self) -> bool:
        return self.family != "api"

    def options(self) -> dict[str, t.Any]:
        """As a user writes them."""
        login = {"api_key": self.organization.api_key, "app_key": self.organization.app_key, "api_host": self.organization.url}
        kind: dict[str, t.Any] = {"key_type": "application"} if self.application else {}
        return {**login, **kind, **({"service_account_id": self.owner} if self.family == "service-account" else {})}

    def issuer(self, clock: Clock | None = None, **more: t.Any) -> DatadogIssuer:
        """With every option at its default but these."""
        setting = Setting("metrics", rotate_after=86400, grace=3600, recovery_wait=0, clock=clock or HastyClock())
        options = {name: spec.get("default") for name, spec in DatadogIssuer.OPTIONS.items()}
        return DatadogIssuer.create({**options, **self.options(), **more}, setting)

    def by_hand(self, name: str = "by hand", **more: t.Any) -> str:
        """A key made by other hands; its id."""
        return self.organization.make(name, self.owner, **more).id

    def ids(self) -> set[str]:
        return set(self.organization.kept(self.owner))

    def works(self, version: Issued) -> bool:
        return self.organization.works(version.fields["key"], self.application)


def make_attempt(name: str | None = None) -> Attempt:
    return Attempt(name or f"locksmith-metrics-20261121T031400-{secrets.token_hex(4)}", time.time(), (), 90000)


class DatadogMaker(Maker):
    """An organization each for the conformance tests."""

    def __init__(self, server: DatadogServer, family: str) -> None:
        self._server, self._family = server, family
        self._accounts: dict[int, tuple[Issuer, Account]] = {}

    def make(self) -> DatadogIssuer:
        account = Account(self._server.organization(), self._family)
        issuer = account.issuer()
        self._accounts[id(issuer)] = (issuer, account)
        return issuer

    def unreachable(self, issuer: Issuer) -> DatadogIssuer:
        return self._of(issuer).issuer(api_host=f"http://127.0.0.1:{free_port()}")

    def missing(self) -> DatadogIssuer:
        """A service account that is not there; for the other families, an address below which there is no Datadog."""
        account = Account(self._server.organization(), self._family)
        if self._family == "service-account":
            return account.issuer(service_account_id="00000000-0000-4000-8000-000000000000")
        return account.issuer(api_host=self._server.url + "/nowhere")

    def denied(self, issuer: Issuer) -> DatadogIssuer:
        return self._of(issuer).issuer(app_key="not-the-administrators-application-key")

    def kill(self, issuer: Issuer, version: Issued) -> None:
        self._of(issuer).organization.remove(version.id)

    def foreign_key(self, issuer: Issuer) -> str:
        return self._of(issuer).by_hand()

    def secrets(self) -> t.Sequence[str]:
        organizations = [account.organization for dummy, account in self._accounts.values()]
        return [value for one in organizations for value in (one.api_key, one.app_key)]

    def module_options(self, issuer: Issuer) -> dict[str, t.Any]:
        return self._of(issuer).options()

    def alive(self, issuer: Issuer, fields: t.Mapping[str, str]) -> bool:
        account = self._of(issuer)
        return account.organization.works(fields["key"], account.application)

    def key_ids(self, issuer: Issuer) -> set[str]:
        return self._of(issuer).ids()

    def _of(self, issuer: Issuer) -> Account:
        return self._accounts[id(issuer)][1]


@contextlib.contextmanager
def datadog_for_makers(family: str) -> t.Iterator[Maker]:
    """One server for all conformance tests of a family."""
    with DatadogServer() as server:
        yield DatadogMaker(server, family)
