# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Attributes that several modules document: every C(*_rotate), what runs on the controller, and what only asks."""

from __future__ import annotations


class ModuleDocFragment:
    """See the module's docstring."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Predicts what would be done without writing anything anywhere.
    support: full
  diff_mode:
    description: Returns what changed, or would change, as public facts only, never a value.
    support: full
  idempotent:
    description: A second run with the same input changes nothing, unless time has made something due in between.
    support: partial
    details:
      - With O(force=true) every run that begins after the last rotation rotates again.
  action:
    description: Has an action plugin of the same behaviour, which runs on the controller when the connection is local.
    support: full
"""

    CONTROLLER = r"""
options: {}
attributes:
  action:
    description: Runs on the controller.
    support: full
"""

    ASKS = r"""
options: {}
attributes:
  check_mode:
    description: Only asks.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
  idempotent:
    description: Only asks.
    support: full
"""
