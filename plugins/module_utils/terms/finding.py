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
