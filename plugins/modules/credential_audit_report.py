#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_audit_report
short_description: Print what an audit found
version_added: 0.1.0
description:
  - Puts together what M(locksmith.rotation.credential_audit) registered as C(credential_result) on the credentials, and what
    M(locksmith.rotation.consumer_deploy) in check mode registered as C(consumer_seen) on the hosts that use them.
  - Prints a table and every finding, the worst first. A credential or host that was not looked at is a finding.
  - Leaves out keys that another credential of the same identity has in its journal.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
extends_documentation_fragment:
  - locksmith.rotation.attributes.controller
attributes:
  check_mode:
    description: Prints, and writes O(json), in check mode too.
    support: full
  diff_mode:
    description: Changes nothing but O(json).
    support: none
  idempotent:
    description: Only prints.
    support: full
options:
  credentials:
    description: The names of the credentials. The group C(credentials) if empty.
    type: list
    elements: str
    default: []
  consumers:
    description: For each credential the hosts that use it, as M(locksmith.rotation.credential_catalogue) returns it.
    type: dict
    default: {}
  now:
    description: The moment of the audit, ISO 8601.
    type: str
    required: true
  fail_on:
    description: Fail where something is found that is as bad as this, or worse.
    type: str
    choices: [critical, warning, info, never]
    default: critical
  json:
    description: A file on the controller for the findings. It is replaced, and readable by its owner only.
    type: path
"""

EXAMPLES = r"""
- name: Print what was found
  locksmith.rotation.credential_audit_report:
    now: "{{ now(utc=true).strftime('%Y-%m-%dT%H:%M:%SZ') }}"
    fail_on: warning
  run_once: true
"""

RETURN = r"""
audit:
  description: What was printed, and what O(json) holds.
  returned: always
  type: dict
  contains:
    format:
      description: The layout's number.
      type: int
      sample: 1
    at:
      description: When the audit was, UTC.
      type: str
    counts:
      description: How many findings there are of each severity.
      type: dict
    credentials:
      description: What M(locksmith.rotation.credential_audit) says of each credential, with C(hosts), C(hosts_right) and all findings.
      type: list
      elements: dict
"""
