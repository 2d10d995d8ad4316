#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_look
short_description: Find the credentials that have nothing to do
version_added: 0.1.0
description:
  - Reads the journals of many credentials side by side, in as many processes as Ansible has forks, and says which of the credentials have
    nothing to do. The rotate playbook then has no task for these, which takes a tenth of the time or less where few are due.
  - A credential rests if a rotation would do nothing now, no previous version is being retired, no consumer is new, and its variables are
    what the role P(locksmith.rotation.credential#role) takes. It costs the reads that M(locksmith.rotation.credential_rotate) needs where
    nothing is due.
  - Everything else is due, for whatever reason. That is also what cannot be read and what is written wrongly, whose own task says so; what
    has C(credential_run_on), C(credential_announce), C(credential_leak) or C(ansible_become); and every credential, where the play
    sets a variable that begins with C(credential_).
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
extends_documentation_fragment:
  - locksmith.rotation.attributes.controller
  - locksmith.rotation.attributes.asks
options:
  credentials:
    description:
      - The credentials to look at, hosts of the inventory with the variables of the role P(locksmith.rotation.credential#role).
    type: list
    elements: str
    required: true
  consumers:
    description:
      - The hosts that use each credential, as M(locksmith.rotation.credential_catalogue) returns them.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Look which credentials have something to do
  locksmith.rotation.credential_look:
    credentials: "{{ credential_catalogue.credentials }}"
    consumers: "{{ credential_catalogue.consumers }}"
  run_once: true
  register: credential_looked
"""

RETURN = r"""
due:
  description: The credentials that have something to do, in the order in which they were given.
  returned: success
  type: list
  elements: str
  sample: [orders-db]
at_rest:
  description: What M(locksmith.rotation.credential_rotate) would return for each of the others.
  returned: success
  type: dict
  sample:
    deployer:
      action: none
      state: steady
"""
