#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_choose
short_description: Say which credentials may not begin a rotation in this run
version_added: 0.1.0
description:
  - Looks at what earlier tasks of this run registered, as C(credential_result) on the canaries and as C(credential_seen), a result of
    M(locksmith.rotation.credential_info), on the credentials of the group C(locksmith_limited), and says which of that group have to wait
    for another run. The rotate playbook hands that to O(locksmith.rotation.credential_rotate#module:hold).
  - While a canary is not well, all of them. That is, its rotation failed or is not finished, or a host that uses it has not proved it in
    this run.
  - Otherwise those that would make more than O(max_per_run) begin. The most overdue begin first. A rotation that a person has forced and
    one after a leak never wait and take up room; an interrupted one, which is always finished, and a first adoption take up none. Neither
    does one that is held for another reason, such as its window, or that begins when a person supplies a value.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
extends_documentation_fragment:
  - locksmith.rotation.attributes.controller
attributes:
  check_mode:
    description: Only looks. Hosts are taken to come up on what they would get.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
  idempotent:
    description: Only looks.
    support: full
options:
  canaries:
    description:
      - The credentials that have to be well before any other begins.
    type: list
    elements: str
    default: []
  max_per_run:
    description:
      - How many may begin a rotation in this run, canaries among them. As many as are due if not given.
    type: int
"""

EXAMPLES = r"""
- name: Choose what may begin
  locksmith.rotation.credential_choose:
    canaries: "{{ credential_catalogue.canaries }}"
    max_per_run: 3
  run_once: true
  register: credential_choice
"""

RETURN = r"""
held:
  description: Why a credential may not begin a rotation, by its name.
  returned: success
  type: dict
  sample:
    orders-db: 'postponed, 3 already begin in this run (credential_max_per_run: 3)'
"""
