# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Action plugins with any options and any variables of the hosts, called as a worker of the controller calls them.

The modules that they run on a host run in the same process; commands there take what they are given and say nothing.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import types
import typing as t

import yaml
from ansible.errors import AnsibleError
from hypothesis import strategies as some

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import ENTRY_SPEC
from ansible_collections.locksmith.rotation.tests.proof.bad_input_calls import PLUGINS, Cut, call
from ansible_collections.locksmith.rotation.tests.proof.bad_input_guesses import anything, arguments

_ACTIONS = "ansible_collections.locksmith.rotation.plugins.action."
_FRAGMENTS = "ansible_collections.locksmith.rotation.plugins.doc_fragments."
_OURS = "locksmith.rotation."
STORE = {"type": "vault", "url": "http://127.0.0.1:1", "token": "s.not-a-token", "path": "orders/db"}
_LIKELY: dict[str, t.Any] = {
    "store": STORE,
    "name": "orders-db",
    "type": "iam",
    "now": "2026-11-21T03:14:00Z",
    "state_dir": "dir",
}


def plugins() -> list[str]:
    """The names of all action plugins."""
    return [path.stem for path in sorted((PLUGINS / "action").glob("*.py"))]


def inputs(action: str) -> some.SearchStrategy[tuple[dict[str, t.Any], dict[str, t.Any], bool]]:
    """Options of the task, variables of the only machine, and whether it is a check."""
    spec = _documented(action)
    return some.tuples(arguments(spec, {name: _LIKELY[name] for name in _LIKELY if name in spec}), _variables(), some.booleans())


def _documented(action: str) -> dict[str, t.Any]:
    """The options in the documentation as an argument spec: an action plugin has no other."""
    text = importlib.import_module("ansible_collections.locksmith.rotation.plugins.modules." + action).DOCUMENTATION
    documentation = yaml.safe_load(text)
    options = dict(documentation.get("options") or {})
    for name in documentation.get("extends_documentation_fragment") or ():
        # NAMESPACE.COLLECTION.FILE, and the name of a part of it where it is not DOCUMENTATION.
        file, dummy, part = name.split(".", 2)[2].partition(".")
        fragment = importlib.import_module(_FRAGMENTS + file).ModuleDocFragment
        options = {**(yaml.safe_load(getattr(fragment, part.upper() or "DOCUMENTATION")).get("options") or {}), **options}
    return {name: _as_spec(option) for name, option in options.items()}


def _as_spec(option: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    kept = {name: option[name] for name in ("type", "elements", "choices", "required") if name in option}
    if option.get("suboptions"):
        kept["options"] = {name: _as_spec(inner) for name, inner in option["suboptions"].items()}
    return kept


def _variables() -> some.SearchStrategy[dict[str, t.Any]]:
    """What the inventory may say of a machine and of a credential."""
    entry = {"credential": "orders-db", "dest": "~/db.env", "format": "env"}
    entries = some.lists(arguments(ENTRY_SPEC, entry), max_size=3)
    credential = some.fixed_dictionaries(
        {},
        optional={
            "credential_type": some.one_of(some.just("iam"), anything),
            "credential_store": some.one_of(some.just(STORE), anything),
        },
    )
    consumer = some.fixed_dictionaries(
        {}, optional={"consumer_credentials": some.one_of(entries, anything), "consumer_canary": anything}
    )
    return some.fixed_dictionaries({"orders-db": credential, "web1": consumer})


def one_task(action: str, cut: Cut, given: tuple[dict[str, t.Any], dict[str, t.Any], bool]) -> str:
    """What is wrong with how the task ended, or an empty string. Ansible's own errors are shown without a traceback."""
    options, hosts, check = given
    before = cut.attempts
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            answer = _plugin(action, options, check).run(None, _task_variables(hosts))
    except AnsibleError:
        return ""
    if answer.get("error") == "unexpected" or answer.get("exception"):
        return f"it stumbled: {answer.get('msg')}"
    if answer.get("error") == "configuration" and cut.attempts > before:
        return f"{cut.attempts - before} attempts to reach somebody, and then: {answer.get('msg')}"
    return ""


def _plugin(action: str, options: dict[str, t.Any], check: bool) -> t.Any:
    module = importlib.import_module(_ACTIONS + action)
    task = types.SimpleNamespace(
        action=_OURS + action,
        args=options,
        check_mode=check,
        diff=True,
        async_val=0,
        no_log=False,
        environment=None,
        delegate_to=None,
    )
    shell = types.SimpleNamespace(tmpdir="dir")
    connection = types.SimpleNamespace(transport="local", become=None, has_pipelining=True, _shell=shell)
    plugin = module.ActionModule(task, connection, types.SimpleNamespace(), None, _Templar(), None)

    def execute(name: str = "", arguments: t.Any = None, task_vars: t.Any = None, **more: t.Any) -> t.Any:
        wanted = name or more.get("module_name", "")
        if not wanted.startswith(_OURS):
            return {"failed": True, "msg": "not here", "rc": 1}
        return call(wanted[len(_OURS) :], arguments or more.get("module_args") or {}, check)

    plugin._execute_module = execute
    plugin._low_level_execute_command = lambda *dummy, **more: {"rc": 0, "stdout": "", "stderr": ""}
    plugin._remove_tmp_path = lambda *dummy, **more: None
    plugin._find_needle = _no_needle
    return plugin


class _Templar:
    """Of ansible's, what a template of an entry would need; there is none to be found."""

    def __getattr__(self, name: str) -> t.Any:
        raise AnsibleError("nothing is templated here")


def _no_needle(*dummy: t.Any, **more: t.Any) -> t.NoReturn:
    raise AnsibleError("there is no such template")


def _task_variables(hosts: dict[str, t.Any]) -> dict[str, t.Any]:
    return {
        "inventory_hostname": "web1",
        "groups": {"all": list(hosts), "credentials": ["orders-db"]},
        "hostvars": hosts,
        "ansible_play_batch": ["web1"],
        "ansible_play_hosts_all": ["web1"],
        **hosts["web1"],
    }
