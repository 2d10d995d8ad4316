# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the gate C(tools) gets at other people's programs: unpacked for anybody, installed for root, asked for otherwise."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.locksmith.rotation.tests.make import debian, outside, places
from ansible_collections.locksmith.rotation.tests.make.outside import Program

UNPACKED = Program("no-such-promtool", "no-such-prometheus", "a test", unpack=True)
INSTALLED = Program("no-such-browser", "no-such-browsers-package", "a test of pages")


@pytest.fixture(autouse=True)
def cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A cache of our own, and a machine where nothing can be installed."""
    monkeypatch.setattr(places, "CACHE", tmp_path)
    monkeypatch.setattr(debian, "install", lambda package: False)
    monkeypatch.setattr(debian, "update", lambda: False)
    return tmp_path


def unpack_into(cache: pathlib.Path, package: str) -> pathlib.Path:
    """What P(debian.unpack) does."""
    program = cache / "debian" / package / "usr" / "bin" / UNPACKED.command
    program.parent.mkdir(parents=True, exist_ok=True)
    program.touch(mode=0o755)
    return cache / "debian" / package


def test_a_program_is_unpacked_once_and_found_on_path(cache: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def unpack(package: str) -> pathlib.Path:
        asked.append(package)
        return unpack_into(cache, package)

    monkeypatch.setattr(debian, "unpack", unpack)
    outside.bring([UNPACKED])
    outside.bring([UNPACKED])
    assert asked == ["no-such-prometheus"]
    assert debian.unpacked_programs() == [str(cache / "debian" / "no-such-prometheus" / "usr" / "bin")]


def test_what_cannot_be_had_is_asked_for_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "unpack", lambda package: None)
    for program in (UNPACKED, INSTALLED):
        with pytest.raises(places.SetupError, match=f"{program.purpose} needs .*'sudo apt-get install {program.package}'"):
            outside.bring([program])
