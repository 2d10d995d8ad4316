# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a run, whoever tells it."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.plugin_utils.run_facts import facts_of

EXEMPT = {"until": "2027-01-31T00:00:00Z", "reason": "the vendor's API is down"}
ROTATED: dict[str, t.Any] = {"state": "grace", "action": "rotated", "policy": {"rotate_after": 60, "exempt": EXEMPT}}
RETIRED: dict[str, t.Any] = {"state": "steady", "action": "deleted", "policy": {"rotate_after": 60, "exempt": None}}


def test_the_retiring_half_which_knows_no_exemption_does_not_hide_it() -> None:
    facts = facts_of("deployer", {"credential_result": ROTATED, "credential_retired": RETIRED})
    assert facts["policy"]["exempt"] == EXEMPT and facts["state"] == "steady" and facts["done"] == ["rotated", "deleted"]
    assert facts_of("deployer", {"credential_retired": RETIRED})["policy"]["rotate_after"] == 60


def test_a_failure_to_retire_is_told_of() -> None:
    failed = {"failed": True, "action": "failed", "msg": "deployer: the issuer is away"}
    facts = facts_of("deployer", {"credential_result": ROTATED, "credential_retired": failed})
    assert facts["failed"] and facts["msg"] == failed["msg"] and facts["state"] == "grace"
    skipped = {"skipped": True, "msg": "Conditional result was False"}
    assert "msg" not in facts_of("deployer", {"credential_result": ROTATED, "credential_retired": skipped})


def test_what_is_not_known_to_be_public_is_told_to_nobody() -> None:
    assert "value" not in facts_of("deployer", {"credential_result": {**ROTATED, "value": "x"}})
    assert facts_of("deployer", {})["policy"] == {}
