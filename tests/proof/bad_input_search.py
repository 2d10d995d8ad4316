# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks for an input that something goes wrong with, and makes it small."""

from __future__ import annotations

import traceback
import typing as t

import hypothesis
from hypothesis import strategies as some

from ansible_collections.locksmith.rotation.tests.proof.races_runs import Report


def search(inputs: some.SearchStrategy[t.Any], judged: t.Callable[[t.Any], str], seed: int, most: int) -> Report:
    """Look for an input that C(judged) has something to say about."""
    tally = {"inputs": 0}
    worst: dict[str, str] = {}

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=most, database=None, deadline=None, suppress_health_check=list(hypothesis.HealthCheck), print_blob=False
    )
    @hypothesis.given(inputs)
    def holds(given: t.Any) -> None:
        tally["inputs"] += 1
        try:
            problem = judged(given)
        except Exception as error:
            problem = f"{type(error).__name__} at {_place(error)}: {str(error)[:160]}"
        if problem:
            worst["problem"] = f"{problem} · input {given!r}"[:600]
            raise AssertionError(problem.split(":")[0])

    try:
        holds()
    except BaseException as error:
        worst.setdefault("problem", f"the search broke: {type(error).__name__} {str(error)[:200]}")
    return {**tally, **worst}


def _place(error: BaseException) -> str:
    """The last three frames."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames))
