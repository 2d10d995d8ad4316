# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS for the tests of the SSM and Secrets Manager stores: moto, its requests counted, its answers lost on demand."""

from __future__ import annotations

import collections
import contextlib
import json
import secrets
import threading
import typing as t

import botocore.exceptions
import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Store
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.secretsmanager import SecretsManagerStore
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.ssm import SsmStore
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.ssm_journal import WRITE_ATTEMPTS
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.tests.real.store_makers import StoreMaker
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

FIELDS = ("access_key_id", "secret_access_key")


class Aws:
    """A moto and stores in it. Everything a test creates is under a C(mark) of its own."""

    def __init__(self, moto: Moto) -> None:
        self.moto = moto
        self.mark = secrets.token_hex(6)

    def client(self, service: str) -> t.Any:
        """Made without the code under test."""
        return self.moto.client(service)

    def ssm(self, fields: t.Sequence[str] = FIELDS, renames: t.Mapping[str, str] | None = None, **options: t.Any) -> SsmStore:
        given = {**self.moto.options, **options}
        if "names" not in given:
            given.setdefault("name", f"/app/{self.mark}")
        return SsmStore.create(given, fields, renames)

    def secretsmanager(
        self, fields: t.Sequence[str] = FIELDS, renames: t.Mapping[str, str] | None = None, **options: t.Any
    ) -> SecretsManagerStore:
        return SecretsManagerStore.create({"name": f"app/{self.mark}", **self.moto.options, **options}, fields, renames)

    @contextlib.contextmanager
    def counting(self, service: str, **options: t.Any) -> t.Iterator[collections.Counter[str]]:
        """Requests by operation, of the code under test, meanwhile."""
        counted: collections.Counter[str] = collections.Counter()

        def count(model: t.Any, **dummy: t.Any) -> None:
            counted[model.name] += 1

        with contextlib.ExitStack() as stack:
            for client in self._clients(service, options):
                client.meta.events.register("before-call", count)
                stack.callback(client.meta.events.unregister, "before-call", count)
            yield counted

    @contextlib.contextmanager
    def losing_answer(self, service: str, operation: str, **options: t.Any) -> t.Iterator[None]:
        """The next request of this operation takes effect, but its answer never arrives, so that botocore asks again."""
        lost: list[str] = []

        with contextlib.ExitStack() as stack:
            for client in self._clients(service, options):
                session = client._endpoint.http_session

                def lose(request: t.Any, session: t.Any = session, **dummy: t.Any) -> None:
                    if not lost:
                        lost.append(operation)
                        session.send(request)
                        raise botocore.exceptions.ReadTimeoutError(endpoint_url=request.url)

                event = f"before-send.{service.replace('secretsmanager', 'secrets-manager')}.{operation}"
                client.meta.events.register(event, lose)
                stack.callback(client.meta.events.unregister, event, lose)
            yield
        assert lost, f"no {operation} was sent"

    def _clients(self, service: str, options: t.Mapping[str, t.Any]) -> list[t.Any]:
        """Those that the stores use, under the same options; with few and with many attempts."""
        name = {"ssm": f"/app/{self.mark}", "secretsmanager": f"app/{self.mark}"}[service]
        given = {"name": name, **self.moto.options, **options}
        return [aws.client(service, given, attempts) for attempts in (1, aws.MAX_ATTEMPTS, WRITE_ATTEMPTS)]


class _AwsMaker(StoreMaker):
    """For the conformance tests. C(service) is botocore's name, and that of P(Aws)'s method too."""

    service: t.ClassVar[str]

    def __init__(self, in_aws: Aws) -> None:
        self._aws = in_aws
        self._as: dict[str, t.Any] = {}

    @property
    def name(self) -> str:
        """Of the parameter or the secret."""
        return f"/app/{self._aws.mark}"

    def make(self, field_names: t.Sequence[str], renames: t.Mapping[str, str] | None = None) -> Store:
        store: Store = getattr(self._aws, self.service)(field_names, renames, **self._as)
        return store

    def store_option(self) -> dict[str, t.Any]:
        return {"type": self.service, "name": self.name, **self._aws.moto.options}

    @contextlib.contextmanager
    def without_rights(self) -> t.Iterator[None]:
        reads = [f"{self.service}:{right}" for right in ("GetParameter", "GetSecretValue", "DescribeSecret")]
        self._as = self._aws.moto.user(f"reader-{self._aws.mark}", reads)
        try:
            with self._aws.moto.enforcing():
                yield
        finally:
            self._as = {}


class SsmMaker(_AwsMaker):
    """One JSON parameter."""

    service = "ssm"

    def put_sibling(self, name: str, value: str) -> None:
        text = json.dumps({**(self.raw() or {}), name: value})
        self._aws.client("ssm").put_parameter(Name=f"/app/{self._aws.mark}", Value=text, Type="SecureString", Overwrite=True)

    def raw(self) -> dict[str, t.Any] | None:
        ssm = self._aws.client("ssm")
        found = ssm.get_parameters(Names=[f"/app/{self._aws.mark}"], WithDecryption=True)["Parameters"]
        return dict(json.loads(found[0]["Value"])) if found else None

    def traces(self) -> t.Any:
        return [(each["Name"], each["Version"]) for each in self._everything() if self._aws.mark in each["Name"]]

    def journal_of_reader(self) -> str:
        """What a right to C(parameter/app/mark*) would show, the value itself left out."""
        name = f"/app/{self._aws.mark}"
        return "".join(each["Value"] for each in self._everything() if each["Name"].startswith(name) and each["Name"] != name)

    def _everything(self) -> list[dict[str, t.Any]]:
        by_path = self._aws.client("ssm").get_paginator("get_parameters_by_path")
        pages = by_path.paginate(Path="/", Recursive=True, WithDecryption=True)
        return [each for page in pages for each in page["Parameters"]]


class SecretsManagerMaker(_AwsMaker):
    """One JSON secret."""

    service = "secretsmanager"

    @property
    def name(self) -> str:
        return f"app/{self._aws.mark}"

    def put_sibling(self, name: str, value: str) -> None:
        client, secret = self._aws.client("secretsmanager"), f"app/{self._aws.mark}"
        text, before = json.dumps({**(self.raw() or {}), name: value}), self.raw()
        if before is None:
            client.create_secret(Name=secret, SecretString=text)
        else:
            client.put_secret_value(SecretId=secret, SecretString=text)

    def raw(self) -> dict[str, t.Any] | None:
        secret = f"app/{self._aws.mark}"
        if secret not in self._names():
            return None
        # AWS takes AWSCURRENT for granted; moto forgets that the label has moved.
        got = self._aws.client("secretsmanager").get_secret_value(SecretId=secret, VersionStage="AWSCURRENT")
        return dict(json.loads(got["SecretString"]))

    def traces(self) -> t.Any:
        client = self._aws.client("secretsmanager")
        ours = [name for name in self._names() if self._aws.mark in name]
        return {name: client.describe_secret(SecretId=name)["VersionIdsToStages"] for name in ours}

    def journal_of_reader(self) -> str:
        """What a right to C(secret:app/mark*) would show, the value itself left out."""
        client, secret = self._aws.client("secretsmanager"), f"app/{self._aws.mark}"
        others = [name for name in self._names() if name.startswith(secret) and name != secret]
        return "".join(client.get_secret_value(SecretId=name)["SecretString"] for name in others)

    def _names(self) -> list[str]:
        pages = self._aws.client("secretsmanager").get_paginator("list_secrets").paginate()
        return [each["Name"] for page in pages for each in page["SecretList"]]


def race(action: t.Callable[[int], t.Any], count: int) -> dict[int, t.Any]:
    """What each of C(count) threads, let go at once, returned or raised."""
    outcomes: dict[int, t.Any] = {}
    gate = threading.Barrier(count)

    def run(number: int) -> None:
        gate.wait()
        try:
            outcomes[number] = action(number)
        except errors.LocksmithError as error:
            outcomes[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.fixture(scope="session")
def moto() -> t.Iterator[Moto]:
    with Moto() as server:
        yield server
    aws.forget_clients()


@pytest.fixture
def in_aws(moto: Moto) -> Aws:
    return Aws(moto)
