# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as metrics, in the text format that Prometheus' node exporter reads from files. Pure.

Samples have no timestamps, which that exporter refuses. Moments are metrics instead (C(_timestamp_seconds)), so that C(time()) in a
query is right however old the file is. The names are an interface: dashboards and alert rules of others are built on them.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import State
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import Standing

#: A value for one credential; None where there is nothing to tell.
Reader = t.Callable[[Standing], t.Optional[float]]
STATES = (*(state.value for state in State), "failed", "unknown")
_CREDENTIAL = "locksmith_credential_"
_LAST_RUN = "locksmith_last_run_timestamp_seconds"
_RAN = re.compile(rf'^{_LAST_RUN}{{playbook="([a-z_]+)"}} (\d+)$', re.MULTILINE)

#: Name, help, reader. In the order of the file.
GAUGES: tuple[tuple[str, str, Reader], ...] = (
    ("age_seconds", "Age of the published version when this file was written.", lambda one: one.age),
    ("created_timestamp_seconds", "When the published version was made.", lambda one: one.moment("created_at")),
    ("due_timestamp_seconds", "When the published version has to be replaced.", lambda one: one.moment("due_at")),
    ("rotate_after_seconds", "The age at which a version is due.", lambda one: one.limit),
    ("expires_timestamp_seconds", "When the issuer lets it expire by itself.", lambda one: one.moment("expires_at")),
    ("exempt_until_timestamp_seconds", "Until when it is excepted from rotation.", lambda one: one.exempt_until),
    ("held_since_timestamp_seconds", "Since when its next step has been waiting.", lambda one: one.held_since),
    ("consumers_expected", "Hosts that have to prove the published version.", lambda one: one.count("consumers_expected")),
    ("consumers_proved", "Hosts that have proved the published version.", lambda one: one.count("consumers_proved")),
    ("previous_versions", "Older versions that still exist.", lambda one: None if _is_unseen(one) else len(one.previous)),
    ("failures", "Failures in a row.", lambda one: one.count("failures")),
    (
        "unannounced",
        "Targets that could not be told of the published version.",
        lambda one: len(one.facts.get("unannounced") or ()),
    ),
    ("last_run_failed", "1 if the run that wrote this file failed at it, else 0.", lambda one: int(one.state == "failed")),
)
#: Every metric that may be in the file.
NAMES = frozenset(
    {_CREDENTIAL + name for name, dummy, reader in GAUGES}
    | {_CREDENTIAL + "info", _CREDENTIAL + "state", "locksmith_credentials", _LAST_RUN}
)


def render_metrics(all_of_them: t.Sequence[Standing], now: float, playbook: str = "", before: str = "") -> str:
    """The whole file.

    :arg playbook: which one this run is of, for the moment of its last run.
    :arg before: what the file held until now: the moments of other playbooks' last runs are taken over from it.
    """
    runs = {**last_runs(before), **({playbook: now} if playbook else {})}
    blocks = [
        _block(
            _LAST_RUN,
            "When a playbook last got as far as writing this file.",
            [({"playbook": name}, runs[name]) for name in sorted(runs)],
        ),
        _block("locksmith_credentials", "Credentials that this file tells of.", [({}, len(all_of_them))]),
        _block(_CREDENTIAL + "info", "What it is; always 1.", [({**_labels(one), "kind": one.kind}, 1) for one in all_of_them]),
        _block(_CREDENTIAL + "state", "1 for the state that it is in, 0 for the others.", list(_states(all_of_them))),
    ]
    blocks += [_block(_CREDENTIAL + name, text, _samples(all_of_them, reader)) for name, text, reader in GAUGES]
    return "".join(blocks)


def last_runs(text: str) -> dict[str, float]:
    """The moments that C(text), a file that P(render_metrics) made, has of playbooks' last runs."""
    return {name: float(moment) for name, moment in _RAN.findall(text)}


def _is_unseen(one: Standing) -> bool:
    return one.state in ("failed", "unknown")


def _labels(one: Standing) -> dict[str, str]:
    return {"credential": one.name}


def _states(all_of_them: t.Iterable[Standing]) -> t.Iterator[tuple[dict[str, str], float]]:
    for one in all_of_them:
        for state in STATES:
            yield {**_labels(one), "state": state}, int(one.state == state)


def _samples(all_of_them: t.Iterable[Standing], reader: Reader) -> list[tuple[dict[str, str], float]]:
    read = [(_labels(one), reader(one)) for one in all_of_them]
    return [(labels, value) for labels, value in read if value is not None]


def _block(name: str, text: str, samples: t.Sequence[tuple[dict[str, str], float]]) -> str:
    """A metric with its samples, and nothing where it has none."""
    lines = [f"{name}{_written(labels)} {round(value)}" for labels, value in samples]
    return "\n".join([f"# HELP {name} {text}", f"# TYPE {name} gauge", *lines, ""]) if lines else ""


def _written(labels: t.Mapping[str, str]) -> str:
    pairs = [f'{name}="{_escape(value)}"' for name, value in labels.items()]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
