# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file in which the memory of alerts lies between runs: public facts, replaced in one step, readable by its owner only."""

from __future__ import annotations

import os

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.local_file import replace_file
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.memory import Memory
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Denied


def read_memory(path: str) -> tuple[Memory, str]:
    """The memory, and a warning where it is not what was asked for. Without a C(path) that can be read there is none that lasts."""
    if not path:
        return Memory(lasting=False), ""
    try:
        with open(path, encoding="utf-8") as file:
            return Memory.load(file.read()), ""
    except FileNotFoundError:
        return Memory(), ""
    except ValueError:
        return (
            Memory(),
            f"{path} is not a state file of alerts that this version knows; it begins anew, so problems are told again.",
        )
    except OSError as problem:
        return Memory(lasting=False), f"{path} cannot be read ({problem.strerror}), so every run tells every problem."


def write_memory(path: str, memory: Memory) -> None:
    """:raises Denied: it cannot be written."""
    if not path:
        return
    try:
        os.makedirs(os.path.dirname(os.path.abspath(path)), mode=0o700, exist_ok=True)
        replace_file(path, memory.dump().encode("utf-8"))
    except OSError as problem:
        raise Denied(
            f"{path} cannot be written: {problem.strerror}.", next_step="check its directory's permissions and space."
        ) from None
