# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A YAML file encrypted with ansible-vault as a store, on the controller.

Published: fields of the file C(path). Journal: C(path.journal), encrypted with the same password, readable by its owner only.
Writers hold a lock on C(path.lock) and replace a file as a whole, so readers need none. For one machine: the lock is not seen
by other machines, and NFS is as good as its locks are.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
import typing as t

from ansible.module_utils.common.parameters import env_fallback

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.ansible_vault import AnsibleVault
from ansible_collections.locksmith.rotation.plugins.module_utils.clients.local_file import flush_directory, replace_file
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import (
    ROTATED_AT,
    Journalled,
    Published,
    Store,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

#: Bytes. Ansible reads such a file into memory as a whole, encrypted as four times as many.
_LARGEST = 1048576
#: Seconds.
_LOCK_WITHIN = 30.0
_POLL = 0.05


class FileStore(Store):
    """One encrypted file. See the module's docstring."""

    TYPE = "file"
    PLACE = "path"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        "path": {"type": "str"},
        "vault_password_file": {"type": "path", "fallback": (env_fallback, ["ANSIBLE_VAULT_PASSWORD_FILE"])},
        "vault_id": {"type": "str"},
    }

    def __init__(self, options: t.Mapping[str, t.Any], field_names: t.Sequence[str], renames: t.Mapping[str, str] | None) -> None:
        super().__init__(field_names, renames)
        path, password_file = options.get("path"), options.get("vault_password_file")
        if not path or not password_file:
            raise errors.ConfigurationError(
                "a store of type file needs store.path and store.vault_password_file.", next_step="give both."
            )
        # A link is followed: it is the file behind it that is replaced.
        self._path = os.path.realpath(os.path.expanduser(str(path)))
        self._journal = self._path + ".journal"
        self._vault = AnsibleVault(str(password_file), options.get("vault_id"))
        self._clock = SystemClock()

    @classmethod
    def create(
        cls, options: t.Mapping[str, t.Any], field_names: t.Sequence[str], renames: t.Mapping[str, str] | None
    ) -> FileStore:
        return cls(options, field_names, renames)

    @property
    def place(self) -> str:
        return f"file {self._path}"

    def read_journal(self) -> Journalled | None:
        content = self._read(self._journal)
        if content is None:
            return None
        try:
            return Journalled(str(content["journal"]), str(int(content["revision"])))
        except (KeyError, TypeError, ValueError):
            raise errors.JournalError(
                f"{self._journal} is not a journal.", next_step="restore it from a backup, or move it away to start afresh."
            ) from None

    def write_journal(self, text: str, expected: str | None) -> str:
        with self._locked():
            found = self.read_journal()
            if (None if found is None else found.revision) != expected:
                raise errors.Conflict(f"the journal of {self.place} was written by somebody else.", next_step="run again.")
            revision = int(expected or 0) + 1
            self._write(self._journal, {"revision": revision, "journal": text})
        return str(revision)

    def read_published(self) -> Published | None:
        content = self._read(self._path) or {}
        found = self.inward(content)
        if not found:
            return None
        rotated_at = content.get(ROTATED_AT)
        return Published(found, _fingerprint(content), None if rotated_at is None else str(rotated_at))

    def check_publishable(self, sizes: t.Mapping[str, int]) -> None:
        directory = os.path.dirname(self._path)
        if not os.access(directory, os.W_OK | os.X_OK):
            raise errors.Denied(
                f"{directory} does not exist or this user may not write to it.", next_step="create it, or run as its owner."
            )
        self._read(self._journal)
        content = self._read(self._path) or {}
        ours = set(self.outward(dict.fromkeys(sizes, "")))
        kept = {name: value for name, value in content.items() if name not in ours}
        self._check_size(len(self._vault.dump(kept)) + sum(sizes.values()))
        # The password must be there even if no file is yet.
        self._vault.encrypt(b"")

    def publish(self, fields: SecretFields, rotated_at: str, expected: str | None) -> str:
        ours = {**self.outward(fields), ROTATED_AT: rotated_at}
        with self._locked():
            content = self._read(self._path) or {}
            self._check_expected(content, expected)
            self._write(self._path, {**content, **ours})
            found = self._read(self._path) or {}
        if any(found.get(name) != value for name, value in ours.items()):
            raise errors.Conflict(f"{self.place} was written by somebody else right after us.", next_step="run again.")
        return _fingerprint(found)

    def remove(self, expected: str) -> None:
        with self._locked():
            self._check_expected(self._read(self._path) or {}, expected)
            try:
                os.unlink(self._path)
            except OSError as problem:
                raise errors.Denied(
                    f"{self._path} cannot be removed: {problem.strerror}.", next_step="check its directory's permissions."
                ) from None
        flush_directory(os.path.dirname(self._path))

    def _check_expected(self, content: t.Mapping[str, t.Any], expected: str | None) -> None:
        """C(expected=None) means that none of our fields are there, whatever others are."""
        fresh = not self.inward(content) if expected is None else _fingerprint(content) == expected
        if not fresh:
            raise errors.Conflict(f"{self.place} was written by somebody else in between.", next_step="run again.")

    def _read(self, path: str) -> dict[str, t.Any] | None:
        try:
            with open(path, "rb") as file:
                _refuse_if_others_write(os.fstat(file.fileno()), path)
                content = file.read()
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise errors.Denied(f"{path} cannot be read: {problem.strerror}.", next_step="check its permissions.") from None
        return self._vault.load(self._vault.decrypt(content, path), path)

    def _write(self, path: str, content: t.Mapping[str, t.Any]) -> None:
        plain = self._vault.dump(content)
        self._check_size(len(plain))
        try:
            # An existing file keeps its owner and mode; a new one gets 0600.
            replace_file(path, self._vault.encrypt(plain), lambda handle: _take_over(handle, path, path == self._journal))
        except OSError as problem:
            raise errors.Denied(
                f"{path} cannot be written: {problem.strerror}.", next_step="check its directory's permissions and free space."
            ) from None

    def _check_size(self, size: int) -> None:
        if size > _LARGEST:
            raise errors.QuotaExceeded(
                f"{self.place} would have {size} bytes, more than {_LARGEST}.", next_step="remove what does not belong there."
            )

    @contextlib.contextmanager
    def _locked(self) -> t.Iterator[None]:
        path = self._path + ".lock"
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as problem:
            raise errors.Denied(f"{path} cannot be opened: {problem.strerror}.", next_step="check its directory.") from None
        try:
            self._wait_for(lock, path)
            yield
        finally:
            os.close(lock)

    def _wait_for(self, lock: int, path: str) -> None:
        give_up_at = self._clock.monotonic() + _LOCK_WITHIN
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if self._clock.monotonic() > give_up_at:
                    raise errors.Unreachable(f"another run holds {path}.", next_step="the next run tries again.") from None
            self._clock.sleep(_POLL)


def _refuse_if_others_write(found: os.stat_result, path: str) -> None:
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise errors.Rejected(f"{path} can be written by others than its owner.", next_step=f"chmod go-w {path}.")


def _take_over(handle: int, path: str, private: bool) -> None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return
    if (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
        os.fchown(handle, found.st_uid, found.st_gid)
    os.fchmod(handle, 0o600 if private else stat.S_IMODE(found.st_mode))


def _fingerprint(content: t.Mapping[str, t.Any]) -> str:
    return SecretFields({str(name): json.dumps(value, default=str) for name, value in content.items()}).fingerprint()
