# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which version of each credential a host should have, and its value when it is needed. Controller only.

Called by the action plugin that deploys. Values are read at most once a task, and not at all when no host needs them.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import field_names, renamed
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.values import read_value
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, LocksmithError, NotFound
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.plugins.plugin_utils.catalogue_files import CatalogueFiles
from ansible_collections.locksmith.rotation.plugins.plugin_utils.issuers import issuer_class
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text
from ansible_collections.locksmith.rotation.plugins.plugin_utils.run_facts import resting, result_of

Entry = t.Mapping[str, t.Any]
#: What a rotation can do that gives hosts another version.
_NEW_VERSION = ("created", "rotated", "resumed", "rolled_back")


class Values:
    """:arg version: C(current) or C(previous). C(elsewhere): credentials that the inventory lacks."""

    def __init__(self, version: str, variables: t.Mapping[str, t.Any], elsewhere: CatalogueFiles | None = None) -> None:
        self._version = version
        self._elsewhere = elsewhere
        self._hostvars = variables.get("hostvars") or {}
        self._at_rest = resting(variables)
        self._read: dict[str, SecretFields] = {}

    def fingerprint(self, entry: Entry) -> str:
        """Of the version that the host should have: as the run that rotated it said, or as the store has it.

        :raises LocksmithError: the store does not say.
        """
        if self._version == "current" and entry["credential"] not in self._read:
            told = self._told(entry)
            if told:
                return told
        return self.value(entry).fingerprint()

    def is_foretold(self, entry: Entry) -> bool:
        """In check mode: would the run have published another version by now, which does not exist?"""
        if entry["store"] or entry["credential"] not in self._hostvars:
            return False
        result = self._result(entry["credential"])
        return bool(result.get("changed")) and plain_text(result.get("action") or "") in _NEW_VERSION

    def value(self, entry: Entry) -> SecretFields:
        """The value, from the store."""
        name = entry["credential"]
        if name not in self._read:
            self._refuse_dead(entry)
            self._read[name] = self._fetch(entry)
        return self._read[name]

    def written(self, entry: Entry) -> dict[str, str]:
        """Name in the file to value.

        :raises ConfigurationError: the entry names a field that the credential does not have.
        """
        value = self.value(entry)
        names = field_names(entry)
        if names is None:
            return value.reveal()
        return renamed(entry["credential"], names, value)

    def _refuse_dead(self, entry: Entry) -> None:
        """No host goes back to a version that its issuer stopped accepting when the next one came."""
        if self._version != "previous" or entry["store"] or entry["credential"] not in self._hostvars:
            return
        result = self._result(entry["credential"])
        if result.get("overlap") is False:
            raise NotFound(
                f"{entry['credential']}: the issuer keeps one version at a time, the previous one does not log in any more."
            )

    def _result(self, name: str) -> dict[str, t.Any]:
        return result_of(name, self._hostvars[name], self._at_rest)

    def _told(self, entry: Entry) -> str:
        if entry["store"] or entry["credential"] not in self._hostvars:
            return ""
        result = self._result(entry["credential"])
        return plain_text(result.get("fingerprint") or "")

    def _fetch(self, entry: Entry) -> SecretFields:
        name = entry["credential"]
        kind, store = entry["type"], entry["store"]
        if not store:
            kind, store = self._looked_up(name)
        if not kind or not store:
            raise ConfigurationError(
                f"{name} has no credential_type or no credential_store.", next_step="write both in its host_vars."
            )
        return self._checked(name, plain_text(kind), store)

    def _looked_up(self, name: str) -> tuple[t.Any, t.Any]:
        """Type and store, from the catalogue.

        :raises ConfigurationError: it does not have it.
        """
        if name in self._hostvars:
            found = self._hostvars[name]
            return found.get("credential_type"), plain(found.get("credential_store"))
        told = self._elsewhere.kind_and_store(name) if self._elsewhere else None
        if told is None:
            raise ConfigurationError(
                f"{name} is no host of the inventory, so nobody knows its store.",
                next_step="pass the catalogue with -i, or write type and store in the entry.",
            )
        return told

    def _checked(self, name: str, kind: str, store: t.Mapping[str, t.Any]) -> SecretFields:
        try:
            return read_value(name, issuer_class(kind), store, self._version)
        except NotFound as error:
            raise NotFound(f"{name}: there is no {self._version} version.", next_step=error.next_step) from None
        except LocksmithError:
            raise
        except Exception as error:  # a client's own error may repeat what it sent
            raise ConfigurationError(f"{name}: its store cannot be read ({type(error).__name__}).") from None
