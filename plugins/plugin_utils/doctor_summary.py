# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the doctor says of a whole catalogue: a table, what is in the way, the policies, and what could be replaced. Pure.

Called by the action plugin C(credential_examine_report).
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import (
    AREAS,
    CRITICAL,
    HOSTS,
    INFO,
    WARNING,
    rank,
    told,
)
from ansible_collections.locksmith.rotation.plugins.plugin_utils.table import render

Facts = t.Dict[str, t.Any]
_WORDS = {"": "ok", INFO: "ok, see below", WARNING: "NOT SURE", CRITICAL: "NO"}


def not_examined(name: str, result: t.Mapping[str, t.Any]) -> Facts:
    """For a credential whose options nobody could make sense of, or that was not looked at."""
    why = result.get("msg") or f"{name}: it was not looked at in this run."
    return {"credential": name, "type": result.get("type"), "checks": [_check("options", CRITICAL, str(why))]}


def elsewhere(name: str, host: str) -> Facts:
    """For a credential that is rotated from another host: what the controller can reach says nothing about that host."""
    detail = f"{name}: it is rotated from {host}, and nothing was asked from there."
    return {"credential": name, "type": None, "checks": [_check("issuer", WARNING, detail, f"run this playbook on {host}.")]}


def checks_of_host(host: str, credential: str, seen: t.Mapping[str, t.Any] | None) -> list[Facts]:
    """What is wrong with a host that uses a credential.

    :arg seen: what the task there registered; None where it did not run.
    """
    if seen is None:
        return [_check(HOSTS, WARNING, f"{host}: it was not looked at in this run.")]
    if seen.get("unreachable"):
        return [
            _check(HOSTS, CRITICAL, f"{host}: it is unreachable.", "mend the way to it: nothing is retired before it has proved.")
        ]
    if "checks" not in seen:
        why = str(seen.get("msg") or "the task said nothing").strip()
        step = "set ansible_python_interpreter, or install Python 3.8 or newer there."
        return [_check(HOSTS, CRITICAL, f"{host}: it cannot run modules: {why}", step)]
    found = [check for check in seen["checks"] if check.get("credential") == credential]
    return [{**check, "detail": f"{host}: {check['detail']}"} for check in found]


def _check(area: str, severity: str, detail: str, next_step: str = "") -> Facts:
    return {"area": area, "severity": severity, "detail": detail, "next_step": next_step}


def lines_of(examined: t.Sequence[Facts], library_fix: t.Sequence[str], with_rights: bool) -> list[str]:
    """Everything, for a terminal. C(library_fix): what makes missing libraries be there."""
    headings = ("CREDENTIAL", "KIND", *(area.upper() for area in AREAS))
    lines = ["", *render(headings, [_row(one) for one in examined]), ""]
    bad = [(one["credential"], check) for one in examined for check in one["checks"] if check["severity"]]
    bad.sort(key=lambda pair: rank(pair[1]))
    lines += [line for name, check in bad for line in told(name, check)] or ["Nothing is in the way of a rotation."]
    if any(check["area"] == "libraries" and check["severity"] for _name, check in bad):
        lines += ["", *library_fix]
    lines += _instead(examined)
    return [*lines, *(_rights(examined) if with_rights else []), ""]


def _row(one: Facts) -> tuple[str, ...]:
    return (one["credential"], str(one.get("type") or "-"), *(_cell(one, area) for area in AREAS))


def _cell(one: Facts, area: str) -> str:
    if area == HOSTS and one.get("hosts"):
        return f"{one['hosts_ready']}/{one['hosts']}"
    found = [check for check in one["checks"] if check["area"] == area]
    return _WORDS[min(found, key=_badness)["severity"]] if found else "-"


def _badness(check: Facts) -> int:
    return rank(check) if check["severity"] else len(_WORDS)


def _instead(examined: t.Sequence[Facts]) -> list[str]:
    texts: dict[str, list[str]] = {}
    for one in examined:
        if one.get("instead"):
            texts.setdefault(one["instead"], []).append(one["credential"])
    return [line for text, names in texts.items() for line in ("", f"{', '.join(names)}: could it be none at all? {text}")]


def _rights(examined: t.Sequence[Facts]) -> list[str]:
    lines = []
    for (where, language), text in merged_rights(examined).items():
        users = sorted({one["credential"] for one in examined for right in one.get("rights") or () if right["where"] == where})
        lines += [
            "",
            f"Least rights ({language}): {where}. For {', '.join(users)}:",
            *(f"    {line}" for line in text.splitlines()),
        ]
    lacking = [one for one in examined if not one.get("rights") and one.get("page")]
    pages = sorted({one["page"] for one in lacking})
    return [*lines, *(["", f"Least rights of the other issuers: {', '.join(pages)}."] if pages else [])]


def merged_rights(examined: t.Sequence[Facts]) -> dict[tuple[str, str], str]:
    """(where, language) to one policy for all credentials of the catalogue that need one there."""
    texts: dict[tuple[str, str], list[str]] = {}
    for one in examined:
        for right in one.get("rights") or ():
            texts.setdefault((right["where"], right["language"]), []).append(right["text"])
    return {key: _merge(key[1], list(dict.fromkeys(found))) for key, found in texts.items()}


def _merge(language: str, texts: t.Sequence[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    documents = [json.loads(text) for text in texts] if language == "json" else []
    if documents and all("Statement" in document for document in documents):
        return json.dumps({**documents[0], "Statement": _merge_statements(documents)}, indent=2)
    if language in ("hcl", "sql"):
        return "\n".join(dict.fromkeys(line for text in texts for line in text.splitlines()))
    return "\n".join(texts)


def _merge_statements(documents: t.Sequence[Facts]) -> list[Facts]:
    """One statement for the same actions, on all their resources. AWS takes no policy in which two have the same Sid."""
    merged: dict[str, Facts] = {}
    for statement in (one for document in documents for one in document["Statement"]):
        key = json.dumps([statement["Sid"], statement["Action"]])
        before = merged.setdefault(key, {**statement, "Resource": []})
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        before["Resource"] = [*before["Resource"], *(each for each in resources if each not in before["Resource"])]
    return _distinct(list(merged.values()))


def _distinct(statements: t.Sequence[Facts]) -> list[Facts]:
    """The statements with a number after each Sid that another one has had before."""
    seen: dict[str, int] = {}
    for statement in statements:
        seen[statement["Sid"]] = seen.get(statement["Sid"], 0) + 1
        if seen[statement["Sid"]] > 1:
            statement["Sid"] = f"{statement['Sid']}{seen[statement['Sid']]}"
    return list(statements)
