# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and stops a stand-in made of C(json_standin.py), sets it up and looks into it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

_COLLECTIONS = Path(__file__).absolute().parents[5]
_PACKAGE = "ansible_collections.locksmith.rotation.tests.servers."


class JsonServer:
    """One server on a free loopback port; a context manager. Subclasses name the stand-in's file and what it is told."""

    STANDIN: t.ClassVar[str]

    def __init__(self, **settings: t.Any) -> None:
        self.url = ""
        self._port = 0
        self._settings = settings
        self._process: subprocess.Popen[str] | None = None

    def told(self) -> dict[str, t.Any]:
        """What the stand-in is started with besides settings: logins."""
        return {}

    def __enter__(self: _Self) -> _Self:
        self.start()
        return self

    def __exit__(self, *dummy: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start with an empty state; a second start takes the same port again."""
        command = [sys.executable, "-m", _PACKAGE + self.STANDIN]
        environment = {**os.environ, "PYTHONPATH": str(_COLLECTIONS)}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the stand-in has no pipes")
        self._process.stdin.write(json.dumps({**self.told(), "settings": self._settings, "port": self._port}) + "\n")
        self._process.stdin.flush()
        self._port = int(self._process.stdout.readline())
        self.url = f"http://127.0.0.1:{self._port}"

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        if process.stdout is not None:
            process.stdout.close()
        process.terminate()
        process.wait(timeout=10)

    # ---- looking in and setting up ---------------------------------------------------------------------------------

    def state(self) -> dict[str, t.Any]:
        """The stand-in's own state (digests, no secrets), its settings, and how often each request came (C(requests))."""
        return self.side_door("state")

    def settings(self, **changed: t.Any) -> None:
        """Change the stand-in's settings from now on."""
        self.side_door("settings", **changed)

    def fault(self, kind: str, method: str = ".*", path: str = ".*", times: int = 1, **more: t.Any) -> None:
        """Let the next C(times) matching requests fail; see C(json_standin.Fault)."""
        self.side_door("fault", kind=kind, method=method, path=path, times=times, **more)

    def calm(self) -> None:
        """Forget all faults and counts."""
        self.side_door("calm")

    def side_door(self, door: str, **body: t.Any) -> dict[str, t.Any]:
        status, answer, dummy = self.exchange("POST", f"/__test__/{door}", body)
        if status != 200:
            raise RuntimeError(f"the side door {door} answered {status}")
        return answer

    def exchange(
        self, method: str, path: str, body: t.Any = None, headers: t.Mapping[str, str] | None = None
    ) -> tuple[int, t.Any, dict[str, str]]:
        """One request; status, decoded body and headers."""
        data = None if body is None else json.dumps(body).encode()
        every = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.url + path, data=data, headers=every, method=method)
        try:
            with _DIRECT.open(request, timeout=10) as response:
                return response.status, _decoded(response.read()), dict(response.headers.items())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _decoded(error.read()), dict(error.headers.items())


_Self = t.TypeVar("_Self", bound=JsonServer)
#: Past any proxy of the environment: the server is on this machine.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _decoded(content: bytes) -> t.Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode("utf-8", "replace")
