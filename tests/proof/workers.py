# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Worker processes: each takes one cell after the other and keeps the servers that it has started. Called by the driver."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import queue
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
import typing as t
from multiprocessing import get_context
from pathlib import Path

from ansible_collections.locksmith.rotation.tests.proof import zygote
from ansible_collections.locksmith.rotation.tests.proof.cells import Bench, Cell, Outcome, Result, Settings, T

_FORK = get_context("fork")
#: These keep real time, with half of it spent waiting for hosts that are cut off.
_APART_AT_ONCE = 3


@dataclasses.dataclass(frozen=True)
class Task:
    """A cell and the name of its section."""

    section: str
    cell: Cell

    @property
    def name(self) -> str:
        return f"{self.section}: {self.cell.row} / {self.cell.column}"


@dataclasses.dataclass(frozen=True)
class Done:
    """How a cell ended."""

    section: str
    row: str
    column: str
    result: Result
    seconds: float


def run(tasks: t.Sequence[Task], settings: Settings, jobs: int, limit: float | None) -> t.Iterator[Done]:
    """Run the tasks and yield each as it ends. C(limit): seconds; what would probably take longer than is left of them is left out.

    Tasks that want to be apart are run by few workers after the others have ended theirs.
    """
    zygote.warm_up()
    ends_at = None if limit is None else time.monotonic() + limit
    together = [place for place, task in enumerate(tasks) if not task.cell.apart]
    apart = [place for place, task in enumerate(tasks) if task.cell.apart]
    for places, workers in ((together, jobs), (apart, min(jobs, _APART_AT_ONCE))):
        if places:
            yield from _side_by_side(tasks, places, settings, workers, ends_at)


def _side_by_side(
    tasks: t.Sequence[Task], places: t.Sequence[int], settings: Settings, jobs: int, ends_at: float | None
) -> t.Iterator[Done]:
    waiting: t.Any = _FORK.SimpleQueue()
    finished: t.Any = _FORK.Queue()
    for place in places:
        waiting.put(place)
    for _dummy in range(jobs):
        waiting.put(None)
    processes = [_FORK.Process(target=_work, args=(tasks, waiting, finished, settings, ends_at)) for dummy in range(jobs)]
    for process in processes:
        process.start()
    ended = False
    try:
        working = len(processes)
        while working:
            try:
                done = finished.get(timeout=5)
            except queue.Empty:
                if not any(process.is_alive() for process in processes):
                    yield _broken("the workers ended without a word")
                    break
                continue
            if done is None:
                working -= 1
            else:
                yield done
        ended = True
    finally:
        for process in processes:
            if not ended:
                process.terminate()
            process.join()


def _broken(why: str) -> Done:
    return Done("driver", "workers", "end", Result(Outcome.MISS, why), 0.0)


def _work(tasks: t.Sequence[Task], waiting: t.Any, finished: t.Any, settings: Settings, ends_at: float | None) -> None:
    """A worker's life. Its zygote is forked before any server, so before any thread, is there."""
    forks = zygote.Zygote()
    signal.signal(signal.SIGTERM, lambda *dummy: sys.exit(1))
    top = Path(tempfile.mkdtemp(prefix="proof"))
    worker = _Worker()
    try:
        while True:
            place = waiting.get()
            if place is None:
                break
            if ends_at is not None and time.monotonic() + tasks[place].cell.seconds > ends_at:
                continue
            finished.put(_carry_out(tasks[place], settings, top, forks, worker))
    finally:
        worker.close()
        forks.close()
        shutil.rmtree(top, ignore_errors=True)
        finished.put(None)


class _Worker:
    """The servers of one worker."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._kept: dict[str, t.Any] = {}

    def keep(self, key: str, make: t.Callable[[], t.ContextManager[T]]) -> T:
        if key not in self._kept:
            self._kept[key] = self._stack.enter_context(make())
        kept: T = self._kept[key]
        return kept

    def close(self) -> None:
        self._stack.close()


def _carry_out(task: Task, settings: Settings, top: Path, forks: zygote.Zygote, worker: _Worker) -> Done:
    scratch = Path(tempfile.mkdtemp(prefix=re.sub(r"\W+", "-", task.cell.column), dir=top))
    bench = Bench(settings, scratch, random.Random(f"{settings.seed} {task.name}"), forks, worker)
    begun = time.monotonic()
    try:
        result = task.cell.run(bench)
    except Exception as error:  # a cell that raises has shown nothing
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "ansible_collections" in frame.filename]
        places = " < ".join(f"{os.path.basename(frame.filename)}:{frame.lineno}" for frame in reversed(frames[-4:]))
        result = Result(Outcome.MISS, f"the cell itself failed with {type(error).__name__} at {places}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Done(task.section, task.cell.row, task.cell.column, result, time.monotonic() - begun)
