# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of the demo, and the counters that its numbers come from."""

from __future__ import annotations

import xml.etree.ElementTree
from pathlib import Path

from ansible_collections.locksmith.rotation.tests.demo.picture import draw
from ansible_collections.locksmith.rotation.tests.demo.services.counter import Counter, read_counts

SCREEN = "title|■ Start it\n|ready\ntitle|■ Wait\ndim|waiting <5 s>\ntitle|■ In the end\ngood|✓ a < b & c\n"


def test_the_picture_shows_the_essential_acts_as_they_were(tmp_path: Path) -> None:
    screen, target = tmp_path / "screen.txt", tmp_path / "img" / "demo.svg"
    screen.write_text(SCREEN, encoding="utf-8")
    draw(screen, target)
    texts = [element.text for element in xml.etree.ElementTree.parse(target).iter() if element.tag.endswith("}text")]
    assert texts == ["$ make demo", "■ Start it", "ready", "⋮", "■ In the end", "✓ a < b & c"]


def test_counts_outlive_the_service(tmp_path: Path) -> None:
    path = tmp_path / "count" / "orders-api.orders-db"
    first = Counter(path)
    first.count(True)
    first.count(False, "OperationalError")
    assert not first.is_well
    second = Counter(path)
    assert not second.is_well
    second.count(True)
    assert (second.is_well, read_counts(path)) == (True, (2, 1))
    assert path.with_name(f"{path.name}.failures").read_text(encoding="utf-8").endswith(" OperationalError\n")


def test_counts_of_a_service_that_never_ran_are_zero(tmp_path: Path) -> None:
    assert read_counts(tmp_path / "none") == (0, 0)
