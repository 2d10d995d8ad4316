#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: consumer_prove
short_description: Prove that services of a host are healthy on the version that they should have
version_added: 0.1.0
description:
  - Watches each service, runs the entry's probe, and only then records that the version runs.
  - The role P(locksmith.rotation.consumer#role) calls it after M(locksmith.rotation.consumer_restart).
options:
  entries:
    description: The RV(locksmith.rotation.consumer_deploy#module:to_prove) of M(locksmith.rotation.consumer_deploy).
    type: list
    elements: dict
    required: true
  restarted:
    description: The RV(locksmith.rotation.consumer_restart#module:services) of M(locksmith.rotation.consumer_restart).
    type: dict
    default: {}
  state_dir:
    description: The RV(locksmith.rotation.consumer_deploy#module:state_dir) of M(locksmith.rotation.consumer_deploy).
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
- name: See whether the services are healthy on the new version
  locksmith.rotation.consumer_prove:
    entries: "{{ deployed.to_prove }}"
    restarted: "{{ restarted.services }}"
    state_dir: "{{ deployed.state_dir }}"
"""

RETURN = r"""
proofs:
  description: For each item the version on disk, the version that its service runs, and its health.
  returned: success
  type: list
  elements: dict
unhealthy:
  description:
    - The ids of the items that are not healthy after they were changed in this run, and of those that share their
      service.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer import marker
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import read_items, service_key
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.proving import prove
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.rollout import siblings
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import LocksmithError


def main() -> None:
    """Ansible calls this."""
    module = AnsibleModule(
        {
            "entries": {"type": "list", "elements": "dict", "required": True},
            "restarted": {"type": "dict", "default": {}},
            "state_dir": {"type": "path", "required": True},
        }
    )
    restarted = module.params["restarted"]
    try:
        items = read_items(module.params["entries"])
        directory = marker.state_directory(module.params["state_dir"])
        seen = [prove(module, item, directory, restarted.get(service_key(item))) for item in items]
    except LocksmithError as error:
        module.fail_json(msg=str(error))
    bad = {item["id"] for item, (found, dummy) in zip(items, seen) if not found["healthy"] and (item["restart"] or item["write"])}
    module.exit_json(
        changed=any(written for dummy, written in seen),
        proofs=[found for found, dummy in seen],
        unhealthy=siblings(items, bad),
    )


if __name__ == "__main__":
    main()
