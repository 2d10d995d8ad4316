# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows, exemptions and due dates."""

from __future__ import annotations

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.policy import Policy, parse_exemption, parse_window
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        ("2026-11-21T02:00:00Z", True),  # a Saturday
        ("2026-11-21T04:59:00Z", True),
        ("2026-11-21T05:00:00Z", False),
        ("2026-11-20T03:00:00Z", False),
    ],
)
def test_a_window_by_day(moment: str, inside: bool) -> None:
    window = parse_window({"days": ["Saturday", "sun"], "start": "02:00", "end": "05:00"})
    assert window is not None and window.contains(from_iso(moment)) is inside


@pytest.mark.parametrize(
    ("moment", "inside"),
    [
        ("2026-11-20T23:30:00Z", True),
        ("2026-11-21T01:30:00Z", True),  # opened on Friday
        ("2026-11-21T23:30:00Z", False),
        ("2026-11-20T01:30:00Z", False),
    ],
)
def test_a_window_past_midnight_belongs_to_the_day_on_which_it_opens(moment: str, inside: bool) -> None:
    window = parse_window({"days": ["fri"], "start": "23:00", "end": "02:00"})
    assert window is not None and window.contains(from_iso(moment)) is inside


@pytest.mark.parametrize(
    "written",
    [{"start": "2", "end": "05:00"}, {"start": "02:00", "end": "02:00"}, {"days": ["xyz"], "start": "02:00", "end": "03:00"}],
)
def test_a_malformed_window_is_refused(written: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="window"):
        parse_window(written)


@pytest.mark.parametrize("written", [{"until": "2027-01-31"}, {"reason": "x"}, {"until": "some day", "reason": "x"}])
def test_an_exemption_needs_an_end_and_a_reason(written: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="exempt"):
        parse_exemption(written)


def test_without_window_or_exemption_nothing_holds() -> None:
    assert parse_window(None) is None and parse_exemption({}) is None


@pytest.mark.parametrize(
    ("rotate_after", "grace", "recovery_wait", "lifetime"), [(90 * 86400, 0, 0, 91 * 86400), (60, 5, 3, 128)]
)
def test_a_version_outlives_its_interval_by_a_daily_run_at_least(
    rotate_after: int, grace: int, recovery_wait: int, lifetime: int
) -> None:
    assert Policy(rotate_after, grace, recovery_wait, 30, 60, 3, 500).lifetime == lifetime
