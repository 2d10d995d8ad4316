# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that the other suites here ask are the ones that C(make tools) brings, and they run."""

from __future__ import annotations

import subprocess

import pytest

from ansible_collections.locksmith.rotation.tests.make.outside import PROGRAMS, Program


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.command)
def test_the_program_is_here_and_tells_its_version(program: Program) -> None:
    told = subprocess.run([program.command, "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert (program.calls_itself or program.command) in told.stdout.lower()
