# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ages of credentials against their limits, at the end of a period. Pure. Called by the evidence pack."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_account import Account, Rotation
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_catalogue import Listed

_DAY = 86400
#: A run that comes once a day may come this much after a credential is due. Days.
TOLERATED = 1.0


@dataclasses.dataclass(frozen=True)
class Age:
    """How old a credential was. C(days): None where nobody knows; C(oldest): of those replaced in the period, days, None if none was.
    C(source): C(trail) or C(journal); C(is_exempt): an exception was in force at that moment.
    """

    listed: Listed
    version: t.Any
    id: str
    created_at: str
    days: float | None
    oldest: float | None
    source: str
    is_exempt: bool

    def verdict(self) -> str:
        """C(within), C(overdue), C(exempt) or C(unknown)."""
        if self.days is None or self.listed.limit_days is None:
            return "unknown"
        if self.days <= self.listed.limit_days + TOLERATED:
            return "within"
        return "exempt" if self.is_exempt else "overdue"

    def greatest(self) -> float | None:
        """The greatest age in the period that is known of, days."""
        known = [age for age in (self.days, self.oldest) if age is not None]
        return max(known) if known else None


def ages(credentials: t.Sequence[Listed], account: Account, moment: float) -> list[Age]:
    """Of every credential of the catalogue at a moment (seconds since the epoch): the end of the period, or now if that comes first."""
    rotations = account.rotations()
    exempt = {
        granted.credential
        for granted in account.exceptions({one.name: one.exception for one in credentials})
        if granted.ended is None and _lasts(granted.terms.get("until", ""), moment)
    }
    return [_age(listed, account, moment, rotations, listed.name in exempt) for listed in credentials]


def _lasts(until: str, moment: float) -> bool:
    try:
        return from_iso(until) > moment
    except ValueError:
        return False


def _age(listed: Listed, account: Account, moment: float, rotations: t.Iterable[Rotation], is_exempt: bool) -> Age:
    replaced = [rotation.age for rotation in rotations if rotation.new["credential"] == listed.name]
    oldest = max((age for age in replaced if age is not None), default=None)
    known = account.published(listed.name, moment)
    created, source = (known.get("created_at") or known["at"], "trail") if known else (_of_journal(listed, moment), "journal")
    told = known if known else listed.facts
    days = round((moment - from_iso(created)) / _DAY, 1) if created else None
    if not created:
        return Age(listed, None, "", "", None, oldest, "", is_exempt)
    return Age(listed, told.get("version"), str(told.get("id") or ""), created, days, oldest, source, is_exempt)


def _of_journal(listed: Listed, moment: float) -> str:
    """What the journal says is published, if it had been by then."""
    created = str(listed.facts.get("created_at") or "")
    return created if created and from_iso(created) < moment else ""
