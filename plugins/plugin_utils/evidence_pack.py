# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence pack: a period's tables as CSV, and all of it as one page of Markdown. Pure: returns texts by file name.

Called by the action plugin C(credential_evidence). Public facts only: it is made from the trail and from P(run_facts).
"""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.locksmith.rotation.plugins.plugin_utils.csv_text import to_csv
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_answer import Answer, Found, doubted
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_checklist import CHECKLIST
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_controls import CONTROLS
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_tables import TABLES
from ansible_collections.locksmith.rotation.plugins.plugin_utils.markdown import escaped, to_table

PAGE = "evidence.md"
SUMS = "SHA256SUMS"
_DOUBT = "the trail is not what was written, so nothing that rests on it is proved"
_NOTE = (
    "Made from the audit trail, the journals and the catalogue. A line of the trail is named by its number (seq). Times are UTC. "
    "The period includes its beginning and not its end; one that is not over is looked at as it is now."
)


def make_pack(found: Found, made_at: str) -> dict[str, str]:
    """The files, by name. C(SHA256SUMS) lists the others as C(sha256sum -c) reads it."""
    items = [(item.asks, _relied(item.answer(found), found)) for item in CHECKLIST]
    controls = [(control, _relied(control.answer(found), found)) for control in CONTROLS]
    tables = [(table, table.rows(found)) for table in TABLES]
    files = {f"{table.name}.csv": to_csv(table.headings, rows) for table, rows in tables}
    files["checklist.csv"] = to_csv(
        ("item", "answer", "because"), [(asks, a.verdict.value, "; ".join(a.because)) for asks, a in items]
    )
    files["controls.csv"] = to_csv(
        ("control", "answer", "because", "evidence", "not answered"),
        [(c.name, a.verdict.value, "; ".join(a.because), c.shown_by, c.not_shown) for c, a in controls],
    )
    since, until = found.account.period.told()
    parts = [
        f"# Evidence of credential rotation, {since[:10]} to {until[:10]}\n",
        f"{_NOTE} Made at {made_at}.\n",
        "## The trail\n",
        _trail(found),
        "## Checklist of a rotation programme\n",
        to_table(("Item", "Answer", "Because"), [(asks, a.verdict.value, "; ".join(a.because)) for asks, a in items], ""),
        "## Controls\n",
        *[_control(control, answer) for control, answer in controls],
        *[f"## {table.title}\n\n{to_table(table.headings, rows, table.none)}" for table, rows in tables],
    ]
    files[PAGE] = "\n".join(parts)
    files[SUMS] = "".join(f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(files.items()))
    return files


def _relied(answer: Answer, found: Found) -> Answer:
    return answer if found.trail.get("intact") else doubted(answer, _DOUBT)


def _control(control: t.Any, answer: Answer) -> str:
    lines = [
        f"### {escaped(control.name)}: {answer.verdict.value}\n",
        f"{escaped(control.wants)}\n",
        *[f"- {escaped(sentence)}" for sentence in answer.because],
        f"- Evidence: {escaped(control.shown_by)}",
        f"- Not answered here: {escaped(control.not_shown)}\n",
    ]
    return "\n".join(lines)


def _trail(found: Found) -> str:
    """Whether it can be relied upon, and what it says itself that it lacks."""
    trail = found.trail
    compared = (
        "was compared with a head that was kept elsewhere"
        if found.head_was_compared
        else "was not compared with a head kept elsewhere"
    )
    lines = [
        f"- Intact: {'yes' if trail.get('intact') else 'NO'}, {trail.get('lines')} lines. Its end {compared}.",
        f"- Head now: `{escaped(trail.get('head')).replace(chr(92), '')}`",
    ]
    lines += [f"- Line {problem['line']}: {escaped(problem['what'])}" for problem in trail.get("problems") or ()]
    if trail.get("unfinished"):
        lines.append(f"- Line {trail['unfinished']} is unfinished: a run was cut off while writing it.")
    lines += [f"- Number {entry['seq']}: {_lacking(entry)}" for entry in found.account.unknown()]
    return "\n".join(lines) + "\n"


def _lacking(entry: t.Mapping[str, t.Any]) -> str:
    extent = f", events {entry['from']} to {entry['to']}" if entry["what"] == "gap" else ""
    return escaped(f"{entry.get('credential', 'the trail')}: {entry.get('note', entry['what'])}{extent}")
