# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls a module or an action plugin in this process, as Ansible would, and counts what it tries to send. For forked processes only."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import socket
import sys
import time
import typing as t
from pathlib import Path

import psycopg
from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args

from ansible_collections.locksmith.rotation.tests.proof.races_runs import Report

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
_MODULES = "ansible_collections.locksmith.rotation.plugins.modules."


def executable() -> list[str]:
    """The modules that run on a host; the others are the documentation of an action plugin."""
    return [
        path.stem for path in sorted((PLUGINS / "modules").glob("*.py")) if "\ndef main()" in path.read_text(encoding="utf-8")
    ]


class _Seen(Exception):
    """The module's argument spec is known now."""


def spec_of(module: str) -> dict[str, t.Any]:
    """The argument spec that the module hands to Ansible."""
    seen: list[dict[str, t.Any]] = []
    original = basic.AnsibleModule.__init__

    def look(self: t.Any, argument_spec: dict[str, t.Any], *dummy: t.Any, **more: t.Any) -> None:
        seen.append(argument_spec)
        raise _Seen

    basic.AnsibleModule.__init__ = look  # type: ignore[method-assign]
    try:
        with contextlib.suppress(_Seen):
            main_of(module)()
    finally:
        basic.AnsibleModule.__init__ = original  # type: ignore[method-assign]
    return seen[0]


def main_of(module: str) -> t.Callable[[], None]:
    return t.cast(t.Callable[[], None], importlib.import_module(_MODULES + module).main)


def call(module: str, arguments: t.Mapping[str, t.Any], check: bool = False) -> Report:
    """What the module answers. Anything but an answer that Ansible understands is raised.

    :raises RuntimeError: it ended without one.
    """
    output, errors = io.StringIO(), io.StringIO()
    status: object = None
    given = {**arguments, "_ansible_check_mode": check, "_ansible_diff": True}
    with patch_module_args(given), contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            main_of(module)()
        except SystemExit as ended:
            status = ended.code
        else:
            raise RuntimeError("it ended without exit_json or fail_json")
    answer = t.cast(Report, json.loads(output.getvalue().strip().splitlines()[-1]))
    if bool(status) != bool(answer.get("failed")):
        raise RuntimeError(f"it ended with status {status} and failed={answer.get('failed')}")
    if "Traceback" in output.getvalue() + errors.getvalue():
        raise RuntimeError("it printed a traceback")
    return answer


class Cut:
    """Nobody can be reached any more, and every attempt to is counted. Waiting takes no time. There is no way back."""

    def __init__(self, folder: Path) -> None:
        self.attempts = 0
        self._waited = 0.0
        folder.mkdir(exist_ok=True)
        os.chdir(folder)
        (folder / "dir").mkdir()
        (folder / "here").write_text("not much\n", encoding="utf-8")
        os.environ.update(
            HOME=str(folder), AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="none", AWS_SHARED_CREDENTIALS_FILE="none"
        )
        self._cut_network()
        self._hasten()
        t.cast(t.Any, basic.AnsibleModule).run_command = lambda *dummy, **more: (1, "", "")
        t.cast(t.Any, os).kill = self._no_signal
        sys.setrecursionlimit(5000)

    def _cut_network(self) -> None:
        def refuse(*dummy: t.Any, **more: t.Any) -> t.NoReturn:
            self.attempts += 1
            raise ConnectionRefusedError(111, "Connection refused")

        def no_name(*dummy: t.Any, **more: t.Any) -> t.NoReturn:
            self.attempts += 1
            raise socket.gaierror(-2, "Name or service not known")

        def no_database(*dummy: t.Any, **more: t.Any) -> t.NoReturn:
            self.attempts += 1
            raise psycopg.OperationalError("connection failed: Connection refused")

        for owner, name, instead in (
            (socket.socket, "connect", refuse),
            (socket, "create_connection", refuse),
            (socket, "getaddrinfo", no_name),
            (psycopg, "connect", no_database),
        ):
            setattr(owner, name, instead)

    def _hasten(self) -> None:
        now = time.monotonic

        def sleep(seconds: float) -> None:
            self._waited += max(0.0, seconds)

        t.cast(t.Any, time).sleep = sleep
        t.cast(t.Any, time).monotonic = lambda: now() + self._waited

    def _no_signal(self, pid: int, number: int) -> None:
        """Whatever pid a file names: it is not ours to disturb."""
        raise ProcessLookupError(3, "No such process")
