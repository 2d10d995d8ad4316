# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to announce that there are. The only place that names them all."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.announce.interface import FACTS, Target
from ansible_collections.locksmith.rotation.plugins.module_utils.announce.pipelines import (
    GitHubRepository,
    GitLabProject,
    JenkinsJob,
    Webhook,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.announce.sns import SnsTopic
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.shapes import refuse_foreign

TARGETS: dict[str, type[Target]] = {
    target.KIND: target for target in (SnsTopic, JenkinsJob, GitHubRepository, GitLabProject, Webhook)
}


def target_suboptions() -> dict[str, t.Any]:
    """The suboptions of O(targets): those of all kinds in one spec."""
    merged: dict[str, t.Any] = {
        "kind": {"type": "str", "required": True, "choices": list(TARGETS)},
        "name": {"type": "str"},
        "fields": {"type": "list", "elements": "str", "choices": list(FACTS)},
    }
    for target in TARGETS.values():
        merged.update(target.OPTIONS)
    return merged


def check_target(given: t.Mapping[str, t.Any]) -> None:
    """Refuse options of another kind. C(given): as written by the user, before defaults and environment variables.

    :raises ConfigurationError: names them.
    """
    target = TARGETS.get(str(given.get("kind")))
    if target is not None:
        refuse_foreign(given, target.OPTIONS, f"a target of kind {target.KIND}", "kind", "name", "fields")


def build_target(options: t.Mapping[str, t.Any], clock: Clock) -> Target:
    """One target, from validated suboptions. Opens no connection."""
    return TARGETS[options["kind"]].create(options, clock)
