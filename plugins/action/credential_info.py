# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says where a credential stands, by one read of its journal. Always on the controller, which reaches the store."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.action.credential_rotate import ActionModule as RotateAction
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.rotation import READ


class ActionModule(RotateAction):
    """P(credential_rotate.ActionModule) that only looks."""

    def _is_here(self) -> bool:
        return True

    def _finally(self, parameters: dict[str, t.Any]) -> dict[str, t.Any]:
        return {**parameters, "state": READ}
