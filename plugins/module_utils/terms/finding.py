# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a look at something found, fit to be shown and counted. Made by the audit and the doctor, told by their reports."""

from __future__ import annotations

import dataclasses
import typing as t

CRITICAL, WARNING, INFO = "critical", "warning", "info"
#: From worst to best.
SEVERITIES = (CRITICAL, WARNING, INFO)


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that somebody should know.

    C(kind): a word that programs tell findings by. C(subject): the key, host or place that it is about. C(detail): what was seen, as a
    sentence. C(next_step): what a person does about it, empty where nothing is to be done. Public, all of it.
    """

    severity: str
    kind: str
    subject: str
    detail: str
    next_step: str = ""

    def public(self) -> dict[str, str]:
        """As results and files have it."""
        return dataclasses.asdict(self)


def reaches(found: t.Mapping[str, t.Any], least: str) -> bool:
    """Whether a finding, as P(Finding.public) has it, is as bad as C(least) or worse. Nothing reaches what is no severity."""
    return least in SEVERITIES and rank(found) <= SEVERITIES.index(least)


def rank(found: t.Mapping[str, t.Any]) -> int:
    """For sorting: the worst first. What has no severity that is known counts as the worst."""
    severity = found.get("severity")
    return SEVERITIES.index(severity) if severity in SEVERITIES else 0


def told(name: str, found: t.Mapping[str, t.Any]) -> list[str]:
    """The lines of a finding or check, as their C(public) have it, about the credential C(name), for a terminal."""
    detail = found["detail"] if found["detail"].startswith(f"{name}:") else f"{name}: {found['detail']}"
    step = [f"          Next: {found['next_step']}"] if found.get("next_step") else []
    return [f"{found['severity'].upper():8}  {detail}", *step]


def count(findings: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, int]:
    """How many of each severity."""
    return {severity: sum(rank(finding) == place for finding in findings) for place, severity in enumerate(SEVERITIES)}


@dataclasses.dataclass(frozen=True)
class Check:
    """One question of a doctor, with its answer. C(severity): empty where all is well, else one of P(SEVERITIES); what could not be
    told is a warning and never well. C(area): where in the table it belongs, one of P(AREAS)."""

    area: str
    severity: str
    detail: str
    next_step: str = ""

    def public(self) -> dict[str, str]:
        """As results and files have it."""
        return dataclasses.asdict(self)


#: What is looked at, in the order in which one thing needs the other.
LIBRARIES, OPTIONS, ISSUER, RIGHTS, ROOM, STORE, WRITABLE, CLOCK, TLS, HOSTS = AREAS = (
    *("libraries", "options", "issuer", "rights", "room", "store", "writable", "clock", "tls", "hosts"),
)

#: Seconds. AWS refuses signatures that are more than five minutes off; a lease allows for fifteen.
_SKEWED, _FAR_OFF = 30.0, 300.0


def judge_clock(ahead: float, where: str) -> Check:
    """Whether our clock and a server's are near enough.

    :arg ahead: seconds by which ours is ahead.
    """
    off = abs(ahead)
    said = f"our clock is {off:.0f} s {'ahead of' if ahead > 0 else 'behind'} that of {where}"
    if off < _SKEWED:
        return Check(CLOCK, "", f"our clock agrees with {where}")
    step = "have this machine (in AWX, its node) keep time by NTP: ages, grace, leases and signatures are counted by its clock."
    return Check(CLOCK, CRITICAL if off >= _FAR_OFF else WARNING, f"{said}.", step)
