# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue out of its own files, for a run whose inventory has only a part of it. Controller only.

AWX divides a sliced job's inventory among the slices host by host, and credentials are hosts: a slice's machines use credentials that
are in another slice. C(rotate_catalogue) names the files, relative to where the run was started, which in AWX is the project.
"""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.vars.manager import VariableManager

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import GROUP
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text

#: The variable that names the files.
VARIABLE = "rotate_catalogue"


class CatalogueFiles:
    """Read when they are first needed, in the worker that needs them: what they hold is in no result.

    :arg action: whose loader and templar are used.
    """

    def __init__(self, action: t.Any, variables: t.Mapping[str, t.Any]) -> None:
        self._action = action
        self._variables = variables
        self._inventory: t.Any = None

    def names(self) -> list[str]:
        """All credentials of the files; none where no file is named.

        :raises ConfigurationError: a file cannot be read, or there is no catalogue in it.
        """
        return [plain_text(host.name) for host in self._hosts()] if self._paths() else []

    def kind_and_store(self, name: str) -> tuple[str, dict[str, t.Any]] | None:
        """What a credential's C(credential_type) and C(credential_store) say, evaluated; None if no file has it.

        :raises ConfigurationError: a file cannot be read, or a variable cannot be evaluated.
        """
        if name not in self.names():
            return None
        host = self._inventory.get_host(name)
        manager = VariableManager(loader=self._action._loader, inventory=self._inventory)
        found = manager.get_vars(host=host, include_hostvars=False)
        templar = self._action._templar.copy_with_new_env(available_variables={**self._variables, **found})
        try:
            told = {
                variable: plain(templar.template(found.get(variable))) for variable in ("credential_type", "credential_store")
            }
        except AnsibleError as error:
            raise ConfigurationError(
                f"{name}: a variable in {', '.join(self._paths())} cannot be evaluated ({type(error).__name__})."
            ) from None
        return plain_text(told["credential_type"] or ""), told["credential_store"] or {}

    def _paths(self) -> list[str]:
        written = plain(self._action._templar.template(self._variables.get(VARIABLE))) or []
        return written.split(",") if isinstance(written, str) else [str(path) for path in written]

    def _hosts(self) -> list[t.Any]:
        if self._inventory is None:
            self._inventory = self._read(self._paths())
        return list(self._inventory.groups[GROUP].get_hosts())

    def _read(self, paths: t.Sequence[str]) -> t.Any:
        try:
            found = InventoryManager(loader=self._action._loader, sources=list(paths))
        except AnsibleError as error:
            raise ConfigurationError(f"{VARIABLE}: {', '.join(paths)} cannot be read ({type(error).__name__}).") from None
        if GROUP not in found.groups or not found.groups[GROUP].get_hosts():
            raise ConfigurationError(
                f"{VARIABLE}: {', '.join(paths)} has no group {GROUP!r} with credentials in it.",
                next_step="name the files of your catalogue, relative to the folder where the run starts.",
            )
        return found
