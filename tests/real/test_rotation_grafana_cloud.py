# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grafana Cloud tokens from end to end: the playbook, an encrypted file as the store, and a machine that reads the token raw."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.locksmith.rotation.tests.real.fixtures_grafana import unique
from ansible_collections.locksmith.rotation.tests.real.test_rotation_grafana import Exporter
from ansible_collections.locksmith.rotation.tests.servers.grafana_cloud import REGION, SLUG, GrafanaCloudServer
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto


class Writer(Exporter):
    """A credential of Grafana Cloud."""

    def __init__(self, cloud: GrafanaCloudServer, moto: Moto, top: pathlib.Path, **options: t.Any) -> None:
        self.cloud, self.login = cloud, cloud.admin_token
        self.build(moto, top, {"cloud_api_url": cloud.api_url, "cloud_api_key": self.login, **options})


@pytest.fixture
def stack(grafana_cloud: GrafanaCloudServer, moto: Moto, tmp_path: pathlib.Path) -> Writer:
    account = {"service_account": unique("exporter"), "service_account_role": "Viewer"}
    place = {"stack_slug": SLUG, "url": grafana_cloud.stack_url}
    return Writer(grafana_cloud, moto, tmp_path, kind="cloud_stack_token", **place, **account)


@pytest.fixture
def policy(grafana_cloud: GrafanaCloudServer, moto: Moto, tmp_path: pathlib.Path) -> Writer:
    name = unique("metrics-writer")
    grafana_cloud.create_policy(name)
    return Writer(grafana_cloud, moto, tmp_path, kind="cloud_access_policy_token", access_policy=name, region=REGION)


def test_a_stack_token_from_its_creation_to_its_end(stack: Writer) -> None:
    stack.cloud.settings(fresh_failures=1)
    first = stack.rotate()
    assert first.status == 0, first.output
    old = stack.token()
    stack.estate.credentials["dashboards"]["credential_grace"] = "0s"
    ended = stack.rotate("-e", "credential_force=true", "--diff", "-vvv")
    assert ended.status == 0, ended.output
    new = stack.token()
    assert (stack.cloud.works_at_stack(old), stack.cloud.works_at_stack(new), stack.token("running") == new) == (
        False,
        True,
        True,
    )
    assert stack.rotate().changed() == 0
    assert not any(secret in output for secret in (old, new, stack.login) for output in stack.shown)


def test_a_policy_token_expires_before_it_is_deleted_and_can_be_brought_back_in_between(policy: Writer) -> None:
    first = policy.rotate()
    assert first.status == 0, first.output
    old = policy.token()
    policy.estate.credentials["dashboards"].update(credential_grace="0s", credential_recovery_wait="1h")
    forced = policy.rotate("-e", "credential_force=true", "-vvv")
    assert forced.status == 0, forced.output
    new = policy.token()
    state, name = policy.cloud.state(), policy.estate.credentials["dashboards"]["credential_options"]["access_policy"]
    (number,) = [one["id"] for one in state["policies"] if one["name"] == name]
    made = [token for token in state["cloud_tokens"] if token["policy"] == number]
    assert (policy.cloud.works(old), policy.cloud.works(new), len(made)) == (False, True, 2), "expired, and not deleted"
    back = policy.estate.run("locksmith.rotation.rollback", "-e", "rotate_only=dashboards")
    policy.shown.append(back.output)
    assert back.status == 0, back.output
    assert (policy.token() == old, policy.token("running") == old, policy.cloud.works(old)) == (True, True, True)
    assert not any(secret in output for secret in (old, new, policy.login) for output in policy.shown)
