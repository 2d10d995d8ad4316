# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The driver of the proof: C(make proof). See C(README.md)."""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
import typing as t
from pathlib import Path

from ansible_collections.locksmith.rotation.tests.proof import report, workers
from ansible_collections.locksmith.rotation.tests.proof.cells import Settings
from ansible_collections.locksmith.rotation.tests.proof.sections import sections

#: Runs wait for servers and for leases a good deal: this many keep two cores at work.
_WORKERS = 6


def main(arguments: t.Sequence[str]) -> int:
    """Run the cells that were asked for; 1 if any is a miss."""
    given = _parse(arguments)
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1 << 32)
    settings = Settings(seed, given.sample is not None)
    chosen = list(_chosen(settings, given.section, given.cell))
    if given.list:
        print("\n".join(f"{task.section}  {task.cell.row} / {task.cell.column}" for task in chosen))
        return 0
    print(f"seed {seed}: {len(chosen)} cells" + (f", as many as {given.sample} s allow" if settings.sample else ""), flush=True)
    begun = time.monotonic()
    done = list(report.telling(workers.run(_ordered(chosen, settings), settings, given.jobs, given.sample)))
    whole = report.Whole(tuple(done), settings, time.monotonic() - begun)
    print("\n".join(["", *report.totals(whole)]), flush=True)
    if given.write and not settings.sample and not given.section and not given.cell:
        Path(given.write).write_text(report.page(whole, sections()), encoding="utf-8")
        print(f"written to {given.write}", flush=True)
    return 0 if done and not whole.misses else 1


def _parse(arguments: t.Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make proof", description=__doc__)
    parser.add_argument("--seed", type=int, help="of everything that is chosen at random; printed by every run")
    parser.add_argument("--sample", type=float, metavar="SECONDS", help="a random part that takes about as long as this")
    parser.add_argument("--section", action="append", default=[], help="only sections of this name")
    parser.add_argument(
        "--cell", action="append", default=[], help='only cells whose "row / column" matches this regular expression'
    )
    parser.add_argument("--jobs", type=int, default=_WORKERS, help="worker processes")
    parser.add_argument("--list", action="store_true", help="say which cells there are")
    parser.add_argument("--write", metavar="FILE", help="where a whole run writes its report")
    return parser.parse_args(arguments)


def _chosen(settings: Settings, names: t.Sequence[str], patterns: t.Sequence[str]) -> t.Iterator[workers.Task]:
    wanted = [re.compile(pattern) for pattern in patterns]
    for section in sections():
        if names and section.NAME not in names:
            continue
        for cell in section.cells(settings):
            if not wanted or any(pattern.search(f"{cell.row} / {cell.column}") for pattern in wanted):
                yield workers.Task(section.NAME, cell)


def _ordered(tasks: list[workers.Task], settings: Settings) -> list[workers.Task]:
    """A sample in random order; everything with the longest first, so that the workers end together. Those apart come last."""
    if settings.sample:
        random.Random(settings.seed).shuffle(tasks)
    else:
        tasks.sort(key=lambda task: -task.cell.seconds)
    return sorted(tasks, key=lambda task: task.cell.apart)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
