# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the proof says: a line for each cell as it ends, totals, and the page docs/proof.md. Called by the driver."""

from __future__ import annotations

import collections
import dataclasses
import platform
import typing as t

from ansible.release import __version__ as core_version

from ansible_collections.locksmith.rotation.tests.proof.cells import Outcome, Section, Settings
from ansible_collections.locksmith.rotation.tests.proof.workers import Done

_LONGEST_DETAIL = 400


@dataclasses.dataclass(frozen=True)
class Whole:
    """A run of the proof. C(seconds): by the clock on the wall."""

    done: tuple[Done, ...]
    settings: Settings
    seconds: float

    @property
    def misses(self) -> list[Done]:
        return [done for done in self.done if done.result.outcome is Outcome.MISS]

    def counts(self, section: str = "") -> dict[str, int]:
        """What was tried, summed over all cells, or those of one section."""
        found: collections.Counter[str] = collections.Counter()
        for done in self.done:
            if section in ("", done.section):
                found.update(done.result.counts)
        return dict(sorted(found.items()))


def telling(finished: t.Iterable[Done]) -> t.Iterator[Done]:
    """Say a line about each and pass it on."""
    for done in finished:
        print(line(done), flush=True)
        yield done


def line(done: Done) -> str:
    """One cell."""
    tried = ", ".join(f"{number} {name}" for name, number in done.result.counts.items())
    detail = done.result.detail[:_LONGEST_DETAIL]
    said = "; ".join(filter(None, (tried, detail)))
    return f"{done.result.outcome.value:<5} {done.section:<10} {done.row} / {done.column} ({said}) {done.seconds:.1f} s"


def totals(whole: Whole) -> list[str]:
    """The last lines: misses once more, then the sums."""
    lines = [line(done) for done in whole.misses]
    outcomes = collections.Counter(done.result.outcome for done in whole.done)
    numbers = ", ".join(f"{outcomes[outcome]} {outcome.value}" for outcome in Outcome)
    tried = ", ".join(f"{number} {name}" for name, number in whole.counts().items()) or "nothing"
    lines.append(f"{len(whole.done)} cells: {numbers}; tried: {tried}; seed {whole.settings.seed}; {whole.seconds:.0f} s")
    return lines


def page(whole: Whole, sections: t.Sequence[Section]) -> str:
    """docs/proof.md."""
    parts = [
        "<!--",
        "Copyright (c) 2026, the locksmith.rotation contributors",
        "GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)",
        "SPDX-License-Identifier: GPL-3.0-or-later",
        "-->",
        "",
        "# The proof",
        "",
        "Written by `make proof`, never by hand. It tries to break the collection's promises at every point, on real servers and faithful "
        "stand-ins; how it is built is in `tests/proof/README.md`. ok: tried, nothing found. n.a.: the question does not arise. "
        "A miss makes it fail.",
        "",
        f"**{len(whole.done)} cells, misses: {len(whole.misses)}**, in {whole.seconds / 60:.0f} minutes on ansible-core {core_version}, "
        f"Python {platform.python_version()}, seed {whole.settings.seed}.",
        "",
        *_table(("tried", "how many"), [(name, f"{number:,}") for name, number in whole.counts().items()]),
    ]
    for section in sections:
        parts += _section(whole, section)
    return "\n".join(parts).rstrip() + "\n"


def _section(whole: Whole, section: Section) -> list[str]:
    done = [each for each in whole.done if each.section == section.NAME]
    if not done:
        return []
    tried = ", ".join(f"{number:,} {name}" for name, number in whole.counts(section.NAME).items())
    seconds = sum(each.seconds for each in done)
    parts = [f"## {section.NAME}", "", section.ABOUT.replace("\n", " "), "", f"{len(done)} cells; {tried or 'nothing counted'}; "]
    parts[-1] += f"{seconds:.0f} s, with other cells beside it."
    parts.append("")
    columns = list(dict.fromkeys(cell.column for cell in section.cells(whole.settings)))
    rows = list(dict.fromkeys(cell.row for cell in section.cells(whole.settings)))
    found = {(each.row, each.column): each for each in done}
    table = [(row, *(_shown(found.get((row, column))) for column in columns)) for row in rows]
    parts += _table(("", *columns), table)
    remarks = [each for each in sorted(done, key=lambda each: (each.row, each.column)) if each.result.detail]
    parts += [
        f"- {each.row} / {each.column}: {each.result.outcome.value}, {each.result.detail[:_LONGEST_DETAIL]}" for each in remarks
    ]
    return [*parts, ""]


def _shown(done: Done | None) -> str:
    """A cell of the matrix: how it ended, and how much was tried; of what, where it is of more than one kind."""
    if done is None:
        return ""
    counts, outcome = done.result.counts, done.result.outcome
    ended = f"**{outcome.value}**" if outcome is Outcome.MISS else outcome.value
    if len(counts) > 1:
        return f"{ended}: " + ", ".join(f"{name} {number:,}" for name, number in counts.items())
    return " ".join([ended, *(f"{number:,}" for number in counts.values())])


def _table(heads: t.Sequence[str], rows: t.Sequence[t.Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines] + [""]
