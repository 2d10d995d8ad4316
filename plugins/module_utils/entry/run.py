# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who this run is, for the lease in the journal, and whether the process behind another lease is gone.

The only place below the modules that looks at the machine. Called by P(entry.rotation).
"""

from __future__ import annotations

import os
import platform
import time
import uuid

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Lease
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.keeper import Run

#: When this process, or the controller that it was forked from, loaded the collection: seconds since the epoch. A forced
#: rotation that another run completed after this moment is the one that was asked for.
LOADED_AT = time.time()
#: The name of this process and of all that are forked from it: every task of one run of Ansible has the same.
SERIES = uuid.uuid4().hex[:6]


def _read(path: str) -> str:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _boot() -> str:
    """This boot of this machine and this process-id namespace: containers share the former and not the latter."""
    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        namespace = ""
    boot = _read("/proc/sys/kernel/random/boot_id").strip()
    return f"{boot}/{namespace}" if boot and namespace else ""


#: The same for this process and for all that are forked from it.
_HOST, _BOOT = platform.node(), _boot()


def this_run() -> Run:
    """A new run id for this process: the run of Ansible, and within it the task."""
    pid = os.getpid()
    return Run(SERIES + uuid.uuid4().hex[:10], _HOST, _BOOT, pid, _process_started(pid), LOADED_AT, _is_gone, SERIES)


def _process_started(pid: int) -> str:
    """The kernel's start time of a process, clock ticks since boot; empty if there is none. A zombie is gone."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 and fields[0] not in ("Z", "X") else ""


def _is_gone(lease: Lease) -> bool:
    """Is it certain that the process behind this lease no longer runs? Only the machine that it ran on can say so."""
    if not lease.boot or lease.boot != _BOOT or lease.host != _HOST:
        return False
    return _process_started(lease.pid) != lease.process_started
