# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell others which version of a credential is published, each of them once. Called by the action plugin C(credential_announce).

Whom it was told is in the journal, so what did not arrive is told again by the next run, also after a run that was killed
between publishing and telling. A target may hear of a version twice; it never misses one that stays published.
Nothing that goes wrong here is an error of the rotation: it is returned as a line to warn with.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.module_utils.announce.catalogue import (
    build_target,
    check_target,
    target_suboptions,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.announce.interface import FACTS, PUBLISHED, Facts, Target
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.values import open_store
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal, Version, load_journal
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Store
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock, to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    Conflict,
    ExternalError,
    LocksmithError,
)

#: How often the record in the journal is tried, while other runs write there.
_RECORD_ATTEMPTS = 3


@dataclasses.dataclass
class Announcer:
    """One credential, its store, and the targets that are to hear of it. C(wanted): a target's name to the facts that it gets."""

    credential: str
    issuer: type[Issuer]
    store: Store
    targets: t.Sequence[Target]
    wanted: t.Mapping[str, t.Sequence[str]]

    def read(self) -> tuple[Journal | None, str | None]:
        """The journal and its revision."""
        found = self.store.read_journal()
        if found is None:
            return None, None
        return load_journal(found.text, self.credential, self.issuer.KIND, self.issuer.PUBLIC_FIELDS), found.revision

    def facts(self, version: Version) -> Facts:
        """What may be told about a version: never a value."""
        known = {
            "event": PUBLISHED,
            "credential": self.credential,
            "type": self.issuer.KIND,
            "version": str(version.number),
            "id": version.id,
            "fingerprint": version.fingerprint,
            "store": self.store.place,
            "published_at": to_iso(version.published_at) or "",
        }
        return {name: known[name] for name in FACTS}

    def uninformed(self, journal: Journal) -> list[Target]:
        """Those that do not know of the current version."""
        current = journal.current
        if current is None:
            return []
        return [target for target in self.targets if journal.announced.get(target.name) != current.fingerprint]

    def tell(self, target: Target, facts: Facts) -> str:
        """Send it; an empty string, or why it did not arrive."""
        fields = self.wanted.get(target.name) or FACTS
        try:
            target.send({name: facts[name] for name in FACTS if name in fields})
        except LocksmithError as error:
            return str(error)
        return ""

    def record(self, names: t.Sequence[str], fingerprint: str) -> str:
        """Write down who knows; an empty string, or why it could not be written.

        The lease of a run that is at work stays in the journal as it is; if that run overwrites the record, the targets are told again.
        """
        for _dummy in range(_RECORD_ATTEMPTS):
            try:
                journal, revision = self.read()
                if journal is None:
                    return "the journal is gone"
                known = {target.name for target in self.targets}
                journal.announced = {name: told for name, told in journal.announced.items() if name in known}
                journal.announced.update(dict.fromkeys(names, fingerprint))
                self.store.write_journal(journal.dump(), revision)
            except Conflict:
                continue
            except LocksmithError as error:
                return str(error)
            return ""
        return "other runs kept writing the journal"

    def close(self) -> None:
        for target in self.targets:
            target.close()
        self.store.close()


def announce(
    credential: str,
    issuer: type[Issuer],
    store: t.Mapping[str, t.Any],
    targets: t.Sequence[t.Mapping[str, t.Any]],
    clock: Clock,
    check_mode: bool,
) -> dict[str, t.Any]:
    """Tell every target that does not know yet, and say whom it reached. C(store) and C(targets): as a user writes them.

    :raises LocksmithError: the options are wrong, or the store does not answer. For the caller to turn into a warning.
    """
    made, wanted = _build_targets(targets, clock)
    announcer = Announcer(credential, issuer, open_store(credential, issuer, store), made, wanted)
    try:
        journal, dummy = announcer.read()
        current = journal.current if journal else None
        if journal is None or current is None:
            return _result(credential, [], {}, "")
        waiting = announcer.uninformed(journal)
        if check_mode or not waiting:
            return _result(credential, [target.name for target in waiting], {}, "")
        facts = announcer.facts(current)
        outcomes = {target.name: announcer.tell(target, facts) for target in waiting}
        reached = [name for name, why in outcomes.items() if not why]
        unrecorded = announcer.record(reached, current.fingerprint) if reached else ""
        return _result(credential, reached, {name: why for name, why in outcomes.items() if why}, unrecorded)
    finally:
        announcer.close()


def _build_targets(written: t.Sequence[t.Mapping[str, t.Any]], clock: Clock) -> tuple[list[Target], dict[str, t.Sequence[str]]]:
    """:raises ConfigurationError: names the target by its place in the list."""
    made: list[Target] = []
    wanted: dict[str, t.Sequence[str]] = {}
    for number, given in enumerate(written, 1):
        try:
            target, fields = _build_target(given, clock)
        except ConfigurationError as error:
            error.message = f"target {number} of credential_announce: {error.message}"
            raise
        if target.name in wanted:
            raise ConfigurationError(
                f"two targets of credential_announce are called {target.name}.", next_step="give them different names with name."
            )
        made.append(target)
        wanted[target.name] = fields
    return made, wanted


def _build_target(given: t.Mapping[str, t.Any], clock: Clock) -> tuple[Target, t.Sequence[str]]:
    check_target(given)
    checked = ArgumentSpecValidator(target_suboptions()).validate(dict(given))
    if checked.error_messages:
        raise ConfigurationError(f"{'; '.join(checked.error_messages)}.")
    options = checked.validated_parameters
    return build_target(options, clock), options.get("fields") or FACTS


def _result(credential: str, reached: list[str], missed: dict[str, str], unrecorded: str) -> dict[str, t.Any]:
    warnings = [f"{credential}: not announced to {name}: {why} The next run tries again." for name, why in missed.items()]
    if unrecorded:
        warnings.append(
            f"{credential}: announced, but that could not be recorded ({unrecorded}), so the next run announces it again."
        )
    return {
        "changed": bool(reached),
        "credential": credential,
        "announced": reached,
        "unannounced": [{"target": name, "why": why} for name, why in missed.items()],
        "warnings": warnings,
    }


def not_announced(credential: str, error: Exception) -> dict[str, t.Any]:
    """The result where nothing could be tried. An unexpected error is named by class: its text might hold anything."""
    why = str(error) if isinstance(error, LocksmithError) else f"unexpected {type(error).__name__}."
    line = f"{credential}: not announced to anybody: {why} The next run tries again."
    return {
        "changed": False,
        "credential": credential,
        "announced": [],
        "unannounced": [{"target": "all", "why": why}],
        "warnings": [line],
        "next_step": error.next_step if isinstance(error, (ExternalError, ConfigurationError)) else "report this line.",
    }
