# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the evidence is made of, and what an answer to an auditor's question is. Called by the controls and the checklist."""

from __future__ import annotations

import dataclasses
import enum
import typing as t

from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_account import Account
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_ages import Age
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_catalogue import Listed


class Verdict(enum.Enum):
    """An answer. Nothing is answered with yes unless something was found that shows it."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    NOT_APPLICABLE = "not applicable"


@dataclasses.dataclass(frozen=True)
class Answer:
    """C(because): what was found, a sentence each."""

    verdict: Verdict
    because: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Found:
    """Everything that answers are derived from.

    C(trail): what C(credential_trail_info) returned, without its entries; C(alerts): kinds of channels that are told of failures;
    C(head_was_compared): the trail was held against a head that was kept elsewhere; C(moment): the end of the period, or now if that comes
    first, seconds since the epoch.
    """

    account: Account
    credentials: t.Sequence[Listed]
    ages: t.Sequence[Age]
    trail: t.Mapping[str, t.Any]
    alerts: t.Sequence[str]
    head_was_compared: bool
    moment: float


#: Whether something holds, and the sentence that says so. None: it is told, and speaks neither for nor against.
Check = t.Tuple[t.Optional[bool], str]


def summed(checks: t.Sequence[Check]) -> Answer:
    """Yes if every check holds, no if none does, else partly."""
    held = [holds for holds, dummy in checks if holds is not None]
    because = tuple(sentence for dummy, sentence in checks)
    if not any(held):
        return Answer(Verdict.NO, because or ("nothing was found that shows it",))
    return Answer(Verdict.YES if all(held) else Verdict.PARTLY, because)


def doubted(answer: Answer, doubt: str) -> Answer:
    """The answer where what it rests on cannot be relied upon: never a yes."""
    verdict = Verdict.PARTLY if answer.verdict is Verdict.YES else answer.verdict
    return Answer(verdict, (*answer.because, doubt))


def some(names: t.Sequence[str], most: int = 5) -> str:
    """The first few, for a sentence."""
    unique = list(dict.fromkeys(names))
    return ", ".join(unique[:most]) + (f" and {len(unique) - most} more" if len(unique) > most else "")


def counted(number: int, thing: str) -> str:
    """C(1 file), C(2 files)."""
    return f"{number} {thing}" + ("" if number == 1 else "s")
