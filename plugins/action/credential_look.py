# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the credentials that have nothing to do, so that a run has no task for them. Runs once, on the controller.

Whatever cannot be told here, for whatever reason, has something to do: its own task then says what is wrong, as it would have.
"""

from __future__ import annotations

import functools
import typing as t
from pathlib import Path

import yaml
from ansible import constants, context
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.locksmith.rotation.plugins.action.credential_rotate import ActionModule as RotateAction
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.rotation import REST, perform
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import State
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.arguments import validated
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text
from ansible_collections.locksmith.rotation.plugins.plugin_utils.side_by_side import Answer, ask_all

Variables = t.Mapping[str, t.Any]
_SPEC = {
    "credentials": {"type": "list", "elements": "str", "required": True},
    "consumers": {"type": "dict", "default": {}},
}
#: Options of the rotation that the role C(credential) takes from variables of the same name with C(credential_) before it.
OPTIONS = (
    "rotate_after",
    "grace",
    "recovery_wait",
    "force",
    "reason",
    "window",
    "blackouts",
    "hold",
    "exempt",
    "leak",
    "verify_timeout",
    "lease",
    "max_failures",
    "own_login",
)
_TAKEN = {f"credential_{option}": option for option in (*OPTIONS, "type", "options", "store")}
#: Variables of a credential that has more to do than rotating, or does it elsewhere.
_MORE = ("credential_run_on", "credential_announce", "credential_leak", "ansible_become")
_SPECS = Path(__file__).parents[2] / "roles" / "credential" / "meta" / "argument_specs.yml"
_NOTHING_KNOWN: Answer = {}


def _of_the_role() -> list[ArgumentSpecValidator]:
    """What Ansible holds the variables against before each part of the role."""
    specs = yaml.load(_SPECS.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["argument_specs"]
    return [ArgumentSpecValidator(specs[part]["options"]) for part in ("main", "retire")]


class ActionModule(RotateAction):
    """P(credential_rotate.ActionModule) that looks at many credentials and changes none."""

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        result: dict[str, t.Any] = ActionBase.run(self, tmp, task_vars)
        variables = task_vars or {}
        try:
            given = validated(ArgumentSpecValidator(_SPEC), plain(self._task.args))
        except ConfigurationError as error:
            return {**result, "failed": True, "msg": str(error)}
        names = given["credentials"]
        lost = [name for name in names if name not in variables["hostvars"]]
        if lost:
            return {**result, "failed": True, "msg": f"{', '.join(lost)}: no such host in the inventory."}
        ask = functools.partial(self._look, hostvars=variables["hostvars"], users=given["consumers"], role=_of_the_role())
        forks = context.CLIARGS.get("forks") or constants.config.get_config_value("DEFAULT_FORKS")
        found = {} if self._is_told_by_the_play() else ask_all(names, ask, forks)
        at_rest = {name: answer for name, answer in found.items() if answer}
        return {**result, "changed": False, "at_rest": at_rest, "due": [name for name in names if name not in at_rest]}

    def _is_told_by_the_play(self) -> bool:
        """Does the play, or who imports it, set a variable of the credentials? Only a task of each has these as they are meant."""
        play = getattr(getattr(self._task, "_parent", None), "_play", None)
        return play is None or any(plain_text(name).startswith("credential_") for name in play.vars)

    def _look(
        self, name: str, hostvars: Variables, users: t.Mapping[str, list[str]], role: t.Sequence[ArgumentSpecValidator]
    ) -> Answer:
        """The result of a credential that has nothing to do; nothing for any other."""
        try:
            # Each once: to read a variable is to render it.
            wanted = {*_MORE, *_TAKEN, *(variable for validator in role for variable in validator.argument_spec)}
            known = hostvars[name]
            own = {variable: plain(known[variable]) for variable in wanted if variable in known}
            if any(own.get(variable) for variable in _MORE):
                return _NOTHING_KNOWN
            for validator in role:
                validated(validator, {variable: own[variable] for variable in validator.argument_spec if variable in own})
            found = self._ask(name, own)
            rests = found["action"] == "none" and found["state"] == State.STEADY.value
            return found if rests and set(users.get(name, ())) <= set(found["consumers_known"]) else _NOTHING_KNOWN
        except Exception:  # the credential's own task says what is wrong; see the module's docstring
            return _NOTHING_KNOWN

    def _ask(self, name: str, own: Variables) -> Answer:
        given = {option: own.get(variable) for variable, option in _TAKEN.items()}
        issuer, arguments = self._resolve({"name": name, **given}, name, {})
        self._check(issuer, arguments, name)
        found = perform(issuer, {**self._validated(issuer, arguments), "state": REST}, True)
        found.pop("diff")
        return found
