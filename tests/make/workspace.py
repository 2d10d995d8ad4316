# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the collection at a path that Ansible's tools accept, one for each ansible-core.

ansible-test refuses any path but C(…/ansible_collections/NAMESPACE/NAME), and a link does not help; C(collections) above it
is what the other tools look for. The copy holds what git would commit and nothing else.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess

from . import places

_KEPT = {".git", ".ansible", ".mypy_cache", ".ruff_cache", "__pycache__"}
"""What tools leave in the copy and may find again; C(tests/output) is kept too."""


def sources() -> list[str]:
    """The files of the collection, relative to its root: tracked ones and new ones that are not ignored."""
    command = ["git", "-C", str(places.ROOT), "ls-files", "-coz", "--exclude-standard"]
    if (places.ROOT / ".git").exists() and shutil.which("git"):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        names = [name for name in done.stdout.split("\0") if name]
    else:
        names = [str(path.relative_to(places.ROOT)) for path in _walk(places.ROOT)]
    return sorted(name for name in set(names) if os.path.lexists(str(places.ROOT / name)))


def _walk(root: pathlib.Path) -> list[pathlib.Path]:
    """All files of an unpacked archive, without what tools leave behind."""
    found: list[pathlib.Path] = []
    for folder, folders, files in os.walk(str(root)):
        folders[:] = [name for name in folders if name not in _KEPT | {".cache", "output"}]
        found.extend(pathlib.Path(folder) / name for name in files if not name.endswith((".pyc", ".tar.gz")))
    return found


def collections(name: str) -> pathlib.Path:
    """The C(collections) folder of the copy of that name."""
    return places.CACHE / "ws" / name / "collections"


def refresh(name: str) -> pathlib.Path:
    """Bring the copy of that name up to date, and return the collection's folder in it."""
    target = collections(name) / "ansible_collections" / places.NAMESPACE / places.NAME
    target.mkdir(parents=True, exist_ok=True)
    names = sources()
    _drop_others(target, set(names))
    for relative in names:
        _copy(places.ROOT / relative, target / relative)
    if shutil.which("git") and not (target / ".git").exists():
        subprocess.run(["git", "init", "-q", str(target)], check=True)
    return target


def _drop_others(target: pathlib.Path, wanted: set[str]) -> None:
    for folder, folders, files in os.walk(str(target), topdown=True):
        relative = os.path.relpath(folder, str(target))
        folders[:] = [name for name in folders if name not in _KEPT and (relative, name) != ("tests", "output")]
        for name in files:
            if os.path.normpath(os.path.join(relative, name)) not in wanted:
                os.unlink(os.path.join(folder, name))


def _copy(source: pathlib.Path, target: pathlib.Path) -> None:
    """Copy one file unless size, time and mode say that it is there already."""
    if target.is_symlink():
        target.unlink()
    if target.exists():
        old, new = target.stat(), source.stat()
        if (old.st_size, old.st_mtime_ns, old.st_mode) == (new.st_size, new.st_mtime_ns, new.st_mode):
            return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(str(source), str(target), follow_symlinks=False)
