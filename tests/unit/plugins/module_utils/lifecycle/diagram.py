# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the state machine of C(states.py) into C(docs/lifecycle.md). Run as a program to draw it anew; the test compares."""

from __future__ import annotations

import pathlib

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import MEANING, TRANSITIONS, Event, State

DOCUMENT = pathlib.Path(__file__).resolve().parents[5] / "docs" / "lifecycle.md"
BEGIN, END = "<!-- drawn from states.py: begin -->", "<!-- drawn from states.py: end -->"
#: Events that lead from nearly everywhere to nearly everywhere: in the table, and as one arrow in the picture.
_EVERYWHERE = {Event.DISCARD, Event.QUARANTINE, Event.RELEASE, Event.LEAK}
#: Events that leave an attempt where it is: in the table only.
_IN_PASSING = {Event.CONTAIN, Event.DISABLED, Event.DELETE, Event.DELETED}


def drawing() -> str:
    """The picture and the table, as they must stand in the document."""
    return "\n".join([BEGIN, "", *_picture(), "", *_states(), "", *_table(), "", END])


def _picture() -> list[str]:
    edges = sorted(
        (state.value, target.value, event.value)
        for (state, event), targets in TRANSITIONS.items()
        for target in targets
        if event not in _EVERYWHERE and not (state is target and event in _IN_PASSING)
    )
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> absent"]
    lines += [f"    {source} --> {target} : {event}" for source, target, event in edges]
    return [*lines, "    candidate --> quarantined : quarantine, after repeated failure", "```"]


def _states() -> list[str]:
    return ["| state | meaning |", "|---|---|", *(f"| `{state.value}` | {MEANING[state]} |" for state in State)]


def _table() -> list[str]:
    order = list(State)
    rows = sorted(TRANSITIONS.items(), key=lambda item: (order.index(item[0][0]), item[0][1].value))
    return [
        "| in state | event | leads to |",
        "|---|---|---|",
        *(
            f"| `{state.value}` | {event.value} | {', '.join(f'`{target.value}`' for target in sorted(targets, key=order.index))} |"
            for (state, event), targets in rows
        ),
    ]


def redraw(text: str) -> str:
    """C(text) with the drawing between its marks renewed."""
    before, dummy, rest = text.partition(BEGIN)
    return before + drawing() + rest.partition(END)[2]


if __name__ == "__main__":
    DOCUMENT.write_text(redraw(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
