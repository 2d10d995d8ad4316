# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests against real servers: one server each for the whole session."""

# pylint: disable=unused-import
from __future__ import annotations

import collections

import pytest

from ansible_collections.locksmith.rotation.tests.real.fixtures_alerts import alert_receivers, alerted, mail_server  # noqa: F401
from ansible_collections.locksmith.rotation.tests.real.fixtures_amg import amg, amg_12, amg_keys  # noqa: F401
from ansible_collections.locksmith.rotation.tests.real.fixtures_announce import receivers  # noqa: F401
from ansible_collections.locksmith.rotation.tests.real.fixtures_aws import in_aws, moto  # noqa: F401
from ansible_collections.locksmith.rotation.tests.real.fixtures_datadog import datadog, datadog_server  # noqa: F401
from ansible_collections.locksmith.rotation.tests.real.fixtures_grafana import grafana, grafana_12, grafana_server  # noqa: F401
from ansible_collections.locksmith.rotation.tests.real.fixtures_grafana_cloud import grafana_cloud, grafana_cloud_server  # noqa: F401
from ansible_collections.locksmith.rotation.tests.real.fixtures_http_api import (  # noqa: F401
    cloudflare,
    gitlab,
    http_keys,
    http_keys_servers,
    slots,
)
from ansible_collections.locksmith.rotation.tests.real.fixtures_iam import iam, iam_server  # noqa: F401
from ansible_collections.locksmith.rotation.tests.real.fixtures_manual import dashboard, dashboard_server  # noqa: F401
from ansible_collections.locksmith.rotation.tests.real.fixtures_postgres import documented_server, postgres, postgres_tls  # noqa: F401
from ansible_collections.locksmith.rotation.tests.real.fixtures_sendgrid import sendgrid, sendgrid_server  # noqa: F401
from ansible_collections.locksmith.rotation.tests.real.fixtures_stripe import stripe, stripe_server  # noqa: F401
from ansible_collections.locksmith.rotation.tests.real.fixtures_vault import openbao, recorder, vault_tls  # noqa: F401
from ansible_collections.locksmith.rotation.tests.real.fixtures_vault_issuers import approles, static_roles  # noqa: F401

#: What a file that runs whole playbooks imports from.
_PLAYBOOKS = ("tests.real.estate", "tests.real.test_rotation_")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that run whole playbooks, and of each kind with the one of most tests.

    Workers take the files in this order. A file of few tests that take long, taken last, would keep one worker busy while
    the others have nothing left to do.
    """
    tests = collections.Counter(item.path for item in items)
    slow = {path for path in tests if any(name in path.read_text(encoding="utf-8") for name in _PLAYBOOKS)}
    items.sort(key=lambda item: (item.path not in slow, -tests[item.path], item.path))
