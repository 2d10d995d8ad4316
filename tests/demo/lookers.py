# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches from outside: reads what each store publishes and logs in with it, and visits the web service, all the time.

Everything here is made without the code under test. Called by P(story).
"""

from __future__ import annotations

import abc
import json
import threading
import time
import typing as t
import urllib.error
import urllib.request

import botocore.config
import botocore.session
import psycopg

from ansible_collections.locksmith.rotation.tests.demo.layout import CREDENTIALS, Layout

Values = t.Dict[str, str]
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
#: Seconds between two looks at one credential.
_PAUSE = 0.4


class Systems:
    """How to read a published value, and how to log in with it. Each raises when it fails."""

    def __init__(self, layout: Layout) -> None:
        state = layout.read_state()
        self._addresses: dict[str, t.Any] = state["addresses"]
        self._region = str(state["region"])
        self._reader = layout.read_reader()
        # One for each thread: a client is made in milliseconds, its model is loaded once.
        self._session = botocore.session.Session()
        self._making = threading.Lock()

    def readers(self) -> dict[str, t.Callable[[], Values]]:
        """By credential."""
        reader = (self._reader["access_key"], self._reader["secret_key"])
        ssm, manager = self._client("ssm", *reader), self._client("secretsmanager", *reader)
        return {
            "orders-db": lambda: self._read_vault("orders/db"),
            "billing-db": lambda: self._read_vault("billing/db"),
            "deployer": lambda: json.loads(ssm.get_parameter(Name="/ci/deployer", WithDecryption=True)["Parameter"]["Value"]),
            # The label is AWS's default; moto, asked without it, answers with the version that was created first.
            "backup": lambda: json.loads(
                manager.get_secret_value(SecretId="ops/backup", VersionStage="AWSCURRENT")["SecretString"]
            ),
            "dashboards": lambda: self._read_vault("charts/grafana"),
            "telemetry": lambda: self._read_vault("agents/datadog"),
            "exporter": lambda: json.loads(
                manager.get_secret_value(SecretId="charts/exporter", VersionStage="AWSCURRENT")["SecretString"]
            ),
        }

    def log_in(self, values: Values) -> None:
        """With whatever it is."""
        if "password" in values:
            self._log_in_to_database(values)
        elif "access_key_id" in values:
            self._client("sts", values["access_key_id"], values["secret_access_key"]).get_caller_identity()
        elif "key" in values:
            self._ask(f"{self._addresses['datadog']}/api/v1/validate", {"DD-API-KEY": values["key"]})
        elif "workspace_token" in values:
            self._log_in_to_grafana("workspace", values["workspace_token"])
        else:
            self._log_in_to_grafana("grafana", values["token"])

    def logs_in(self, values: Values) -> bool:
        try:
            self.log_in(values)
        except Exception:  # however the library says no
            return False
        return True

    def answers(self, url: str) -> bool:
        """With a status below 400."""
        try:
            self._ask(url, {})
        except OSError:
            return False
        return True

    def _read_vault(self, path: str) -> Values:
        headers = {"X-Vault-Token": self._reader["vault_token"]}
        found: Values = json.loads(self._ask(f"{self._addresses['vault']}/v1/secret/data/{path}", headers))["data"]["data"]
        return found

    def _log_in_to_grafana(self, where: str, token: str) -> None:
        self._ask(f"{self._addresses[where]}/api/access-control/user/permissions", {"Authorization": f"Bearer {token}"})

    def _log_in_to_database(self, values: Values) -> None:
        host, port = self._addresses["postgresql"]
        login: dict[str, t.Any] = {"user": values["username"], "password": values["password"], "passfile": "/dev/null"}
        with psycopg.connect(host=host, port=port, dbname="postgres", connect_timeout=5, **login) as connection:
            connection.execute("SELECT 1")

    def _ask(self, url: str, headers: t.Mapping[str, str]) -> bytes:
        with _DIRECT.open(urllib.request.Request(url, headers=dict(headers)), timeout=10) as answer:
            return bytes(answer.read())

    def _client(self, service: str, access_key: str, secret_key: str) -> t.Any:
        with self._making:
            return self._session.create_client(
                service,
                endpoint_url=self._addresses["aws"],
                region_name=self._region,
                aws_access_key_id=access_key,
                aws_secret_access_key=secret_key,
                config=botocore.config.Config(retries={"total_max_attempts": 1}),
            )


class Looker(abc.ABC):
    """A thread that does one thing again and again, and counts how often that works."""

    def __init__(self, pause: float) -> None:
        self.served = 0
        self.failed = 0
        #: Moments of failures (seconds since the epoch) and their kind; never a message.
        self.failures: list[tuple[float, str]] = []
        self._pause = pause
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(15)

    @abc.abstractmethod
    def look(self) -> None:
        """Raises when it does not work."""

    def _run(self) -> None:
        while not self._over.wait(self._pause):
            try:
                self.look()
                self.served += 1
            except Exception as error:  # counted, whatever it is
                self.failed += 1
                self.failures.append((time.time(), type(error).__name__))


class Prober(Looker):
    """Reads the published value and logs in with it. C(seen): every value so far, the current one last."""

    def __init__(self, read: t.Callable[[], Values], systems: Systems) -> None:
        super().__init__(_PAUSE)
        self._read = read
        self._systems = systems
        self.seen: list[Values] = []

    def look(self) -> None:
        values = {name: value for name, value in self._read().items() if name != "rotated_at"}
        if values not in self.seen:
            self.seen.append(values)
        self._systems.log_in(values)


class Visitor(Looker):
    """Visits the orders service as a load balancer lets people: the next host answers while one restarts."""

    def __init__(self, ports: t.Mapping[str, t.Mapping[str, int]]) -> None:
        super().__init__(0.2)
        self._urls = [f"http://127.0.0.1:{named['orders-api']}/orders-db" for named in ports.values() if "orders-api" in named]

    def look(self) -> None:
        self._urls.append(self._urls.pop(0))
        for url in self._urls:
            try:
                with _DIRECT.open(url, timeout=10):
                    return
            except urllib.error.HTTPError:
                raise
            except OSError:  # it does not listen just now
                continue
        raise RuntimeError("no host answers")


def make_probers(layout: Layout, systems: Systems) -> dict[str, Prober]:
    """One for each credential."""
    readers = systems.readers()
    return {credential: Prober(readers[credential], systems) for credential in CREDENTIALS}
