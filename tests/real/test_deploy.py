# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deploying without rotating or retiring, also where the inventory is a slice that has machines and not their credentials."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.locksmith.rotation.tests.real.estate import Estate
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

_DEPLOY = "locksmith.rotation.deploy"


@pytest.fixture
def estate(moto: Moto, tmp_path: pathlib.Path) -> Estate:
    return Estate(moto, tmp_path, ["deployer"], ["web1"])


def test_a_slice_without_the_credential_finds_it_in_the_catalogue_and_nothing_is_rotated_or_retired(estate: Estate) -> None:
    published = estate.rotate("--skip-tags", "deploy,retire")
    assert published.status == 0 and not (estate.top / "web1" / "deployer.env").exists(), published.output
    catalogue = estate.top / "catalogue.yml"
    catalogue.write_bytes((estate.top / "credentials.yml").read_bytes())
    whole, estate.credentials = estate.credentials, {}
    refused = estate.run(_DEPLOY)
    assert refused.status != 0 and "pass your catalogue" in refused.output
    lost = estate.run(_DEPLOY, "-e", "rotate_catalogue=nowhere.yml")
    assert lost.status != 0 and "rotate_catalogue: nowhere.yml has no group 'credentials'" in lost.output
    deployed = estate.run(_DEPLOY, "-e", "rotate_catalogue=catalogue.yml")
    assert deployed.status == 0 and estate.has("web1", "deployer", "running") == estate.published_id("deployer"), deployed.output
    estate.credentials = whole
    estate.make_due()
    again = estate.run(_DEPLOY)
    assert (again.status, again.changed()) == (0, 0) and len(estate.key_ids("deployer")) == 1, "due, and none of its business"
