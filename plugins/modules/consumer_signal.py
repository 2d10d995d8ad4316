#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: consumer_signal
short_description: Send a signal to the process that a pid file names
version_added: 0.1.0
description:
  - For services that are told to read their files again by a signal.
  - M(locksmith.rotation.consumer_restart) calls it for services with C(manager=signal).
options:
  pid_file:
    description: The file with the process id.
    type: path
    required: true
  signal:
    description: The signal's name, without C(SIG).
    type: str
    default: HUP
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
- name: Have the mail server read its password again
  locksmith.rotation.consumer_signal:
    pid_file: /run/mail/master.pid
    signal: HUP
"""

RETURN = r"""
pid:
  description: The process that got the signal.
  returned: success
  type: int
"""

import os
import signal

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.health import read_pid


def main() -> None:
    """Ansible calls this."""
    module = AnsibleModule(
        {"pid_file": {"type": "path", "required": True}, "signal": {"type": "str", "default": "HUP"}}, supports_check_mode=True
    )
    number = getattr(signal, "SIG" + module.params["signal"].upper(), None)
    if not isinstance(number, int):
        module.fail_json(msg=f"There is no signal {module.params['signal']}.")
    pid = read_pid(module.params["pid_file"])
    if pid is None:
        module.fail_json(msg=f"{module.params['pid_file']} names no process.")
    try:
        os.kill(pid, 0 if module.check_mode else number)
    except OSError as error:
        module.fail_json(msg=f"Process {pid} did not take the signal: {os.strerror(error.errno or 0)}.")
    module.exit_json(changed=True, pid=pid)


if __name__ == "__main__":
    main()
