# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small catalogue at one moment, with everything that a report can show, for the tests of all its forms."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import Limits, Standing, standings

NOW = from_iso("2026-11-21T12:00:00Z")
DAY = 86400
#: What a report may be given by whoever names things, in whatever form it is drawn.
HOSTILE = "\x1b[31m\"<script>alert('1')</script>&\\\n\u202eevil"


def fact(name: str, **more: t.Any) -> dict[str, t.Any]:
    """The facts of a credential with which all is well."""
    return {
        "credential": name,
        "type": "iam",
        "identity": f"user {name}",
        "store": f"SSM /{name}",
        "state": "steady",
        "version": 4,
        "id": "AKIA0000000000000000",
        "created_at": "2026-11-01T12:00:00Z",
        "published_at": "2026-11-01T12:00:02Z",
        "due_at": "2027-01-30T12:00:00Z",
        "previous": [],
        "overlap": True,
        "consumers_known": ["web1", "web2"],
        "consumers_proved": 2,
        "consumers_expected": 2,
        "waiting_for": [],
        "failures": 0,
        "unannounced": [],
        "done": [],
        "policy": {"rotate_after": 90 * DAY, "grace": DAY, "recovery_wait": 7 * DAY, "exempt": None},
        "history": [
            {"n": 1, "at": "2026-11-01T12:00:00Z", "event": "intend", "note": "scheduled"},
            {
                "n": 2,
                "at": "2026-11-01T12:00:02Z",
                "event": "promote",
                "version": 4,
                "id": "AKIA0000000000000000",
                "note": "scheduled",
            },
            {"n": 3, "at": "2026-11-01T12:03:00Z", "event": "prove"},
            {"n": 4, "at": "2026-11-02T12:03:00Z", "event": "disabled", "version": 3},
            {"n": 5, "at": "2026-11-09T12:03:00Z", "event": "deleted", "version": 3},
        ],
        **more,
    }


def old(version: int = 3, **more: t.Any) -> dict[str, t.Any]:
    """A previous version that still exists."""
    return {"version": version, "id": f"AKIAOLD{version}", "phase": "previous", "grace_until": None, "disabled_at": None, **more}


def rolling(name: str = "orders-db", **more: t.Any) -> dict[str, t.Any]:
    """One that two days after its publication still waits for a host."""
    return fact(
        name,
        **{
            "type": "postgresql",
            "state": "rolling_out",
            "created_at": "2026-11-19T11:00:00Z",
            "published_at": "2026-11-19T11:00:05Z",
            "consumers_proved": 1,
            "waiting_for": ["web2 (unreachable)"],
            "previous": [old()],
            "history": [{"n": 7, "at": "2026-11-19T11:00:05Z", "event": "promote", "version": 4, "note": "scheduled"}],
            **more,
        },
    )


def overdue(name: str = "billing-db", **more: t.Any) -> dict[str, t.Any]:
    """One that should have been replaced three days ago."""
    return fact(name, **{"created_at": "2026-08-20T12:00:00Z", "due_at": "2026-11-18T12:00:00Z", **more})


def exempt(name: str = "legacy", **more: t.Any) -> dict[str, t.Any]:
    """One that is overdue, with somebody's leave."""
    until = {"until": "2027-01-31T00:00:00Z", "reason": "the vendor's console is being rebuilt", "owner": "shop team"}
    return overdue(name, policy={"rotate_after": 90 * DAY, "grace": DAY, "recovery_wait": DAY, "exempt": until}, **more)


def quarantined(name: str = "telemetry", **more: t.Any) -> dict[str, t.Any]:
    """One that failed too often."""
    return fact(name, **{"state": "quarantined", "failures": 3, "last_error": "Datadog answered 403.", "type": "datadog", **more})


def failed(name: str = "backup", **more: t.Any) -> dict[str, t.Any]:
    """One whose journal could not be read."""
    return {
        **{"credential": name, "failed": True, "msg": f"{name}: no route to the store. Next: mend it.", "waiting_for": []},
        **{"unannounced": [], "done": [], "history": [], "policy": {}},
        **more,
    }


def catalogue(limits: Limits | None = None) -> list[Standing]:
    """One of each."""
    return standings([fact("deployer"), rolling(), overdue(), exempt(), quarantined(), failed()], NOW, limits)


def one_of(facts: t.Mapping[str, t.Any], limits: Limits | None = None) -> Standing:
    """Where one stands."""
    return standings([facts], NOW, limits)[0]
