# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations as people write them: C(90d), C(24h), C(2w), C(1h30m), C(45s). Called by the policy and by issuers."""

from __future__ import annotations

import re

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

_UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_WHOLE = re.compile(r"^(?:\d+[wdhms])+$")
_PART = re.compile(r"(\d+)([wdhms])")


def parse_duration(text: str | int, option: str) -> int:
    """Seconds meant by C(text); a bare number is seconds.

    :arg option: the option's name, for the message.
    :raises ConfigurationError: malformed.
    """
    written = str(text).strip().lower()
    if written.isdecimal():
        return int(written)
    if not _WHOLE.match(written):
        raise ConfigurationError(
            f"{option} is {text!r}, which is not a duration.",
            next_step="write a number with a unit, such as 90d, 24h, 2w, 30m or 45s.",
        )
    return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(written))


def format_duration(seconds: float) -> str:
    """The two largest units of C(seconds): C(3d 4h), C(12m 5s), C(0s)."""
    left = int(abs(seconds))
    parts = []
    for unit in ("d", "h", "m", "s"):
        count, left = divmod(left, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
        if len(parts) == 2:
            break
    return ("-" if seconds < 0 and parts else "") + (" ".join(parts) or "0s")
