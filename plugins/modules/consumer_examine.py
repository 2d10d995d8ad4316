#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""See whether credentials could be deployed on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: consumer_examine
short_description: See whether credentials could be deployed on a host
version_added: 0.1.0
description:
  - Looks whether the directories, owners, services and probe programs that C(consumer_credentials) names are there, and whether the task's
    user may write where it would have to.
  - Reads no credential and writes nothing.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
extends_documentation_fragment:
  - locksmith.rotation.attributes.asks
attributes:
  action:
    description: The action plugin checks the entries and keeps stores from the host.
    support: full
options:
  credentials:
    description: The files that the host is to have, as O(locksmith.rotation.consumer_deploy#module:credentials).
    type: list
    elements: dict
    required: true
  state_dir:
    description: Where the host remembers what it has, as O(locksmith.rotation.consumer_deploy#module:state_dir).
    type: path
"""

EXAMPLES = r"""
- name: See whether everything that the entries name is there
  locksmith.rotation.consumer_examine:
    credentials: "{{ consumer_credentials }}"
  register: consumer_examined
"""

RETURN = r"""
checks:
  description: What would keep a credential from being deployed, each with credential, area, severity, detail and next_step.
  returned: success
  type: list
  elements: dict
python:
  description: The version of the host's Python.
  returned: success
  type: str
  sample: 3.11.2
"""

import platform
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import read_items
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.examining import examine_entry
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import LocksmithError


def main() -> None:
    """Ansible calls this."""
    spec = {"credentials": {"type": "list", "elements": "dict", "required": True}, "state_dir": {"type": "path"}}
    module = AnsibleModule(spec, supports_check_mode=True)
    host: t.Any = module
    try:
        items = read_items(module.params["credentials"])
    except LocksmithError as error:
        module.fail_json(msg=str(error))
    checks = [
        {"credential": item["credential"], **check.public()}
        for item in items
        for check in examine_entry(host, item, module.params["state_dir"])
    ]
    module.exit_json(changed=False, checks=checks, python=platform.python_version())


if __name__ == "__main__":
    main()
