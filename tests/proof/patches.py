# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes to the code under test within one forked run: conditions that no fault on the wire makes.

What takes a mechanism away is in C(mutations.py).
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.entry import rotation
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    Issued,
    Issuer,
    KeyInfo,
    Verdict,
    Verification,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.keeper import Keeper
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.tests.proof.mutations import MUTATIONS


def _with_issuer(change: t.Callable[[t.Any], None]) -> None:
    """Have every issuer changed before the engine gets it."""

    def keeper(credential: str, issuer: Issuer, *arguments: t.Any, **keywords: t.Any) -> Keeper:
        change(issuer)
        return Keeper(credential, issuer, *arguments, **keywords)

    setattr(rotation, "Keeper", keeper)  # noqa: B010  mypy knows it as a class


def _propagation(seconds: str) -> None:
    """A new version does not work before so many seconds have passed."""

    def change(issuer: t.Any) -> None:
        issue, verify, made = issuer.issue, issuer.verify, {}
        clock = SystemClock()

        def issuing(*arguments: t.Any, **keywords: t.Any) -> Issued:
            issued: Issued = issue(*arguments, **keywords)
            made[issued.id] = clock.monotonic()
            return issued

        def verifying(version: Issued) -> Verification:
            if version.id in made and clock.monotonic() < made[version.id] + float(seconds):
                return Verification(Verdict.DEAD, detail="not known here yet")
            found: Verification = verify(version)
            return found

        issuer.issue, issuer.verify = issuing, verifying

    _with_issuer(change)


def _late_list(known: str) -> None:
    """The issuer does not list what is newer than the keys of these ids."""

    def change(issuer: t.Any) -> None:
        keys = issuer.keys

        def listing() -> list[KeyInfo]:
            return [key for key in keys() if key.id in known.split(",")]

        issuer.keys = listing

    _with_issuer(change)


def _poison(argument: str) -> None:
    """No new version ever works."""

    def change(issuer: t.Any) -> None:
        def verifying(version: Issued) -> Verification:
            return Verification(Verdict.DEAD, detail="poisoned")

        issuer.verify = verifying

    del argument
    _with_issuer(change)


#: Name to what installs it, with the argument written after it.
PATCHES: dict[str, t.Callable[[str], None]] = {
    "propagation": _propagation,
    "late list": _late_list,
    "poison": _poison,
    **MUTATIONS,
}
