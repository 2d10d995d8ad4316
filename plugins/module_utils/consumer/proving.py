# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""See on the host whether an item is healthy on its version, and record that it runs. Called by the modules there."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer import marker
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.health import wait_until_healthy
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso


def proof(item: t.Mapping[str, t.Any], known: marker.Marker, problem: str) -> dict[str, t.Any]:
    """What the host reports of an item; C(problem) empty where it is healthy."""
    return {
        "id": item["id"],
        "dest": item["dest"],
        "fingerprint": known.deployed,
        "running": known.running,
        "healthy": not problem,
        "proved_at": to_iso(time.time()) if not problem else None,
        "detail": problem,
    }


def prove(
    module: t.Any, item: t.Mapping[str, t.Any], directory: str, restarted: t.Mapping[str, t.Any] | None
) -> tuple[dict[str, t.Any], bool]:
    """Watch the service, and record the version as running once it is healthy. Returns proof and whether a marker was written.

    :arg restarted: C({ok, detail}) where the service was to be restarted or reloaded in this run. A failed one is never
        recorded as done.
    """
    known = marker.load(directory, item["id"])
    due = known.running != item["fingerprint"]
    if known.deployed != item["fingerprint"]:
        return proof(item, known, "the file does not hold the version that it should"), False
    if restarted and not restarted["ok"]:
        return proof(item, known, restarted["detail"]), False
    problem = wait_until_healthy(module, item, fresh=due or bool(restarted))
    if problem or not due:
        return proof(item, known, problem), False
    running = dataclasses.replace(known, running=known.deployed, running_at=to_iso(time.time()) or "")
    marker.save(module, directory, item["id"], running)
    return proof(item, running, ""), True
