# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that tell where credentials stand have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation only."""

    DOCUMENTATION = r"""
options:
  credentials:
    description: The names of the credentials to tell of. The group C(credentials) if empty.
    type: list
    elements: str
    default: []
  now:
    description: The moment against which ages are counted, ISO 8601. The present one if left out.
    type: str
  overdue_after:
    description: How long a credential may be due before that counts as V(overdue). A day, where the run that would rotate it is daily.
    type: str
    default: 0s
  held_after:
    description:
      - How long a step may wait before that counts as V(held). A roll-out waits from publication on, retirement from the end of grace
        on, and deletion from the end of the recovery wait on.
    type: str
    default: 24h
  fail_on:
    description:
      - The kinds of trouble that count as failures. They do not make this task fail.
      - V(failing), the last attempt failed or this run could not do its work on it. V(quarantined), too many failed in a row.
    type: list
    elements: str
    choices: [overdue, held, quarantined, failing]
    default: []
"""
