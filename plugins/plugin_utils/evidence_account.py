# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a period of the audit trail says: rotations, retirements and their proof, failures, exceptions, and what is not known. Pure.

Everything here is derived from lines of the trail, and names them. Called by the evidence pack.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.period import Period, read_period

Entry = t.Mapping[str, t.Any]
_FAILED = ("failure", "quarantine", "discard")
_UNKNOWN = ("gap", "restart", "torn")
_PUBLISHED = ("promote", "adopt")
_TOUCHED = ("contain", "disable", "disabled", "delete")
_ENDED = {"disabled": "disabled", "deleted": "deleted"}


@dataclasses.dataclass(frozen=True)
class Rotation:
    """A publication. C(old): the one before, if the trail knows it; C(age): how old that was by then, in days."""

    new: Entry
    old: Entry | None
    is_roll_back: bool

    @property
    def age(self) -> float | None:
        """Days that the replaced version had been in existence."""
        began = (self.old or {}).get("created_at") or (self.old or {}).get("at")
        return round((from_iso(self.new["at"]) - from_iso(began)) / 86400, 1) if began else None

    @property
    def in_time(self) -> bool | None:
        """Was it replaced before it was a day overdue? A daily run may come up to a day later. None: not known."""
        due = (self.old or {}).get("due_at")
        return from_iso(self.new["at"]) <= from_iso(due) + 86400 if due else None


@dataclasses.dataclass(frozen=True)
class Retirement:
    """A version that was taken out of service. C(proof): the last line that says that all hosts had moved on, before that."""

    ended: Entry
    how: str
    successor: Entry | None
    proof: Entry | None
    began: Entry

    @property
    def is_after_successor(self) -> bool:
        """Was the new one published before?"""
        return self.successor is not None

    @property
    def is_proved(self) -> bool:
        """Had every host proved the new one before the old one was touched?

        A note of the proof names those that were not waited for. Where there was no host to ask, nothing was proved.
        """
        return self.successor is not None and bool(self.proof and self.proof.get("hosts") and not self.proof.get("note"))


@dataclasses.dataclass(frozen=True)
class ExceptionGranted:
    """C(granted): the line that says so, or None where only the catalogue does. C(ended): the line that ended it."""

    credential: str
    terms: t.Mapping[str, str]
    granted: Entry | None
    ended: Entry | None


class Account:
    """What the entries say about the period. C(entries): those of the period, and what stood before, in the order of the trail."""

    def __init__(self, entries: t.Iterable[Entry], period: Period) -> None:
        self.period = period
        self._entries = sorted(entries, key=lambda entry: (entry["at"], entry.get("n", 0), entry["seq"]))
        self._by_credential: dict[str, list[Entry]] = {}
        for entry in self._entries:
            if entry.get("credential"):
                self._by_credential.setdefault(entry["credential"], []).append(entry)

    def _within(self, *what: str) -> list[Entry]:
        return [entry for entry in self._entries if entry["what"] in what and self.period.contains(entry["at"])]

    def rotations(self) -> list[Rotation]:
        """Every publication of the period that replaced something or was the first."""
        return [self._rotation(entry) for entry in self._within("promote")]

    def _rotation(self, new: Entry) -> Rotation:
        before = self._before(new)
        old = _last(before, "promote", "adopt")
        begun = _last(before, "intend", "restore")
        return Rotation(new, old, begun is not None and begun["what"] == "restore")

    def _before(self, entry: Entry) -> list[Entry]:
        own = self._by_credential[entry["credential"]]
        return own[: own.index(entry)]

    def retirements(self) -> list[Retirement]:
        """Every version that was disabled or deleted in the period; what was first disabled and then deleted counts once."""
        latest: dict[tuple[str, t.Any], Entry] = {}
        for entry in self._within(*_ENDED):
            latest[entry["credential"], entry.get("version")] = entry
        return [self._retirement(entry) for entry in latest.values()]

    def _retirement(self, ended: Entry) -> Retirement:
        version, before = ended.get("version"), self._before(ended)
        own = [index for index, entry in enumerate(before) if entry["what"] in _PUBLISHED and entry.get("version") == version]
        since = before[own[-1] + 1 :] if own else [entry for entry in before if entry.get("version", version) >= version]
        touched = next((entry for entry in since if entry["what"] in _TOUCHED and entry.get("version") == version), ended)
        until = since[: since.index(touched)] if touched in since else since
        successor = _last([entry for entry in until if entry.get("version") != version], "promote")
        proof = _last(until, "prove", "unprove", "promote")
        return Retirement(ended, _ENDED[ended["what"]], successor, proof if proof and proof["what"] == "prove" else None, touched)

    def failures(self) -> list[tuple[Entry, Entry | None]]:
        """Each with the publication that came after it, if any has."""
        return [(entry, self._next(entry, "promote")) for entry in self._within(*_FAILED)]

    def _next(self, entry: Entry, what: str) -> Entry | None:
        own = self._by_credential[entry["credential"]]
        return next((later for later in own[own.index(entry) + 1 :] if later["what"] == what), None)

    def exceptions(self, present: t.Mapping[str, t.Mapping[str, str]]) -> list[ExceptionGranted]:
        """Those in force at some time in the period.

        :arg present: what the catalogue grants now, by credential.
        """
        found = [granted for name, own in self._by_credential.items() for granted in _granted(name, own)]
        recorded = {(granted.credential, tuple(sorted(granted.terms.items()))) for granted in found}
        found += [
            ExceptionGranted(name, terms, None, None)
            for name, terms in present.items()
            if terms and (name, tuple(sorted(terms.items()))) not in recorded
        ]
        return [granted for granted in found if self._overlaps(granted)]

    def _overlaps(self, granted: ExceptionGranted) -> bool:
        is_over = granted.ended is not None and self.period.is_before(granted.ended["at"])
        return not is_over and not self._expired_before(granted.terms.get("until", ""))

    def _expired_before(self, until: str) -> bool:
        try:
            return self.period.is_before(until)
        except ValueError:
            return False

    def unknown(self) -> list[Entry]:
        """Where the trail itself says that it lacks something."""
        return self._within(*_UNKNOWN)

    def reviews(self) -> list[Entry]:
        """Reviews of this period, whenever they took place."""
        return [entry for entry in self._entries if entry["what"] == "review" and self._covers(entry)]

    def _covers(self, review: Entry) -> bool:
        try:
            reviewed = read_period(str(review.get("from", "")), str(review.get("until", "")))
        except ConfigurationError:
            return False
        return reviewed.since <= self.period.since and self.period.until <= reviewed.until

    def runs(self) -> list[float]:
        """When a run of the period looked, whether or not anything was due. Seconds since the epoch."""
        return [from_iso(entry["at"]) for entry in self._within("run")]

    def published(self, credential: str, moment: float) -> Entry | None:
        """The version that was published at a moment, if the trail knows."""
        own = [entry for entry in self._by_credential.get(credential, ()) if from_iso(entry["at"]) < moment]
        return _last(own, "promote", "adopt")


def _last(entries: t.Sequence[Entry], *what: str) -> Entry | None:
    return next((entry for entry in reversed(entries) if entry["what"] in what), None)


def _granted(name: str, own: t.Sequence[Entry]) -> list[ExceptionGranted]:
    """Each lasts until the next entry about exceptions."""
    told = [entry for entry in own if entry["what"] == "exception"]
    following = [*told[1:], None]
    return [
        ExceptionGranted(name, entry["exception"], entry, then) for entry, then in zip(told, following) if entry.get("exception")
    ]
