# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A warm process that has imported everything and started nothing. Each run of the code under test is a fork of it.

It has no threads and no connections, so a fork of it is as good as a new process, some hundred times faster. A killed run
is reaped at once: for the collection's lease it is gone.
"""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import time
import typing as t
from multiprocessing.connection import Connection, Pipe

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.plugin_utils.issuers import issuer_class, kinds
from ansible_collections.locksmith.rotation.tests.proof import child
from ansible_collections.locksmith.rotation.tests.proof.runs import Ended, Run, Way

#: Seconds after which a run hangs.
LONGEST = 90.0


def warm_up() -> None:
    """Import and parse whatever a run may need. Called once, by the driver, before it forks anything."""
    import hvac  # noqa: F401
    import psycopg  # noqa: F401
    import requests  # noqa: F401

    for kind in kinds():
        issuer_class(kind)
    aws.preload("iam", "sts", "ssm", "secretsmanager")
    gc.collect()
    gc.freeze()


class Zygote:
    """The process, as its owner sees it. To be made while the owner has no threads."""

    def __init__(self) -> None:
        self._line, far = Pipe()
        self._pid = os.fork()
        if self._pid == 0:
            self._line.close()
            try:
                _serve(far)
            finally:
                os._exit(0)
        far.close()

    def run(self, run: Run) -> Ended:
        """One run from beginning to end."""
        return self.run_all([run])[0]

    def run_all(self, runs: t.Sequence[Run]) -> list[Ended]:
        """Several at once, begun together."""
        self._line.send(list(runs))
        ended: list[Ended] = self._line.recv()
        return ended

    def close(self) -> None:
        self._line.close()
        os.waitpid(self._pid, 0)


def _serve(line: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            runs: list[Run] = line.recv()
        except EOFError:
            return
        begun = [_begin(run) for run in runs]
        line.send([_finish(pid, reading) for pid, reading in begun])


def _begin(run: Run) -> tuple[int, int]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reading)
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(pickle.dumps(child.carry_out(run)))
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    return pid, reading


def _finish(pid: int, reading: int) -> Ended:
    text, deadline = b"", time.monotonic() + LONGEST
    hung = False
    while True:
        ready = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))[0]
        if not ready:
            hung = True
            os.kill(pid, signal.SIGKILL)
            break
        piece = os.read(reading, 1 << 16)
        if not piece:
            break
        text += piece
    os.close(reading)
    status = os.waitpid(pid, 0)[1]
    if hung:
        return Ended(Way.HUNG, message=f"no end within {LONGEST:.0f} s")
    if os.WIFSIGNALED(status):
        return Ended(Way.KILLED)
    if not text or os.WEXITSTATUS(status):
        return Ended(Way.CRASHED, message="the run's process ended without a word", kind="unexpected")
    ended: Ended = pickle.loads(text)
    return ended
