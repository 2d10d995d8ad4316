# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the pictures of docs/status.md anew: the page in a browser, light and dark, and the table on a terminal. Run as a program."""

from __future__ import annotations

import pathlib
import sys
import tempfile

from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_html import render_html
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_table import lines_of
from ansible_collections.locksmith.rotation.tests.demo.picture import draw_terminal
from ansible_collections.locksmith.rotation.tests.tools.chromium import Chromium
from ansible_collections.locksmith.rotation.tests.tools.example import NOW, catalogue

TARGET = pathlib.Path(__file__).resolve().parents[2] / "docs" / "img"
_COMMAND = "$ ansible-playbook -i hosts.yml -i credentials.yml locksmith.rotation.status"
_COLUMNS = 120
#: Pixels.
_WIDTH, _HEIGHT, _PHONE, _GAP = 1280, 1640, 400, 8


def draw_page() -> None:
    """Light and dark, as far down as a reader looks first, on a telephone, and the timeline."""
    with tempfile.TemporaryDirectory() as folder, Chromium() as browser:
        page = pathlib.Path(folder) / "report.html"
        page.write_text(render_html(catalogue(), NOW, "Credentials of the shop"), encoding="utf-8")
        for name, width, dark, height in (
            ("report-light", _WIDTH, False, _HEIGHT),
            ("report-dark", _WIDTH, True, _HEIGHT),
            ("report-phone", _PHONE, True, 900),
        ):
            browser.open(page, width, dark)
            browser.picture(TARGET / f"{name}.png", height)
        browser.open(page, _WIDTH)
        top, bottom = (int(browser.value(f"document.querySelectorAll('section')[{number}].offsetTop")) for number in (3, 5))
        browser.picture(TARGET / "report-timeline.png", bottom - top, top - _GAP)


def draw_table() -> None:
    """In the terminal's colours."""
    table = [[(style, text) for text, style in line] for line in lines_of(catalogue(), _COLUMNS)]
    draw_terminal([[("command", _COMMAND)], *table], "status: where every credential stands", TARGET / "status.svg")


def main() -> int:
    """:returns: exit status."""
    draw_page()
    draw_table()
    print(f"drawn: {', '.join(path.name for path in sorted(TARGET.glob('*')) if not path.name.startswith('demo'))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
