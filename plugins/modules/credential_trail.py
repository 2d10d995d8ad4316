#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the audit trail on the host where it runs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_trail
short_description: Append to the audit trail what happened to credentials
version_added: 0.1.0
description:
  - Appends to a file what the trail does not have yet of what earlier tasks of this run registered as C(credential_result) and
    C(credential_retired) on the credentials. Each line is a JSON object with a number, its own SHA-256 and that of the line before.
  - The events are those of the credential's journal. What a run did that was killed before it came here is recorded by the next one, marked
    C(late). Events that a journal has dropped before any run recorded them are recorded as a C(gap).
  - Each run adds a line about itself, also if there is nothing else to record. That alone is no change.
  - The file is locked, appended to in one write, flushed to the disk, and never changed otherwise.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
seealso:
  - module: locksmith.rotation.credential_trail_info
attributes:
  check_mode:
    description: Says how many lines it would append.
    support: full
  diff_mode:
    description: The result says what was recorded.
    support: none
  idempotent:
    description: What the trail has is not recorded again. A failure or a review is one each time.
    support: partial
  action:
    description: Gathers what is to be recorded on the controller, and with a local connection also writes there.
    support: full
options:
  path:
    description: The file, on a local disk of the host that the task runs on.
    type: path
    required: true
  credentials:
    description: The names of the credentials of this run.
    type: list
    elements: str
    default: []
  mode:
    description: The mode of a new file. A file that its group or others may write is refused.
    type: str
    default: '0640'
  review:
    description:
      - That somebody has gone through a period. Has C(reviewer), and may have C(from), C(until), C(findings) and C(head).
    type: dict
  reports:
    description: What is to be recorded. The action plugin fills this in.
    type: list
    elements: dict
    default: []
  by:
    description: Who runs this, where and in which job. The action plugin fills this in.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Append what happened to the trail of the host that keeps it
  locksmith.rotation.credential_trail:
    path: /var/log/locksmith/trail.jsonl
    credentials: "{{ groups['credentials'] }}"
  delegate_to: logs.example.com
  run_once: true
"""

RETURN = r"""
recorded:
  description: How many lines were appended, not counting the first one of a new trail and that about the run.
  returned: success
  type: int
  sample: 5
late:
  description: How many of them are about what another run did.
  returned: success
  type: int
  sample: 0
gaps:
  description: Numbers of events that were found missing, a line for each gap.
  returned: success
  type: list
  elements: str
  sample: ['orders-db: 3 to 5']
problems:
  description: Lines of the trail that are not what was written, at most twenty.
  returned: success
  type: list
  elements: str
  sample: ['line 17: was altered: it is not in canonical form']
head:
  description: The number and the hash of the last line. Whoever keeps it elsewhere can later tell that nothing was cut off.
  returned: success
  type: str
  sample: 57:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
path:
  description: The file.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import LocksmithError
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.options import OPTIONS, write


def main() -> None:
    """Ansible calls this."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    try:
        result = write(module.params, module.check_mode)
    except LocksmithError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
