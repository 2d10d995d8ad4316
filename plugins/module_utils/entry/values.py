# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the value of a credential from its store, for those who deploy it. Runs on the controller.

Called by the lookup plugin and by the action plugin that deploys to hosts.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.journals import journal_in
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.spec import (
    build_store,
    check_store_options,
    store_suboptions,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Store
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, NotFound
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields


def open_store(name: str, issuer: type[Issuer], store: t.Mapping[str, t.Any]) -> Store:
    """Validate C(store) as a user wrote it, and build it.

    :raises ConfigurationError: names the credential.
    """
    check_store_options(store)
    validator = ArgumentSpecValidator({"store": {"type": "dict", "required": True, "options": store_suboptions()}})
    checked = validator.validate({"store": dict(store)})
    if checked.error_messages:
        raise ConfigurationError(f"{name}: {'; '.join(checked.error_messages)}.", next_step="mend credential_store.")
    return build_store(checked.validated_parameters["store"], issuer)


def read_value(name: str, issuer: type[Issuer], store: t.Mapping[str, t.Any], which: str = "current") -> SecretFields:
    """The published value (C(current)), or the one published before it (C(previous)), which needs rights to the journal.

    :raises NotFound: there is none.
    """
    opened = open_store(name, issuer, store)
    try:
        found = _current(opened) if which == "current" else _previous(opened, name, issuer)
        if found is None:
            raise NotFound(f"{name}: {opened.place} holds no {which} value.", next_step="run the rotate playbook for it first.")
        return found.register(issuer.PUBLIC_FIELDS)
    finally:
        opened.close()


def _current(store: Store) -> SecretFields | None:
    published = store.read_published()
    return published.fields if published else None


def _previous(store: Store, name: str, issuer: type[Issuer]) -> SecretFields | None:
    journal = journal_in(store, name, issuer)
    return journal.previous.fields if journal and journal.previous else None
