# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End what was begun with a leaked version and would outlive it. Called when the version itself is off."""

from __future__ import annotations

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal, Version
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.keeper import Keeper
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ExternalError


def end_sessions(keeper: Keeper, journal: Journal, version: Version, replaced_at: float | None) -> str:
    """As far as the issuer can and may. Returns what was done, for the history; the caller writes the journal.

    A missing right does not leave a leaked version half retired: that is told, and tried again when the version is deleted.
    """
    if version.leak is None or not version.leak.end_sessions or version.sessions_ended:
        return ""
    try:
        done = keeper.issuer.revoke_sessions(version.issued(), version.name, replaced_at)
    except ExternalError as error:
        keeper.tell(f"sessions of {version.id} are NOT ended: {error}")
        return "sessions not ended: " + type(error).__name__
    version.sessions_ended = True
    if done.bar_until is not None:
        journal.bar_until = max(done.bar_until, journal.bar_until or 0.0)
    if done.detail:
        keeper.tell(done.detail)
    return done.detail


def lift_bar(keeper: Keeper, journal: Journal) -> None:
    """Remove what bars sessions that cannot be alive any more, if its time has come. The caller writes the journal."""
    if is_over(journal, keeper.clock.now()):
        keeper.hold(journal)
        keeper.issuer.lift_bar()
        journal.bar_until = None


def is_over(journal: Journal, now: float) -> bool:
    """Is there something that bars sessions, and are all that it bars over?"""
    return journal.bar_until is not None and journal.bar_until <= now
