# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one HTML page that needs nothing else: no script, no font, no picture, no network. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_html_tables import (
    AHEAD,
    ages,
    consumers,
    due_soon,
    exceptions,
    is_due_soon,
    overlaps,
)
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_html_timeline import timeline
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_markup import Child, Html, moment, tag
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import (
    FAILING,
    HELD,
    OVERDUE,
    QUARANTINED,
    TROUBLES,
    Standing,
    summary,
    with_trouble,
)
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_style import STYLE

#: Even if somebody found a way to put markup into a name, it could neither run nor fetch anything.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_AT_REST = ("steady", "absent", "quarantined", "failed", "unknown")


def render_html(all_of_them: t.Sequence[Standing], now: float, title: str = "Credentials") -> str:
    """The whole page."""
    page = tag("html", _head(title), tag("body", _header(all_of_them, now, title), _main(all_of_them, now), _footer()), lang="en")
    return f"<!DOCTYPE html>\n{page}\n"


def _head(title: str) -> Html:
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="robots", content="noindex"),
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        tag("style", Html(STYLE)),
    )


def _header(all_of_them: t.Sequence[Standing], now: float, title: str) -> Html:
    names = {one.name for one, dummy in with_trouble(all_of_them, TROUBLES)}
    verdict = f"{len(names)} {'needs' if len(names) == 1 else 'need'} attention" if names else "All is well"
    told = tag("p", "As of ", moment(now), " UTC. ", f"{summary(all_of_them)}.", class_="muted")
    return tag("header", tag("div", tag("h1", title), told), tag("p", verdict, class_=f"verdict {'bad' if names else 'good'}"))


def _main(all_of_them: t.Sequence[Standing], now: float) -> Html:
    return tag(
        "main",
        _tiles(all_of_them),
        _attention(all_of_them),
        _section("Ages against limits", "A bar that reaches the line is due.", ages(all_of_them)),
        _section(f"Due in the next {AHEAD} days", "And what should have been replaced already.", due_soon(all_of_them, now)),
        _section("Timeline", "What happened last, as far as the journals remember it.", timeline(all_of_them, now)),
        _section("Overlap", "Older versions that still exist beside the published one.", overlaps(all_of_them)),
        _section("Consumers", "The hosts that use a credential, and their proof that they run on it.", consumers(all_of_them)),
        _section("Exceptions", "What is not rotated on schedule, by whose reason, and for how long.", exceptions(all_of_them)),
    )


def _section(title: str, about: str, *content: Child) -> Html:
    return tag("section", tag("h2", title), tag("p", about, class_="muted"), *content)


def _tiles(all_of_them: t.Sequence[Standing]) -> Html:
    counts = (
        ("credentials", len(all_of_them), "plain"),
        ("steady", sum(one.state == "steady" and not one.troubles for one in all_of_them), "good"),
        ("under way", sum(one.state not in _AT_REST for one in all_of_them), "moving"),
        (f"due in {AHEAD} days", sum(is_due_soon(one) and not one.has(OVERDUE) for one in all_of_them), "moving"),
        ("overdue", sum(one.has(OVERDUE) for one in all_of_them), "bad"),
        ("held", sum(one.has(HELD) for one in all_of_them), "bad"),
        ("failing", sum(one.has(FAILING) or one.has(QUARANTINED) for one in all_of_them), "bad"),
        ("exempt", sum(one.exempt_until is not None for one in all_of_them), "except"),
    )
    tiles = [
        tag("li", tag("strong", str(count)), words, class_=tone if count else f"{tone} none") for words, count, tone in counts
    ]
    return tag("ul", tiles, class_="tiles", aria_label="How many")


def _attention(all_of_them: t.Sequence[Standing]) -> Child:
    """What is wrong, the worst first; nothing at all where nothing is."""
    found = with_trouble(all_of_them, TROUBLES)
    if not found:
        return ""
    found.sort(key=lambda pair: TROUBLES.index(pair[1].kind))
    items = [
        tag("li", tag("b", one.name), tag("span", trouble.kind, class_="badge bad"), tag("p", trouble.detail), class_="bad")
        for one, trouble in found
    ]
    return tag("section", tag("h2", "Needs attention"), tag("ul", items, class_="troubles"))


def _footer() -> Html:
    words = "Written by locksmith.rotation. Names, ids and moments only: no secret is in this page. All times are UTC."
    return tag("footer", tag("p", words))
