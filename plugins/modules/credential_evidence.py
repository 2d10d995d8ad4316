#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_evidence
short_description: Write the evidence of a period for an auditor
version_added: 0.1.0
description:
  - Writes tables as CSV and one page of Markdown into a directory on the controller. They are rotations, retirements and their proof, ages
    against policy, failures and exceptions; the checklist of a rotation programme, answered; and what all this says about four controls.
  - It is made from what earlier tasks registered, C(evidence_trail) by M(locksmith.rotation.credential_trail_info) and C(credential_result)
    by M(locksmith.rotation.credential_info) on each credential, and from the inventory. C(playbooks/evidence.yml) runs all of it.
  - Public facts only. Cells that a spreadsheet would take for formulas are made text.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
seealso:
  - module: locksmith.rotation.credential_trail_info
extends_documentation_fragment:
  - locksmith.rotation.attributes.controller
attributes:
  check_mode:
    description: Says whether a file would change.
    support: full
  diff_mode:
    description: The files are the result.
    support: none
  idempotent:
    description: The page says when it was made.
    support: none
options:
  dest:
    description: The directory. It is made with mode C(0750) if there is none, its files with C(0640).
    type: path
    required: true
  since:
    description: The first day of the period, or a moment.
    type: str
    required: true
  before:
    description: The first day that does not belong to it any more.
    type: str
    required: true
  head_was_compared:
    description: Whether C(evidence_trail) is the result of a comparison with a head that was kept elsewhere.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Write the evidence of a quarter
  locksmith.rotation.credential_evidence:
    dest: /srv/evidence/2026-q3
    since: '2026-07-01'
    before: '2026-10-01'
  run_once: true
"""

RETURN = r"""
files:
  description: The files.
  returned: success
  type: list
  elements: str
page:
  description: The page of Markdown among them.
  returned: success
  type: str
  sample: /srv/evidence/2026-q3/evidence.md
"""
