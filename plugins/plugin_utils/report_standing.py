# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where one credential stands at a moment, read from the facts of a run, and what is wrong with that. Pure.

Every form of the report (table, HTML, metrics, JSON, JUnit) is drawn from a P(Standing), so that they never disagree.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain_text

OVERDUE, HELD, QUARANTINED, FAILING = "overdue", "held", "quarantined", "failing"
#: What can be wrong with a credential, the worst first.
TROUBLES = (QUARANTINED, FAILING, OVERDUE, HELD)
#: States in which there is nothing under way.
_AT_REST = ("steady", "absent", "quarantined", "unknown", "failed")
Facts = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Limits:
    """Seconds that a due rotation, and a step that waits, may take before that counts as trouble."""

    overdue_after: int = 0
    held_after: int = 86400


@dataclasses.dataclass(frozen=True)
class Trouble:
    """One of P(TROUBLES), and a sentence about it."""

    kind: str
    detail: str


@dataclasses.dataclass(frozen=True)
class Previous:
    """An older version that still exists. Moments in seconds since the epoch."""

    version: int
    id: str
    phase: str
    grace_until: float | None
    disabled_at: float | None
    delete_after: float | None


@dataclasses.dataclass(frozen=True)
class Event:
    """One of the journal's last events."""

    number: int
    at: float
    event: str
    version: int | None
    note: str


@dataclasses.dataclass(frozen=True)
class Consumer:
    """A host that uses the credential. C(proved) is None where no run has looked at it for the published version."""

    host: str
    proved: bool | None
    detail: str


@dataclasses.dataclass(frozen=True)
class Standing:
    """See the module's docstring. C(now) and all moments are seconds since the epoch, None where unknown."""

    facts: Facts
    now: float
    limits: Limits = Limits()

    # ---- what it is -----------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return plain_text(self.facts["credential"])

    @property
    def kind(self) -> str:
        return self.text("type")

    @property
    def state(self) -> str:
        """As in the life cycle; C(failed) where this run could not do its work on it, C(unknown) where it did not look."""
        if self.facts.get("failed"):
            return "failed"
        return self.text("state") or "unknown"

    def text(self, field: str) -> str:
        """A field of the facts, empty where there is none."""
        value = self.facts.get(field)
        return "" if value is None else plain_text(value)

    def moment(self, field: str) -> float | None:
        """A moment of the facts."""
        return _moment(self.facts, field)

    def count(self, field: str) -> int | None:
        """A number of the facts."""
        value = self.facts.get(field)
        return None if value is None else int(value)

    # ---- age and limit --------------------------------------------------------------------------------------------

    @property
    def age(self) -> float | None:
        """Of the published version, seconds."""
        created = self.moment("created_at")
        return None if created is None else max(self.now - created, 0.0)

    @property
    def limit(self) -> float | None:
        """The age at which it is due, seconds."""
        limit = self._rules.get("rotate_after")
        return None if limit is None else float(limit)

    @property
    def due_in(self) -> float | None:
        """Seconds until it is due, negative after that."""
        due = self.moment("due_at")
        return None if due is None else due - self.now

    @property
    def exempt_until(self) -> float | None:
        """Until when it is excepted from rotation, if it is now."""
        until = _moment(self._exemption, "until")
        return until if until is not None and until > self.now else None

    @property
    def exempt_reason(self) -> str:
        return plain_text(self._exemption.get("reason") or "") if self.exempt_until else ""

    @property
    def not_now(self) -> str:
        """Why a run would not rotate it now although it is due: a window, a blackout."""
        plan = self.facts.get("plan") or {}
        is_told = self.exempt_until is not None or self.state == QUARANTINED
        return plain_text(plan.get("why") or "") if plan.get("action") == "hold" and not is_told else ""

    @property
    def exempt_owner(self) -> str:
        """Who answers for that."""
        return plain_text(self._exemption.get("owner") or "") if self.exempt_until else ""

    @property
    def _rules(self) -> Facts:
        return self.facts.get("policy") or {}

    @property
    def _exemption(self) -> Facts:
        return self._rules.get("exempt") or {}

    # ---- versions, hosts, events ----------------------------------------------------------------------------------

    @property
    def previous(self) -> list[Previous]:
        return [
            Previous(
                int(one["version"]),
                plain_text(one.get("id") or ""),
                plain_text(one.get("phase") or ""),
                _moment(one, "grace_until"),
                _moment(one, "disabled_at"),
                _moment(one, "delete_after"),
            )
            for one in self.facts.get("previous") or ()
        ]

    @property
    def events(self) -> list[Event]:
        return [
            Event(
                int(one["n"]),
                from_iso(one["at"]),
                plain_text(one["event"]),
                one.get("version"),
                plain_text(one.get("note") or ""),
            )
            for one in self.facts.get("history") or ()
        ]

    @property
    def waiting(self) -> list[str]:
        """What is waited for, a line each."""
        return [plain_text(line) for line in self.facts.get("waiting_for") or ()]

    @property
    def consumers(self) -> list[Consumer]:
        """The hosts that the journal knows, and those that are waited for."""
        pending = {host: detail for host, detail in map(_split_host, self.waiting) if host}
        names = dict.fromkeys([*pending, *map(plain_text, self.facts.get("consumers_known") or ())])
        return [Consumer(host, self._proof_of(host, pending), pending.get(host, "")) for host in sorted(names)]

    def _proof_of(self, host: str, pending: t.Container[str]) -> bool | None:
        """The journal keeps the first lines of a long list only, so that a host without a line has not always proved it."""
        proved, expected = self.count("consumers_proved"), self.count("consumers_expected")
        if host in pending:
            return False
        if proved is None or expected is None:
            return None
        named = sum(1 for line in self.waiting if _split_host(line)[0])
        return True if proved + named >= expected else None

    # ---- what is wrong --------------------------------------------------------------------------------------------

    @property
    def troubles(self) -> list[Trouble]:
        """The worst first."""
        found = [self._quarantined(), self._failing(), self._overdue(), self._held()]
        return [trouble for trouble in found if trouble is not None]

    def has(self, kind: str) -> bool:
        """Is that wrong with it?"""
        return any(trouble.kind == kind for trouble in self.troubles)

    def _quarantined(self) -> Trouble | None:
        if self.state != QUARANTINED:
            return None
        why = self.text("last_error").rstrip(".")
        return Trouble(
            QUARANTINED, f"after {self.count('failures') or 0} failures in a row{': ' + why if why else ''}. " + _FORCE
        )

    def _failing(self) -> Trouble | None:
        if self.facts.get("failed"):
            return Trouble(FAILING, self.text("msg") or "the task failed without a message.")
        failures = self.count("failures") or 0
        if not failures or self.state == QUARANTINED:
            return None
        return Trouble(FAILING, f"{failures} in a row: {self.text('last_error')}")

    def _overdue(self) -> Trouble | None:
        left = self.due_in
        if left is None or left > 0 or -left < self.limits.overdue_after or self.exempt_until:
            return None
        limit = f", older than {format_duration(self.limit)}" if self.limit else ""
        why = f" ({self.not_now})" if self.not_now else ""
        return Trouble(OVERDUE, f"for {format_duration(-left)}{limit}{why}.")

    def _held(self) -> Trouble | None:
        since = self.held_since
        if since is None or self.now - since <= self.limits.held_after:
            return None
        whom = ", ".join(self.waiting) or "a run that goes on with it"
        return Trouble(HELD, f"for {format_duration(self.now - since)} ({self.state.replace('_', ' ')}): waits for {whom}.")

    @property
    def held_since(self) -> float | None:
        """Since when the next step could have been taken had nothing held it, None if it is not time for one yet."""
        if self.state in _AT_REST:
            return None
        ends = {"grace": [one.grace_until for one in self.previous], "disabled": [one.delete_after for one in self.previous]}
        since = min((end for end in ends.get(self.state, ()) if end is not None), default=None)
        if self.state == "rolling_out":
            since = self.moment("published_at")
        if since is None and self.state not in ends:
            since = self.events[-1].at if self.events else self.moment("created_at")
        return since if since is not None and since < self.now else None


_FORCE = "Next: mend the cause, then rotate it with force."


def _moment(facts: Facts, field: str) -> float | None:
    written = facts.get(field)
    return from_iso(plain_text(written)) if written else None


def _split_host(line: str) -> tuple[str, str]:
    """A line such as C(web07 (unreachable)) as host and reason; no host for a line about anything else."""
    host, bracket, reason = line.partition(" (")
    if not bracket or " " in host or not reason.endswith(")"):
        return "", line
    return host, reason[:-1]


def standings(facts: t.Iterable[Facts], now: float, limits: Limits | None = None) -> list[Standing]:
    """One for each credential, in the order of the facts."""
    return [Standing(fact, now, limits or Limits()) for fact in facts]


def with_trouble(all_of_them: t.Iterable[Standing], kinds: t.Container[str]) -> list[tuple[Standing, Trouble]]:
    """Every trouble of one of C(kinds), with the credential that has it."""
    return [(one, trouble) for one in all_of_them for trouble in one.troubles if trouble.kind in kinds]


def summary(all_of_them: t.Sequence[Standing]) -> str:
    """One line: how many there are, in which states, and with what trouble."""
    states: dict[str, int] = {}
    troubles: dict[str, int] = {}
    for one in all_of_them:
        states[one.state] = states.get(one.state, 0) + 1
        for trouble in one.troubles:
            troubles[trouble.kind] = troubles.get(trouble.kind, 0) + 1
    parts = [f"{count} {state.replace('_', ' ')}" for state, count in sorted(states.items(), key=lambda pair: -pair[1])]
    troubles[FAILING] = troubles.get(FAILING, 0) - states.get("failed", 0)
    wrong = [f"{troubles[kind]} {kind}" for kind in TROUBLES if troubles.get(kind) and kind != QUARANTINED]
    noun = "credential" if len(all_of_them) == 1 else "credentials"
    return f"{len(all_of_them)} {noun}: {', '.join([*parts, *wrong])}" if all_of_them else "no credentials"
