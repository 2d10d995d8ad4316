# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A drop-off in a store: a second place beside the published value, into which a person puts the next one.

It is another object of the same store class with the same log-in. Called by P(entry.rotation) and P(entry.supply).
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import DropOff, Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.supplied import LABEL
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.catalogue import STORES
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Published, Store
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields


class StoreDropOff(DropOff):
    """See the module's docstring."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def place(self) -> str:
        return self._store.place

    def read(self) -> SecretFields | None:
        found = self._store.read_published()
        return found.fields if found else None

    def clear(self, taken: SecretFields) -> None:
        found = self._store.read_published()
        if found is not None and _is(found, taken):
            self._store.remove(found.revision)

    def put(self, fields: SecretFields, at: str) -> None:
        """Replace whatever lies there. C(at): ISO 8601."""
        found = self._store.read_published()
        self._store.publish(fields, at, found.revision if found else None)

    def close(self) -> None:
        self._store.close()


def _is(found: Published, taken: SecretFields) -> bool:
    """Whether the value there is C(taken), whatever it is labelled."""
    return {name: value for name, value in found.fields.items() if name != LABEL} == dict(taken)


def build_drop_off(options: t.Mapping[str, t.Any], issuer: type[Issuer]) -> StoreDropOff | None:
    """From the validated suboptions of O(store); None where there is none. Opens no connection.

    :raises ConfigurationError: the kind or the store knows no drop-off.
    """
    place = options.get("drop_off")
    if not place:
        return None
    store = STORES[options["type"]]
    if not issuer.SUPPLIED or not store.PLACE:
        who = f"a store of type {store.TYPE}" if issuer.SUPPLIED else f"a credential of the kind {issuer.KIND}"
        raise ConfigurationError(f"{who} has no drop-off.", next_step="leave store.drop_off out.")
    if place == options.get(store.PLACE):
        raise ConfigurationError(
            f"store.drop_off is the very place that store.{store.PLACE} names.", next_step="name another place in the same store."
        )
    there = {**options, store.PLACE: place, "names": None}
    fields = (*issuer.field_names(options), LABEL)
    return StoreDropOff(store.create(there, fields, options.get("fields")))
