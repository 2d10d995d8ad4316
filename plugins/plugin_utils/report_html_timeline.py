# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report's timeline: a lane for each credential, and the same events as a table. Pure."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_html_tables import row, table
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_markup import Html, join, moment, tag
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import Event, Standing
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_timeline import (
    HAPPENED,
    OVERLAP,
    Span,
    Window,
    shown_events,
    span_of,
    ticks,
    windows,
)

_MIDDLE = 15
"""Of a lane, pixels from its top."""
_MOST_EVENTS = 20
_PUBLICATIONS = ("adopt", "promote")
_TONES = {"quarantine": "bad", "discard": "bad", "restore": "bad", "unprove": "warn", "disabled": "warn", "deleted": "plain"}
#: For what overlaps and has no end yet. Drawn once, used by every lane.
_STRIPES = tag(
    "svg",
    tag(
        "defs",
        tag(
            "pattern",
            tag("rect", width=7, height=7, class_="overlap", fill_opacity=0.45),
            tag("rect", width=3, height=7, class_="overlap"),
            id="stripes",
            width=7,
            height=7,
            patternUnits="userSpaceOnUse",
            patternTransform="rotate(45)",
        ),
    ),
    class_="stripes",
    aria_hidden="true",
)


def timeline(all_of_them: t.Sequence[Standing], now: float) -> Html:
    """Lanes, legend, and the table of the last events."""
    shown = [one for one in all_of_them if shown_events(one)]
    if not shown:
        return tag("p", "Nothing has happened yet.", class_="muted")
    span = span_of(shown, now)
    lanes = tag("ol", [_lane(one, span) for one in shown], class_="lanes", aria_label="Timeline")
    return join(_STRIPES, _axis(span), lanes, _legend(), _events(shown))


def _axis(span: Span) -> Html:
    pattern = slice(5, 10) if span.end - span.start > 3 * 86400 else slice(11, 16)
    labels = [tag("span", (to_iso(at) or "")[pattern], style=f"left:{span.share(at):.2f}%") for at in ticks(span)]
    return tag("div", tag("div", labels), class_="axis", aria_hidden="true")


def _lane(one: Standing, span: Span) -> Html:
    events = shown_events(one)
    drawn = [_line(span.share(at), "grid") for at in ticks(span)]
    drawn.append(tag("line", x1=_at(span, events[0].at), x2="100%", y1=_MIDDLE, y2=_MIDDLE, class_="life"))
    drawn += [_window(window, span) for window in windows(one) if window.end > span.start]
    # Publications last: what follows one within minutes must not hide it.
    ordered = sorted(events, key=lambda event: event.event in _PUBLICATIONS)
    drawn += [_mark(event, span) for event in ordered if event.at >= span.start]
    drawn.append(_line(span.share(one.now), "now"))
    spoken = "; ".join(f"{(to_iso(event.at) or '')[:10]} {_said(event)}" for event in events)
    return tag("li", tag("span", one.name, class_="name"), tag("svg", drawn, role="img", aria_label=f"{one.name}: {spoken}"))


def _at(span: Span, moment_: float) -> str:
    return f"{span.share(moment_):.2f}%"


def _line(share: float, kind: str) -> Html:
    return tag("line", x1=f"{share:.2f}%", x2=f"{share:.2f}%", y1=0, y2="100%", class_=kind)


def _window(window: Window, span: Span) -> Html:
    """At least as wide as it takes to be seen."""
    start, end = span.share(window.start), span.share(window.end)
    kind = "open" if window.is_open else window.kind
    words = "both versions work" if window.kind == OVERLAP else "disabled, can be enabled again"
    told = f"{words} for {format_duration(window.end - window.start)}{' so far' if window.is_open else ''}"
    place: dict[str, str | float] = {
        "x": f"{start:.2f}%",
        "width": f"{max(end - start, 0.4):.2f}%",
        "y": _MIDDLE - 5,
        "height": 10,
        "rx": 3,
    }
    return tag("rect", tag("title", told), class_=kind, **place)


def _mark(event: Event, span: Span) -> Html:
    is_publication = event.event in _PUBLICATIONS
    tone = "published moving" if is_publication else _TONES.get(event.event, "good")
    told = f"{(to_iso(event.at) or '')[:16].replace('T', ' ')}: {_said(event)}"
    return tag(
        "circle", tag("title", told), cx=_at(span, event.at), cy=_MIDDLE, r=5 if is_publication else 4, class_=f"mark {tone}"
    )


def _said(event: Event) -> str:
    words = HAPPENED[event.event]
    if event.version and event.event in _PUBLICATIONS:
        return f"version {event.version} {words}"
    return words.replace("older version", f"version {event.version}") if event.version else words


def _legend() -> Html:
    def key(drawing: Html, words: str) -> Html:
        return tag("li", tag("svg", drawing, aria_hidden="true"), words)

    box: dict[str, str | float] = {"width": "100%", "height": 10, "y": 1, "rx": 3}
    keys = [
        key(tag("circle", cx=13, cy=6, r=5, class_="mark published moving"), "a version published"),
        key(tag("circle", cx=13, cy=6, r=4, class_="mark good"), "proved by every host"),
        key(tag("rect", class_="overlap", **box), "old and new version both work"),
        key(tag("rect", class_="open", **box), "the same, until every host has proved the new one"),
        key(tag("rect", class_="recovery", **box), "the old one is disabled and can be enabled again"),
        key(tag("line", x1=13, x2=13, y1=0, y2=12, class_="now"), "now"),
    ]
    return tag("ul", keys, class_="legend", aria_label="Legend")


def _events(all_of_them: t.Sequence[Standing]) -> Html:
    headings = ("Credential", "When", "What", "Why")
    found = [(event, one) for one in all_of_them for event in shown_events(one)]
    found.sort(key=lambda pair: -pair[0].at)
    rows = [row(headings, one.name, moment(event.at), _said(event), event.note or "–") for event, one in found[:_MOST_EVENTS]]
    return tag("div", table(f"The last {min(len(found), _MOST_EVENTS)} events", headings, rows), class_="dense")
