# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Amazon Managed Grafana, and what the tests of its issuer do there by other hands than the issuer's."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import time
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.aws import forget_clients
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.amg import AmgIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued, Issuer, Setting
from ansible_collections.locksmith.rotation.tests.real.clocks import HastyClock
from ansible_collections.locksmith.rotation.tests.real.issuer_makers import Maker
from ansible_collections.locksmith.rotation.tests.servers.amg_standin import AmgStandin
from ansible_collections.locksmith.rotation.tests.servers.aws_standin import REGION
from ansible_collections.locksmith.rotation.tests.servers.grafana_state import Identity, Token, digest
from ansible_collections.locksmith.rotation.tests.servers.moto import free_port

#: Seconds: what the module's defaults come to.
DAY = 86400
ROTATE_AFTER, GRACE, RECOVERY_WAIT = 20 * DAY, DAY, 7 * DAY
#: The rights of the issuer's page, for each kind of token.
RIGHTS = {
    "service_account": (
        "DescribeWorkspace",
        "ListWorkspaceServiceAccounts",
        "CreateWorkspaceServiceAccount",
        "ListWorkspaceServiceAccountTokens",
        "CreateWorkspaceServiceAccountToken",
        "DeleteWorkspaceServiceAccountToken",
    ),
    "api_key": ("DescribeWorkspace", "CreateWorkspaceApiKey", "DeleteWorkspaceApiKey"),
}
_numbers = itertools.count(1)


def unique(base: str) -> str:
    """A name that no other test uses."""
    return f"{base}-{next(_numbers)}"


def make_attempt(name: str | None = None) -> Attempt:
    return Attempt(name or f"locksmith-charts-20261121T031400-{secrets.token_hex(4)}", time.time(), (), 29 * DAY)


class Amg:
    """One account with one workspace, and a rotator that has the rights of the issuer's page and no others."""

    def __init__(self, server: AmgStandin, token_type: str = "service_account") -> None:
        self.server, self.token_type, self.clock = server, token_type, HastyClock()
        self.login = server.login(*RIGHTS[token_type])

    def options(self, **more: t.Any) -> dict[str, t.Any]:
        """As a user writes them."""
        given = {"workspace_id": self.server.main.id, "workspace_url": self.server.url, "token_type": self.token_type}
        if self.token_type == "service_account":
            given["service_account"] = unique("exporter")
        return {**given, "role": "VIEWER", **self.login, **more}

    def issuer(self, **more: t.Any) -> AmgIssuer:
        """With every option at its default, except how to reach the server and what C(more) says."""
        setting = Setting("charts", ROTATE_AFTER, GRACE, RECOVERY_WAIT, more.pop("clock", None) or self.clock)
        given = {name: spec.get("default") for name, spec in AmgIssuer.OPTIONS.items()}
        return AmgIssuer.create({**given, **self.options(**more)}, setting)

    def account(self, name: str | None = None, role: str = "Viewer") -> str:
        """A service account, made by other hands; its name."""
        name = name or unique("conform")
        grafana = self.server.main.grafana
        with grafana.lock:
            grafana.create_account(Identity(1, "Admin", {"serviceaccounts:create": [""]}), name, role)
        return name

    def token(self, account: str, name: str | None = None, lifetime: int = DAY) -> tuple[str, str]:
        """A token of the account, made by other hands; its id and its secret."""
        grafana = self.server.main.grafana
        with grafana.lock:
            number = next(one.id for one in grafana.accounts.values() if one.name == account)
            token, secret = grafana.create_token(1, number, name or unique("by-hand"), lifetime)
        return f"{self.server.main.account_id(number)}/{token.id}", secret

    def api_key(self, name: str | None = None) -> tuple[str, str]:
        """An API key, made by other hands; its name and its secret."""
        grafana = self.server.main.grafana
        with grafana.lock:
            token, secret = grafana.create_token(1, 0, name or unique("by-hand"), DAY, "Viewer")
        return token.name, secret

    def tokens(self, account: str | None = None) -> list[Token]:
        """Those that exist: of a service account, or the API keys."""
        grafana = self.server.main.grafana
        with grafana.lock:
            numbers = {one.id for one in grafana.accounts.values() if one.name == account} if account else {0}
            return [token for token in grafana.tokens.values() if token.account in numbers]

    def holds(self, secret: str, workspace_id: str = "") -> bool:
        """Whether it logs in, asked of the state and not by a login, which would be a use."""
        grafana = self.server.workspaces[workspace_id or self.server.main.id].grafana
        now = grafana.now()
        found = [token for token in list(grafana.tokens.values()) if token.digest == digest(secret)]
        return any(token.expires is None or token.expires > now for token in found)


@pytest.fixture
def amg() -> t.Iterator[Amg]:
    """A workspace of version 10."""
    with AmgStandin("10.4") as server:
        yield Amg(server)
        forget_clients()


@pytest.fixture
def amg_12() -> t.Iterator[Amg]:
    """A workspace whose Grafana says whom a token belongs to."""
    with AmgStandin("12.1") as server:
        yield Amg(server)
        forget_clients()


@pytest.fixture
def amg_keys() -> t.Iterator[Amg]:
    """The API keys of a workspace of version 9."""
    with AmgStandin("9.4") as server:
        yield Amg(server, "api_key")
        forget_clients()


class AmgMaker(Maker):
    """Service accounts, or API keys, of one workspace for the conformance tests."""

    def __init__(self, amg: Amg) -> None:
        self._amg = amg
        self._version = amg.server.main.grafana.settings.version

    def make(self) -> AmgIssuer:
        return self._amg.issuer(**self._whose(None))

    def _whose(self, issuer: Issuer | None) -> dict[str, t.Any]:
        """A service account of its own; API keys belong to a whole workspace."""
        if self._amg.token_type == "api_key":
            return {"workspace_id": _workspace_of(issuer) if issuer else self._amg.server.workspace(self._version).id}
        return {"service_account": _account_of(issuer) if issuer else self._amg.account()}

    def unreachable(self, issuer: Issuer) -> AmgIssuer:
        nowhere = f"http://127.0.0.1:{free_port()}"
        return self._amg.issuer(**self._whose(issuer), endpoint_url=nowhere, workspace_url=nowhere)

    def missing(self) -> AmgIssuer:
        return self._amg.issuer(workspace_id="g-0000000000")

    def denied(self, issuer: Issuer) -> AmgIssuer:
        return self._amg.issuer(**self._whose(issuer), secret_key="not-the-managers-secret")

    def kill(self, issuer: Issuer, version: Issued) -> None:
        held = self._amg.server.workspaces[_workspace_of(issuer)].grafana.tokens
        number = next(token.id for token in held.values() if token.digest == digest(version.fields["token"]))
        del held[number]

    def foreign_key(self, issuer: Issuer) -> str:
        if self._amg.token_type == "api_key":
            grafana = self._amg.server.workspaces[_workspace_of(issuer)].grafana
            with grafana.lock:
                return grafana.create_token(1, 0, unique("by-hand"), DAY, "Viewer")[0].name
        return self._amg.token(_account_of(issuer))[0]

    def secrets(self) -> t.Sequence[str]:
        return (self._amg.login["secret_key"],)

    def module_options(self, issuer: Issuer) -> dict[str, t.Any]:
        return self._amg.options(**self._whose(issuer))

    def alive(self, issuer: Issuer, fields: t.Mapping[str, str]) -> bool:
        return self._amg.holds(fields["token"], _workspace_of(issuer))

    def key_ids(self, issuer: Issuer) -> set[str]:
        if self._amg.token_type == "api_key":
            held = self._amg.server.workspaces[_workspace_of(issuer)].grafana.tokens
            return {token.name for token in list(held.values()) if not token.account}
        account = _account_of(issuer)
        workspace = self._amg.server.main
        return {f"{workspace.account_id(token.account)}/{token.id}" for token in self._amg.tokens(account)}


def _workspace_of(issuer: Issuer) -> str:
    if not isinstance(issuer, AmgIssuer):
        raise TypeError("another system's issuer")
    return str(issuer._options["workspace_id"])


def _account_of(issuer: Issuer | None) -> str:
    if not isinstance(issuer, AmgIssuer):
        raise TypeError("another system's issuer")
    return str(issuer._options["service_account"])


@contextlib.contextmanager
def workspace_for_makers(version: str, token_type: str = "service_account") -> t.Iterator[Maker]:
    """One workspace for all conformance tests; its lists come in pages of two."""
    with AmgStandin(version) as server:
        server.main.page = 2
        server.main.opaque_ids = version.startswith("9")
        server.main.token_quota = 10000
        yield AmgMaker(Amg(server, token_type))
        forget_clients()


__all__ = (
    "REGION",
    "Amg",
    "AmgMaker",
    "HastyClock",
    "amg",
    "amg_12",
    "amg_keys",
    "make_attempt",
    "unique",
    "workspace_for_makers",
)
