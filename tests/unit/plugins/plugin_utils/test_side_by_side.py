# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions asked by several processes."""

from __future__ import annotations

import os

import pytest

from ansible_collections.locksmith.rotation.plugins.plugin_utils.side_by_side import Answer, ask_all

NAMES = [f"n{number}" for number in range(7)]


def ask(name: str) -> Answer:
    return {"name": name, "by": os.getpid()}


@pytest.mark.parametrize(("most", "processes"), [(1, 1), (3, 3), (50, 7)])
def test_every_name_is_asked_once_by_as_many_processes_as_there_may_be(most: int, processes: int) -> None:
    found = ask_all(NAMES, ask, most)
    assert list(found) == NAMES and all(answer["name"] == name for name, answer in found.items())
    asked_by = {answer["by"] for answer in found.values()}
    assert len(asked_by) == processes and os.getpid() not in asked_by


def test_nobody_asks_about_nothing() -> None:
    assert ask_all([], ask, 5) == {}


def test_what_a_dying_process_did_not_answer_is_missing_and_the_rest_is_there() -> None:
    def dies_at_the_third(name: str) -> Answer:
        if name == "n2":
            os._exit(9)
        return ask(name)

    assert list(ask_all(NAMES, dies_at_the_third, 2)) == ["n0", "n1", "n3", "n5"]


def test_more_than_a_pipe_holds_is_answered() -> None:
    found = ask_all(NAMES, lambda name: {"text": name * 200_000}, 3)
    assert all(answer["text"] == name * 200_000 for name, answer in found.items()) and list(found) == NAMES
