# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lifetimes and uses of secret ids held against an interval."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Setting
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.vault_names import moment, path_part
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.vault_secret_id_limits import Limits
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, Rejected, Unreachable

DAY = 86400
SETTING = Setting("orders", rotate_after=30 * DAY, grace=DAY, recovery_wait=0, clock=SystemClock())


def limits(**options: t.Any) -> Limits:
    return Limits.of(options, SETTING)


@pytest.mark.parametrize("role", [{}, {"secret_id_ttl": 0, "secret_id_num_uses": 0}, {"secret_id_ttl": 31 * DAY}])
def test_a_role_that_suffices(role: dict[str, int]) -> None:
    limits().check(role, "AppRole orders")


def test_a_lifetime_one_second_too_short_is_refused_with_the_arithmetic() -> None:
    with pytest.raises(Rejected) as refused:
        limits().check({"secret_id_ttl": 31 * DAY - 1}, "AppRole orders")
    for part in ("2678399 s", "rotate_after 2592000 + grace 86400 = 2678400 s (31d)"):
        assert part in refused.value.message


def test_an_option_overrules_the_role() -> None:
    limits(ttl="40d").check({"secret_id_ttl": DAY}, "AppRole orders")
    limits(num_uses=0).check({"secret_id_num_uses": 5}, "AppRole orders")


def test_a_ttl_that_never_suffices_is_refused_without_asking_vault() -> None:
    with pytest.raises(ConfigurationError, match="2678400"):
        limits(ttl="30d")


@pytest.mark.parametrize("option", [{"num_uses": -1}, {"uses_per_day": 0}])
def test_numbers_that_mean_nothing(option: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError):
        limits(**option)


def test_uses_that_nobody_has_counted_are_refused() -> None:
    with pytest.raises(Rejected, match="40 uses .* one login every 18h 36m") as refused:
        limits().check({"secret_id_num_uses": 40}, "AppRole orders")
    assert "uses_per_day" in refused.value.next_step


def test_uses_that_run_out_are_refused_with_the_day_on_which_they_do() -> None:
    with pytest.raises(Rejected, match="4 a day .* are 124. It would be used up after 25d") as refused:
        limits(uses_per_day=4).check({"secret_id_num_uses": 100}, "AppRole orders")
    assert "124" in refused.value.next_step


def test_uses_that_suffice() -> None:
    limits(uses_per_day=4).check({"secret_id_num_uses": 124}, "AppRole orders")


def test_what_is_asked_of_vault() -> None:
    assert limits().asked() == {}
    assert limits(ttl="40d", num_uses=0).asked() == {"ttl": "3456000s", "num_uses": 0}


def test_moments_as_go_writes_them() -> None:
    assert moment("1970-01-01T00:00:01.5Z") == 1.5
    assert moment("1970-01-01T01:00:00.123456789+01:00") == pytest.approx(0.123456)
    assert moment("0001-01-01T00:00:00Z") is None
    assert moment(None) is None
    with pytest.raises(Unreachable):
        moment("yesterday")


@pytest.mark.parametrize("name", ["", "/", "..", "a/../b", "a//b", "a\nb"])
def test_names_that_lead_elsewhere(name: str) -> None:
    with pytest.raises(ConfigurationError):
        path_part(name, "role_name")
