#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: consumer_await
short_description: Wait until the agent of a host has rendered the version that it should
version_added: 0.1.0
description:
  - Restarts the host's Vault or OpenBao agent where that is allowed, and waits, within limits, until it has rendered each file
    and had its service restarted or reloaded.
  - The host gets a salted digest of what the agent is to render, and no value.
  - The role P(locksmith.rotation.consumer#role) calls it through M(locksmith.rotation.consumer_deploy). You do not need to.
options:
  entries:
    description: Entries with C(pull), checked and with the fingerprint, the shape and the digest that they should have.
    type: list
    elements: dict
    required: true
  state_dir:
    description: Directory of the markers.
    type: path
    required: true
attributes:
  check_mode:
    description: Can run in check mode and return what it would do without changing the host.
    support: none
  diff_mode:
    description: Returns what has changed, or would, when in diff mode.
    support: none
author: The locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: Wait for the agent
  locksmith.rotation.consumer_await:
    entries: []
    state_dir: /var/lib/locksmith
"""

RETURN = r"""
entries:
  description: For each item whether its service is still to be restarted, or the error.
  returned: success
  type: list
  elements: dict
"""

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer import marker, pulled
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import read_items
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import LocksmithError


def main() -> None:
    """Ansible calls this."""
    module = AnsibleModule(
        {
            "entries": {"type": "list", "elements": "dict", "required": True},
            "state_dir": {"type": "path", "required": True},
        }
    )
    os.umask(0o077)
    try:
        directory = marker.state_directory(module.params["state_dir"])
        items = read_items(module.params["entries"])
        done = pulled.wait(module, items, directory) if items else []
    except LocksmithError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(done), entries=done)


if __name__ == "__main__":
    main()
