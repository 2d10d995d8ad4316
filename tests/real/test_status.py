# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(status) as a person and as CI run it: a table, and an exit status that says whether all is well."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.locksmith.rotation.tests.real.estate import Estate
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

STATUS = "locksmith.rotation.status"


@pytest.fixture
def estate(moto: Moto, tmp_path: pathlib.Path) -> Estate:
    return Estate(moto, tmp_path, ["deployer", "backup"], ["web1"])


def test_the_exit_status_says_what_was_asked_and_one_that_cannot_be_read_is_told_of_with_the_others(estate: Estate) -> None:
    estate.rotate()
    well = estate.run(STATUS, "-e", "status_fail_on=overdue,held,quarantined,failing")
    assert (well.status, well.changed()) == (0, 0), well.output
    assert "2 credentials: 2 steady" in well.output
    estate.make_due()
    estate.credentials["backup"]["credential_store"]["endpoint_url"] = "http://127.0.0.1:1"
    assert estate.run(STATUS, "-e", "rotate_only=deployer").status == 0, "a look that asks for nothing never fails"
    late = estate.run(STATUS, "-e", "status_fail_on=overdue")
    assert late.status == 2, late.output
    assert "Not readable: backup. 1 of 2 credentials need attention. deployer is overdue for" in late.output
    assert "backup: FAILED." in late.output
