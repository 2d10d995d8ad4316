# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replace a file of this machine in one step: whoever reads it sees the old one or the new one, never a half, also after a power cut."""

from __future__ import annotations

import contextlib
import os
import tempfile
import typing as t


def replace_file(path: str, content: bytes, settle: t.Callable[[int], None] | None = None) -> None:
    """Write beside it, flush to the disk, rename over it.

    :arg settle: gives the new file, by its descriptor, its owner and mode. Without it nobody but its owner may read it.
    :raises OSError: it is as it was, and nothing is left beside it.
    """
    directory = os.path.dirname(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(prefix=f".{os.path.basename(path)}.", dir=directory)
    try:
        with os.fdopen(handle, "wb") as file:
            if settle is not None:
                settle(file.fileno())
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    flush_directory(directory)


def flush_directory(path: str) -> None:
    """A new file's name survives a power cut only when its directory is on the disk too. :raises OSError:"""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
