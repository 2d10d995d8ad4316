# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demo shows, on the terminal and in a file that the picture is drawn from. One line at a time; no secret ever."""

from __future__ import annotations

import re
import sys
from pathlib import Path

_STYLES = {"title": "1", "command": "36", "good": "32", "bad": "31", "dim": "2"}


class Screen:
    """C(problems): how many checks failed so far. The file holds C(style|text) lines."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8")
        self._colours = sys.stdout.isatty()
        self.problems = 0

    def close(self) -> None:
        self._file.close()

    def show(self, text: str = "", style: str = "") -> None:
        """Lines of one style."""
        for line in text.split("\n"):
            self._file.write(f"{style}|{line}\n")
            print(self._dressed(line, style), flush=True)
        self._file.flush()

    def title(self, text: str) -> None:
        self.show()
        self.show(f"■ {text}", "title")

    def command(self, text: str) -> None:
        self.show(f"$ {text}", "command")

    def check(self, holds: bool, what: str, otherwise: str = "") -> None:
        """A line with ✓, or with ✗ and what is the case instead."""
        self.problems += not holds
        self.show(f"✓ {what}" if holds else f"✗ {what}{': ' + otherwise if otherwise else ''}", "good" if holds else "bad")

    def progress(self, text: str) -> None:
        """A sign of life, on the terminal only."""
        print(self._dressed(text, "dim"), end="", flush=True)

    def _dressed(self, text: str, style: str) -> str:
        return f"\033[{_STYLES[style]}m{text}\033[0m" if self._colours and style and text else text


def shorten(text: str) -> str:
    """Ids of PostgreSQL versions are long; the end of the attempt's name is enough to tell them apart."""
    return re.sub(r"locksmith-[\w-]+?-\d{8}T\d{6}-([0-9a-f]{8})", r"…\1", text)
