# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An estate whose machines are reached by ssh and can be cut off, and the same on this machine's local connection for a plain user."""

from __future__ import annotations

import contextlib
import json
import shutil
import threading
import time
import typing as t
from pathlib import Path

from ansible_collections.locksmith.rotation.tests.real.estate import Ended, Estate
from ansible_collections.locksmith.rotation.tests.servers.fleet import SshFleet
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

USER = "deployer"
#: How long a host that is cut off in the middle of a restart hangs there, seconds. Longer than a connection is waited for.
_HANGS = 12
_LONGEST_WATCH = 120.0


class FleetEstate(Estate):
    """C(fleet): the machines; None for directories of this machine, which are "cut off" by an address where nobody listens."""

    def __init__(self, moto: Moto, top: Path, names: t.Sequence[str], fleet: SshFleet | None) -> None:
        self.fleet = fleet
        super().__init__(moto, top, [USER], names)

    def _machine(self, name: str) -> dict[str, t.Any]:
        found = super()._machine(name)
        return {**found, **self.fleet.variables(name)} if self.fleet else found

    def entry(self, machine: str, user: str) -> dict[str, t.Any]:
        """The service hangs once, in the middle of its restart, when a file C(hang) is there."""
        found = super().entry(machine, user)
        home = self.top / machine
        hang = f"if test -e {home}/hang; then rm {home}/hang; touch {home}/hanging; sleep {_HANGS}; fi"
        found["service"]["command"][-1] += f" && {hang}"
        return found

    def environment(self) -> dict[str, str]:
        """Pipelining, as whoever has many machines uses it: a third of the processes."""
        return {**super().environment(), "ANSIBLE_PIPELINING": "1"}

    def rotate(self, *arguments: str) -> Ended:
        """All machines side by side."""
        return super().rotate("--forks", "20", *arguments)

    def slice_of(self, number: int, slices: int, *arguments: str) -> Ended:
        """A job that sees a part: the inventory holds every C(slices)-th machine, beginning with C(number), and the whole catalogue."""
        everybody = self.machines
        self.machines = {name: everybody[name] for name in list(everybody)[number::slices]}
        try:
            return self.rotate(*arguments)
        finally:
            self.machines = everybody

    def cut_off(self, machine: str) -> None:
        """Make a machine unreachable."""
        if self.fleet:
            self.fleet.cut(machine)
        else:
            super().cut_off(machine)

    def reconnect(self, machine: str) -> None:
        """Undo P(cut_off)."""
        if self.fleet:
            self.fleet.mend(machine)
        else:
            super().reconnect(machine)

    def rotate_and_cut_in_restart(self, machine: str) -> Ended:
        """A run during which the machine is cut off: its file has been written and its service restarted, and nothing proved."""
        home = self.top / machine
        (home / "hang").touch()
        watcher = threading.Thread(target=self._cut_when, args=(home / "hanging", machine), daemon=True)
        watcher.start()
        ended = self.rotate()
        watcher.join(1)
        return ended

    def _cut_when(self, sign: Path, machine: str) -> None:
        give_up_at = time.monotonic() + _LONGEST_WATCH
        while time.monotonic() < give_up_at:
            if sign.exists():
                self.cut_off(machine)
                return
            time.sleep(0.02)

    def snapshot(self, machine: str) -> Path:
        """A copy of all that the machine has."""
        copy = self.top / f"snapshot-{machine}"
        shutil.copytree(self.top / machine, copy, symlinks=True)
        return copy

    def restore(self, machine: str, snapshot: Path) -> None:
        """Put the machine back to what it was then."""
        shutil.rmtree(self.top / machine)
        shutil.copytree(snapshot, self.top / machine, symlinks=True)

    def on(self, key_id: str) -> list[str]:
        """The machines that hold this key on disk and in their service."""
        return [name for name in self.machines if self._holds(name) == (key_id, key_id)]

    def _holds(self, machine: str) -> tuple[str, str]:
        with contextlib.suppress(OSError, StopIteration):
            return self.has(machine, USER), self.has(machine, USER, "running")
        return "", ""

    def keys(self) -> dict[str, str]:
        """All of the user's keys, with their status."""
        listed = self.moto.client("iam").list_access_keys(UserName=self.users[USER])["AccessKeyMetadata"]
        return {key["AccessKeyId"]: key["Status"] for key in listed}

    def forget(self, *machines: str) -> tuple[str, str]:
        """The arguments that say that these machines are gone."""
        return "-e", json.dumps({"credential_forget_consumers": list(machines)})
