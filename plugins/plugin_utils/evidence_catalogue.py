# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the catalogue and the inventory say about a rotation programme, for the evidence pack: policies, uses, files, alerts.

Called by the action plugin C(credential_evidence), on the controller.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import entries_of, read_catalogue
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text
from ansible_collections.locksmith.rotation.plugins.plugin_utils.run_facts import facts_of
from ansible_collections.locksmith.rotation.plugins.plugin_utils.trail_reports import exception_of

Variables = t.Mapping[str, t.Any]
#: What a consumer's file gets where its entry says nothing.
_MODE = "0600"
_OTHERS_MAY_READ = 0o004


@dataclasses.dataclass(frozen=True)
class Deployed:
    """A file with a credential on a host."""

    host: str
    path: str
    mode: str

    @property
    def is_open(self) -> bool:
        """May everybody on the host read it?"""
        try:
            return bool(int(self.mode, 8) & _OTHERS_MAY_READ)
        except ValueError:
            return True


@dataclasses.dataclass(frozen=True)
class Listed:
    """A credential of the catalogue. C(facts): as P(facts_of) has them; C(interval_is_written): the catalogue itself says how often."""

    name: str
    facts: t.Mapping[str, t.Any]
    interval_is_written: bool
    hosts: tuple[str, ...]
    is_external: bool
    files: tuple[Deployed, ...]
    exception: t.Mapping[str, str]

    @property
    def kind(self) -> str:
        """The kind of issuer."""
        return str(self.facts.get("type") or "")

    @property
    def limit_days(self) -> float | None:
        """How old it may get, in days."""
        seconds = (self.facts.get("policy") or {}).get("rotate_after")
        return round(seconds / 86400, 2) if seconds else None

    def strangers(self) -> list[str]:
        """Hosts that the journal has seen with it and the inventory does not list."""
        return [host for host in self.facts.get("consumers_known") or () if host not in self.hosts]


def listed(names: t.Iterable[str], variables: Variables) -> list[Listed]:
    """Every credential of the catalogue."""
    consumers = read_catalogue(variables).consumers
    return [_listed(name, tuple(consumers.get(name, ())), variables["hostvars"]) for name in names]


def _listed(name: str, hosts: tuple[str, ...], hostvars: Variables) -> Listed:
    own = hostvars[name]
    files = [
        Deployed(host, plain_text(entry.get("dest") or ""), plain_text(entry.get("mode") or _MODE))
        for host in hosts
        for entry in entries_of(hostvars[host])
        if entry.get("credential") == name
    ]
    return Listed(
        name,
        facts_of(name, own),
        bool(own.get("credential_rotate_after")),
        hosts,
        own.get("credential_consumers") == "external",
        tuple(files),
        exception_of(own),
    )


def alert_channels(written: t.Any) -> list[str]:
    """The kinds of channels that are told of failures.

    :arg written: C(rotation_notify_channels) as it stands in the inventory. It holds secrets, so it is not evaluated for this.
    """
    if isinstance(written, str) and written:
        return ["channels given by a template"]
    channels = written if isinstance(written, (list, tuple)) else []
    return [
        plain_text(channel.get("kind") or "?")
        for channel in channels
        if isinstance(channel, t.Mapping) and "failure" in plain(channel.get("events") or ["failure"])
    ]
