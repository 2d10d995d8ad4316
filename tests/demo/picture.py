# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws what the demo showed as a picture of a terminal (SVG). Called by P(demo), and for the pictures of other commands."""

from __future__ import annotations

import html
import typing as t
from pathlib import Path

_COLOURS = {
    "": "#d5dbe1",
    "title": "#ffffff",
    "command": "#6cc7f5",
    "good": "#7fd88f",
    "changing": "#e3b341",
    "excepted": "#c3a9ff",
    "bad": "#ff7b72",
    "dim": "#8b949e",
}
#: Pixels.
_LINE, _CHARACTER, _MARGIN, _BAR = 19, 8.05, 20, 34
_HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" role="img">
<title>{title}</title>
<rect width="100%" height="100%" rx="10" fill="#14181d"/>
<g fill="#3a424c"><circle cx="22" cy="19" r="6"/><circle cx="42" cy="19" r="6"/><circle cx="62" cy="19" r="6"/></g>
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="13.4" xml:space="preserve">
"""


#: Beginnings of the titles of what is drawn; the rest would make it too long to look at.
_ESSENTIAL = ("■ Start", "■ Rotate", "■ What the rotation cost", "■ Once more", "■ In the end", "All of it")

Line = t.Tuple[str, str]


def draw(screen: Path, target: Path) -> None:
    """C(screen): C(style|text) lines."""
    pairs = [line.partition("|") for line in screen.read_text(encoding="utf-8").splitlines()]
    lines = [("command", "$ make demo"), *_essential((style, text) for style, dummy, text in pairs)]
    draw_terminal([[line] for line in lines], "make demo: seven credentials rotated on real servers", target)


def draw_terminal(lines: t.Sequence[t.Sequence[Line]], title: str, target: Path) -> None:
    """Each line as its pieces, in their styles."""
    width = max(sum(len(text) for dummy, text in line) for line in lines) * _CHARACTER + 2 * _MARGIN
    height = _BAR + len(lines) * _LINE + _MARGIN
    drawn = [piece for number, line in enumerate(lines) for piece in _pieces(number, line)]
    target.parent.mkdir(parents=True, exist_ok=True)
    head = _HEAD.format(width=width, height=height, title=html.escape(title))
    target.write_text(head + "\n".join(drawn) + "\n</g>\n</svg>\n", encoding="utf-8")


def _essential(lines: t.Iterable[Line]) -> t.Iterator[Line]:
    """The parts with an essential title, and ⋮ where others are left out."""
    is_shown = True
    for style, text in lines:
        if style == "title":
            was_shown, is_shown = is_shown, text.startswith(_ESSENTIAL)
            if was_shown and not is_shown:
                yield from (("dim", "⋮"), ("", ""))
        if is_shown:
            yield style, text


def _pieces(number: int, line: t.Sequence[Line]) -> t.Iterator[str]:
    """C(textLength) keeps columns aligned whatever font the reader has."""
    before = 0
    for style, text in line:
        weight = ' font-weight="bold"' if style == "title" else ""
        shown = text.rstrip() if len(line) > 1 else text
        left = f"{_MARGIN + before * _CHARACTER:.1f}".replace(".0", "")
        place = f'x="{left}" y="{_BAR + (number + 1) * _LINE - 5}" textLength="{len(shown) * _CHARACTER:.1f}"'
        if shown:
            yield f'<text {place} fill="{_COLOURS[style]}"{weight}>{html.escape(shown, quote=False)}</text>'
        before += len(text)
