# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Pythons of this machine: those on PATH and pyenv's, by version."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import typing as t

from . import places

Version = t.Tuple[int, int]

OLDEST: Version = (3, 8)
"""The oldest Python on a managed host that we support: ansible-test compiles and imports the plugins on each from here."""


def _folders() -> list[pathlib.Path]:
    """Real folders of interpreters. pyenv's shims answer to a name and then may refuse to run, so they are left out; and so are our
    own environments, one of which is on PATH in a shell that plays with the demo: it would be the base of another one."""
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv")
    path = [pathlib.Path(entry) for entry in os.environ.get("PATH", os.defpath).split(os.pathsep) if entry]
    real = [folder for folder in path if folder.name != "shims" and places.VENVS not in folder.parents]
    versions = pyenv / "versions"
    folders = real + (sorted(versions.glob("*/bin")) if _may_list(versions) else [])
    return [folder for folder in folders if _may_list(folder)]


def _may_list(folder: pathlib.Path) -> bool:
    """A folder that we may look into. In an environment that was another user's, PATH and PYENV_ROOT may name some that we may not."""
    return os.access(str(folder), os.R_OK | os.X_OK) and folder.is_dir()


def _answers(python: pathlib.Path, version: Version) -> bool:
    """Whether the interpreter runs, is what its name says, and can make a virtual environment."""
    program = "import sys, venv, ssl; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([str(python), "-c", program], capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return False
    return done.stdout.split() == [str(part) for part in version]


def find() -> dict[Version, pathlib.Path]:
    """The first working interpreter of each version from L(OLDEST) on, in the order of PATH."""
    found: dict[Version, pathlib.Path] = {}
    for folder in _folders():
        for python in sorted(folder.glob("python3.*")):
            match = re.fullmatch(r"python3\.(\d+)", python.name)
            if not match:
                continue
            version = (3, int(match.group(1)))
            if version >= OLDEST and version not in found and _answers(python, version):
                found[version] = python
    return found


def text(version: Version) -> str:
    """C((3, 11)) as C(3.11)."""
    return ".".join(str(part) for part in version)
