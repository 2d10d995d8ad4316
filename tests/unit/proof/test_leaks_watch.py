# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes are watched for leaks: none of the run's own may be taken for somebody else's."""

from __future__ import annotations

from ansible_collections.locksmith.rotation.tests.proof.leaks_watch import Family

RUN, CHILD, GRANDCHILD, STRANGER = 50, 7, 3, 60
#: Numbers began anew: the younger ones are the smaller ones, so they come first in a list.
PARENTS = {RUN: 1, CHILD: RUN, GRANDCHILD: CHILD, STRANGER: 1, 1: 0}


def parent_of(pid: int) -> int:
    return PARENTS[pid]


def test_a_grandchild_that_is_listed_before_its_parent_is_ours() -> None:
    assert Family(RUN).among(set(PARENTS), parent_of) == {RUN, CHILD, GRANDCHILD}


def test_a_child_that_is_listed_and_its_parent_not_yet_is_ours_at_the_next_look() -> None:
    family = Family(RUN)
    assert family.among({RUN, GRANDCHILD, STRANGER, 1}, parent_of) == {RUN}
    assert family.among(set(PARENTS), parent_of) == {RUN, CHILD, GRANDCHILD}


def test_one_of_ours_stays_so_when_its_parent_has_ended() -> None:
    family = Family(RUN)
    family.among(set(PARENTS), parent_of)
    assert family.among({RUN, GRANDCHILD}, lambda pid: 1) == {RUN, GRANDCHILD}


def test_a_stranger_is_asked_twice_and_no_more_until_its_number_is_given_anew() -> None:
    family, asked = Family(RUN), list[int]()

    def noting(pid: int) -> int:
        asked.append(pid)
        return PARENTS[pid]

    for _dummy in range(4):
        family.among({RUN, STRANGER}, noting)
    assert asked == [STRANGER, STRANGER]
    family.among({RUN}, noting)
    assert family.among({RUN, STRANGER}, lambda pid: RUN) == {RUN, STRANGER}
