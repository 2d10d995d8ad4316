# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attributes that every C(*_rotate) module documents."""

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
