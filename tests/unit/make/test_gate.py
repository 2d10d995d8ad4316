# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate counts honestly and picks its ansible-cores from the Pythons that are here."""

from __future__ import annotations

import dataclasses
import pathlib
import sys

import pytest

from ansible_collections.locksmith.rotation.tests.make import cores, places, runner
from ansible_collections.locksmith.rotation.tests.make.gates import Gate

HERE = pathlib.Path(__file__).parent


def gate(tmp_path: pathlib.Path, *programs: str) -> Gate:
    """A gate that runs the Python programs given."""
    return Gate("toy", "a toy", tuple((sys.executable, "-c", program) for program in programs), tmp_path, {})


@pytest.fixture(autouse=True)
def logs(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs of the toy gates stay in the test's folder."""
    monkeypatch.setattr(places, "LOGS", tmp_path / "logs")
    monkeypatch.setattr(places, "ROOT", tmp_path)


def test_the_last_line_counts_tests_and_gates(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.run_all([gate(tmp_path, "print('12 passed, 1 warning in 0.10s')")], 1) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "13 passed, 0 failed"


def test_a_failed_gate_fails_the_run_and_shows_its_log(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = gate(tmp_path, "print('2 failed, 3 passed in 61.00s (0:01:01)'); raise SystemExit(1)", "print('never run')")
    assert runner.run_all([broken], 1) == 1
    told = capsys.readouterr().out
    assert "    | 2 failed, 3 passed" in told
    assert "    | never run" not in told
    assert told.splitlines()[-1] == "3 passed, 3 failed"


def test_a_skipped_test_counts_as_failed(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.run_all([gate(tmp_path, "print('5 passed, 1 skipped in 0.10s')")], 1) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "6 passed, 1 failed"


def test_a_program_that_is_not_there_fails_its_gate(tmp_path: pathlib.Path) -> None:
    assert not runner.run(Gate("toy", "a toy", (("no-such-program",),), tmp_path, {"PATH": ""})).ok


def test_the_newest_core_gets_the_newest_python_and_the_others_the_oldest() -> None:
    chosen = cores.choose({(3, 9): HERE, (3, 11): HERE, (3, 12): HERE, (3, 13): HERE})
    assert [(core.release.series, core.version) for core in chosen] == [
        ("2.21", (3, 13)),
        ("2.20", (3, 12)),
        ("2.19", (3, 11)),
        ("2.18", (3, 11)),
    ]


def test_debians_python_alone_runs_the_older_cores() -> None:
    assert [core.release.series for core in cores.choose({(3, 11): HERE})] == ["2.19", "2.18"]


def test_no_fitting_python_is_said_in_one_line() -> None:
    with pytest.raises(places.SetupError, match="no Python 3.11 or newer here"):
        cores.choose({(3, 9): HERE})


def test_a_program_that_hangs_is_ended_and_fails_its_gate(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LIMIT", 1)
    monkeypatch.setattr(runner, "MERCY", 1)
    stubborn = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(60)"
    polite = "import signal, sys, time; signal.signal(signal.SIGINT, lambda *_: sys.exit(0)); time.sleep(60)"
    for program in (stubborn, polite):
        outcome = runner.run(gate(tmp_path, program))
        assert not outcome.ok
        assert outcome.seconds < 30


def test_the_names_of_failed_tests_come_first_and_dots_not_at_all() -> None:
    name = "FAILED tests/real/test_x.py::test_y - assert 1 == 2"
    log = [
        "$ pytest",
        "....F [ 50%]",
        ". [100%]",
        *(f"line {number}" for number in range(2 * runner.TAIL)),
        name,
        "1 failed in 2s",
    ]
    told = runner.telling(log)
    assert told[0] == name
    assert told[-1] == "1 failed in 2s"
    assert not any(line.endswith("%]") for line in told)
    assert runner.telling(["a linter's line"]) == ["a linter's line"]


FAILS = "print('FAILED tests/real/test_x.py::test_late - assert 1 == 2'); print('{} failed, 7 passed in 9s'); raise SystemExit(1)"


def test_few_failed_tests_get_a_second_try_and_are_named(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    second = (sys.executable, "-c", "print('1 passed in 2s')")
    assert runner.run_all([dataclasses.replace(gate(tmp_path, FAILS.format(1)), again=second)], 1) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].endswith("a toy · 8 tests passed, of these at the second try: test_late")
    assert told[-1] == "9 passed, 0 failed"


def test_a_second_failure_is_one(tmp_path: pathlib.Path) -> None:
    second = (sys.executable, "-c", "print('1 failed in 2s'); raise SystemExit(1)")
    outcome = runner.run(dataclasses.replace(gate(tmp_path, FAILS.format(1)), again=second))
    assert (outcome.ok, outcome.passed, outcome.failed, outcome.late) == (False, 7, 1, ())


def test_many_failures_are_not_lateness(tmp_path: pathlib.Path) -> None:
    second = (sys.executable, "-c", "print('4 passed in 2s')")
    outcome = runner.run(dataclasses.replace(gate(tmp_path, FAILS.format(runner.FEW + 1)), again=second))
    assert (outcome.ok, outcome.failed) == (False, runner.FEW + 1)
