# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says whether a key that was found somewhere is one of a credential's. Always on the controller, which reaches the store."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.action.credential_rotate import ActionModule as RotateAction
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.finding_keys import find_keys, finding_options
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.plugin_utils.arguments import validated


class ActionModule(RotateAction):
    """P(credential_rotate.ActionModule) that only asks."""

    def _is_here(self) -> bool:
        return True

    def _run_here(self, issuer: type[Issuer], arguments: dict[str, t.Any]) -> dict[str, t.Any]:
        validator = ArgumentSpecValidator({**issuer.OPTIONS, **finding_options()}, **issuer.CONSTRAINTS)
        return find_keys(issuer, validated(validator, arguments, f"{arguments.get('name', '')}: "))
