#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: consumer_write
short_description: Write credentials that were staged on the host into their files
version_added: 0.1.0
description:
  - Takes values that were sent to the host by standard input and writes them, each in one step, to where its entry says.
  - The role P(locksmith.rotation.consumer#role) calls it through M(locksmith.rotation.consumer_deploy). You do not need to.
options:
  entries:
    description: Entries, checked and with the fingerprint and shape that they get.
    type: list
    elements: dict
    required: true
  staged:
    description: The file in O(state_dir) that holds the values. It is deleted, whatever happens.
    type: path
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
- name: Write what was staged
  locksmith.rotation.consumer_write:
    entries: []
    staged: /var/lib/locksmith/staged-1
    state_dir: /var/lib/locksmith
"""

RETURN = r"""
entries:
  description: For each item whether its content changed, or the error.
  returned: success
  type: list
  elements: dict
"""

import dataclasses
import json
import os
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer import files, marker
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import host_path, place_of, read_items
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.formats import FORMATS
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import LocksmithError, Rejected


def read_staged(path: str, directory: str, wanted: t.Sequence[str]) -> dict[str, dict[str, str]]:
    """The values by the id of their item, for all items that are C(wanted).

    :raises Rejected: the file is not one that was staged there.
    """
    if not marker.own(path, directory):
        raise Rejected(f"{path} is not a staged file of {directory}.")
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError):
        found = {}
    if not isinstance(found, dict) or not all(isinstance(found.get(name), dict) for name in wanted):
        raise Rejected(f"The values staged in {path} did not arrive.", next_step="run again.")
    return t.cast("dict[str, dict[str, str]]", found)


def write(module: AnsibleModule, item: dict[str, t.Any], values: dict[str, str], directory: str) -> dict[str, t.Any]:
    """Bring one file up to date and remember it."""
    try:
        return {"id": item["id"], "error": "", "content_changed": _write(module, item, values, directory)}
    except LocksmithError as error:
        return {"id": item["id"], "error": str(error), "content_changed": False}


def _write(module: AnsibleModule, item: dict[str, t.Any], values: dict[str, str], directory: str) -> bool:
    path = host_path(item["dest"])
    files.check_place(path)
    wanted = files.attributes_of(int(item["mode"], 8), item["owner"], item["group"])
    known = marker.load(directory, item["id"])
    before = files.read_text(path)
    format_, place = FORMATS[item["format"]], place_of(item)
    after = format_.render(before or "", values, place, known.knows)
    if before is None or after != before or files.differs(path, wanted):
        files.replace(module, path, after, wanted)
    part = format_.written(after, values, place)
    marker.save(module, directory, item["id"], _remember(item, known, before is not None and known.knows(part)).holding(part))
    return after != before


def _remember(item: dict[str, t.Any], known: marker.Marker, unchanged: bool) -> marker.Marker:
    """What runs is still what ran, unless the file had been changed by somebody since: then nobody knows."""
    running = "" if known.running == item["fingerprint"] and not unchanged else known.running
    return dataclasses.replace(
        known,
        credential=item["credential"],
        dest=item["dest"],
        deployed=item["fingerprint"],
        running=running,
        shape=item["shape"],
        deployed_at=to_iso(time.time()) or "",
    )


def main() -> None:
    """Ansible calls this."""
    module = AnsibleModule(
        {
            "entries": {"type": "list", "elements": "dict", "required": True},
            "staged": {"type": "path", "required": True},
            "state_dir": {"type": "path", "required": True},
        }
    )
    os.umask(0o077)
    staged = module.params["staged"]
    directory = module.params["state_dir"]
    try:
        try:
            directory = marker.state_directory(directory)
            items = read_items(module.params["entries"])
            values = read_staged(staged, directory, [item["id"] for item in items])
            done = [write(module, item, values[item["id"]], directory) for item in items]
        finally:
            if marker.own(staged, directory):
                files.remove(staged)
    except LocksmithError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=True, entries=done)


if __name__ == "__main__":
    main()
