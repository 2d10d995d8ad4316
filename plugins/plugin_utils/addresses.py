# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts of the inventory have an address. Controller only; asks nobody, no name server either.

What is known of a host: its name, C(ansible_host), the addresses among its facts where they are cached, and C(audit_addresses), a list
of addresses and networks by which the outside sees it (behind a gateway, a host never has the address that a vendor's log shows).
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import GROUP
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text

_NAMES = ("ansible_host", "ansible_ssh_host")
_FACTS = ("all_ipv4_addresses", "all_ipv6_addresses", "fqdn", "hostname")
Network = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


class AddressBook:
    """Of one inventory. Read when the first address is asked for: as a rule nobody asks."""

    def __init__(self, variables: t.Mapping[str, t.Any]) -> None:
        self._variables = variables
        self._words: dict[str, list[str]] | None = None
        self._networks: list[tuple[Network, str]] = []

    def hosts_of(self, address: str) -> list[str]:
        """Hosts that have it, in the order of the inventory. More than one where several share a gateway."""
        if self._words is None:
            self._words = {}
            for host in self._variables["groups"]["all"]:
                self._enter(plain_text(host))
        found = list(self._words.get(address.lower(), ()))
        try:
            asked = ipaddress.ip_address(address)
        except ValueError:  # a service's name, as AWS's log has it
            return found
        return list(dict.fromkeys([*found, *(host for network, host in self._networks if asked in network)]))

    def _enter(self, host: str) -> None:
        if host in self._variables["groups"].get(GROUP, ()):
            return
        known = self._variables["hostvars"][host]
        for word in _words_of(host, known):
            try:
                self._networks.append((ipaddress.ip_network(word, strict=False), host))
            except ValueError:
                t.cast("dict[str, list[str]]", self._words).setdefault(word.lower(), []).append(host)


def _words_of(host: str, known: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    yield host
    yield from (plain_text(known[name]) for name in _NAMES if known.get(name))
    facts = plain(known.get("ansible_facts") or {})
    for name in _FACTS:
        yield from _texts(facts.get(name))
    yield from _texts(plain(known.get("audit_addresses")))


def _texts(value: t.Any) -> t.Iterator[str]:
    """A text, or the texts of a list; nothing of anything else."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str) and one:
            yield one
