# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Pythons the gate builds its environments with."""

from __future__ import annotations

import pathlib
import sys

import pytest

from ansible_collections.locksmith.rotation.tests.make import places, pythons

HERE = (sys.version_info[0], sys.version_info[1])


def test_an_environment_of_our_own_is_no_base_for_another(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = tmp_path / "venv" / "core-2.21-py3" / "bin", tmp_path / "usr" / "bin"
    for folder in (ours, theirs):
        folder.mkdir(parents=True)
        (folder / f"python{pythons.text(HERE)}").symlink_to(sys.executable)
    monkeypatch.setattr(places, "VENVS", tmp_path / "venv")
    monkeypatch.setenv("PATH", f"{ours}:{theirs}")
    assert pythons.find()[HERE] == theirs / f"python{pythons.text(HERE)}"
