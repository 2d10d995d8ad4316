# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ansible-core releases are tested, and on which of this machine's Pythons."""

from __future__ import annotations

import dataclasses
import pathlib
import typing as t

from .places import SetupError
from .pythons import Version, text


@dataclasses.dataclass(frozen=True)
class Release:
    """One ansible-core series: its pinned release, and the Pythons that its controller runs on."""

    series: str
    pin: str
    oldest: Version
    newest: Version


RELEASES = (
    Release("2.18", "2.18.19", (3, 11), (3, 13)),
    Release("2.19", "2.19.14", (3, 11), (3, 13)),
    Release("2.20", "2.20.10", (3, 12), (3, 14)),
    Release("2.21", "2.21.5", (3, 12), (3, 14)),
)
REAL_TOO = "2.19"
"""Besides the newest, the series that the suites against real servers run on: the first with today's templating."""


@dataclasses.dataclass(frozen=True)
class Core:
    """A release and the Python chosen for it."""

    release: Release
    version: Version
    python: pathlib.Path

    @property
    def label(self) -> str:
        """For people: C(ansible-core 2.21.5, Python 3.13)."""
        return f"ansible-core {self.release.pin}, Python {text(self.version)}"


def choose(found: t.Mapping[Version, pathlib.Path]) -> list[Core]:
    """The cores that this machine can run, newest first.

    The newest core gets the newest Python, every other one the oldest that it runs on, so that both ends are covered.

    :raises SetupError: when no Python here runs any of them.
    """
    cores: list[Core] = []
    for release in reversed(RELEASES):
        fitting = sorted(version for version in found if release.oldest <= version <= release.newest)
        if fitting:
            version = fitting[0] if cores else fitting[-1]
            cores.append(Core(release, version, found[version]))
    if not cores:
        raise SetupError("no Python 3.11 or newer here: install one, for example with 'apt-get install python3' on Debian 12")
    return cores
