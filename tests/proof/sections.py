# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sections of the proof, in the order of the report. A new one: a module beside this one, and a line here."""

from __future__ import annotations

import importlib
import typing as t

from ansible_collections.locksmith.rotation.tests.proof.cells import Section

_HERE = __name__.rpartition(".")[0]
#: Names of modules.
MODULES: tuple[str, ...] = ("kill", "consumers", "fault", "conditions", "races", "fleet", "leaks", "bad_input", "mutation_check")


def sections() -> list[Section]:
    """The modules themselves."""
    return [t.cast(Section, importlib.import_module(f"{_HERE}.{name}")) for name in MODULES]
