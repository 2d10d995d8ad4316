# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A shop's catalogue on some morning, for the pictures of the documentation and for the tests of the page in a browser."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso, to_iso
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import Standing, standings

NOW = from_iso("2026-11-21T08:30:00Z")
_DAY = 86400
#: What a rotation leaves in a journal: the event, and how long after the publication, in seconds.
_LIFE = (("intend", -4), ("promote", 0), ("prove", 240), ("disabled", 3 * _DAY + 300), ("deleted", 10 * _DAY + 300))
_HOSTS = {
    "orders": [f"orders{number:02}" for number in range(1, 9)],
    "billing": ["billing01", "billing02", "billing03"],
    "web": [f"web{number:02}" for number in range(1, 13)],
    "ci": ["runner01", "runner02"],
}


def catalogue() -> list[Standing]:
    """Where everything stands."""
    return standings([*_well(), *_under_way(), *_in_trouble()], NOW)


def _well() -> t.Iterator[dict[str, t.Any]]:
    yield _fact("orders-db", "postgresql", age=12.2, after=30, version=14, hosts="orders")
    yield _fact("ci-deployer", "iam", age=71.4, after=90, version=6, hosts="ci")
    yield _fact("mail", "sendgrid", age=158, after=180, version=3, hosts="web")
    yield _fact("metrics", "datadog", age=168, after=180, version=2, hosts="web")
    yield _fact("dashboards", "amg", age=12.6, after=29, version=21, hosts="ci")


def _under_way() -> t.Iterator[dict[str, t.Any]]:
    grace = _old(8, "AKIA3SHOPBACKUP00008", grace_until=_iso(2.78))
    yield _fact(
        "backup",
        "iam",
        age=0.22,
        after=90,
        version=9,
        hosts="billing",
        state="grace",
        previous=[grace],
        events=3,
    )
    off = _old(4, "vault-accessor-4", phase="disabled", disabled_at=_iso(-1.2), delete_after=_iso(5.8))
    yield _fact(
        "app-role", "vault_secret_id", age=4.2, after=30, version=5, hosts="orders", state="disabled", previous=[off], events=4
    )


def _in_trouble() -> t.Iterator[dict[str, t.Any]]:
    yield _fact(
        "billing-db",
        "postgresql",
        age=2.4,
        after=30,
        version=11,
        hosts="billing",
        state="rolling_out",
        proved=2,
        waiting_for=["billing03 (unreachable)"],
        previous=[_old(10, "billing_app_a")],
        events=2,
    )
    yield _fact("partner-api", "http_api", age=184.1, after=180, version=2, hosts="web")
    why = "The vendor answered 403: the account may not create keys"
    yield _fact("payments", "stripe", age=88, after=90, version=4, hosts="web", state="quarantined", failures=3, last_error=why)
    until = {"until": "2027-01-31T00:00:00Z", "reason": "the vendor moves to OAuth in January (SHOP-1482)", "owner": "ERP team"}
    yield _fact("legacy-erp", "manual", age=201, after=180, version=1, hosts="ci", exempt=until, events=2)


def _fact(
    name: str, kind: str, age: float, after: int, version: int, hosts: str, proved: int = -1, events: int = 5, **more: t.Any
) -> dict[str, t.Any]:
    """Ages in days."""
    used_by = _HOSTS[hosts]
    exempt = more.pop("exempt", None)
    return {
        "credential": name,
        "type": kind,
        "identity": name,
        "store": f"Vault secret/shop/{name}",
        "state": "steady",
        "version": version,
        "id": f"{name}-{version:04}",
        "created_at": _iso(-age),
        "published_at": _iso(-age),
        "due_at": _iso(after - age),
        "previous": [],
        "overlap": True,
        "consumers_known": used_by,
        "consumers_proved": len(used_by) if proved < 0 else proved,
        "consumers_expected": len(used_by),
        "waiting_for": [],
        "failures": 0,
        "unannounced": [],
        "done": [],
        "policy": {"rotate_after": after * _DAY, "grace": 3 * _DAY, "recovery_wait": 7 * _DAY, "exempt": exempt},
        "history": [
            {
                "n": number + 1,
                "at": _iso(-age + after_it / _DAY),
                "event": event,
                "version": version - (number > 2),
                "note": _why(event),
            }
            for number, (event, after_it) in enumerate(_LIFE[:events])
        ],
        **more,
    }


def _why(event: str) -> str:
    return "scheduled" if event in ("intend", "promote") else ""


def _old(version: int, identity: str, **more: t.Any) -> dict[str, t.Any]:
    return {"version": version, "id": identity, "phase": "previous", **more}


def _iso(days: float) -> str | None:
    return to_iso(NOW + days * _DAY)
