# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the audit trail is told about a run: one report a credential, and who ran it. Public facts only.

Called by the action plugin C(credential_trail), on the controller.
"""

from __future__ import annotations

import os
import platform
import pwd
import time
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.run import SERIES
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import collect_proofs
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text
from ansible_collections.locksmith.rotation.plugins.plugin_utils.run_facts import facts_of, resting

Variables = t.Mapping[str, t.Any]
_TAKEN = ("identity", "store", "version", "due_at", "created_at", "consumers_known", "history", "runs")
_EXCEPTION = ("until", "reason", "owner")
#: What AWX calls the job and its circumstances; older releases say C(tower_) instead of C(awx_).
_OF_AWX = {
    "job": "job_id",
    "job_name": "job_template_name",
    "launched_by": "job_launch_type",
    "schedule": "schedule_name",
    "awx_user": "user_name",
}


def report_of(name: str, variables: Variables) -> dict[str, t.Any]:
    """One credential of this run."""
    own = variables["hostvars"][name]
    facts = facts_of(name, own, resting(variables))
    report = {
        "credential": name,
        "kind": facts.get("type"),
        **{field: facts[field] for field in _TAKEN if facts.get(field) is not None},
        "versions": _versions(facts),
        "ticket": plain_text(own.get("credential_ticket") or ""),
        "exception": exception_of(own),
        "now": to_iso(time.time()),
    }
    if any(event["event"] == "prove" and event.get("run") in facts["runs"] for event in facts["history"]):
        report["proved"] = _proved(name, facts.get("fingerprint"), variables)
    if facts.get("failed") or facts.get("unreachable"):
        report["failure"] = {"msg": facts.get("msg"), "next_step": facts.get("next_step")}
    return report


def exception_of(variables: Variables) -> dict[str, str]:
    """The exception that the catalogue grants a credential, or nothing."""
    written = plain(variables.get("credential_exempt") or {})
    if not isinstance(written, dict):
        return {}
    return {name: plain_text(written[name]) for name in _EXCEPTION if written.get(name)}


def _versions(facts: Variables) -> list[dict[str, t.Any]]:
    """The keys that exist, by the numbers that events name them by."""
    return [
        {name: version.get(name) for name in ("version", "id", "fingerprint")}
        for version in [facts, *(facts.get("previous") or ())]
        if version.get("version") is not None
    ]


def _proved(name: str, fingerprint: t.Any, variables: Variables) -> list[str]:
    """The hosts that proved the published version to this run. After a leak not every one may have been waited for."""
    own = variables["hostvars"][name]
    of_inventory = {"hostvars": variables["hostvars"], "groups": variables["groups"]}
    of_credential = {option: own.get(option) for option in ("credential_catalogue", "credential_consumers", "ansible_limit")}
    proofs = collect_proofs(name, {**of_credential, **of_inventory}) or []
    lacking = {proof["host"] for proof in proofs if not _is_proof(proof, fingerprint)}
    return sorted({proof["host"] for proof in proofs} - lacking)


def _is_proof(proof: Variables, fingerprint: t.Any) -> bool:
    return proof.get("fingerprint") == proof.get("running") == fingerprint and bool(proof.get("healthy"))


def doer(variables: Variables) -> dict[str, str]:
    """Who runs this, on which controller, in which job of AWX or, by C(rotation_job), of another scheduler."""
    told = {
        "run": SERIES,
        "user": _user(),
        "sudo_user": os.environ.get("SUDO_USER", ""),
        "controller": platform.node(),
        "job": plain_text(variables.get("rotation_job") or ""),
    }
    for name, variable in _OF_AWX.items():
        found = variables.get(f"awx_{variable}") or variables.get(f"tower_{variable}")
        told[name] = plain_text(found) if found else told.get(name, "")
    return {name: value for name, value in told.items() if value}


def _user() -> str:
    """As the system knows it, whatever the environment says. A container may have no name for its user."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
