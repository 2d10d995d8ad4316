# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conformance tests of every issuer and every store, as a table. Run with C(make conformance).

The questions are in C(test_issuer_conformance.py) and C(test_store_conformance.py), who is asked in C(issuer_makers.py) and
C(store_makers.py): a new issuer or store has a line here as soon as it has one there. Ends with pytest's own status.
"""

from __future__ import annotations

import argparse
import collections
import os
import pathlib
import re
import sys
import typing as t

import pytest

from ansible_collections.locksmith.rotation.tests.real import issuer_makers, store_makers

HERE = pathlib.Path(issuer_makers.__file__).parent
SUITES = ("test_issuer_conformance.py", "test_store_conformance.py")
#: The classes of questions, and what a column calls them. The stores' questions are in one class of their own.
COLUMNS = {
    "TestLifeCycle": "life cycle",
    "TestTelling": "telling",
    "TestInterrupted": "interrupted",
    "TestNobodyAnswers": "no answer",
    "TestNoSecretShows": "no secret",
    "": "store",
}
_NODE = re.compile(r"(?P<suite>test_\w+\.py)::(?:(?P<group>\w+)::)?\w+\[(?P<case>.+)\]$")


class Tally:
    """Counts what pytest reports, by case and class of question."""

    def __init__(self) -> None:
        self.passed: collections.Counter[tuple[str, str]] = collections.Counter()
        self.asked: collections.Counter[tuple[str, str]] = collections.Counter()
        self.seconds: dict[str, float] = collections.defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        found = _NODE.search(report.nodeid)
        case = found and case_of(found["case"])
        if not found or not case:
            return
        key = (case, found["group"] or "")
        self.seconds[case] += report.duration
        if report.when == "call" or report.failed:
            self.asked[key] += 1
            self.passed[key] += report.passed

    def cells(self, case: str) -> list[str]:
        """A line of the table: what was asked and not passed stands out."""
        columns = [self._cell(case, group) for group in COLUMNS]
        return [case, *columns, self._cell(case, *COLUMNS), f"{self.seconds[case]:.0f} s"]

    def _cell(self, case: str, *groups: str) -> str:
        asked = sum(self.asked[case, group] for group in groups)
        passed = sum(self.passed[case, group] for group in groups)
        if not asked:
            return "-"
        return str(passed) if passed == asked else f"{passed} OF {asked}"


def case_of(parameters: str) -> str:
    """The issuer or store that a test's parameters name; they may name more beside it."""
    known = [name for name in (*issuer_makers.MAKERS, *store_makers.MAKERS) if name in parameters]
    return max(known, key=len, default="")


def table(tally: Tally) -> str:
    """What is printed."""
    head = ["", *COLUMNS.values(), "all", "took"]
    groups = [("issuers", sorted(issuer_makers.MAKERS)), ("stores", sorted(store_makers.MAKERS))]
    blocks = [(name, [tally.cells(case) for case in cases if tally.seconds[case]]) for name, cases in groups]
    lines = [line for dummy, cells in blocks for line in cells]
    widths = [max(len(line[column]) for line in [head, *lines]) for column in range(len(head))]
    text = [_line(head, widths)]
    for name, cells in blocks:
        text += ["", name, *(_line(line, widths) for line in cells)] if cells else []
    asked, passed = sum(tally.asked.values()), sum(tally.passed.values())
    text += ["", f"{passed} of {asked} answers as they should be, by {len(lines)} issuers and stores"]
    return "\n".join(text)


def _line(cells: t.Sequence[str], widths: t.Sequence[int]) -> str:
    first, *others = [cell.ljust(width) if not n else cell.rjust(width) for n, (cell, width) in enumerate(zip(cells, widths))]
    return "  ".join([first, *others]).rstrip()


def main(arguments: t.Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a part of the names of the issuers and stores to ask")
    given = parser.parse_args(arguments)
    os.chdir(HERE.parents[1])
    options = ["-q", "-p", "no:cacheprovider", "--timeout", "300", "-n", "2", "--dist", "loadscope"]
    only = ["-k", given.only] if given.only else []
    tally = Tally()
    status = pytest.main([*options, *only, *(str(HERE / suite) for suite in SUITES)], plugins=[tally])
    print(table(tally), flush=True)
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
