# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read and replace a file on the host such that its content is never readable by more people than it should be.

Called by the marker and by the module that writes a credential's file.
"""

from __future__ import annotations

import dataclasses
import errno
import glob
import grp
import os
import pwd
import stat
import tempfile
import time
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, Rejected

#: Seconds after which a temporary or staged file is a killed run's.
LEFTOVER_AGE = 60
_TEMPORARY = ".locksmith-"


class SelinuxModule(t.Protocol):
    """What of AnsibleModule is needed here."""

    def selinux_enabled(self) -> bool:
        """As AnsibleModule does."""
        raise AssertionError("a protocol")  # pragma: no cover

    def selinux_context(self, path: str) -> list[t.Any]:
        """As AnsibleModule does."""
        raise AssertionError("a protocol")  # pragma: no cover

    def selinux_default_context(self, path: str, mode: int = 0) -> list[t.Any]:
        """As AnsibleModule does."""
        raise AssertionError("a protocol")  # pragma: no cover

    def set_context_if_different(self, path: str, context: list[t.Any], changed: bool) -> bool:
        """As AnsibleModule does."""
        raise AssertionError("a protocol")  # pragma: no cover


@dataclasses.dataclass(frozen=True)
class Attributes:
    """Who may read a file. C(uid) and C(gid) None: as the file has them, or as a new file gets them."""

    mode: int
    uid: int | None = None
    gid: int | None = None


def attributes_of(mode: int, owner: str | None, group: str | None) -> Attributes:
    """Names to numbers.

    :raises ConfigurationError: no such user or group on this host.
    """
    try:
        uid = None if not owner else int(owner) if owner.isdecimal() else pwd.getpwnam(owner).pw_uid
        gid = None if not group else int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid
    except KeyError:
        raise ConfigurationError(
            f"Owner {owner or '-'} or group {group or '-'} does not exist on this host.",
            next_step="create it before the credential.",
        ) from None
    return Attributes(mode, uid, gid)


def check_place(path: str) -> None:
    """Refuse places where somebody else could swap the file or read it.

    :raises Rejected: a symlink, not a regular file, no such directory, or a directory that everybody may rename in.
    """
    directory = os.path.dirname(path)
    try:
        parent = os.stat(directory)
    except OSError:
        raise Rejected(f"The directory {directory} does not exist or cannot be entered.", next_step="create it first.") from None
    if parent.st_mode & stat.S_IWOTH and not parent.st_mode & stat.S_ISVTX:
        raise Rejected(
            f"Everybody may replace files in {directory}.",
            next_step=f"take the right to write from others: chmod o-w {directory}.",
        )
    if os.path.islink(path):
        raise Rejected(
            f"{path} is a symbolic link to {os.path.realpath(path)}.", next_step="name the file that it leads to as dest."
        )
    if os.path.lexists(path) and not os.path.isfile(path):
        raise Rejected(f"{path} is not a regular file.", next_step="choose another dest.")


def read_text(path: str) -> str | None:
    """The file's text, every byte kept; None if there is no file."""
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "surrogateescape")
    except OSError as error:
        if error.errno == errno.ENOENT:
            return None
        raise Rejected(f"{path} cannot be read: {os.strerror(error.errno or 0)}.", next_step="run as a user who may.") from None


def differs(path: str, wanted: Attributes) -> bool:
    """Whether mode or ownership is another than wanted."""
    found = os.stat(path)
    return (
        stat.S_IMODE(found.st_mode) != wanted.mode
        or (wanted.uid is not None and found.st_uid != wanted.uid)
        or (wanted.gid is not None and found.st_gid != wanted.gid)
    )


def replace(module: SelinuxModule, path: str, text: str, wanted: Attributes) -> None:
    """Put C(text) in C(path) in one step: readers see the old file or the new one, and so does a host that loses power.

    The temporary file is 0600 before it has content, and has the final owner, mode and SELinux context before it is renamed.

    :raises Rejected: the system refused; the old file is untouched.
    """
    directory, base = os.path.split(path)
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{base}{_TEMPORARY}", dir=directory)
    except OSError as error:
        raise _refused(path, error) from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
            file.flush()
            _own(file.fileno(), path, wanted)
            os.fsync(file.fileno())
        _label(module, temporary, path)
        os.rename(temporary, path)
    except OSError as error:
        raise _refused(path, error) from None
    finally:
        remove(temporary)
    _sync_directory(directory)


def put(module: SelinuxModule, path: str, text: str, wanted: Attributes) -> bool:
    """Put C(text) in C(path) as P(replace) does, if it is not there already; whether it was not."""
    if read_text(path) == text and not differs(path, wanted):
        return False
    replace(module, path, text, wanted)
    return True


def remove(path: str) -> None:
    """Delete C(path) if it is there."""
    try:
        os.unlink(path)
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise Rejected(f"{path} holds a credential and cannot be deleted.", next_step="delete it by hand.") from None


def sweep(pattern: str) -> None:
    """Delete what a killed run left behind. C(pattern): a glob pattern, escaped by the caller."""
    for path in glob.glob(pattern):
        try:
            if time.time() - os.lstat(path).st_mtime > LEFTOVER_AGE:
                os.unlink(path)
        except OSError:  # somebody else swept it
            continue


def sweep_beside(path: str) -> None:
    """Delete the temporary files that killed runs left beside C(path)."""
    directory, base = os.path.split(path)
    sweep(os.path.join(glob.escape(directory), "." + glob.escape(base) + _TEMPORARY + "*"))


def _own(descriptor: int, path: str, wanted: Attributes) -> None:
    kept = os.stat(path) if os.path.exists(path) else None
    uid = wanted.uid if wanted.uid is not None else kept.st_uid if kept else -1
    gid = wanted.gid if wanted.gid is not None else kept.st_gid if kept else -1
    now = os.fstat(descriptor)
    if uid not in (-1, now.st_uid) or gid not in (-1, now.st_gid):
        os.fchown(descriptor, uid, gid)
    os.fchmod(descriptor, wanted.mode)


def _label(module: SelinuxModule, temporary: str, path: str) -> None:
    if module.selinux_enabled():
        known = os.path.exists(path)
        context = module.selinux_context(path) if known else module.selinux_default_context(path, stat.S_IFREG)
        module.set_context_if_different(temporary, context, False)


def _sync_directory(directory: str) -> None:
    try:
        descriptor = os.open(directory, os.O_RDONLY)
    except OSError:  # not readable for us: the rename is done all the same
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refused(path: str, error: OSError) -> Rejected:
    return Rejected(
        f"{path} cannot be written: {os.strerror(error.errno or 0)}.",
        next_step="look at the room, the rights and the mount options of its directory, then run again.",
    )
