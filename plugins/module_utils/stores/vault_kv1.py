# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Version 1 of Vault's KV engine, which overwrites blindly. Called by P(VaultStore) only.

Writers exclude each other by a claim, after Fischer's mutual exclusion: write the claim, wait longer than a write of somebody
else can be on its way, and read back that it is still one's own. A writer that is suspended with the claim in its hand, for
longer than others respect it, can still write an age too late. Nothing keeps that from the published secret, but it cannot touch
the journal: each of its revisions has a name of its own, the newest name counts, and a late one is not the newest.
"""

from __future__ import annotations

import contextlib
import functools
import random
import re
import secrets
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.vault import VaultClient
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.revisions import superfluous
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.vault_kv import NEVER, Entry, KeyValue
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

_WRONG_PATH = "Invalid path for a versioned K/V secrets engine"
#: Number, when its writing began (seconds since 1970), and a mark: by name, the newest sorts last. Of two with one number the
#: one begun later is the one whose writer did not sleep.
_REVISION = re.compile(r"^(\d{8})-\d{10}-[0-9a-f]{16}$")


class Kv1(KeyValue):
    """The revision of a secret is a fingerprint of its fields, that of a journal its newest name; see the module's docstring.

    The claim holds as long as one write takes less than C(SETTLE) to arrive, or whoever was slower notices it (a slow writer
    waits C(LEASE) and claims anew), and whoever has the claim finishes within C(LEASE).
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
        return {
            self.api_path(published): self.RIGHTS,
            self.api_path(f"{journal}/*"): (*self.RIGHTS, "delete", "list"),
            self.api_path(self._claim_path(journal)): (*self.RIGHTS, "delete"),
        }

    def read(self, path: str) -> Entry:
        fields = self._read(path)
        return Entry(fields, NEVER if fields is None else _fingerprint(fields))

    def replace(self, path: str, journal: str, revision: str, fields: t.Mapping[str, t.Any]) -> str:
        check = functools.partial(self._check, path, revision)
        with self._claimed(self._claim_path(journal), check) as until:
            check()
            self._write_before(until, path, fields)
            found = self.read(path)
        if found.fields != dict(fields):
            raise self._conflict(path)
        return found.revision

    def remove(self, path: str, journal: str, revision: str) -> None:
        check = functools.partial(self._check, path, revision)
        with self._claimed(self._claim_path(journal), check):
            check()
            self._delete(path)

    def read_journal(self, journal: str) -> Entry:
        names = self._revisions(journal)
        if not names:
            return Entry(None, NEVER)
        fields = self._read(f"{journal}/{names[-1]}")
        if fields is None:  # several newer ones have been written since the list was
            raise self._conflict(journal)
        return Entry(fields, names[-1])

    def replace_journal(self, journal: str, revision: str, fields: t.Mapping[str, t.Any]) -> str:
        check = functools.partial(self._check_journal, journal, revision)
        with self._claimed(self._claim_path(journal), check) as until:
            # Named before anything is compared: whoever sleeps from here on has a name older than those written meanwhile.
            name = f"{int(revision[:8]) + 1:08d}-{int(self._clock.now()):010d}-{secrets.token_hex(8)}"
            check()
            self._write_before(until, f"{journal}/{name}", fields)
            names = self._revisions(journal)
        if names[-1:] != [name]:
            self._forget(journal, [name])
            raise self._conflict(journal)
        self._forget(journal, superfluous(names))
        return name

    def _check(self, path: str, revision: str) -> None:
        if self.read(path).revision != revision:
            raise self._conflict(path)

    def _check_journal(self, journal: str, revision: str) -> None:
        if (self._revisions(journal) or [NEVER])[-1] != revision:
            raise self._conflict(journal)

    def _revisions(self, journal: str) -> list[str]:
        """The names of a journal's revisions, the newest last. Journals of other secrets may lie beside them."""
        answer = self._request("list", f"{journal}/", f"list the journal {self._mount}/{journal}")
        return sorted(name for name in answer.get("keys") or [] if _REVISION.match(str(name)))

    def _forget(self, journal: str, names: t.Sequence[str]) -> None:
        """Best effort: what is left is deleted after a later write."""
        with contextlib.suppress(errors.ExternalError):
            for name in names:
                self._delete(f"{journal}/{name}")

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
                    self._delete(path)

    def _claim(self, path: str, owner: str, check: t.Callable[[], None]) -> None:
        """Wait for the claim. One that has not changed for C(LEASE) on our own clock belongs to a run that was killed."""
        began = seen_at = self._clock.monotonic()
        pause, seen = self._POLL, t.cast("dict[str, t.Any] | None", None)
        while self._clock.monotonic() - began < self.GIVE_UP:
            looked_at = self._clock.monotonic()
            claim = self._read(path)
            if claim != seen:  # somebody began or ended, and may have written
                seen, seen_at = claim, looked_at
                check()
            if _owner(claim) in (None, owner) or looked_at - seen_at > self.LEASE:
                if self._settled(path, owner, looked_at):
                    return
                continue
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

    def _write_before(self, until: float, path: str, fields: t.Mapping[str, t.Any]) -> None:
        if self._clock.monotonic() > until:
            raise errors.Unreachable(
                f"Vault answers too slowly to write {self._mount}/{path} safely.", next_step="the next run tries again."
            )
        self._write(path, fields)

    def _read(self, path: str) -> dict[str, t.Any] | None:
        return self._request("get", path, f"read {self._mount}/{path}") or None

    def _request(self, method: str, path: str, doing: str) -> dict[str, t.Any]:
        """What Vault has there; nothing if there is nothing."""
        answer = self._client.request(method, self.api_path(path), doing=doing, tolerated=(404,))
        if _WRONG_PATH in answer.complaints:
            raise self._wrong_version(1)
        if answer.status != 404 and not isinstance(answer.body.get("data"), dict):
            raise self._wrong_version(1)
        return {} if answer.status == 404 else answer.data

    def _write(self, path: str, fields: t.Mapping[str, t.Any]) -> None:
        answer = self._client.request("post", self.api_path(path), fields, doing=f"write {self._mount}/{path}", tolerated=(404,))
        if answer.status == 404:
            raise self._wrong_version(1)

    def _delete(self, path: str) -> None:
        self._client.request("delete", self.api_path(path), doing=f"delete {self._mount}/{path}")


def _owner(claim: t.Mapping[str, t.Any] | None) -> str | None:
    return None if claim is None else str(claim.get("owner"))


def _fingerprint(fields: t.Mapping[str, t.Any]) -> str:
    return SecretFields({name: repr(value) for name, value in fields.items()}).fingerprint()
