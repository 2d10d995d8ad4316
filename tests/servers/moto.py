# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An AWS stand-in, moto's server, on a free loopback port: IAM, STS, SSM, Secrets Manager, SNS.

By default moto lets everything pass, as the account's root would be let; P(Moto.enforcing) has it check signatures
and IAM policies, for tests of missing rights.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import typing as t
import urllib.request
from pathlib import Path

import botocore.session

HOST = "127.0.0.1"
REGION = "eu-central-1"
ACCOUNT = "123456789012"
_START_SECONDS = 30


class Moto:
    """One server; a context manager."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.region = REGION
        self.access_key = "AKIAROOTROOTROOTROOT"
        self.secret_key = "root-of-the-stand-in"
        self._clients: dict[t.Any, t.Any] = {}
        self._top: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Moto:
        self._top = Path(tempfile.mkdtemp(prefix="moto"))
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *dummy: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None
        if self._top is not None:
            shutil.rmtree(self._top)
            self._top = None

    @property
    def options(self) -> dict[str, t.Any]:
        """The collection's AWS options for the account's root."""
        return self.options_of(self.access_key, self.secret_key)

    def options_of(self, access_key: str, secret_key: str) -> dict[str, t.Any]:
        """The collection's AWS options for somebody."""
        return {"endpoint_url": self.url, "region": self.region, "access_key": access_key, "secret_key": secret_key}

    def client(self, service: str, **options: t.Any) -> t.Any:
        """A botocore client made without the code under test, kept for the next time. C(options): as of P(options_of)."""
        given = {**self.options, **options}
        key = (service, *sorted(given.items()))
        if key not in self._clients:
            self._clients[key] = self._client(service, given)
        return self._clients[key]

    def _client(self, service: str, given: t.Mapping[str, t.Any]) -> t.Any:
        return botocore.session.Session().create_client(
            service,
            endpoint_url=given["endpoint_url"],
            region_name=given["region"],
            aws_access_key_id=given["access_key"],
            aws_secret_access_key=given["secret_key"],
            aws_session_token=given.get("session_token"),
        )

    def user(self, name: str, actions: t.Sequence[str]) -> dict[str, t.Any]:
        """Create an IAM user that may do these things everywhere; its options."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return self.options_of(key["AccessKeyId"], key["SecretAccessKey"])

    @contextlib.contextmanager
    def enforcing(self) -> t.Iterator[None]:
        """Check every request's signature and rights meanwhile."""
        self._post("reset-auth", b"0")
        try:
            yield
        finally:
            self._post("reset-auth", b"inf")

    def reset(self) -> None:
        """Forget everything that was created."""
        self._post("reset")

    def log(self) -> str:
        """Everything that the server has logged."""
        assert self._top is not None, "the server is not running"
        return (self._top / "log").read_text(encoding="utf-8", errors="replace")

    def _post(self, name: str, body: bytes = b"") -> None:
        request = urllib.request.Request(f"{self.url}/moto-api/{name}", body, {"Content-Type": "text/plain"}, method="POST")
        with urllib.request.urlopen(request, timeout=10):
            pass

    def _start(self) -> None:
        assert self._top is not None, "no directory"
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
        with (self._top / "log").open("wb") as log:
            command = [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(self.port)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._top, env=environment)
        give_up_at = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError(f"moto did not start: {self.log()}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/moto-api/data.json", timeout=10):
            return True
        return False


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
