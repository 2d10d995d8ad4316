# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet: real ansible-playbook runs over ssh against twenty machines, of which one is always missing at the wrong moment."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import time
import typing as t

from ansible_collections.locksmith.rotation.tests.proof.cells import Bench, Cell, Outcome, Result, Settings
from ansible_collections.locksmith.rotation.tests.proof.fleet_estate import USER, FleetEstate
from ansible_collections.locksmith.rotation.tests.proof.races_runs import Report, Running
from ansible_collections.locksmith.rotation.tests.real.estate import Ended
from ansible_collections.locksmith.rotation.tests.servers.fleet import SshFleet, why_not
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

NAME = "fleet"
ABOUT = """The rotate playbook runs in batches over 20 sshd hosts, each in a network namespace of its own. One is cut off before it gets the
new version, another between its restart and its proof, another when the old version is to be retired; one is restored from an old
snapshot, one is taken out of the inventory, and a job is run in slices. A miss is an old version that is retired while a host has not
proved the new one, a host that is not named, or a fleet that does not converge when the host is back. Without root the hosts are
directories of this machine."""
HOSTS = 20
HOSTS_SAMPLED = 6
LONGEST = 900.0


def cells(settings: Settings) -> t.Iterator[Cell]:
    """Each begins with a fleet that knows nothing."""
    missing = why_not()
    hosts = HOSTS_SAMPLED if settings.sample else HOSTS
    row = f"{hosts} local hosts ({missing})" if missing else f"{hosts} sshd hosts"
    for column, (story, seconds) in STORIES.items():
        yield Cell(row, column, functools.partial(_tell, story=story, hosts=hosts), seconds=seconds * hosts / HOSTS, apart=True)


class Broken(Exception):
    """The story did not go as it should; says where."""


def _tell(bench: Bench, story: Story, hosts: int) -> Result:
    """In a process of its own, which has a network of its own where that is possible."""

    def work() -> Report:
        names = [f"web{number:02d}" for number in range(1, hosts + 1)]
        with _machines(names) as fleet, Moto() as moto:
            estate = FleetEstate(moto, bench.scratch, names, fleet)
            runs = _Runs(estate)
            try:
                story(runs)
            except Broken as problem:
                return {"problem": str(problem), "runs": runs.count}
            return {"problem": "", "runs": runs.count}

    found = Running(work).report(LONGEST)
    problem = str(found.get("problem") or found.get("msg") or "")
    return Result(Outcome.MISS if problem else Outcome.OK, problem, {"playbook runs": int(found.get("runs", 0)), "hosts": hosts})


@contextlib.contextmanager
def _machines(names: t.Sequence[str]) -> t.Iterator[SshFleet | None]:
    """The fleet, in a network of this process's own; None where that cannot be had."""
    if why_not():
        yield None
        return
    unshare = getattr(os, "unshare")  # noqa: B009  Python 3.12
    unshare(0x40000000)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with SshFleet(names) as fleet:
        yield fleet


class _Runs:
    """The runs of one story, and what must hold after each."""

    def __init__(self, estate: FleetEstate) -> None:
        self.estate = estate
        self.count = 0
        self.old = self.new = ""

    def first(self) -> None:
        """The first version, on every host."""
        self._expect(self.rotate(), 0, "the first run")
        self.new = self.estate.published_id(USER)
        self._everybody_has_it("after the first run")

    def rotate(self, *arguments: str) -> Ended:
        """One run."""
        self.count += 1
        return self.estate.rotate(*arguments)

    def becomes_due(self) -> None:
        """The next run makes a new version."""
        self.old = self.new
        self.estate.make_due()

    def held(self, ended: Ended, host: str, *, loud: bool = True) -> None:
        """After a run that did not hear from C(host): named, and nothing was retired."""
        self.estate.make_current()
        self.new = self.estate.published_id(USER)
        self._expect(ended, 1 if loud else None, f"without {host}")
        self._must(f"{host} (" in ended.output, f"{host} is not named among those that are waited for", ended)
        self._must(self.estate.keys().get(self.old) == "Active", f"{self.old} was retired without {host}", ended)
        self._must(self.new != self.old, "nothing was rotated", ended)

    def finished(self, when: str, *arguments: str) -> Ended:
        """A run brings everybody up to date and retires the old version."""
        ended = self.rotate(*arguments)
        self._expect(ended, 0, when)
        self._everybody_has_it(when)
        self._must(set(self.estate.keys()) == {self.new}, f"{when}: keys are {sorted(self.estate.keys())}", ended)
        return ended

    def settled(self) -> None:
        """One more run changes nothing."""
        ended = self.rotate()
        self._must((ended.status, ended.changed()) == (0, 0), f"one more run changed {ended.changed()} things", ended)

    def must(self, holds: bool, otherwise: str) -> None:
        """:raises Broken:"""
        self._must(holds, otherwise, None)

    def _everybody_has_it(self, when: str) -> None:
        late = sorted(set(self.estate.machines) - set(self.estate.on(self.new)))
        self._must(not late, f"{when}: {', '.join(late)} not on the new version", None)

    def _expect(self, ended: Ended, status: int | None, when: str) -> None:
        if status is not None:
            self._must(bool(ended.status) == bool(status), f"{when}: the run ended with status {ended.status}", ended)

    def _must(self, holds: bool, otherwise: str, ended: Ended | None) -> None:
        if not holds:
            said = (
                " · ".join(line for line in ended.output.splitlines() if "fatal" in line or "ERROR" in line)[:300]
                if ended
                else ""
            )
            raise Broken(f"run {self.count}: {otherwise}{' · ' + said if said else ''}")


Story = t.Callable[[_Runs], None]


def cut_off_before_and_after_the_write(runs: _Runs) -> None:
    """The two moments of a rollout, and a machine that comes back from a backup."""
    estate, (one, other, third) = runs.estate, list(runs.estate.machines)[1:4]
    runs.first()
    old_disk = estate.snapshot(third)
    runs.becomes_due()
    estate.cut_off(one)
    runs.held(runs.rotate(), one)
    runs.must(estate.on(runs.new) == [name for name in estate.machines if name != one], "the others did not get the new version")
    estate.reconnect(one)
    runs.finished(f"when {one} is back")
    if estate.fleet:
        runs.becomes_due()
        runs.held(estate.rotate_and_cut_in_restart(other), other)
        runs.count += 1
        runs.must(estate.has(other, USER) == runs.new, f"{other} was cut off too early: its file is the old one")
        restarts = estate.restarts(other, USER)
        estate.reconnect(other)
        runs.finished(f"when {other} is back")
        runs.must(estate.restarts(other, USER) > restarts, f"{other} proved a version that its service may not run on")
    estate.restore(third, old_disk)
    runs.must(third not in estate.on(runs.new), "the snapshot is not an old one")
    runs.finished(f"when {third} has come back from a backup")
    runs.settled()


def cut_off_while_retiring(runs: _Runs) -> None:
    """A host that proved the new version and is gone when the grace is over; then a host that is gone for good."""
    estate = runs.estate
    one, last = list(estate.machines)[0], list(estate.machines)[-1]
    credential = estate.credentials[USER]
    runs.first()
    credential["credential_grace"] = "1h"
    runs.becomes_due()
    in_grace = runs.rotate()
    estate.make_current()
    runs.new = estate.published_id(USER)
    runs.must(in_grace.status == 0 and set(estate.keys().values()) == {"Active"}, "grace did not begin")
    credential["credential_grace"] = "0s"
    estate.cut_off(one)
    runs.held(runs.rotate(), one)
    estate.reconnect(one)
    runs.finished(f"when {one} is back")
    runs.becomes_due()
    gone = estate.machines.pop(last)
    runs.held(runs.rotate(), last, loud=False)
    runs.finished(f"when {last} is said to be gone", *estate.forget(last))
    runs.settled()
    runs.must(bool(gone), "there was no such host")


def in_slices(runs: _Runs) -> None:
    """From the very first run on, every run sees one host in three; only a run that sees all of them may retire."""
    estate, slices = runs.estate, 3
    for number in range(slices):
        runs.count += 1
        ended = estate.slice_of(number, slices)
        runs.must(ended.status == 0, f"slice {number} of the first version ended with status {ended.status}")
    runs.new = estate.published_id(USER)
    runs.must(len(estate.on(runs.new)) == len(estate.machines), "the slices did not bring the first version to all")
    runs.becomes_due()
    for turn in range(2):
        for number in range(slices):
            runs.count += 1
            unseen = list(estate.machines)[(number + 1) % slices]
            runs.held(estate.slice_of(number, slices), unseen, loud=False)
        runs.must(len(estate.on(runs.new)) == len(estate.machines), f"turn {turn} of the slices did not reach all")
        time.sleep(0.1)
    runs.finished("when a run sees all")
    runs.settled()


STORIES: dict[str, tuple[Story, float]] = {
    "cut off before the write, between write and proof, restored from a backup": (cut_off_before_and_after_the_write, 170.0),
    "cut off while the old version is retired, removed for good": (cut_off_while_retiring, 150.0),
    "in slices": (in_slices, 120.0),
}
