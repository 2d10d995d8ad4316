# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the facts of a run to what people have to be told about it. Pure.

What is wrong with a credential is decided where the status decides it too. Nothing else of a task's result is ever told.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.notify.event import (
    DIGEST,
    ERROR,
    FAILURE,
    HOLD,
    OVERDUE,
    QUARANTINED,
    RUN,
    Event,
)
from ansible_collections.locksmith.rotation.plugins.plugin_utils import report_standing as standing
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import Limits, Standing

Facts = t.Mapping[str, t.Any]
#: Of a waiting line that a person can do something about, whatever the schedule says.
_PERSON = "a person"
#: Results that are no news.
_NOTHING_DONE = ("none", "held", "busy", "failed", "no longer proved")
_DETAILS = ("type", "identity", "store", "version", "id", "fingerprint", "due_at", "state")
_FORCE = "mend the cause, then rotate it with force (-e credential_force=true)."


def was_judged(facts: Facts) -> bool:
    """Whether the run has found out how the credential is."""
    return bool(facts.get("failed") or facts.get("unreachable") or facts.get("state"))


def problem_of(facts: Facts, now: float, limits: Limits) -> Event | None:
    """The gravest problem of one credential, if it has any. :arg now: seconds since the epoch."""
    if facts.get("failed") or facts.get("unreachable"):
        return _event(FAILURE, facts, _why_failed(facts), (), str(facts.get("next_step") or ""))
    seen = Standing(facts, now, limits)
    people = [line for line in seen.waiting if line.startswith(_PERSON)]
    wrong = next(iter(seen.troubles), None)
    if wrong is None:
        return _event(HOLD, facts, "waits for a person", people) if people else None
    kinds = {standing.QUARANTINED: QUARANTINED, standing.FAILING: FAILURE, standing.OVERDUE: OVERDUE, standing.HELD: HOLD}
    kind = kinds[wrong.kind]
    if kind == HOLD:
        return _event(HOLD, facts, f"waits{_counted(seen)} before the next step to its previous version", seen.waiting)
    said, dummy, step = wrong.detail.partition(" Next: ")
    return _event(kind, facts, f"is {wrong.kind} {said}", seen.waiting, _FORCE if kind == QUARANTINED else step)


def problems_of_hosts(outcomes: t.Mapping[str, Facts], told: t.Sequence[Event]) -> list[Event]:
    """Consumers that were unreachable or did not come up, as far as no event names them already.

    :arg outcomes: host to what the role C(consumer) registered there as C(consumer_outcome).
    """
    named = hosts_named(told)
    found = []
    for host, outcome in outcomes.items():
        if host in named or not (outcome.get("unreachable") or outcome.get("failed")):
            continue
        why = (
            "was unreachable"
            if outcome.get("unreachable")
            else f"was not brought up to date: {outcome.get('detail') or 'see the run'}"
        )
        found.append(Event(FAILURE, f"host {host}", f"host {host} {why}", ERROR))
    return found


def hosts_named(told: t.Sequence[Event]) -> set[str]:
    """Hosts that a line of some event names as waited for, as C(web1 (unreachable))."""
    return {line.split(" (")[0] for event in told for line in event.lines}


def digest_of(facts: t.Sequence[Facts], wanted: str) -> Event | None:
    """What was done, in one event. :arg wanted: C(never), C(always), or C(changes): only if anything was done."""
    lines = tuple(line for line in map(_done, facts) if line)
    if wanted == "never" or (wanted == "changes" and not lines):
        return None
    return Event(DIGEST, RUN, f"{len(lines)} of {len(facts)} credentials changed", lines=lines)


def _done(facts: Facts) -> str:
    steps = [str(step).replace("_", " ") for step in facts.get("done") or () if step not in _NOTHING_DONE]
    if not steps or facts.get("failed"):
        return ""
    version = f", version {facts['version']} ({facts.get('id') or 'unknown id'}) is published" if facts.get("version") else ""
    return f"{facts['credential']}: {', '.join(steps)}{version}"


def _counted(seen: Standing) -> str:
    expected = seen.count("consumers_expected")
    return f" ({seen.count('consumers_proved')} of {expected} hosts have proved the new version)" if expected else ""


def _why_failed(facts: Facts) -> str:
    """Our own module's words. Ansible's words, where it failed before the module ran, may hold anything."""
    if facts.get("unreachable"):
        return "was not rotated: the host that rotates it (credential_run_on) was unreachable"
    if not facts.get("error"):
        return "failed before its module ran: see the failed task in the run's output"
    said = str(facts.get("msg") or "").partition(" Next: ")[0]
    name = f"{facts['credential']}: "
    return f"failed: {said[len(name) :] if said.startswith(name) else said}"


def _event(kind: str, facts: Facts, said: str, lines: t.Sequence[str], next_step: str = "") -> Event:
    name = str(facts["credential"])
    details = {field: str(facts[field]) for field in _DETAILS if facts.get(field) is not None}
    return Event(kind, f"credential {name}", f"{name} {said}", lines=tuple(lines), next_step=next_step, details=details)
