# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every change of a file below a directory and every command becomes a call, by the interpreter's own audit events.

They come before the change; what is after it is before the next one.
"""

from __future__ import annotations

import os
import sys
import typing as t

from ansible_collections.locksmith.rotation.tests.proof.recorder import Recorder
from ansible_collections.locksmith.rotation.tests.proof.runs import Moment

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
#: Event to which of its arguments are paths.
_CHANGES = {"os.rename": (0, 1), "os.remove": (0,), "os.rmdir": (0,), "os.mkdir": (0,), "os.link": (0, 1), "os.symlink": (1,)}
_MORE = {"os.chmod": (0,), "os.chown": (0,), "os.truncate": (0,)}


def install(recorder: Recorder, scratch: str) -> None:
    """There is no way to take an audit hook away again: the process ends with the run."""
    top = scratch.rstrip("/") + "/"

    def audit(event: str, arguments: tuple[t.Any, ...]) -> None:
        if event == "subprocess.Popen":
            program = os.path.basename(_text(arguments[0]) or "command")
            recorder.cross(recorder.call("file", f"command {program}", writes=False), Moment.BEFORE)
            return
        path = _changed(event, arguments)
        if path.startswith(top):
            call = recorder.call("file", f"{event} {os.path.basename(path)}", writes=not path.endswith(".lock"))
            recorder.cross(call, Moment.BEFORE)

    sys.addaudithook(audit)


def _changed(event: str, arguments: tuple[t.Any, ...]) -> str:
    """The path that is about to change, empty if none is."""
    if event == "open":
        path, dummy, flags = arguments
        return _text(path) if isinstance(flags, int) and flags & _WRITING else ""
    positions = _CHANGES.get(event) or _MORE.get(event) or ()
    return next((text for text in (_text(arguments[position]) for position in positions) if text), "")


def _text(path: object) -> str:
    if isinstance(path, bytes):
        return os.fsdecode(path)
    return path if isinstance(path, str) else ""
