# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The driver of the proof: what it selects, how it counts, and that a miss, a cell that raises and a lost worker all fail it."""

from __future__ import annotations

import os
import random
import types
import typing as t
from pathlib import Path

import pytest

from ansible_collections.locksmith.rotation.tests.proof import proof, report
from ansible_collections.locksmith.rotation.tests.proof.cells import Bench, Cell, Outcome, Result, Settings
from ansible_collections.locksmith.rotation.tests.proof.kill import points
from ansible_collections.locksmith.rotation.tests.proof.runs import Boundary, Moment
from ansible_collections.locksmith.rotation.tests.proof.workers import Done


def good(bench: Bench) -> Result:
    (bench.scratch / "mine").touch()
    return Result(Outcome.OK, "", {"boundaries": 2, "bytes": 1000})


def bad(bench: Bench) -> Result:
    return Result(Outcome.MISS, "a key is stranded", {"boundaries": 1})


def absent(bench: Bench) -> Result:
    return Result(Outcome.NA, "it has no server")


def raising(bench: Bench) -> Result:
    raise LookupError("a secret")


def dying(bench: Bench) -> Result:
    os._exit(3)


def use(monkeypatch: pytest.MonkeyPatch, *cells: Cell) -> None:
    section = types.SimpleNamespace(NAME="made up", ABOUT="For this test.", cells=lambda settings: cells)
    monkeypatch.setattr(proof, "sections", lambda: [section])


def test_all_is_well(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    use(monkeypatch, Cell("one", "first", good), Cell("one", "second", good, apart=True), Cell("two", "first", absent))
    page = tmp_path / "proof.md"
    assert proof.main(["--seed", "5", "--write", str(page)]) == 0
    said = capsys.readouterr().out
    assert "3 cells: 2 ok, 0 miss, 1 n.a.; tried: 4 boundaries, 2000 bytes; seed 5" in said
    written = page.read_text(encoding="utf-8")
    assert "**3 cells, misses: 0**" in written
    assert "| one | ok: boundaries 2, bytes 1,000 | ok: boundaries 2, bytes 1,000 |" in written
    assert "- two / first: n.a., it has no server" in written


@pytest.mark.parametrize("cell", [bad, raising, dying])
def test_a_miss_fails_it(cell: t.Callable[[Bench], Result], monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Cell("one", "first", good), Cell("one", "second", cell))
    assert proof.main(["--jobs", "1"]) == 1


def test_what_a_cell_raises_is_named_by_class_only(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    use(monkeypatch, Cell("one", "first", raising))
    proof.main([])
    said = capsys.readouterr().out
    assert "LookupError" in said and "secret" not in said


def test_a_sample_leaves_out_what_would_take_longer_than_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(monkeypatch, Cell("one", "long", bad, seconds=120), Cell("one", "short", good, seconds=1))
    assert proof.main(["--sample", "60", "--jobs", "1"]) == 0
    assert "1 cells: 1 ok, 0 miss" in capsys.readouterr().out


def test_nothing_at_all_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Cell("one", "first", good))
    assert proof.main(["--cell", "no such cell"]) == 1


def test_cells_are_chosen_and_a_part_writes_no_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    use(monkeypatch, Cell("one", "first", good), Cell("one", "second", bad))
    assert proof.main(["--cell", "first", "--write", str(tmp_path / "page")]) == 0
    assert proof.main(["--section", "another"]) == 1
    assert proof.main(["--list"]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == ["made up  one / first", "made up  one / second"]
    assert not (tmp_path / "page").exists()


def test_a_sample_thins_out_the_same_way_for_the_same_seed(tmp_path: Path) -> None:
    def bench(seed: int, sample: bool) -> Bench:
        nothing = t.cast(t.Any, None)
        return Bench(Settings(seed, sample), tmp_path, random.Random(seed), nothing, nothing)

    whole = list(range(50))
    assert bench(1, False).some(whole, 3) == whole
    assert bench(1, True).some(whole, 3) == bench(1, True).some(whole, 3)
    assert len(bench(1, True).some(whole, 3)) == 3
    assert bench(1, True).some([1, 2], 3) == [1, 2]


def test_a_sample_ends_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    use(monkeypatch, *(Cell("one", str(number), good) for number in range(5)))
    assert proof.main(["--sample", "0"]) == 1
    assert "0 cells" in capsys.readouterr().out


def test_where_the_world_does_not_differ_is_left_out() -> None:
    crossed = [
        Boundary(1, 1, Moment.BEFORE, "GET /a", False, "x:1"),
        Boundary(2, 1, Moment.AFTER, "GET /a", False, "x:1"),
        Boundary(3, 2, Moment.BEFORE, "PUT /a", True, "x:1"),
        Boundary(4, 2, Moment.SENT, "PUT /a", True, "x:1"),
        Boundary(5, 2, Moment.AFTER, "PUT /a", True, "x:1"),
        Boundary(6, 2, Moment.END, "everything", False, ""),
    ]
    assert [each.number for each in points(crossed)] == [3, 4, 6], "after one change is before the next"


def test_a_line_says_what_was_tried() -> None:
    done = Done("kill", "iam × ssm", "rotate", Result(Outcome.MISS, "a key is stranded", {"boundaries": 7}), 1.25)
    assert report.line(done) == "miss  kill       iam × ssm / rotate (7 boundaries; a key is stranded) 1.2 s"
