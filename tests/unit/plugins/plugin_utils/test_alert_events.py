# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a run's facts, and what of a run only the callback sees."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.notify.event import (
    CRITICAL,
    DIGEST,
    ERROR,
    FAILURE,
    HOLD,
    OVERDUE,
    QUARANTINED,
    RUN,
    WARNING,
    Event,
    Message,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso
from ansible_collections.locksmith.rotation.plugins.plugin_utils.alert_events import (
    digest_of,
    problem_of,
    problems_of_hosts,
    was_judged,
)
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import Limits
from ansible_collections.locksmith.rotation.plugins.plugin_utils.run_watch import Watch

NOW = from_iso("2026-11-21T12:00:00Z")
LIMITS = Limits(overdue_after=86400, held_after=0)
WELL: dict[str, t.Any] = {
    "credential": "orders",
    "type": "iam",
    "store": "ssm /orders",
    "state": "steady",
    "version": 7,
    "id": "AKIAIOSFODNN7EXAMPLE",
    "fingerprint": "3f9c1e7a5b20",
    "created_at": "2026-11-20T12:00:00Z",
    "published_at": "2026-11-20T12:00:00Z",
    "due_at": "2026-12-20T12:00:00Z",
    "waiting_for": [],
    "previous": [],
    "done": [],
}


def problem(**changed: t.Any) -> Event | None:
    return problem_of({**WELL, **changed}, NOW, LIMITS)


def found(**changed: t.Any) -> Event:
    event = problem(**changed)
    assert event is not None
    return event


def test_what_is_in_order_is_no_problem() -> None:
    assert was_judged(WELL) and problem() is None


def test_what_no_play_has_looked_at_was_not_judged() -> None:
    assert not was_judged({"credential": "orders", "done": [], "waiting_for": []})


def test_a_failure_is_told_in_our_modules_words_with_what_to_do() -> None:
    msg = "orders: AWS refused to create a key. Left behind: nothing. Next: give it the right iam:CreateAccessKey."
    event = found(failed=True, error="Denied", msg=msg, next_step="give it the right iam:CreateAccessKey.", state=None)
    assert (event.kind, event.severity, event.about) == (FAILURE, CRITICAL, "credential orders")
    assert event.summary == "orders failed: AWS refused to create a key. Left behind: nothing."
    assert event.next_step == "give it the right iam:CreateAccessKey."
    assert event.details["store"] == "ssm /orders"


def test_words_that_are_not_our_modules_are_not_told() -> None:
    event = found(failed=True, msg="The task includes an option with an undefined variable: hunter2")
    assert event.kind == FAILURE and "hunter2" not in event.summary


def test_an_unreachable_host_that_was_to_rotate_it_is_a_failure() -> None:
    assert "unreachable" in found(unreachable=True, state=None).summary


def test_a_quarantined_credential_waits_for_a_person() -> None:
    event = found(state="quarantined", failures=3, last_error="the issuer refused it.")
    assert (event.kind, event.severity) == (QUARANTINED, CRITICAL)
    assert "3 failures" in event.summary and "force" in event.next_step


def test_an_overdue_credential_says_what_it_waits_for() -> None:
    assert problem(due_at="2026-11-20T13:00:00Z") is None, "a daily run may come that late"
    event = found(due_at="2026-11-18T12:00:00Z", waiting_for=["blackout until 2027-01-05: year end"])
    assert (event.kind, event.severity) == (OVERDUE, ERROR)
    assert "3d" in event.summary and event.lines == ("blackout until 2027-01-05: year end",)


def test_a_hold_names_the_hosts_that_are_waited_for() -> None:
    waiting = ["web2 (unreachable)", "web3 (its service is not healthy)"]
    event = found(state="rolling_out", waiting_for=waiting, consumers_proved=18, consumers_expected=20)
    assert (event.kind, event.severity, event.lines) == (HOLD, WARNING, tuple(waiting))
    assert "18 of 20 hosts" in event.summary


def test_grace_is_no_hold() -> None:
    previous = [{"version": 6, "id": "AKIAOLD", "phase": "previous", "grace_until": "2026-11-21T20:00:00Z"}]
    assert problem(state="grace", previous=previous) is None


def test_a_window_is_no_hold() -> None:
    assert problem(due_at="2026-11-21T09:00:00Z", waiting_for=["outside its window"]) is None


def test_a_value_that_a_person_has_to_make_is_waited_for() -> None:
    event = found(waiting_for=["a person: make a key on the partner's page"])
    assert (event.kind, event.lines) == (HOLD, ("a person: make a key on the partner's page",))


def test_a_host_is_told_of_unless_a_hold_names_it() -> None:
    held = found(state="rolling_out", waiting_for=["web2 (unreachable)"])
    outcomes: dict[str, dict[str, t.Any]] = {
        "web1": {"failed": False, "unreachable": False},
        "web2": {"unreachable": True},
        "web3": {"unreachable": True},
        "web4": {"failed": True, "detail": "the probe failed"},
    }
    events = problems_of_hosts(outcomes, [held])
    assert [event.about for event in events] == ["host web3", "host web4"]
    assert "the probe failed" in events[1].summary and events[1].severity == ERROR


def test_the_digest_says_what_was_done_and_nothing_else() -> None:
    facts = [
        {**WELL, "credential": "ci", "done": ["rotated", "proved"]},
        {**WELL, "done": ["held"]},
        {**WELL, "credential": "db", "done": ["failed"], "failed": True},
    ]
    digest = digest_of(facts, "changes")
    assert digest is not None
    assert (digest.kind, digest.about, digest.summary) == (DIGEST, RUN, "1 of 3 credentials changed")
    assert digest.lines == ("ci: rotated, proved, version 7 (AKIAIOSFODNN7EXAMPLE) is published",)
    assert digest_of(facts[1:], "changes") is None and digest_of(facts, "never") is None
    assert digest_of(facts[1:], "always") is not None


def test_lines_and_keys_have_bounds() -> None:
    event = Event(FAILURE, "credential " + "x" * 400, "a\nb" + "c" * 5000, lines=tuple(f"web{number}" for number in range(500)))
    assert Event(FAILURE, RUN, "\x1b[31m\u202eevil\n").summary == "[31m evil"
    assert "\n" not in event.summary and len(event.summary) == 1000
    assert len(event.lines) == 101 and event.lines[-1] == "… and 400 more"
    message = Message((event,), "production", "1", "2026-11-21T12:00:00Z")
    assert len(message.key(event)) <= 255
    assert message.key(event) != message.key(Event(FAILURE, "credential " + "x" * 401, ""))


# ---- the callback -----------------------------------------------------------------------------------------------------

ROTATE = "locksmith.rotation.credential_rotate"


def watched() -> Watch:
    watch = Watch()
    watch.begins("locksmith.rotation.credential_catalogue", "Check who uses what")
    return watch


@pytest.mark.parametrize(
    ("action", "ours"),
    [("ansible.builtin.debug", False), ("locksmith.rotation.credential_info", False), (ROTATE, True)],
)
def test_only_runs_that_do_something_of_ours_are_told_of(action: str, ours: bool) -> None:
    watch = Watch()
    watch.begins(action, "A task")
    assert watch.ours is ours


def test_what_the_role_has_told_is_not_told_again() -> None:
    watch = watched()
    watch.failed("orders", True, ROTATE, "Rotate", {"error": "Denied", "msg": "orders: refused. Next: look."})
    watch.unreachable("web1", False, "Put it there")
    watch.unreachable("web9", False, "Something else")
    watch.succeeded("locksmith.rotation.rotation_notify", {"judged": ["credential orders", "host web1"]})
    assert [event.about for event in watch.at_the_end({"orders", "web1", "web9"})] == ["host web9"]
    assert watch.looked_at({"orders": True, "web1": False, "web2": False}) == {"host web2", RUN}


def test_a_run_that_ended_before_the_role_is_told_of_whole() -> None:
    watch = watched()
    watch.failed("orders", True, ROTATE, "Rotate", {"error": "Denied", "msg": "orders: refused. Next: look."})
    (event,) = watch.at_the_end({"orders"})
    assert (event.about, event.summary, event.next_step) == ("credential orders", "orders: refused.", "look.")


def test_our_own_words_are_kept_when_the_end_of_the_run_is_loud_about_it() -> None:
    watch = watched()
    watch.failed("orders", True, ROTATE, "Rotate", {"error": "Denied", "msg": "orders: refused."})
    watch.failed("orders", True, "ansible.builtin.fail", "Be loud", {"msg": "orders: refused."})
    (event,) = watch.at_the_end({"orders"})
    assert event.summary == "orders: refused."


def test_what_was_rescued_is_no_problem() -> None:
    watch = watched()
    watch.failed("orders", True, ROTATE, "Rotate", {"error": "Denied", "msg": "orders: refused."})
    assert watch.at_the_end(set()) == []


def test_of_other_peoples_tasks_only_names_are_told() -> None:
    watch = watched()
    watch.failed("web1", False, "ansible.builtin.command", "Reload it", {"msg": "hunter2", "stderr": "hunter2"})
    watch.failed("web2", False, "locksmith.rotation.consumer_deploy", "Deploy", {"msg": "undefined variable: hunter2"})
    events = watch.at_the_end({"web1", "web2"})
    assert [event.summary for event in events] == [
        "host web1: the task 'Reload it' (ansible.builtin.command) failed",
        "host web2: the task 'Deploy' (locksmith.rotation.consumer_deploy) failed",
    ]


def test_a_catalogue_that_is_wrong_concerns_the_whole_run() -> None:
    watch = watched()
    msg = "web1 uses the credential 'x', which the catalogue does not have. Nothing was changed anywhere."
    watch.failed("web1", False, "locksmith.rotation.credential_catalogue", "Check", {"msg": msg})
    (event,) = watch.at_the_end({"web1"})
    assert (event.about, event.severity, event.summary) == (RUN, CRITICAL, msg)


def test_an_interrupted_run_says_where_and_what_had_failed() -> None:
    watch = watched()
    watch.failed("orders", True, ROTATE, "Rotate", {"error": "Denied", "msg": "orders: refused."})
    watch.begins("ansible.builtin.copy", "Put it there")
    run, orders = watch.broken_off("interrupted by SIGTERM")
    assert run.about == RUN and run.summary == "the run was interrupted by SIGTERM at the task 'Put it there'"
    assert orders.about == "credential orders"
