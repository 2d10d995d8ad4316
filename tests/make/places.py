# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are. Everything that the project downloads or makes is below C(.cache/) of the checkout."""

from __future__ import annotations

import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".cache"
LOGS = CACHE / "logs"
WHEELS = CACHE / "wheels"
VENVS = CACHE / "venv"
NAMESPACE = "locksmith"
NAME = "rotation"


class SetupError(Exception):
    """The machine lacks something that we cannot bring; the message is one line that says what to do."""
