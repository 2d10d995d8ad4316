# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark: seconds and requests per credential, beside Ansible's own floor and the published modules.

IAM keys into SSM on moto's server, ten forks, as many credentials as C(--sizes) says. Run with C(make bench). Prints a table and
nothing else; ends with 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import os
import pathlib
import sys
import tempfile
import time
import typing as t

from ansible.release import __version__ as core_version

from ansible_collections.locksmith.rotation.tests.bench import play
from ansible_collections.locksmith.rotation.tests.bench.account import create_users, user_names
from ansible_collections.locksmith.rotation.tests.bench.published import published_collections
from ansible_collections.locksmith.rotation.tests.servers.aws_front import AwsFront
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

#: Times Ansible's floor that a run may take in which nothing is due.
MOST_TIMES_FLOOR = 1.5
#: Times faster than the published modules.
LEAST_TIMES_FASTER = {"not due": 15.0, "due": 25.0}
#: Requests for one credential in which nothing is due: what is read to find that out.
MOST_IDLE_REQUESTS = 2
#: Requests for one rotation that change or prove something; the others are the journal's and the store's reads.
MOST_BY_ACTION = {"ListAccessKeys": 1, "CreateAccessKey": 1, "GetCallerIdentity": 3, "UpdateAccessKey": 1, "DeleteAccessKey": 0}
_COUNTED = 5
_REPEATS = 3
_NEVER, _ALWAYS = "3650d", "1s"
#: Seconds after which the newest key is due too, where keys are always due.
_OLD_ENOUGH = 2
_EACH = "not due, a task each"
#: Variables of our credentials. What the role takes from variables of its own names is named as the role does it.
_OURS = {
    "credential_type": "iam",
    "credential_options": {"user_name": "{{ inventory_hostname }}"},
    "credential_store": {"type": "ssm", "name": "/bench/{{ inventory_hostname }}"},
    "credential_rotate_after": "{{ bench_rotate_after }}",
}


@dataclasses.dataclass(frozen=True)
class Row:
    """One measurement, seconds a credential.

    C(bare): an action that does nothing and takes no arguments. C(floor): one that does nothing with the arguments that ours
    takes, which Ansible renders for each credential whoever the action is. C(ours): as the rotate playbook does it, a look at all
    credentials and a task for what is due; in the row P(_EACH), for comparison and without a target, a task for each.
    """

    what: str
    size: int
    bare: float
    floor: float
    ours: float
    composed: float

    def cells(self) -> list[str]:
        return [
            f"{self.what}, {self.size}",
            *(f"{seconds * 1000:.1f}" for seconds in (self.bare, self.floor, self.ours, self.composed)),
            f"{self.ours / self.bare:.2f}",
            f"{self.ours / self.floor:.2f}",
            f"{self.composed / self.ours:.1f}",
        ]

    def misses(self) -> t.Iterator[str]:
        if self.what == _EACH:
            return
        where = f"{self.what}, {self.size} credentials"
        if self.what == "not due" and self.ours > MOST_TIMES_FLOOR * self.floor:
            yield f"{where}: {self.ours / self.floor:.2f} times Ansible's floor, target {MOST_TIMES_FLOOR}"
        if self.composed < LEAST_TIMES_FASTER[self.what] * self.ours:
            yield f"{where}: {self.composed / self.ours:.1f} times faster, target {LEAST_TIMES_FASTER[self.what]:.0f}"


def measure_composed(work: pathlib.Path, count: int) -> dict[str, float]:
    """Seconds a credential of the published modules; the more credentials, the longer and the same result."""
    published = published_collections()
    with Moto() as server:
        names = user_names("composed", count)
        create_users(server, names, with_key=True)
        hosts = play.write_inventory(work / "composed.json", names, {"bench_endpoint": server.url})
        idle = play.timed("composed.yml", hosts, published, bench_rotate_before="2000")
        due = play.timed("composed.yml", hosts, published, bench_rotate_before="3000")
    return {"not due": idle.each, "due": due.each}


def measure(work: pathlib.Path, size: int, composed: t.Mapping[str, float]) -> list[Row]:
    """Ansible's floor and this collection, for C(size) credentials; of several runs of each, the fastest counts."""
    with _keys(work, size) as hosts:
        bare = min(play.timed("floor.yml", hosts).each for _again in range(_REPEATS))
        floor = min(play.timed("floor_with_arguments.yml", hosts, bench_rotate_after=_NEVER).each for _again in range(_REPEATS))
        idle = min(play.timed("locksmith.yml", hosts, bench_rotate_after=_NEVER).each for _again in range(_REPEATS))
        each = min(play.timed("locksmith_each.yml", hosts, bench_rotate_after=_NEVER).each for _again in range(_REPEATS))
    found = {"not due": idle, _EACH: each, "due": min(_due(work, size) for _again in range(_REPEATS))}
    return [Row(what, size, bare, floor, ours, composed[what.partition(",")[0]]) for what, ours in found.items()]


def _due(work: pathlib.Path, size: int) -> float:
    """Seconds a credential that is rotated. In a new account each time, for a key whose old one has grace is not rotated again."""
    with _keys(work, size) as hosts:
        time.sleep(_OLD_ENOUGH)
        run = play.timed("locksmith.yml", hosts, bench_rotate_after=_ALWAYS)
    if (rotated := run.output.count(" changed=1 ")) != size:
        raise play.PlaybookFailed(f"{rotated} of {size} keys were rotated")
    return run.each


@contextlib.contextmanager
def _keys(work: pathlib.Path, size: int) -> t.Iterator[pathlib.Path]:
    """The inventory of so many IAM keys in a new account, issued by this collection."""
    with Moto() as server:
        names = user_names("bench", size)
        create_users(server, names, with_key=False)
        hosts = play.write_inventory(work / "bench.json", names, {"bench_endpoint": server.url, **_OURS})
        play.timed("locksmith.yml", hosts, bench_rotate_after=_NEVER)
        yield hosts


def count_requests(work: pathlib.Path) -> dict[str, dict[str, float]]:
    """Requests for one credential, by action, as a front before the server sees them."""
    names = user_names("counted", _COUNTED)
    with Moto() as server, AwsFront(server.port) as front:
        create_users(server, names, with_key=False)
        hosts = play.write_inventory(work / "counted.json", names, {"bench_endpoint": front.url, **_OURS})
        counted = {}
        for what, after in (("first", _NEVER), ("not due", _NEVER), ("due", _ALWAYS)):
            front.requests.clear()
            play.timed("locksmith.yml", hosts, bench_rotate_after=after)
            tally = collections.Counter(front.requests)
            counted[what] = {action: tally[action] / _COUNTED for action in sorted(tally)}
    return counted


def too_many_requests(counted: t.Mapping[str, t.Mapping[str, float]]) -> t.Iterator[str]:
    idle = sum(counted["not due"].values())
    if idle > MOST_IDLE_REQUESTS:
        yield f"not due: {idle:g} requests, target {MOST_IDLE_REQUESTS}"
    for action, most in MOST_BY_ACTION.items():
        if counted["due"].get(action, 0) > most:
            yield f"due: {counted['due'][action]:g} {action}, target {most}"


def table(rows: t.Sequence[Row], counted: t.Mapping[str, t.Mapping[str, float]]) -> str:
    """What is printed."""
    head = ["ms a credential", "bare no-op", "floor", "locksmith", "published", "x bare", "x floor", "x faster"]
    lines = [head, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    text = [f"IAM keys into SSM: {play.FORKS} forks, {os.cpu_count()} cores, ansible-core {core_version}", ""]
    for line in lines:
        text.append("  ".join(cell.ljust(w) if not i else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths))))
    text += ["", "requests a credential"]
    for what, tally in counted.items():
        text.append(f"{what}: {sum(tally.values()):g} = " + ", ".join(f"{number:g} {action}" for action, number in tally.items()))
    return "\n".join(text)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000], help="numbers of credentials")
    parser.add_argument("--composed", type=int, default=40, help="number of credentials for the published modules")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="locksmith-bench") as temporary:
        work = pathlib.Path(temporary)
        counted = count_requests(work)
        composed = measure_composed(work, given.composed)
        rows = [row for size in given.sizes for row in measure(work, size, composed)]
    print(table(rows, counted))
    missed = [miss for row in rows for miss in row.misses()] + list(too_many_requests(counted))
    print("\n".join(["", *(f"MISSED {miss}" for miss in missed)]) if missed else "\nall targets met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
