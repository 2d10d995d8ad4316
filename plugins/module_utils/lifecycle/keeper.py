# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the journal in the store, and this run's right to change it.

Every write is a compare-and-set and renews the lease that the journal carries. A run whose write fails has lost the
credential to another one and stops; a run that was paused past its lease finds out before its next side effect.
Used by the steps of the engine (issuing, retiring, restoring), and by nothing else.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal, Lease, load_journal
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.policy import Policy
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Store
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Conflict, LeaseLost

#: How far the clocks of two controllers may differ, seconds. A lease that ended less long ago than this is watched
#: for its whole length before it is taken over.
_CLOCK_SKEW = 900
_WATCH_INTERVAL = 2.0


@dataclasses.dataclass(frozen=True)
class Run:
    """Who we are, for the lease, and how to find out whether the process behind a lease on this machine is gone.

    C(since): when the run began, seconds since the epoch. C(series): the same for all the credentials and tasks of one playbook
    run on the controller; the beginning of C(run).
    """

    run: str
    host: str
    boot: str
    pid: int
    process_started: str
    since: float
    is_gone: t.Callable[[Lease], bool]
    series: str = ""


@dataclasses.dataclass
class Keeper:
    """One credential's issuer, store, policy and clock, with its journal once loaded.

    C(writes): how many times a write of the journal has been tried. C(told): what was done besides, a sentence each.
    """

    credential: str
    issuer: Issuer
    store: Store
    policy: Policy
    clock: Clock
    run: Run
    writes: int = 0
    told: list[str] = dataclasses.field(default_factory=list)
    _revision: str | None = None
    _held_since: float | None = None

    def tell(self, sentence: str) -> None:
        """Something that whoever reads the result has to know."""
        self.told.append(sentence)

    def load(self) -> Journal | None:
        """The journal as the store has it now.

        :raises JournalError: damaged, newer, or of another credential.
        """
        found = self.store.read_journal()
        self._revision = found.revision if found else None
        if found is None:
            return None
        return self._signed(load_journal(found.text, self.credential, self.issuer.KIND, self.issuer.PUBLIC_FIELDS))

    def new(self) -> Journal:
        """A journal for a credential that has none."""
        return self._signed(Journal(self.credential, self.issuer.KIND, self.issuer.identity))

    def _signed(self, journal: Journal) -> Journal:
        """What happens to it from now on is this run's doing."""
        journal.run = self.run.series
        return journal

    def holder(self, journal: Journal | None, patient: bool) -> Lease | None:
        """The lease of another run that is, or may be, alive.

        :arg patient: watch a lease that seems to have just ended, instead of believing the clocks.
        """
        lease = journal.lease if journal else None
        if lease is None or lease.run == self.run.run or self.run.is_gone(lease):
            return None
        over_for = self.clock.now() - lease.until
        if over_for > _CLOCK_SKEW:
            return None
        if over_for <= 0 or not patient:
            return lease
        return lease if self._stirs() else None

    def _stirs(self) -> bool:
        """Does anybody write the journal within a whole lease?"""
        end = self.clock.monotonic() + self.policy.lease
        while self.clock.monotonic() < end:
            self.clock.sleep(_WATCH_INTERVAL)
            if self.moved():
                return True
        return False

    def hold(self, journal: Journal) -> None:
        """Take the lease, unless this run has it. :raises LeaseLost: somebody else wrote the journal since we read it."""
        if self._held_since is None:
            self.save(journal, hold=True)

    def save(self, journal: Journal, hold: bool) -> None:
        """Write the journal; C(hold): keep the lease, because more is to be done.

        :raises LeaseLost: somebody else wrote it since we read it.
        """
        journal.lease = self._lease() if hold else None
        text = journal.dump()
        self.writes += 1
        try:
            self._revision = self.store.write_journal(text, self._revision)
        except Conflict:
            self._revision = self._written_by_us(text)
        self._held_since = self.clock.monotonic() if hold else None

    def save_before_the_end(self, journal: Journal) -> None:
        """Write the journal, and keep the lease, right before a version is taken out of service.

        :raises LeaseLost: somebody else wrote it since we read it, or the write itself held us up for longer than the lease. In a
            store without a compare-and-set it may then have gone over what another run had written meanwhile.
        """
        began = self.clock.monotonic()
        self.save(journal, hold=True)
        if self.clock.monotonic() - began > self.policy.lease:
            raise self._held_up()
        self.still_ours(journal)

    def _written_by_us(self, text: str) -> str:
        """After a conflict: an earlier write of ours may have taken effect although its answer was lost.

        :raises LeaseLost: no, somebody else wrote.
        """
        found = self.store.read_journal()
        if found is not None and found.text == text:
            return found.revision
        if found is not None and self._is_our_lease(found.text):
            try:
                return self.store.write_journal(text, found.revision)
            except Conflict:
                pass
        raise LeaseLost(
            f"{self.credential}: another run has taken over (the journal changed under this one).",
            next_step="nothing: the other run finishes the work; this one stops here.",
        )

    def _is_our_lease(self, text: str) -> bool:
        lease = load_journal(text, self.credential, self.issuer.KIND, self.issuer.PUBLIC_FIELDS).lease
        return lease is not None and lease.run == self.run.run

    def moved(self) -> bool:
        """Has somebody else written the journal since we last read or wrote it?"""
        found = self.store.read_journal()
        return (found.revision if found else None) != self._revision

    def _lease(self) -> Lease:
        run = self.run
        return Lease(run.run, run.host, run.boot, run.pid, run.process_started, round(self.clock.now() + self.policy.lease, 3))

    def still_ours(self, journal: Journal) -> None:
        """Called before each side effect: renew the lease when half of it is over.

        :raises LeaseLost: it is over, so another run may be at work.
        """
        held = self.clock.monotonic() - self._held_since if self._held_since is not None else float("inf")
        if held > self.policy.lease:
            raise self._held_up()
        if held > self.policy.lease / 2:
            self.save(journal, hold=True)

    def _held_up(self) -> LeaseLost:
        return LeaseLost(
            f"{self.credential}: this run was held up for longer than its lease of {self.policy.lease} s.",
            next_step="run it again: it goes on from the journal.",
        )
