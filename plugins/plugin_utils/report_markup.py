# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTML that cannot be broken by what it is about: only P(tag) makes P(Html), and every other text is escaped. Pure."""

from __future__ import annotations

import html
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.plugin_utils.table import visible

_EMPTY = frozenset({"meta", "link"})


class Html(str):
    """Text that is markup already."""


Child = t.Union[str, t.Iterable[str]]


def tag(_name: str, *children: Child, **attributes: str | float | None) -> Html:
    """An element.

    :arg children: texts, escaped unless they are P(Html), and iterables of such.
    :arg attributes: C(class_) is written C(class), C(aria_label) C(aria-label); None is left out.
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if _name in _EMPTY:
        return Html(f"<{_name}{written}>")
    return Html(f"<{_name}{written}>{join(*children)}</{_name}>")


def join(*children: Child) -> Html:
    """Siblings."""
    return Html("".join(_text(child) for child in children))


def moment(at: float | None) -> Html:
    """A moment, as people in all time zones read it; UTC."""
    iso = to_iso(at)
    if iso is None:
        return Html("–")
    return tag("time", f"{iso[:10]}\N{NO-BREAK SPACE}{iso[11:16]}", datetime=iso)


def _text(child: Child) -> str:
    if isinstance(child, Html):
        return child
    return _escape(child) if isinstance(child, str) else "".join(map(_text, child))


def _escape(text: str) -> str:
    """Characters that turn text around or hide in it are replaced: a name must not pass for another."""
    return html.escape(visible(text))
