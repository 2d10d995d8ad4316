# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of the module C(credential_trail), and its work, for the module and for the action plugin of its name."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.record import News, record

OPTIONS: dict[str, t.Any] = {
    "path": {"type": "path", "required": True},
    "credentials": {"type": "list", "elements": "str", "default": []},
    "mode": {"type": "str", "default": "0640"},
    "review": {"type": "dict"},
    "reports": {"type": "list", "elements": "dict", "default": []},
    "by": {"type": "dict", "default": {}},
}


def write(params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Bring the trail up to date.

    :raises LocksmithError: an option is wrong, or the file could not be opened, locked or written.
    """
    if not params["path"].startswith("/"):
        raise ConfigurationError(f"path is {params['path']}, which is not absolute.", next_step="write the whole path.")
    by = params["by"]
    news = News(params["reports"], params["review"] or {}, by, str(by.get("run", "")), time.time())
    try:
        return record(params["path"], _mode(params["mode"]), news, check_mode)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise ConfigurationError(
            "what is to be recorded is not what the action plugin makes.",
            next_step="leave reports and by out, and write in review texts only; nothing was written.",
        ) from None


def _mode(written: str) -> int:
    """:raises ConfigurationError: no mode, or one that lets more than the owner write."""
    try:
        mode = int(written, 8)
    except ValueError:
        mode = -1
    if not 0 <= mode <= 0o777 or mode & 0o022 or not mode & 0o200:
        raise ConfigurationError(
            f"mode is {written!r}, which is no mode or lets others than the owner write.", next_step="write '0600' or '0640'."
        )
    return mode
