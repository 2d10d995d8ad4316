# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the whole catalogue before anything is changed, and says who uses what. Runs once, on the controller.

Called by the first play of the playbooks; its result is what every later play reads.
"""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import LocksmithError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.agent_grace import grace_problems
from ansible_collections.locksmith.rotation.plugins.plugin_utils.catalogue_files import CatalogueFiles
from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import GROUP, Catalogue, read_catalogue
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text
from ansible_collections.locksmith.rotation.plugins.plugin_utils.turns import contradictions, turns_of


class ActionModule(ActionBase):
    """See the module's docstring."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        try:
            catalogue = read_catalogue(variables)
            elsewhere = CatalogueFiles(self, variables).names()
            too_short = grace_problems(catalogue.pullers, variables["hostvars"])
        except LocksmithError as error:
            return {**result, "failed": True, "msg": f"{error} Nothing was changed anywhere."}
        only = _names(plain(self._task.args.get("only") or []))
        problems = _problems(catalogue, elsewhere, only) + too_short
        if problems:
            return {**result, "failed": True, "msg": " ".join(problems) + " Nothing was changed anywhere."}
        hosts = catalogue.hosts()
        credentials = list(only or catalogue.credentials)
        turns = turns_of(catalogue, credentials)
        return {
            **result,
            "changed": False,
            "credentials": credentials,
            "last": list(turns.last),
            "canaries": list(turns.canaries),
            **({} if turns.most is None else {"max_per_run": turns.most}),
            "turns": turns.groups(catalogue),
            "consumers": {name: list(users) for name, users in catalogue.consumers.items()},
            "hosts": hosts,
            "hidden": _hidden(hosts, variables),
        }


def _names(written: t.Any) -> list[str]:
    """C(rotate_only) as people write it: a list, or names with commas in between."""
    parts = [plain_text(part) for part in written] if isinstance(written, list) else plain_text(written).split(",")
    return [part.strip() for part in parts if part.strip()]


def _problems(catalogue: Catalogue, elsewhere: t.Collection[str], only: t.Sequence[str]) -> list[str]:
    if not catalogue.credentials and not elsewhere:
        return [f"The inventory has no group {GROUP!r} with credentials in it: pass your catalogue with a second -i."]
    problems = [
        f"{', '.join(hosts)} uses the credential {name!r}, which the catalogue does not have (it has {', '.join(catalogue.credentials)})."
        for name, hosts in sorted(catalogue.unknown().items())
        if name not in elsewhere
    ]
    lost = [name for name in only if name not in catalogue.credentials]
    if lost:
        problems.append(f"rotate_only names {', '.join(lost)}, which the catalogue does not have.")
    return problems + contradictions(catalogue, only or catalogue.credentials)


def _hidden(hosts: t.Sequence[str], variables: t.Mapping[str, t.Any]) -> list[str]:
    """Consumers that this run cannot see because of C(--limit)."""
    if not variables.get("ansible_limit"):
        return []
    visible = {plain_text(host) for host in variables.get("ansible_play_hosts_all", ())}
    return [host for host in hosts if host not in visible]
