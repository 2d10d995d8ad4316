# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who used which key of an identity, and when: the issuer's evidence of use, put together for people. Changes nothing.

Called by the action plugin C(key_usage_info). It works for every issuer, by what the interface asks of all of them. Nothing here is
ever called "unused": no evidence of use is one thing, and evidence of disuse is another, which no system gives.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.journals import recorded
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.spec import setting_to_look, store_suboptions
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    AuditTrail,
    Issued,
    Issuer,
    KeyInfo,
    LastUse,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal, Version
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock, to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import parse_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ExternalError,
    NotFound,
    naming,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

#: Values of C(use).
USED, NOT_SEEN, NOT_TOLD = "used", "no_use_seen", "not_told"
_NO_VALUE = SecretFields({})


@dataclasses.dataclass
class KeyEvidence:
    """What was found out about one key. Also what the audit asks of a version that was replaced."""

    id: str
    key: KeyInfo | None
    version: Version | None
    last: LastUse
    trail: AuditTrail | None
    unanswered: list[str]

    @property
    def last_at(self) -> float | None:
        seen = [self.last.at, self.key.last_used_at if self.key else None]
        seen += [use.last_at for use in (self.trail.uses if self.trail else ())]
        found = [at for at in seen if at is not None]
        return max(found) if found else None

    @property
    def use(self) -> str:
        if self.last_at is not None:
            return USED
        return NOT_SEEN if self.last.supported and not self.unanswered else NOT_TOLD


def usage_options() -> dict[str, t.Any]:
    """The options of C(key_usage_info) beside those of the issuer."""
    return {
        "name": {"type": "str", "required": True},
        "store": {"type": "dict", "options": store_suboptions()},
        "keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
        "since": {"type": "str", "default": "90d"},
        "regions": {"type": "list", "elements": "str", "default": []},
        "max_events": {"type": "int", "default": 1000},
        "audit": {"type": "bool", "default": True},
    }


def find_usage(issuer_class: type[Issuer], params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Ask the issuer about the keys of the identity, or about those that C(params) name.

    :raises LocksmithError: the keys could not be listed, or nothing could be asked at all.
    """
    clock = SystemClock()
    credential = params["name"]
    with naming(credential):
        issuer = issuer_class.create(params, setting_to_look(params, clock, issuer_class))
        try:
            journal = recorded(issuer_class, params) if params.get("store") else None
            since = clock.now() - parse_duration(params["since"], "since")
            found = [look_at_key(issuer, *which, params, since) for which in _wanted(issuer, journal, params["keys"])]
        finally:
            issuer.close()
    return _describe(credential, issuer, found)


def _wanted(
    issuer: Issuer, journal: Journal | None, asked: t.Sequence[str]
) -> t.Iterator[tuple[str, KeyInfo | None, Version | None]]:
    """All keys that the issuer lists and the journal records, or those that were asked for."""
    listed = {key.id: key for key in issuer.keys()}
    recorded = {version.id: version for version in (journal.versions if journal else ()) if version.id}
    for key_id in dict.fromkeys(asked or [*recorded, *listed]):
        yield key_id, listed.get(key_id), recorded.get(key_id)


def look_at_key(
    issuer: Issuer, key_id: str, key: KeyInfo | None, version: Version | None, params: t.Mapping[str, t.Any], since: float
) -> KeyEvidence:
    """Ask for its last use, and the log for who that was.

    :arg params: C(audit), C(regions) and C(max_events) of P(usage_options).
    :arg since: how far back the log counts, seconds since the epoch.
    """
    found = KeyEvidence(key_id, key, version, LastUse(supported=False), None, [])
    if version is not None or issuer.MINTS:  # otherwise it takes the value to ask, which only the journal has
        try:
            found.last = issuer.last_use(version.issued() if version else Issued(key_id, _NO_VALUE))
        except ExternalError as error:
            found.unanswered.append(str(error))
    if params["audit"]:
        found.trail = issuer.audit(key_id, since, params["regions"], params["max_events"])
        found.unanswered += [f"{place}: {why}" for place, why in (found.trail.unanswered if found.trail else {}).items()]
    return found


def _describe(credential: str, issuer: Issuer, found: t.Sequence[KeyEvidence]) -> dict[str, t.Any]:
    if not found:
        raise NotFound(f"{credential}: {issuer.identity} has no key that could be asked about.", next_step="name one with keys.")
    keys = sorted((_row(evidence) for evidence in found), key=lambda row: row["last_used_at"] or "", reverse=True)
    return {
        "changed": False,
        "msg": f"{credential}: " + "; ".join(f"{row['id']}: {row['why']}" for row in keys),
        "credential": credential,
        "type": issuer.KIND,
        "identity": issuer.identity,
        "lists_keys": issuer.lists_keys,
        "usage": keys,
    }


def _row(found: KeyEvidence) -> dict[str, t.Any]:
    key, version = found.key, found.version
    created = key.created_at if key else version.created_at if version else None
    expires = key.expires_at if key else version.expires_at if version else None
    return {
        "id": found.id,
        "name": (key.name if key else "") or (version.name if version else ""),
        "listed": key is not None,
        "recorded": version is not None,
        "version": version.number if version else None,
        "phase": version.phase.value if version else None,
        "active": key.active if key else None,
        "created_at": to_iso(created),
        "expires_at": to_iso(expires),
        "use": found.use,
        "why": _why(found),
        "last_used_at": to_iso(found.last_at),
        "last_used_by": found.last.by or (key.last_used_by if key else ""),
        "resolution": found.last.resolution if found.last.supported else None,
        "unanswered": found.unanswered,
        "trail": _trail(found.trail) if found.trail else None,
    }


def _why(found: KeyEvidence) -> str:
    """The verdict as a sentence that promises no more than is known."""
    if found.use == USED:
        trail = found.trail.uses if found.trail else ()
        users = f", by {len(trail)} users and addresses in the log" if trail else ""
        by = f" ({found.last.by})" if found.last.by else ""
        return f"last used {to_iso(found.last_at)}{by}{users}"
    if found.unanswered:
        return f"not told: {found.unanswered[0]}"
    if found.use == NOT_TOLD:
        return "not told: the issuer has no record of use"
    blind = f" The log does not have {found.trail.blind_to}." if found.trail else ""
    return f"no use seen, which does not mean that nobody uses it.{blind}"


def _trail(trail: AuditTrail) -> dict[str, t.Any]:
    return {
        "since": to_iso(trail.since),
        "searched": list(trail.searched),
        "complete": trail.complete,
        "blind_to": trail.blind_to,
        "uses": [
            {
                "by": use.by,
                "address": use.address,
                "agent": use.agent,
                "regions": list(use.places),
                "actions": list(use.actions),
                "first_at": to_iso(use.first_at),
                "last_at": to_iso(use.last_at),
                "requests": use.requests,
                "refused": use.refused,
            }
            for use in trail.uses
        ],
    }
