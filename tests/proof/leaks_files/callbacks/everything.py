# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback as log collectors have them: everything that Ansible tells callbacks, as JSON lines in a file."""

from __future__ import annotations

import json
import os
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: everything
type: notification
author: The locksmith.rotation contributors
short_description: Everything that callbacks are told
description: For tests of what callbacks can keep.
"""


class CallbackModule(CallbackBase):
    """See the module's docstring."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "everything"
    CALLBACK_NEEDS_ENABLED = True

    def v2_on_any(self, *arguments: t.Any, **more: t.Any) -> None:
        """Called for every event."""
        told = [self._plain(each) for each in [*arguments, *more.values()]]
        with open(os.environ["LEAKS_EVENTS"], "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(json.dumps(told, default=str) + "\n")

    def _plain(self, told: t.Any) -> t.Any:
        """A host's variables are left out: they are the inventory itself, which whoever reads it has."""
        task = getattr(told, "_task", told)
        about = {name: repr(getattr(task, name)) for name in ("args", "vars") if hasattr(task, "action")}
        return {"what": repr(told), "result": getattr(told, "_result", None), **about}
