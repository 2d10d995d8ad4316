# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audits of many credentials put together: what only all of them show, the table, and what a program reads. Pure.

Called by the action plugin C(credential_audit_report).
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import CRITICAL, WARNING, count, rank, told
from ansible_collections.locksmith.rotation.plugins.plugin_utils.table import render

Facts = t.Dict[str, t.Any]
_HEADINGS = ("CREDENTIAL", "KIND", "STATE", "PUBLISHED VALUE", "REPLACED VERSIONS", "KEYS", "HOSTS RIGHT", "FINDINGS")
_USES = {"used": "STILL USED", "no_use_seen": "no use seen", "not_told": "not told"}
_VALUES = {"alive": "works", "dead": "DEAD", "unknown": "not told", "not_told": "not told"}
#: What a finding says of a key when not every credential of the catalogue was looked at.
_NARROWED = " Only a part of the catalogue was looked at, another credential may have it."


def not_audited(name: str, result: t.Mapping[str, t.Any]) -> Facts:
    """For a credential that could not be audited at all."""
    why = result.get("msg") or f"{name}: it was not looked at in this run."
    found = {"severity": CRITICAL, "kind": "not_audited", "subject": name, "detail": str(why), "next_step": ""}
    return {"credential": name, "type": result.get("type"), "findings": [found]}


def drop_shared(audits: t.Sequence[Facts], whole: bool) -> None:
    """Take out of each audit the keys that another credential of the same identity has in its journal.

    Two servers may call different keys by one id: the other credential must have been shown the very same key.

    :arg whole: whether the audits are of the whole catalogue.
    """
    for audit in audits:
        others = [other for other in audits if other is not audit and _same_identity(audit, other)]
        audit["findings"] = [
            _doubted(finding, whole)
            for finding in audit["findings"]
            if finding["kind"] != "foreign_key" or not any(_manages(other, audit, finding["subject"]) for other in others)
        ]


def _same_identity(one: Facts, other: Facts) -> bool:
    return all(one.get(name) == other.get(name) and one.get(name) for name in ("type", "identity"))


def _manages(other: Facts, audit: Facts, key_id: str) -> bool:
    if key_id not in (other.get("keys_recorded") or ()):
        return False
    return other.get("keys_listed") is None or _listed(other, key_id) == _listed(audit, key_id)


def _listed(audit: Facts, key_id: str) -> t.Any:
    return next((key for key in audit.get("keys_listed") or () if key["id"] == key_id), None)


def _doubted(finding: Facts, whole: bool) -> Facts:
    if whole or finding["kind"] != "foreign_key":
        return finding
    return {**finding, "detail": finding["detail"] + _NARROWED}


def lines_of(audits: t.Sequence[Facts]) -> list[str]:
    """The table, and below it every finding, the worst first, each with what to do about it."""
    found = [(audit["credential"], finding) for audit in audits for finding in audit["findings"]]
    found.sort(key=lambda pair: rank(pair[1]))
    notes = [line for name, finding in found for line in told(name, finding)]
    return ["", *render(_HEADINGS, [_row(audit) for audit in audits]), "", *(notes or ["Nothing found."]), ""]


def _row(audit: Facts) -> tuple[str, ...]:
    counts = count(audit["findings"])
    findings = ", ".join(f"{number} {severity}" for severity, number in counts.items() if number)
    replaced = ", ".join(f"v{one['version']} {one['phase']}: {_USES[one['use']]}" for one in audit.get("replaced") or ())
    return (
        audit["credential"],
        str(audit.get("type") or "-"),
        str(audit.get("state") or "not told").replace("_", " "),
        _VALUES[audit.get("value") or "not_told"],
        replaced or "-",
        _keys(audit),
        f"{audit['hosts_right']}/{audit['hosts']}" if audit.get("hosts") else "-",
        findings or "none",
    )


def _keys(audit: Facts) -> str:
    if audit.get("keys_listed") is None or not audit.get("lists_keys"):
        return "not listed" if audit.get("lists_keys") is False else "not told"
    foreign = sum(finding["kind"] == "foreign_key" for finding in audit["findings"])
    return f"{len(audit['keys_listed'])}" + (f", {foreign} of nobody" if foreign else "")


def is_right(findings: t.Sequence[t.Mapping[str, t.Any]]) -> bool:
    """Whether a host counts as right: nothing about it is worse than a remark."""
    return not any(finding["severity"] in (CRITICAL, WARNING) for finding in findings)
