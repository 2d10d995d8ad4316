# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run adds to a trail: every event once, by whomever it was made; gaps, restarts, failures and exceptions said."""

from __future__ import annotations

import os
import pathlib
import resource
import stat
import threading
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, Denied
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.chain import read_trail
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.file import read_file
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.options import write
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.record import News, record

NOW = 1795230000.0


def event(n: int, what: str = "prove", run: str = "run1", minute: int | None = None, **more: t.Any) -> dict[str, t.Any]:
    return {"n": n, "at": f"2026-11-21T03:{n if minute is None else minute:02d}:00Z", "event": what, "run": run, **more}


def report(*history: t.Mapping[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    return {"credential": "orders-db", "kind": "postgresql", "history": list(history), "now": "2026-11-21T04:00:00Z", **more}


class Book:
    """A trail in a directory, written by one run after another."""

    def __init__(self, top: pathlib.Path) -> None:
        self.path = top / "trail.jsonl"

    def write(self, *reports: t.Mapping[str, t.Any], run: str = "run1", check: bool = False, **review: t.Any) -> dict[str, t.Any]:
        news = News(reports, review, {"user": "ops", "run": run}, run, NOW)
        return record(str(self.path), 0o640, news, check)

    def entries(self) -> list[dict[str, t.Any]]:
        """All but the lines that every run adds about itself."""
        return [entry for entry in self.lines() if entry["what"] != "run"]

    def lines(self) -> list[dict[str, t.Any]]:
        trail = read_trail(self.path.read_bytes())
        assert not trail.problems
        return trail.entries

    def told(self) -> list[tuple[str, t.Any]]:
        """What each line says, with its number or extent."""
        return [(entry["what"], entry.get("n", (entry.get("from"), entry.get("to")))) for entry in self.entries()]


@pytest.fixture
def book(tmp_path: pathlib.Path) -> Book:
    return Book(tmp_path)


def test_every_event_is_recorded_once(book: Book) -> None:
    first = book.write(report(event(1, "intend"), event(2, "promote")))
    assert (first["recorded"], first["late"]) == (2, 0)
    again = book.write(report(event(1, "intend"), event(2, "promote")))
    assert (again["changed"], again["recorded"]) == (False, 0)
    book.write(report(event(2, "promote"), event(3, "prove")))
    assert [what for what, dummy in book.told()] == ["begin", "intend", "promote", "prove"]


def test_every_run_leaves_a_line_and_that_is_no_change(book: Book) -> None:
    book.write(report(event(1)), report(failure={"msg": "m"}))
    told = book.write(report(event(1)))
    assert not told["changed"] and told["head"].startswith(f"{len(book.lines())}:")
    runs = [(run["credentials"], run["failed"], run["recorded"]) for run in book.lines() if run["what"] == "run"]
    assert runs == [(2, 1, 2), (1, 0, 0)]


def test_what_a_killed_run_did_is_recorded_by_the_next_and_marked(book: Book) -> None:
    book.write(report(event(1, "adopt")))
    late = book.write(report(event(1, "adopt"), event(2, "promote"), event(3, "prove", run="run2"), ticket="CHG-7"), run="run2")
    assert (late["recorded"], late["late"]) == (2, 1)
    promote, prove = book.entries()[-2:]
    assert promote["late"] and promote["run"] == "run1" and promote["by"]["run"] == "run2" and "ticket" not in promote
    assert "late" not in prove and prove["ticket"] == "CHG-7"


def test_events_that_the_journal_dropped_before_they_were_recorded_are_a_gap(book: Book) -> None:
    book.write(report(event(1), event(2)))
    told = book.write(report(event(6), event(7)))
    assert told["gaps"] == ["orders-db: 3 to 5"]
    assert book.told()[-3:] == [("gap", (3, 5)), ("prove", 6), ("prove", 7)]


def test_what_happened_before_the_trail_began_is_a_gap_of_its_own_kind(book: Book) -> None:
    book.write(report(event(4)))
    gap = book.entries()[1]
    assert (gap["from"], gap["to"]) == (1, 3) and "before the trail knew" in gap["note"]


def test_a_hole_within_what_one_run_saw_is_a_gap_too(book: Book) -> None:
    book.write(report(event(1), event(4)))
    assert book.told()[1:] == [("prove", 1), ("gap", (2, 3)), ("prove", 4)]


def test_a_journal_that_counts_anew_is_no_news_lost(book: Book) -> None:
    book.write(report(event(7), event(8)))
    book.write(report(event(1, "adopt", minute=30)))
    book.write(report(event(1, "adopt", minute=30), event(2, "intend", minute=31)))
    assert [what for what, dummy in book.told()][-3:] == ["restart", "adopt", "intend"]


def test_a_clock_that_was_put_back_makes_no_gap(book: Book) -> None:
    book.write(report(event(1, minute=30), event(2, minute=10), event(3, minute=11)))
    book.write(report(event(4, minute=12), event(5, minute=40)))
    assert [what for what, dummy in book.told()] == ["begin", *["prove"] * 5]


def test_a_slow_run_that_comes_after_a_quick_one_adds_nothing_twice(book: Book) -> None:
    book.write(report(event(3, run="run2"), event(4, run="run2")), run="run2")
    book.write(report(event(1), event(2), event(3, run="run2")))
    assert sorted(n for what, n in book.told() if what == "prove") == [1, 2, 3, 4]
    assert [what for what, dummy in book.told()].count("restart") == 0


def test_the_reason_of_a_rotation_stands_on_all_that_follows_from_it(book: Book) -> None:
    book.write(report(event(1, "intend", note="leak"), event(2, "promote", version=2)))
    book.write(report(event(3, "disable", version=1), event(4, "discard", note="did not verify")))
    disabled, discarded = book.entries()[-2:]
    assert disabled["reason"] == "leak" and discarded["note"] == "did not verify"


def test_containing_a_leak_is_for_the_leak_and_not_for_what_came_before(book: Book) -> None:
    book.write(report(event(1, "promote", note="scheduled"), event(2, "leak", note="found on the internet"), event(3, "contain")))
    assert [entry.get("reason") for entry in book.entries()[1:]] == ["scheduled", "leak", "leak"]
    assert book.entries()[2]["note"] == "found on the internet"


def test_a_key_is_named_on_every_line_about_it_also_after_the_journal_forgot(book: Book) -> None:
    book.write(report(event(1, "issued", version=1, id="AKIA1", fingerprint="aa")))
    book.write(report(event(2, "disable", version=1)))
    assert (book.entries()[-1]["id"], book.entries()[-1]["fingerprint"]) == ("AKIA1", "aa")


def test_a_proof_names_the_hosts_and_says_whence_it_knows_them(book: Book) -> None:
    book.write(report(event(1), proved=["web1", "web2"], consumers_known=["web1", "web2", "old"]))
    book.write(report(event(2), proved=["web1"], consumers_known=["web1", "web2"]), run="run2")
    ours, late = book.entries()[-2:]
    assert (ours["hosts"], ours["hosts_from"]) == (["web1", "web2"], "run")
    assert (late["hosts"], late["hosts_from"]) == (["web1", "web2"], "journal")


def test_an_exception_is_recorded_when_it_begins_changes_and_ends(book: Book) -> None:
    exception = {"until": "2027-01-31", "reason": "vendor migration", "owner": "payments"}
    for present in (exception, exception, {**exception, "until": "2027-02-28"}, None, None):
        book.write(report(exception=present))
    assert [entry.get("exception") for entry in book.entries()[1:]] == [exception, {**exception, "until": "2027-02-28"}, None]


def test_a_failure_is_recorded_with_what_to_do(book: Book) -> None:
    book.write(report(failure={"msg": "m" * 900, "next_step": "mend it"}))
    failure = book.entries()[-1]
    assert failure["what"] == "failure" and len(failure["msg"]) == 500 and failure["next_step"] == "mend it"


def test_a_review_is_recorded(book: Book) -> None:
    book.write(reviewer="an auditor", findings="none")
    assert [entry["what"] for entry in book.entries()] == ["begin", "review"]


def test_check_mode_writes_nothing_and_predicts(book: Book) -> None:
    assert book.write(report(event(1)), check=True)["recorded"] == 1
    assert not book.path.exists()


@pytest.mark.parametrize("left", [b'{"at":"2026', b"\x00\x00\x00"])
def test_an_unfinished_line_stays_and_is_owned_up_to(book: Book, left: bytes) -> None:
    book.write(report(event(1)))
    before = book.path.read_bytes() + left
    book.path.write_bytes(before)
    book.write(report(event(1), event(2)))
    assert book.path.read_bytes().startswith(before)
    assert [what for what, dummy in book.told()] == ["begin", "prove", "torn", "prove"]


def test_the_very_first_line_may_be_unfinished(book: Book) -> None:
    book.path.write_bytes(b'{"at"')
    book.write(report(event(1)))
    assert [what for what, dummy in book.told()] == ["begin", "torn", "prove"]


def test_a_line_that_only_lacks_its_end_counts(book: Book) -> None:
    book.write(report(event(1)))
    book.path.write_bytes(book.path.read_bytes()[:-1])
    book.write(report(event(1), event(2)))
    assert [what for what, dummy in book.told()] == ["begin", "prove", "prove"]


def test_a_broken_trail_is_continued_and_complained_about(book: Book) -> None:
    book.write(report(event(1), event(2)))
    lines = book.path.read_bytes().splitlines(keepends=True)
    for broken in (lines[0], lines[0] + lines[1] + lines[2].replace(b"03:02", b"03:05")):
        book.path.write_bytes(broken)
        book.write(report(event(3)))
    told = book.write(report(event(3)))
    assert len(told["problems"]) == 1 and told["problems"][0].startswith("line 3")


def test_nothing_that_was_written_is_ever_changed_and_the_mode_is_kept(book: Book) -> None:
    book.write(report(event(1)))
    assert stat.S_IMODE(book.path.stat().st_mode) == 0o640
    before, inode = book.path.read_bytes(), book.path.stat().st_ino
    book.write(report(event(2)))
    assert book.path.read_bytes().startswith(before) and book.path.stat().st_ino == inode


def test_what_is_said_to_be_recorded_is_on_the_disk_after_one_write(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    book.write(report(event(1)))
    calls: list[str] = []
    write_, fsync = os.write, os.fsync

    def written(descriptor: int, data: bytes) -> int:
        calls.append("write")
        return write_(descriptor, data)

    def flushed(descriptor: int) -> None:
        calls.append("fsync")
        fsync(descriptor)

    monkeypatch.setattr(os, "write", written)
    monkeypatch.setattr(os, "fsync", flushed)
    book.write(report(event(2), event(3)))
    assert calls == ["write", "fsync"]


def test_runs_at_the_same_time_write_one_chain(book: Book) -> None:
    def run(number: int) -> None:
        for n in range(1, 9):
            book.write({**report(event(n, run=f"run{number}")), "credential": f"c{number}"}, run=f"run{number}")

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(book.entries()) == 1 + 4 * 8


def test_what_could_not_be_read_again_is_not_written(book: Book) -> None:
    book.write(report(event(1)))
    before = book.path.read_bytes()
    for odd in ({"reviewer": object()}, {"note": ["x"]}, {"from": float("nan")}):
        params = {"path": str(book.path), "mode": "0640", "reports": [], "by": {}, "review": odd}
        with pytest.raises(ConfigurationError, match="nothing was written"):
            write(params, check_mode=False)
    assert book.path.read_bytes() == before


@pytest.mark.parametrize("mode", [0o660, 0o606])
def test_a_trail_that_others_may_write_is_refused(book: Book, mode: int) -> None:
    book.write(report(event(1)))
    book.path.chmod(mode)
    with pytest.raises(ConfigurationError, match="proves nothing"):
        book.write(report(event(2)))


def test_what_is_no_file_is_neither_read_nor_written(book: Book, tmp_path: pathlib.Path) -> None:
    os.mkfifo(book.path)
    for path in (book.path, tmp_path):
        with pytest.raises(ConfigurationError, match="not a regular file"):
            read_file(str(path))
    with pytest.raises(ConfigurationError, match="not a regular file"):
        book.write(report(event(1)))


def test_links_and_places_that_do_not_exist_are_refused(book: Book, tmp_path: pathlib.Path) -> None:
    book.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="is a link"):
        book.write(report(event(1)))
    book.path = tmp_path / "nowhere" / "trail.jsonl"
    with pytest.raises(Denied, match="cannot be opened"):
        book.write(report(event(1)))
    for path in ("/tmp/\0", "/tmp/\ud800"):
        with pytest.raises(ConfigurationError, match="is no path"):
            record(path, 0o640, News([report(event(1))], {}, {}, "run1", NOW), False)


def test_a_disk_that_takes_only_a_part_is_said_and_caught_up_with(book: Book) -> None:
    book.write(report(event(1)))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (book.path.stat().st_size + 100, hard))
    try:
        with pytest.raises(Denied, match="cannot be appended to"):
            book.write(report(event(1), event(2)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    book.write(report(event(1), event(2)))
    assert [what for what, dummy in book.told()] == ["begin", "prove", "torn", "prove"]
