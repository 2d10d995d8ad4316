# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mechanisms taken away, one at a time, in a forked run. Each is named after what is missing then.

The section C(mutation_check.py) shows that the proof notices; see there how.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued, Issuer, KeyInfo
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle import retiring
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.gate import Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.issuing import Issuing
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.keeper import Keeper
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Conflict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields


def _no_intent(argument: str) -> None:
    """An attempt is not written down before the issuer is asked."""
    save = Keeper.save

    def saving(self: Keeper, journal: Journal, hold: bool) -> None:
        candidate = journal.candidate
        announced = candidate is None or (not self.issuer.MINTS and not candidate.restored and self.writes == 0)
        if hold and journal.intent is not None and announced:
            self._held_since = self.clock.monotonic()
            self.writes += 1
            return
        save(self, journal, hold)

    Keeper.save = saving  # type: ignore[method-assign]


def _no_compare_and_set(argument: str) -> None:
    """Whoever writes the journal last wins."""
    save = Keeper.save

    def saving(self: Keeper, journal: Journal, hold: bool) -> None:
        write = self.store.write_journal

        def overwriting(text: str, expected: str | None) -> str:
            for _turn in range(20):
                try:
                    return write(text, expected)
                except Conflict:
                    found = self.store.read_journal()
                    expected = found.revision if found else None
            return write(text, expected)

        self.store.write_journal = overwriting  # type: ignore[method-assign]
        try:
            save(self, journal, hold)
        finally:
            self.store.write_journal = write  # type: ignore[method-assign]

    Keeper.save = saving  # type: ignore[method-assign]


def _no_verification(argument: str) -> None:
    """A new version is published without a login."""
    Issuing._log_in = lambda *dummy: None  # type: ignore[method-assign]


def _no_gate(argument: str) -> None:
    """Retiring does not ask the consumers."""
    setattr(retiring, "judge", lambda *dummy: Verdict(0, 0, ()))  # noqa: B010


def _no_look_for_stranded(argument: str) -> None:
    """An interrupted attempt is forgotten."""
    Issuing._clear_stranded = lambda *dummy: None  # type: ignore[method-assign]


def _no_ownership(argument: str) -> None:
    """What the journal does not record is taken for a leftover of ours."""

    def stranded(self: Issuer, attempt: Attempt, recorded: t.Container[str]) -> list[KeyInfo]:
        return [key for key in self.keys() if key.id not in recorded]

    for issuer in _issuers():
        issuer.stranded = stranded


def _issuers() -> t.Iterator[t.Any]:
    """The interface itself and all classes below it."""
    waiting: list[t.Any] = [Issuer]
    while waiting:
        yield waiting[-1]
        waiting += waiting.pop().__subclasses__()


def _dud(argument: str) -> None:
    """No mechanism: an issuer that hands out a secret which is not the key's, or says that it has accepted one and has not."""
    for issuer in _issuers():
        if "issue" in vars(issuer):
            _hand_out_duds(issuer)


def _hand_out_duds(issuer: t.Any) -> None:
    issue = issuer.issue

    def issuing(self: Issuer, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        if not self.MINTS and proposal is not None:
            return proposal
        made: Issued = issue(self, attempt, proposal, known)
        fields = {name: value if name in self.PUBLIC_FIELDS else value[::-1] for name, value in made.fields.items()}
        return Issued(made.id, SecretFields(fields), made.created_at, made.expires_at)

    issuer.issue = issuing


#: Name to what installs it.
MUTATIONS: dict[str, t.Callable[[str], None]] = {
    "no intent before the request": _no_intent,
    "no compare-and-set of the journal": _no_compare_and_set,
    "no verification before publication": _no_verification,
    "no gate before retirement": _no_gate,
    "no look for what an attempt left": _no_look_for_stranded,
    "no check whose a key is": _no_ownership,
    "dud": _dud,
}
