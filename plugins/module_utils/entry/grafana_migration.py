# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flow behind C(grafana_api_key_migrate): validated options in, public result out. Called by the module of that name."""

from __future__ import annotations

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.rotation import failure
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_migration import Found, Migration
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_server import (
    SERVER_CONSTRAINTS,
    SERVER_OPTIONS,
    GrafanaServer,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import parse_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected

OPTIONS: dict[str, t.Any] = {
    **SERVER_OPTIONS,
    "url": {**SERVER_OPTIONS["url"], "required": True},
    "keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "all_keys": {"type": "bool", "default": False, "no_log": False},
    "in_use_within": {"type": "str", "default": "30d"},
    "version_id": {"type": "str", "default": ""},
}
CONSTRAINTS: dict[str, t.Any] = {
    **SERVER_CONSTRAINTS,
    "required_one_of": [["grafana_api_key", "url_username"]],
}


def perform(params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """List, convert what is asked for, and say what is still in use.

    :raises LocksmithError: its text names the key, what was converted before it, and what to do next.
    """
    clock = SystemClock()
    patience = parse_duration(params["in_use_within"], "in_use_within")
    server = GrafanaServer(params, clock)
    try:
        migration = Migration(server, clock, patience)
        before = _picture(migration)
        chosen = migration.chosen(params["keys"], params["all_keys"])
        _check(migration, chosen, server.place)
        done = chosen if check_mode else migration.convert(chosen)
        return _described(migration, done, before, params["version_id"])
    finally:
        server.close()


def _check(migration: Migration, chosen: t.Sequence[Found], place: str) -> None:
    if chosen and not migration.can_convert():
        names = ", ".join(found.key.name for found in chosen)
        what = f"{place} does not convert API keys (Grafana does from 9.1 to 12.0), so these were left as they are: {names}."
        raise Rejected(what, next_step=migration.way_without())


def _described(migration: Migration, done: t.Sequence[Found], before: dict[str, t.Any], version_id: str) -> dict[str, t.Any]:
    return {
        "changed": bool(done),
        "can_convert": migration.can_convert(),
        "converted": [found.key.name for found in done],
        "api_keys": [migration.described(found) for found in migration.keys],
        "converted_keys": [migration.described(found) for found in migration.converted],
        "still_used": migration.still_used(),
        "is_legacy": migration.is_legacy(version_id),
        "diff": {"before": before, "after": _expected(before, done)},
    }


def _picture(migration: Migration) -> dict[str, t.Any]:
    return {
        "api_keys": sorted(found.key.name for found in migration.keys),
        "service_accounts": sorted(found.account for found in migration.converted),
    }


def _expected(before: t.Mapping[str, t.Any], done: t.Sequence[Found]) -> dict[str, t.Any]:
    """What M(_picture) is afterwards, also in check mode."""
    names = {found.key.name for found in done}
    accounts = {*before["service_accounts"], *(f"sa-autogen-{name}" for name in names)}
    return {"api_keys": [name for name in before["api_keys"] if name not in names], "service_accounts": sorted(accounts)}


def told_of_failure(error: Exception) -> dict[str, t.Any]:
    """The result of a call that failed."""
    told = failure(error, "grafana_api_key_migrate")
    return {name: value for name, value in told.items() if name not in ("failed", "credential", "action")}


def run_as_module() -> None:
    """The body of the module."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True, **CONSTRAINTS)
    failed: dict[str, t.Any] = {}
    try:
        result = perform(module.params, module.check_mode)
    except Exception as error:  # whatever happens, no traceback: it could show a value
        failed = told_of_failure(error)
    # Outside the handler, where no exception is left for fail_json to print.
    if failed:
        module.fail_json(**failed)
    module.exit_json(**result)
