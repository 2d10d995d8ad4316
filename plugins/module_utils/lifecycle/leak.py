# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a leak, and how a version in wrong hands is to end. Pure; kept in the journal with the version.

It is kept there so that a run which dies in the middle of an emergency, or which is not allowed to finish it, leaves it to the next
one, an ordinary daily run included, under the same rules.
"""

from __future__ import annotations

import dataclasses

#: What P(Alarm.contain) may be.
CONTAIN_CHOICES = ("none", "disable", "disable_or_delete")


@dataclasses.dataclass(frozen=True)
class Leak:
    """How a leaked version ends: without grace, and whatever the issuer's evidence of use says, for whoever has it uses it.

    C(at): since when it is known, seconds since the epoch. C(without): hosts whose proof is not waited for. C(until): from when on
    nobody's is, seconds since the epoch. C(delete): deleted as soon as it is off, without the recovery wait. C(end_sessions): end what
    was begun with it too. C(contain): it was to be switched off before anything else.
    """

    at: float
    without: tuple[str, ...] = ()
    until: float | None = None
    delete: bool = False
    end_sessions: bool = True
    contain: bool = False


@dataclasses.dataclass(frozen=True)
class Alarm:
    """What a person, or a rulebook, says of a leak. Durations in seconds.

    C(version_ids): the versions that leaked; empty: whatever still works. C(contain): one of P(CONTAIN_CHOICES).
    C(deadline): how long to wait for proofs, from now on; None: for ever.
    """

    version_ids: tuple[str, ...] = ()
    contain: str = "none"
    without: tuple[str, ...] = ()
    deadline: int | None = None
    delete: bool = False
    end_sessions: bool = True

    def leak(self, now: float) -> Leak:
        """The rules that a version gets by it."""
        until = None if self.deadline is None else now + self.deadline
        return Leak(now, self.without, until, self.delete, self.end_sessions, self.contain != "none")
