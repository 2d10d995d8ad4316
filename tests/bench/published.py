# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetches the published modules that the benchmark compares with, from the PyPI package C(ansible), once."""

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
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "locksmith-bench" / str(major)
    if not (cache / "complete").exists():
        _download(major, cache)
        (cache / "complete").touch()
    return cache


def _download(major: int, into: pathlib.Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        wanted = f"ansible>={major},<{major + 1}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", temporary, wanted]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        with zipfile.ZipFile(next(pathlib.Path(temporary).glob("*.whl"))) as wheel:
            wheel.extractall(into, [name for name in wheel.namelist() if name.startswith(_WANTED)])
