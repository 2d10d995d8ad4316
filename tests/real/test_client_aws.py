# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AWS client layer against moto: forks, retries, assumed roles, silence."""

from __future__ import annotations

import logging
import os
import socket
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.tests.real.fixtures_aws import Aws

ROLE = {"assume_role_arn": "arn:aws:iam::210987654321:role/rotator", "external_id": "agreed"}


def in_child(action: t.Callable[[], object]) -> str:
    """What C(action) gives in a forked process, as text."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(write, str(action()).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    return said


def test_a_client_is_made_once_in_a_process(in_aws: Aws) -> None:
    assert aws.client("ssm", in_aws.moto.options) is aws.client("ssm", dict(in_aws.moto.options))
    assert aws.client("ssm", in_aws.moto.options) is not aws.client("ssm", {**in_aws.moto.options, "region": "eu-west-1"})
    assert aws.client("ssm", in_aws.moto.options) is not aws.client("ssm", in_aws.moto.options, 1)


def test_a_fork_uses_no_client_of_its_parent(in_aws: Aws) -> None:
    mine = aws.client("ssm", in_aws.moto.options)
    mine.describe_parameters()
    assert in_child(lambda: aws.client("ssm", in_aws.moto.options) is mine) == "False"
    assert in_child(lambda: len(aws.client("ssm", in_aws.moto.options).describe_parameters()["Parameters"]) >= 0) == "True"
    assert aws.client("ssm", in_aws.moto.options) is mine


def test_a_fork_finds_the_models_parsed(in_aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.preload("ssm")
    loader = aws._session("").get_component("data_loader")

    def again(path: str) -> t.Any:
        raise AssertionError(f"{path} is read again")

    monkeypatch.setattr(loader.file_loader, "load_file", again)
    assert in_child(lambda: aws.client("ssm", in_aws.moto.options).meta.service_model.service_name) == "ssm"


def test_preloading_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*dummy: object) -> None:
        raise AssertionError("a connection is opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    aws.preload("ssm")


def test_a_role_is_assumed_once(in_aws: Aws) -> None:
    options = {**in_aws.moto.options, **ROLE, "role_session_name": f"locksmith-{in_aws.mark}"}
    identity = aws.client("sts", options).get_caller_identity()
    assert identity["Arn"] == f"arn:aws:sts::210987654321:assumed-role/rotator/locksmith-{in_aws.mark}"
    before = in_aws.moto.log().count("POST /")
    aws.client("ssm", options)
    assert in_aws.moto.log().count("POST /") == before


def test_a_role_is_assumed_again_before_its_session_ends(in_aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {**in_aws.moto.options, **ROLE, "role_session_name": f"locksmith-{in_aws.mark}"}
    first = aws.client("ssm", options)
    late = aws.time.monotonic() + 3000
    monkeypatch.setattr(aws.time, "monotonic", lambda: late)
    assert aws.client("ssm", options) is not first


def test_a_role_that_may_not_be_assumed_is_named(in_aws: Aws) -> None:
    poor = in_aws.moto.user(f"poor-{in_aws.mark}", ["ssm:GetParameter"])
    with in_aws.moto.enforcing(), pytest.raises(errors.Denied, match="role/rotator") as raised:
        aws.client("ssm", {**poor, **ROLE})
    assert "sts:AssumeRole" in raised.value.next_step


def test_a_request_that_must_not_be_repeated_is_not(in_aws: Aws) -> None:
    request = {"Name": f"/app/{in_aws.mark}", "Value": "x", "Type": "String"}
    with pytest.raises(errors.Unreachable), in_aws.losing_answer("ssm", "PutParameter"), aws.aws_errors("ssm", "write"):
        aws.client("ssm", {"name": f"/app/{in_aws.mark}", **in_aws.moto.options}, 1).put_parameter(**request)
    assert in_aws.client("ssm").get_parameter(Name=request["Name"])["Parameter"]["Version"] == 1


def test_a_profile_is_used_with_its_region(in_aws: Aws, tmp_path: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = tmp_path / "credentials"
    credentials.write_text("[rotator]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = x\nregion = eu-west-3\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    monkeypatch.setattr(aws, "_sessions", {"": aws._session("")})
    client = aws.client("ssm", {"profile": "rotator", "endpoint_url": in_aws.moto.url})
    assert client.meta.region_name == "eu-west-3"
    assert client._request_signer._credentials.access_key == "AKIAPROFILE"


def test_a_log_at_debug_shows_no_body(in_aws: Aws, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        in_aws.ssm().write_journal("a-journalled-secret", None)
        logging.getLogger("somebody").debug("is heard")
    assert "is heard" in caplog.text
    assert "a-journalled-secret" not in caplog.text and in_aws.moto.secret_key not in caplog.text
