# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two versions of Vault's KV engine behind one small interface. Called by P(VaultStore) only.

Version 2 compares and sets by itself. Version 1 does not, so a claim is taken there, after Fischer's mutual exclusion: write
the claim, wait longer than a write of somebody else can be on its way, and read back that it is still one's own.
"""

from __future__ import annotations

import abc
import contextlib
import dataclasses
import random
import secrets
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.vault import Answer, VaultClient
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

_CAS_MISMATCH = "check-and-set parameter did not match"
_WRONG_PATH = "Invalid path for a versioned K/V secrets engine"
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

    def journal_fields(self, text: str) -> dict[str, str]:
        """What is stored as journal."""
        return {"journal": text}

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


class Kv1(KeyValue):
    """Version 1. The revision is a fingerprint of the fields; see the module's docstring about the claim.

    Holds as long as one write takes less than C(SETTLE) to arrive, or whoever was slower notices it (a slow writer waits
    C(LEASE) and claims anew), and whoever has the claim finishes within C(LEASE).
    """

    #: Seconds.
    SETTLE = 1.0
    LEASE = 30.0
    GIVE_UP = 90.0
    #: The first pause between two looks at somebody else's claim, and the longest.
    _POLL, _LONGEST_POLL = 0.2, 1.0

    def __init__(self, client: VaultClient, mount: str, prefix: str, clock: Clock) -> None:
        super().__init__(client, mount)
        self._prefix = prefix
        self._clock = clock

    def api_path(self, path: str) -> str:
        return f"{self._mount}/{path}"

    def rights_at(self, published: str, journal: str) -> dict[str, tuple[str, ...]]:
        rights = {self.api_path(path): self.RIGHTS for path in (published, journal)}
        return {**rights, self.api_path(self._claim_path(journal)): (*self.RIGHTS, "delete")}

    def journal_fields(self, text: str) -> dict[str, str]:
        # The same text written twice is two revisions.
        return {"journal": text, "revision": secrets.token_hex(8)}

    def read(self, path: str) -> Entry:
        fields = self._read(path)
        return Entry(fields, NEVER if fields is None else _fingerprint(fields))

    def replace(self, path: str, journal: str, revision: str, fields: t.Mapping[str, t.Any]) -> str:
        def check() -> None:
            if self.read(path).revision != revision:
                raise self._conflict(path)

        with self._claimed(self._claim_path(journal), check) as until:
            check()
            if self._clock.monotonic() > until:
                raise errors.Unreachable(
                    f"Vault answers too slowly to write {self._mount}/{path} safely.", next_step="the next run tries again."
                )
            self._write(path, fields)
            found = self.read(path)
        if found.fields != dict(fields):
            raise self._conflict(path)
        return found.revision

    def remove(self, path: str, journal: str, revision: str) -> None:
        def check() -> None:
            if self.read(path).revision != revision:
                raise self._conflict(path)

        with self._claimed(self._claim_path(journal), check):
            check()
            self._client.request("delete", self.api_path(path), doing=f"delete {self._mount}/{path}")

    def _claim_path(self, journal: str) -> str:
        return f"{self._prefix}/.claims/{journal[len(self._prefix) + 1 :]}"

    @contextlib.contextmanager
    def _claimed(self, path: str, check: t.Callable[[], None]) -> t.Iterator[float]:
        """Hold the claim; gives the monotonic time until which a write may begin."""
        owner = secrets.token_hex(16)
        self._claim(path, owner, check)
        try:
            yield self._clock.monotonic() + self.LEASE / 3
        finally:
            with contextlib.suppress(errors.ExternalError):  # an abandoned claim runs out by itself
                if self._holder(path) == owner:
                    self._client.request("delete", self.api_path(path), doing=f"give up the claim {self._mount}/{path}")

    def _claim(self, path: str, owner: str, check: t.Callable[[], None]) -> None:
        """Wait for the claim. One that has not changed for C(LEASE) on our own clock belongs to a run that was killed."""
        began = seen_at = self._clock.monotonic()
        pause, seen = self._POLL, t.cast("dict[str, t.Any] | None", None)
        while self._clock.monotonic() - began < self.GIVE_UP:
            looked_at = self._clock.monotonic()
            claim = self._read(path)
            holder = _owner(claim)
            if holder in (None, owner) or (claim == seen and looked_at - seen_at > self.LEASE):
                if self._settled(path, owner, looked_at):
                    return
                continue
            if claim != seen:
                seen, seen_at = claim, looked_at
            check()
            self._clock.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(1.5 * pause, self._LONGEST_POLL)
        raise errors.Unreachable(f"other runs hold the claim vault {self._mount}/{path}.", next_step="the next run tries again.")

    def _settled(self, path: str, owner: str, looked_at: float) -> bool:
        """Claim what was free at C(looked_at). A claim that arrived late may have overwritten that of a run at work: it
        stands for as long as that run may need, and is no more than a reason for others to wait."""
        self._write(path, {"owner": owner, "number": secrets.token_hex(4)})
        late = self._clock.monotonic() - looked_at >= self.SETTLE
        self._clock.sleep(self.LEASE if late else self.SETTLE)
        return not late and self._holder(path) == owner

    def _holder(self, path: str) -> str | None:
        return _owner(self._read(path))

    def _read(self, path: str) -> dict[str, t.Any] | None:
        answer = self._client.request("get", self.api_path(path), doing=f"read {self._mount}/{path}", tolerated=(404,))
        if _WRONG_PATH in answer.complaints:
            raise self._wrong_version(1)
        if answer.status != 404 and not isinstance(answer.body.get("data"), dict):
            raise self._wrong_version(1)
        return None if answer.status == 404 else answer.data

    def _write(self, path: str, fields: t.Mapping[str, t.Any]) -> None:
        answer = self._client.request("post", self.api_path(path), fields, doing=f"write {self._mount}/{path}", tolerated=(404,))
        if answer.status == 404:
            raise self._wrong_version(1)


def _owner(claim: t.Mapping[str, t.Any] | None) -> str | None:
    return None if claim is None else str(claim.get("owner"))


def _fingerprint(fields: t.Mapping[str, t.Any]) -> str:
    return SecretFields({name: repr(value) for name, value in fields.items()}).fingerprint()
