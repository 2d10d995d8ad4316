#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_catalogue
short_description: Check the catalogue of credentials against its consumers
version_added: 0.1.0
description:
  - Looks through the whole inventory, whatever C(--limit) says, and says which host uses which credential.
  - Fails when a host uses a credential that the catalogue does not have, because then the retire gate could miss a consumer.
  - Where the inventory has only a part of the catalogue, as in a slice of an AWX job, the variable C(rotate_catalogue) names its files,
    relative to the folder where the run was started. What is only there is known, and neither rotated nor retired.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
extends_documentation_fragment:
  - locksmith.rotation.attributes.controller
attributes:
  check_mode:
    description: Only looks at the inventory.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
  idempotent:
    description: Only looks at the inventory.
    support: full
options:
  only:
    description:
      - Names of credentials to which the run is narrowed, as a list or with commas in between. All of them if empty.
    type: raw
    default: []
"""

EXAMPLES = r"""
- name: Check who uses what
  locksmith.rotation.credential_catalogue:
  run_once: true
  register: credential_catalogue
"""

RETURN = r"""
credentials:
  description: The credentials that the run is about.
  returned: success
  type: list
  elements: str
last:
  description: Those of them that are rotated after all the others (C(credential_own_login=last)).
  returned: success
  type: list
  elements: str
canaries:
  description: Those of them that are rotated, and proved by their hosts, before any other begins (C(credential_canary=true)).
  returned: success
  type: list
  elements: str
max_per_run:
  description: How many of them may begin a rotation (C(credential_max_per_run)).
  returned: when that is limited
  type: int
turns:
  description:
    - The hosts of the groups that the rotate playbook makes, each with its C(name) and C(group). C(locksmith_first) are the canaries,
      C(locksmith_first_consumers) the hosts that use them, C(locksmith_limited) what may have to wait for another run, and
      C(locksmith_last) what goes last.
  returned: success
  type: list
  elements: dict
consumers:
  description: For each credential the hosts that use it.
  returned: success
  type: dict
hosts:
  description: Every host that uses a credential, canaries (C(consumer_canary)) first.
  returned: success
  type: list
  elements: str
hidden:
  description: Those of them that C(--limit) hides from this run.
  returned: success
  type: list
  elements: str
"""
