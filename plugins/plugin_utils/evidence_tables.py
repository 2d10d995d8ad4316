# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the evidence pack, row by row. Pure. Called by P(evidence_pack)."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_account import Entry
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_answer import Found

Row = t.Sequence[t.Any]
_YES = {True: "yes", False: "no", None: "unknown"}


@dataclasses.dataclass(frozen=True)
class Table:
    """C(none): what stands in its place where it has no row."""

    name: str
    title: str
    headings: tuple[str, ...]
    none: str
    rows: t.Callable[[Found], list[Row]]


def by_whom(entry: Entry) -> str:
    """Who did it, as far as is known. What a killed run did was recorded by another, which is not who did it."""
    by = entry.get("by") or {}
    who = by.get("awx_user") or by.get("sudo_user") or by.get("user") or ""
    where = f"{who} on {by.get('controller', '')}"
    return f"not known; recorded by {where}" if entry.get("late") else where


def job_of(entry: Entry) -> str:
    """The job, unless another one's only recorded it."""
    return "" if entry.get("late") else str((entry.get("by") or {}).get("job", ""))


def rotations(found: Found) -> list[Row]:
    """One row a publication."""
    return [
        (
            one.new["at"],
            one.new["credential"],
            one.new.get("kind"),
            "roll back" if one.is_roll_back else "rotation" if one.old else "first issue",
            one.new.get("version"),
            one.new.get("id"),
            one.new.get("fingerprint"),
            (one.old or {}).get("id"),
            one.age,
            _YES[one.in_time] if one.old else "",
            one.new.get("reason"),
            one.new.get("ticket"),
            by_whom(one.new),
            job_of(one.new),
            one.new["seq"],
        )
        for one in found.account.rotations()
    ]


def retirements(found: Found) -> list[Row]:
    """One row a version that was taken out of service."""
    return [
        (
            one.ended["at"],
            one.ended["credential"],
            one.ended.get("version"),
            one.ended.get("id"),
            one.how,
            (one.successor or {}).get("id"),
            (one.successor or {}).get("at"),
            (one.proof or {}).get("at"),
            ", ".join((one.proof or {}).get("hosts") or ()),
            _YES[one.is_proved],
            one.ended.get("reason"),
            one.ended.get("ticket"),
            by_whom(one.ended),
            ", ".join(str(entry["seq"]) for entry in (one.successor, one.proof, one.began, one.ended) if entry),
        )
        for one in found.account.retirements()
    ]


def ages(found: Found) -> list[Row]:
    """One row a credential of the catalogue."""
    return [
        (
            age.listed.name,
            age.listed.kind,
            age.listed.facts.get("identity"),
            age.version,
            age.id,
            age.created_at,
            age.days,
            age.listed.limit_days,
            age.oldest,
            age.verdict(),
            age.source,
            len(age.listed.hosts) if age.listed.hosts or not age.listed.is_external else "external",
            age.listed.facts.get("store"),
        )
        for age in found.ages
    ]


def failures(found: Found) -> list[Row]:
    """One row a failed run, a given-up attempt or a quarantine."""
    return [
        (
            entry["at"],
            entry["credential"],
            entry["what"],
            entry.get("msg") or entry.get("note"),
            entry.get("next_step"),
            (mended or {}).get("at", "not in the period"),
            by_whom(entry),
            job_of(entry),
            entry["seq"],
        )
        for entry, mended in found.account.failures()
    ]


def exceptions(found: Found) -> list[Row]:
    """One row an exception that was in force at some time in the period."""
    present = {one.name: one.exception for one in found.credentials}
    return [
        (
            one.credential,
            one.terms.get("owner", "nobody is named"),
            one.terms.get("reason"),
            one.terms.get("until"),
            (one.granted or {}).get("at", "only in the catalogue"),
            (one.ended or {}).get("at"),
            (one.granted or {}).get("ticket"),
            (one.granted or {}).get("seq"),
        )
        for one in found.account.exceptions(present)
    ]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TABLES: tuple[Table, ...] = (
    Table(
        "rotations",
        "Rotations",
        _words("at credential kind what version id fingerprint replaced age_of_replaced_days in_time reason ticket by job seq"),
        "No version was published in the period.",
        rotations,
    ),
    Table(
        "ages",
        "Ages against policy, at the end of the period",
        _words(
            "credential kind identity version id created_at age_days limit_days oldest_replaced_days verdict source hosts store"
        ),
        "The catalogue is empty.",
        ages,
    ),
    Table(
        "retirements",
        "Retirements and their proof",
        _words("at credential version id how successor published_at proved_at hosts proved reason ticket by seq"),
        "No version was taken out of service in the period.",
        retirements,
    ),
    Table(
        "failures",
        "Failures",
        _words("at credential what message next_step next_publication by job seq"),
        "No failure was recorded in the period.",
        failures,
    ),
    Table(
        "exceptions",
        "Exceptions",
        _words("credential owner reason until recorded_at ended_at ticket seq"),
        "No exception was in force in the period.",
        exceptions,
    ),
)
