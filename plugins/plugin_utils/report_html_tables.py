# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the HTML report: ages, what is due, overlap, consumers, exceptions. Pure.

Narrow screens show a row as a card, which takes a table's meaning away from it; so every part names its role.
"""

from __future__ import annotations

import typing as t
from datetime import datetime, timezone

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_markup import Child, Html, join, moment, tag
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import (
    FAILING,
    HELD,
    OVERDUE,
    QUARANTINED,
    Consumer,
    Previous,
    Standing,
)

_DAY = 86400
AHEAD = 30
"""Days."""
#: Where on its bar the limit of a credential is.
_AT_LIMIT = 80.0
_MOST_HOSTS = 60
_PHASES = {
    "previous": ("still works", "warn"),
    "disabling": ("being disabled", "moving"),
    "disabled": ("disabled", "moving"),
    "deleting": ("being deleted", "moving"),
    "candidate": ("not published yet", "moving"),
}


def table(caption: str, headings: t.Sequence[str], rows: t.Iterable[Html]) -> Html:
    """A table whose rows are P(row)s."""
    heads = [tag("th", heading, scope="col", role="columnheader") for heading in headings]
    head = tag("thead", tag("tr", heads, role="row"), role="rowgroup")
    return tag("table", head, tag("tbody", list(rows), role="rowgroup"), role="table", aria_label=caption)


def row(headings: t.Sequence[str], first: Child, *cells: Child) -> Html:
    """A row whose C(first) cell says what it is about; the others carry their heading to where there is no room for one."""
    header = tag("th", first, scope="row", role="rowheader")
    return tag("tr", header, [_cell(heading, cell) for heading, cell in zip(headings[1:], cells)], role="row")


def _cell(heading: str, cell: Child) -> Html:
    content = join(cell)
    return tag("td", tag("div", content), role="cell", data_label=heading, class_="bar" if 'class="track' in content else None)


def badge(text: str, tone: str) -> Html:
    """A word in a colour; the word alone says it all."""
    return tag("span", text, class_=f"badge {tone}")


def state_of(one: Standing) -> Html:
    """The state as a badge."""
    if one.has(QUARANTINED) or one.has(FAILING):
        return badge(one.state if one.state in ("failed", QUARANTINED) else f"{_words(one.state)}, failing", "bad")
    tone = {"steady": "good", "absent": "plain", "unknown": "plain"}.get(one.state, "moving")
    return badge(_words(one.state), "bad" if one.has(HELD) else tone)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _name(one: Standing) -> Html:
    return join(one.name, tag("small", one.kind or "–"))


def ages(all_of_them: t.Sequence[Standing]) -> Html:
    """How old each is against its limit, the nearest to it first."""
    headings = ("Credential", "Age", "Of its limit", "Due", "State", "Hosts")
    ordered = sorted(all_of_them, key=lambda one: -_used(one))
    rows = [row(headings, _name(one), _age(one), _bar(one), _due(one), state_of(one), _hosts_of(one)) for one in ordered]
    return table("Ages against limits", headings, rows)


def _used(one: Standing) -> float:
    """The share of its life that is over; 0 where that is not known."""
    return one.age / one.limit if one.age is not None and one.limit else 0.0


def _age(one: Standing) -> Child:
    return "–" if one.age is None else format_duration(one.age)


def _bar(one: Standing) -> Child:
    if one.age is None or not one.limit:
        return "–"
    used = _used(one)
    tone = "except" if one.exempt_until else "bad" if one.has(OVERDUE) else "warn" if used > 0.9 else "good"
    fill = tag("div", class_="fill", style=f"width:{min(used * _AT_LIMIT, 100.0):.1f}%")
    spoken = f"{used:.0%} of its limit of {format_duration(one.limit)}"
    return join(
        tag("div", fill, tag("div", class_="limit"), class_=f"track {tone}", role="img", aria_label=spoken),
        tag("small", f"{used:.0%} of {format_duration(one.limit)}"),
    )


def _due(one: Standing) -> Child:
    if one.due_in is None:
        return "–"
    if one.exempt_until is not None:
        return join(badge("exempt", "except"), tag("small", f"until {(to_iso(one.exempt_until) or '')[:10]}"))
    if one.due_in <= 0:
        late = f"overdue {format_duration(-one.due_in)}"
        return join(badge(late, "bad" if one.has(OVERDUE) else "warn"), tag("small", moment(one.moment("due_at"))))
    return join(f"in {format_duration(one.due_in)}", tag("small", moment(one.moment("due_at"))))


def _hosts_of(one: Standing) -> Child:
    expected = one.count("consumers_expected")
    return f"{one.count('consumers_proved')}/{expected}" if expected else "–"


def is_due_soon(one: Standing) -> bool:
    """Will it have to be replaced within the days that the report looks ahead, or should it have been?"""
    return one.due_in is not None and one.due_in <= AHEAD * _DAY and one.exempt_until is None


def due_soon(all_of_them: t.Sequence[Standing], now: float) -> Html:
    """A square for each of the days ahead, and a row for each credential that is due in them."""
    due = sorted((one for one in all_of_them if is_due_soon(one)), key=lambda one: one.due_in or 0.0)
    if not due:
        return tag("p", f"Nothing is due in the next {AHEAD} days.", class_="muted")
    headings = ("Credential", "Due", "Age", "Store")
    rows = [row(headings, _name(one), _due(one), _age(one), one.text("store") or "–") for one in due]
    squares = tag("ol", [_square(day, due, now) for day in range(AHEAD + 1)], class_="days", aria_label=f"The next {AHEAD} days")
    return join(squares, table("What is due", headings, rows))


def _square(day: int, due: t.Sequence[Standing], now: float) -> Html:
    """A day of the calendar, UTC; today's has what should have been replaced already too."""
    today = int(now // _DAY)
    at = datetime.fromtimestamp((today + day) * _DAY, timezone.utc)
    names = [one.name for one in due if max(int((now + (one.due_in or 0.0)) // _DAY), today) == today + day]
    spoken = f"{at:%Y-%m-%d}: {', '.join(names) or 'nothing'}"
    return tag("li", str(at.day), class_="due" if names else None, title=spoken, aria_label=spoken)


def overlaps(all_of_them: t.Sequence[Standing]) -> Html:
    """Which older versions still exist, and what each waits for."""
    headings = ("Credential", "Older version", "It is", "Since", "Until", "Waits for")
    rows = [_overlap(headings, one, old) for one in all_of_them for old in one.previous]
    if not rows:
        return tag("p", "No older version exists: every credential has one.", class_="muted")
    return table("Older versions", headings, rows)


def _overlap(headings: t.Sequence[str], one: Standing, old: Previous) -> Html:
    words, tone = _PHASES.get(old.phase, (old.phase, "plain"))
    since = one.moment("published_at") if old.disabled_at is None else old.disabled_at
    until = old.delete_after or old.grace_until
    waits = ", ".join(one.waiting) or ("every host's proof" if until is None else "–")
    what = join(f"{old.version} ", tag("small", old.id or "unknown id"))
    return row(headings, _name(one), what, badge(words, tone), moment(since), moment(until), waits)


def consumers(all_of_them: t.Sequence[Standing]) -> Html:
    """Who uses each, and who has proved it. Those that have not come first."""
    headings = ("Credential", "Proved", "Hosts")
    users = [(one, one.consumers) for one in all_of_them]
    rows = [row(headings, _name(one), _hosts_of(one), _chips(hosts)) for one, hosts in users if hosts]
    if not rows:
        return tag("p", "No host of the inventory uses any of them.", class_="muted")
    return table("Consumers", headings, rows)


def _chips(hosts: t.Sequence[Consumer]) -> Html:
    ordered = sorted(hosts, key=lambda consumer: (consumer.proved is not False, consumer.proved is not None))
    chips = [_chip(consumer) for consumer in ordered[:_MOST_HOSTS]]
    if len(ordered) > _MOST_HOSTS:
        chips.append(tag("li", f"and {len(ordered) - _MOST_HOSTS} more", class_="host plain"))
    return tag("ul", chips, class_="hosts")


def _chip(consumer: Consumer) -> Html:
    if consumer.proved is None:
        return tag("li", f"? {consumer.host}", class_="host plain", title="not asked about this version yet")
    if consumer.proved:
        return tag("li", f"✓ {consumer.host}", class_="host good", title="has proved the published version")
    return tag("li", f"✗ {consumer.host}: {consumer.detail}", class_="host bad", title="has not proved the published version")


def exceptions(all_of_them: t.Sequence[Standing]) -> Html:
    """Who is not rotated on schedule, until when and why; a window or a blackout says until when in its own words."""
    headings = ("Credential", "Until", "Left", "Owner", "Reason")
    rows = [
        row(
            headings,
            _name(one),
            moment(one.exempt_until),
            format_duration(one.exempt_until - one.now),
            one.exempt_owner or "–",
            one.exempt_reason,
        )
        for one in all_of_them
        if one.exempt_until is not None
    ]
    rows += [
        row(headings, _name(one), "somebody rotates it by force", "–", "–", f"suspended: {one.text('suspended')}")
        for one in all_of_them
        if one.text("suspended")
    ]
    rows += [
        row(headings, _name(one), "–", "–", "–", f"due, and not now: {one.not_now}")
        for one in all_of_them
        if one.not_now and not one.text("suspended")
    ]
    if not rows:
        return tag("p", "There are none.", class_="muted")
    return table("Exceptions", headings, rows)
