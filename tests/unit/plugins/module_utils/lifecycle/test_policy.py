# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows, blackouts, exemptions and due dates."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.policy import (
    Policy,
    parse_blackouts,
    parse_exemption,
    parse_window,
    why_not_now,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.tests.unit.plugins.module_utils.lifecycle.fakes import POLICY


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


YEARLY = {"from": "12-20", "until": "01-05", "reason": "change freeze"}
DATED = {"from": "2026-12-20T18:00:00Z", "until": "2027-01-05", "reason": "move of the data centre"}


@pytest.mark.parametrize(
    ("written", "moment", "inside"),
    [
        (YEARLY, "2026-12-19T23:59:59Z", False),
        (YEARLY, "2026-12-20T00:00:00Z", True),
        (YEARLY, "2031-01-01T00:00:00Z", True),
        (YEARLY, "2031-01-04T23:59:59Z", True),
        (YEARLY, "2031-01-05T00:00:00Z", False),
        ({**YEARLY, "from": "02-29", "until": "03-02"}, "2027-03-01T12:00:00Z", True),
        ({**YEARLY, "from": "02-29", "until": "03-02"}, "2028-02-29T00:00:00Z", True),
        ({**YEARLY, "from": "02-29", "until": "03-02"}, "2028-02-28T12:00:00Z", False),
        (DATED, "2026-12-20T17:59:59Z", False),
        (DATED, "2026-12-20T18:00:00Z", True),
        (DATED, "2027-01-04T23:59:59Z", True),
        (DATED, "2027-01-05T00:00:00Z", False),
        ({**DATED, "from": "2026-12-20T18:00:00+02:00"}, "2026-12-20T16:30:00Z", True),
    ],
)
def test_a_blackout_holds_from_its_beginning_until_its_end(written: dict[str, object], moment: str, inside: bool) -> None:
    policy = Policy(60, 0, 0, 0, 60, 3, 0, blackouts=parse_blackouts([written]))
    why = why_not_now(policy, from_iso(moment))
    assert (str(written["reason"]) in why and "blackout until" in why) if inside else why == ""


@pytest.mark.parametrize(
    "written",
    [
        {**YEARLY, "reason": " "},
        {**YEARLY, "from": "2026-12-20"},
        {**YEARLY, "from": "13-01"},
        {**YEARLY, "until": "02-30"},
        {**YEARLY, "until": "12-20"},
        {**DATED, "until": "2026-12-20T18:00:00Z"},
        {**DATED, "until": "soon"},
        {**DATED, "until": None},
    ],
)
def test_a_malformed_blackout_is_refused_and_counted(written: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=r"blackouts\[1\]"):
        parse_blackouts([DATED, written])


@pytest.mark.parametrize("written", [{"until": "2027-01-31"}, {"reason": "x"}, {"until": "some day", "reason": "x"}])
def test_an_exemption_needs_an_end_and_a_reason(written: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="exempt"):
        parse_exemption(written)


def test_an_exemption_names_its_owner() -> None:
    exemption = parse_exemption({"until": "2027-01-31", "reason": "vendor migration", "owner": "payments"})
    policy = dataclasses.replace(POLICY, exemption=exemption)
    assert why_not_now(policy, 0.0) == "exempt until 2027-01-31T00:00:00Z: vendor migration (payments)"


def test_without_window_or_exemption_nothing_holds() -> None:
    assert parse_window(None) is None and parse_exemption({}) is None and parse_blackouts(None) == ()


@pytest.mark.parametrize(
    ("rotate_after", "grace", "recovery_wait", "lifetime"), [(90 * 86400, 0, 0, 91 * 86400), (60, 5, 3, 128)]
)
def test_a_version_outlives_its_interval_by_a_daily_run_at_least(
    rotate_after: int, grace: int, recovery_wait: int, lifetime: int
) -> None:
    assert Policy(rotate_after, grace, recovery_wait, 30, 60, 3, 500).lifetime == lifetime
