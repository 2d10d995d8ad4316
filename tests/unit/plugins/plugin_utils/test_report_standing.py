# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report takes for trouble, and what it does not."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import Limits, Standing, summary, with_trouble
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_table import lines_of
from ansible_collections.locksmith.rotation.plugins.plugin_utils.table import text_of
from ansible_collections.locksmith.rotation.tests.unit.plugins.plugin_utils.report_cases import (
    DAY,
    catalogue,
    exempt,
    fact,
    failed,
    old,
    one_of,
    overdue,
    quarantined,
    rolling,
)

GRACE_OVER = {"state": "grace", "previous": [old(grace_until="2026-11-19T12:00:00Z")]}


def kinds(facts: t.Mapping[str, t.Any], **limits: int) -> list[str]:
    return [trouble.kind for trouble in one_of(facts, Limits(**limits)).troubles]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (fact("well"), []),
        (overdue(), ["overdue"]),
        (exempt(), []),
        (rolling(), ["held"]),
        (quarantined(), ["quarantined"]),
        (failed(), ["failing"]),
        (fact("trying", failures=1, last_error="no"), ["failing"]),
        (fact("new", state="absent", created_at=None, due_at=None, history=[]), []),
        (fact("retiring", **GRACE_OVER), ["held"]),
        (fact("in grace", state="grace", previous=[old(grace_until="2026-11-22T12:00:00Z")]), []),
        (fact("off", state="disabled", previous=[old(delete_after="2026-11-19T12:00:00Z")]), ["held"]),
        (fact("cut off", state="candidate"), ["held"]),
    ],
    ids=lambda value: value["credential"] if isinstance(value, dict) else "",
)
def test_what_is_wrong(facts: t.Mapping[str, t.Any], expected: list[str]) -> None:
    assert kinds(facts) == expected


def test_patience_decides_when_waiting_is_trouble() -> None:
    assert kinds(overdue(), overdue_after=4 * DAY) == [] and kinds(overdue(), overdue_after=2 * DAY) == ["overdue"]
    assert kinds(rolling(), held_after=3 * DAY) == []


def test_an_exception_counts_until_its_end() -> None:
    late = exempt()
    late["policy"]["exempt"]["until"] = "2026-11-21T11:00:00Z"
    assert kinds(late) == ["overdue"] and one_of(late).exempt_reason == ""


def test_a_trouble_says_since_when_and_whom_it_waits_for() -> None:
    (trouble,) = one_of(rolling()).troubles
    assert trouble.detail == "for 2d 59m (rolling out): waits for web2 (unreachable)."
    (trouble,) = one_of(quarantined()).troubles
    assert "3 failures" in trouble.detail and "Datadog answered 403" in trouble.detail and "with force" in trouble.detail
    assert one_of(overdue()).troubles[0].detail == "for 3d, older than 90d."


def proofs(one: Standing) -> dict[str, bool | None]:
    return {consumer.host: consumer.proved for consumer in one.consumers}


def test_a_host_counts_as_proved_only_where_nothing_can_be_missing() -> None:
    assert proofs(one_of(rolling())) == {"web1": True, "web2": False}
    assert proofs(one_of(fact("never asked", consumers_proved=None, consumers_expected=None))) == {"web1": None, "web2": None}
    many = rolling(consumers_known=["web1", "web2", "web3"], consumers_proved=1, consumers_expected=3)
    assert proofs(one_of(many)) == {"web1": None, "web2": False, "web3": None}, "one of the two others lacks a line"


def test_what_is_no_host_is_no_consumer() -> None:
    waits = fact("stripe", waiting_for=["a person: make a key (in the dashboard)"], consumers_known=[])
    assert one_of(waits).consumers == []


def test_the_summary_counts_states_and_troubles() -> None:
    assert summary(catalogue()) == "6 credentials: 3 steady, 1 rolling out, 1 quarantined, 1 failed, 1 overdue, 1 held"
    assert summary([]) == "no credentials"
    assert [(one.name, trouble.kind) for one, trouble in with_trouble(catalogue(), ("overdue",))] == [("billing-db", "overdue")]


def test_what_is_overdue_says_what_holds_it_back_now() -> None:
    waits: dict[str, t.Any] = {"plan": {"action": "hold", "why": "blackout until 01-05: year's end", "can_wait": False}}
    assert one_of(overdue(**waits)).troubles[0].detail == "for 3d, older than 90d (blackout until 01-05: year's end)."
    assert "billing-db: not rotated now: blackout until 01-05: year's end" in map(text_of, lines_of([one_of(overdue(**waits))]))
    assert one_of(exempt(**waits)).not_now == one_of(overdue(plan={"action": "issue", "why": "due"})).not_now == ""
