# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vault's KV engine behind one small interface, and its version 2, which compares and sets by itself.

Version 1 does not, and has a file of its own. Called by P(VaultStore) only.
"""

from __future__ import annotations

import abc
import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.vault import Answer, VaultClient
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors

_CAS_MISMATCH = "check-and-set parameter did not match"
#: Revision of what has never existed.
NEVER = "0"
#: Versions destroyed with one that is removed: more than Vault keeps unless told otherwise (10).
_DESTROYED_AT_ONCE = 20


@dataclasses.dataclass(frozen=True)
class Entry:
    """A secret as it stands: its fields, None if there is none or its newest version is deleted, and its revision."""

    fields: dict[str, t.Any] | None = dataclasses.field(repr=False)
    revision: str


class KeyValue(abc.ABC):
    """One mounted KV engine."""

    #: Rights needed on what P(rights_at) names.
    RIGHTS = ("create", "read", "update")

    def __init__(self, client: VaultClient, mount: str) -> None:
        self._client = client
        self._mount = mount

    @abc.abstractmethod
    def api_path(self, path: str) -> str:
        """Where the API, and so a policy, has the secret."""

    @abc.abstractmethod
    def rights_at(self, published: str, journal: str) -> dict[str, tuple[str, ...]]:
        """API path to the rights needed there."""

    @abc.abstractmethod
    def read(self, path: str) -> Entry:
        """The newest version."""

    @abc.abstractmethod
    def replace(self, path: str, journal: str, revision: str, fields: t.Mapping[str, t.Any]) -> str:
        """Put C(fields) in the place of C(revision); the new revision.

        :arg journal: path of the credential's journal, which is also what a claim is named after.
        :raises Conflict: it is no longer at C(revision).
        """

    @abc.abstractmethod
    def remove(self, path: str, journal: str, revision: str) -> None:
        """Remove the secret at C(revision) for good.

        :raises Conflict: it is no longer at C(revision).
        """

    def read_journal(self, journal: str) -> Entry:
        """The newest revision of a journal."""
        return self.read(journal)

    def replace_journal(self, journal: str, revision: str, fields: t.Mapping[str, t.Any]) -> str:
        """Put C(fields) in the place of C(revision) of a journal; the new revision.

        :raises Conflict: it is no longer at C(revision).
        """
        return self.replace(journal, journal, revision, fields)

    def _conflict(self, path: str) -> errors.Conflict:
        return errors.Conflict(f"vault {self._mount}/{path} was written by somebody else in between.", next_step="run again.")

    def _wrong_version(self, version: int) -> errors.ConfigurationError:
        return errors.ConfigurationError(
            f"what answers at the mount {self._mount} is not a KV engine of version {version}.",
            next_step="check store.kv_version, or leave it out, and check store.url.",
        )


class Kv2(KeyValue):
    """Version 2. The revision is the version number; a soft-deleted version counts, though it has no fields."""

    def api_path(self, path: str) -> str:
        return f"{self._mount}/data/{path}"

    def rights_at(self, published: str, journal: str) -> dict[str, tuple[str, ...]]:
        return {self.api_path(path): self.RIGHTS for path in (published, journal)}

    def read(self, path: str) -> Entry:
        answer = self._client.request("get", self.api_path(path), doing=f"read {self._mount}/{path}", tolerated=(404,))
        version = (answer.data.get("metadata") or {}).get("version")
        if version is None:  # the 404 of a deleted version has metadata
            if answer.status != 404:
                raise self._wrong_version(2)
            return Entry(None, NEVER)
        fields = answer.data.get("data")
        return Entry(fields if isinstance(fields, dict) else None, str(version))

    def replace(self, path: str, journal: str, revision: str, fields: t.Mapping[str, t.Any]) -> str:
        body = {"options": {"cas": int(revision)}, "data": dict(fields)}
        answer = self._client.request("post", self.api_path(path), body, doing=f"write {self._mount}/{path}", tolerated=(400,))
        if answer.status == 400:
            return self._after_refusal(answer, path, revision, fields)
        if "version" not in answer.data:
            raise self._wrong_version(2)
        return str(answer.data["version"])

    def remove(self, path: str, journal: str, revision: str) -> None:
        """Destroys this version and those before it, so a newer one that somebody writes meanwhile stays."""
        if self.read(path).revision != revision:
            raise self._conflict(path)
        versions = list(range(max(1, int(revision) - _DESTROYED_AT_ONCE + 1), int(revision) + 1))
        doing = f"destroy version {revision} of {self._mount}/{path}"
        self._client.request("post", f"{self._mount}/destroy/{path}", {"versions": versions}, doing=doing)

    def _after_refusal(self, answer: Answer, path: str, revision: str, fields: t.Mapping[str, t.Any]) -> str:
        if _CAS_MISMATCH not in answer.complaints:
            raise errors.Rejected(
                f"Vault refused to write {self._mount}/{path} (HTTP 400).",
                next_step="look into Vault's log; the value may be too large for its storage.",
            )
        if answer.doubtful:  # our own first attempt may be what is in the way
            found = self.read(path)
            if found.fields == dict(fields) and found.revision == str(int(revision) + 1):
                return found.revision
        raise self._conflict(path)
