# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a report to a file of the controller, in one step: whoever reads it sees the old one or the new one, never a half."""

from __future__ import annotations

import os

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.local_file import replace_file
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError


def read_before(path: str) -> str:
    """What the file holds now; nothing where there is none, or none that can be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def write_report(path: str, text: str, mode: int) -> None:
    """Put C(text) in the place of the file.

    :arg mode: its permissions, whatever the umask says: other people's programs read it.
    :raises ConfigurationError: it cannot be written there; the old file, if there is one, is as it was.
    """
    try:
        # What is written beside it is not named as the files are that Prometheus' exporter looks for.
        replace_file(path, text.encode("utf-8", "replace"), lambda handle: os.fchmod(handle, mode))
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written: {error.strerror or type(error).__name__}.",
            next_step="make its folder on the controller, writable for whoever runs Ansible, or name another one.",
        ) from None
