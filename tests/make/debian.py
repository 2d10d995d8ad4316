# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian packages: installed when we are root, otherwise unpacked below C(.cache/) or asked for."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import typing as t

from . import places


def _run(command: t.Sequence[str], log: pathlib.Path, cwd: pathlib.Path | None = None) -> bool:
    """Run quietly, with all output at the end of C(log)."""
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    with log.open("ab") as output:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd=cwd, check=False
        )
    return done.returncode == 0


def _is_root() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(package: str) -> bool:
    """Install one package as root; False when we are not, or when it fails (the log says why)."""
    if not _is_root():
        return False
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", package]
    return _run(command, places.LOGS / "setup-debian.log") or (update() and _run(command, places.LOGS / "setup-debian.log"))


def update() -> bool:
    """Bring the list of packages up to date as root; False when we are not, or when it fails."""
    return _is_root() and _run(["apt-get", "update", "-q"], places.LOGS / "setup-debian.log")


def unpack(package: str) -> pathlib.Path | None:
    """Download one package and unpack it below C(.cache/), which a plain user may do too; None when that fails."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return None
    folder = places.CACHE / "debian" / package
    folder.mkdir(parents=True, exist_ok=True)
    log = places.LOGS / "setup-debian.log"
    if not _run(["apt-get", "download", "-q", package], log, cwd=folder):
        return None
    for archive in folder.glob("*.deb"):
        if not _run(["dpkg-deb", "-x", str(archive), str(folder)], log):
            return None
    return folder


def unpacked_programs() -> list[str]:
    """The folders of programs that P(unpack) has left below C(.cache/), for PATH."""
    return [str(folder) for folder in sorted((places.CACHE / "debian").glob("*/usr/bin"))]


def need_command(path: str, package: str, purpose: str) -> None:
    """Make sure that the program C(path) is here.

    :raises places.SetupError: with the command to run, when it is not and cannot be installed.
    """
    if shutil.which(path) or install(package):
        return
    raise places.SetupError(f"{purpose} needs Debian's {package}: run 'sudo apt-get install {package}', then this again")
