# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a C(*_rotate) module returns: public facts only. Called by P(entry.rotation)."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.run import SERIES
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.engine import Outcome, picture
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Version
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.policy import Policy, due_at
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import State
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Store
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso


def describe(outcome: Outcome, issuer: Issuer, store: Store, policy: Policy, credential: str) -> dict[str, t.Any]:
    """The result of one call."""
    journal = outcome.journal
    current = journal.current if journal else None
    result: dict[str, t.Any] = {
        "changed": outcome.changed,
        "action": outcome.action,
        "msg": f"{credential}: {outcome.action}" + (f" ({outcome.why})" if outcome.why else ""),
        "why": outcome.why,
        "credential": credential,
        "type": issuer.KIND,
        "identity": issuer.identity,
        "overlap": issuer.capacity != 1,
        "verifiable": issuer.verifiable,
        "store": store.place,
        "state": journal.state.value if journal else State.ABSENT.value,
        "suspended": journal.suspended if journal else "",
        "failures": journal.failures if journal else 0,
        "last_error": journal.last_error if journal else "",
        "pending": list(outcome.pending),
        "previous": [_previous(version, policy) for version in (journal.versions if journal else []) if version is not current],
    }
    result.update(_current(current, policy))
    result["policy"] = _rules(policy)
    result["consumers_known"] = sorted(journal.consumers) if journal else []
    waiting = journal.waiting if journal else {}
    if outcome.gate is not None:
        waiting = {"proved": outcome.gate.proved, "expected": outcome.gate.expected}
    result.update(consumers_proved=waiting.get("proved"), consumers_expected=waiting.get("expected"))
    result["waiting_for"] = list(outcome.pending) or waiting.get("pending", [])
    result["notes"] = list(outcome.told)
    result["leaked"] = [version.id for version in (journal.versions if journal else []) if version.leak is not None]
    result.update(told_events(journal.history if journal else []))
    if outcome.plan is not None:
        result["plan"] = {"action": outcome.plan.action.value, "why": outcome.plan.why, "can_wait": outcome.plan.can_wait}
    after = picture(journal)
    result["diff"] = {"before": outcome.before, "after": after}
    return result


def told_events(history: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """The journal's events, all of whose fields are public, and the name by which those of this run are known among them."""
    return {"run": SERIES, "history": [{**entry, "at": to_iso(entry["at"])} for entry in history]}


def _rules(policy: Policy) -> dict[str, t.Any]:
    """What a report holds the facts against. Durations in seconds."""
    exemption = policy.exemption
    return {
        "rotate_after": policy.rotate_after,
        "grace": policy.grace,
        "recovery_wait": policy.recovery_wait,
        "exempt": {"until": to_iso(exemption.until), "reason": exemption.reason, "owner": exemption.owner} if exemption else None,
    }


def _current(version: Version | None, policy: Policy) -> dict[str, t.Any]:
    if version is None:
        return {
            "version": None,
            "id": None,
            "fingerprint": None,
            "created_at": None,
            "published_at": None,
            "due_at": None,
            "expires_at": None,
        }
    return {
        "version": version.number,
        "id": version.id,
        "fingerprint": version.fingerprint,
        "created_at": to_iso(version.created_at),
        "published_at": to_iso(version.published_at),
        "due_at": to_iso(due_at(version.created_at, policy)),
        "expires_at": to_iso(version.expires_at),
    }


def _previous(version: Version, policy: Policy) -> dict[str, t.Any]:
    proved, disabled, leak = version.proved_at, version.disabled_at, version.leak
    grace, recovery_wait = 0 if leak else policy.grace, 0 if leak and leak.delete else policy.recovery_wait
    return {
        "version": version.number,
        "id": version.id,
        "fingerprint": version.fingerprint,
        "phase": version.phase.value,
        "created_at": to_iso(version.created_at),
        "proved_at": to_iso(proved),
        "grace_until": to_iso(proved + grace) if proved is not None else None,
        "disabled_at": to_iso(disabled),
        "delete_after": to_iso(disabled + recovery_wait) if disabled is not None else None,
        "rejected": version.rejected,
        "leaked_at": to_iso(leak.at) if leak else None,
    }
