#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_report
short_description: Print a line for each credential
version_added: 0.1.0
description:
  - Prints what earlier tasks of this run registered as C(credential_result) and C(credential_retired) on the credentials, as a table, and
    below it whatever waits or failed.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
attributes:
  check_mode:
    description: Only prints.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
  idempotent:
    description: Only prints.
    support: full
  action:
    description: Runs on the controller.
    support: full
options:
  credentials:
    description: The names of the credentials to print. The group C(credentials) if empty.
    type: list
    elements: str
    default: []
  now:
    description: The moment against which ages are counted, ISO 8601.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Print where everything stands
  locksmith.rotation.credential_report:
    now: "{{ now(utc=true).strftime('%Y-%m-%dT%H:%M:%SZ') }}"
  run_once: true
"""

RETURN = r"""
report:
  description: The facts behind the table, one dictionary a credential.
  returned: always
  type: list
  elements: dict
"""
