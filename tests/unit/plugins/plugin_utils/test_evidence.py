# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence of a period: what belongs to it, what is derived from it, and that nothing is answered with yes that was not found."""

from __future__ import annotations

import csv
import io
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso, to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.trail.period import read_period, select
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_account import Account
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_ages import ages
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_answer import Found
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_catalogue import Deployed, Listed, alert_channels
from ansible_collections.locksmith.rotation.plugins.plugin_utils.evidence_pack import make_pack

QUARTER = ("2026-07-01", "2026-10-01")
INTACT = {"intact": True, "problems": [], "lines": 40, "head": "40:" + "a" * 64, "unfinished": 0}
FACTS = {
    "type": "iam",
    "identity": "iam user ci",
    "store": "ssm /ci",
    "overlap": True,
    "policy": {"rotate_after": 90 * 86400},
    "consumers_known": ["web1"],
}


def at(day: str, what: str, **more: t.Any) -> dict[str, t.Any]:
    """A line of the trail on a day, MM-DD or MM-DDTHH."""
    moment = f"2026-{day}T12:00:00Z" if "T" not in day else f"2026-{day}:00:00Z"
    return {
        "at": moment,
        "recorded_at": moment,
        "what": what,
        "credential": "ci",
        "kind": "iam",
        "by": {"user": "ops", "controller": "c1"},
        **more,
    }


def numbered(*entries: dict[str, t.Any]) -> list[dict[str, t.Any]]:
    return [{**entry, "seq": seq, "n": seq} for seq, entry in enumerate(entries, 1)]


def promote(day: str, version: int, **more: t.Any) -> dict[str, t.Any]:
    made = from_iso(at(day, "")["at"])
    dates = {"created_at": to_iso(made), "due_at": to_iso(made + 90 * 86400)}
    return at(day, "promote", version=version, id=f"AKIA{version}", **{"reason": "scheduled", **dates, **more})


LIFE = (
    promote("04-20", 1),
    promote("07-10", 2),
    at("07-11", "prove", hosts=["web1"], hosts_from="run"),
    at("07-12", "disable", version=1, id="AKIA1", reason="scheduled"),
    at("07-12T13", "disabled", version=1, id="AKIA1", reason="scheduled"),
    at("07-19", "delete", version=1, id="AKIA1", reason="scheduled"),
    at("07-19T13", "deleted", version=1, id="AKIA1", reason="scheduled"),
)
RUN = {name: value for name, value in at("07-12T14", "run", credentials=1).items() if name != "credential"}
REVIEW = {**at("10-02", "review", reviewer="an auditor", findings="none"), "from": QUARTER[0], "until": QUARTER[1]}


def listed(
    name: str = "ci", hosts: tuple[str, ...] = ("web1",), exception: dict[str, str] | None = None, **changes: t.Any
) -> Listed:
    plain = {"interval_is_written": True, "is_external": False, "files": (), "facts": FACTS, **changes}
    return Listed(name, hosts=hosts, exception=exception or {}, **plain)


def found(*entries: dict[str, t.Any], credentials: t.Sequence[Listed] = (listed(),), **changes: t.Any) -> Found:
    period = read_period(*QUARTER)
    account = Account(select(numbered(*entries), period), period)
    told = {"trail": INTACT, "alerts": ["slack"], "head_was_compared": True, "moment": period.until, **changes}
    return Found(account, credentials, ages(credentials, account, period.until), **told)


def table(evidence: Found, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(make_pack(evidence, "2026-10-02T00:00:00Z")[f"{name}.csv"], newline="")))


def answers(evidence: Found) -> list[str]:
    return [row["answer"] for row in table(evidence, "checklist")]


# ---- the period ---------------------------------------------------------------------------------------------------


def test_a_period_includes_its_beginning_and_not_its_end() -> None:
    period = read_period(*QUARTER)
    inside = ["2026-07-01T00:00:00Z", "2026-09-30T23:59:59Z"]
    outside = ["2026-06-30T23:59:59Z", "2026-10-01T00:00:00Z"]
    assert [period.contains(moment) for moment in inside + outside] == [True, True, False, False]
    assert period.days == 92


@given(st.integers(0, 2**31), st.integers(1, 40), st.integers(1, 400))
def test_periods_one_after_the_other_hold_every_moment_once(start: int, count: int, days: int) -> None:
    edges = [to_iso(start + step * days * 86400) or "" for step in range(count + 1)]
    periods = [read_period(since, until) for since, until in zip(edges, edges[1:])]
    for moment in (start, start + days * 86400 * count - 1, start + days * 86400 * (count // 2)):
        assert sum(period.contains(to_iso(moment) or "") for period in periods) == 1


@pytest.mark.parametrize(
    "written", [("2026-10-01", "2026-07-01"), ("2026-07-01", "2026-07-01"), ("July", "2026-10-01"), ("", "")]
)
def test_what_is_no_period_is_refused(written: tuple[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="period"):
        read_period(*written)


# ---- what is derived ----------------------------------------------------------------------------------------------


def test_a_rotation_names_what_it_replaced_and_whether_that_was_in_time() -> None:
    (row,) = table(found(*LIFE), "rotations")
    assert (row["what"], row["replaced"], row["age_of_replaced_days"], row["in_time"]) == ("rotation", "AKIA1", "81.0", "yes")
    (late,) = table(found(promote("03-01", 1), promote("07-10", 2)), "rotations")
    assert (late["age_of_replaced_days"], late["in_time"]) == ("131.0", "no")


def test_a_roll_back_is_told_from_a_rotation() -> None:
    back = (at("07-11", "restore", version=1), promote("07-11T13", 1))
    assert [row["what"] for row in table(found(*LIFE[:2], *back), "rotations")] == ["rotation", "roll back"]


def test_a_retirement_names_its_proof_and_counts_once() -> None:
    (row,) = table(found(*LIFE), "retirements")
    assert (row["how"], row["successor"], row["hosts"], row["proved"], row["seq"]) == (
        "deleted",
        "AKIA2",
        "web1",
        "yes",
        "2, 3, 4, 7",
    )


@pytest.mark.parametrize(
    "without",
    [
        [LIFE[0], LIFE[1], *LIFE[3:]],
        [LIFE[0], LIFE[1], LIFE[2], at("07-11T13", "unprove"), *LIFE[3:]],
        [LIFE[0], at("07-09", "prove", hosts=["web1"]), LIFE[1], *LIFE[3:]],
        [LIFE[0], LIFE[1], at("07-11", "prove"), *LIFE[3:]],
    ],
    ids=["none", "withdrawn", "of the version before", "no host to ask"],
)
def test_a_retirement_without_a_proof_of_its_successor_is_told(without: list[dict[str, t.Any]]) -> None:
    evidence = found(*without)
    (row,) = table(evidence, "retirements")
    assert row["proved"] == "no" and answers(evidence)[3] == "no"


def test_a_proof_that_did_not_wait_for_a_host_is_not_one_of_every_host() -> None:
    evidence = found(*LIFE[:2], at("07-11", "prove", hosts=["web1"], note="not waited for: web2"), *LIFE[3:])
    assert table(evidence, "retirements")[0]["proved"] == "no"


def test_a_retirement_whose_proof_came_before_the_period_is_proved() -> None:
    early = (promote("04-20", 1), promote("06-27", 2), at("06-28", "prove", hosts=["web1"]))
    (row,) = table(found(*early, *LIFE[3:5]), "retirements")
    assert (row["successor"], row["proved"]) == ("AKIA2", "yes")


def test_what_was_contained_before_its_successor_was_published_is_told() -> None:
    contained = (
        at("07-20", "contain", version=2, reason="leak"),
        at("07-20T13", "disabled", version=2),
        promote("07-20T14", 3, reason="leak"),
    )
    ended = (
        at("07-21", "prove", hosts=["web1"]),
        at("07-22", "delete", version=2),
        at("07-22T13", "deleted", version=2, reason="leak"),
    )
    evidence = found(*LIFE, *contained, *ended)
    assert [(row["version"], row["successor"], row["proved"]) for row in table(evidence, "retirements")] == [
        ("1", "AKIA2", "yes"),
        ("2", "", "no"),
    ]
    assert answers(evidence)[2:4] == ["partly", "partly"]


def test_what_was_disabled_before_its_successor_was_published_is_told() -> None:
    evidence = found(
        promote("04-20", 1), at("07-02", "disable", version=1), at("07-02T13", "disabled", version=1), promote("07-10", 2)
    )
    assert answers(evidence)[2] == "no"


def test_what_a_killed_run_did_is_nobodys_who_recorded_it() -> None:
    (row,) = table(found(LIFE[0], promote("07-10", 2, late=True)), "rotations")
    assert row["by"] == "not known; recorded by ops on c1" and row["job"] == ""


def test_failures_name_what_mended_them() -> None:
    failed = (at("07-05", "failure", msg="=no answer", next_step="run it again"), at("08-01", "quarantine"))
    rows = table(found(LIFE[0], failed[0], *LIFE[1:], failed[1]), "failures")
    assert [(row["what"], row["next_publication"]) for row in rows] == [
        ("failure", "2026-07-10T12:00:00Z"),
        ("quarantine", "not in the period"),
    ]
    assert rows[0]["message"] == "'=no answer"


def test_exceptions_are_those_in_force_at_some_time_in_the_period() -> None:
    terms = {"until": "2026-08-01", "reason": "vendor", "owner": "payments"}
    over = at("05-01", "exception", exception={**terms, "until": "2026-06-30"})
    begun = at("05-02", "exception", exception=terms)
    ended = at("06-15", "exception", note="no more")
    assert [row["until"] for row in table(found(over, begun), "exceptions")] == ["2026-08-01"]
    assert table(found(begun, ended), "exceptions") == []
    (row,) = table(found(credentials=[listed(exception={"until": "2027-01-01", "reason": "x"})]), "exceptions")
    assert (row["owner"], row["recorded_at"]) == ("nobody is named", "only in the catalogue")


def test_ages_are_those_at_the_end_of_the_period() -> None:
    (row,) = table(found(*LIFE, promote("10-05", 3)), "ages")
    assert (row["id"], row["age_days"], row["verdict"], row["source"]) == ("AKIA2", "82.5", "within", "trail")
    (old,) = table(found(promote("04-20", 1)), "ages")
    assert (old["age_days"], old["verdict"]) == ("163.5", "overdue")
    exempt = listed(exception={"until": "2027-01-01", "reason": "x", "owner": "y"})
    assert table(found(promote("04-20", 1), credentials=[exempt]), "ages")[0]["verdict"] == "exempt"
    assert table(found(), "ages")[0]["verdict"] == "unknown"
    of_journal = listed(facts={**FACTS, "created_at": "2026-09-01T00:00:00Z", "id": "AKIA9"})
    assert table(found(credentials=[of_journal]), "ages")[0]["source"] == "journal"


# ---- answers ------------------------------------------------------------------------------------------------------


def test_everything_that_was_found_makes_every_answer_yes() -> None:
    assert answers(found(*LIFE, RUN, REVIEW)) == ["yes"] * 7


def test_nothing_found_makes_no_answer_yes() -> None:
    nothing = found(credentials=(), trail={**INTACT, "lines": 0}, alerts=[], head_was_compared=False)
    assert set(answers(nothing)) <= {"no", "partly"}
    assert {row["answer"] for row in table(nothing, "controls")} <= {"no", "not applicable"}


@pytest.mark.parametrize(
    ("item", "answer", "changes"),
    [
        (0, "partly", {"credentials": [listed(interval_is_written=False)]}),
        (1, "partly", {"credentials": [listed(files=(Deployed("web1", "/etc/x", "0600"),))]}),
        (1, "no", {"credentials": [listed(files=(Deployed("web1", "/etc/x", "0644"),))]}),
        (1, "no", {"credentials": [listed(files=(Deployed("web1", "/etc/x", "u=rw"),))]}),
        (4, "no", {"alerts": []}),
        (5, "partly", {"credentials": [listed(hosts=())]}),
        (5, "partly", {"credentials": [listed(hosts=(), is_external=True)]}),
        (5, "partly", {"credentials": [listed(hosts=("web2",))]}),
        (6, "partly", {"head_was_compared": False}),
        (6, "no", {"trail": {**INTACT, "intact": False, "problems": [{"line": 3, "what": "was altered"}]}}),
    ],
)
def test_each_answer_is_no_better_than_what_was_found(item: int, answer: str, changes: dict[str, t.Any]) -> None:
    assert answers(found(*LIFE, RUN, REVIEW, **changes))[item] == answer


def test_the_longest_time_without_a_run_is_told_up_to_the_end_of_the_period() -> None:
    assert answers(found(*LIFE))[0] == "partly"
    assert "1 run in the period; the longest time without one was 80.4 days" in make_pack(found(*LIFE, RUN), "now")["evidence.md"]


def test_a_credential_with_one_value_at_a_time_is_no_yes_to_new_before_old() -> None:
    single = listed(facts={**FACTS, "overlap": False})
    assert answers(found(*LIFE, REVIEW, credentials=[single]))[2] == "partly"


def test_a_review_of_another_period_is_none() -> None:
    assert answers(found(*LIFE, {**REVIEW, "until": "2026-09-30"}))[6] == "partly"


def test_gaps_of_the_trail_are_named() -> None:
    gap = {**at("08-01", "gap", note="events lost"), "from": 7, "to": 9}
    evidence = found(*LIFE, REVIEW, gap)
    assert answers(evidence)[6] == "partly"
    assert "events lost, events 7 to 9" in make_pack(evidence, "now")["evidence.md"]


def test_a_trail_that_is_not_what_was_written_answers_nothing_with_yes() -> None:
    broken = {**INTACT, "intact": False, "problems": [{"line": 3, "what": "was altered"}]}
    evidence = found(*LIFE, REVIEW, trail=broken)
    assert "yes" not in answers(evidence)
    assert "yes" not in [row["answer"] for row in table(evidence, "controls")]
    assert "Intact: NO" in make_pack(evidence, "now")["evidence.md"]


def test_the_limit_of_access_keys_is_held_against_the_greatest_age_in_the_period() -> None:
    def cis(*entries: dict[str, t.Any], **changes: t.Any) -> str:
        return table(found(*entries, **changes), "controls")[0]["answer"]

    assert cis(*LIFE) == "yes"
    assert cis(promote("03-01", 1), promote("07-10", 2)) == "partly"
    assert cis(*LIFE, credentials=[listed(facts={**FACTS, "policy": {"rotate_after": 180 * 86400}})]) == "partly"
    assert cis(*LIFE, credentials=[listed(facts={**FACTS, "policy": {"rotate_after": 2}})]) == "yes"
    assert cis(*LIFE, credentials=[listed(facts={**FACTS, "policy": {}})]) == "partly"
    assert cis(*LIFE, credentials=[listed(facts={**FACTS, "type": "postgresql"})]) == "not applicable"


def test_channels_are_counted_without_looking_at_what_is_in_them() -> None:
    channels = [{"kind": "slack", "url": "{{ lookup('nothing') }}"}, {"kind": "email", "events": ["digest"]}, "nonsense"]
    assert alert_channels(channels) == ["slack"]
    assert alert_channels("{{ vault_channels }}") == ["channels given by a template"]
    assert alert_channels(None) == []


def test_the_sums_are_those_of_the_files() -> None:
    pack = make_pack(found(*LIFE), "now")
    assert len(pack["SHA256SUMS"].splitlines()) == len(pack) - 1
