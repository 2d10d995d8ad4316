# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that was made before the fork and turned sends exactly what one made for the purpose would send."""

from __future__ import annotations

import re
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws

_CALLS = {
    "iam": ("list_access_keys", {"UserName": "bob"}),
    "sts": ("get_caller_identity", {}),
    "ssm": ("get_parameter", {"Name": "/a"}),
    "secretsmanager": ("list_secrets", {}),
}
_SCOPE = re.compile(r"Credential=([^/]+)/\d+/([^,]+)")


class _Caught(Exception):
    """Raised where the request would have been sent."""


#: Requests in all of a client that is made before the fork.
ATTEMPTS = {service: attempts[0] for service, attempts in aws._PREPARED_ATTEMPTS.items()}


@pytest.fixture(autouse=True)
def no_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(aws, "_clients", {})
    monkeypatch.setattr(aws, "_prepared", {})
    monkeypatch.setattr(aws, "_preloaded", set())
    monkeypatch.setattr(aws, "_made_with", {})


def sent(service: str, options: dict[str, t.Any]) -> tuple[str, str, str, str]:
    """Where a request goes, and the key, the scope and the session token that sign it."""
    seen = []

    def catch(request: t.Any, **dummy: object) -> None:
        seen.append(request)
        raise _Caught

    made = aws.client(service, options, ATTEMPTS[service])
    made.meta.events.register("before-send", catch)
    operation, arguments = _CALLS[service]
    with pytest.raises(_Caught):
        getattr(made, operation)(**arguments)
    made.meta.events.unregister("before-send", catch)
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in seen[0].headers.items()}
    scope = _SCOPE.search(headers["Authorization"])
    assert scope is not None
    return seen[0].url, scope[1], scope[2], headers.get("X-Amz-Security-Token", "")


@pytest.mark.parametrize("service", sorted(_CALLS))
@pytest.mark.parametrize("region", ["eu-west-3", "us-east-1", "cn-north-1", "us-gov-west-1"])
@pytest.mark.parametrize("endpoint", [None, "http://127.0.0.1:4566"])
def test_it_goes_to_the_same_place_with_the_same_signature(service: str, region: str, endpoint: str | None) -> None:
    options = {
        "access_key": "AKIAEXAMPLE",
        "secret_key": "x" * 40,
        "session_token": "token",
        "region": region,
        "endpoint_url": endpoint,
    }
    made = sent(service, options)
    aws._clients.clear()
    aws.preload(service)
    ready = len(aws._prepared[service, ATTEMPTS[service]])
    assert sent(service, options) == made
    assert len(aws._prepared[service, ATTEMPTS[service]]) == ready - 1, "it was not used"


def test_it_serves_one_set_of_options_in_a_process() -> None:
    aws.preload("ssm")
    options = {"secret_key": "x" * 40, "region": "eu-west-3"}
    assert [sent("ssm", {**options, "access_key": key})[1] for key in ("AKIAONE", "AKIATWO", "AKIAONE")] == [
        "AKIAONE",
        "AKIATWO",
        "AKIAONE",
    ]


@pytest.mark.parametrize("settings", [{"validate_certs": False}, {"aws_ca_bundle": "/etc/ssl/other.pem"}])
def test_tls_settings_of_ones_own_get_a_client_of_ones_own(settings: dict[str, t.Any]) -> None:
    aws.preload("ssm")
    aws.client("ssm", {"access_key": "AKIAONE", "secret_key": "x" * 40, "region": "eu-west-3", **settings}, ATTEMPTS["ssm"])
    assert len(aws._prepared["ssm", ATTEMPTS["ssm"]]) == 1


def test_the_bundle_of_the_environment_is_that_of_the_clients_made_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/etc/ssl/of-the-company.pem")
    aws.preload("ssm")
    options = {"access_key": "AKIAONE", "secret_key": "x" * 40, "region": "eu-west-3"}
    made = aws.client("ssm", {**options, "aws_ca_bundle": "/etc/ssl/of-the-company.pem"}, ATTEMPTS["ssm"])
    assert not aws._prepared["ssm", ATTEMPTS["ssm"]], "it was not used"
    assert made._endpoint.http_session._verify == "/etc/ssl/of-the-company.pem"
