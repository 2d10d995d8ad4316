# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report in a real browser: on wide and narrow screens, light and dark, and on paper."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_html import render_html
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import Standing
from ansible_collections.locksmith.rotation.tests.tools.chromium import Chromium
from ansible_collections.locksmith.rotation.tests.tools.example import NOW, catalogue
from ansible_collections.locksmith.rotation.tests.unit.plugins.plugin_utils import report_cases

#: The elements that reach out of the window. On a narrow screen the headings of tables are for screen readers only.
TOO_WIDE = """[...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > innerWidth + 1
    && !(innerWidth <= 720 && one.closest('thead'))).map(one => one.outerHTML.slice(0, 80))"""
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def browser() -> t.Iterator[Chromium]:
    with Chromium() as chromium:
        yield chromium


def page_of(tmp_path: pathlib.Path, standings: t.Sequence[Standing]) -> pathlib.Path:
    page = tmp_path / "report.html"
    page.write_text(render_html(standings, NOW), encoding="utf-8")
    return page


def hostile() -> list[Standing]:
    """Names as long and as nasty as they come."""
    name = report_cases.HOSTILE + "x" * 300
    return [
        *report_cases.catalogue(),
        report_cases.one_of(report_cases.rolling(name, type=name, id=name, waiting_for=[f"{'h' * 200} (unreachable)", name])),
        report_cases.one_of(report_cases.failed(name, msg=name)),
    ]


def complaints(browser: Chromium) -> list[str]:
    """What the browser said on its console, and whatever it wanted from a network."""
    said = [entry["entry"]["text"] for entry in browser.named("Log.entryAdded")]
    said += [str(call["args"]) for call in browser.named("Runtime.consoleAPICalled")]
    said += [str(thrown) for thrown in browser.named("Runtime.exceptionThrown")]
    asked = [sent["request"]["url"] for sent in browser.named("Network.requestWillBeSent")]
    return said + [url for url in asked if not url.startswith("file://") and url != "data:,"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("what", [catalogue, hostile])
def test_the_page_fits_asks_for_nothing_and_has_no_errors(
    browser: Chromium, tmp_path: pathlib.Path, what: t.Callable[[], list[Standing]], width: int, dark: bool
) -> None:
    browser.open(page_of(tmp_path, what()), width, dark)
    assert browser.value("document.documentElement.scrollWidth") <= width, browser.value(TOO_WIDE)
    assert browser.value(TOO_WIDE) == []
    assert complaints(browser) == []
    assert browser.value("document.scripts.length") == 0 and browser.value("document.title") == "Credentials"
    assert browser.value(BACKGROUND) == ("rgb(14, 19, 24)" if dark else "rgb(244, 246, 248)")


def test_what_somebody_wrote_into_a_name_is_shown_and_not_obeyed(browser: Chromium, tmp_path: pathlib.Path) -> None:
    browser.open(page_of(tmp_path, hostile()), 1280)
    assert "<script>alert('1')</script>" in browser.value("document.body.innerText")
    assert browser.value("[...document.querySelectorAll('script, img, iframe, object, a, [onerror], [onclick]')].length") == 0


def test_a_screen_reader_finds_tables_headings_and_words_for_every_drawing(browser: Chromium, tmp_path: pathlib.Path) -> None:
    for width in (400, 1280):
        browser.open(page_of(tmp_path, catalogue()), width)
        nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
        found = [
            (node.get("role", {}).get("value"), node.get("name", {}).get("value", ""))
            for node in nodes
            if not node.get("ignored")
        ]
        roles = [role for role, dummy in found]
        assert ("heading", "Credentials") in found and ("heading", "Timeline") in found
        assert roles.count("table") == 6 and roles.count("rowheader") > 30 and roles.count("columnheader") > 20, width
        drawings = [name for role, name in found if role in ("image", "img", "graphics-document")]
        assert len(drawings) >= 20 and all(drawings)
        assert any("103% of its limit of 180d" in name or "102% of its limit of 180d" in name for name in drawings)


def test_paper_is_white_whatever_the_screen_is(browser: Chromium, tmp_path: pathlib.Path) -> None:
    browser.open(page_of(tmp_path, catalogue()), 1000, dark=True, medium="print")
    assert browser.value(BACKGROUND) == "rgb(255, 255, 255)"
    assert browser.value("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    printed = browser.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=True)
    assert len(printed["data"]) > 10_000
