# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the code under test in forked processes: many at once, or one that stops itself in the middle of its work.

Forked from a warm parent, twenty cost no more than twenty rotations. A process is only ever ended by its own id.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import signal
import time
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.entry import rotation, run
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer

Report = t.Dict[str, t.Any]
Work = t.Callable[[], Report]
_POLL = 0.02


class Running:
    """One process that was forked to call C(work), and what that returned. C(start): wait for this descriptor to close first."""

    def __init__(self, work: Work, gate: tuple[int, int] | None = None) -> None:
        self._reader, writer = os.pipe()
        self._stopped = False
        self._ended = False
        self.pid = os.fork()
        if self.pid == 0:
            _be(work, writer, gate)
        os.close(writer)

    def is_stopped(self, within: float) -> bool:
        """Wait until it has stopped itself; False if it ended without doing so.

        :raises TimeoutError: neither, C(within) so many seconds.
        """
        give_up_at = time.monotonic() + within
        while time.monotonic() < give_up_at:
            pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
            if pid:
                self._stopped, self._ended = os.WIFSTOPPED(status), not os.WIFSTOPPED(status)
                return self._stopped
            time.sleep(_POLL)
        raise TimeoutError(f"process {self.pid} neither stopped nor ended within {within:.0f} s")

    def wake(self) -> None:
        """Let a stopped one go on."""
        os.kill(self.pid, signal.SIGCONT)

    def report(self, within: float) -> Report:
        """What it returned. One that does not end in time is killed.

        :raises TimeoutError: it did not.
        """
        chunks, give_up_at = [], time.monotonic() + within
        while True:
            ready, dummy, dummy = select.select([self._reader], [], [], max(0.0, give_up_at - time.monotonic()))
            if not ready:
                self.kill()
                raise TimeoutError(f"a run did not end within {within:.0f} s")
            chunk = os.read(self._reader, 65536)
            if not chunk:
                break
            chunks.append(chunk)
        self._reap()
        return t.cast(Report, json.loads(b"".join(chunks) or b'{"failed": true, "error": "died", "msg": "it died"}'))

    def kill(self) -> None:
        """End it, whatever it does."""
        if not self._ended:
            os.kill(self.pid, signal.SIGKILL)
            self._reap()

    def _reap(self) -> None:
        if not self._ended:
            os.waitpid(self.pid, 0)
            self._ended = True
        with contextlib.suppress(OSError):
            os.close(self._reader)


def _be(work: Work, writer: int, gate: tuple[int, int] | None) -> t.NoReturn:
    """The forked process. Leaves without the parent's clean-up."""
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if gate is not None:
            os.close(gate[1])
            os.read(gate[0], 1)
        report = work()
    except BaseException as error:
        report = {"failed": True, "error": "unexpected", "msg": f"{type(error).__name__} escaped"}
    try:
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(json.dumps(report, default=str).encode())
    finally:
        os._exit(0)


def at_once(works: t.Sequence[Work], within: float) -> list[Report]:
    """Let all of them go at the same moment; what each returned."""
    gate = os.pipe()
    runs = [Running(work, gate) for work in works]
    os.close(gate[0])
    os.close(gate[1])
    return _reports(runs, within)


def side_by_side(works: t.Sequence[Work], within: float) -> list[Report]:
    """The same without waiting for each other."""
    return _reports([Running(work) for work in works], within)


def _reports(runs: t.Sequence[Running], within: float) -> list[Report]:
    try:
        give_up_at = time.monotonic() + within
        return [run.report(max(1.0, give_up_at - time.monotonic())) for run in runs]
    finally:
        for each in runs:
            each.kill()


def perform(issuer: type[Issuer], parameters: t.Mapping[str, t.Any]) -> Report:
    """One run as a module would do it, begun at this moment."""
    run.LOADED_AT = time.time()
    try:
        return rotation.perform(issuer, parameters, False)
    except Exception as error:
        return rotation.failure(error, str(parameters["name"]))


class Steps:
    """The moments before each request that a process sends and each file that it puts in place, counted from 0.

    At number C(stop_at) the process stops itself, as one does whose virtual machine is suspended.
    """

    def __init__(self, stop_at: int | None = None) -> None:
        self._stop_at = stop_at
        self.count = 0

    def watch(self) -> None:
        """Begin. For the rest of the process's life."""
        send, replace = http.client.HTTPConnection.putrequest, os.replace

        def putrequest(*arguments: t.Any, **keywords: t.Any) -> None:
            self._step()
            send(*arguments, **keywords)

        def replaced(*arguments: t.Any, **keywords: t.Any) -> None:
            self._step()
            replace(*arguments, **keywords)

        t.cast(t.Any, http.client.HTTPConnection).putrequest = putrequest
        t.cast(t.Any, os).replace = replaced

    def _step(self) -> None:
        if self.count == self._stop_at:
            os.kill(os.getpid(), signal.SIGSTOP)
        self.count += 1
