#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_examine_report
short_description: Print what is in the way of rotations
version_added: 0.1.0
description:
  - Puts together what M(locksmith.rotation.credential_examine) registered as C(credential_examined) on the credentials, and what
    M(locksmith.rotation.consumer_examine) registered as C(consumer_examined) on the hosts that use them.
  - Prints a table, what is in the way, how to install missing libraries, what needs no rotation, and the least policies for the catalogue.
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
    description: The moment of the examination, ISO 8601.
    type: str
    required: true
  fail_on:
    description: Fail where a check is as bad as this, or worse.
    type: str
    choices: [critical, warning, info, never]
    default: critical
  json:
    description: A file on the controller for the checks. It is replaced, and readable by its owner only.
    type: path
  policies:
    description: Whether to print the policies.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Print what is in the way
  locksmith.rotation.credential_examine_report:
    now: "{{ now(utc=true).strftime('%Y-%m-%dT%H:%M:%SZ') }}"
  run_once: true
"""

RETURN = r"""
doctor:
  description: What was printed, and what O(json) holds.
  returned: always
  type: dict
  contains:
    format:
      description: The layout's number.
      type: int
      sample: 1
    at:
      description: When it was, UTC.
      type: str
    counts:
      description: How many checks there are of each severity.
      type: dict
    credentials:
      description: For each credential its checks, rights, C(hosts) and C(hosts_ready).
      type: list
      elements: dict
"""
