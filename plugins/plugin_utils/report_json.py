# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JSON, for whatever a site builds on it. Pure."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import Standing, summary

#: Grows when a field changes its meaning or goes; new fields may come at any time.
SCHEMA = 1


def render_json(all_of_them: t.Sequence[Standing], now: float) -> str:
    """The whole file."""
    report = {
        "schema": SCHEMA,
        "generated_at": to_iso(now),
        "summary": summary(all_of_them),
        "credentials": [_described(one) for one in all_of_them],
    }
    return json.dumps(report, indent=2, sort_keys=False) + "\n"


def _described(one: Standing) -> dict[str, t.Any]:
    """The facts, and what a reader would otherwise have to work out of them. Durations in whole seconds."""
    return {
        **one.facts,
        "state": one.state,
        "age_seconds": None if one.age is None else round(one.age),
        "due_in_seconds": None if one.due_in is None else round(one.due_in),
        "exempt_until": to_iso(one.exempt_until),
        "held_since": to_iso(one.held_since),
        "consumers": [{"host": host.host, "proved": host.proved, "detail": host.detail} for host in one.consumers],
        "troubles": [{"kind": trouble.kind, "detail": trouble.detail} for trouble in one.troubles],
    }
