# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write findings to a file on the controller, for programs. Called by the reports of the audit and of the doctor."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.local_file import replace_file


def write_json(path: str, report: t.Mapping[str, t.Any]) -> str:
    """Write the file, whole or not at all, readable by its owner only. Returns what went wrong, or an empty string.

    :arg path: nothing is written where it is empty.
    """
    if not path:
        return ""
    try:
        replace_file(path, json.dumps(report, indent=2).encode("utf-8"))
    except OSError as error:
        return f"{path} could not be written: {error.strerror}."
    return ""
