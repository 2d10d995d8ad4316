# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: a credential's durable record, as an object whose every change is a named event of the state machine.

Pure: it is read from and written to a store by the engine. It holds secrets (the values of the versions that are
alive), so its text goes nowhere but into the store.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.leak import Leak
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import TRANSITIONS, Event, State
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import JournalError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

#: The layout written by this version of the collection. A higher one is refused, never guessed at.
FORMAT = 1
_HISTORY_KEPT = 8
#: The events that say which key it was. The others are about the same version, and a journal has to stay small.
_TELLS_WHICH = frozenset(
    {Event.ADOPT, Event.LEAK, Event.CONTAIN, Event.ISSUED, Event.PROMOTE, Event.RESTORE, Event.DISABLED, Event.DELETED}
)


class Phase(enum.Enum):
    """Where one version stands in its own life."""

    CANDIDATE = "candidate"
    CURRENT = "current"
    PREVIOUS = "previous"
    DISABLING = "disabling"
    DISABLED = "disabled"
    DELETING = "deleting"


_RETIRING = (Phase.DELETING, Phase.DISABLING, Phase.DISABLED, Phase.PREVIOUS)


@dataclasses.dataclass
class Version:
    """One value of the credential. Times in seconds since the epoch.

    C(restored): a rolled-back-to version on its way to be current again; it existed before the attempt, so discarding
    the attempt must not delete it. C(rejected): it was current and has been rolled back from. C(leak): it is in wrong hands.
    C(contained): it is switched off while it is published, by C(disable) or C(delete); done when C(disabled_at) is set.
    C(sessions_ended): what was begun with it has been ended too.
    """

    number: int
    id: str
    fingerprint: str
    phase: Phase
    fields: SecretFields
    name: str = ""
    created_at: float = 0.0
    published_at: float | None = None
    expires_at: float | None = None
    proved_at: float | None = None
    disabled_at: float | None = None
    restored: bool = False
    rejected: bool = False
    leak: Leak | None = None
    contained: str = ""
    sessions_ended: bool = False

    def issued(self) -> Issued:
        """As the issuer knows it."""
        return Issued(self.id, self.fields, self.created_at, self.expires_at)


@dataclasses.dataclass(frozen=True)
class Lease:
    """Who works on the credential just now, and until when (seconds since the epoch) nobody else may."""

    run: str
    host: str
    boot: str
    pid: int
    process_started: str
    until: float


@dataclasses.dataclass
class Intent:
    """An attempt that has been announced: written before the issuer is asked for anything."""

    attempt: Attempt
    reason: str


class Journal:
    """See the module's docstring. C(versions) are in order of their numbers."""

    def __init__(self, credential: str, kind: str, identity: str) -> None:
        self.credential = credential
        self.kind = kind
        self.identity = identity
        self.versions: list[Version] = []
        self.intent: Intent | None = None
        #: Interrupted attempts of which nothing was found at the issuer. It may list what they made later.
        self.unsettled: list[Attempt] = []
        self.lease: Lease | None = None
        self.next_number = 1
        self.failures = 0
        self.quarantined_at: float | None = None
        self.last_error = ""
        self.suspended = ""
        self.consumers: dict[str, float] = {}
        self.waiting: dict[str, t.Any] = {}
        #: Whom the published version has been announced to: the target's name, and the fingerprint that it was told.
        self.announced: dict[str, str] = {}
        #: The last events, numbered without end (C(n)), so that whoever copies them knows which ones it has not seen.
        #: When what bars the sessions of a leaked version may be removed, seconds since the epoch.
        self.bar_until: float | None = None
        self.history: list[dict[str, t.Any]] = []
        #: Who has loaded it, in short. Written into the events that it makes, and nowhere else.
        self.run = ""

    # ---- reading ------------------------------------------------------------------------------------------------

    def one(self, phase: Phase) -> Version | None:
        """The newest version in C(phase)."""
        return next((version for version in reversed(self.versions) if version.phase is phase), None)

    @property
    def current(self) -> Version | None:
        """The published version."""
        return self.one(Phase.CURRENT)

    @property
    def candidate(self) -> Version | None:
        """The version being introduced."""
        return self.one(Phase.CANDIDATE)

    @property
    def retiring(self) -> Version | None:
        """The oldest version that is on its way out, the furthest along first; but what has leaked and works still, before what is off."""
        for phase in _RETIRING:
            leaked = [version for version in self.versions if version.phase is Phase.PREVIOUS and version.leak is not None]
            found = [version for version in self.versions if version.phase is phase]
            if found:
                return leaked[0] if leaked and phase is Phase.DISABLED else found[0]
        return None

    @property
    def previous(self) -> Version | None:
        """The newest version that was published before the current one and still exists."""
        return next((version for version in reversed(self.versions) if version.phase in _RETIRING), None)

    def ids(self) -> set[str]:
        """The ids of all versions recorded as ours."""
        return {version.id for version in self.versions if version.id}

    def known_values(self) -> list[Issued]:
        """Values that may still log in, likeliest first: candidate, current, previous."""
        ladder = [self.candidate, self.current, *reversed([v for v in self.versions if v.phase in _RETIRING])]
        return [version.issued() for version in ladder if version is not None]

    @property
    def state(self) -> State:
        """Derived from what is recorded; see C(states.py)."""
        if self.quarantined_at is not None:
            return State.QUARANTINED
        if self.candidate is not None:
            return State.CANDIDATE
        if self.intent is not None:
            return State.INTENDED
        return self._resting_state()

    def _resting_state(self) -> State:
        if self.current is not None and self.current.contained:
            return State.CONTAINED
        retiring = self.retiring
        if retiring is None:
            return State.STEADY if self.current else State.ABSENT
        if retiring.phase is Phase.PREVIOUS:
            return State.ROLLING_OUT if retiring.proved_at is None else State.GRACE
        return State(retiring.phase.value)

    # ---- events -------------------------------------------------------------------------------------------------

    def adopt(self, issued: Issued, now: float) -> None:
        """Take over the value that is published already."""
        version = self._add(issued, Phase.CURRENT, now)
        version.published_at = now
        self._happened(State.ABSENT, Event.ADOPT, now, version)

    def intend(self, attempt: Attempt, proposal: Issued | None, reason: str) -> None:
        """Announce an attempt, with the value itself where we make it."""
        before = self.state
        self.intent = Intent(attempt, reason)
        if proposal is not None:
            self._add(proposal, Phase.CANDIDATE, attempt.at).name = attempt.name
        self._happened(before, Event.INTEND, attempt.at, note=reason)

    def issued(self, issued: Issued, now: float) -> Version:
        """The issuer has made, or accepted, the value."""
        before, candidate = self.state, self.candidate
        if candidate is None:
            candidate = self._add(issued, Phase.CANDIDATE, now)
            candidate.name = self.intent.attempt.name if self.intent else ""
        candidate.id, candidate.expires_at = issued.id, issued.expires_at
        self._happened(before, Event.ISSUED, now, candidate)
        return candidate

    def promote(self, now: float) -> None:
        """The candidate has been verified and published: it is the current version now."""
        before, new, old = self.state, self._must(self.candidate), self.current
        reason = self.intent.reason if self.intent else ""
        if old is not None:
            old.phase, old.proved_at, old.rejected = _succeeded(old), None, new.restored
        for version in self.versions:
            if version.phase is Phase.PREVIOUS:
                version.proved_at = None
        new.phase, new.published_at = Phase.CURRENT, now
        self.suspended = "rolled back" if new.restored else ""
        new.restored, new.rejected = False, False
        self.waiting = {}
        self._end_attempt()
        self._happened(before, Event.PROMOTE, now, new, reason)

    def discard(self, now: float, note: str) -> None:
        """Give the attempt up: what it had made is gone, or was there before it."""
        before, candidate = self.state, self.candidate
        if candidate is not None and candidate.restored:
            candidate.phase, candidate.restored = Phase.PREVIOUS, False
        elif candidate is not None:
            self.versions.remove(candidate)
        self.intent = None
        self._happened(before, Event.DISCARD, now, note=note)

    def leaked(self, version: Version, leak: Leak, now: float, note: str) -> None:
        """C(version) is in wrong hands. It ends by the rules of C(leak), whoever comes by next."""
        before = self.state
        version.leak = leak
        self._happened(before, Event.LEAK, now, version, note)

    def contain(self, version: Version, how: str, now: float) -> None:
        """About to switch C(version) off although hosts use it. C(how): C(disable) or C(delete)."""
        before = self.state
        if version.phase is Phase.CURRENT:
            version.contained, version.disabled_at = how, None
        else:
            version.phase = Phase.DISABLING if how == "disable" else Phase.DELETING
        self._happened(before, Event.CONTAIN, now, version, "published, and switched off" if version.contained else "")

    def prove(self, now: float, note: str = "") -> None:
        """Every consumer has proved the current version. C(note): who was not waited for."""
        before = self.state
        for version in self.versions:
            if version.phase is Phase.PREVIOUS:
                version.proved_at = now
        self._happened(before, Event.PROVE, now, note=note)

    def unprove(self, now: float) -> None:
        """A consumer that had proved it no longer does: grace begins anew after the next proof."""
        before = self.state
        for version in self.versions:
            if version.phase is Phase.PREVIOUS:
                version.proved_at = None
        self._happened(before, Event.UNPROVE, now)

    def disable(self, version: Version, now: float, note: str = "") -> None:
        """About to switch C(version) off."""
        before = self.state
        version.phase = Phase.DISABLING
        self._happened(before, Event.DISABLE, now, version, note)

    def disabled(self, version: Version, now: float, note: str = "") -> None:
        """C(version) is off."""
        before = self.state
        version.disabled_at = now
        if version.phase is not Phase.CURRENT:
            version.phase = Phase.DISABLED
        self._happened(before, Event.DISABLED, now, version, note)

    def delete(self, version: Version, now: float, note: str = "") -> None:
        """About to delete C(version)."""
        before = self.state
        version.phase = Phase.DELETING
        self._happened(before, Event.DELETE, now, version, note)

    def deleted(self, version: Version, now: float, note: str = "") -> None:
        """C(version) is gone, and its value is forgotten."""
        before = self.state
        self.versions.remove(version)
        self._happened(before, Event.DELETED, now, version, note)

    def restore(self, version: Version, now: float, reason: str) -> None:
        """About to publish an earlier version again. Whoever does that with one that had leaked says that it had not."""
        before = self.state
        version.phase, version.restored, version.disabled_at = Phase.CANDIDATE, True, None
        version.leak, version.contained, version.sessions_ended = None, "", False
        self.intent = Intent(Attempt(version.name, now, tuple(sorted(self.ids())), 0), reason)
        self._happened(before, Event.RESTORE, now, version, reason)

    def fail(self, error: str, now: float, allowed: int) -> None:
        """One more failure in a row; after C(allowed) of them the credential is quarantined."""
        self.failures += 1
        self.last_error = error[:300]
        if self.failures >= allowed and self.quarantined_at is None:
            before = self.state
            self.quarantined_at = now
            self._happened(before, Event.QUARANTINE, now)

    def release(self, now: float) -> None:
        """A person lets the credential out of quarantine."""
        self.quarantined_at, self.failures = None, 0
        self._happened(State.QUARANTINED, Event.RELEASE, now)

    # ---- plumbing -----------------------------------------------------------------------------------------------

    def _add(self, issued: Issued, phase: Phase, now: float) -> Version:
        created = now if issued.created_at is None else issued.created_at
        version = Version(
            self.next_number,
            issued.id,
            issued.fields.fingerprint(),
            phase,
            issued.fields,
            created_at=created,
            expires_at=issued.expires_at,
        )
        self.next_number += 1
        self.versions.append(version)
        return version

    def _end_attempt(self) -> None:
        self.intent = None
        self.failures = 0
        self.last_error = ""

    def _must(self, version: Version | None) -> Version:
        if version is None:
            raise JournalError(f"The journal of {self.credential} has no version to act on in state {self.state.value}.")
        return version

    def _happened(self, before: State, event: Event, now: float, version: Version | None = None, note: str = "") -> None:
        allowed = TRANSITIONS.get((before, event), frozenset())
        if self.state not in allowed:
            raise JournalError(
                f"{self.credential}: {event.value} is not possible in state {before.value} (led to {self.state.value})."
            )
        number = self.history[-1]["n"] + 1 if self.history else 1
        entry: dict[str, t.Any] = {"n": number, "at": round(now, 3), "event": event.value}
        if version is not None:
            entry["version"] = version.number
        if version is not None and event in _TELLS_WHICH:
            entry.update(id=version.id, fingerprint=version.fingerprint)
        entry.update({name: text for name, text in (("note", note[:120]), ("run", self.run)) if text})
        self.history = [*self.history, entry][-_HISTORY_KEPT:]

    # ---- text ---------------------------------------------------------------------------------------------------

    def dump(self) -> str:
        """The text that goes into the store. Holds secrets."""
        data = {
            "format": FORMAT,
            "credential": self.credential,
            "issuer": self.kind,
            "identity": self.identity,
            "versions": [_dump_version(version) for version in self.versions],
            "intent": _dump_intent(self.intent),
            "unsettled": [dataclasses.asdict(attempt) for attempt in self.unsettled],
            "lease": dataclasses.asdict(self.lease) if self.lease else None,
            "next_number": self.next_number,
            "failures": self.failures,
            "quarantined_at": self.quarantined_at,
            "last_error": self.last_error,
            "suspended": self.suspended,
            "consumers": self.consumers,
            "waiting": self.waiting,
            "announced": self.announced,
            "bar_until": self.bar_until,
            "history": self.history,
        }
        return json.dumps({name: value for name, value in data.items() if value not in (None, "", {}, [])}, separators=(",", ":"))


def _dump_version(version: Version) -> dict[str, t.Any]:
    data = {field.name: getattr(version, field.name) for field in dataclasses.fields(version)}
    data.update(phase=version.phase.value, fields=version.fields.reveal())
    data.update(leak=dataclasses.asdict(version.leak) if version.leak else None)
    return {name: value for name, value in data.items() if value not in (None, "", False)}


def _dump_intent(intent: Intent | None) -> dict[str, t.Any] | None:
    return None if intent is None else {"attempt": dataclasses.asdict(intent.attempt), "reason": intent.reason}


def _succeeded(old: Version) -> Phase:
    """What becomes of a version that a new one has taken the place of."""
    if not old.contained:
        return Phase.PREVIOUS
    if old.contained == "delete":
        return Phase.DELETING
    return Phase.DISABLING if old.disabled_at is None else Phase.DISABLED


def load_journal(text: str, credential: str, kind: str, public: t.Container[str] = ()) -> Journal:
    """Read a journal's text. C(public): names of fields that are no secret.

    :raises JournalError: damaged, written by a newer version, or the record of another credential or issuer.
    """
    try:
        data = json.loads(text)
        written = int(data["format"])
    except (ValueError, TypeError, KeyError):
        raise _damaged(credential) from None
    if written > FORMAT:
        raise JournalError(
            f"The journal of {credential} has format {written}; this version of locksmith.rotation reads up to {FORMAT}.",
            next_step="run the version that wrote it, or a newer one; nothing was changed.",
        )
    if (data.get("credential"), data.get("issuer")) != (credential, kind):
        raise JournalError(
            f"The journal at the place of {credential} ({kind}) records {data.get('credential')} ({data.get('issuer')}).",
            next_step="give each credential a place of its own in the store; nothing was changed.",
        )
    try:
        return _build(data, credential, kind, public)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _damaged(credential) from None


def _damaged(credential: str) -> JournalError:
    return JournalError(
        f"The journal of {credential} is damaged: it is not what this collection writes.",
        next_step="restore an earlier revision of it in the store, or remove it and have the published value adopted; nothing was changed.",
    )


def _build_leak(data: t.Mapping[str, t.Any] | None) -> Leak | None:
    return Leak(**{**data, "without": tuple(data["without"])}) if data else None


def _build_attempt(data: t.Mapping[str, t.Any]) -> Attempt:
    return Attempt(**{**data, "known_ids": tuple(data["known_ids"])})


def _numbered(history: t.Iterable[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """With the numbers that entries lack which an earlier version of the collection has written."""
    numbered: list[dict[str, t.Any]] = []
    for entry in history:
        following = numbered[-1]["n"] + 1 if numbered else 1
        numbered.append({**entry, "n": int(entry.get("n", following))})
    return numbered


def _build(data: t.Mapping[str, t.Any], credential: str, kind: str, public: t.Container[str]) -> Journal:
    journal = Journal(credential, kind, str(data.get("identity", "")))
    journal.versions = [
        Version(
            **{
                "id": "",
                **version,
                "phase": Phase(version["phase"]),
                "fields": SecretFields(version["fields"]).register(public),
                "leak": _build_leak(version.get("leak")),
            }
        )
        for version in data.get("versions", [])  # without an id: adopted, and the issuer does not say which of its keys it is
    ]
    intent = data.get("intent")
    if intent:
        journal.intent = Intent(_build_attempt(intent["attempt"]), str(intent["reason"]))
    journal.unsettled = [_build_attempt(attempt) for attempt in data.get("unsettled", [])]
    journal.lease = Lease(**data["lease"]) if data.get("lease") else None
    journal.next_number = int(data["next_number"])
    journal.failures = int(data.get("failures", 0))
    journal.quarantined_at = data.get("quarantined_at")
    journal.last_error = str(data.get("last_error", ""))
    journal.suspended = str(data.get("suspended", ""))
    journal.consumers = {str(host): float(seen) for host, seen in data.get("consumers", {}).items()}
    journal.waiting = dict(data.get("waiting", {}))
    journal.announced = {str(name): str(fingerprint) for name, fingerprint in data.get("announced", {}).items()}
    journal.bar_until = data.get("bar_until")
    journal.history = _numbered(data.get("history", []))
    if sum(version.phase is Phase.CURRENT for version in journal.versions) > 1:
        raise ValueError("two current versions")
    return journal
