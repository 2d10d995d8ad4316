# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a credential's journal without holding it: for whoever only looks. Called by the other files of this folder."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.spec import build_store
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal, load_journal
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Store


def journal_in(store: Store, credential: str, issuer: Issuer | type[Issuer]) -> Journal | None:
    """None if nothing has been recorded yet. :raises JournalError: damaged, newer, or of another credential."""
    found = store.read_journal()
    return load_journal(found.text, credential, issuer.KIND, issuer.PUBLIC_FIELDS) if found else None


def recorded(issuer: type[Issuer], params: t.Mapping[str, t.Any]) -> Journal | None:
    """The same, of the store that the options C(store) describe."""
    store = build_store(params["store"], issuer)
    try:
        return journal_in(store, params["name"], issuer)
    finally:
        store.close()
