# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at one credential as an auditor would: its store, its issuer, and who used what it was before. Changes nothing.

Called by the action plugin C(credential_audit). It works for every issuer and store, by what their interfaces ask of all of them.
What does not answer becomes a finding, and hides nothing that others answer.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.result import describe
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.run import this_run
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.spec import (
    build_policy,
    build_setting,
    build_store,
    common_options,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.usage import look_at_key
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    Issued,
    Issuer,
    KeyInfo,
    LastUse,
    Verdict,
    Verification,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.audit import (
    Seen,
    judge_ages,
    judge_keys,
    judge_silence,
    judge_value,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.audit_use import (
    Evidence,
    Whose,
    judge_use,
    left_at,
    replaced_versions,
    revive,
    told,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.engine import Outcome, picture
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Version
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.keeper import Keeper
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Published
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock, to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import parse_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import LocksmithError, Rejected, Unreachable, naming
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import Finding, rank
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

#: Keys of nobody whose last use is asked for, each a request.
_MOST_ASKED = 20
_NO_VALUE = SecretFields({})
Found = t.TypeVar("Found")


def audit_options() -> dict[str, t.Any]:
    """The options of C(credential_audit) beside those of the issuer."""
    common = {name: option for name, option in common_options().items() if name in _FROM_COMMON}
    return {
        **common,
        "since": {"type": "str", "default": "90d"},
        "regions": {"type": "list", "elements": "str", "default": []},
        "max_events": {"type": "int", "default": 1000},
        "audit": {"type": "bool", "default": True},
        "known_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    }


_FROM_COMMON = (
    *("name", "store", "rotate_after", "grace", "recovery_wait", "forget_after", "window", "exempt", "verify_timeout", "lease"),
    *("max_failures", "own_login"),
)


def audit_credential(issuer_class: type[Issuer], params: t.Mapping[str, t.Any], whose: Whose, command: str) -> dict[str, t.Any]:
    """Look, judge, and say what was found.

    :arg whose: an address to the hosts of the inventory that have it. :arg command: what rolls this credential back.
    :raises ConfigurationError: the options. :raises MissingLibrary: nothing could be asked.
    """
    clock, credential = SystemClock(), params["name"]
    with naming(credential):
        policy = build_policy(params, issuer_class)
        issuer = issuer_class.create(params, build_setting(params, policy, clock, issuer_class))
        store = build_store(params["store"], issuer_class)
        try:
            keeper = Keeper(credential, issuer, store, policy, clock, this_run())
            return Audit(keeper, params).result(whose, command)
        finally:
            issuer.close()
            store.close()


class Audit:
    """One look at one credential."""

    def __init__(self, keeper: Keeper, params: t.Mapping[str, t.Any]) -> None:
        self._keeper, self._params = keeper, params
        self._issuer = keeper.issuer
        self._oldest = keeper.clock.now() - parse_duration(params["since"], "since")
        self._unanswered: dict[str, str] = {}
        self._issuer_is_gone = False

    def result(self, whose: Whose, command: str) -> dict[str, t.Any]:
        journal = self._try("journal", self._keeper.load)
        outcome = Outcome(False, "none", "", journal, picture(journal))
        seen = self._see(outcome)
        evidence = self._evidence(outcome)
        findings = self._judge(seen, evidence, whose, command)
        return {
            **describe(outcome, self._issuer, self._keeper.store, self._keeper.policy, self._keeper.credential),
            "changed": False,
            "msg": f"{self._keeper.credential}: {_summary(findings)}",
            "findings": [finding.public() for finding in sorted(findings, key=lambda finding: rank(finding.public()))],
            "value": seen.verification.verdict.value if seen.verification else "not_told",
            "replaced": [
                {"version": one.version.number, "id": one.version.id, "phase": one.version.phase.value, "use": told(journal, one)}
                for one in evidence
                if journal is not None
            ],
            "keys_listed": [_key(key) for key in seen.keys] if seen.keys is not None else None,
            "keys_recorded": sorted(journal.ids()) if journal else [],
            "lists_keys": self._issuer.lists_keys and seen.counts_keys,
        }

    def _try(self, what: str, ask: t.Callable[[], Found]) -> Found | None:
        """The answer; None where there is none, and then it is noted why."""
        try:
            return ask()
        except LocksmithError as error:
            self._unanswered[what] = str(error)
            return None

    def _ask_issuer(self, what: str, ask: t.Callable[[], Found]) -> Found | None:
        """The same, of an issuer that is asked no more once it has not answered: its silence takes long."""
        if self._issuer_is_gone:
            self._unanswered[what] = f"{self._issuer.identity} was not asked, because it had not answered before."
            return None

        def asked() -> Found:
            try:
                return ask()
            except Unreachable:
                self._issuer_is_gone = True
                raise

        return self._try(what, asked)

    def _see(self, outcome: Outcome) -> Seen:
        published = self._try("published value", self._keeper.store.read_published)
        keys = self._ask_issuer("keys", self._issuer.keys)
        verification = None
        if published is not None and self._issuer.verifiable:
            verification = self._ask_issuer("login", lambda: self._log_in(outcome, published))
        seen = Seen(
            self._keeper.credential,
            self._issuer.identity,
            self._keeper.store.place,
            outcome.journal,
            published,
            keys,
            self._issuer.MINTS and self._issuer.capacity != 1 and self._issuer.lists_keys,
            verification,
            self._issuer.verifiable,
            self._unanswered,
        )
        return dataclasses.replace(seen, key_use=self._use_of_foreign(seen))

    def _log_in(self, outcome: Outcome, published: Published) -> Verification:
        """With what readers get, whatever the journal says."""
        current = outcome.journal.current if outcome.journal else None
        if current is not None and current.fingerprint == published.fields.fingerprint():
            version = current.issued()
        else:
            key = self._issuer.identify(published.fields)
            version = Issued(key.id if key else "", published.fields)
        try:
            return self._issuer.verify(version)
        except Rejected as error:
            return Verification(Verdict.UNKNOWN, detail=error.message)

    def _use_of_foreign(self, seen: Seen) -> dict[str, str]:
        """In words, for the message about each."""
        recorded = seen.journal.ids() if seen.journal else set()
        foreign = [key for key in seen.keys or () if seen.counts_keys and seen.journal and key.id not in recorded]
        return {key.id: self._last_use(key) for key in foreign[:_MOST_ASKED] if key.id not in self._params["known_keys"]}

    def _last_use(self, key: KeyInfo) -> str:
        if key.last_used_at is not None:
            return f"last used {to_iso(key.last_used_at)}{' by ' + key.last_used_by if key.last_used_by else ''}"
        try:
            found = self._issuer.last_use(Issued(key.id, _NO_VALUE))
        except LocksmithError:
            return "its last use could not be looked up"
        if not found.supported:
            return "nobody keeps a record of its use"
        return f"last used {to_iso(found.at)}{' by ' + found.by if found.by else ''}" if found.at else "no use of it is known"

    def _evidence(self, outcome: Outcome) -> list[Evidence]:
        """Of each replaced version. An error while looking is part of it."""
        return [self._evidence_of(outcome, version) for version in replaced_versions(outcome.journal)]

    def _evidence_of(self, outcome: Outcome, version: Version) -> Evidence:
        nothing = LastUse(supported=False)
        if self._issuer_is_gone or outcome.journal is None or not version.id:
            why = f"{self._issuer.identity} did not answer" if version.id else "nobody knows which key of the issuer it is"
            return Evidence(version, nothing, None, [f"whether it is still used could not be asked: {why}."])
        since = max(self._oldest, left_at(outcome.journal, version))
        try:
            found = look_at_key(self._issuer, version.id, None, version, self._params, since)
        except LocksmithError as error:
            return Evidence(version, nothing, None, [str(error)])
        return Evidence(version, found.last, found.trail, found.unanswered)

    def _judge(self, seen: Seen, evidence: t.Sequence[Evidence], whose: Whose, command: str) -> list[Finding]:
        policy, now = self._keeper.policy, self._keeper.clock.now()
        found = [*judge_silence(seen), *judge_value(seen), *judge_keys(seen, self._params["known_keys"])]
        found += judge_ages(seen, policy, now)
        if seen.journal is None:
            return found
        for one in evidence:
            revival = revive(seen.journal, one.version, self._issuer, policy, now, command)
            found += judge_use(seen.journal, one, revival, whose)
        return found


def _summary(findings: t.Sequence[Finding]) -> str:
    if not findings:
        return "nothing found"
    return " ".join(f"[{finding.severity}] {finding.detail}" for finding in findings)


def _key(key: KeyInfo) -> dict[str, t.Any]:
    """Public facts of a key, and what tells it from one of the same id elsewhere."""
    return {"id": key.id, "name": key.name, "created_at": to_iso(key.created_at), "active": key.active}
