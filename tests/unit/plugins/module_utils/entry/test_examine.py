# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the doctor makes of an issuer and a store that answer, refuse, lack something, or are not there."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.entry import examine
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer, KeyInfo, Setting
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Store
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import Check, judge_clock
from ansible_collections.locksmith.rotation.tests.unit.plugins.module_utils.lifecycle.fakes import (
    Boundary,
    FakeClock,
    MemoryStore,
    MintingIssuer,
    World,
)

PARAMS: dict[str, t.Any] = {
    **{
        "name": "thing",
        "store": {"type": "memory"},
        "rotate_after": "90d",
        "grace": "1d",
        "recovery_wait": "7d",
        "max_failures": 3,
    },
    **{"verify_timeout": "60s", "lease": "60s", "forget_after": "7d", "own_login": "refuse", "window": None, "exempt": None},
}


class Case:
    """One credential, in a world in memory of which everything can be broken."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.clock, self.boundary = World(2), FakeClock(), Boundary()
        self.issuer = MintingIssuer(self.world, self.clock, self.boundary)
        self.store = MemoryStore(self.world, self.boundary)
        self.patch = monkeypatch
        monkeypatch.setattr(examine, "build_store", lambda options, issuer: self.store)
        monkeypatch.setattr(MintingIssuer, "create", lambda options, setting: self.issuer)

    def fails(self, where: Issuer | Store, method: str, error: errors.LocksmithError) -> None:
        def fail(*dummy: t.Any) -> t.Any:
            raise error

        self.patch.setattr(where, method, fail)

    def bad(self, **params: t.Any) -> list[tuple[str, str]]:
        """What is in the way: area and severity."""
        told = examine.examine_credential(MintingIssuer, {**PARAMS, **params}, self.clock)
        changing = {"issue", "disable", "enable", "delete", "publish", "write_journal"}
        assert changing.isdisjoint(self.boundary.calls), "a doctor only looks"
        return [(check["area"], check["severity"]) for check in told["checks"] if check["severity"]]


@pytest.fixture
def case(monkeypatch: pytest.MonkeyPatch) -> Case:
    return Case(monkeypatch)


def test_nothing_is_in_the_way_where_all_is_well(case: Case) -> None:
    assert case.bad() == []
    assert {"keys", "read_journal", "check_publishable"} <= set(case.boundary.calls)


@pytest.mark.parametrize(
    ("method", "error", "expected"),
    [
        ("keys", errors.Unreachable("it is down"), ("issuer", "critical")),
        ("keys", errors.NotFound("no such user"), ("issuer", "critical")),
        ("keys", errors.Denied("you may not list"), ("rights", "critical")),
        ("check_room", errors.ForeignKeys("two of others"), ("room", "critical")),
        ("check_room", errors.QuotaExceeded("two of ours"), ("room", "warning")),
        ("examine", errors.Denied("you may not ask"), ("rights", "critical")),
    ],
)
def test_what_an_issuer_says(case: Case, method: str, error: errors.LocksmithError, expected: tuple[str, str]) -> None:
    case.fails(case.issuer, method, error)
    assert case.bad() == [expected]


@pytest.mark.parametrize(
    ("method", "error", "expected"),
    [
        ("read_journal", errors.Unreachable("it is down"), ("store", "critical")),
        ("check_publishable", errors.Denied("read only"), ("writable", "critical")),
        ("check_publishable", errors.QuotaExceeded("too small"), ("writable", "critical")),
    ],
)
def test_what_a_store_says_hides_nothing_of_the_issuer(
    case: Case, method: str, error: errors.LocksmithError, expected: tuple[str, str]
) -> None:
    case.fails(case.store, method, error)
    assert case.bad() == [expected]
    assert "keys" in case.boundary.calls


def test_a_library_that_is_missing_and_an_option_that_is_wrong(case: Case) -> None:
    def lacking(options: t.Any, setting: Setting) -> Issuer:
        raise errors.MissingLibrary("the Python package requests is not installed where this runs.")

    case.patch.setattr(MintingIssuer, "create", lacking)
    assert case.bad() == [("libraries", "critical")]
    assert case.bad(rotate_after="soon") == [("options", "critical")]


def test_a_damaged_journal_is_the_stores_trouble(case: Case) -> None:
    case.world.journal = "nonsense"
    assert case.bad() == [("store", "critical")]


def test_its_own_login_is_refused_before_a_run_refuses_it(case: Case) -> None:
    case.patch.setattr(case.issuer, "own_login", lambda versions: "key-1")
    assert case.bad() == [("rights", "critical")]
    assert case.bad(own_login="last") == []


def test_what_the_issuer_itself_looks_at_is_told(case: Case) -> None:
    case.patch.setattr(case.issuer, "examine", lambda: [judge_clock(-600.0, "the server"), Check("rights", "info", "who knows")])
    assert case.bad() == [("clock", "critical"), ("rights", "info")]


def test_room_counts_what_the_journal_records(case: Case) -> None:
    seen = []
    case.patch.setattr(case.issuer, "check_room", lambda listed, recorded: seen.append((list(listed), recorded)))
    case.patch.setattr(case.issuer, "keys", lambda: [KeyInfo("k")])
    case.bad()
    assert seen == [([KeyInfo("k")], set())]


@pytest.mark.parametrize(("ahead", "severity"), [(0.4, ""), (-29.0, ""), (31.0, "warning"), (-301.0, "critical")])
def test_clocks(ahead: float, severity: str) -> None:
    assert judge_clock(ahead, "there").severity == severity


@pytest.mark.parametrize(("days", "severity"), [(90, ""), (13, "warning"), (-1, "critical")])
def test_certificates(days: int, severity: str) -> None:
    assert examine.judge_certificate(days * 86400.0, 2e9, "there").severity == severity
