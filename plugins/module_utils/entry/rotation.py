# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one flow behind every C(*_rotate) module: validated options in, public result out.

P(run_as_module) is the whole body of a module; P(perform) is what the action plugin calls in the controller's worker.
Both run the same code, so a credential is rotated in the same way wherever that happens.
"""

from __future__ import annotations

import dataclasses
import traceback
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.result import describe, told_events
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.run import this_run
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.spec import (
    build_alarm,
    build_policy,
    build_proofs,
    build_setting,
    build_store,
    common_options,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.engine import Engine, Outcome
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.keeper import Keeper
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import Wish
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Store
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, LocksmithError, naming

#: What C(credential_info) asks for, beside the states of the modules.
READ = "read"
#: What C(credential_look) asks for: is there anything to do?
REST = "rest"


def argument_spec(issuer: type[Issuer]) -> dict[str, t.Any]:
    """The whole argument spec of the module that serves C(issuer)."""
    return {**common_options(), **issuer.OPTIONS}


def perform(issuer_class: type[Issuer], params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Do what C(params) (validated) ask for, and say what was done.

    :raises LocksmithError: its text names the credential, what is stranded where, and what to do next.
    """
    credential = params["name"]
    with naming(credential):
        policy = build_policy(params, issuer_class)
        clock = SystemClock()
        issuer = issuer_class.create(params, build_setting(params, policy, clock, issuer_class))
        store = build_store(params["store"], issuer_class)
        try:
            keeper = Keeper(credential, issuer, store, policy, clock, this_run())
            outcome = _call(Engine(keeper, check_mode), params, keeper)
            return describe(outcome, issuer, store, policy, credential)
        finally:
            _close(issuer, store)


def _call(engine: Engine, params: t.Mapping[str, t.Any], keeper: Keeper) -> Outcome:
    wish = Wish(params["force"], params["reason"], keeper.run.since)
    if params["state"] == READ:
        return engine.look(wish)
    if params["state"] == REST:
        return engine.rest(wish)
    if params["state"] == "retired":
        return engine.retire(build_proofs(params.get("consumers")), params["forget_consumers"])
    if params["state"] == "rolled_back":
        return engine.roll_back(params["reason"])
    return engine.rotate(dataclasses.replace(wish, alarm=build_alarm(params.get("leak"))))


def _close(issuer: Issuer, store: Store) -> None:
    issuer.close()
    store.close()


def failure(error: Exception, credential: str) -> dict[str, t.Any]:
    """The result of a call that failed. An unexpected error is named by class and place: its text might hold anything."""
    result: dict[str, t.Any] = {"failed": True, "changed": False, "credential": credential, "action": "failed"}
    if isinstance(error, LocksmithError):
        kind = "configuration" if isinstance(error, ConfigurationError) else type(error).__name__
        told = {"msg": str(error), "error": kind, "stranded": error.stranded, "next_step": error.next_step}
        return {**result, **told, **(told_events(error.history) if error.history else {})}
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
    return {
        **result,
        "msg": f"{credential}: unexpected {type(error).__name__} at {place}. Nothing further was done; the journal says where it stands. "
        "Next: run it again, and report this line.",
        "error": "unexpected",
        "stranded": [],
        "next_step": "run it again, and report this line.",
    }


def run_as_module(issuer: type[Issuer]) -> None:
    """The body of a C(*_rotate) module."""
    module = AnsibleModule(argument_spec=argument_spec(issuer), supports_check_mode=True, **issuer.CONSTRAINTS)
    failed: dict[str, t.Any] = {}
    try:
        result = perform(issuer, module.params, module.check_mode)
    except Exception as error:  # whatever happens, no traceback: it could show a value
        failed = failure(error, module.params["name"])
    # Outside the handler, where no exception is left for fail_json to print.
    if failed:
        module.fail_json(**{name: value for name, value in failed.items() if name != "failed"})
    module.exit_json(**result)
