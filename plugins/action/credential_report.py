# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what a run found or did, a line per credential. Runs once, on the controller, at the end of a playbook."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration
from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import GROUP
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text
from ansible_collections.locksmith.rotation.plugins.plugin_utils.run_facts import facts_of
from ansible_collections.locksmith.rotation.plugins.plugin_utils.table import render

_WIDEST_ID = 24
_HEADINGS = ("CREDENTIAL", "KIND", "STATE", "DONE", "VERSION", "ID", "AGE", "DUE IN", "HOSTS", "OVERLAP")


class ActionModule(ActionBase):
    """See the module's docstring."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        names = plain(self._task.args.get("credentials") or list(variables["groups"].get(GROUP, ())))
        problem = _problem(names, variables, plain_text(self._task.args.get("now") or ""))
        if problem:
            return {**result, "failed": True, "msg": problem}
        facts = [facts_of(name, variables["hostvars"][name]) for name in names]
        now = from_iso(plain_text(self._task.args["now"]))
        for line in lines_of(facts, now):
            Display().display(line)
        return {**result, "changed": False, "report": facts}


def _problem(names: t.Any, variables: t.Mapping[str, t.Any], now: str) -> str:
    """What is wrong with the options, or an empty string."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return "credentials is not a list of names."
    lost = [name for name in names if name not in variables["hostvars"]]
    if lost:
        return f"{', '.join(lost)}: no such host in the inventory."
    try:
        from_iso(now)
    except (ValueError, OverflowError):
        return f"now is {now!r}, which is not a moment. Next: write it as 2026-11-21T03:14:00Z."
    return ""


def lines_of(facts: t.Sequence[t.Mapping[str, t.Any]], now: float) -> list[str]:
    """The table, and below it a line for everything that waits or failed."""
    notes = [note for fact in facts for note in _notes(fact)]
    return ["", *render(_HEADINGS, [_row(fact, now) for fact in facts]), *([""] if notes else []), *notes, ""]


def _row(fact: t.Mapping[str, t.Any], now: float) -> tuple[str, ...]:
    created, due = fact.get("created_at"), fact.get("due_at")
    hosts = f"{fact['consumers_proved']}/{fact['consumers_expected']}" if fact.get("consumers_expected") else "-"
    return (
        plain_text(fact["credential"]),
        plain_text(fact.get("type") or "-"),
        "failed" if fact.get("failed") else plain_text(fact.get("state") or "-").replace("_", " "),
        ", ".join(fact["done"]).replace("_", " ") or "-",
        plain_text(fact.get("version") or "-"),
        _short(plain_text(fact.get("id") or "-")),
        format_duration(now - from_iso(created)) if created else "-",
        _due(from_iso(due) - now) if due else "-",
        hosts,
        {True: "yes", False: "no"}.get(t.cast("bool", fact.get("overlap")), "-"),
    )


def _short(identity: str) -> str:
    """An id of at most a column's width, its two ends; the whole is in the task's result."""
    return identity if len(identity) <= _WIDEST_ID else identity[: _WIDEST_ID - 9] + "…" + identity[-8:]


def _due(seconds: float) -> str:
    return format_duration(seconds) if seconds > 0 else f"overdue {format_duration(-seconds)}"


def _notes(fact: t.Mapping[str, t.Any]) -> list[str]:
    name = fact["credential"]
    if fact.get("failed"):
        return [f"{name}: FAILED. {fact.get('msg', '')}"]
    waiting = [f"{name}: waits for {line}" for line in fact.get("waiting_for") or ()]
    old = [
        f"{name}: version {previous['version']} ({previous['id'] or 'unknown id'}) is {previous['phase']}" + _until(previous)
        for previous in fact.get("previous") or ()
    ]
    untold = [f"{name}: NOT ANNOUNCED to {missed['target']}. {missed['why']}" for missed in fact.get("unannounced") or ()]
    return [*old, *waiting, *untold]


def _until(previous: t.Mapping[str, t.Any]) -> str:
    if previous.get("delete_after"):
        return f", deleted after {previous['delete_after']}"
    return (
        f", grace until {previous['grace_until']}" if previous.get("grace_until") else ", until every host has proved the new one"
    )
