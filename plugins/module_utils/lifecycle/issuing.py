# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a decision to rotate to a published new version: intend, issue or stage, verify, publish.

Every step can be the last one before the process dies; what the journal then holds is what P(Issuing.resume) begins
from. Called by the engine.
"""

from __future__ import annotations

import random
import secrets
from datetime import datetime, timezone

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued, Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal, Version
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.keeper import Keeper
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.own_login import check_may_rotate
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import LISTED_WITHIN
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import State
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Published
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    Conflict,
    Denied,
    ExternalError,
    ForeignKeys,
    LeaseLost,
    LocksmithError,
    NotFound,
    QuotaExceeded,
    Rejected,
    VerificationFailed,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

#: Bytes allowed for a field whose value is not known yet, when asking the store whether it could be published.
_FIELD_SIZE = 256
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0
#: The value of a key whose secret nobody has.
_NO_VALUE = SecretFields({})
#: Errors after which it is certain that the issuer did not make anything.
_NOTHING_MADE = (Denied, NotFound, QuotaExceeded, Rejected, ForeignKeys)


class Issuing:
    """The forward half of the life cycle for one credential."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._issuer = keeper.issuer
        self._store = keeper.store
        self._clock = keeper.clock

    # ---- beginnings ---------------------------------------------------------------------------------------------

    def adopt(self, journal: Journal, published: Published) -> None:
        """Take over the published value without changing it.

        :raises Rejected: it does not authenticate, or fields are missing.
        """
        lacking = [name for name in self._issuer.fields if name not in published.fields]
        if lacking:
            raise Rejected(
                f"{journal.credential}: what {self._store.place} publishes lacks {', '.join(lacking)}.",
                next_step="name the published fields with store.fields, or force a first rotation.",
            )
        key = self._issuer.identify(published.fields)
        issued = Issued(key.id if key else "", published.fields, key.created_at if key else None, key.expires_at if key else None)
        self._must_be_alive(journal, issued)
        journal.adopt(issued, self._clock.now())

    def _must_be_alive(self, journal: Journal, issued: Issued) -> None:
        if not self._issuer.verifiable:
            return
        result = self._issuer.verify(issued)
        if result.verdict is not Verdict.ALIVE:
            raise Rejected(
                f"{journal.credential}: the value that {self._store.place} publishes could not be shown to work at {self._issuer.identity} "
                f"({result.verdict.value}{': ' + result.detail if result.detail else ''}), so it is not adopted.",
                next_step="publish the working value, or force a first rotation, which issues a new one and leaves the old one alone.",
            )

    def begin(self, journal: Journal, reason: str) -> None:
        """Check everything that can be checked, announce the attempt, and carry it out."""
        listed = self._issuer.keys()
        self._issuer.check_room(listed, journal.ids())
        now = self._clock.now()
        attempt = Attempt(
            attempt_name(journal.credential, now), now, tuple(sorted(key.id for key in listed)), self._keeper.policy.lifetime
        )
        current = journal.current
        proposal = None if self._issuer.MINTS else self._issuer.propose(attempt, current.issued() if current else None)
        sizes = {name: len(proposal.fields[name].encode()) if proposal else _FIELD_SIZE for name in self._issuer.fields}
        expected = self._expected_revision(journal)
        check_may_rotate(self._issuer, self._keeper.policy.own_login, journal, expected, journal.credential)
        self._store.check_publishable(sizes)
        journal.intend(attempt, proposal, reason)
        self._keeper.save(journal, hold=True)
        self._issue(journal, proposal)
        self.finish(journal, expected)

    def follow(self, journal: Journal) -> None:
        """Publish what the issuer, which shows its present value, has put in the place of the current one by itself."""
        present = self._issuer.present()
        now = self._clock.now()
        attempt = Attempt(attempt_name(journal.credential, now), now, (), self._keeper.policy.lifetime)
        expected = self._expected_revision(journal, present)
        self._store.check_publishable({name: len(value.encode()) for name, value in present.fields.items()})
        journal.intend(attempt, present, "replaced by the issuer")
        self._keeper.save(journal, hold=True)
        self.finish(journal, expected)

    def _expected_revision(self, journal: Journal, coming: Issued | None = None) -> Published | None:
        """What is published now, after making sure that nobody changed it behind our back, except to C(coming)."""
        published = self._store.read_published()
        current = journal.current
        expected = [version.fingerprint for version in (current,) if version] + ([coming.fields.fingerprint()] if coming else [])
        if current and published and published.fields.fingerprint() not in expected:
            raise Conflict(
                f"{journal.credential}: what {self._store.place} publishes is not the version that the journal calls current "
                f"(version {current.number}): somebody changed it by hand.",
                next_step="publish the recorded value again, or remove the journal to have the new value adopted.",
            )
        return published

    def _issue(self, journal: Journal, proposal: Issued | None) -> None:
        intent = journal.intent
        if intent is None:
            raise LocksmithError(f"{journal.credential}: nothing is announced.")
        self._keeper.still_ours(journal)
        try:
            issued = self._issuer.issue(intent.attempt, proposal, journal.known_values())
        except _NOTHING_MADE as error:
            journal.discard(self._clock.now(), type(error).__name__)
            raise
        issued.fields.register(self._issuer.PUBLIC_FIELDS)
        journal.issued(issued, self._clock.now())
        if self._issuer.MINTS:
            self._record_minted(journal, issued)

    def _record_minted(self, journal: Journal, issued: Issued) -> None:
        """Make the value durable at once: it is shown only this one time.

        A store that fails here leaves the key to the next run, which finds it by its attempt. A run that has lost the
        credential takes its key back, because nobody else will look for it.
        """
        try:
            self._keeper.save(journal, hold=True)
        except LeaseLost as error:
            self._take_back(issued, error)
            raise

    def _take_back(self, issued: Issued, error: LocksmithError) -> None:
        """Unless our write did take effect, late as we heard of it: then the other run has gone on with this very key."""
        try:
            now = self._keeper.load()
            if now is None or issued.id not in now.ids():
                self._issuer.delete(issued)
        except LocksmithError:
            error.stranded.append(f"{issued.id} at {self._issuer.identity}")

    # ---- resuming -----------------------------------------------------------------------------------------------

    def resume(self, journal: Journal, reason: str) -> None:
        """Go on from whatever an interrupted run left behind."""
        if journal.state is State.QUARANTINED:
            journal.release(self._clock.now())
        if journal.state is State.CANDIDATE:
            self._keeper.save(journal, hold=True)
            self._carry_on_or_anew(journal, reason)
        elif journal.state is State.INTENDED:
            self._keeper.save(journal, hold=True)
            self._go_on(journal, reason)
        else:
            self.begin(journal, reason)

    def _carry_on_or_anew(self, journal: Journal, reason: str) -> None:
        """A minted candidate that an earlier run had tried to take back may be dead. Then it is given up, and another one is made."""
        try:
            self.carry_on(journal)
        except VerificationFailed:
            if journal.candidate is not None or not self._issuer.MINTS or journal.state in (State.INTENDED, State.QUARANTINED):
                raise
            self.begin(journal, reason)

    def _go_on(self, journal: Journal, reason: str) -> None:
        """After an intent of which nobody knows whether the issuer was asked: take what it made, or clear it away and ask anew."""
        made = self._still_shown(journal)
        if made is None:
            self.settle(journal)
            self._clear_stranded(journal)
            self.begin(journal, reason)
            return
        expected = self._expected_revision(journal, made)
        journal.issued(made, self._clock.now())
        self._keeper.save(journal, hold=True)
        self.finish(journal, expected)

    def _still_shown(self, journal: Journal) -> Issued | None:
        """What the interrupted attempt made, where the issuer shows it still."""
        intent = journal.intent
        if intent is None or not self._issuer.REVEALS:
            return None
        present = self._issuer.present()
        return None if present.id in intent.attempt.known_ids or present.id in journal.ids() else present

    def carry_on(self, journal: Journal) -> None:
        """Finish a candidate that is durable in the journal: probe it first, apply it only if that is still to be done."""
        candidate = journal.candidate
        if candidate is None:
            raise LocksmithError(f"{journal.credential}: there is no candidate to carry on with.")
        if candidate.restored and self._issuer.CAN_DISABLE:
            self._keeper.still_ours(journal)
            self._issuer.enable(candidate.issued())
        if self._may_need_applying(candidate) and self._issuer.verify(candidate.issued()).verdict is not Verdict.ALIVE:
            self._issue(journal, candidate.issued())
        self.finish(journal, self._store.read_published())

    def _may_need_applying(self, candidate: Version) -> bool:
        """A restored version needs applying only where setting the newer one had killed it."""
        return not self._issuer.MINTS and (not candidate.restored or self._issuer.capacity == 1)

    def _clear_stranded(self, journal: Journal) -> None:
        """Delete what the interrupted attempt provably left at the issuer. Nothing there may also mean: not listed yet."""
        intent = journal.intent
        if intent is not None and self._issuer.MINTS and not self._sweep(journal, intent.attempt):
            journal.unsettled.append(intent.attempt)

    def _sweep(self, journal: Journal, attempt: Attempt) -> bool:
        """Delete what C(attempt) left. Was there anything?"""
        left = self._issuer.stranded(attempt, journal.ids())
        if left:
            self._keeper.hold(journal)
        for key in left:
            self._keeper.still_ours(journal)
            self._issuer.delete(Issued(key.id, _NO_VALUE))
        return bool(left)

    def settle(self, journal: Journal) -> None:
        """Look again for what earlier interrupted attempts may have left, since an issuer may list a key late.

        :raises ForeignKeys: a key may be one of them but cannot be proved to be. Said once, then that attempt is let go.
        """
        for attempt in list(journal.unsettled):
            try:
                done = self._sweep(journal, attempt) or attempt.at + LISTED_WITHIN <= self._clock.now()
            except ForeignKeys:
                journal.unsettled.remove(attempt)
                self._keeper.hold(journal)
                raise
            if done:
                journal.unsettled.remove(attempt)

    # ---- the end of the road ------------------------------------------------------------------------------------

    def finish(self, journal: Journal, published: Published | None) -> None:
        """Verify the candidate with itself, publish it, and make it the current version."""
        candidate = journal.candidate
        if candidate is None:
            raise LocksmithError(f"{journal.credential}: there is no candidate to finish.")
        try:
            self._log_in(journal, candidate)
            self._check_rights(journal, candidate, published)
        except (VerificationFailed, Rejected) as error:
            self._give_up(journal, candidate, error)
            raise
        if published is None or published.fields.fingerprint() != candidate.fingerprint:
            self._keeper.still_ours(journal)
            rotated_at = to_iso(self._clock.now()) or ""
            self._store.publish(candidate.fields, rotated_at, published.revision if published else None)
        if self._issuer.SUPPLIED:
            self._keeper.still_ours(journal)
            self._issuer.taken(candidate.issued())
        journal.promote(self._clock.now())
        self._keeper.save(journal, hold=False)

    def _check_rights(self, journal: Journal, candidate: Version, published: Published | None) -> None:
        """A new version that may do less than the published one is not published. One that is out already is not taken back."""
        is_out = published is not None and published.fields.fingerprint() == candidate.fingerprint
        if journal.current is not None and not candidate.restored and not is_out:
            self._issuer.check_rights(candidate.issued(), journal.current.issued())

    def _log_in(self, journal: Journal, candidate: Version) -> None:
        """As many consecutive successful logins as the issuer's propagation needs, with backoff in between. Those that began in time may
        be completed."""
        if not self._issuer.verifiable:
            return
        end = self._clock.monotonic() + self._keeper.policy.verify_timeout
        streak, pause = 0, _FIRST_PAUSE
        while True:
            result = self._issuer.verify(candidate.issued())
            streak = streak + 1 if result.verdict is Verdict.ALIVE else 0
            if streak >= self._issuer.LOGINS_NEEDED:
                return
            if streak == 0 and self._clock.monotonic() >= end:
                raise VerificationFailed(
                    f"{journal.credential}: the new version {candidate.id} did not log in at {self._issuer.identity} within "
                    f"{self._keeper.policy.verify_timeout} s ({result.verdict.value}{': ' + result.detail if result.detail else ''}).",
                    next_step="the published version was not touched; look at the issuer and run again.",
                )
            self._clock.sleep(pause * random.uniform(0.8, 1.2))
            pause = min(pause * 2, _LONGEST_PAUSE)
            self._keeper.still_ours(journal)

    def _give_up(self, journal: Journal, candidate: Version, error: LocksmithError) -> None:
        """Undo a candidate that does not work; what cannot be undone stays in the journal and is named."""
        try:
            self._undo(journal, candidate)
        except LeaseLost:
            raise
        except ExternalError:
            error.stranded.append(f"{candidate.id} at {self._issuer.identity}, recorded in the journal: the next run tries again")
            return
        if not self._issuer.REVOKES and not candidate.restored:
            error.stranded.append(f"{candidate.id}, which was never published: {self._issuer.how_to_revoke(candidate.issued())}")
        journal.discard(self._clock.now(), "did not verify")

    def _undo(self, journal: Journal, candidate: Version) -> None:
        """Take the candidate out of service again; where it has overwritten the published value, put that back."""
        self._keeper.still_ours(journal)
        current = journal.current
        if self._issuer.capacity == 1 and not self._issuer.MINTS:
            if current is not None and journal.intent is not None:
                self._issuer.issue(journal.intent.attempt, current.issued(), journal.known_values())
        elif not candidate.restored and self._issuer.REVOKES:
            self._issuer.delete(candidate.issued())

    def abandon(self, journal: Journal) -> None:
        """Give an unfinished attempt up on purpose, before anything of it is published."""
        self._keeper.save(journal, hold=True)
        candidate = journal.candidate
        if candidate is not None:
            self._undo(journal, candidate)
        else:
            self._clear_stranded(journal)
        journal.discard(self._clock.now(), "abandoned")


def attempt_name(credential: str, now: float) -> str:
    """A name unique to one attempt: C(locksmith-orders-db-20261121T031400-9f86d081)."""
    stamp = datetime.fromtimestamp(now, timezone.utc).strftime("%Y%m%dT%H%M%S")
    return f"locksmith-{credential}-{stamp}-{secrets.token_hex(4)}"
