# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's agent is to render for an entry, and from which server. Controller only; reads no value."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import field_names, place_of, renamed
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.values import open_store
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.agent import Source, template_of
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.vault import VaultStore
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.issuers import issuer_class
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text

Entry = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Server:
    """Where an agent finds values: the options that the store C(vault) and the role C(vault_agent) have in common."""

    url: str
    namespace: str | None

    def defaults(self) -> dict[str, t.Any]:
        """As options of the role that its user left out."""
        return {name: value for name, value in dataclasses.asdict(self).items() if value}


def template_for(entry: Entry, hostvars: t.Mapping[str, t.Any]) -> tuple[str, Server]:
    """What the agent is to render for one entry, and the server that has it. Asks that which version its KV engine has.

    :raises ConfigurationError: it is in no store of type C(vault), or the entry does not fit.
    """
    name = entry["credential"]
    kind, written = _declared(entry, hostvars)
    if written.get("type") != VaultStore.TYPE:
        raise ConfigurationError(
            f"{name} is kept in a store of type {written.get('type')}, and an agent reads from vault alone.",
            next_step=f"leave pull out of the entry of {entry['dest']}.",
        )
    issuer = issuer_class(kind)
    store = t.cast(VaultStore, open_store(name, issuer, written))
    try:
        source = Source(*store.published_at())
        published = _published_names(store, issuer, written)
    finally:
        store.close()
    names = field_names(entry)
    wanted = renamed(name, names or {field: field for field in published}, published)
    try:
        contents = template_of(entry["format"], wanted, names is None, place_of(entry), source)
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}: {error.message}.", next_step=error.next_step) from None
    return contents, Server(store.url, store.namespace)


def _declared(entry: Entry, hostvars: t.Mapping[str, t.Any]) -> tuple[str, dict[str, t.Any]]:
    name = entry["credential"]
    known = hostvars.get(name) or {}
    kind, store = (
        (entry["type"], entry["store"]) if entry["store"] else (known.get("credential_type"), known.get("credential_store"))
    )
    if not kind or not store:
        raise ConfigurationError(
            f"{name} has no credential_type or no credential_store.",
            next_step="pass the catalogue with -i, and write both there.",
        )
    return plain_text(kind), plain(store)


def _published_names(store: VaultStore, issuer: type[Issuer], written: Entry) -> dict[str, str]:
    """Field of the credential to what it is called where it is published."""
    return {field: next(iter(store.outward({field: ""}))) for field in issuer.field_names(written)}
