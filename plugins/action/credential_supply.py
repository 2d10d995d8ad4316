# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a value that a person has made into the drop-off of a credential. Always on the controller, where that person is."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.action.credential_rotate import ActionModule as RotateAction
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.supply import supply, understood
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError


class ActionModule(RotateAction):
    """See the module's docstring."""

    FROM_VARIABLES: t.ClassVar[dict[str, str]] = {**RotateAction.FROM_VARIABLES, "value": "supply_value"}

    def _is_here(self) -> bool:
        return True

    def _run_here(self, issuer: type[Issuer], arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        given = {name: value for name, value in arguments.items() if value is not None}
        name, value, label = given.get("name", ""), given.pop("value", ""), str(given.pop("label", ""))
        if not issuer.SUPPLIED:
            raise ConfigurationError(f"{name}: credentials of the kind {issuer.KIND} are made by their issuer, not by a person.")
        if not value:
            raise ConfigurationError(f"{name}: no value was given.", next_step="nothing was changed; run it again.")
        given["new_value"] = understood(value, label.strip(), issuer.field_names(given.get("store") or {}))
        return supply(issuer, self._validated(issuer, given), bool(self._task.check_mode))
