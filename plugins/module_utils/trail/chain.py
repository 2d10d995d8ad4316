# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a trail as it was written? Finds what was altered, removed, inserted, repeated or moved, and names the line. Pure.

A chain of hashes shows every change that is made *within* it, because each line vouches for the one before. It cannot show that lines
are missing at its end, nor that somebody has written it anew from some line on: for that its head, written down elsewhere, is compared.
"""

from __future__ import annotations

import bisect
import dataclasses
import hashlib
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.trail.line import NOTHING, NotALine, digest, head_of, read_line

#: Missing numbers that are looked for one by one.
_MOST_NAMED = 100000
#: C(what) of the entry that owns up to an unfinished line before it.
TORN = "torn"


@dataclasses.dataclass(frozen=True)
class Problem:
    """C(line): in the file, counted from 1."""

    line: int
    what: str

    def told(self) -> str:
        """For people."""
        return f"line {self.line}: {self.what}"


@dataclasses.dataclass
class Trail:
    """What a file holds. C(entries): the readable ones, in the order of the file, and C(numbers) of their lines. C(torn): the bytes of an
    unfinished last line, which no later entry has owned up to; C(unended): the last line lacks nothing but its line end.
    """

    entries: list[dict[str, t.Any]]
    problems: list[Problem]
    numbers: list[int] = dataclasses.field(default_factory=list)
    last: dict[str, t.Any] | None = None
    lines: int = 0
    torn: bytes = b""
    unended: bool = False

    @property
    def head(self) -> str:
        """See P(head_of)."""
        return head_of(self.last)


@dataclasses.dataclass(frozen=True)
class _Line:
    number: int
    raw: bytes
    entry: dict[str, t.Any] | None
    why: str = ""

    @property
    def is_true(self) -> bool:
        """Does it carry the hash of what it says?"""
        return self.entry is not None and digest(self.entry) == self.entry["hash"]


def read_trail(data: bytes) -> Trail:
    """Read and check a whole file."""
    pieces = data.split(b"\n")
    rest = pieces.pop()
    lines = [_read(number, raw) for number, raw in enumerate(pieces, 1)]
    trail = Trail([], [], lines=len(pieces) + bool(rest))
    if rest:
        last = _read(len(pieces) + 1, rest)
        if last.is_true:
            lines.append(last)
            trail.unended = True
        else:
            trail.torn = rest
    owned = _owned_up_to(lines)
    _Walk(trail, [line for line in lines if (line.number, hashlib.sha256(line.raw).hexdigest()) not in owned]).walk()
    return trail


def _read(number: int, raw: bytes) -> _Line:
    try:
        return _Line(number, raw, read_line(raw))
    except NotALine as problem:
        return _Line(number, raw, None, str(problem))


def _owned_up_to(lines: t.Sequence[_Line]) -> set[tuple[int, str]]:
    """Unfinished lines, by number and hash of their bytes, that a later entry says to be what a cut-off run has left."""
    return {
        (int(line.entry.get("line", 0)), str(line.entry.get("sha256", "")))
        for line in lines
        if line.entry is not None and line.entry["what"] == TORN and line.is_true
    }


class _Walk:
    """From the first line to the last, always knowing which hash and number have to come next."""

    def __init__(self, trail: Trail, lines: t.Sequence[_Line]) -> None:
        self._trail = trail
        self._lines = lines
        self._true = [(line.number, line.entry) for line in lines if line.entry is not None and line.is_true]
        #: The lines that stand where they belong, by their place in the file; all other true ones were put there.
        self._kept = _longest_ascent(self._true)
        #: The hash that the next line has to name; None where that of the line before is not known.
        self._prev: str | None = NOTHING
        self._seq = 1
        self._before = 0

    def walk(self) -> None:
        """Fill in the trail."""
        following = _next_of(self._lines, self._kept)
        for line, then in zip(self._lines, following):
            if line.entry is not None:
                self._trail.entries.append(line.entry)
                self._trail.numbers.append(line.number)
            if line.entry is None or not line.is_true:
                self._altered(line, then)
            elif line.number in self._kept:
                self._belongs(line.number, line.entry)
            else:
                self._blame(line.number, f"number {line.entry['seq']} was inserted, repeated or moved here")
        self._trail.problems.sort(key=lambda problem: problem.line)

    def _altered(self, line: _Line, then: int | None) -> None:
        """In the place of a line, if one is missing before C(then), the number of the next that belongs; else put there."""
        why = (
            line.why
            or f"it does not have the hash that it carries (it says to be number {line.entry['seq'] if line.entry else 0})"
        )
        if then == self._seq:
            self._blame(line.number, f"was inserted: {why}")
            return
        self._blame(line.number, f"was altered: {why}")
        self._prev, self._seq, self._before = None, self._seq + 1, line.number

    def _belongs(self, number: int, entry: dict[str, t.Any]) -> None:
        if entry["seq"] > self._seq:
            self._missing(number, entry["seq"])
        elif self._prev not in (None, entry["prev"]):
            what = f"was replaced: number {entry['seq']} in line {number} follows on another text of it"
            self._blame(self._before or number, what)
        self._trail.last = entry
        self._prev, self._seq, self._before = entry["hash"], entry["seq"] + 1, number

    def _missing(self, number: int, found: int) -> None:
        """Numbers that are elsewhere in the file were moved, and are blamed there; the others were removed."""
        elsewhere = {entry["seq"] for place, entry in self._true if place not in self._kept}
        gone = [seq for seq in range(self._seq, min(found, self._seq + _MOST_NAMED)) if seq not in elsewhere]
        if gone:
            what = f"number {gone[0]} was" if len(gone) == 1 else f"numbers {gone[0]} to {gone[-1]} were"
            self._blame(number, f"{what} removed before this line")

    def _blame(self, number: int, what: str) -> None:
        self._trail.problems.append(Problem(number, what))


def _longest_ascent(lines: t.Sequence[tuple[int, dict[str, t.Any]]]) -> set[int]:
    """The places of the most lines whose numbers ascend in the order of the file. Whatever is not among them was moved, or put in.

    Of two lines with one number the one is taken that another line follows on.
    """
    followed = {entry["prev"] for dummy, entry in lines}
    numbers: list[float] = []
    at: list[int] = []
    before: dict[int, int | None] = {}
    for index, (_number, entry) in enumerate(lines):
        rank = entry["seq"] + (0 if entry["hash"] in followed else 0.5)
        length = bisect.bisect_left(numbers, rank)
        if length and int(numbers[length - 1]) == entry["seq"]:
            continue
        before[index] = at[length - 1] if length else None
        numbers[length : length + 1], at[length : length + 1] = [rank], [index]
    kept, index_or_none = set(), at[-1] if at else None
    while index_or_none is not None:
        kept.add(lines[index_or_none][0])
        index_or_none = before[index_or_none]
    return kept


def _next_of(lines: t.Sequence[_Line], kept: t.Container[int]) -> list[int | None]:
    """For each line, the number of the next one that stands where it belongs."""
    following: list[int | None] = []
    then: int | None = None
    for line in reversed(lines):
        following.append(then)
        if line.number in kept and line.entry is not None:
            then = line.entry["seq"]
    return following[::-1]


def compare_head(trail: Trail, seq: int, hashed: str) -> list[Problem]:
    """Hold the trail against a head that was written down elsewhere, at that time or a later one."""
    if seq == 0:
        return []
    found = [entry["hash"] for entry in trail.entries if entry["seq"] == seq]
    if hashed in found:
        return []
    last = trail.last["seq"] if trail.last else 0
    if not found and seq > last:
        return [Problem(trail.lines + 1, f"the trail was cut off: it ends with number {last}, and number {seq} had been written")]
    return [
        Problem(
            _line_of(trail, seq), f"number {seq} is not the line whose hash was written down: the trail was rewritten up to there"
        )
    ]


def _line_of(trail: Trail, seq: int) -> int:
    """Where number C(seq) stands, or should."""
    before = [number for number, entry in zip(trail.numbers, trail.entries) if entry["seq"] <= seq]
    return before[-1] if before else 1
