# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: well formed, whole, legible, and of text only, whoever chose the names in it."""

from __future__ import annotations

import html
import itertools
import re
from html.parser import HTMLParser

import pytest

from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_html import render_html
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_markup import tag
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import Standing
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_style import STYLE
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_timeline import (
    OVERLAP,
    RECOVERY,
    shown_events,
    span_of,
    ticks,
    windows,
)
from ansible_collections.locksmith.rotation.tests.unit.plugins.plugin_utils.report_cases import (
    DAY,
    HOSTILE,
    NOW,
    catalogue,
    fact,
    failed,
    old,
    one_of,
    rolling,
)


class Reader(HTMLParser):
    """Follows the elements, and keeps the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes.update(name for name, dummy in attrs)
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text += data + "\n"


def read(*standings: Standing) -> Reader:
    reader = Reader(render_html(standings, NOW))
    assert reader.open == [], "every element ends"
    return reader


def test_the_page_says_what_stands_where() -> None:
    text = read(*catalogue()).text
    for words in (
        "4 need attention",
        "103% of 90d",
        "overdue 3d",
        "✗ web2: unreachable",
        "✓ web1",
        "the vendor's console is being rebuilt",
        "shop team",
    ):
        assert words in text, words
    assert "All is well" in read(one_of(fact("well"))).text and "Needs attention" not in read(one_of(fact("well"))).text


def test_what_is_held_by_a_window_or_a_blackout_is_among_the_exceptions() -> None:
    plan = {"action": "hold", "why": "blackout until 01-05: year's end"}
    assert "due, and not now: blackout until 01-05: year's end" in read(one_of(fact("orders-db", plan=plan))).text
    suspended = read(one_of(fact("orders-db", plan=plan, suspended="rolled back"))).text
    assert "suspended: rolled back" in suspended and "due, and not now" not in suspended, "once is enough"
    assert "due, and not now" not in read(*catalogue()).text


def test_an_empty_catalogue_and_one_of_which_nothing_is_known_are_pages_too() -> None:
    assert "no credentials" in read().text
    assert "failed" in read(one_of(failed())).text
    assert "absent" in read(one_of({"credential": "new", "state": "absent"})).text


def test_whatever_a_name_holds_is_text() -> None:
    hostile = one_of(
        rolling(
            HOSTILE,
            **dict.fromkeys(("type", "id", "store", "last_error", "suspended"), HOSTILE),
            waiting_for=[HOSTILE, f"{HOSTILE[:5]} (x)"],
            consumers_known=[HOSTILE],
            previous=[old(id=HOSTILE, phase=HOSTILE)],
            failures=1,
            policy={"rotate_after": 60, "exempt": {"until": "2030-01-01", "reason": HOSTILE}},
            history=[{"n": 1, "at": "2026-11-20T00:00:00Z", "event": "promote", "version": 4, "note": HOSTILE}],
        )
    )
    reader = read(hostile, one_of(failed(HOSTILE, msg=HOSTILE)))
    assert not reader.seen & {"script", "img", "iframe", "a", "form", "object"}
    assert not [name for name in reader.attributes if name.startswith("on")] and "src" not in reader.attributes
    assert "<script>alert('1')</script>" in reader.text
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e]", reader.text)
    assert tag("p", '<b>"', title='"><b>') == '<p title="&quot;&gt;&lt;b&gt;">&lt;b&gt;&quot;</p>'


def test_the_page_needs_no_network() -> None:
    page = render_html(catalogue(), NOW)
    assert not re.search(r"https?://|url\((?!#)|@import|src=", page)
    assert "default-src 'none'" in html.unescape(page)


def variables(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    """As WCAG 2.1 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "paper"])
def test_every_text_is_legible(scheme: int) -> None:
    colours = variables(STYLE.split(":root {")[scheme + 1].split("}")[0])
    pairs = [
        ("text", "page"),
        ("text", "surface"),
        ("muted", "page"),
        ("muted", "surface"),
        ("muted", "track"),
        ("surface", "moving"),
    ]
    pairs += [(tone, f"{tone}-soft") for tone in ("good", "moving", "warn", "bad", "except")] + [("text", "bad-soft")]
    assert [(one, other) for one, other in pairs if contrast(colours[one], colours[other]) < 4.5] == []
    assert all(contrast(colours[tone], colours["track"]) >= 3 for tone in ("good", "warn", "bad", "except")), "bars"


def test_windows_of_the_past_and_of_the_present() -> None:
    past = windows(one_of(fact("deployer")))
    assert [(window.kind, round((window.end - window.start) / DAY, 2)) for window in past] == [(OVERLAP, 1.0), (RECOVERY, 7.0)]
    (present,) = windows(one_of(rolling()))
    assert present.kind == OVERLAP and present.is_open and present.end == NOW
    grace = fact("x", history=[], previous=[old(grace_until="2026-11-22T12:00:00Z")])
    (window,) = windows(one_of(grace))
    assert not window.is_open and window.end == NOW + DAY
    assert windows(one_of({**grace, "overlap": False})) == [], "the old one died when the new one was set"


def test_the_current_version_has_its_mark_even_where_the_journal_has_forgotten_it() -> None:
    (event,) = shown_events(one_of(fact("x", history=[])))
    assert (event.event, event.version) == ("promote", 4)


def test_the_axis_has_round_moments_and_everything_fits() -> None:
    span = span_of(catalogue(), NOW)
    assert 0 < span.share(NOW) < 100 and span.share(0) == 0 and span.share(NOW * 2) == 100
    for now, created in ((NOW, "2026-11-21T11:59:00Z"), (NOW, "2026-01-01T00:00:00Z"), (NOW, "2026-11-20T00:00:00Z")):
        seen = ticks(span_of([one_of(fact("x", published_at=created, history=[]))], now))
        steps = {round(later - earlier) for earlier, later in itertools.pairwise(seen)}
        assert 2 <= len(seen) <= 9 and len(steps) == 1
