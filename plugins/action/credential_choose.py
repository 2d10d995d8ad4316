# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says which credentials may not begin a rotation in this run. Runs once, on the controller, after the canaries."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text
from ansible_collections.locksmith.rotation.plugins.plugin_utils.turns import LIMITED, canary_trouble, postponed

Variables = t.Mapping[str, t.Any]


class ActionModule(ActionBase):
    """See the module's docstring."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        canaries, most = plain(self._task.args.get("canaries") or []), self._task.args.get("max_per_run")
        problem = _problem(canaries, most, variables)
        if problem:
            return {**result, "failed": True, "msg": problem}
        names = [plain_text(name) for name in variables["groups"].get(LIMITED, ())]
        held = _behind_canaries(names, canaries, variables, bool(self._task.check_mode))
        if not held and most is not None:
            held = _over_the_limit(names, canaries, variables, int(plain_text(most)))
        return {**result, "changed": False, "held": held}


def _problem(canaries: t.Any, most: t.Any, variables: Variables) -> str:
    """What is wrong with the options, or an empty string."""
    if not isinstance(canaries, list) or not all(isinstance(name, str) for name in canaries):
        return "canaries is not a list of names."
    lost = [name for name in canaries if name not in variables["hostvars"]]
    if lost:
        return f"{', '.join(lost)}: no such host in the inventory."
    if most is not None and not plain_text(most).isdecimal():
        return f"max_per_run is {plain_text(most)!r}, which is not a number."
    return ""


def _behind_canaries(names: t.Sequence[str], canaries: t.Sequence[str], variables: Variables, check_mode: bool) -> dict[str, str]:
    for canary in canaries:
        trouble = canary_trouble(canary, variables, check_mode)
        if trouble:
            return dict.fromkeys(names, f"the canary {canary}, which is not well: {trouble}")
    return {}


def _over_the_limit(names: t.Sequence[str], canaries: t.Sequence[str], variables: Variables, most: int) -> dict[str, str]:
    hostvars = variables["hostvars"]
    begun = [name for name in canaries if (hostvars[name].get("credential_result") or {}).get("action") == "rotated"]
    seen = {name: plain(hostvars[name].get("credential_seen") or {}) for name in names}
    return postponed({name: found for name, found in seen.items() if not found.get("skipped")}, len(begun), most)
