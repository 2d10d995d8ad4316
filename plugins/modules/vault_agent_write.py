#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_agent_write
short_description: Write the configuration of a host's Vault or OpenBao agent
version_added: 0.1.0
description:
  - Writes the agent's configuration, the hooks that restart or reload services, and what it logs in with where that was sent.
  - The role P(locksmith.rotation.vault_agent#role) calls it through M(locksmith.rotation.vault_agent_configure). You do not need to.
extends_documentation_fragment:
  - locksmith.rotation.vault_agent
options:
  templates:
    description: For each file its entry and the template.
    type: list
    elements: dict
    required: true
    suboptions:
      entry:
        description: An entry, checked.
        type: dict
        required: true
      contents:
        description: What the agent is to render. It holds no value.
        type: str
        required: true
  staged:
    description: The file in O(state_dir) that holds role id and secret id. It is deleted, whatever happens.
    type: path
attributes:
  check_mode:
    description: Can run in check mode and return what it would do without changing the host.
    support: full
  diff_mode:
    description: Returns what has changed, or would, when in diff mode.
    details: Shows the configuration, which holds no value.
    support: full
author: The locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: Write what the agent is told
  locksmith.rotation.vault_agent_write:
    service:
      name: locksmith-vault-agent
    templates: []
"""

RETURN = r"""
config:
  description: The configuration's file.
  returned: success
  type: str
binary:
  description: The program that is the agent.
  returned: success
  type: str
version:
  description: What it says of its version.
  returned: success
  type: str
restart:
  description: Whether the agent has to be started anew to know what was written.
  returned: success
  type: bool
directories:
  description: The directories in which it writes.
  returned: success
  type: list
  elements: str
state_dir:
  description: The directory of the markers.
  returned: success
  type: str
"""

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.agent import AGENT_OPTIONS
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.agent_install import install
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import LocksmithError


def main() -> None:
    """Ansible calls this."""
    module = AnsibleModule(
        {
            **AGENT_OPTIONS,
            "state_dir": {"type": "str"},
            "templates": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {"entry": {"type": "dict", "required": True}, "contents": {"type": "str", "required": True}},
            },
            "staged": {"type": "path"},
        },
        supports_check_mode=True,
    )
    os.umask(0o077)
    try:
        result = install(module)
    except LocksmithError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
