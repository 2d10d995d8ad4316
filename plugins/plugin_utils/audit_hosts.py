# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts hold, held against what they should hold: judged from what C(consumer_deploy) foretold in check mode on each of them.

Pure. A host that did not answer is a finding, and never fine. Called by the action plugin C(credential_audit_report).
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import CRITICAL, INFO, WARNING, Finding

Seen = t.Mapping[str, t.Any]
#: Why C(consumer_inspect) would write a file, to how bad that is and what it is called.
_DIFFERENCES = {
    "there is no file": (CRITICAL, "file_missing"),
    "it was changed by somebody else": (CRITICAL, "file_changed"),
    "another version": (WARNING, "file_behind"),
    "its mode or owner": (WARNING, "file_mode"),
    "its entry was changed": (INFO, "entry_changed"),
}
_RUN = "run locksmith.rotation.rotate, which writes it again"


def judge_host(host: str, credential: str, seen: Seen | None) -> list[Finding]:
    """What is wrong with one credential on one host that uses it.

    :arg seen: what the task that looked at the host registered; None where it did not run there.
    """
    if seen is None:
        return [_silent(host, "it was not looked at in this run (--limit, or it was removed from the play)")]
    if seen.get("unreachable"):
        return [_silent(host, "it was unreachable")]
    entries = [entry for entry in seen.get("entries") or () if entry.get("credential") == credential]
    if not entries:
        return [_silent(host, f"it could not be looked at: {seen.get('msg') or 'the task said nothing'}")]
    unwell = {proof["id"]: proof for proof in seen.get("proofs") or () if not proof.get("healthy")}
    return [finding for entry in entries for finding in _judge_entry(host, entry, unwell.get(entry.get("id")))]


def _silent(host: str, why: str) -> Finding:
    return Finding(
        WARNING, "host_not_seen", host, f"{host}: {why}, so what it holds is not known.", "mend the way to it, and look again."
    )


def _judge_entry(host: str, entry: Seen, unwell: Seen | None) -> list[Finding]:
    place = f"{host}:{entry['dest']}"
    if entry.get("error"):
        return [Finding(WARNING, "file_not_seen", place, f"{place} could not be compared: {entry['error']}")]
    why = entry.get("write") or ""
    if why:
        severity, kind = _DIFFERENCES.get(why, (WARNING, "file_differs"))
        held = entry.get("deployed") or "a value that was never deployed here"
        has = f" It holds {held}, and {entry['fingerprint']} is published." if kind == "file_behind" else ""
        return [Finding(severity, kind, place, f"{place} is not what was deployed: {why}.{has}", _step(kind))]
    if entry.get("restart"):
        ran = entry.get("running") or "an unknown version"
        detail = f"{place} is right, and its service was last restarted or reloaded for {ran}."
        return [Finding(WARNING, "service_behind", place, detail, "run locksmith.rotation.rotate, which restarts it.")]
    if unwell is not None:
        detail = f"{place} is right, and its service is not healthy: {unwell.get('detail') or 'no reason given'}."
        return [Finding(WARNING, "service_unhealthy", place, detail, "look at its log.")]
    return []


def _step(kind: str) -> str:
    if kind == "file_changed":
        return f"find out who changed it, for that may be on purpose; then {_RUN}."
    return f"{_RUN}."
