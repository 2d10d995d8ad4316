# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn what Ansible hands to plugins into plain Python.

Since ansible-core 2.19 template results are tagged subclasses and lazy containers, which strict libraries refuse.
Called by the action plugins and the lookup, at the border to everything below.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence


def plain(value: t.Any) -> t.Any:
    """A deep copy of C(value) in C(dict), C(list), C(str), C(int), C(float), C(bool) and C(None)."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, (dict, Mapping)):
        return {plain_text(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple, Sequence)) and not isinstance(value, bytes):
        return [plain(inner) for inner in value]
    return plain_text(value)


def plain_text(value: t.Any) -> str:
    """C(value) as an exact C(str)."""
    return "".join(str(value))
