# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit finds, in a world in memory where everything can be broken, and that it only ever reads."""

from __future__ import annotations

import dataclasses
import json
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.audit import Audit
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import AuditTrail, LastUse, Use
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.gate import ConsumerProof
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.keeper import Keeper
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.leak import Leak
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import Wish
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.policy import Exemption, Policy
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Denied, Unreachable
from ansible_collections.locksmith.rotation.tests.unit.plugins.module_utils.lifecycle.fakes import POLICY, Boundary, Stage

DAY = 86400
RULES = dataclasses.replace(POLICY, rotate_after=90 * DAY, grace=DAY, recovery_wait=7 * DAY)
COMMAND = "ansible-playbook -i hosts.yml locksmith.rotation.rollback -e rotate_only=thing"
READS = {"read_journal", "read_published", "keys", "verify", "last_use"}
PARAMS: dict[str, t.Any] = {"since": "90d", "regions": [], "max_events": 100, "audit": True, "known_keys": []}


class Undeletable(Boundary):
    """The issuer goes away when it is asked to delete."""

    def reach(self, name: str) -> None:
        if name == "before delete":
            raise Unreachable("gone")


class World(Stage):
    """One credential, and a log of requests."""

    def __init__(self, minting: bool = True) -> None:
        super().__init__(minting)
        self.trail: AuditTrail | None = None
        self.policy: Policy = RULES

    def rotate(self) -> None:
        self.engine(policy=self.policy).rotate(Wish(True, "manual", self.clock.now()))
        self.clock.time += 1

    def retire(self) -> None:
        current = self.current()
        proof = ConsumerProof("web1", current, current, True)
        self.engine(policy=self.policy).retire([proof], ())

    def current(self) -> str:
        journal = self.engine()._keeper.load()
        assert journal is not None and journal.current is not None
        return journal.current.fingerprint

    def replaced(self) -> World:
        """Version 2 is published and proved."""
        self.rotate()
        self.rotate()
        self.retire()
        return self

    def disabled(self) -> World:
        """… and version 1 is switched off."""
        self.replaced()
        self.clock.time += DAY + 1
        self.retire()
        assert not self.world.keys["key-1"]["active"]
        return self

    def used(self, before: float, address: str = "203.0.113.7", complete: bool = True, **unanswered: str) -> None:
        """Somebody used version 1 that many seconds ago, as the log says."""
        at = self.clock.now() - before
        use = Use("user/ci", address, "curl", ("here",), ("s3:Get",), at, at, 3, 1)
        self.trail = AuditTrail(0.0, ("here",), unanswered, (use,), complete, "much")

    def keeper(self, boundary: Boundary) -> Keeper:
        keeper = self.engine(boundary, policy=self.policy)._keeper
        keeper.issuer.audit = lambda *dummy: self.trail  # type: ignore[method-assign]
        return keeper

    def audit(self, **params: t.Any) -> dict[str, t.Any]:
        boundary = Boundary()
        keeper = self.keeper(boundary)
        found = Audit(keeper, {**PARAMS, **params}).result(lambda address: {"203.0.113.7": ["web3"]}.get(address, []), COMMAND)
        assert set(boundary.calls) <= READS, "an audit only reads"
        assert keeper.writes == 0
        shown = json.dumps(found)
        assert not any(key["secret"] in shown for key in self.world.keys.values())
        return found


def kinds(found: dict[str, t.Any]) -> list[tuple[str, str]]:
    return [(finding["severity"], finding["kind"]) for finding in found["findings"]]


def one(found: dict[str, t.Any], kind: str) -> dict[str, str]:
    (finding,) = [finding for finding in found["findings"] if finding["kind"] == kind]
    return finding


class TestUse:
    def test_nothing_is_found_where_nothing_is_wrong_and_the_issuer_keeps_a_record(self) -> None:
        stage = World().disabled()
        stage.world.last_use = LastUse(supported=True)
        found = stage.audit()
        assert (found["findings"], found["value"]) == ([], "alive")
        assert found["replaced"] == [{"version": 1, "id": "key-1", "phase": "disabled", "use": "no_use_seen"}]

    def test_who_used_a_disabled_key_is_named_by_host_with_the_way_back(self) -> None:
        stage = World().disabled()
        stage.clock.time += 100
        stage.used(before=10)
        found = stage.audit()
        assert kinds(found) == [("critical", "used_after_replaced")]
        told = one(found, "used_after_replaced")
        assert told["subject"] == "key-1"
        for word in ("user/ci", "203.0.113.7", "which is web3", "curl", "s3:Get", "1 refused", "after it was switched off"):
            assert word in told["detail"]
        assert COMMAND in told["next_step"] and "consumer_credentials of web3" in told["next_step"]
        assert found["replaced"][0]["use"] == "used"

    def test_an_address_that_no_host_has_is_told_as_that(self) -> None:
        stage = World().disabled()
        stage.clock.time += 100
        stage.used(before=10, address="198.51.100.1")
        assert "198.51.100.1, which is no address that the inventory knows" in one(stage.audit(), "used_after_replaced")["detail"]

    def test_use_between_the_proof_and_switching_off_is_a_consumer_that_was_missed_too(self) -> None:
        stage = World().disabled()
        stage.used(before=100)
        assert "shortly before it was switched off" in one(stage.audit(), "used_after_replaced")["detail"]

    def test_use_before_the_hosts_had_left_it_is_none(self) -> None:
        stage = World().disabled()
        stage.world.last_use = LastUse(supported=True, at=stage.clock.now() - 2 * DAY)
        stage.used(before=2 * DAY)
        assert stage.audit()["findings"] == []

    def test_a_key_that_still_works_is_a_warning_when_all_hosts_have_left_it_and_a_remark_before(self) -> None:
        stage = World().replaced()
        stage.clock.time += 10
        stage.used(before=1)
        assert kinds(stage.audit()) == [("warning", "used_after_replaced")]
        moving = World()
        moving.rotate()
        moving.rotate()
        moving.clock.time += 10
        moving.used(before=1)
        assert kinds(moving.audit()) == [("info", "used_after_replaced")]

    def test_the_issuers_own_record_counts_where_there_is_no_log(self) -> None:
        stage = World().disabled()
        stage.clock.time += 100
        stage.world.last_use = LastUse(supported=True, at=stage.clock.now() - 5, by="s3/eu", resolution=3600)
        told = one(stage.audit(), "used_after_replaced")
        assert "by s3/eu; that record may be 1h late" in told["detail"]

    def test_no_record_is_said_and_is_not_unused(self) -> None:
        found = World().disabled().audit()
        assert kinds(found) == [("info", "no_record_of_use")]
        assert found["replaced"][0]["use"] == "not_told"

    def test_a_log_that_did_not_answer_is_named(self) -> None:
        stage = World().disabled()
        stage.used(before=3 * DAY, elsewhere="it refused")
        found = stage.audit()
        assert kinds(found) == [("warning", "lookup_failed")]
        assert "elsewhere: it refused" in found["findings"][0]["detail"]
        assert found["replaced"][0]["use"] == "not_told"

    def test_a_log_that_was_cut_short_is_named(self) -> None:
        stage = World().disabled()
        stage.used(before=3 * DAY, complete=False)
        assert kinds(stage.audit()) == [("warning", "log_cut_short")]


class TestTheWayBack:
    def told(self, stage: World) -> str:
        stage.clock.time += 10
        stage.world.last_use = LastUse(supported=True, at=stage.clock.now() - 1)
        return one(stage.audit(), "used_after_replaced")["next_step"]

    def test_it_does_what_it_says(self) -> None:
        stage = World().disabled()
        assert "switches it on again" in self.told(stage) and COMMAND in self.told(stage)
        stage.engine(policy=stage.policy).roll_back("manual")
        assert stage.world.keys["key-1"]["active"] and stage.world.keys["key-2"]["active"]
        assert stage.world.published is not None and stage.world.published["id"] == "key-1"
        assert "rolled back already" in self.told(stage), "and is not offered twice"

    def test_it_is_not_offered_where_the_issuer_cannot(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stage = World().disabled()
        stage.engine()
        monkeypatch.setattr(type(stage.issuer), "CAN_DISABLE", False)
        assert "the issuer cannot switch a version on again" in self.told(stage)

    def test_it_is_not_offered_when_the_recovery_wait_is_long_over_and_deleting_has_begun(self) -> None:
        stage = World().disabled()
        stage.clock.time += 8 * DAY
        assert "until the next run deletes it" in self.told(stage)
        stage.world.last_use = LastUse(supported=False)
        engine = stage.engine(Undeletable(), policy=stage.policy)
        current = stage.current()
        with pytest.raises(Unreachable):
            engine.retire([ConsumerProof("web1", current, current, True)], ())
        assert "its deletion has begun" in self.told(stage)

    def test_what_has_leaked_is_not_brought_back_and_its_use_is_critical(self) -> None:
        stage = World().replaced()
        keeper = stage.engine(policy=stage.policy)._keeper
        journal = keeper.load()
        assert journal is not None
        journal.leaked(journal.versions[0], Leak(stage.clock.now()), stage.clock.now(), "found on a page")
        keeper.save(journal, hold=False)
        stage.clock.time += 10
        stage.used(before=1, address="198.51.100.66")
        told = one(stage.audit(), "used_after_replaced")
        assert told["severity"] == "critical" and "has leaked" in told["detail"]
        assert "It cannot be brought back: it has leaked" in told["next_step"] and COMMAND not in told["next_step"]


class TestTheValue:
    def test_a_dead_one(self) -> None:
        stage = World()
        stage.rotate()
        stage.world.keys["key-1"]["active"] = False
        found = stage.audit()
        assert kinds(found) == [("critical", "dead_value")]
        assert "credential_force=true" in found["findings"][0]["next_step"]

    def test_a_key_that_is_gone(self) -> None:
        stage = World()
        stage.rotate()
        stage.world.keys.clear()
        assert set(kinds(stage.audit())) == {("critical", "dead_value"), ("critical", "missing_key")}

    def test_one_that_somebody_changed_by_hand(self) -> None:
        stage = World().replaced()
        stage.world.published = {"id": "key-1", "secret": "secret-1"}
        told = one(stage.audit(), "store_differs")
        assert told["severity"] == "critical" and "readers get version 1 (previous)" in told["detail"]
        stage.world.published = {"id": "x", "secret": "a-secret-of-nobody"}
        found = stage.audit()
        assert "a value of nobody's record" in one(found, "store_differs")["detail"]
        assert found["value"] == "dead" and "a-secret-of-nobody" not in json.dumps(found)

    def test_one_that_is_not_there(self) -> None:
        stage = World()
        stage.rotate()
        stage.world.published = None
        assert kinds(stage.audit()) == [("critical", "nothing_published")]

    def test_nothing_recorded_yet_is_a_remark(self) -> None:
        assert kinds(World().audit()) == [("info", "not_recorded")]


class TestKeys:
    def with_foreign(self, active: bool = True) -> World:
        stage = World()
        stage.rotate()
        stage.world.keys["strange"] = {"name": "made-by-hand", "created": 1e9, "active": active, "secret": "not-shown"}
        return stage

    def test_one_of_nobody(self) -> None:
        stage = self.with_foreign()
        stage.world.last_use = LastUse(supported=True, at=1.7e9, by="ec2")
        told = one(stage.audit(), "foreign_key")
        assert (told["severity"], told["subject"]) == ("warning", "strange")
        for word in ("made-by-hand", "2001-09-09", "last used 2023-11-14T22:13:20Z by ec2"):
            assert word in told["detail"]

    def test_one_that_is_off_is_a_remark_and_one_that_is_known_is_nothing(self) -> None:
        assert kinds(self.with_foreign(active=False).audit()) == [("info", "foreign_key")]
        assert self.with_foreign().audit(known_keys=["strange"])["findings"] == []

    def test_a_role_is_no_key(self) -> None:
        stage = World(minting=False)
        stage.rotate()
        assert stage.audit()["findings"] == []


class TestAges:
    def test_too_old_unless_somebody_decided_so(self) -> None:
        stage = World()
        stage.rotate()
        stage.clock.time += 91 * DAY
        found = stage.audit()
        assert kinds(found) == [("warning", "over_age")] and "overdue for 1d" in found["findings"][0]["detail"]
        stage.policy = dataclasses.replace(RULES, exemption=Exemption(stage.clock.now() + DAY, "a freeze"))
        found = stage.audit()
        assert kinds(found) == [("info", "over_age")] and "a freeze" in found["findings"][0]["detail"]

    def test_disabled_and_never_deleted(self) -> None:
        stage = World().disabled()
        stage.world.last_use = LastUse(supported=True)
        stage.clock.time += 7 * DAY + 10
        assert stage.audit()["findings"] == [], "tomorrow's run deletes it"
        stage.clock.time += DAY
        assert kinds(stage.audit()) == [("warning", "not_deleted")]

    def test_a_previous_version_that_overlaps_for_too_long_and_whom_it_waits_for(self) -> None:
        stage = World()
        stage.rotate()
        stage.rotate()
        stage.world.last_use = LastUse(supported=True)
        stage.engine(policy=stage.policy).retire([ConsumerProof("web2", detail="unreachable")], ())
        stage.clock.time += DAY + 10
        assert stage.audit()["findings"] == []
        stage.clock.time += DAY
        found = stage.audit()
        assert kinds(found) == [("warning", "overlap")] and "web2 (unreachable)" in found["findings"][0]["detail"]


class TestSilence:
    def failing(self, at: int, error: type[Exception]) -> dict[str, t.Any]:
        """The audit of a disabled version whose question number C(at) (from 1: journal, value, keys, login, use) fails."""
        stage = World().disabled()
        boundary = Boundary()
        boundary.fail_at, boundary.error = 2 * at - 1, error
        return Audit(stage.keeper(boundary), PARAMS).result(lambda dummy: [], COMMAND)

    def test_a_store_that_does_not_answer_is_no_finding_about_the_value(self) -> None:
        found = self.failing(1, Unreachable)
        assert ("warning", "lookup_failed") in kinds(found) and "store_differs" not in str(found["findings"])
        assert found["findings"][0]["subject"] == "journal"

    def test_an_issuer_that_does_not_answer_is_asked_once_and_everything_is_unknown(self) -> None:
        found = self.failing(3, Unreachable)
        assert {finding["kind"] for finding in found["findings"]} == {"lookup_failed"}
        assert [finding["subject"] for finding in found["findings"]] == ["keys", "login", "key-1"]
        assert (found["value"], found["keys_listed"], found["replaced"][0]["use"]) == ("not_told", None, "not_told")

    def test_a_missing_right_hides_nothing_else(self) -> None:
        found = self.failing(3, Denied)
        assert found["value"] == "alive"
        assert one(found, "lookup_failed")["subject"] == "keys"

    def test_a_lookup_of_the_last_use_that_fails_is_named(self) -> None:
        found = self.failing(5, Denied)
        assert one(found, "lookup_failed")["subject"] == "key-1"
