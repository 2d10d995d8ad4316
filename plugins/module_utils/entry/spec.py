# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every C(*_rotate) module shares, and what is made of them: a policy, a store, an issuer's setting.

Called by the modules and the action plugin, through P(entry.rotation).
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.drop_off import build_drop_off
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer, Setting
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.gate import ConsumerProof
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.leak import CONTAIN_CHOICES, Alarm
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.policy import (
    Policy,
    parse_blackouts,
    parse_exemption,
    parse_window,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.catalogue import STORES
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Store
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import parse_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.shapes import refuse_foreign

#: Seconds. A lease shorter than the slowest single request could end under a run that is well.
_SHORTEST_LEASE = 5

_LEAK_OPTIONS: dict[str, t.Any] = {
    "version_ids": {"type": "list", "elements": "str", "default": []},
    "contain": {"type": "str", "default": "none", "choices": list(CONTAIN_CHOICES)},
    "without_consumers": {"type": "list", "elements": "str", "default": []},
    "deadline": {"type": "str"},
    "delete_at_once": {"type": "bool", "default": False},
    "end_sessions": {"type": "bool", "default": True},
}


def store_suboptions() -> dict[str, t.Any]:
    """The suboptions of O(store): those of all stores in one spec."""
    merged: dict[str, t.Any] = {
        "type": {"type": "str", "required": True, "choices": list(STORES)},
        "fields": {"type": "dict"},
        "drop_off": {"type": "str"},
    }
    for store in STORES.values():
        merged.update(store.OPTIONS)
    return merged


def common_options() -> dict[str, t.Any]:
    """The shared options, as an Ansible argument spec."""
    return {
        "name": {"type": "str", "required": True},
        "store": {"type": "dict", "required": True, "options": store_suboptions()},
        "state": {"type": "str", "default": "rotated", "choices": ["rotated", "retired", "rolled_back"]},
        "rotate_after": {"type": "str"},
        "grace": {"type": "str", "default": "24h"},
        "recovery_wait": {"type": "str", "default": "7d"},
        "force": {"type": "bool", "default": False},
        "reason": {"type": "str", "default": "scheduled", "choices": ["scheduled", "manual", "leak", "offboarding"]},
        "consumers": {
            "type": "list",
            "elements": "dict",
            "options": {
                "host": {"type": "str", "required": True},
                "fingerprint": {"type": "str", "default": ""},
                "running": {"type": "str", "default": ""},
                "healthy": {"type": "bool", "default": False},
                "detail": {"type": "str", "default": ""},
            },
        },
        "forget_consumers": {"type": "list", "elements": "str", "default": []},
        "forget_after": {"type": "str", "default": "7d"},
        "window": {
            "type": "dict",
            "options": {
                "days": {"type": "list", "elements": "str"},
                "start": {"type": "str", "required": True},
                "end": {"type": "str", "required": True},
            },
        },
        "blackouts": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "from": {"type": "str", "required": True},
                "until": {"type": "str", "required": True},
                "reason": {"type": "str", "required": True},
            },
        },
        "hold": {"type": "str", "default": ""},
        "retire_hold": {"type": "str", "default": ""},
        "exempt": {
            "type": "dict",
            "options": {
                "until": {"type": "str", "required": True},
                "reason": {"type": "str", "required": True},
                "owner": {"type": "str"},
            },
        },
        "leak": {"type": "dict", "options": _LEAK_OPTIONS},
        "verify_timeout": {"type": "str", "default": "60s"},
        "lease": {"type": "str", "default": "60s"},
        "max_failures": {"type": "int", "default": 3},
        "own_login": {"type": "str", "default": "refuse", "choices": ["refuse", "last"]},
    }


def build_policy(params: t.Mapping[str, t.Any], issuer: type[Issuer]) -> Policy:
    """The rules of one credential.

    :raises ConfigurationError: a malformed duration, window, blackout or exemption; names the option.
    """
    policy = Policy(
        rotate_after=parse_duration(params["rotate_after"] or issuer.ROTATE_AFTER, "rotate_after"),
        grace=parse_duration(params["grace"], "grace"),
        recovery_wait=parse_duration(params["recovery_wait"], "recovery_wait"),
        verify_timeout=parse_duration(params["verify_timeout"], "verify_timeout"),
        lease=parse_duration(params["lease"], "lease"),
        max_failures=params["max_failures"],
        forget_after=parse_duration(params["forget_after"], "forget_after"),
        window=parse_window(params.get("window")),
        blackouts=parse_blackouts(params.get("blackouts")),
        hold=params.get("hold") or "",
        retire_hold=params.get("retire_hold") or "",
        exemption=parse_exemption(params.get("exempt")),
        own_login=params.get("own_login") or "refuse",
    )
    if policy.rotate_after == 0:
        raise ConfigurationError(
            "rotate_after is 0, so every run would rotate.", next_step="give an interval, or use force for one rotation."
        )
    if policy.lease < _SHORTEST_LEASE:
        raise ConfigurationError(
            f"lease is shorter than {_SHORTEST_LEASE} s.", next_step="leave it at its default unless requests are slow."
        )
    if policy.max_failures < 1:
        raise ConfigurationError("max_failures is less than 1.", next_step="1 quarantines after the first failure.")
    return policy


def build_setting(params: t.Mapping[str, t.Any], policy: Policy, clock: Clock, issuer: type[Issuer]) -> Setting:
    """What the issuer may know of the credential.

    :raises ConfigurationError: a drop-off where there can be none.
    """
    store = params["store"]
    fields, drop_off = issuer.field_names(store), build_drop_off(store, issuer)
    return Setting(params["name"], policy.rotate_after, policy.grace, policy.recovery_wait, clock, fields, drop_off)


def setting_to_look(params: t.Mapping[str, t.Any], clock: Clock, issuer: type[Issuer]) -> Setting:
    """The same, for whoever only looks. Nothing is issued, so that the kind's own interval will do."""
    fields = issuer.field_names(params.get("store") or {})
    return Setting(params["name"], parse_duration(issuer.ROTATE_AFTER, "rotate_after"), 0, 0, clock, fields)


def build_store(options: t.Mapping[str, t.Any], issuer: type[Issuer]) -> Store:
    """The store of one credential, from validated suboptions. Opens no connection."""
    return STORES[options["type"]].create(options, issuer.field_names(options), options.get("fields"))


def check_store_options(given: t.Any) -> None:
    """Refuse suboptions that belong to another type of store. C(given): as written by the user, before defaults.

    :raises ConfigurationError: names them.
    """
    if not isinstance(given, t.Mapping):
        raise ConfigurationError("store is not a mapping.", next_step="write option: value lines, indented below it.")
    store = STORES.get(str(given.get("type")))
    if store is not None:
        refuse_foreign(given, store.OPTIONS, f"a store of type {store.TYPE}", "type", "fields", "drop_off", prefix="store.")


def build_proofs(written: t.Sequence[t.Mapping[str, t.Any]] | None) -> list[ConsumerProof] | None:
    """O(consumers) as proofs; None stays None, because "not told" differs from "nobody"."""
    if written is None:
        return None
    return [ConsumerProof(p["host"], p["fingerprint"], p["running"], p["healthy"], p["detail"]) for p in written]


def build_alarm(written: t.Mapping[str, t.Any] | None) -> Alarm | None:
    """O(leak) as the engine takes it; None stays None.

    :raises ConfigurationError: a malformed deadline.
    """
    if written is None:
        return None
    deadline = written.get("deadline")
    return Alarm(
        version_ids=tuple(written["version_ids"]),
        contain=written["contain"],
        without=tuple(written["without_consumers"]),
        deadline=parse_duration(deadline, "leak.deadline") if deadline else None,
        delete=written["delete_at_once"],
        end_sessions=written["end_sessions"],
    )
