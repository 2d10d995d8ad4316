# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The retire gate: has *every* consumer in the whole inventory proved the current version? Pure; called by the engine.

Ansible's own failure keywords do not answer this: a later play goes on although a host was unreachable. So a host
counts only by a proof made in this very run, and everything else is pending and is named.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso


@dataclasses.dataclass(frozen=True)
class ConsumerProof:
    """What one inventory host reported in this run about one of its files with the credential.

    C(fingerprint): of the value in the file; C(running): of the value its service was last (re)started or reloaded for.
    Both empty where the host did not report: unreachable, skipped, limited away, failed. C(detail) says which.
    """

    host: str
    fingerprint: str = ""
    running: str = ""
    healthy: bool = False
    detail: str = ""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """C(pending): a line for each thing waited for, hosts by name. Empty: every consumer has proved it.

    C(waived): the same for what would be waited for, had nobody decided to go on without it.
    """

    proved: int
    expected: int
    pending: tuple[str, ...]
    waived: tuple[str, ...] = ()

    def without(self, hosts: t.Collection[str]) -> Verdict:
        """The same, not waiting for C(hosts)."""
        waived = tuple(line for line in self.pending if line.partition(" (")[0] in hosts)
        return dataclasses.replace(self, pending=tuple(line for line in self.pending if line not in waived), waived=waived)

    def without_anybody(self) -> Verdict:
        """The same, waiting no longer."""
        return dataclasses.replace(self, pending=(), waived=self.waived + self.pending)


def judge(
    proofs: t.Sequence[ConsumerProof] | None,
    wanted: str,
    recorded: t.Mapping[str, float],
    forget: t.Collection[str],
    oldest: float,
) -> Verdict:
    """Hold the proofs of this run against the fingerprint that is C(wanted).

    :arg proofs: one or more a host that the inventory names as a consumer; None when nobody looked.
    :arg recorded: consumers of earlier runs and when each was last seen, seconds since the epoch.
    :arg forget: hosts that a person says are gone.
    :arg oldest: hosts not seen since then no longer count (removed from the inventory).
    """
    if proofs is None:
        return Verdict(0, 0, ("this run was not told who uses it (no list of consumers)",))
    hosts = {proof.host for proof in proofs}
    pending = [f"{proof.host} ({_lacking(proof, wanted)})" for proof in proofs if _lacking(proof, wanted)]
    missing = {host: seen for host, seen in recorded.items() if host not in hosts and host not in forget}
    if not hosts:
        pending += [
            f"{host} (used it at {to_iso(seen)}; this inventory names no consumer at all)"
            for host, seen in sorted(missing.items())
        ]
    else:
        pending += [
            f"{host} (used it at {to_iso(seen)}; not in this inventory: another slice, or removed)"
            for host, seen in sorted(missing.items())
            if seen >= oldest
        ]
    waiting = {proof.host for proof in proofs if _lacking(proof, wanted)}
    return Verdict(
        len(hosts - waiting), len(hosts) + len(pending) - len([p for p in proofs if _lacking(p, wanted)]), tuple(pending)
    )


def _lacking(proof: ConsumerProof, wanted: str) -> str:
    """What this proof lacks, or an empty string."""
    if proof.detail and not proof.fingerprint:
        return proof.detail
    if proof.fingerprint != wanted:
        return "has another version on disk" if proof.fingerprint else "has not reported"
    if proof.running != wanted:
        return "its service still runs on another version"
    if not proof.healthy:
        return "its service is not healthy"
    return ""
