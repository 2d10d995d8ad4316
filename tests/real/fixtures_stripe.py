# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in Stripe, one server for the whole test session, and the person who works in its Dashboard."""

from __future__ import annotations

import contextlib
import itertools
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import DropOff, Issued, Issuer, Setting
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.stripe import StripeIssuer
from ansible_collections.locksmith.rotation.tests.real.clocks import HastyClock
from ansible_collections.locksmith.rotation.tests.real.fixtures_manual import Drawer
from ansible_collections.locksmith.rotation.tests.real.issuer_makers import Maker
from ansible_collections.locksmith.rotation.tests.servers.moto import free_port
from ansible_collections.locksmith.rotation.tests.servers.stripe import StripeServer

DEFAULTS = {"names_account": True, "expiry_delay": 0.0, "encrypts": False, "accept_anything": False, "most": 16}
EVENTS = ["charge.succeeded", "invoice.paid"]
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def stripe_server() -> t.Iterator[StripeServer]:
    with StripeServer() as server:
        yield server


@pytest.fixture
def stripe(stripe_server: StripeServer) -> StripeServer:
    """Without faults and settings of earlier tests."""
    stripe_server.calm()
    stripe_server.settings(**DEFAULTS)
    return stripe_server


def make_issuer(server: StripeServer, kind: str, drop_off: DropOff | None = None, **more: t.Any) -> Issuer:
    """An issuer with every option at its default, except how to reach the server and what C(more) says."""
    options = {name: spec.get("default") for name, spec in StripeIssuer.OPTIONS.items()}
    options.update({"api_url": server.url, "kind": kind, **more})
    setting = Setting("shop", 86400, 3600, 0, HastyClock(), ("secret",), drop_off)
    return StripeIssuer.create(options, setting)


def unique_url() -> str:
    """A webhook URL that no other test uses."""
    return f"https://shop.example.com/hooks/{next(_numbers)}"


class _StripeMaker(Maker):
    """Each issuer has an account of its own."""

    kind: t.ClassVar[str]

    def __init__(self, server: StripeServer) -> None:
        self._server = server
        self._made: dict[int, dict[str, t.Any]] = {}

    def _options(self, account: str) -> dict[str, t.Any]:
        raise NotImplementedError

    def make(self) -> Issuer:
        account = self._server.add_account()
        return self._of(account, self._options(account))

    def _of(self, account: str, options: dict[str, t.Any], **more: t.Any) -> Issuer:
        issuer = make_issuer(self._server, self.kind, self._drop_off(account), **{**options, **more})
        self._made[id(issuer)] = {**options, "account": account, "issuer": issuer}
        return issuer

    def _drop_off(self, account: str) -> DropOff | None:
        return None

    def _known(self, issuer: Issuer) -> tuple[str, dict[str, t.Any]]:
        options = dict(self._made[id(issuer)])
        options.pop("issuer")
        return options.pop("account"), options

    def unreachable(self, issuer: Issuer) -> Issuer:
        account, options = self._known(issuer)
        return self._of(account, options, api_url=f"http://127.0.0.1:{free_port()}")


class StripeKeyMaker(_StripeMaker):
    """A person puts a new secret key into the drop-off whenever it is looked into."""

    kind = "secret_key"

    def _options(self, account: str) -> dict[str, t.Any]:
        return {}

    def _drop_off(self, account: str) -> DropOff | None:
        return Drawer(lambda: {"secret": self._server.make_key(account)})

    def missing(self) -> Issuer:
        return self._of(self._server.add_account(), {}, api_url=self._server.url + "/nowhere")

    def denied(self, issuer: Issuer) -> Issuer:
        account, options = self._known(issuer)
        return self._of(account, options, api_url=self._server.url + "/blocked")

    def kill(self, issuer: Issuer, version: Issued) -> None:
        self._server.end_key(version.fields["secret"])

    def module_options(self, issuer: Issuer) -> dict[str, t.Any]:
        key = self._server.make_key(self._known(issuer)[0])
        return {"api_url": self._server.url, "kind": self.kind, "new_value": {"secret": key}}

    def alive(self, issuer: Issuer, fields: t.Mapping[str, str]) -> bool:
        return self._server.works(fields.get("secret", ""))


class StripeWebhookMaker(_StripeMaker):
    """One URL a time; the management key may do nothing but webhook endpoints."""

    kind = "webhook_endpoint"

    def _options(self, account: str) -> dict[str, t.Any]:
        key = self._server.make_key(account, "rk", rights=["webhook_read", "webhook_write"])
        return {"api_key": key, "webhook_url": unique_url(), "enabled_events": EVENTS}

    def missing(self) -> Issuer:
        account = self._server.add_account()
        return self._of(account, {**self._options(account), "enabled_events": None})

    def denied(self, issuer: Issuer) -> Issuer:
        account, options = self._known(issuer)
        return self._of(account, {**options, "api_key": self._server.make_key(account, "rk")})

    def kill(self, issuer: Issuer, version: Issued) -> None:
        self._ask(issuer, "DELETE", f"/v1/webhook_endpoints/{version.id}")

    def _ask(self, issuer: Issuer, method: str, path: str) -> None:
        self._server.ask(self._server.make_key(self._known(issuer)[0]), method, path)

    def foreign_key(self, issuer: Issuer) -> str:
        account, options = self._known(issuer)
        return self._server.make_endpoint(self._server.make_key(account), options["webhook_url"], EVENTS)[0]

    def secrets(self) -> t.Sequence[str]:
        return [options["api_key"] for options in self._made.values()]

    def module_options(self, issuer: Issuer) -> dict[str, t.Any]:
        return {"api_url": self._server.url, "kind": self.kind, **self._known(issuer)[1]}

    def alive(self, issuer: Issuer, fields: t.Mapping[str, str]) -> bool:
        return self._server.signs_with(self._known(issuer)[0], fields.get("secret", ""))

    def key_ids(self, issuer: Issuer) -> set[str]:
        account, options = self._known(issuer)
        return {row["id"] for row in self._server.endpoints(account, options["webhook_url"])}


class StripeManagedMaker(_StripeMaker):
    """The private preview: an app's key in test mode."""

    kind = "managed_key"

    def _options(self, account: str) -> dict[str, t.Any]:
        app = self._server.make_key(self._server.add_account(), app=True)
        return {"api_key": app, "stripe_account": account, "permissions": ["charge_read"], "private_preview": True}

    def missing(self) -> Issuer:
        account = self._server.add_account()
        return self._of(account, {**self._options(account), "stripe_account": "acct_1nobodyisthere"})

    def denied(self, issuer: Issuer) -> Issuer:
        account, options = self._known(issuer)
        return self._of(account, {**options, "api_key": self._server.make_key(account)})

    def kill(self, issuer: Issuer, version: Issued) -> None:
        self._server.end_key(version.fields["secret"])

    def foreign_key(self, issuer: Issuer) -> str:
        account, options = self._known(issuer)
        return self._server.make_managed(options["api_key"], account)

    def secrets(self) -> t.Sequence[str]:
        return [options["api_key"] for options in self._made.values()]

    def module_options(self, issuer: Issuer) -> dict[str, t.Any]:
        return {"api_url": self._server.url, "kind": self.kind, **self._known(issuer)[1]}

    def alive(self, issuer: Issuer, fields: t.Mapping[str, str]) -> bool:
        return self._server.works(fields.get("secret", ""))

    def key_ids(self, issuer: Issuer) -> set[str]:
        return self._server.managed_ids(self._known(issuer)[0])


@contextlib.contextmanager
def server_for_makers(kind: str) -> t.Iterator[Maker]:
    """One server for all conformance tests of a kind."""
    makers: dict[str, t.Callable[[StripeServer], Maker]] = {
        "key": StripeKeyMaker,
        "webhook": StripeWebhookMaker,
        "managed": StripeManagedMaker,
    }
    with StripeServer() as server:
        yield makers[kind](server)
