# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in Datadog behind HTTP, in a thread of whoever starts it, with faults on purpose. Used by tests, demo and bench."""

from __future__ import annotations

import collections
import dataclasses
import json
import threading
import time
import typing as t
from urllib.parse import parse_qsl, urlsplit

from ansible_collections.locksmith.rotation.tests.servers.datadog_standin import Datadog, Key
from ansible_collections.locksmith.rotation.tests.servers.json_standin import Fault, Handler, Reply, Server


class Organization(Datadog):
    """One organization at the server. C(api_key) and C(app_key) log its administrator in."""

    def __init__(self, url: str, **settings: t.Any) -> None:
        super().__init__(**settings)
        self.url = url
        self.admin = self.add_user("administrator")
        self._admin_keys = (self.add_key("of the tests"), self.add_key("of the tests", self.admin))
        self.api_key, self.app_key = (key.value for key in self._admin_keys)

    def set(self, **changed: t.Any) -> None:
        """Change these of the C(Settings) from now on."""
        with self.lock:
            self.settings = dataclasses.replace(self.settings, **changed)

    def service_account(self, name: str, rights: t.Iterable[str] = ()) -> str:
        """A new one; its id."""
        with self.lock:
            return self.add_user(name, True, rights)

    def login_of(self, name: str, rights: t.Iterable[str]) -> str:
        """A new user who may do this; the value of an application key of theirs."""
        with self.lock:
            return self.add_key(f"login of {name}", self.add_user(name, False, rights)).value

    def make(self, name: str, owner: str = "", **more: t.Any) -> Key:
        """A key made by other hands."""
        with self.lock:
            return self.add_key(name, owner, **more)

    def kept(self, owner: str = "") -> dict[str, Key]:
        """The API keys, or an owner's application keys, by id; without those that log the administrator in."""
        with self.lock:
            hidden = {key.id for key in self._admin_keys}
            return {key.id: key for key in self.keys.values() if key.owner == owner and key.id not in hidden}

    def remove(self, key_id: str) -> None:
        """As a person would in the web interface."""
        with self.lock:
            self.keys.pop(key_id, None)

    def works(self, value: str, application: bool = False) -> bool:
        """Does Datadog let this value in now? Does not count as use."""
        with self.lock:
            keys, now = self.keys.values(), time.time()
            return any(key.value == value and bool(key.owner) == application and key.usable_at <= now for key in keys)


class DatadogServer:
    """Organizations behind one free loopback port; a context manager."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._organizations: list[Organization] = []
        self._faults: list[Fault] = []
        self.requests: collections.Counter[str] = collections.Counter()
        self._server = Server(("127.0.0.1", 0), _handler_of(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> DatadogServer:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def organization(self, **settings: t.Any) -> Organization:
        """A new one, with an administrator."""
        made = Organization(self.url, **settings)
        with self._lock:
            self._organizations.append(made)
        return made

    def fault(self, kind: str, method: str = ".*", path: str = ".*", times: int = 1, **more: t.Any) -> None:
        """Let requests fail; see C(Fault)."""
        with self._lock:
            self._faults.append(Fault(kind, method, path, times, **more))

    def calm(self) -> None:
        """Forget all faults, and what was counted."""
        with self._lock:
            self._faults.clear()
            self.requests.clear()

    def fault_for(self, method: str, path: str) -> Fault | None:
        with self._lock:
            self.requests[f"{method} {path}"] += 1
            fault = next((one for one in self._faults if one.concerns(method, path)), None)
            if fault:
                fault.times -= 1
            return fault

    def asked(self, api_key: str) -> Organization:
        """The organization that a request is for; any one where no organization has that key, and it will refuse."""
        with self._lock:
            found = (one for one in reversed(self._organizations) if one.holds(api_key))
            return next(found, self._organizations[-1])


class _Handler(Handler):
    """What the other stand-ins' handler does, for one of several organizations."""

    ON_PURPOSE = {"errors": ["on purpose"]}
    owner: t.ClassVar[DatadogServer]

    def serve(self) -> None:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.owner.fault_for(self.command, parts.path)
        if fault and self._failed_before(fault):
            return
        given = {name.lower(): value for name, value in self.headers.items()}
        organization = self.owner.asked(given.get("dd-api-key", ""))
        over, headers = organization.limited()
        if over:
            self._send(Reply(429, {"errors": ["Too many requests"]}, headers))
            return
        body = json.loads(raw) if raw else None
        reply = Reply(*organization.answer(self.command, parts.path, dict(parse_qsl(parts.query)), given, body), headers)
        if fault and fault.kind != "slow":
            self._fail_after(fault, reply)
        else:
            self._send(reply)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = serve


def _handler_of(server: DatadogServer) -> type[Handler]:
    class Owned(_Handler):
        owner = server

    return Owned
