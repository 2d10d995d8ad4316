# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write findings to a file on the controller, for programs. Called by the reports of the audit and of the doctor."""

from __future__ import annotations

import json
import os
import tempfile
import typing as t


def write_json(path: str, report: t.Mapping[str, t.Any]) -> str:
    """Write the file, whole or not at all, readable by its owner only. Returns what went wrong, or an empty string.

    :arg path: nothing is written where it is empty.
    """
    if not path:
        return ""
    try:
        handle, written = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)), prefix=".locksmith-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=2)
        os.replace(written, path)
    except OSError as error:
        return f"{path} could not be written: {error.strerror}."
    return ""
