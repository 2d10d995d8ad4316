# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a proved new version to a deleted old one: gate, grace, evidence, disable, recovery wait, delete.

One call goes as far as it may and says what it waits for. It never acts on a timer alone, on anything that the
journal does not record as ours, or on doubt. Called by the engine.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import LastUse
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Verdict as Life
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.gate import ConsumerProof, Verdict, judge
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal, Phase, Version
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.keeper import Keeper
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.own_login import why_not_retire
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.sessions import end_sessions
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import LeaseLost

#: Lines about pending consumers that the journal keeps for the status.
_PENDING_KEPT = 20
#: Seconds. A use that is longer ago than grace no longer counts; with a grace of nothing, one that is longer ago than this.
_IDLE = 3600


@dataclasses.dataclass(frozen=True)
class Step:
    """The next thing to do to the version that retires, or the reason why there is none now.

    C(do): C(prove), C(unprove), C(disable), C(delete) or empty. C(wait): what is waited for.
    """

    do: str = ""
    wait: str = ""
    pending: tuple[str, ...] = ()
    gate: Verdict | None = None


class Retiring:
    """The backward half of the life cycle for one credential."""

    def __init__(self, keeper: Keeper, proofs: t.Sequence[ConsumerProof] | None, forget: t.Collection[str]) -> None:
        self._keeper = keeper
        self._issuer = keeper.issuer
        self._clock = keeper.clock
        self._proofs = proofs
        self._forget = forget

    def next_step(self, journal: Journal) -> Step:
        """Decide, without changing anything. May ask the issuer for evidence of use."""
        step, version = self._wanted_step(journal), journal.retiring
        if version is None or step.do not in ("disable", "delete"):
            return step
        # Both are asked again for a version that another run has begun to end.
        kept = why_not_retire(self._issuer, version) or self._why_published(version)
        return Step(wait=kept, pending=(kept,), gate=step.gate) if kept else step

    def _why_published(self, version: Version) -> str:
        """Whatever the journal says, what readers are given is never taken out of service: somebody may have put it back by hand,
        or, in a store without a compare-and-set, a run that was held up may have written over the record of a roll-back.
        """
        published = self._keeper.store.read_published()
        if published is None or published.fields.fingerprint() != version.fingerprint:
            return ""
        return (
            f"{self._keeper.store.place} publishes version {version.number} ({version.id or 'unknown id'}) again, which the journal "
            "says is replaced; it stays in service. Next: roll the credential back to it, so that the journal says so too, and rotate it "
            "with force"
        )

    def _wanted_step(self, journal: Journal) -> Step:
        version, current = journal.retiring, journal.current
        if version is None or current is None:
            return Step()
        if version.phase is Phase.DELETING:
            return Step(do="delete")
        if version.phase is Phase.DISABLING:
            return Step(do="disable")
        if version.phase is Phase.DISABLED:
            return self._after_recovery_wait(version, self._judge(journal, version, current) if version.leak else None)
        return self._through_the_gate(journal, version, current)

    def _through_the_gate(self, journal: Journal, version: Version, current: Version) -> Step:
        now, grace = self._clock.now(), 0 if version.leak else self._keeper.policy.grace
        gate = self._judge(journal, version, current)
        if gate.pending:
            undo = "unprove" if version.proved_at is not None and self._proofs is not None else ""
            return Step(do=undo, wait="not every consumer has proved the new version", pending=gate.pending, gate=gate)
        if version.proved_at is None:
            return Step(do="prove", gate=gate)
        over = version.proved_at + grace
        if now < over:
            return Step(wait=f"grace until {to_iso(over)} ({format_duration(over - now)} left)", gate=gate)
        used = self._use_since(version, version.proved_at, grace)
        if used:
            return Step(wait=used, pending=(used,), gate=gate)
        if not self._issuer.REVOKES or not version.id:
            return self._watch(version, gate)
        hold = self._keeper.policy.retire_hold
        if hold and version.leak is None:  # who answers a leak has decided already
            return Step(wait=hold, pending=(hold,), gate=gate)
        return Step(do="disable" if self._issuer.CAN_DISABLE else "delete", gate=gate)

    def _judge(self, journal: Journal, version: Version, current: Version) -> Verdict:
        """For a leaked version, without the hosts that somebody has decided not to wait for, and without any when its time is up."""
        gate = judge(self._proofs, current.fingerprint, journal.consumers, self._forget, self._oldest(current))
        if version.leak is None:
            return gate
        is_late = version.leak.until is not None and version.leak.until <= self._clock.now()
        return gate.without_anybody() if is_late else gate.without(version.leak.without)

    def _watch(self, version: Version, gate: Verdict) -> Step:
        """Only a person can revoke it, because the issuer has no way to, or could not say which of its keys it is when it was
        adopted: forget it when it is dead, and until then say what that person has to do."""
        seen = self._issuer.verify(version.issued())
        if seen.verdict is Life.DEAD:
            return Step(do="delete", gate=gate)
        state = "it still works" if seen.verdict is Life.ALIVE else f"whether it still works is not known ({seen.detail})"
        line = f"a person to {self._issuer.how_to_revoke(version.issued())}; {state}"
        return Step(wait="waits for " + line, pending=(line,), gate=gate)

    def _after_recovery_wait(self, version: Version, gate: Verdict | None) -> Step:
        """C(gate): of a leaked version, which may be off although hosts still have it: they are named, and nothing waits for them."""
        off_since = version.disabled_at or 0.0
        wait = 0 if version.leak and version.leak.delete else self._keeper.policy.recovery_wait
        over, now = off_since + wait, self._clock.now()
        if now < over:
            left = f"disabled; deleted after {to_iso(over)} ({format_duration(over - now)} left)"
            return Step(wait=left, pending=gate.pending if gate else (), gate=gate)
        used = self._use_since(version, off_since, self._keeper.policy.recovery_wait)
        return Step(wait=used, pending=(used,)) if used else Step(do="delete")

    def _use_since(self, version: Version, moment: float, quiet: int) -> str:
        """The evidence that somebody still uses C(version), this run or as the issuer says others, as a line, or an empty string.

        An error while looking is raised: not knowing is not the same as unused.
        """
        own = why_not_retire(self._issuer, version)
        if own:
            return own
        if version.leak or not version.id or version.fingerprint == "":  # a leaked version is used by whoever has it
            return ""
        use: LastUse = self._issuer.last_use(version.issued())
        if not use.supported or use.at is None or use.at <= moment or self._clock.now() - use.at > (quiet or _IDLE):
            return ""
        return f"{version.id} was used at {to_iso(use.at)}{' by ' + use.by if use.by else ''}, after every known consumer had moved on"

    def carry_out(self, journal: Journal, step: Step) -> str:
        """Do C(step) and return what was done, for people."""
        version, now = journal.retiring, self._clock.now()
        if version is None:
            return ""
        if step.do == "prove":
            journal.prove(now, _gone_on_without(step.gate))
            journal.waiting = _waiting(step.gate)
            self._remember_consumers(journal, self._oldest(journal.current))
            self._keeper.save(journal, hold=False)
        elif step.do == "unprove":
            journal.unprove(now)
            self._remember_consumers(journal, 0.0)
            self._keeper.save(journal, hold=False)
        elif step.do == "disable":
            self.disable(journal, version, _gone_on_without(step.gate))
        elif step.do == "delete":
            self.delete(journal, version, _gone_on_without(step.gate))
        if step.do in ("disable", "delete") and step.gate and step.gate.waived:
            self._keeper.tell("not waited for: " + ", ".join(step.gate.waived))
        return {"prove": "proved", "unprove": "no longer proved", "disable": "disabled", "delete": "deleted"}.get(step.do, "")

    def note(self, journal: Journal, step: Step, check_mode: bool) -> bool:
        """Write down whom we wait for, if that is news; C(status) shows it between runs. Returns whether it is."""
        if step.gate is None:
            return False
        waiting = _waiting(step.gate)
        if journal.waiting == waiting and not self._is_news(journal):
            return False
        if not check_mode:
            journal.waiting = waiting
            self._remember_consumers(journal, 0.0)
            self._keeper.save(journal, hold=False)
        return True

    def meet(self, journal: Journal, check_mode: bool) -> bool:
        """Write down who uses the published version, if that is news: only by this does a run that sees a part of the hosts
        know, at the next rotation, that there are others. Returns whether it is."""
        hosts = {proof.host for proof in self._proofs or ()}
        if hosts <= set(journal.consumers):
            return False
        if not check_mode:
            self._remember_consumers(journal, 0.0)
            self._keeper.save(journal, hold=False)
        return True

    def _oldest(self, current: Version | None) -> float:
        """Since when a recorded consumer that this inventory does not have must have been seen to count.

        After a publication all of them count for C(forget_after): a run of another slice will bring them up to date. Who was
        removed from the inventory in the meantime cannot be told from them, and is waited for as long, unless a person says so.
        """
        oldest = self._clock.now() - self._keeper.policy.forget_after
        is_recent = current is not None and (current.published_at or 0.0) >= oldest
        return 0.0 if is_recent else oldest

    def _is_news(self, journal: Journal) -> bool:
        """Is a host of this run unknown to the journal, or was it seen there so long ago that it would soon be forgotten?"""
        stale = self._clock.now() - self._keeper.policy.forget_after / 2
        return any(journal.consumers.get(proof.host, stale) <= stale for proof in self._proofs or ())

    def disable(self, journal: Journal, version: Version, note: str = "") -> None:
        """Switch it off, now; whether it may be is decided already. C(note): for the history."""
        if version.phase is not Phase.DISABLING:
            journal.disable(version, self._clock.now(), note)
        self._keeper.save_before_the_end(journal)
        self._issuer.disable(version.issued())
        journal.disabled(version, self._clock.now(), self._end_sessions(journal, version))
        try:
            self._keeper.save(journal, hold=False)
        except LeaseLost:
            self._enable_again(version)
            raise

    def _enable_again(self, version: Version) -> None:
        """A run that was held up between its last look and the request may have disabled what another one has rolled back to."""
        now = self._keeper.load()
        found = next((other for other in now.versions if other.number == version.number), None) if now else None
        if found is not None and found.phase in (Phase.CANDIDATE, Phase.CURRENT, Phase.PREVIOUS):
            self._issuer.enable(version.issued())

    def delete(self, journal: Journal, version: Version, note: str = "") -> None:
        """Delete it, now; whether it may be is decided already. C(note): for the history."""
        if version.phase is not Phase.DELETING:
            journal.delete(version, self._clock.now(), note)
        self._keeper.save_before_the_end(journal)
        if version.id:
            self._issuer.delete(version.issued())
        journal.deleted(version, self._clock.now(), self._end_sessions(journal, version))
        self._keeper.save(journal, hold=False)

    def _end_sessions(self, journal: Journal, version: Version) -> str:
        current = journal.current
        return end_sessions(self._keeper, journal, version, current.published_at if current and not current.contained else None)

    def _remember_consumers(self, journal: Journal, oldest: float) -> None:
        """So that a later run with another inventory knows whom it does not see. Who was not seen since C(oldest) is forgotten."""
        now = self._clock.now()
        kept = {host: seen for host, seen in journal.consumers.items() if seen >= oldest and host not in self._forget}
        journal.consumers = {**kept, **{proof.host: round(now) for proof in self._proofs or ()}}


def _gone_on_without(gate: Verdict | None) -> str:
    """For the history."""
    return f"without {', '.join(gate.waived)}" if gate and gate.waived else ""


def _waiting(gate: Verdict | None) -> dict[str, t.Any]:
    """The gate's verdict as the journal keeps it."""
    if gate is None:
        return {}
    return {"proved": gate.proved, "expected": gate.expected, "pending": list(gate.pending[:_PENDING_KEPT])}
