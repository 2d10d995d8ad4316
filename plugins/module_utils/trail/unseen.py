# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a run the audit trail does not have yet: events of the journals, gaps between them, failures, exceptions. Pure.

A journal keeps its last few events and numbers them without end. So a run that was killed after it had changed something is caught up by
the next one, and where events have been dropped from a journal before any run came to copy them, that is said. Called by P(trail.record).
"""

from __future__ import annotations

import typing as t

Entry = t.Dict[str, t.Any]
Entries = t.Sequence[t.Mapping[str, t.Any]]
_SENTENCE = 500


def new_entries(known: Entries, reports: t.Iterable[t.Mapping[str, t.Any]], run: str) -> list[Entry]:
    """The entries to append, without number and hash.

    :arg known: the trail.
    :arg reports: one a credential, as the action plugin C(credential_trail) makes them.
    :arg run: the run that writes them.
    """
    past: dict[str, list[t.Mapping[str, t.Any]]] = {}
    for entry in known:
        past.setdefault(entry.get("credential", ""), []).append(entry)
    return [entry for report in reports for entry in _Credential(past.get(report["credential"], ()), report, run).entries()]


class _Credential:
    """One credential's part of the trail, and what a run reports about it."""

    def __init__(self, past: Entries, report: t.Mapping[str, t.Any], run: str) -> None:
        self._past = past
        self._report = report
        self._runs = {run, *report.get("runs", ())}
        self._seen = {(entry["n"], entry["at"], entry["what"]) for entry in past if "n" in entry}
        self._last_n, self._last_at = 0, ""
        for entry in past:
            if "n" in entry:
                self._passed(entry)
        self._reason = next((entry["reason"] for entry in reversed(past) if entry.get("reason") and "n" in entry), "")
        self._keys = {entry["version"]: _key(entry) for entry in past if entry.get("id") or entry.get("fingerprint")}
        self._keys.update({version["version"]: _key(version) for version in report.get("versions", ())})
        self._keys.update({event["version"]: _key(event) for event in report.get("history", ()) if event.get("id")})

    def entries(self) -> list[Entry]:
        """In the order of what happened."""
        return [*self._events(), *self._exception(), *self._failure()]

    def _base(self, what: str, at: str) -> Entry:
        names = ("credential", "kind", "identity", "store")
        told = {name: self._report[name] for name in names if self._report.get(name)}
        return {**told, "what": what, "at": at}

    def _events(self) -> list[Entry]:
        entries: list[Entry] = []
        for event in self._report.get("history", ()):
            if (event["n"], event["at"], event["event"]) not in self._seen:
                entries += [*self._before(event), self._event(event)]
                self._passed(event)
            self._reason = _reason_of(event) or self._reason
        return entries

    def _passed(self, event: t.Mapping[str, t.Any]) -> None:
        """Keep up with the numbers. Clocks differ, so a number that follows is believed whatever its moment; one that does not is either
        late, from a slow run, or the first of a journal that counts anew."""
        if event["n"] > self._last_n or event["at"] > self._last_at:
            self._last_n = event["n"]
        self._last_at = max(self._last_at, event["at"])

    def _before(self, event: t.Mapping[str, t.Any]) -> list[Entry]:
        """What has to be said before C(event): that numbers are missing, or that they begin anew."""
        number = event["n"]
        if number <= self._last_n and event["at"] > self._last_at:
            note = f"the journal counts from {number} again after {self._last_n}: it was removed, or put back from an older state"
            return [{**self._base("restart", event["at"]), "note": note}]
        if number <= self._last_n + 1:
            return []
        when = "before the trail knew this credential" if not self._last_at else "since the last entry"
        gap = {
            "from": self._last_n + 1,
            "to": number - 1,
            "note": f"events that happened {when} and that the journal no longer has",
        }
        return [{**self._base("gap", event["at"]), **gap}]

    def _event(self, event: t.Mapping[str, t.Any]) -> Entry:
        is_ours = event.get("run") in self._runs
        entry = {
            **self._base(event["event"], event["at"]),
            "n": event["n"],
            "version": event.get("version"),
            **self._keys.get(event.get("version"), {}),
            **_key(event),
            "reason": _reason_of(event) or self._reason,
            "note": event.get("note") if _reason_of(event) != event.get("note") else None,
            "run": event.get("run"),
            "late": None if is_ours else True,
            "ticket": self._report.get("ticket") if is_ours else None,
            **self._circumstances(event, is_ours),
        }
        return {name: value for name, value in entry.items() if value not in (None, "", [])}

    def _circumstances(self, event: t.Mapping[str, t.Any], is_ours: bool) -> Entry:
        """Which hosts had proved it, and when the version that was published is due."""
        if event["event"] == "prove":
            of_run = self._report.get("proved") if is_ours else None
            hosts = of_run if of_run is not None else self._report.get("consumers_known")
            return {"hosts": hosts, "hosts_from": "run" if of_run is not None else "journal"}
        if event["event"] in ("promote", "adopt") and event.get("version") == self._report.get("version"):
            return {"due_at": self._report.get("due_at"), "created_at": self._report.get("created_at")}
        return {}

    def _exception(self) -> list[Entry]:
        """An exception that the catalogue has, or no longer has, and the trail does not know."""
        known = next((entry.get("exception") for entry in reversed(self._past) if entry["what"] == "exception"), None)
        present = self._report.get("exception") or None
        if known == present:
            return []
        entry = self._base("exception", self._report["now"])
        ticket = {"ticket": self._report["ticket"]} if self._report.get("ticket") else {}
        return [
            {**entry, **ticket, **({"exception": present} if present else {"note": "the catalogue has no exception any more"})}
        ]

    def _failure(self) -> list[Entry]:
        told = self._report.get("failure")
        if not told:
            return []
        details = {name: str(told[name])[:_SENTENCE] for name in ("msg", "next_step") if told.get(name)}
        return [{**self._base("failure", self._report["now"]), **details}]


def _key(told: t.Mapping[str, t.Any]) -> dict[str, str]:
    return {name: told[name] for name in ("id", "fingerprint") if told.get(name)}


def _reason_of(event: t.Mapping[str, t.Any]) -> str:
    """The reason for a rotation, from the events that carry it."""
    if event["event"] in ("leak", "contain"):
        return "leak"
    return str(event.get("note") or "") if event["event"] in ("intend", "promote", "restore") else ""
