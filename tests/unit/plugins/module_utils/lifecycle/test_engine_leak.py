# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A version has leaked: both answers, killed at every boundary, what they never touch, and what holds them no longer."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, LastUse, Revocation
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.engine import Engine, Outcome
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.gate import ConsumerProof
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.leak import Alarm
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import Wish
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.policy import Policy
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import State
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Denied, LocksmithError, Rejected, Unreachable
from ansible_collections.locksmith.rotation.tests.unit.plugins.module_utils.lifecycle.fakes import (
    POLICY,
    Boundary,
    Killed,
    MintingIssuer,
    Stage,
)

SCHEDULED = Wish(force=False, reason="scheduled", since=0)
OVERLAP = Alarm()
CONTAIN = Alarm(contain="disable_or_delete")
EMERGENCIES = {"overlap": OVERLAP, "contain": CONTAIN}


class DeletingIssuer(MintingIssuer):
    """Like Grafana: makes as many tokens as one likes, and can only delete them."""

    CAN_DISABLE = False


class Scene(Stage):
    """C(kind): C(minting) (two keys), C(many) (no limit), C(deleting), C(accepting) (one value). C(ended): sessions that were ended."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind != "accepting", {"minting": 2, "accepting": 1}.get(kind, 0))
        self.kind = kind
        self.ended: list[tuple[str, float | None]] = []
        self.refuse_sessions = False
        self.lifted = 0
        self.own = ""
        self.waits = False

    def engine(self, boundary: Boundary | None = None, check: bool = False, policy: Policy = POLICY) -> Engine:
        engine = super().engine(boundary, check, policy)
        if self.kind == "deleting":
            self.issuer.__class__ = DeletingIssuer
        self.issuer.revoke_sessions = self._revoke  # type: ignore[method-assign]
        self.issuer.lift_bar = self._lift  # type: ignore[method-assign]
        self.issuer.own_login = lambda versions: next((v.id for v in versions if v.id == self.own), "")  # type: ignore[method-assign]
        return engine

    def _revoke(self, version: Issued, made_by: str, replaced_at: float | None) -> Revocation:
        if self.refuse_sessions:
            raise Denied("may not end sessions.")
        assert not self.works(version), "a session can begin anew while the version works"
        self.ended.append((version.id, replaced_at))
        return Revocation(f"2 sessions of {version.id} were ended", self.clock.now() + 300)

    def _lift(self) -> None:
        self.lifted += 1

    def works(self, version: Issued) -> bool:
        return self.world.alive(version.fields)

    def journal(self) -> Journal:
        journal = self.engine(Boundary())._keeper.load()
        assert journal is not None
        return journal

    def alarm(self, alarm: Alarm, boundary: Boundary | None = None, check: bool = False) -> Outcome:
        return self.engine(boundary, check).rotate(dataclasses.replace(SCHEDULED, alarm=alarm))

    def proofs(self, *hosts: str) -> list[ConsumerProof]:
        current = self.journal().current
        assert current is not None
        return [ConsumerProof(host, current.fingerprint, current.fingerprint, True) for host in hosts]

    def retire(self, *hosts: str, proofs: t.Sequence[ConsumerProof] | None = None) -> Outcome:
        return self.engine().retire(self.proofs(*hosts) if proofs is None else proofs, [])

    def day(self) -> None:
        """An ordinary run."""
        self.engine().rotate(SCHEDULED)
        self.retire("web1")


def steady(kind: str) -> Scene:
    scene = Scene(kind)
    scene.engine().rotate(SCHEDULED)
    return scene


def rolled_out(kind: str) -> Scene:
    scene = steady(kind)
    scene.clock.time += 2000
    scene.engine().rotate(SCHEDULED)
    return scene


def in_grace(kind: str) -> Scene:
    scene = rolled_out(kind)
    scene.retire("web1")
    return scene


def disabled(kind: str) -> Scene:
    scene = in_grace(kind)
    scene.clock.time += 101
    scene.retire("web1")
    return scene


def interrupted(kind: str) -> Scene:
    """Killed right after the issuer has made, or accepted, the new value."""
    scene = steady(kind)
    scene.clock.time += 2000
    killer = Boundary()
    issue = killer.around

    def around(name: str, act: t.Callable[[], t.Any]) -> t.Any:
        result = issue(name, act)
        if name in ("issue", "apply"):
            raise Killed(name)
        return result

    killer.around = around  # type: ignore[method-assign]
    with pytest.raises(Killed):
        scene.engine(killer).rotate(SCHEDULED)
    scene.bury()
    return scene


BEFORE = {"steady": steady, "rolled out": rolled_out, "in grace": in_grace, "disabled": disabled, "interrupted": interrupted}
KINDS = ("minting", "many", "deleting", "accepting")
#: Where it matters what there was before. The others would show the same again.
CELLS = [
    *(("minting", before) for before in BEFORE),
    ("many", "rolled out"),
    ("many", "disabled"),
    ("deleting", "rolled out"),
    ("accepting", "steady"),
    ("accepting", "interrupted"),
]


def boundaries(kind: str, before: str, name: str) -> range:
    counter = Boundary()
    BEFORE[before](kind).alarm(EMERGENCIES[name], counter)
    return range(1, counter.count + 1)


def what_works(scene: Scene) -> list[Issued]:
    """What may have leaked: all that works, but for a candidate that nobody has seen."""
    journal = scene.journal()
    return [
        version.issued() for version in journal.versions if scene.works(version.issued()) and version is not journal.candidate
    ]


def assert_over(scene: Scene, leaked: t.Iterable[Issued]) -> None:
    journal = scene.journal()
    assert journal.lease is None and journal.state not in (State.CONTAINED, State.INTENDED, State.CANDIDATE)
    assert scene.world.published is not None and scene.world.alive(scene.world.published), "what is published works"
    assert journal.current is not None and scene.world.published["secret"] == journal.current.fields["secret"]
    assert not [version.id for version in leaked if scene.works(version)], "what leaked works still"
    if scene.minting:
        assert set(scene.world.keys) == journal.ids(), "a key is stranded, or recorded and gone"


@pytest.mark.parametrize(("kind", "before"), CELLS)
@pytest.mark.parametrize("name", EMERGENCIES)
def test_killed_anywhere_ordinary_runs_finish_it(kind: str, before: str, name: str) -> None:
    for point in boundaries(kind, before, name):
        scene = BEFORE[before](kind)
        leaked = what_works(scene)
        killer = Boundary()
        killer.kill_at = point
        with pytest.raises(Killed):
            scene.alarm(EMERGENCIES[name], killer)
        if name == "overlap" and scene.minting:
            assert scene.world.published is not None and scene.world.alive(scene.world.published), "works at every instant"
        scene.bury()
        if not any(event["event"] == "leak" for event in scene.journal().history):
            scene.alarm(EMERGENCIES[name])
        for _dummy in range(2):
            scene.day()
            scene.clock.time += 1
        assert_over(scene, leaked)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", EMERGENCIES)
def test_failed_anywhere_it_is_loud_and_the_same_command_finishes_it(kind: str, name: str) -> None:
    for point in boundaries(kind, "rolled out", name):
        scene = rolled_out(kind)
        leaked = what_works(scene)
        failing = Boundary()
        failing.fail_at, failing.error = point, Unreachable
        with pytest.raises(LocksmithError):
            scene.alarm(EMERGENCIES[name], failing)
        scene.bury()
        for _dummy in range(2):
            scene.alarm(EMERGENCIES[name])
            scene.day()
        assert_over(scene, leaked)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("name", EMERGENCIES)
def test_check_mode_writes_nothing_and_predicts(kind: str, before: str, name: str) -> None:
    scene = BEFORE[before](kind)
    picture = ({k: dict(v) for k, v in scene.world.keys.items()}, scene.world.journal, scene.world.published)
    predicted = scene.alarm(EMERGENCIES[name], check=True)
    assert ({k: dict(v) for k, v in scene.world.keys.items()}, scene.world.journal, scene.world.published) == picture
    real = scene.alarm(EMERGENCIES[name])
    assert (predicted.changed, predicted.action) == (real.changed, real.action)


def test_overlap_ends_the_old_version_without_grace_as_soon_as_every_host_has_the_new_one() -> None:
    scene = steady("minting")
    scene.world.last_use = LastUse(True, scene.clock.now() + 5000, "somebody")
    assert scene.alarm(OVERLAP).action == "rotated"
    held = scene.retire(proofs=[*scene.proofs("web1"), ConsumerProof("web2", detail="unreachable")])
    assert held.pending == ("web2 (unreachable)",) and scene.world.keys["key-1"]["active"]
    done = scene.retire("web1", "web2")
    assert done.action == "disabled" and not scene.world.keys["key-1"]["active"], "no grace, and no evidence of use holds it"
    assert done.told == ("2 sessions of key-1 were ended",)
    assert "disabled" in scene.retire("web1", "web2").why
    scene.clock.time += 51
    assert scene.retire("web1", "web2").action == "deleted"
    assert scene.ended == [("key-1", scene.ended[0][1])], "once"


def test_hosts_that_a_person_names_are_not_waited_for_and_it_is_recorded() -> None:
    scene = steady("minting")
    scene.alarm(dataclasses.replace(OVERLAP, without=("web2", "web9")))
    done = scene.retire(proofs=[*scene.proofs("web1"), ConsumerProof("web2", detail="unreachable")])
    assert done.action == "disabled" and "not waited for: web2 (unreachable)" in done.told
    assert {"without web2 (unreachable)"} == {
        event.get("note") for event in scene.journal().history if event["event"] == "disable"
    }
    assert [event.get("note") for event in scene.journal().history if event["event"] == "leak"] == [
        "leaked; not waiting for web2, web9"
    ]


def test_after_the_deadline_nobody_is_waited_for() -> None:
    scene = steady("minting")
    scene.alarm(dataclasses.replace(OVERLAP, deadline=60))
    pending = [*scene.proofs("web1"), ConsumerProof("web2", detail="unreachable")]
    assert scene.retire(proofs=pending).pending
    scene.clock.time += 60
    assert scene.retire(proofs=pending).action == "disabled"


def test_the_same_command_again_goes_on_with_the_first_emergency_under_its_new_rules() -> None:
    scene = steady("minting")
    scene.alarm(OVERLAP)
    minted = scene.world.minted
    assert scene.alarm(OVERLAP).changed is False
    again = scene.alarm(dataclasses.replace(OVERLAP, without=("web2",)))
    assert (again.changed, again.action, scene.world.minted) == (True, "leaked", minted)
    assert scene.retire(proofs=[*scene.proofs("web1"), ConsumerProof("web2", detail="unreachable")]).action == "disabled"


def test_deleted_at_once_where_that_is_asked_for() -> None:
    scene = steady("minting")
    scene.alarm(dataclasses.replace(OVERLAP, delete=True))
    assert scene.retire("web1").action == "deleted" and list(scene.world.keys) == ["key-2"]


def test_containing_switches_off_before_it_asks_for_a_new_one_and_says_so() -> None:
    scene = steady("minting")
    boundary = Boundary()
    outcome = scene.alarm(CONTAIN, boundary)
    changing = [call for call in boundary.calls if call in ("disable", "issue", "publish")]
    assert changing == ["disable", "issue", "publish"]
    assert boundary.calls.index("write_journal") < boundary.calls.index("disable"), "announced before it is done"
    assert outcome.action == "rotated" and any("key-1 is disabled while it is published" in told for told in outcome.told)
    journal = scene.journal()
    assert journal.state is State.DISABLED and journal.retiring is not None and journal.retiring.id == "key-1"
    assert [e["event"] for e in journal.history[:3]] == ["adopt", "leak", "contain"] or "contain" in [
        e["event"] for e in journal.history
    ]
    pending = scene.retire(proofs=[ConsumerProof("web1", detail="unreachable")])
    assert pending.pending == ("web1 (unreachable)",), "hosts that stand still are named"


def test_rolling_back_after_containing_puts_the_old_one_back_in_force() -> None:
    scene = steady("minting")
    scene.alarm(CONTAIN)
    back = scene.engine().roll_back("manual")
    assert back.action == "rolled_back" and back.told == (
        "key-1 was recorded as leaked; whoever rolls back to it takes that back",
    )
    assert scene.world.published == {"id": "key-1", "secret": "secret-1"} and scene.world.keys["key-1"]["active"]
    assert scene.engine().rotate(SCHEDULED).action == "none", "a person has said that it was no leak"


def test_what_cannot_be_disabled_is_deleted_only_with_consent() -> None:
    scene = steady("deleting")
    before = scene.world.journal
    with pytest.raises(Rejected, match="can delete it and cannot disable it"):
        scene.alarm(Alarm(contain="disable"))
    assert scene.world.journal == before and "key-1" in scene.world.keys
    scene.alarm(CONTAIN)
    assert "key-1" not in scene.world.keys
    with pytest.raises(Rejected):
        scene.engine().roll_back("manual")


def test_nobody_contains_what_the_run_itself_logs_in_with() -> None:
    scene = steady("minting")
    scene.own = "key-1"
    with pytest.raises(Rejected, match="this run itself logs in with key-1"):
        scene.alarm(CONTAIN)
    assert scene.world.keys["key-1"]["active"]


def test_by_id_only_that_version_is_meant() -> None:
    scene = rolled_out("many")
    assert scene.alarm(dataclasses.replace(OVERLAP, version_ids=("key-1",))).action == "leaked"
    assert scene.world.minted == 2, "it is replaced already"
    assert scene.retire("web1").action == "disabled" and not scene.world.keys["key-1"]["active"]
    assert scene.world.keys["key-2"]["active"]


def test_by_id_the_previous_version_is_contained_at_once() -> None:
    scene = rolled_out("minting")
    outcome = scene.alarm(dataclasses.replace(CONTAIN, version_ids=("key-1",)))
    assert (outcome.action, scene.world.minted) == ("contained", 2)
    assert not scene.world.keys["key-1"]["active"] and scene.world.keys["key-2"]["active"]


def test_a_version_that_leaked_before_it_was_published_is_finished_and_replaced_in_one_go() -> None:
    scene = interrupted("accepting")
    candidate = scene.journal().candidate
    assert candidate is not None
    assert scene.alarm(dataclasses.replace(OVERLAP, version_ids=(candidate.id,))).action == "rotated"
    current = scene.journal().current
    assert current is not None and current.id != candidate.id and not scene.works(candidate.issued())


def test_what_the_journal_does_not_record_is_never_touched() -> None:
    scene = steady("many")
    scene.world.keys["key-9"] = {"name": "by hand", "created": 1.0, "active": True, "secret": "theirs"}
    scene.world.foreign.add("key-9")
    before = scene.world.journal
    outcome = scene.alarm(dataclasses.replace(CONTAIN, version_ids=("key-9",)))
    assert (outcome.changed, outcome.action, scene.world.journal) == (False, "none", before)
    assert "key-9 is no version that the journal records" in outcome.why
    scene.alarm(CONTAIN)
    scene.day()
    assert scene.world.keys["key-9"]["active"]


def test_a_published_value_that_nobody_has_recorded_is_taken_over_first() -> None:
    scene = Scene("minting")
    scene.world.keys["key-9"] = {"name": "by hand", "created": 1.0, "active": True, "secret": "old"}
    scene.world.published = {"id": "key-9", "secret": "old"}
    assert scene.alarm(CONTAIN).action == "rotated"
    assert not scene.world.keys["key-9"]["active"]


def test_a_version_in_its_recovery_wait_makes_room() -> None:
    scene = disabled("minting")
    outcome = scene.alarm(OVERLAP)
    assert outcome.action == "rotated" and "key-1" not in scene.world.keys
    assert any("key-1 is deleted before its time" in told for told in outcome.told)


def test_a_version_that_every_host_has_proved_to_have_replaced_makes_room_too_and_one_that_is_in_use_does_not() -> None:
    scene = in_grace("minting")
    assert scene.alarm(OVERLAP).action == "rotated" and "key-1" not in scene.world.keys
    scene = rolled_out("minting")
    held = scene.alarm(OVERLAP)
    assert held.action == "leaked" and scene.world.keys["key-1"]["active"], held.why
    scene.retire("web1")
    scene.day()
    assert sorted(scene.world.keys) == ["key-2", "key-3"] and not scene.world.keys["key-2"]["active"]


def test_what_is_off_already_does_not_keep_what_leaked_alive() -> None:
    scene = disabled("many")
    scene.alarm(OVERLAP)
    assert scene.retire("web1").action == "disabled" and not scene.world.keys["key-2"]["active"]


def test_quarantine_does_not_hold_it() -> None:
    scene = steady("minting")
    journal = scene.journal()
    keeper = scene.engine()._keeper
    loaded = keeper.load()
    assert loaded is not None and journal.state is State.STEADY
    loaded.fail("broken", scene.clock.now(), 1)
    keeper.save(loaded, hold=False)
    assert scene.engine().rotate(SCHEDULED).action == "held"
    assert scene.alarm(CONTAIN).action == "rotated"


def test_sessions_that_may_not_be_ended_are_told_and_tried_again() -> None:
    scene = steady("minting")
    scene.refuse_sessions = True
    outcome = scene.alarm(CONTAIN)
    assert any("sessions of key-1 are NOT ended" in told for told in outcome.told)
    assert not scene.world.keys["key-1"]["active"] and outcome.action == "rotated"
    scene.refuse_sessions = False
    scene.clock.time += 51
    assert scene.retire("web1").action == "deleted" and [which for which, dummy in scene.ended] == ["key-1"]


def test_sessions_are_left_alone_where_that_is_asked_for_and_never_touched_on_schedule() -> None:
    scene = steady("minting")
    scene.alarm(dataclasses.replace(CONTAIN, end_sessions=False))
    scene.day()
    scene.clock.time += 2000
    scene.day()
    scene.clock.time += 200
    scene.day()
    assert scene.ended == []


def test_one_value_at_a_time_is_contained_by_the_next_one_and_then_its_sessions_end() -> None:
    scene = steady("accepting")
    outcome = scene.alarm(CONTAIN)
    published = scene.journal().current
    assert published is not None and scene.ended == [("role/1", published.published_at)]
    assert outcome.told == ("2 sessions of role/1 were ended",)


def test_what_bars_sessions_is_removed_when_they_are_over() -> None:
    scene = steady("minting")
    scene.alarm(CONTAIN)
    scene.day()
    assert scene.lifted == 0
    scene.clock.time += 301
    assert scene.engine(check=True).rotate(SCHEDULED).action == "settled" and scene.lifted == 0
    assert scene.engine().rotate(SCHEDULED).action == "settled" and scene.lifted == 1
    assert scene.engine().rotate(SCHEDULED).action == "none"


def test_two_answers_at_once_make_one_new_version() -> None:
    scene = steady("minting")
    engine = scene.engine()
    real = scene.issuer.keys

    def meanwhile() -> t.Any:
        scene.alarm(CONTAIN)
        return real()

    engine._keeper.issuer.keys = meanwhile  # type: ignore[method-assign]
    with contextlib.suppress(LocksmithError):
        assert engine.rotate(dataclasses.replace(SCHEDULED, alarm=CONTAIN)).action == "busy"
    assert scene.world.minted == 2
    assert_over(scene, ())
