# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one run found and did about a credential, gathered from what its plays registered. Public facts only.

Called by whatever tells of a run: the table, reports, alerts, the audit trail. None of them reads a registered variable by itself.
"""

from __future__ import annotations

import typing as t
from types import MappingProxyType

from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain

#: The fields of a result that may be told. A field that is not here is told to nobody.
_PUBLIC = (
    "type",
    "identity",
    "store",
    "state",
    "version",
    "id",
    "fingerprint",
    "created_at",
    "published_at",
    "due_at",
    "expires_at",
    "previous",
    "overlap",
    "suspended",
    "consumers_known",
    "consumers_proved",
    "consumers_expected",
    "waiting_for",
    "why",
    "msg",
    "failed",
    "unreachable",
    "error",
    "failures",
    "last_error",
    "next_step",
    "unannounced",
    "history",
    "leaked",
    "notes",
    "policy",
    "plan",
    "runs",
)

_FAILED = ("failed", "unreachable")


def resting(variables: t.Mapping[str, t.Any]) -> t.Mapping[str, t.Any]:
    """The credentials that had nothing to do in this run, each with its result. C(variables): of a task, where they are as registered;
    read through another host's variables every one of them would be copied for every credential.
    """
    found: t.Mapping[str, t.Any] = (variables.get("credential_looked") or {}).get("at_rest") or {}
    return found


def result_of(name: str, own: t.Mapping[str, t.Any], at_rest: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """What rotating it said, or the look at all of them where that left nothing to do; empty if neither was in this run.

    :arg own: variables of the credential.
    :arg at_rest: as P(resting) finds it.
    """
    found: dict[str, t.Any] = plain(own.get("credential_result") or at_rest.get(name) or {})
    return found


def facts_of(name: str, own: t.Mapping[str, t.Any], at_rest: t.Mapping[str, t.Any] = MappingProxyType({})) -> dict[str, t.Any]:
    """What the plays registered about one credential: rotated first, retired after that. The arguments are those of P(result_of)."""
    rotated = result_of(name, own, at_rest)
    retired = plain(own.get("credential_retired") or {})
    told = "state" in retired or any(retired.get(word) for word in _FAILED)  # a task that was skipped tells nothing
    merged = {**rotated, **{field: value for field, value in retired.items() if value is not None}} if told else rotated
    merged["waiting_for"] = list(dict.fromkeys([*(rotated.get("waiting_for") or ()), *(retired.get("waiting_for") or ())]))
    merged["unannounced"] = plain((own.get("credential_announced") or {}).get("unannounced") or [])
    merged["notes"] = list(dict.fromkeys([*(rotated.get("notes") or ()), *(retired.get("notes") or ())]))
    # The retiring half is not told of an exemption, which is none of its business.
    merged["policy"] = rotated.get("policy") or retired.get("policy") or {}
    merged["history"] = _history(rotated, retired)
    merged["runs"] = [run for run in dict.fromkeys(step.get("run") for step in (rotated, retired)) if run]
    done = [step["action"] for step in (rotated, retired) if step.get("action") not in (None, "none")]
    return {"credential": name, **_public(merged), "done": list(dict.fromkeys(done))}


def _history(*steps: t.Mapping[str, t.Any]) -> list[dict[str, t.Any]]:
    """The journal's events as each of the steps saw its last ones: between two steps more may happen than a journal keeps."""
    seen = {(event["n"], event["at"], event["event"]): event for step in steps for event in step.get("history") or ()}
    return [seen[which] for which in sorted(seen)]


def _public(facts: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {field: facts[field] for field in _PUBLIC if field in facts}
