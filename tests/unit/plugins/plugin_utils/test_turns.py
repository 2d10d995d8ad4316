# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who goes first, who goes last, and who has to wait for another run."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import read_catalogue
from ansible_collections.locksmith.rotation.plugins.plugin_utils.turns import canary_trouble, contradictions, postponed, turns_of

USES_A = {"consumer_credentials": [{"credential": "a", "dest": "/a"}]}
USES_B = {"consumer_credentials": [{"credential": "b", "dest": "/b"}]}


def variables(credentials: dict[str, dict[str, t.Any]], **hosts: dict[str, t.Any]) -> dict[str, t.Any]:
    hostvars = {**credentials, **hosts}
    return {"groups": {"all": list(hostvars), "credentials": list(credentials)}, "hostvars": hostvars}


def standing(due_at: str, action: str = "issue", can_wait: bool = True) -> dict[str, t.Any]:
    return {"due_at": due_at, "plan": {"action": action, "why": "", "can_wait": can_wait}}


# ---- turns -------------------------------------------------------------------------------------------------------


def test_without_canary_or_number_nobody_takes_another_turn() -> None:
    catalogue = read_catalogue(variables({"a": {}, "b": {"credential_max_per_run": ""}}, web1=USES_A))
    turns = turns_of(catalogue, ["a", "b"])
    assert turns.groups(catalogue) == [] and turns.most is None


def test_a_canary_and_its_hosts_go_first_and_all_others_may_have_to_wait() -> None:
    found = variables(
        {"a": {"credential_canary": "yes"}, "b": {}, "c": {"credential_own_login": "last"}}, web1=USES_A, web2=USES_B
    )
    catalogue = read_catalogue(found)
    groups = [tuple(member.values()) for member in turns_of(catalogue, ["a", "b", "c"]).groups(catalogue)]
    assert groups == [
        ("a", "locksmith_first"),
        ("web1", "locksmith_first_consumers"),
        ("b", "locksmith_limited"),
        ("c", "locksmith_limited"),
        ("c", "locksmith_last"),
    ]
    assert turns_of(catalogue, ["b"]).groups(catalogue) == [], "a canary that is not in the run holds nobody"


def test_a_number_is_for_those_that_have_it() -> None:
    catalogue = read_catalogue(variables({"a": {"credential_max_per_run": "2"}, "b": {}, "c": {"credential_max_per_run": 2}}))
    turns = turns_of(catalogue, ["a", "b", "c"])
    assert (turns.limited, turns.most) == (("a", "c"), 2)


@pytest.mark.parametrize(("written", "is_first"), [(True, True), ("yes", True), ("no", False), (["a"], False), (None, False)])
def test_what_is_no_yes_is_no_canary(written: object, is_first: bool) -> None:
    assert read_catalogue(variables({"a": {"credential_canary": written}})).first == (("a",) if is_first else ())


@pytest.mark.parametrize("number", ["two", "-1", 1.5, [2]])
def test_what_is_no_number_is_refused_by_name(number: object) -> None:
    with pytest.raises(ConfigurationError, match="b: credential_max_per_run"):
        read_catalogue(variables({"a": {}, "b": {"credential_max_per_run": number}}))


def test_contradictions_are_told_if_they_are_about_this_run() -> None:
    found = variables(
        {
            "a": {"credential_canary": True, "credential_own_login": "last"},
            "b": {"credential_max_per_run": 1},
            "c": {"credential_max_per_run": 3},
        }
    )
    catalogue = read_catalogue(found)
    told = contradictions(catalogue, ["a", "b", "c"])
    assert len(told) == 2 and "a cannot be the canary" in told[0] and "1 here and 3 there" in told[1]
    assert contradictions(catalogue, ["b"]) == []


# ---- how many begin ----------------------------------------------------------------------------------------------


def test_the_most_overdue_begin_and_the_others_are_postponed() -> None:
    seen = {"new": standing("2026-11-03"), "old": standing("2026-11-01"), "middle": standing("2026-11-02")}
    held = postponed(seen, begun=0, most=2)
    assert list(held) == ["new"] and held["new"].startswith("postponed, 2 already begin in this run")
    assert list(postponed(seen, begun=1, most=2)) == ["middle", "new"], "a canary takes up room"
    assert postponed(seen, begun=0, most=3) == {}
    assert list(postponed(seen, begun=0, most=0)) == ["old", "middle", "new"]


def test_what_cannot_wait_takes_up_room_and_what_does_not_begin_takes_none() -> None:
    seen = {
        "forced": standing("2027-01-01", can_wait=False),
        "interrupted": standing("2026-10-01", "resume"),
        "outside": standing("2026-10-01", "hold"),
        "not-due": standing("2027-01-01", "nothing"),
        "unreadable": {"failed_when_result": False, "msg": "no journal"},
        "old": standing("2026-11-01"),
        "new": standing("2026-11-02"),
    }
    assert list(postponed(seen, begun=0, most=2)) == ["new"]
    assert list(postponed({**seen, "leaked": standing("2027-01-01", can_wait=False)}, begun=0, most=1)) == ["old", "new"]


# ---- the canary --------------------------------------------------------------------------------------------------

ROTATED = {"action": "rotated", "state": "rolling_out", "fingerprint": "f2"}
PROVED = {"consumer_proofs": {"a": [{"dest": "/a", "fingerprint": "f2", "running": "f2", "healthy": True}]}}


def trouble(result: dict[str, t.Any], host: dict[str, t.Any], check_mode: bool = False) -> str:
    return canary_trouble("a", variables({"a": {"credential_result": result}}, web1={**USES_A, **host}), check_mode)


@pytest.mark.parametrize(
    ("result", "host", "why"),
    [
        (ROTATED, PROVED, ""),
        ({**ROTATED, "action": "none", "state": "steady"}, PROVED, ""),
        ({**ROTATED, "action": "held", "state": "steady", "why": "outside its window"}, PROVED, ""),
        ({}, PROVED, "it was not in this run"),
        ({"failed": True, "msg": "AWS did not answer"}, PROVED, "its rotation failed"),
        ({"unreachable": True}, PROVED, "its rotation failed"),
        ({**ROTATED, "action": "busy", "why": "run 7 is working on it"}, PROVED, "run 7 is working on it"),
        ({**ROTATED, "action": "held", "state": "quarantined"}, PROVED, "it is quarantined"),
        ({**ROTATED, "fingerprint": "f3"}, PROVED, "waits for web1 (has another version on disk)"),
        (ROTATED, {"consumer_outcome": {"unreachable": True}}, "waits for web1 (unreachable)"),
        (ROTATED, {"consumer_outcome": {"failed": True, "detail": "probe"}}, "waits for web1 (failed: probe)"),
    ],
)
def test_a_canary_is_well_when_its_rotation_and_every_host_is(result: dict[str, t.Any], host: dict[str, t.Any], why: str) -> None:
    assert trouble(result, host) == why


def test_in_check_mode_hosts_are_taken_to_come_up_and_a_failed_rotation_is_not() -> None:
    assert trouble({**ROTATED, "fingerprint": "f3"}, PROVED, check_mode=True) == ""
    assert trouble({"failed": True}, PROVED, check_mode=True) == "its rotation failed"


def test_a_canary_that_no_host_uses_is_well_when_it_is_rotated() -> None:
    assert canary_trouble("a", variables({"a": {"credential_result": ROTATED}}), check_mode=False) == ""
