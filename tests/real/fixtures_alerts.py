# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Receivers of alerts: the vendors' stand-ins, and a mail server."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.tests.servers.alerts import AlertReceivers
from ansible_collections.locksmith.rotation.tests.servers.mail import MailServer


@pytest.fixture(scope="session")
def alert_receivers() -> t.Iterator[AlertReceivers]:
    with AlertReceivers() as running:
        yield running


@pytest.fixture
def alerted(alert_receivers: AlertReceivers) -> AlertReceivers:
    """With nothing taken in yet, and no faults."""
    alert_receivers.forget()
    alert_receivers.calm()
    alert_receivers.settings(slack_archived=False)
    return alert_receivers


@pytest.fixture
def mail_server(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[MailServer]:
    with MailServer(tmp_path_factory.mktemp("mail")) as running:
        yield running
