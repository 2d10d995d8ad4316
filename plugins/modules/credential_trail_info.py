#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the audit trail on the host where it runs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_trail_info
short_description: Check the audit trail, and read a period of it
version_added: 0.1.0
description:
  - Says whether every line of the trail is what was written, where it was written, and names each line that was altered, removed, inserted,
    repeated or moved.
  - That lines are missing at the end, or that the trail was written anew from some line on, a chain of hashes cannot show. With O(head) it
    can.
  - A last line that is unfinished is what a power cut leaves, and not taken for an alteration.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
seealso:
  - module: locksmith.rotation.credential_trail
extends_documentation_fragment:
  - locksmith.rotation.attributes.asks
options:
  path:
    description: The file.
    type: path
    required: true
  head:
    description: Number and hash of a line as an earlier run gave them, in its result or in its output. Any earlier run's will do.
    type: str
  since:
    description: Return the entries from this day or moment on.
    type: str
  before:
    description: Return the entries before this day or moment.
    type: str
"""

EXAMPLES = r"""
- name: Check the trail against what the last run printed
  locksmith.rotation.credential_trail_info:
    path: /var/log/locksmith/trail.jsonl
    head: 57:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  register: trail
  failed_when: not trail.intact
"""

RETURN = r"""
intact:
  description: Whether nothing was found.
  returned: success
  type: bool
problems:
  description: What was found, each with its C(line) in the file and C(what).
  returned: success
  type: list
  elements: dict
  sample:
    - line: 17
      what: 'was altered: it does not have the hash that it carries (it says to be number 17)'
unfinished:
  description: The number of an unfinished last line, or 0.
  returned: success
  type: int
lines:
  description: How many lines the file has.
  returned: success
  type: int
head:
  description: Number and hash of the last line.
  returned: success
  type: str
entries:
  description: The entries of the period, and before it, for each credential, its last publication and exception.
  returned: when O(since) and O(before) are given
  type: list
  elements: dict
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, LocksmithError
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.chain import Problem, Trail, compare_head, read_trail
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.file import read_file
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.line import read_head
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.period import read_period, select

OPTIONS: dict[str, t.Any] = {
    "path": {"type": "path", "required": True},
    "head": {"type": "str"},
    "since": {"type": "str"},
    "before": {"type": "str"},
}


def look(params: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The result. :raises LocksmithError: an option is wrong, or the file cannot be read."""
    trail = read_trail(read_file(params["path"]))
    problems = [*trail.problems, *_compared(trail, params["head"])]
    result: dict[str, t.Any] = {
        "intact": not problems,
        "problems": [{"line": problem.line, "what": problem.what} for problem in problems],
        "unfinished": trail.lines if trail.torn else 0,
        "lines": trail.lines,
        "head": trail.head,
    }
    if params["since"] and params["before"]:
        result["entries"] = select(trail.entries, read_period(params["since"], params["before"]))
    return result


def _compared(trail: Trail, head: str | None) -> list[Problem]:
    if not head:
        return []
    try:
        return compare_head(trail, *read_head(head))
    except ValueError:
        raise ConfigurationError(
            f"head is {head!r}, which is not number:hash.", next_step="copy it from a run's output."
        ) from None


def main() -> None:
    """Ansible calls this."""
    module = AnsibleModule(argument_spec=OPTIONS, required_together=[("since", "before")], supports_check_mode=True)
    try:
        result = look(module.params)
    except LocksmithError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
