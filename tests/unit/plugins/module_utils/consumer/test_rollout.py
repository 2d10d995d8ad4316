# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from what was found and proved on a host."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import read_entries
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.rollout import (
    outcome,
    services_due,
    siblings,
    to_prove,
)


def _item(name: str, action: str = "restart", service: str = "app", **more: t.Any) -> dict[str, t.Any]:
    entry = {"credential": name, "dest": "/etc/" + name, "format": "env", "service": {"name": service, "action": action}}
    (item,) = read_entries([entry])
    return {**item, "fingerprint": "new", "error": "", "stopped": "", "write": "x", "restart": True, **more}


def _proof(item: dict[str, t.Any], healthy: bool = True) -> dict[str, t.Any]:
    return {"id": item["id"], "dest": item["dest"], "fingerprint": "new", "healthy": healthy, "detail": "" if healthy else "down"}


def _result(*items: dict[str, t.Any], proofs: t.Sequence[dict[str, t.Any]] = ()) -> dict[str, t.Any]:
    return {"entries": list(items), "proofs": list(proofs), "to_prove": to_prove(items, proofs)}


def test_a_service_is_due_once_and_reloaded_only_if_all_who_need_it_ask_for_that() -> None:
    reload, restart = _item("a", "reload"), _item("b", "restart")
    assert [one["do"] for one in services_due([reload, _item("c", "reload")])] == ["reload"]
    assert [one["do"] for one in services_due([reload, restart])] == ["restart"]
    assert [one["do"] for one in services_due([reload, {**restart, "restart": False}])] == ["reload"]
    assert len(services_due([restart, _item("c", service="other")])) == 2


@pytest.mark.parametrize("why", [{"restart": False}, {"error": "e"}, {"stopped": "s"}])
def test_a_service_is_left_alone(why: dict[str, t.Any]) -> None:
    assert services_due([_item("a", **why)]) == []
    assert services_due([_item("a", "none")]) == []


def test_what_was_changed_for_one_service_goes_back_together() -> None:
    one, two, other = _item("a"), _item("b"), _item("c", service="other")
    assert siblings([one, two, other], {one["id"]}) == [one["id"], two["id"]]


def test_a_healthy_host_proves() -> None:
    item = _item("a")
    told = outcome(_result(item), {"proofs": [_proof(item)]}, None, None)
    assert told["proofs"]["a"][0]["fingerprint"] == "new"
    assert told["outcome"]["credentials"]["a"]["outcome"] == "proved" and not told["outcome"]["failed"]


def test_the_worst_of_two_files_decides() -> None:
    good, bad = _item("a"), {**_item("a"), "dest": "/etc/second", "id": "second"}
    told = outcome(_result(good, bad), {"proofs": [_proof(good), _proof(bad, healthy=False)]}, None, None)
    assert told["outcome"]["credentials"]["a"]["outcome"] == "failed" and told["outcome"]["failed"]
    assert "app did not come up" in told["outcome"]["detail"]


@pytest.mark.parametrize(
    ("back", "proved_back", "said"),
    [
        (None, None, "was not possible"),
        ({"error": "no previous version"}, None, "no previous version"),
        ({"error": "", "fingerprint": "old"}, True, "back on the previous version old and healthy"),
        ({"error": "", "fingerprint": "old"}, False, "still not healthy: down"),
        ({"error": "", "fingerprint": "old"}, None, "its health was not seen"),
    ],
)
def test_the_message_says_in_which_state_the_host_is(back: dict[str, t.Any] | None, proved_back: bool | None, said: str) -> None:
    item = _item("a")
    put_back = {"entries": [{"id": item["id"], **back}]} if back else None
    seen = {"proofs": [_proof(item, proved_back)]} if proved_back is not None else None
    told = outcome(_result(item), {"proofs": [_proof(item, healthy=False)]}, put_back, seen)
    assert said in told["outcome"]["detail"] and "Next:" in told["outcome"]["detail"]


def test_a_file_that_was_put_back_proves_nothing() -> None:
    item = _item("a")
    put_back = {"entries": [{"id": item["id"], "error": "", "fingerprint": "old"}]}
    assert outcome(_result(item), {"proofs": [_proof(item)]}, put_back, None)["proofs"] == {}


def test_health_that_nobody_saw_is_a_failure_and_a_prediction_is_none() -> None:
    item = _item("a")
    assert outcome(_result(item), {}, None, None)["outcome"]["failed"]
    predicted = {**_result(item), "to_prove": []}
    assert not outcome(predicted, None, None, None)["outcome"]["failed"]


def test_unhealthy_on_the_right_version_is_loud_and_stops_nobody_else() -> None:
    item = _item("a", write="", restart=False)
    told = outcome(_result(item, proofs=[_proof(item, healthy=False)]), None, None, None)
    assert told["outcome"]["failed"] and told["outcome"]["credentials"]["a"]["outcome"] == "unhealthy"


def test_a_stopped_host_is_pending() -> None:
    told = outcome(_result(_item("a", stopped="web01 failed")), None, None, None)
    assert told["outcome"]["credentials"]["a"]["outcome"] == "pending" and not told["outcome"]["failed"]
