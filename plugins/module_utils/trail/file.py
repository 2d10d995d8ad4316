# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The trail as a file: appended to under a lock, in one write that is flushed to the disk, and never changed otherwise.

It is opened for appending only, so that C(chattr +a) may forbid everything else. What a power cut leaves unfinished stays
where it is; the next run ends that line and owns up to it in an entry of its own. Called by P(trail.record).
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.local_file import flush_directory
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, Denied, Unreachable

#: Seconds.
_LOCK_WITHIN = 30.0
_POLL = 0.05
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


class TrailFile:
    """An open trail. Use P(opened) and P(read_file)."""

    def __init__(self, path: str, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def read(self) -> bytes:
        """All of it."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        pieces = iter(lambda: os.read(self._descriptor, 1 << 20), b"")
        return b"".join(pieces)

    def append(self, data: bytes) -> None:
        """Add C(data) at the end and have it on the disk before this returns.

        :raises Denied: the disk is full, or did not take all of it. What was written stays, as an unfinished line.
        """
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
            os.fsync(self._descriptor)
        except OSError as problem:
            raise _refused(self._path, "appended to", problem) from None


@contextlib.contextmanager
def opened(path: str, mode: int) -> t.Iterator[TrailFile]:
    """The trail at C(path), locked, made with C(mode) where there is none.

    :raises ConfigurationError: it is no regular file, or others may write to it.
    :raises Denied: it cannot be opened.
    :raises Unreachable: another run holds the lock for too long.
    """
    is_new = not os.path.lexists(path)
    descriptor = _open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, mode)
    try:
        if is_new:
            flush_directory(os.path.dirname(os.path.abspath(path)))
        _lock(descriptor, path)
        _check(descriptor, path)
        yield TrailFile(path, descriptor)
    finally:
        os.close(descriptor)


def read_file(path: str) -> bytes:
    """The trail at C(path), not while somebody appends to it.

    :raises Denied: it cannot be read, or does not exist.
    """
    descriptor = _open(path, os.O_RDONLY, 0)
    try:
        _check_kind(descriptor, path)
        with contextlib.suppress(PermissionError):
            _lock(descriptor, path, fcntl.LOCK_SH)
        return TrailFile(path, descriptor).read()
    finally:
        os.close(descriptor)


def _open(path: str, flags: int, mode: int) -> int:
    try:
        return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, mode)
    except OSError as problem:
        if problem.errno == errno.ELOOP:
            raise ConfigurationError(f"{path} is a link.", next_step="name the file itself; nothing was written.") from None
        raise _refused(path, "opened", problem) from None
    except ValueError:
        raise ConfigurationError(f"{path!r} is no path.", next_step="name a file.") from None


def _refused(path: str, done: str, problem: OSError) -> Denied:
    return Denied(
        f"the audit trail {path} cannot be {done}: {problem.strerror}.",
        next_step="mend that and run again: the next run records what this one could not, as long as the journals have it.",
    )


def _lock(descriptor: int, path: str, kind: int = fcntl.LOCK_EX) -> None:
    deadline = time.monotonic() + _LOCK_WITHIN
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Unreachable(
                    f"the audit trail {path} was locked by another process for {_LOCK_WITHIN:.0f} s.",
                    next_step="see who holds it; the next run records what this one could not.",
                ) from None
            time.sleep(_POLL)


def _check_kind(descriptor: int, path: str) -> None:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise ConfigurationError(f"{path} is not a regular file.", next_step="name a file on a local disk.")


def _check(descriptor: int, path: str) -> None:
    _check_kind(descriptor, path)
    if os.fstat(descriptor).st_mode & _OTHERS_MAY_WRITE:
        raise ConfigurationError(
            f"{path} may be written by its group or by others, so it proves nothing.",
            next_step="take that right away (chmod go-w) and look into who had it.",
        )
