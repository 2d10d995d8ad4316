# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mistyped inventory, catalogue or name: Ansible finds no host then and ends well; the playbooks do not, because nothing was rotated."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.locksmith.rotation.tests.real.estate import Estate
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

_TAKE_NAMES = ("rotate", "rollback", "status", "doctor", "audit", "to_retire", "supply", "grafana_migrate", "emergency")
_OTHERS = ("evidence", "deploy")


@pytest.mark.parametrize("playbook", [*_TAKE_NAMES, *_OTHERS])
def test_an_inventory_without_anything_in_it_is_no_success(moto: Moto, tmp_path: pathlib.Path, playbook: str) -> None:
    ended = Estate(moto, tmp_path, [], []).run(f"locksmith.rotation.{playbook}")
    assert ended.status != 0 and ended.changed() == 0, ended.output
    assert "The inventory has no " in ended.output and "Nothing was changed anywhere." in ended.output, ended.output


def test_machines_without_a_catalogue_are_no_success(moto: Moto, tmp_path: pathlib.Path) -> None:
    ended = Estate(moto, tmp_path, [], ["web1"]).rotate()
    assert ended.status != 0 and ended.changed() == 0 and "The inventory has no group 'credentials'" in ended.output, ended.output


@pytest.mark.parametrize("playbook", _TAKE_NAMES)
def test_a_name_that_the_catalogue_does_not_have_is_no_success(moto: Moto, tmp_path: pathlib.Path, playbook: str) -> None:
    ended = Estate(moto, tmp_path, ["deployer"], []).run(f"locksmith.rotation.{playbook}", "-e", "rotate_only=deployer,bakup")
    assert ended.status != 0 and ended.changed() == 0, ended.output
    assert "rotate_only names bakup, which the catalogue does not have." in ended.output, ended.output
