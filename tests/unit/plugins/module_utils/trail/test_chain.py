# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A trail as it was written is found intact; whatever is done to one of its lines is found, and the line is named."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.locksmith.rotation.plugins.module_utils.trail.chain import Trail, compare_head, read_trail
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.line import (
    NOTHING,
    canonical,
    chained,
    head_of,
    read_head,
    read_line,
)

WHEN = {"at": "2026-11-21T03:14:00Z", "recorded_at": "2026-11-21T03:15:00Z"}


def chain(count: int) -> list[bytes]:
    """The lines of a trail, with what makes canonical forms differ: other scripts, quotes, control characters."""
    lines: list[bytes] = []
    prev = NOTHING
    for seq in range(1, count + 1):
        entry = chained({**WHEN, "what": "promote", "credential": f'né"w-{seq}\u2028\x7f', "hosts": ["web1", "web2"]}, seq, prev)
        prev = entry["hash"]
        lines.append(canonical(entry))
    return lines


def read(lines: list[bytes]) -> Trail:
    return read_trail(b"".join(line + b"\n" for line in lines))


def told(lines: list[bytes]) -> list[str]:
    return [problem.told() for problem in read(lines).problems]


def rewritten(line: bytes, **changes: object) -> bytes:
    """A line changed by somebody who knows how to compute its hash."""
    entry = {**json.loads(line), **changes}
    return canonical(chained({name: value for name, value in entry.items() if name != "hash"}, entry["seq"], entry["prev"]))


def test_a_trail_as_it_was_written_is_intact() -> None:
    trail = read(chain(5))
    assert not trail.problems and len(trail.entries) == 5
    assert read_head(trail.head) == (5, trail.entries[-1]["hash"])


def test_an_altered_line_is_named_also_the_last_one() -> None:
    for index in range(5):
        lines = chain(5)
        lines[index] = lines[index].replace(b"web2", b"web3")
        assert told(lines) == [
            f"line {index + 1}: was altered: it does not have the hash that it carries (it says to be number {index + 1})"
        ]


def test_an_altered_line_with_a_hash_that_fits_is_named() -> None:
    lines = chain(5)
    lines[2] = rewritten(lines[2], credential="other")
    assert told(lines) == ["line 3: was replaced: number 4 in line 4 follows on another text of it"]


def test_a_line_written_otherwise_is_altered_even_if_it_means_the_same() -> None:
    lines = chain(5)
    lines[2] = lines[2].replace(b'","', b'", "', 1)
    assert told(lines) == ["line 3: was altered: it is not in canonical form"]


def test_a_line_made_unreadable_is_named() -> None:
    lines = chain(5)
    lines[2] = b"\x00" * 40
    assert told(lines) == ["line 3: was altered: it is not a line of a trail"]


def test_removed_lines_are_named_by_their_numbers() -> None:
    lines = chain(7)
    assert told(lines[:2] + lines[3:]) == ["line 3: number 3 was removed before this line"]
    assert told(lines[:2] + lines[5:]) == ["line 3: numbers 3 to 5 were removed before this line"]
    assert told(lines[2:]) == ["line 1: numbers 1 to 2 were removed before this line"]


def test_a_line_inserted_is_named() -> None:
    lines = chain(5)
    forged = canonical(chained({**WHEN, "what": "prove"}, 4, json.loads(lines[2])["hash"]))
    stranger = canonical(chained({**WHEN, "what": "prove"}, 99, "a" * 64))
    assert told([*lines[:3], stranger, *lines[3:]]) == ["line 4: number 99 was inserted, repeated or moved here"]
    assert [problem.line for problem in read([*lines[:3], forged, *lines[3:]]).problems] == [4]
    assert told([*lines[:3], b"", *lines[3:]]) == ["line 4: was inserted: it is not a line of a trail"]


def test_a_line_repeated_is_named() -> None:
    lines = chain(5)
    assert [problem.line for problem in read([*lines, lines[1]]).problems] == [6]
    assert [problem.line for problem in read([*lines[:3], lines[1], *lines[3:]]).problems] == [4]


def test_lines_in_another_order_are_named_and_not_said_to_be_removed() -> None:
    lines = chain(6)
    swapped = [*lines[:2], lines[3], lines[2], *lines[4:]]
    assert told(swapped) == ["line 3: number 4 was inserted, repeated or moved here"]
    moved = [*lines[:2], *lines[3:], lines[2]]
    assert told(moved) == ["line 6: number 3 was inserted, repeated or moved here"]


def test_lines_cut_off_at_the_end_are_found_by_the_head_and_only_by_it() -> None:
    lines = chain(5)
    head = read_head(read(lines).head)
    short = read(lines[:3])
    assert not short.problems
    assert [problem.told() for problem in compare_head(short, *head)] == [
        "line 4: the trail was cut off: it ends with number 3, and number 5 had been written"
    ]


def test_a_trail_written_anew_is_found_by_the_head() -> None:
    lines, prev = chain(5), NOTHING
    head = read_head(read(lines).head)
    forged = []
    for seq in range(1, 8):
        entry = chained({**WHEN, "what": "prove"}, seq, prev)
        prev = entry["hash"]
        forged.append(canonical(entry))
    trail = read(forged)
    assert not trail.problems
    assert [problem.line for problem in compare_head(trail, *head)] == [5]


def test_an_older_head_fits_a_trail_that_has_grown() -> None:
    lines = chain(5)
    assert not compare_head(read(lines), *read_head(read(lines[:2]).head))
    assert not compare_head(read(lines), *read_head(head_of(None)))


@pytest.mark.parametrize("text", ["", "5", "5:abc", f"x:{NOTHING}", f"5:{NOTHING.replace('0', 'G')}", f"-1:{NOTHING}"])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a head"):
        read_head(text)


def test_an_unfinished_last_line_is_no_alteration() -> None:
    data = b"\n".join(chain(4))
    cut = read_trail(data[:-30])
    assert not cut.problems and len(cut.entries) == 3 and cut.torn == data[:-30].rpartition(b"\n")[2]
    unended = read_trail(data)
    assert not unended.problems and unended.unended and len(unended.entries) == 4


def test_a_hash_can_be_checked_with_other_peoples_programs() -> None:
    jq = shutil.which("jq")
    line = canonical(chained({**WHEN, "what": "prove", "credential": 'né"w', "hosts": ["b", "a"], "n": 3}, 1, NOTHING))
    hashed = canonical({name: value for name, value in read_line(line).items() if name != "hash"})
    if jq:
        hashed = subprocess.run([jq, "-caS", "del(.hash)"], input=line, capture_output=True, check=True).stdout.rstrip(b"\n")
    summed = subprocess.run(["sha256sum"], input=hashed, capture_output=True, check=True).stdout.split()[0]
    assert summed.decode() == read_line(line)["hash"]


@pytest.mark.parametrize(
    "field",
    [
        {"at": "yesterday"},
        {"recorded_at": None},
        {"what": 5},
        {"credential": ["x"]},
        {"n": "7"},
        {"version": True},
        {"hosts": "web1"},
        {"exception": {"until": 5}},
        {"by": []},
        {"due_at": "9999999-01-01"},
        {"what": "gap", "from": 1},
    ],
)
def test_a_line_whose_fields_are_not_what_they_should_be_is_no_line(field: dict[str, object]) -> None:
    line = canonical(chained({**WHEN, "what": "prove", **field}, 1, NOTHING))
    assert [problem.line for problem in read([line]).problems] == [1]


def test_the_sample_in_the_documentation_is_a_trail_that_the_check_accepts() -> None:
    sample = pathlib.Path(__file__).resolve().parents[5] / "docs" / "evidence-sample"
    trail = read_trail((sample / "trail.jsonl").read_bytes())
    assert not trail.problems and trail.head in (sample / "evidence.md").read_text(encoding="utf-8")


LINES = chain(8)


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_whatever_is_done_to_a_trail_is_found(data: st.DataObject) -> None:
    """Any sequence of bytes changed, lines removed (not only at the end), moved, repeated."""
    lines = list(LINES)
    done = data.draw(st.sampled_from(["byte", "remove", "move", "repeat", "insert"]))
    index = data.draw(st.integers(0, len(lines) - 2))
    if done == "byte":
        place = data.draw(st.integers(0, len(lines[index]) - 1))
        byte = data.draw(st.integers(0, 255).filter(lambda value: value != lines[index][place]))
        lines[index] = lines[index][:place] + bytes([byte]) + lines[index][place + 1 :]
    elif done == "remove":
        del lines[index]
    elif done == "move":
        line = lines.pop(index)
        lines.insert(data.draw(st.integers(0, len(lines)).filter(lambda place: place != index)), line)
    elif done == "repeat":
        lines.insert(data.draw(st.integers(0, len(lines))), lines[index])
    else:
        lines.insert(index, data.draw(st.binary(max_size=40).filter(lambda raw: b"\n" not in raw)))
    trail = read(lines)
    assert trail.problems
    assert all(1 <= problem.line <= len(lines) + 1 for problem in trail.problems)
    assert len(trail.problems) <= 3, "one deed, and the rest of the trail is still believed"


@settings(max_examples=100, deadline=None)
@given(raw=st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail(raw: bytes) -> None:
    trail = read_trail(LINES[0] + b"\n" + raw)
    assert trail.entries[0]["seq"] == 1
