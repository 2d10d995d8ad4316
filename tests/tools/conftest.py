# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pytest does for every test of this folder."""

from __future__ import annotations

import pytest

from ansible_collections.locksmith.rotation.tests.servers.units import systemd_can_run


def pytest_configure(config: pytest.Config) -> None:
    """Say which marks there are."""
    config.addinivalue_line(
        "markers", "systemd: runs a systemd of its own, which a plain user can where systemd has booted the machine"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where systemd cannot run, its tests are no part of the suite; the last line counts them as deselected."""
    if systemd_can_run():
        return
    left_out = [item for item in items if item.get_closest_marker("systemd")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
