# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P(RotationAction) of the module of the same name. Ansible's parent process loads this file before it forks."""

from __future__ import annotations

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.stripe import StripeIssuer
from ansible_collections.locksmith.rotation.plugins.plugin_utils.rotation_action import RotationAction, prepare

prepare(StripeIssuer)


class ActionModule(RotationAction):
    """See P(RotationAction)."""

    ISSUER = StripeIssuer
