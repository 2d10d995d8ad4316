# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS for the tests of the SSM and Secrets Manager stores: moto, its requests counted, its answers lost on demand."""

from __future__ import annotations

import collections
import contextlib
import secrets
import threading
import typing as t

import botocore.exceptions
import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.secretsmanager import SecretsManagerStore
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.ssm import SsmStore
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.ssm_journal import WRITE_ATTEMPTS
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
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
