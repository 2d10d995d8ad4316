# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that the reports of the audit and of the doctor share, checked. Controller only."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import SEVERITIES
from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import GROUP
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text

NEVER = "never"
Mapping = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Options:
    """C(whole): whether C(credentials) are those of the whole catalogue. C(json): where to write, or empty."""

    credentials: list[str]
    whole: bool
    consumers: dict[str, list[str]]
    now: str
    fail_on: str
    json: str


def options_of(given: Mapping, variables: Mapping) -> Options:
    """:raises ConfigurationError: names the option."""
    hosts = variables["hostvars"]
    catalogue = [plain_text(name) for name in variables["groups"].get(GROUP, ())]
    credentials = _hosts("credentials", plain(given.get("credentials") or catalogue), hosts)
    consumers = plain(given.get("consumers") or {})
    if not isinstance(consumers, dict):
        raise ConfigurationError("consumers is not a mapping.", next_step="hand on what credential_catalogue returned.")
    fail_on = plain_text(given.get("fail_on") or SEVERITIES[0])
    if fail_on not in (*SEVERITIES, NEVER):
        raise ConfigurationError(f"fail_on is {fail_on!r}.", next_step=f"write one of {', '.join(SEVERITIES)}, {NEVER}.")
    return Options(
        credentials,
        set(credentials) >= set(catalogue),
        {name: _hosts(f"consumers.{name}", users, hosts) for name, users in consumers.items()},
        _moment(plain_text(given.get("now") or "")),
        fail_on,
        plain_text(given.get("json") or ""),
    )


def _hosts(option: str, names: t.Any, hosts: Mapping) -> list[str]:
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(f"{option} is not a list of names.", next_step="hand on what credential_catalogue returned.")
    lost = [name for name in names if name not in hosts]
    if lost:
        raise ConfigurationError(f"{option} names {', '.join(lost)}, which the inventory does not have.")
    return names


def _moment(now: str) -> str:
    try:
        from_iso(now)
    except (ValueError, OverflowError):
        raise ConfigurationError(
            f"now is {now!r}, which is not a moment.", next_step="write it as 2026-11-21T03:14:00Z."
        ) from None
    return now


def registered(name: str, variable: str, hosts: Mapping) -> dict[str, t.Any] | None:
    """What a task of this run registered on a host; None if it has not, or if somebody put something else there."""
    found = plain(hosts[name].get(variable))
    return found if isinstance(found, dict) else None
