# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the callback makes of a run."""

from __future__ import annotations

from ansible_collections.locksmith.rotation.plugins.plugin_utils.run_watch import Watch

LOOK = "locksmith.rotation.credential_look"


def test_a_credential_that_had_nothing_to_do_is_in_order_although_no_task_met_it() -> None:
    watch = Watch()
    watch.succeeded(LOOK, {"at_rest": {"deployer": {}}, "due": ["reader"]})
    assert watch.looked_at({"reader": True, "web1": False}) >= {"credential deployer", "credential reader", "host web1"}


def test_a_run_that_only_looks_tells_nobody() -> None:
    watch = Watch()
    watch.begins(LOOK, "Look")
    assert not watch.ours
    watch.begins("locksmith.rotation.credential_rotate", "Rotate")
    assert watch.ours
