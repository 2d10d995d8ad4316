# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An approval before anything is taken out of service: what the runs before and after it do, and when it is asked for."""

from __future__ import annotations

import pathlib

from ansible_collections.locksmith.rotation.tests.real.estate import Estate
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

_ASK = "locksmith.rotation.to_retire"


def test_the_question_comes_when_every_host_has_proved_it_and_grace_is_over_and_the_answer_retires(
    moto: Moto, tmp_path: pathlib.Path
) -> None:
    estate = Estate(moto, tmp_path, ["deployer"], ["web1"])
    estate.rotate()
    old = estate.published_id("deployer")
    estate.make_due()
    held = estate.rotate("-e", "{credential_retire_hold: an approval}")
    assert held.status == 0 and "deployer: waits for an approval" in held.output, held.output
    assert sorted(estate.key_ids("deployer")) == sorted([old, estate.published_id("deployer")])
    estate.credentials["deployer"]["credential_grace"] = "1h"
    assert estate.run(_ASK).status == 0, "grace is not over"
    estate.credentials["deployer"]["credential_grace"] = "0s"
    estate.credentials["lost"] = {**estate.credentials["deployer"], "credential_grace": "soon"}
    asked = estate.run(_ASK)
    assert asked.status != 0 and f"out of service: deployer version 1 ({old})." in asked.output, asked.output
    del estate.credentials["lost"]
    estate.make_due()
    current = estate.published_id("deployer")
    retired = estate.rotate("-e", "{credential_hold: this run only retires}")
    assert retired.status == 0 and estate.key_ids("deployer") == [current], "due, and not begun"
    assert estate.run(_ASK).status == 0, "nothing is left to ask about"
