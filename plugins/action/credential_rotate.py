# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""P(RotationAction) for a credential whose kind an option names: what the role calls for every credential.

Loads every kind before the fork, because a worker that imports a collection's file compiles it anew.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.shapes import foreign_options
from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import collect_proofs, left_out
from ansible_collections.locksmith.rotation.plugins.plugin_utils.issuers import issuer_class, kinds
from ansible_collections.locksmith.rotation.plugins.plugin_utils.rotation_action import RotationAction, prepare

prepare(*map(issuer_class, kinds()))


class ActionModule(RotationAction):
    """See the module's docstring."""

    #: Options that the playbooks leave to variables of the credential; see P(left_out).
    FROM_VARIABLES: t.ClassVar[dict[str, str]] = {"options": "credential_options", "store": "credential_store"}

    def _resolve(
        self, arguments: dict[str, t.Any], credential: str, task_vars: dict[str, t.Any]
    ) -> tuple[type[Issuer], dict[str, t.Any]]:
        arguments.update(left_out(self._templar, arguments, task_vars, self.FROM_VARIABLES))
        if arguments.pop("consumers_from_inventory", False) and arguments.get("state") == "retired":
            arguments["consumers"] = collect_proofs(credential, task_vars)
        issuer = issuer_class(arguments.pop("type", ""))
        options = arguments.pop("options", None) or {}
        if not isinstance(options, dict):
            raise ConfigurationError(
                f"{credential}: credential_options is not a mapping.", next_step="write option: value lines."
            )
        unknown = foreign_options(options, issuer.OPTIONS)
        if unknown:
            raise ConfigurationError(
                f"{credential}: credential_options has {', '.join(unknown)}, which {issuer.MODULE} does not know.",
                next_step=f"its options are {', '.join(sorted(issuer.OPTIONS))}.",
            )
        return issuer, {**arguments, **options}
