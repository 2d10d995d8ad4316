#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: consumer_inspect
short_description: See which credentials of a host are out of date
version_added: 0.1.0
description:
  - Compares the files and markers on the host with the versions that it should have, and proves those that are right.
  - The role P(locksmith.rotation.consumer#role) calls it through M(locksmith.rotation.consumer_deploy). You do not need to.
options:
  entries:
    description: Entries, checked and with the fingerprint and shape that they should have.
    type: list
    elements: dict
    required: true
  state_dir:
    description:
      - Directory of the markers. The default is C(/var/lib/locksmith) for root and C(~/.local/state/locksmith) for
        others.
    type: path
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
- name: See which credentials of this host are out of date
  locksmith.rotation.consumer_inspect:
    entries: []
"""

RETURN = r"""
entries:
  description: For each item what is wrong with it, and whether its service is to be restarted.
  returned: success
  type: list
  elements: dict
proofs:
  description: A proof for each item that is on its version.
  returned: success
  type: list
  elements: dict
state_dir:
  description: The directory of the markers.
  returned: success
  type: str
"""

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer import files, marker, pulled
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import (
    field_names,
    host_path,
    place_of,
    read_items,
    service_key,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.proving import prove
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.formats import FORMATS
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import LocksmithError


def look(module: AnsibleModule, item: dict[str, t.Any], directory: str) -> dict[str, t.Any]:
    """What is wrong with one item: C(write) says why it is to be written, empty if it is right."""
    if item["pull"]:
        return pulled.look(module, item, directory)
    path = host_path(item["dest"])
    known = marker.load(directory, item["id"])
    found = {"id": item["id"], "deployed": known.deployed, "running": known.running, "error": ""}
    try:
        files.check_place(path)
        write, intact = _compare(item, path, known)
    except LocksmithError as error:
        return {**found, "error": str(error), "write": "", "restart": False}
    return {**found, "write": write, "restart": known.running != item["fingerprint"] or not intact}


def _compare(item: dict[str, t.Any], path: str, known: marker.Marker) -> tuple[str, bool]:
    """Why to write, and whether our part of the file is as we left it."""
    text = files.read_text(path)
    if text is None:
        return "there is no file", False
    names = list(field_names(item) or ())
    if not any(known.knows(part) for part in FORMATS[item["format"]].parts(text, names, place_of(item))):
        return "another version" if known.deployed != item["fingerprint"] else "it was changed by somebody else", False
    if known.deployed != item["fingerprint"]:
        return "another version", True
    if known.shape != item["shape"]:
        return "its entry was changed", False
    wanted = files.attributes_of(int(item["mode"], 8), item["owner"], item["group"])
    return "its mode or owner" if files.differs(path, wanted) else "", True


def prove_the_right(
    module: AnsibleModule, items: list[dict[str, t.Any]], found: list[dict[str, t.Any]], directory: str
) -> list[t.Any]:
    """Proofs for the items that need nothing, unless their service is about to be restarted for another."""
    touched = {service_key(item) for item, seen in zip(items, found) if seen["restart"] or seen["write"]} - {""}
    right = [
        item
        for item, seen in zip(items, found)
        if not seen["error"] and not seen["write"] and not seen["restart"] and service_key(item) not in touched
        # The agent of a host that pulls has a service restarted by itself; that it is healthy after it was not seen yet.
        if seen["running"] == item["fingerprint"]
    ]
    return [prove(module, item, directory, None)[0] for item in right]


def sweep(items: list[dict[str, t.Any]], directory: str) -> None:
    """Delete what killed runs left."""
    files.sweep(os.path.join(directory, marker.STAGED + "*"))
    for path in {host_path(item["dest"]) for item in items}:
        files.sweep_beside(path)


def main() -> None:
    """Ansible calls this."""
    module = AnsibleModule(
        {"entries": {"type": "list", "elements": "dict", "required": True}, "state_dir": {"type": "path"}},
        supports_check_mode=True,
    )
    try:
        items = read_items(module.params["entries"])
        directory = marker.state_directory(module.params["state_dir"])
        if not module.check_mode:
            sweep(items, directory)
        found = [look(module, item, directory) for item in items]
        proofs = prove_the_right(module, items, found, directory)
    except LocksmithError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, entries=found, proofs=proofs, state_dir=directory)


if __name__ == "__main__":
    main()
