# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On the path of every Python that a watched run starts: what it sends to syslog goes into a file, because that is where we look."""

from __future__ import annotations

import os
import syslog
import typing as t


def _keep(*said: t.Any) -> None:
    with open(os.environ["LEAKS_SYSLOG"], "ab") as file:
        file.write(
            repr(said).encode("utf-8", "backslashreplace") + b"\n" + str(said[-1]).encode("utf-8", "backslashreplace") + b"\n"
        )


if "LEAKS_SYSLOG" in os.environ:
    setattr(syslog, "syslog", _keep)  # noqa: B010
