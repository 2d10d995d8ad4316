# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows for a host from what was found, written, restarted and proved there. Pure; runs on the controller and the host.

An *item* is an entry with C(fingerprint) (the version it should have) and C(shape), and what is known of it so far:
C(error), C(stopped), C(write), C(restart), C(running).
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import service_key, service_title

Item = t.Mapping[str, t.Any]


def services_due(items: t.Sequence[Item]) -> list[dict[str, t.Any]]:
    """Each service that holds an old value, once: reloaded if all that need it ask for that, else restarted."""
    due: dict[str, dict[str, t.Any]] = {}
    for item in items:
        key = service_key(item)
        if not key or not item["restart"] or item["error"] or item["stopped"]:
            continue
        found = due.setdefault(key, {"key": key, "title": service_title(item), "do": "reload", "service": item["service"]})
        if item["service"]["action"] == "restart":
            found["do"] = "restart"
            found["service"] = item["service"]
        found.setdefault("credentials", []).append(item["credential"])
    return list(due.values())


def to_prove(items: t.Sequence[Item], proofs: t.Sequence[Item]) -> list[Item]:
    """The items whose health has not been seen yet."""
    proved = {proof["id"] for proof in proofs}
    return [item for item in items if item["id"] not in proved and not item["error"] and not item["stopped"]]


def siblings(items: t.Sequence[Item], bad: t.Collection[str]) -> list[str]:
    """The ids in C(bad), and of the items that were changed for the same services: they go back together."""
    services = {service_key(item) for item in items if item["id"] in bad} - {""}
    return [item["id"] for item in items if item["id"] in bad or (service_key(item) in services and item["restart"])]


def outcome(deployed: Item, proved: Item | None, put_back: Item | None, proved_back: Item | None) -> dict[str, t.Any]:
    """What the host reports: C(proofs) by credential, and C(outcome) with one line for people for each credential.

    :arg put_back: the result of deploying the previous version, :arg proved_back: of proving that; None if there was no need.
    """
    proofs = {proof["id"]: proof for proof in [*deployed["proofs"], *((proved or {}).get("proofs") or [])]}
    back = {item["id"]: item for item in (put_back or {}).get("entries") or []}
    healthy_back = {proof["id"]: proof for proof in (proved_back or {}).get("proofs") or []}
    lines: dict[str, list[str]] = {}
    verdicts: dict[str, str] = {}
    unseen = {item["id"] for item in deployed["to_prove"]} - set(proofs)
    for item in deployed["entries"]:
        proof = proofs.get(item["id"]) or (
            {"healthy": False, "detail": "its health was not seen"} if item["id"] in unseen else None
        )
        verdict, line = _judge(item, proof, back.get(item["id"]), healthy_back.get(item["id"]))
        name = item["credential"]
        verdicts[name] = max(verdict, verdicts.get(name, verdict), key=_ORDER.index)
        lines.setdefault(name, []).extend([line] if line else [])
    return {
        "proofs": _by_credential(deployed["entries"], proofs, back),
        "outcome": {
            "failed": any(verdict in ("failed", "unhealthy") for verdict in verdicts.values()),
            "unreachable": False,
            "detail": " ".join(line for found in lines.values() for line in found),
            "credentials": {
                item["credential"]: {
                    "outcome": verdicts[item["credential"]],
                    "fingerprint": item["fingerprint"],
                    "detail": " ".join(lines[item["credential"]]),
                }
                for item in deployed["entries"]
            },
        },
    }


#: From best to worst. C(unhealthy): on the version that it should have, which it ran before, and not well.
_ORDER = ["proved", "predicted", "pending", "unhealthy", "failed"]


def _judge(item: Item, proof: Item | None, back: Item | None, healthy_back: Item | None) -> tuple[str, str]:
    name, dest = item["credential"], item["dest"]
    if item["error"]:
        return "failed", f"{name}: {dest} was not brought up to date. {item['error']}"
    if item["stopped"]:
        return "pending", f"{name}: {dest} was left as it is, because {item['stopped']}."
    if proof is None:
        return "predicted", ""
    if proof["healthy"] and not back:
        return "proved", ""
    if not item["write"] and not item["restart"]:
        return "unhealthy", (
            f"{name}: {service_title(item)} runs on {item['fingerprint']}, as it should, and is not healthy: {proof['detail']}. "
            "Nothing was changed. Next: look at its log; the previous version is kept until it is healthy."
        )
    return "failed", (
        f"{name}: version {item['fingerprint']} was put in {dest} and {service_title(item)} did not come up on it: "
        f"{proof['detail'] or 'another credential of the same service failed'}. {_state_now(item, back, healthy_back)}"
    )


def _state_now(item: Item, back: Item | None, healthy_back: Item | None) -> str:
    title = service_title(item)
    if back is None or back["error"]:
        why = f" ({back['error']})" if back else ""
        return (
            f"The host still has that version: going back to the previous one was not possible{why}. "
            f"Next: look at the log of {title}, mend it, and run again; nothing is retired meanwhile."
        )
    if healthy_back and healthy_back["healthy"]:
        return (
            f"The host is back on the previous version {back['fingerprint']} and healthy. "
            "Next: find out why the new version does not work there, then run again; nothing is retired meanwhile."
        )
    why = healthy_back["detail"] if healthy_back else "its health was not seen"
    return (
        f"The host is back on the previous version {back['fingerprint']}, and {title} is still not healthy: {why}. "
        f"Next: look at the log of {title} now; nothing is retired meanwhile."
    )


def _by_credential(
    items: t.Sequence[Item], proofs: t.Mapping[str, Item], back: t.Mapping[str, Item]
) -> dict[str, list[dict[str, t.Any]]]:
    """The proofs, without those of files that were put back."""
    found: dict[str, list[dict[str, t.Any]]] = {}
    for item in items:
        proof = proofs.get(item["id"])
        if proof and item["id"] not in back:
            found.setdefault(item["credential"], []).append({name: value for name, value in proof.items() if name != "id"})
    return found
