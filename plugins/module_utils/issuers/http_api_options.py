# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options in which a user describes an HTTP API, as an Ansible argument spec. Read by C(http_api_description.py)."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_pages import KINDS
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_template import METHODS


def _request(method: str, **more: t.Any) -> dict[str, t.Any]:
    """The suboptions of one request."""
    return {
        "type": "dict",
        "options": {
            "method": {"type": "str", "default": method, "choices": list(METHODS)},
            "path": {"type": "str", "required": True},
            "query": {"type": "dict"},
            "headers": {"type": "dict"},
            "body": {"type": "dict"},
            **more,
        },
    }


def _statuses(*default: int) -> dict[str, t.Any]:
    return {"type": "list", "elements": "int", "default": list(default)}


_PAGING: dict[str, t.Any] = {
    "type": "dict",
    "options": {
        "type": {"type": "str", "required": True, "choices": list(KINDS)},
        "parameter": {"type": "str"},
        "start": {"type": "int"},
        "size_parameter": {"type": "str"},
        "size": {"type": "int", "default": 100},
        "next": {"type": "str"},
    },
}

OPTIONS: dict[str, t.Any] = {
    "url": {"type": "str", "required": True},
    "identity": {"type": "str", "required": True},
    "api_token": {"type": "str", "no_log": True},
    "api_username": {"type": "str"},
    "api_password": {"type": "str", "no_log": True},
    "secret_headers": {"type": "dict", "no_log": True},
    "headers": {"type": "dict"},
    "create": {
        **_request(
            "POST",
            id={"type": "str"},
            secret={"type": "str", "required": True, "no_log": False},
            expires_at={"type": "str"},
            no_room=_statuses(),
        ),
        "required": True,
    },
    "list": _request(
        "GET",
        rows={"type": "str", "default": "."},
        id={"type": "str", "required": True},
        name={"type": "str"},
        created_at={"type": "str"},
        expires_at={"type": "str"},
        last_used_at={"type": "str"},
        last_used_resolution={"type": "str", "default": "5m"},
        active={"type": "dict"},
        gone={"type": "dict"},
        paging=_PAGING,
    ),
    "slots": {"type": "list", "elements": "str"},
    "first_slot": {"type": "str"},
    "check": _request("GET"),
    "verify": {
        **_request(
            "GET",
            url={"type": "str"},
            username={"type": "str"},
            password={"type": "str", "no_log": False},
            secret_in_url={"type": "bool", "default": False, "no_log": False},
            alive=_statuses(200),
            dead=_statuses(401),
            alive_if={"type": "dict"},
            id={"type": "str"},
            identity={"type": "str"},
            refuses_strangers={"type": "bool", "default": True},
            logins={"type": "int", "default": 1},
        ),
        "required": True,
    },
    "disable": _request("POST", already=_statuses()),
    "enable": _request("POST", already=_statuses()),
    "delete": {**_request("DELETE", already=_statuses(404)), "required": True},
    "lifetime": {"type": "str"},
    "max_keys": {"type": "int", "default": 0, "no_log": False},
    "error_message": {"type": "str"},
    "use_proxy": {"type": "bool", "default": True},
    "client_cert": {"type": "path"},
    "client_key": {"type": "path", "no_log": False},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
}

CONSTRAINTS: dict[str, t.Any] = {
    "mutually_exclusive": [["list", "slots"], ["api_token", "api_username"]],
    "required_one_of": [["list", "slots"], ["api_token", "api_username", "secret_headers", "client_cert"]],
    "required_together": [["api_username", "api_password"], ["slots", "check"], ["disable", "enable"]],
    "required_by": {"client_key": ["client_cert"], "first_slot": ["slots"]},
}
