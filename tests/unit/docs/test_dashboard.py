# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Grafana dashboard asks for nothing that we do not write, of no data source but the reader's, and no two panels are in one place."""

from __future__ import annotations

import itertools
import json
import pathlib
import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_prometheus import NAMES, STATES

DASHBOARD: dict[str, t.Any] = json.loads(
    (pathlib.Path(__file__).parents[3] / "docs" / "monitoring" / "dashboard.json").read_text(encoding="utf-8")
)
PANELS: list[dict[str, t.Any]] = DASHBOARD["panels"]
QUERIES = [target["expr"] for panel in PANELS for target in panel["targets"]]


def values_of(name: str, node: t.Any) -> t.Iterator[t.Any]:
    """Every value that has this key, however deep."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == name:
                yield value
            yield from values_of(name, value)
    elif isinstance(node, list):
        for value in node:
            yield from values_of(name, value)


def test_every_query_is_about_metrics_that_we_write_and_states_that_there_are() -> None:
    variables = [variable["definition"] for variable in DASHBOARD["templating"]["list"] if "definition" in variable]
    for query in [*QUERIES, *variables]:
        asked = set(re.findall(r"locksmith_[a-z_]+", query))
        assert asked and asked <= NAMES, query
        assert set(re.findall(r'state="([a-z_]+)"', query)) <= set(STATES), query


def test_the_reader_chooses_the_data_source() -> None:
    assert {source["uid"] for source in values_of("datasource", DASHBOARD)} == {"${datasource}"}
    assert "datasource" in [variable["name"] for variable in DASHBOARD["templating"]["list"] if variable["type"] == "datasource"]
    assert not re.search(r"https?://|localhost", json.dumps(DASHBOARD))


def test_panels_are_told_apart_explained_and_beside_each_other() -> None:
    identities = [panel["id"] for panel in PANELS]
    assert len(set(identities)) == len(identities) and all(panel["title"] and panel["description"] for panel in PANELS)
    for one, other in itertools.combinations([panel["gridPos"] for panel in PANELS], 2):
        apart = [one[edge] + one[size] <= other[edge] or other[edge] + other[size] <= one[edge] for edge, size in ("xw", "yh")]
        assert any(apart), (one, other)
    assert max(panel["gridPos"]["x"] + panel["gridPos"]["w"] for panel in PANELS) == 24
    for panel in PANELS:
        references = [target["refId"] for target in panel["targets"]]
        assert len(set(references)) == len(references)
