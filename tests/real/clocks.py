# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clocks of the tests against real servers, whose time is real."""

from __future__ import annotations

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock


class HastyClock(SystemClock):
    """Real time, except that it notes pauses (seconds) instead of making them."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
