# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS for the tests of the IAM issuer: moto that checks signatures and rights, behind a front that does what moto does not."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.aws import forget_clients, preload
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.iam import IamIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, Issuer, Setting
from ansible_collections.locksmith.rotation.tests.real.clocks import HastyClock
from ansible_collections.locksmith.rotation.tests.real.issuer_makers import Maker
from ansible_collections.locksmith.rotation.tests.servers.aws_front import AwsFront
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto, free_port

MANAGER_RIGHTS = (
    "iam:ListAccessKeys",
    "iam:CreateAccessKey",
    "iam:UpdateAccessKey",
    "iam:DeleteAccessKey",
    "iam:GetAccessKeyLastUsed",
)
USER = "ci-deployer"


@dataclasses.dataclass
class Iam:
    """An AWS with one user whose keys rotate and a manager that may rotate them."""

    moto: Moto
    front: AwsFront
    options: dict[str, t.Any] = dataclasses.field(repr=False)
    clock: HastyClock

    def issuer(self, **options: t.Any) -> IamIssuer:
        """An issuer for the user, signed by the manager unless C(options) say otherwise."""
        given = {"user_name": USER, **self.options, **options}
        return IamIssuer.create(given, Setting("ci", 7776000, 86400, 604800, self.clock))

    def through_front(self, options: dict[str, t.Any]) -> dict[str, t.Any]:
        return {**options, "endpoint_url": self.front.url}

    def root(self, service: str = "iam") -> t.Any:
        """A client of somebody else with all rights, for what people do by hand."""
        return self.moto.client(service)


@pytest.fixture(scope="session")
def iam_server() -> t.Iterator[Moto]:
    with Moto() as server:
        yield server


@pytest.fixture
def iam(iam_server: Moto) -> t.Iterator[Iam]:
    """A fresh account; signatures and rights are checked. Clients are made beforehand, as the action plugin has it."""
    iam_server.reset()
    root = iam_server.user("root", ["*"])
    iam_server.access_key, iam_server.secret_key = root["access_key"], root["secret_key"]
    manager = iam_server.user("rotation", MANAGER_RIGHTS)
    iam_server.client("iam").create_user(UserName=USER)
    preload("iam", "sts")
    with AwsFront(iam_server.port) as front, iam_server.enforcing():
        yield Iam(iam_server, front, {**manager, "endpoint_url": front.url}, HastyClock())
        forget_clients()


class IamMaker(Maker):
    """Users of one account for the conformance tests; one that enforces signatures and rights."""

    def __init__(self, account: Iam) -> None:
        self._account = account
        self._numbers = itertools.count()

    def make(self) -> IamIssuer:
        name = f"conform-{next(self._numbers)}"
        self._account.root().create_user(UserName=name)
        return self._account.issuer(user_name=name)

    def unreachable(self, issuer: Issuer) -> IamIssuer:
        return self._account.issuer(user_name=_name_of(issuer), endpoint_url=f"http://127.0.0.1:{free_port()}")

    def missing(self) -> IamIssuer:
        return self._account.issuer(user_name="nobody")

    def denied(self, issuer: Issuer) -> IamIssuer:
        return self._account.issuer(user_name=_name_of(issuer), secret_key="not-the-managers-secret")

    def kill(self, issuer: Issuer, version: Issued) -> None:
        self._account.root().delete_access_key(UserName=_name_of(issuer), AccessKeyId=version.id)

    def foreign_key(self, issuer: Issuer) -> str:
        return str(self._account.root().create_access_key(UserName=_name_of(issuer))["AccessKey"]["AccessKeyId"])

    def secrets(self) -> t.Sequence[str]:
        return (self._account.options["secret_key"],)

    def module_options(self, issuer: Issuer) -> dict[str, t.Any]:
        return {"user_name": _name_of(issuer), **self._account.options}

    def alive(self, issuer: Issuer, fields: t.Mapping[str, str]) -> bool:
        """C(GetCallerIdentity), signed here and sent through the front, which knows the keys that are switched off."""
        return self._account.front.knows(fields["access_key_id"], fields["secret_access_key"])

    def key_ids(self, issuer: Issuer) -> set[str]:
        listed = self._root.list_access_keys(UserName=_name_of(issuer))["AccessKeyMetadata"]
        return {key["AccessKeyId"] for key in listed}

    @functools.cached_property
    def _root(self) -> t.Any:
        return self._account.root()


def _name_of(issuer: Issuer) -> str:
    return issuer.identity.rpartition(" ")[2]


@contextlib.contextmanager
def account_for_makers() -> t.Iterator[Maker]:
    """One account for all conformance tests."""
    with Moto() as server:
        root = server.user("root", ["*"])
        server.access_key, server.secret_key = root["access_key"], root["secret_key"]
        manager = server.user("rotation", MANAGER_RIGHTS)
        with AwsFront(server.port) as front, server.enforcing():
            yield IamMaker(Iam(server, front, {**manager, "endpoint_url": front.url}, HastyClock()))
            forget_clients()
