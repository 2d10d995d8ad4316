# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vault's or OpenBao's KV engine as a store.

Published: the secret itself, written as read, changed, compared and set. Journal: a secret of its own, one field C(journal),
at the same path below C(journal_prefix) (version 1: one a revision, below that path), so that a policy for the published secret
and its siblings does not reach it.
Rights, cost and what version 1 cannot promise: docs/stores.md.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.vault import VAULT_OPTIONS, VaultClient
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import (
    ROTATED_AT,
    Journalled,
    Published,
    Store,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.vault_kv import Entry, KeyValue, Kv2
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.vault_kv1 import Kv1
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint, LeastRights, vault_rights
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

_USUAL_MOUNT = "secret"
_USUAL_PREFIX = "locksmith"
#: Bytes: the max_entry_size of integrated storage, the smallest that is common.
_LARGEST = 1048576
_ROOM_FOR_ROTATED_AT = 64


class VaultStore(Store):
    """One secret of a KV engine, version 1 or 2. See the module's docstring."""

    TYPE = "vault"
    PLACE = "path"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **VAULT_OPTIONS,
        "path": {"type": "str"},
        "engine_mount_point": {"type": "str"},
        "kv_version": {"type": "int", "choices": [1, 2]},
        "journal_prefix": {"type": "str"},
    }

    def __init__(self, options: t.Mapping[str, t.Any], field_names: t.Sequence[str], renames: t.Mapping[str, str] | None) -> None:
        super().__init__(field_names, renames)
        self._mount = _checked_path(options.get("engine_mount_point") or _USUAL_MOUNT, "engine_mount_point")
        self._path = _checked_path(options.get("path"), "path")
        self._prefix = _checked_path(options.get("journal_prefix") or _USUAL_PREFIX, "journal_prefix")
        if f"{self._path}/".startswith(f"{self._prefix}/"):
            raise errors.ConfigurationError(
                f"store.path {self._path} is where journals are kept.",
                next_step="choose another path, or another store.journal_prefix.",
            )
        self._journal = f"{self._prefix}/{self._path}"
        #: Where readers who go there by themselves find it, with P(published_at).
        self.namespace: str | None = options.get("namespace")
        self._forced_version: int | None = options.get("kv_version")
        self._clock = SystemClock()
        self._client = VaultClient(options, self._clock)
        self.url = self._client.url
        self._engine: KeyValue | None = None

    @classmethod
    def create(
        cls, options: t.Mapping[str, t.Any], field_names: t.Sequence[str], renames: t.Mapping[str, str] | None
    ) -> VaultStore:
        return cls(options, field_names, renames)

    @property
    def place(self) -> str:
        return f"vault {self._mount}/{self._path}"

    def published_at(self) -> tuple[str, bool]:
        """Where the API has the published secret, and whether its engine has version 2: for readers who go there by themselves."""
        kv = self._kv()
        return kv.api_path(self._path), isinstance(kv, Kv2)

    def read_journal(self) -> Journalled | None:
        entry = self._kv().read_journal(self._journal)
        if entry.fields is None:
            return None
        text = entry.fields.get("journal")
        if not isinstance(text, str):
            raise errors.JournalError(
                f"vault {self._mount}/{self._journal} is not a journal.",
                next_step="move what is there, or choose another store.journal_prefix.",
            )
        return Journalled(text, entry.revision)

    def write_journal(self, text: str, expected: str | None) -> str:
        kv = self._kv()
        fields = {"journal": text}
        self._check_size(fields, "the journal")
        return kv.replace_journal(self._journal, self._vacancy(kv) if expected is None else expected, fields)

    def read_published(self) -> Published | None:
        entry = self._kv().read(self._path)
        found = self.inward(entry.fields or {})
        if not found:
            return None
        rotated_at = (entry.fields or {}).get(ROTATED_AT)
        return Published(found, entry.revision, None if rotated_at is None else str(rotated_at))

    def check_publishable(self, sizes: t.Mapping[str, int]) -> None:
        kv = self._kv()
        self._client.check_rights(kv.rights_at(self._path, self._journal), "docs/stores.md")
        ours = set(self.outward(dict.fromkeys(sizes, "")))
        kept = {name: value for name, value in (kv.read(self._path).fields or {}).items() if name not in ours}
        self._check_size({**kept, "": " " * (sum(sizes.values()) + _ROOM_FOR_ROTATED_AT)}, "the value")

    def publish(self, fields: SecretFields, rotated_at: str, expected: str | None) -> str:
        kv = self._kv()
        entry = kv.read(self._path)
        self._check_expected(entry, expected)
        ours = {**self.outward(fields), ROTATED_AT: rotated_at}
        wanted = {**(entry.fields or {}), **ours}
        self._check_size(wanted, "the value")
        revision = kv.replace(self._path, self._journal, entry.revision, wanted)
        found = kv.read(self._path).fields or {}
        if any(found.get(name) != value for name, value in ours.items()):
            raise errors.Conflict(f"{self.place} was written by somebody else right after us.", next_step="run again.")
        return revision

    def remove(self, expected: str) -> None:
        self._kv().remove(self._path, self._journal, expected)

    def endpoints(self) -> t.Sequence[Endpoint]:
        return [self._client.endpoint]

    def least_rights(self) -> t.Sequence[LeastRights]:
        """Which paths these are depends on the engine's version, which is asked for."""
        return [vault_rights(self._client.host, self._kv().rights_at(self._path, self._journal))]

    def close(self) -> None:
        self._client.close()

    def _vacancy(self, kv: KeyValue) -> str:
        """The revision of a journal that is not there: never written, or deleted by a person who wants a fresh start."""
        entry = kv.read_journal(self._journal)
        if entry.fields is not None:
            raise errors.Conflict(f"the journal of {self.place} was written by somebody else first.", next_step="run again.")
        return entry.revision

    def _check_expected(self, entry: Entry, expected: str | None) -> None:
        """C(expected=None) means that none of our fields are there, whatever others are."""
        fresh = not self.inward(entry.fields or {}) if expected is None else entry.revision == expected
        if not fresh:
            raise errors.Conflict(f"{self.place} was written by somebody else in between.", next_step="run again.")

    def _kv(self) -> KeyValue:
        if self._engine is None:
            version = self._detected_version()
            if version == 2:
                self._engine = Kv2(self._client, self._mount)
            else:
                self._engine = Kv1(self._client, self._mount, self._prefix, self._clock)
        return self._engine

    def _detected_version(self) -> int:
        doing = f"say which KV version the mount {self._mount} has"
        answer = self._client.request("get", f"sys/internal/ui/mounts/{self._mount}", doing=doing, tolerated=(403,))
        if answer.status == 403:
            if self._forced_version:
                return self._forced_version
            raise errors.Denied(
                f"Vault refused to {doing} (HTTP 403): no such mount, a bad token, or no right under it.",
                next_step="check store.engine_mount_point, store.namespace and the token's policies, or give store.kv_version.",
            )
        kind = answer.data.get("type")
        if kind not in ("kv", "generic"):
            raise errors.ConfigurationError(
                f"the mount {self._mount} is not a KV engine but {kind!r}.", next_step="check store.engine_mount_point."
            )
        version = int((answer.data.get("options") or {}).get("version") or 1)
        if self._forced_version not in (None, version):
            raise errors.ConfigurationError(
                f"store.kv_version is {self._forced_version}, but the KV engine at {self._mount} has version {version}.",
                next_step="correct store.kv_version, or leave it out.",
            )
        return version

    def _check_size(self, fields: t.Mapping[str, t.Any], what: str) -> None:
        size = len(json.dumps(fields, ensure_ascii=False).encode("utf-8"))
        if size > _LARGEST:
            raise errors.QuotaExceeded(
                f"{what} of {self.place} would have {size} bytes; Vault's storage takes {_LARGEST}.",
                next_step="remove what does not belong there.",
            )


def _checked_path(given: t.Any, option: str) -> str:
    path = str(given or "").strip("/")
    if not path or any(part in ("", ".", "..") for part in path.split("/")) or not path.isprintable():
        raise errors.ConfigurationError(f"store.{option} is missing or no path in Vault.", next_step="write it as orders/db.")
    return path
