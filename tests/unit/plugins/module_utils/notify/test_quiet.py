# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quiet hours: in the zone where people sleep, past midnight, on certain days."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.notify.quiet import parse_quiet_hours
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError


@pytest.mark.parametrize(
    ("written", "moment", "inside"),
    [
        ({"start": "22:00", "end": "07:00"}, "2026-11-21T21:59:00Z", False),
        ({"start": "22:00", "end": "07:00"}, "2026-11-21T22:00:00Z", True),
        ({"start": "22:00", "end": "07:00"}, "2026-11-22T06:59:00Z", True),
        ({"start": "22:00", "end": "07:00"}, "2026-11-22T07:00:00Z", False),
        ({"start": "12:00", "end": "13:00"}, "2026-11-21T12:30:00Z", True),
        ({"start": "12:00", "end": "13:00"}, "2026-11-21T13:00:00Z", False),
        ({"start": "22:00", "end": "07:00", "days": ["sat"]}, "2026-11-22T03:00:00Z", True),
        ({"start": "22:00", "end": "07:00", "days": ["sat"]}, "2026-11-21T03:00:00Z", False),
    ],
)
def test_a_moment_is_inside_or_not(written: dict[str, t.Any], moment: str, inside: bool) -> None:
    hours = parse_quiet_hours(written)
    assert hours is not None and hours.contains(from_iso(moment)) is inside


def test_a_zone_decides_what_the_time_is() -> None:
    try:
        hours = parse_quiet_hours({"start": "22:00", "end": "07:00", "timezone": "Europe/Berlin"})
    except ConfigurationError as error:
        assert "tzdata" in str(error), "a machine without time zones says what to install"
        return
    assert hours is not None
    assert hours.contains(from_iso("2026-07-01T20:30:00Z")) and not hours.contains(from_iso("2026-12-01T20:30:00Z"))


@pytest.mark.parametrize(
    "written",
    [
        {"start": "22:00"},
        {"start": "22", "end": "07:00"},
        {"start": "22:00", "end": "22:00"},
        {"start": "22:00", "end": "07:00", "days": ["someday"]},
        {"start": "22:00", "end": "07:00", "timezone": "Nowhere/At all"},
        {"start": "22:00", "end": "07:00", "zone": "UTC"},
        ["22:00"],
    ],
)
def test_what_cannot_be_meant_is_refused(written: t.Any) -> None:
    with pytest.raises(ConfigurationError, match="quiet"):
        parse_quiet_hours(written)


def test_no_quiet_hours_are_none() -> None:
    assert parse_quiet_hours(None) is None and parse_quiet_hours({}) is None
