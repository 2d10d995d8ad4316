# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a key that was found somewhere one of this credential's? Changes nothing. Called by the action plugin C(credential_find).

The journal answers with one read. Only what it records is ours; whose another key is, the issuer may be asked, for people to know.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.journals import recorded
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.spec import setting_to_look, store_suboptions
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock, to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import LocksmithError, naming

#: The phase of a version that the journal remembers only by its end.
GONE = "deleted"


def finding_options() -> dict[str, t.Any]:
    """The options of C(credential_find) beside those of the issuer."""
    return {
        "name": {"type": "str", "required": True},
        "store": {"type": "dict", "required": True, "options": store_suboptions()},
        "keys": {"type": "list", "elements": "str", "required": True, "no_log": False},
        "ask_issuer": {"type": "bool", "default": False},
    }


def find_keys(issuer_class: type[Issuer], params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Which of C(params["keys"]) the credential's journal records; with C(ask_issuer), also whose the others are.

    :raises LocksmithError: the journal could not be read. Nobody can say then that a key is not in the catalogue.
    """
    credential, wanted = params["name"], list(dict.fromkeys(params["keys"]))
    with naming(credential):
        versions = _versions(recorded(issuer_class, params))
        found = [versions[key] for key in wanted if key in versions]
        others = _owners(issuer_class, params, [key for key in wanted if key not in versions]) if params["ask_issuer"] else []
    lines = [f"{row['id']} is its version {row['version']} ({row['phase']})" for row in found]
    lines += [f"{row['id']} is a key of {row['owner']} and not recorded as ours" for row in others]
    return {
        "changed": False,
        "credential": credential,
        "found": found,
        "ids": [row["id"] for row in found if row["phase"] != GONE],
        "owners": others,
        "msg": f"{credential}: " + ("; ".join(lines) or "none of these keys"),
    }


def _versions(journal: Journal | None) -> dict[str, dict[str, t.Any]]:
    """By id: the versions that there are, and those whose end the journal still remembers."""
    if journal is None:
        return {}
    ended = [event for event in journal.history if event["event"] == GONE and event.get("id")]
    found = {
        event["id"]: {"id": event["id"], "version": event["version"], "phase": GONE, "since": to_iso(event["at"])}
        for event in ended
    }
    for version in journal.versions:
        if version.id:
            since = version.disabled_at or version.published_at or version.created_at
            found[version.id] = {
                "id": version.id,
                "version": version.number,
                "phase": version.phase.value,
                "since": to_iso(since),
            }
    return found


def _owners(issuer_class: type[Issuer], params: t.Mapping[str, t.Any], keys: t.Sequence[str]) -> list[dict[str, str]]:
    """Whose C(keys) are, as far as the issuer tells. It need not: an answer that cannot be had is none."""
    if not keys:
        return []
    try:
        issuer = issuer_class.create(params, setting_to_look(params, SystemClock(), issuer_class))
        try:
            owners = {key: issuer.owner_of(key) for key in keys}
        finally:
            issuer.close()
    except LocksmithError:
        return []
    return [{"id": key, "owner": owner} for key, owner in owners.items() if owner]
