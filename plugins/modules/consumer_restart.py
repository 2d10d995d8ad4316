# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: consumer_restart
short_description: Restart or reload the services that hold an older version of a credential
version_added: 0.1.0
description:
  - Handles each service once, with Ansible's own modules for its service manager. One that fails does not keep the others
    from being handled.
  - The task fails at its end if any did.
options:
  services:
    description: The RV(locksmith.rotation.consumer_deploy#module:services) of M(locksmith.rotation.consumer_deploy).
    type: list
    elements: dict
    required: true
attributes:
  check_mode:
    description: Can run in check mode and return what it would do without changing the host.
    support: full
  diff_mode:
    description: Returns what has changed, or would, when in diff mode.
    support: none
author: The locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: Restart what holds an older version
  locksmith.rotation.consumer_restart:
    services: "{{ deployed.services }}"
  register: restarted
"""

RETURN = r"""
services:
  description: By the key of each service, whether it was C(ok), and C(detail).
  returned: always
  type: dict
"""
