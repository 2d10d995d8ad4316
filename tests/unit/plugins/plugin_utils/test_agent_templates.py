# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grace of a credential against the interval of the hosts that pull it by themselves."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.agent_grace import grace_problems
from ansible_collections.locksmith.rotation.plugins.plugin_utils.agent_templates import template_for
from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import read_catalogue

_PULLS = {"consumer_credentials": [{"credential": "db", "dest": "/a", "format": "env", "pull": "vault_agent"}]}


def _problems(host: dict[str, t.Any], **credential: t.Any) -> list[str]:
    variables: dict[str, t.Any] = {
        "groups": {"all": ["web1", "db"], "credentials": ["db"]},
        "hostvars": {"web1": host, "db": credential},
    }
    return grace_problems(read_catalogue(variables).pullers, variables["hostvars"])


def test_a_grace_within_the_interval_is_refused_with_the_sum() -> None:
    (problem,) = _problems(_PULLS, credential_grace="6m")
    assert "db: credential_grace is 6m, and web1, which pulls by itself" in problem
    assert "6m (vault_agent_render_interval 5m + vault_agent_command_timeout 60s)" in problem
    assert _problems(_PULLS, credential_grace="361s") == []
    assert _problems(_PULLS) == [], "the usual grace is a day"


def test_the_hosts_own_interval_counts() -> None:
    slow = {**_PULLS, "vault_agent_render_interval": "2d", "vault_agent_command_timeout": "10m"}
    (problem,) = _problems(slow)
    assert "for 2d 10m (" in problem
    assert _problems({**_PULLS, "vault_agent_render_interval": "1s"}, credential_grace="62s") == []


def test_hosts_that_are_written_to_have_no_interval() -> None:
    pushed = {"consumer_credentials": [{"credential": "db", "dest": "/a", "format": "env"}]}
    assert _problems(pushed, credential_grace="0s") == []


def test_an_interval_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="vault_agent_render_interval"):
        _problems({**_PULLS, "vault_agent_render_interval": "often"})


def test_what_is_not_in_vault_cannot_be_pulled() -> None:
    entry: dict[str, t.Any] = {"credential": "db", "dest": "/a", "format": "env", "fields": {}, "store": None}
    known = {"db": {"credential_type": "postgresql", "credential_store": {"type": "ssm", "name": "/db"}}}
    with pytest.raises(ConfigurationError, match="a store of type ssm, and an agent reads from vault alone"):
        template_for(entry, known)
