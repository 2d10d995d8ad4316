# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the engine one by one: leases, races, quarantine, adoption, the gate, evidence, rolling back."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, LastUse, Verification
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.engine import Outcome
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.gate import ConsumerProof
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import FORMAT, Journal, load_journal
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import Action, Plan, Wish
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.policy import Blackout, Exemption, Policy
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import State
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    Conflict,
    ForeignKeys,
    JournalError,
    LeaseLost,
    Rejected,
    VerificationFailed,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.hours import Hours
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.unit.plugins.module_utils.lifecycle.fakes import (
    POLICY,
    Boundary,
    Killed,
    MintingIssuer,
    Stage,
)

SCHEDULED = Wish(force=False, reason="scheduled", since=0)


def journal_of(stage: Stage) -> Journal:
    journal = stage.engine(Boundary())._keeper.load()
    assert journal is not None
    return journal


def due_stage(minting: bool = True, capacity: int | None = None) -> Stage:
    stage = Stage(minting, capacity)
    stage.engine().rotate(SCHEDULED)
    stage.clock.time += 2000
    return stage


def proof(stage: Stage, host: str, healthy: bool = True) -> ConsumerProof:
    current = journal_of(stage).current
    assert current is not None
    return ConsumerProof(host, current.fingerprint, current.fingerprint, healthy)


def retire(stage: Stage, *proofs: ConsumerProof, forget: tuple[str, ...] = (), policy: Policy = POLICY) -> Outcome:
    return stage.engine(policy=policy).retire(list(proofs), forget)


# ---- two runs at once --------------------------------------------------------------------------------------------


def test_a_second_run_sees_the_first_at_work_and_ends_cleanly() -> None:
    stage = due_stage()
    first = Boundary()
    first.kill_at = 12
    with pytest.raises(Killed):
        stage.engine(first).rotate(SCHEDULED)
    other = stage.engine().rotate(dataclasses.replace(SCHEDULED, force=True))
    assert (other.action, other.changed) == ("busy", False)
    assert "run2" in other.why


def test_two_runs_that_both_read_before_either_writes_make_one_rotation() -> None:
    stage = due_stage()
    engine = stage.engine()
    real = stage.issuer.keys

    def meanwhile() -> object:
        stage.engine().rotate(SCHEDULED)
        return real()

    engine._keeper.issuer.keys = meanwhile  # type: ignore[method-assign,assignment]
    minted = stage.world.minted
    late = engine.rotate(SCHEDULED)
    assert (late.action, late.changed) == ("busy", False)
    assert stage.world.minted == minted + 1


def test_force_is_satisfied_by_a_rotation_that_another_run_made_meanwhile() -> None:
    stage = due_stage()
    began = stage.clock.now()
    stage.clock.time += 1
    stage.engine().rotate(Wish(True, "manual", began))
    assert stage.engine().rotate(Wish(True, "manual", began)).action == "none"


def test_force_is_not_satisfied_by_an_adoption_meanwhile() -> None:
    stage = Stage(True)
    stage.world.keys["key-9"] = {"name": "by hand", "created": 1.0, "active": True, "secret": "old"}
    stage.world.published = {"id": "key-9", "secret": "old"}
    wish = Wish(True, "manual", stage.clock.now() - 10)
    assert stage.engine().rotate(SCHEDULED).action == "adopted"
    assert stage.engine().rotate(wish).action == "rotated"
    assert stage.engine().rotate(wish).action == "none"


def test_a_paused_run_leaves_its_key_to_the_run_that_went_on_with_it() -> None:
    """Its write of the new key takes effect; before it hears of that, another run takes over, finishes, and writes again."""
    stage = due_stage()
    sleeper = stage.engine()
    store = sleeper._keeper.store
    real = store.write_journal

    def slow(text: str, expected: str | None) -> str:
        is_candidate = load_journal(text, "thing", "fake").candidate is not None
        revision = real(text, expected)
        if is_candidate:
            stage.clock.time += 2000
            assert stage.engine().rotate(SCHEDULED).action == "resumed"
            raise Conflict("it is no longer the newest")
        return revision

    store.write_journal = slow  # type: ignore[method-assign]
    assert sleeper.rotate(SCHEDULED).action == "busy"
    assert stage.world.alive(stage.world.published or {})
    assert set(stage.world.keys) == journal_of(stage).ids()


def test_a_paused_run_does_no_harm_when_it_wakes() -> None:
    """It sleeps past its lease inside the create call; another run takes over and finishes; then it wakes."""
    stage = due_stage()
    sleeper = stage.engine()
    issuer = stage.issuer
    real = issuer._mint

    def slow(attempt: object) -> object:
        stage.clock.time += 2000
        stage.engine().rotate(SCHEDULED)
        issuer.world.capacity = 3
        return real(attempt)  # type: ignore[arg-type]

    issuer._mint = slow  # type: ignore[method-assign,assignment]
    outcome = sleeper.rotate(SCHEDULED)
    assert outcome.action == "busy"
    assert set(stage.world.keys) == journal_of(stage).ids(), "the key that it made on waking is taken back"
    assert stage.world.alive(stage.world.published or {})


def test_a_run_that_was_held_up_while_nobody_else_was_at_work_fails_and_is_finished_by_the_next() -> None:
    stage = due_stage()
    engine = stage.engine()
    real = stage.issuer._mint

    def slow(attempt: object) -> object:
        made = real(attempt)  # type: ignore[arg-type]
        stage.clock.time += 2000
        return made

    stage.issuer._mint = slow  # type: ignore[method-assign,assignment]
    stage.issuer.dead_until_verified = 1
    assert engine.rotate(SCHEDULED).action == "rotated", "its own write found the journal unchanged, so it was still the holder"
    sleepy = due_stage()
    engine = sleepy.engine()
    listed = sleepy.issuer._verify

    def late(version: object) -> object:
        sleepy.clock.time += 2000
        return listed(version)  # type: ignore[arg-type]

    sleepy.issuer._verify = late  # type: ignore[method-assign,assignment]
    with pytest.raises(LeaseLost, match="held up"):
        engine.rotate(SCHEDULED)
    sleepy.bury()
    assert sleepy.engine().rotate(SCHEDULED).action == "resumed"


def test_a_lease_that_has_only_just_ended_is_watched_before_it_is_taken_over() -> None:
    stage = due_stage()
    killer = Boundary()
    killer.kill_at = 12
    with pytest.raises(Killed):
        stage.engine(killer).rotate(SCHEDULED)
    stage.clock.time += 61
    before = stage.clock.now()
    assert stage.engine().rotate(SCHEDULED).action == "resumed"
    assert stage.clock.now() - before >= POLICY.lease


# ---- failure and quarantine --------------------------------------------------------------------------------------


def test_a_version_that_never_works_is_taken_back_and_the_credential_quarantined_in_the_end() -> None:
    stage = due_stage()
    for attempt in range(1, 4):
        engine = stage.engine()
        stage.issuer.never_works = True
        with pytest.raises(VerificationFailed) as caught:
            engine.rotate(SCHEDULED)
        assert ("quarantined" in str(caught.value)) == (attempt == 3)
        assert len(stage.world.keys) == 1, "the candidate is deleted, the published key stays"
    held = stage.engine().rotate(SCHEDULED)
    assert (held.action, held.changed) == ("held", False)
    assert "quarantined" in held.why
    assert stage.engine().rotate(Wish(True, "manual", stage.clock.now() + 1)).action == "resumed"
    assert journal_of(stage).state is State.ROLLING_OUT


def test_a_password_that_does_not_work_is_set_back_to_the_published_one() -> None:
    stage = due_stage(minting=False)
    engine = stage.engine()
    stage.issuer.never_works = True
    with pytest.raises(VerificationFailed):
        engine.rotate(SCHEDULED)
    assert stage.world.alive(stage.world.published or {})


def test_a_version_that_may_do_less_than_the_published_one_is_taken_back() -> None:
    stage = due_stage()
    engine = stage.engine()
    published = stage.world.published
    stage.issuer.may_do_less = True
    with pytest.raises(Rejected, match="key-2 may do less than key-1"):
        engine.rotate(SCHEDULED)
    assert (stage.world.published, list(stage.world.keys)) == (published, ["key-1"])


def test_a_version_that_is_published_already_is_not_taken_back_for_what_it_may_do() -> None:
    probe, killer = Boundary(), Boundary()
    due_stage().engine(probe).rotate(SCHEDULED)
    stage = due_stage()
    killer.kill_at = 2 * probe.calls.index("publish") + 2
    with pytest.raises(Killed, match="after publish"):
        stage.engine(killer).rotate(SCHEDULED)
    stage.bury()
    engine = stage.engine()
    stage.issuer.may_do_less = True
    assert engine.rotate(SCHEDULED).action == "resumed"


def test_propagation_delay_is_waited_out() -> None:
    stage = due_stage()
    engine = stage.engine()
    stage.issuer.dead_until_verified = 5
    assert engine.rotate(SCHEDULED).action == "rotated"


def test_logins_that_began_to_succeed_in_time_are_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = due_stage()
    engine, log_in = stage.engine(), stage.issuer._verify

    def slowly(version: Issued) -> Verification:
        stage.clock.time += POLICY.verify_timeout + 1
        return log_in(version)

    monkeypatch.setattr(stage.issuer, "_verify", slowly)
    assert engine.rotate(SCHEDULED).action == "rotated"


# ---- policy ------------------------------------------------------------------------------------------------------


def test_an_exemption_holds_until_its_end_and_force_overrides_it() -> None:
    stage = due_stage()
    exempt = dataclasses.replace(POLICY, exemption=Exemption(stage.clock.now() + 10, "audit freeze"))
    held = stage.engine(policy=exempt).rotate(SCHEDULED)
    assert held.action == "held" and "audit freeze" in held.why
    stage.clock.time += 11
    assert stage.engine(policy=exempt).rotate(SCHEDULED).action == "rotated"


def test_outside_its_window_nothing_begins() -> None:
    stage = due_stage()
    never = dataclasses.replace(POLICY, window=Hours(frozenset(), 0, 1))
    assert stage.engine(policy=never).rotate(SCHEDULED).action == "held"
    assert stage.engine(policy=never).rotate(Wish(True, "leak", stage.clock.now())).action == "rotated"


HELD = [
    dataclasses.replace(POLICY, blackouts=(Blackout("then", "freeze", 0.0, 1e12),)),
    dataclasses.replace(POLICY, hold="postponed"),
]


@pytest.mark.parametrize("policy", HELD, ids=["blackout", "hold"])
def test_in_a_blackout_or_on_hold_nothing_begins_and_force_goes_through(policy: Policy) -> None:
    stage = due_stage()
    assert stage.engine(policy=policy).rotate(SCHEDULED).action == "held"
    assert stage.engine(policy=policy).rotate(Wish(True, "leak", stage.clock.now())).action == "rotated"


@pytest.mark.parametrize("policy", HELD, ids=["blackout", "hold"])
def test_in_a_blackout_or_on_hold_what_has_begun_is_finished_and_what_is_proved_is_retired(policy: Policy) -> None:
    stage = due_stage()
    first = Boundary()
    first.kill_at = 12
    with pytest.raises(Killed):
        stage.engine(first).rotate(SCHEDULED)
    stage.clock.time += 2000
    assert stage.engine(policy=policy).rotate(SCHEDULED).action == "resumed"
    assert retire(stage, proof(stage, "web1"), policy=policy).action == "proved"


def test_a_look_tells_what_a_run_would_do_and_whether_that_can_wait() -> None:
    stage = due_stage()
    leak = Wish(True, "leak", stage.clock.now())
    window = dataclasses.replace(POLICY, window=Hours(frozenset(), 0, 1))
    told = [
        stage.engine(policy=policy).look(wish).plan for policy, wish in ((POLICY, SCHEDULED), (POLICY, leak), (window, SCHEDULED))
    ]
    assert [(plan.action, plan.can_wait) for plan in told if plan] == [
        (Action.ISSUE, True),
        (Action.ISSUE, False),
        (Action.HOLD, False),
    ]
    stage.engine().rotate(SCHEDULED)
    stage.clock.time += 2000
    no_room = stage.engine(policy=dataclasses.replace(POLICY, hold="postponed")).look(SCHEDULED).plan
    assert no_room and no_room.action is Action.HOLD and "key-1" in no_room.why, "a hold never hides what is in the way"
    assert stage.engine().look(SCHEDULED).plan == Plan(Action.HOLD, no_room.why)


def test_no_room_for_a_third_version_holds_and_names_what_is_in_the_way() -> None:
    stage = due_stage()
    stage.engine().rotate(SCHEDULED)
    stage.clock.time += 2000
    held = stage.engine().rotate(SCHEDULED)
    assert held.action == "held" and "key-1" in held.why
    assert stage.world.minted == 2


def test_foreign_keys_are_named_and_never_touched() -> None:
    stage = due_stage()
    stage.world.keys["foreign"] = {"name": "", "created": 0.0, "active": True, "secret": "x"}
    with pytest.raises(ForeignKeys, match="foreign"):
        stage.engine().rotate(SCHEDULED)
    assert "foreign" in stage.world.keys and stage.world.minted == 1


# ---- adoption ----------------------------------------------------------------------------------------------------


def test_a_published_value_is_adopted_without_touching_it() -> None:
    stage = Stage(True)
    stage.world.keys["key-9"] = {"name": "", "created": stage.clock.now() - 5, "active": True, "secret": "old"}
    stage.world.published = {"id": "key-9", "secret": "old"}
    assert stage.engine().rotate(SCHEDULED).action == "adopted"
    assert stage.world.published_revision == 0 and stage.world.minted == 0
    assert journal_of(stage).ids() == {"key-9"}


def test_a_dead_published_value_is_not_adopted() -> None:
    stage = Stage(True)
    stage.world.published = {"id": "key-9", "secret": "old"}
    with pytest.raises(Rejected, match="not adopted"):
        stage.engine().rotate(SCHEDULED)
    assert stage.world.journal is None


def test_an_adopted_value_that_was_never_identified_is_left_to_a_person_and_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(True)
    stage.world.keys["key-9"] = {"name": "", "created": 0.0, "active": True, "secret": "old"}
    stage.world.published = {"id": "key-9", "secret": "old"}
    monkeypatch.setattr(MintingIssuer, "identify", lambda *dummy: None)
    assert stage.engine().rotate(SCHEDULED).action == "adopted"
    stage.clock.time += 2000
    assert stage.engine().rotate(SCHEDULED).action == "rotated"
    everybody = proof(stage, "web1")
    assert retire(stage, everybody).action == "proved"
    stage.clock.time += 200
    held = retire(stage, everybody)
    assert held.action == "held" and "key-9" in stage.world.keys, "nobody knows which key it is"
    old = SecretFields({"id": "key-9", "secret": "old"}).fingerprint()
    assert any(old in line and "still works" in line for line in held.pending), "and the person is told how to find it"
    del stage.world.keys["key-9"]
    assert retire(stage, everybody).action == "deleted"
    assert journal_of(stage).ids() == {"key-1"}


def test_a_value_published_behind_our_back_stops_the_rotation() -> None:
    stage = due_stage()
    stage.world.published = {"id": "key-1", "secret": "edited by hand"}
    with pytest.raises(Conflict, match="by hand"):
        stage.engine().rotate(SCHEDULED)
    assert stage.world.minted == 1


# ---- the gate ----------------------------------------------------------------------------------------------------


def test_every_kind_of_missing_proof_holds_and_names_the_host() -> None:
    stage = due_stage()
    stage.engine().rotate(SCHEDULED)
    good = proof(stage, "web1")
    for bad, words in (
        (ConsumerProof("web2", detail="unreachable"), "unreachable"),
        (ConsumerProof("web2"), "has not reported"),
        (dataclasses.replace(good, host="web2", fingerprint="other"), "another version on disk"),
        (dataclasses.replace(good, host="web2", running="other"), "still runs"),
        (dataclasses.replace(good, host="web2", healthy=False), "not healthy"),
    ):
        assert retire(stage, good, bad).changed, "whom we wait for is written down once"
        held = retire(stage, good, bad)
        assert held.action == "held" and not held.changed
        assert any("web2" in line and words in line for line in held.pending)
    assert len(stage.world.keys) == 2


def test_a_run_that_may_take_nothing_out_of_service_proves_begins_grace_and_deletes_what_is_disabled() -> None:
    stage = due_stage()
    stage.engine().rotate(SCHEDULED)
    held = dataclasses.replace(POLICY, retire_hold="an approval")
    assert retire(stage, proof(stage, "web1"), policy=held).action == "proved"
    stage.clock.time += 101
    waiting = retire(stage, proof(stage, "web1"), policy=held)
    assert (waiting.action, waiting.pending) == ("held", ("an approval",)) and len(stage.world.keys) == 2
    assert retire(stage, proof(stage, "web1")).action == "disabled", "grace is over since the proof, not since the approval"
    stage.clock.time += 51
    assert retire(stage, proof(stage, "web1"), policy=held).action == "deleted"


def test_a_host_that_loses_its_proof_restarts_grace() -> None:
    stage = due_stage()
    stage.engine().rotate(SCHEDULED)
    assert retire(stage, proof(stage, "web1")).action == "proved"
    stage.clock.time += 101
    lost = retire(stage, ConsumerProof("web1", detail="unreachable"))
    assert journal_of(stage).state is State.ROLLING_OUT and "web1 (unreachable)" in lost.pending
    retire(stage, proof(stage, "web1"))
    assert "grace until" in retire(stage, proof(stage, "web1")).why
    assert len(stage.world.keys) == 2


def test_a_slice_of_the_inventory_never_retires() -> None:
    stage = due_stage()
    stage.engine().rotate(SCHEDULED)
    retire(stage, proof(stage, "web1"), proof(stage, "web2"))
    stage.clock.time += 101
    held = retire(stage, proof(stage, "web1"))
    assert any("web2" in line for line in held.pending)
    assert any("web2" in line for line in retire(stage).pending), "an inventory without any consumer proves nothing"


def test_runs_that_each_see_a_part_of_the_hosts_never_retire() -> None:
    """From the first version on, without any grace, and for longer than the journal remembers a host that nobody sees."""
    at_once = dataclasses.replace(POLICY, grace=0)
    stage = Stage(True)
    stage.engine().rotate(SCHEDULED)
    for host in ("web1", "web2"):
        assert retire(stage, proof(stage, host), policy=at_once).changed, "a host that the journal did not know"
        assert not retire(stage, proof(stage, host), policy=at_once).changed
    stage.clock.time += 2000
    stage.engine().rotate(SCHEDULED)
    for _dummy in range(8):
        for host, other in (("web1", "web2"), ("web2", "web1")):
            held = retire(stage, proof(stage, host), policy=at_once)
            assert any(line.startswith(other) for line in held.pending), held.why
        stage.clock.time += 100
    assert all(key["active"] for key in stage.world.keys.values()) and len(stage.world.keys) == 2
    assert retire(stage, proof(stage, "web1"), proof(stage, "web2"), policy=at_once).action == "disabled"


def test_a_run_that_wakes_while_it_disables_does_no_harm() -> None:
    """It sleeps past its lease before the request; another run rolls back to that very version; then the request is sent."""
    stage = due_stage()
    stage.engine().rotate(SCHEDULED)
    sleeper = stage.engine(policy=dataclasses.replace(POLICY, grace=0))
    issuer = sleeper._keeper.issuer
    real = issuer.disable

    def slow(version: object) -> None:
        stage.clock.time += 2000
        assert stage.engine().roll_back("manual").action == "rolled_back"
        real(version)  # type: ignore[arg-type]

    issuer.disable = slow  # type: ignore[method-assign]
    assert sleeper.retire([proof(stage, "web1")], []).action == "busy"
    assert stage.world.alive(stage.world.published or {})


def test_what_is_being_deleted_is_not_rolled_back_to() -> None:
    stage = due_stage()
    stage.engine().rotate(SCHEDULED)
    first = Boundary()
    first.kill_at = 4
    with pytest.raises(Killed):
        stage.engine(first, policy=dataclasses.replace(POLICY, grace=0, recovery_wait=0)).retire([proof(stage, "web1")], [])
    while journal_of(stage).state is not State.DELETING:
        first.kill_at += 1
        assert first.kill_at < 40, "the state was never seen"
        stage = due_stage()
        stage.engine().rotate(SCHEDULED)
        killed = Boundary()
        killed.kill_at = first.kill_at
        with pytest.raises(Killed):
            stage.engine(killed, policy=dataclasses.replace(POLICY, grace=0, recovery_wait=0)).retire([proof(stage, "web1")], [])
    stage.clock.time += 2000
    with pytest.raises(Rejected, match="no previous version any more"):
        stage.engine().roll_back("manual")


def test_a_removed_host_stops_counting_when_a_person_says_so_or_after_a_while() -> None:
    stage = due_stage()
    stage.engine().rotate(SCHEDULED)
    retire(stage, proof(stage, "web1"), proof(stage, "web2"))
    stage.clock.time += 101
    assert retire(stage, proof(stage, "web1"), forget=("web2",)).action in ("disabled", "none")
    later = due_stage()
    later.engine().rotate(SCHEDULED)
    retire(later, proof(later, "web1"), proof(later, "web2"))
    later.clock.time += 501
    assert retire(later, proof(later, "web1")).action == "disabled"


def test_use_of_the_old_key_after_the_proof_holds() -> None:
    stage = due_stage()
    stage.engine().rotate(SCHEDULED)
    retire(stage, proof(stage, "web1"))
    stage.clock.time += 101
    stage.world.last_use = LastUse(True, stage.clock.now() - 4, "s3 in eu-west-1")
    held = retire(stage, proof(stage, "web1"))
    assert held.action == "held" and "s3 in eu-west-1" in held.why
    stage.clock.time += 200
    assert retire(stage, proof(stage, "web1")).action == "disabled"


def test_without_grace_a_single_late_use_does_not_hold_for_ever() -> None:
    stage, at_once = due_stage(), dataclasses.replace(POLICY, grace=0)
    stage.engine().rotate(SCHEDULED)
    stage.engine(policy=dataclasses.replace(POLICY, grace=1)).retire([proof(stage, "web1")], [])  # proved
    stage.clock.time += 10
    stage.world.last_use = LastUse(True, stage.clock.now() - 4, "s3 in eu-west-1")
    assert retire(stage, proof(stage, "web1"), policy=at_once).action == "held"
    stage.clock.time += 3500
    assert retire(stage, proof(stage, "web1"), policy=at_once).action == "held"
    stage.clock.time += 100
    assert retire(stage, proof(stage, "web1"), policy=at_once).action in ("disabled", "deleted")


def test_an_error_while_looking_for_use_is_not_unused() -> None:
    stage = due_stage()
    stage.engine().rotate(SCHEDULED)
    retire(stage, proof(stage, "web1"))
    stage.clock.time += 101
    failing = Boundary()
    failing.fail_at, failing.error = 3, Rejected
    with pytest.raises(Rejected):
        stage.engine(failing).retire([proof(stage, "web1")], [])
    assert all(key["active"] for key in stage.world.keys.values())


# ---- rolling back ------------------------------------------------------------------------------------------------


def test_rolling_back_publishes_the_previous_version_and_retires_the_rejected_one() -> None:
    for minting in (True, False):
        stage = due_stage(minting)
        stage.engine().rotate(SCHEDULED)
        assert stage.engine().roll_back("manual").action == "rolled_back"
        assert stage.world.alive(stage.world.published or {})
        assert stage.engine().rotate(SCHEDULED).action == "held", "not straight back into the same trouble"
        retire(stage, proof(stage, "web1"))
        stage.clock.time += 101
        retire(stage, proof(stage, "web1"))
        stage.clock.time += 51
        retire(stage, proof(stage, "web1"))
        assert journal_of(stage).state is State.STEADY
        assert stage.world.alive(stage.world.published or {})
        assert stage.engine().rotate(Wish(True, "manual", stage.clock.now())).action == "rotated"


def test_rolling_back_a_disabled_version_enables_it() -> None:
    stage = due_stage()
    stage.engine().rotate(SCHEDULED)
    retire(stage, proof(stage, "web1"))
    stage.clock.time += 101
    retire(stage, proof(stage, "web1"))
    assert stage.engine().roll_back("manual").action == "rolled_back"
    assert stage.world.alive(stage.world.published or {})


def test_without_a_previous_version_rolling_back_says_so() -> None:
    stage = due_stage()
    with pytest.raises(Rejected, match="no previous version"):
        stage.engine().roll_back("manual")


# ---- the journal's text ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", "{}", '{"format":1,"credential":"thing","issuer":"fake","next_number":1,"versions":[{"number":1}]}'],
)
def test_a_damaged_journal_is_refused(text: str) -> None:
    with pytest.raises(JournalError, match="thing"):
        load_journal(text, "thing", "fake")


def test_a_newer_journal_is_refused() -> None:
    with pytest.raises(JournalError, match="newer"):
        load_journal(f'{{"format":{FORMAT + 1}}}', "thing", "fake")


def test_the_journal_of_another_credential_is_refused() -> None:
    text = Journal("other", "fake", "fake user").dump()
    with pytest.raises(JournalError, match="place of its own"):
        load_journal(text, "thing", "fake")
