# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grafana credentials of every kind: the option C(kind) picks the class that knows how to rotate it."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_api_key import ApiKeys
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_cloud_policy import AccessPolicyTokens
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_cloud_stack import CloudStackTokens
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_kind import GrafanaKind
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_server import SERVER_CONSTRAINTS, SERVER_OPTIONS
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_service_account import ServiceAccountTokens
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Setting

#: The value of O(kind) to the class that serves it.
KINDS: dict[str, type[GrafanaKind]] = {
    "service_account_token": ServiceAccountTokens,
    "api_key": ApiKeys,
    "cloud_stack_token": CloudStackTokens,
    "cloud_access_policy_token": AccessPolicyTokens,
}


class GrafanaIssuer(ServiceAccountTokens):
    """The issuer as a catalogue names it, after the default of O(kind). Never an instance itself: M(create) makes one of the
    class behind O(kind)."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        "kind": {"type": "str", "default": "service_account_token", "choices": list(KINDS)},
        **SERVER_OPTIONS,
        **{name: option for kind in KINDS.values() for name, option in kind.OPTIONS.items()},
        "seconds_to_live": {"type": "int"},
        "token_name_prefix": {"type": "str", "default": "", "no_log": False},
        "allow_fewer_permissions": {"type": "bool", "default": False},
    }
    CONSTRAINTS: t.ClassVar[dict[str, t.Any]] = {
        **SERVER_CONSTRAINTS,
        "required_if": [
            ["kind", "service_account_token", ["url", "service_account"]],
            ["kind", "service_account_token", ["grafana_api_key", "url_username"], True],
            ["kind", "api_key", ["url", "api_key_role"]],
            ["kind", "api_key", ["grafana_api_key", "url_username"], True],
            ["kind", "cloud_stack_token", ["cloud_api_key", "stack_slug", "service_account"]],
            ["kind", "cloud_access_policy_token", ["cloud_api_key", "access_policy", "region"]],
        ],
    }

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> GrafanaKind:
        return KINDS[options.get("kind") or "service_account_token"].create(options, setting)
