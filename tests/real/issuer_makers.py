# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One maker for each issuer: what C(test_issuer_conformance.py) needs to put the same questions to all of them.

To have a new issuer tested, subclass P(Maker) beside its other fixtures and add a line to P(MAKERS).
"""

from __future__ import annotations

import abc
import contextlib
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields


class Maker(abc.ABC):
    """An issuer's server, and what a test does there by other hands than the issuer's."""

    @abc.abstractmethod
    def make(self) -> Issuer:
        """An issuer of an identity that is there, that no other test uses, and that has no key of ours yet."""

    @abc.abstractmethod
    def unreachable(self, issuer: Issuer) -> Issuer:
        """The same identity's issuer, at an address where nobody listens. Quick to say so."""

    @abc.abstractmethod
    def missing(self) -> Issuer:
        """An issuer of an identity that is not there."""

    @abc.abstractmethod
    def denied(self, issuer: Issuer) -> Issuer:
        """The same identity's issuer with an administrator's credential that the server does not take."""

    @abc.abstractmethod
    def kill(self, issuer: Issuer, version: Issued) -> None:
        """Make the version unusable behind the issuer's back."""

    def foreign_key(self, issuer: Issuer) -> str:
        """Create a key of the same identity by other hands; its id. Only asked of issuers that mint."""
        raise NotImplementedError

    def secrets(self) -> t.Sequence[str]:
        """What else must not show anywhere: the administrator's password or token."""
        return ()

    # ---- for the proof (tests/proof), which runs the code under test in processes of its own ------------------------

    def module_options(self, issuer: Issuer) -> dict[str, t.Any]:
        """The options of the issuer's module for this identity as a user writes them, without O(name) and O(store): plain values
        that serve any process. Asked for before each rotation and kept for the runs that resume it; so where a person supplies
        the value, every call gives a new one.
        """
        raise NotImplementedError

    def alive(self, issuer: Issuer, fields: t.Mapping[str, str]) -> bool:
        """Whether a value (under the issuer's field names) authenticates now, asked of the server without the code under test."""
        raise NotImplementedError

    def key_ids(self, issuer: Issuer) -> set[str]:
        """The ids, written as C(Issued.id), of all keys that the identity has at the server, active or not; asked without the code
        under test. Only asked of issuers that mint."""
        raise NotImplementedError

    def wrong(self, issuer: Issuer, version: Issued) -> Issued:
        """The same version with another secret of the same shape: each secret's characters turned by a third of its length."""
        fields = {name: value if name in issuer.PUBLIC_FIELDS else _turned(value) for name, value in version.fields.items()}
        return Issued(version.id, SecretFields(fields))


def _turned(value: str) -> str:
    third = len(value) // 3
    return value[third:] + value[:third]


@contextlib.contextmanager
def _postgres(strategy: str, version: int) -> t.Iterator[Maker]:
    from ansible_collections.locksmith.rotation.tests.real.fixtures_postgres import PostgresMaker
    from ansible_collections.locksmith.rotation.tests.servers.postgres import Postgres

    with Postgres(version) as server:
        yield PostgresMaker(server, strategy)


def _iam() -> t.ContextManager[Maker]:
    from ansible_collections.locksmith.rotation.tests.real.fixtures_iam import account_for_makers

    return account_for_makers()


def _grafana(version: str) -> t.ContextManager[Maker]:
    from ansible_collections.locksmith.rotation.tests.real.fixtures_grafana import server_for_makers

    return server_for_makers(version)


def _grafana_legacy(version: str) -> t.ContextManager[Maker]:
    from ansible_collections.locksmith.rotation.tests.real.fixtures_grafana import ApiKeyMaker, server_for_makers

    return server_for_makers(version, ApiKeyMaker)


def _grafana_cloud(kind: str) -> t.ContextManager[Maker]:
    from ansible_collections.locksmith.rotation.tests.real import fixtures_grafana_cloud as cloud

    return cloud.cloud_for_makers({"stack": cloud.StackMaker, "policy": cloud.PolicyMaker}[kind])


def _datadog(family: str) -> t.ContextManager[Maker]:
    from ansible_collections.locksmith.rotation.tests.real.fixtures_datadog import datadog_for_makers

    return datadog_for_makers(family)


def _sendgrid() -> t.ContextManager[Maker]:
    from ansible_collections.locksmith.rotation.tests.real.fixtures_sendgrid import server_for_makers

    return server_for_makers()


def _vault(kind: str) -> t.ContextManager[Maker]:
    from ansible_collections.locksmith.rotation.tests.real import fixtures_vault_issuers

    if kind == "secret_id":
        return fixtures_vault_issuers.secret_ids_for_makers()
    return fixtures_vault_issuers.static_roles_for_makers()


def _amg(version: str, token_type: str = "service_account") -> t.ContextManager[Maker]:
    from ansible_collections.locksmith.rotation.tests.real.fixtures_amg import workspace_for_makers

    return workspace_for_makers(version, token_type)


def _manual() -> t.ContextManager[Maker]:
    from ansible_collections.locksmith.rotation.tests.real.fixtures_manual import server_for_makers

    return server_for_makers()


def _stripe(kind: str) -> t.ContextManager[Maker]:
    from ansible_collections.locksmith.rotation.tests.real.fixtures_stripe import server_for_makers

    return server_for_makers(kind)


def _http_api(plays: str) -> t.ContextManager[Maker]:
    from ansible_collections.locksmith.rotation.tests.real.fixtures_http_api import server_for_makers

    return server_for_makers(plays)


#: Name of the case to what starts its server and yields its maker. Started once for all tests.
MAKERS: dict[str, t.Callable[[], t.ContextManager[Maker]]] = {
    "amg-12": lambda: _amg("12.1"),
    "amg-9": lambda: _amg("9.4"),
    "amg-9-api-key": lambda: _amg("9.4", "api_key"),
    "datadog-api": lambda: _datadog("api"),
    "datadog-application": lambda: _datadog("own"),
    "datadog-application-service-account": lambda: _datadog("service-account"),
    "grafana-9": lambda: _grafana("9.4"),
    "grafana-13": lambda: _grafana("13.0"),
    "grafana-legacy-9": lambda: _grafana_legacy("9.4"),
    "grafana-legacy-10": lambda: _grafana_legacy("10.4"),
    "grafana-cloud-stack": lambda: _grafana_cloud("stack"),
    "grafana-cloud-policy": lambda: _grafana_cloud("policy"),
    "http-api-cloudflare": lambda: _http_api("cloudflare"),
    "http-api-gitlab": lambda: _http_api("gitlab"),
    "http-api-slots": lambda: _http_api("slots"),
    "iam": _iam,
    "manual": _manual,
    "stripe-key": lambda: _stripe("key"),
    "stripe-webhook": lambda: _stripe("webhook"),
    "stripe-managed": lambda: _stripe("managed"),
    "postgresql-18-single": lambda: _postgres("single_user", 18),
    "postgresql-15-single": lambda: _postgres("single_user", 15),
    "postgresql-18-alternating": lambda: _postgres("alternating_users", 18),
    "postgresql-15-alternating": lambda: _postgres("alternating_users", 15),
    "sendgrid": _sendgrid,
    "vault-secret-id": lambda: _vault("secret_id"),
    "vault-static-role": lambda: _vault("static_role"),
}
