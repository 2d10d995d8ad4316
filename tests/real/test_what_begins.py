# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What begins in a run of the rotate playbook, and when: canaries, credential_max_per_run, blackouts, and one that fails."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.locksmith.rotation.tests.real.estate import Estate
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

USERS = ["canary", "deployer", "backup"]


class Turns(Estate):
    """Three IAM users. The first is used by web1, the others by web2."""

    def __init__(self, moto: Moto, top: pathlib.Path) -> None:
        super().__init__(moto, top, USERS, ["web1", "web2"])
        for machine, users in (("web1", USERS[:1]), ("web2", USERS[1:])):
            self.machines[machine]["consumer_credentials"] = [self.entry(machine, user) for user in users]
        self.machines["web2"]["consumer_canary"] = True  # so that web1 is first only because of its credential

    def set_all(self, **values: t.Any) -> None:
        for credential in self.credentials.values():
            credential.update(values)

    def published(self) -> dict[str, str]:
        return {user: self.published_id(user) for user in USERS}

    def begun_since(self, before: dict[str, str]) -> list[str]:
        return [user for user, key in self.published().items() if key != before[user]]


@pytest.fixture(scope="module")
def turns(moto: Moto, tmp_path_factory: pytest.TempPathFactory) -> Turns:
    """Everything published, and deployed, and nothing due."""
    made = Turns(moto, tmp_path_factory.mktemp("turns"))
    first = made.rotate()
    assert first.status == 0, first.output
    return made


def test_few_begin_in_one_run_the_most_overdue_first_and_a_blackout_takes_up_no_room(turns: Turns) -> None:
    before = turns.published()
    turns.make_due()
    turns.credentials["canary"]["credential_blackouts"] = [{"from": "2020-01-01", "until": "2099-01-01", "reason": "freeze"}]
    turns.set_all(credential_max_per_run=1)
    turns.credentials["backup"]["credential_rotate_after"] = "1s"
    ran = turns.rotate()
    assert ran.status == 0 and turns.begun_since(before) == ["backup"], ran.output
    assert "deployer: waits for postponed, 1 already begin in this run" in ran.output
    assert "canary: waits for blackout until 2099-01-01T00:00:00Z: freeze" in ran.output
    assert turns.has("web2", "backup", "running") == turns.published_id("backup")
    turns.make_current()
    turns.set_all(credential_max_per_run="", credential_blackouts=[])


def test_a_canary_is_proved_before_any_other_begins_and_holds_all_while_it_is_not_well(turns: Turns) -> None:
    before = turns.published()
    turns.credentials["canary"]["credential_canary"] = True
    turns.make_due()
    (turns.top / "web1" / "broken").touch()
    stopped = turns.rotate()
    assert stopped.status != 0 and turns.begun_since(before) == ["canary"], stopped.output
    assert "deployer: waits for the canary canary, which is not well: waits for web1 (failed: " in stopped.output
    assert turns.has("web1", "canary", "running") == before["canary"], "put back, and not tried a second time"
    assert turns.restarts("web1", "canary") == 3
    turns.credentials["canary"]["credential_rotate_after"] = "1h"
    (turns.top / "web1" / "broken").unlink()
    going_on = turns.rotate()
    assert going_on.status == 0 and sorted(turns.begun_since(before)) == sorted(USERS), going_on.output
    turns.make_current()


def test_one_that_fails_keeps_nobody_from_what_is_published(turns: Turns) -> None:
    before = turns.published()
    turns.credentials["canary"]["credential_canary"] = True
    turns.credentials["canary"]["credential_options"]["user_name"] = "nobody-at-all"
    turns.make_due()
    (turns.top / "web2" / "backup.env").unlink()
    ran = turns.rotate()
    assert ran.status != 0 and "nobody-at-all" in ran.output.split("Be loud about what failed")[1]
    assert "deployer: waits for the canary canary, which is not well: its rotation failed" in ran.output
    assert turns.begun_since(before) == []
    assert turns.has("web2", "backup", "running") == turns.has("web2", "backup") == before["backup"]
