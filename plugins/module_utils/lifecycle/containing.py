# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A version is in wrong hands: write that down, and where it is asked for, switch the version off before anything else.

Containing breaks a promise on purpose: until the next version is published, what the store publishes does not work. It is the only
thing here that does, it takes somebody's word, and the journal says so before the issuer is asked. Called by the engine.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal, Phase, Version, load_journal
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.keeper import Keeper
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.leak import Alarm
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.own_login import why_not_retire
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import is_dispensable
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.retiring import Retiring
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.sessions import end_sessions
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import State
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected

_ALIVE = (Phase.CURRENT, Phase.PREVIOUS)
_UNDER_WAY = (*_ALIVE, Phase.DISABLING)


class Containing:
    """The answer to a leak, for one credential."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._issuer = keeper.issuer

    def targets(self, journal: Journal, alarm: Alarm) -> list[Version]:
        """The versions that it is about. Only what the journal records is ever among them.

        By name: those that an emergency under way is about already, or else whatever still works; so the same command given
        twice goes on with the first emergency, and does not begin another one about the new version.
        """
        if alarm.version_ids:
            return [version for version in journal.versions if version.id in alarm.version_ids]
        marked = [version for version in journal.versions if version.leak and version.phase in _UNDER_WAY]
        return marked or [version for version in journal.versions if version.phase in _ALIVE or version.restored]

    def check(self, journal: Journal, targets: t.Sequence[Version], alarm: Alarm) -> None:
        """Can it be done as it is asked for? Called before anything is written.

        :raises Rejected: no, and nothing was changed.
        """
        if alarm.contain == "none" or self._issuer.capacity == 1:
            return
        for version in self._to_contain(targets):
            obstacle = self._obstacle(version, alarm)
            if obstacle:
                raise Rejected(
                    f"{journal.credential}: version {version.number} ({version.id or 'unknown id'}) cannot be switched off at once: "
                    f"{obstacle[0]}. Nothing was changed.",
                    next_step=f"{obstacle[1]}; or answer with fast_overlap, which needs no outage.",
                )

    def _obstacle(self, version: Version, alarm: Alarm) -> tuple[str, str] | None:
        own = why_not_retire(self._issuer, version)
        if own:
            return own.partition(":")[0], "let another login do it"
        if not self._issuer.REVOKES or not version.id:
            return "only a person can revoke it", self._issuer.how_to_revoke(version.issued())
        if not self._issuer.CAN_DISABLE and alarm.contain != "disable_or_delete":
            return (
                f"{self._issuer.identity} can delete it and cannot disable it",
                "consent to that with contain: disable_or_delete",
            )
        return None

    def _to_contain(self, targets: t.Iterable[Version]) -> list[Version]:
        return [version for version in targets if version.phase in _ALIVE and not version.contained]

    def record(self, journal: Journal, targets: t.Sequence[Version], alarm: Alarm) -> str:
        """Record the leak, and contain what is to be. Returns what was done: C(contained), C(leaked), or nothing new."""
        if journal.state is State.QUARANTINED:
            journal.release(self._keeper.clock.now())
        is_news = self._mark(journal, targets, alarm)
        if is_news:
            self._keeper.save(journal, hold=False)
        told = len(self._keeper.told)
        self.carry_out(journal)
        if len(self._keeper.told) > told or journal.state is State.CONTAINED:
            return "contained"
        return "leaked" if is_news else ""

    def imagine(self, journal: Journal, alarm: Alarm) -> tuple[Journal, bool]:
        """A copy of the journal in which the leak is recorded, for check mode, and whether that is news. Nothing is written."""
        copy = load_journal(journal.dump(), journal.credential, journal.kind, self._issuer.PUBLIC_FIELDS)
        if copy.state is State.QUARANTINED:
            copy.release(self._keeper.clock.now())
        return copy, self._mark(copy, self.targets(copy, alarm), alarm)

    def _mark(self, journal: Journal, targets: t.Sequence[Version], alarm: Alarm) -> bool:
        """In the journal: the leak, and what is about to be switched off. Returns whether any of that is news."""
        now, contained = self._keeper.clock.now(), False
        leak = alarm.leak(now)
        news = [version for version in targets if not _has_rules(version, alarm)]
        for version in news:
            journal.leaked(version, leak, now, _rules(alarm))
        if alarm.contain != "none" and self._issuer.capacity != 1:
            for version in self._to_contain(targets):
                journal.contain(version, "disable" if self._issuer.CAN_DISABLE else "delete", now)
                contained = True
        return contained or bool(news)

    def carry_out(self, journal: Journal) -> None:
        """Switch off what is recorded as about to be. Also what an interrupted run had recorded."""
        retiring = Retiring(self._keeper, None, ())
        current = journal.current
        if current is not None and current.contained and current.disabled_at is None:
            self._switch_off(journal, current)
        for version in [other for other in journal.versions if other.leak]:
            if version.phase is Phase.DISABLING:
                retiring.disable(journal, version)
            elif version.phase is Phase.DELETING:
                retiring.delete(journal, version)

    def _switch_off(self, journal: Journal, version: Version) -> None:
        """The published version. It stays published, dead, until the next one is there."""
        self._keeper.save(journal, hold=True)
        self._keeper.still_ours(journal)
        if version.contained == "delete":
            self._issuer.delete(version.issued())
        else:
            self._issuer.disable(version.issued())
        done = "deleted" if version.contained == "delete" else "disabled"
        self._keeper.tell(f"{version.id} is {done} while it is published: what uses it stands still until it has the new one")
        ended = end_sessions(self._keeper, journal, version, None)
        journal.disabled(version, self._keeper.clock.now(), ended)
        self._keeper.save(journal, hold=False)

    def in_the_way(self, journal: Journal) -> list[Version]:
        """What has to be deleted before its time so that a leaked version can be replaced, where the issuer has no room: what is off
        already or was proved to be replaced, and where what is published is off too, whatever is there; the oldest first.
        """
        current, capacity = journal.current, self._issuer.capacity
        if current is None or current.leak is None or capacity < 2:
            return []
        is_contained = journal.state is State.CONTAINED
        others = [version for version in journal.versions if version is not current]
        ready = [version for version in others if is_contained or is_dispensable(version)]
        return ready[: max(len(journal.versions) - capacity + 1, 0)]

    def make_room(self, journal: Journal) -> None:
        """Delete what is in the way.

        :raises Rejected: the run itself logs in with it.
        """
        for version in self.in_the_way(journal):
            own = why_not_retire(self._issuer, version)
            if own:
                raise Rejected(f"{journal.credential}: {version.id} is in the way of a new version, and {own}.")
            self._keeper.tell(f"{version.id} is deleted before its time, to make room for the new version")
            Retiring(self._keeper, None, ()).delete(journal, version)

    def after_issuing(self, journal: Journal) -> None:
        """Where the issuer has one value at a time, the new one has switched the old one off: now its sessions can be ended."""
        current = journal.current
        if self._issuer.capacity != 1 or current is None:
            return
        for version in journal.versions:
            if version.phase is Phase.PREVIOUS and version.leak and version.leak.contain and not version.sessions_ended:
                ended = end_sessions(self._keeper, journal, version, current.published_at)
                if ended:
                    journal.leaked(version, version.leak, self._keeper.clock.now(), ended)
                    self._keeper.save(journal, hold=False)


def _has_rules(version: Version, alarm: Alarm) -> bool:
    """Is this very thing recorded already? A deadline counts from when it was first given."""
    leak = version.leak
    if leak is None:
        return False
    given = alarm.leak(leak.at)
    return (leak.without, leak.until, leak.delete, leak.end_sessions) == (
        given.without,
        given.until,
        given.delete,
        given.end_sessions,
    )


def _rules(alarm: Alarm) -> str:
    """For the history."""
    parts = [f"not waiting for {', '.join(alarm.without)}"] if alarm.without else []
    parts += [f"waiting {alarm.deadline} s at most"] if alarm.deadline is not None else []
    parts += ["deleted at once"] if alarm.delete else []
    return "; ".join(["leaked", *parts])
