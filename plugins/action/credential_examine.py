# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says whether a rotation of a credential would find all that it needs. Always on the controller."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.action.credential_rotate import ActionModule as RotateAction
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.examine import examine_credential
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer


class ActionModule(RotateAction):
    """P(credential_rotate.ActionModule) that only asks. Takes the same arguments, and so finds what is wrong with them."""

    def _is_here(self) -> bool:
        return True

    def _run_here(self, issuer: type[Issuer], arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        return examine_credential(issuer, self._validated(issuer, arguments))
