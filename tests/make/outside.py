# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of others that C(make tools) asks, from Debian. One that its gate lacks is an entry in C(PROGRAMS)."""

from __future__ import annotations

import shutil
import typing as t

from . import debian, places


class Program(t.NamedTuple):
    """A program, the Debian package that brings it, and what it is for.

    C(unpack): take it out of its package instead of installing that, which a plain user can do too. For programs that need
    nothing else of their package, where installing would start a service. C(calls_itself): when asked for its version, if not by its
    command.
    """

    command: str
    package: str
    purpose: str
    unpack: bool = False
    calls_itself: str = ""


PROGRAMS = (
    Program("promtool", "prometheus", "the test of metrics and alert rules", unpack=True),
    Program("chromium", "chromium", "the test of the HTML report"),
    Program("java", "openjdk-17-jre-headless", "ansible-rulebook, in the test of the rulebooks", calls_itself="openjdk"),
)


def bring(programs: t.Iterable[Program] = PROGRAMS) -> None:
    """Make sure that every program is here.

    :raises places.SetupError: with the command to run, for the first one that is not and cannot be had.
    """
    for program in programs:
        if program.unpack and (_unpacked(program) or _unpack(program)):
            continue
        debian.need_command(program.command, program.package, program.purpose)


def _unpacked(program: Program) -> bool:
    """True when it is on PATH, or where P(debian.unpack) has left it."""
    own = places.CACHE / "debian" / program.package / "usr" / "bin" / program.command
    return shutil.which(program.command) is not None or own.exists()


def _unpack(program: Program) -> bool:
    """True when it could be taken out of its package; a list of packages that is out of date is brought up to date by root."""
    return any(attempt() and debian.unpack(program.package) for attempt in (lambda: True, debian.update)) and _unpacked(program)
