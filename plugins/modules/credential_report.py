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
  - In colour and as wide as the terminal where there is one. Ansible's own settings decide on colours (E(ANSIBLE_NOCOLOR),
    E(ANSIBLE_FORCE_COLOR), E(ANSIBLE_COLOR_OK) and its like), and the environment variable E(COLUMNS) on the width. Written to a file or a
    pipe, all columns are whole.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
extends_documentation_fragment:
  - locksmith.rotation.attributes.controller
  - locksmith.rotation.report
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
"""

EXAMPLES = r"""
- name: Print where everything stands
  locksmith.rotation.credential_report:
    fail_on: [overdue, quarantined]
  run_once: true
  register: standing

- name: Fail where something needs attention
  ansible.builtin.fail:
    msg: "{{ standing.verdict }}"
  run_once: true
  when: standing.verdict | length > 0
"""

RETURN = r"""
report:
  description: The facts behind the table, one dictionary a credential.
  returned: always
  type: list
  elements: dict
troubles:
  description: What is wrong, one dictionary each, with the C(credential), the C(kind) of trouble and a sentence of C(detail).
  returned: always
  type: list
  elements: dict
  sample:
    - credential: billing-db
      kind: overdue
      detail: for 3d 4h, older than 30d.
verdict:
  description: A sentence about all that has a trouble of O(fail_on). Empty if nothing has.
  returned: always
  type: str
  sample: 1 of 7 credentials need attention. billing-db is overdue for 3d 4h, older than 30d.
"""
