# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sums up what happened on a host, without asking it again."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.rollout import outcome
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain

_OPTIONS = ("deployed", "proved", "put_back", "proved_back")
_SILENT = {
    "proofs": {},
    "outcome": {"failed": False, "unreachable": True, "detail": "The host was unreachable.", "credentials": {}},
}


class ActionModule(ActionBase):
    """See the module's docstring."""

    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False
    _VALID_ARGS = frozenset(_OPTIONS)

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        given = {name: plain(self._task.args.get(name) or {}) for name in _OPTIONS}
        if not all(isinstance(stage, dict) for stage in given.values()):
            return {**result, "failed": True, "msg": "An option is not a mapping: hand on what the tasks before registered."}
        if any(stage.get("unreachable") for stage in given.values()):
            return {**result, **_SILENT}
        if "entries" not in given["deployed"]:
            return {**result, **_unsaid(given["deployed"])}
        try:
            return {**result, **outcome(given["deployed"], *(given[name] or None for name in _OPTIONS[1:]))}
        except (AttributeError, KeyError, TypeError, ValueError):
            return {
                **result,
                "failed": True,
                "msg": "The options are not the results of the tasks before: hand on what they registered.",
            }


def _unsaid(deployed: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The first look failed: nothing was changed."""
    detail = str(deployed.get("msg") or "The host could not be looked at.")
    return {"proofs": {}, "outcome": {"failed": True, "unreachable": False, "detail": detail, "credentials": {}}}
