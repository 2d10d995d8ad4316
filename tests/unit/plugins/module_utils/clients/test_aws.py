# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What AWS's errors become, and what is refused before any request."""

from __future__ import annotations

import builtins
import typing as t

import botocore.exceptions
import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors

SECRET = "a-secret-in-a-message"


def refusal(code: str, status: int, message: str = SECRET) -> botocore.exceptions.ClientError:
    answer: t.Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return botocore.exceptions.ClientError(answer, "GetParameter")


def mapped(problem: Exception, meanings: aws.Meanings | None = None) -> errors.LocksmithError:
    with pytest.raises(errors.LocksmithError) as raised, aws.aws_errors("ssm", "read the parameter /app/key", meanings):
        raise problem
    return raised.value


@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [
        ("AccessDeniedException", 400, errors.Denied),
        ("AccessDenied", 403, errors.Denied),
        ("InvalidClientTokenId", 403, errors.Denied),
        ("ExpiredTokenException", 400, errors.Denied),
        ("SomethingNew", 403, errors.Denied),
        ("ThrottlingException", 400, errors.Unreachable),
        ("Throttling", 403, errors.Unreachable),
        ("TooManyUpdates", 400, errors.Unreachable),
        ("EntityTemporarilyUnmodifiable", 409, errors.Unreachable),
        ("SomethingNew", 503, errors.Unreachable),
        ("SomethingNew", 429, errors.Unreachable),
        ("NoSuchEntity", 404, errors.NotFound),
        ("ParameterNotFound", 400, errors.NotFound),
        ("ResourceNotFoundException", 400, errors.NotFound),
        ("LimitExceeded", 409, errors.QuotaExceeded),
        ("ParameterLimitExceeded", 400, errors.QuotaExceeded),
        ("ValidationException", 400, errors.Rejected),
        ("", 400, errors.Rejected),
    ],
)
def test_a_refusal_becomes_the_error_that_says_what_to_do(code: str, status: int, meaning: type[errors.LocksmithError]) -> None:
    error = mapped(refusal(code, status))
    assert error.__class__ is meaning
    assert "read the parameter /app/key" in str(error) and str(status) in str(error) and (code or "no code") in str(error)
    assert SECRET not in str(error) and error.__cause__ is None and error.__suppress_context__


def test_a_caller_can_give_a_code_another_meaning() -> None:
    assert mapped(refusal("AccessDenied", 403), {"AccessDenied": errors.Conflict}).__class__ is errors.Conflict


def test_the_missing_right_is_named_by_aws_or_else_by_the_operation() -> None:
    said = "User: arn:aws:iam::1:user/x is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:::key/1"
    assert "the right kms:Decrypt" in mapped(refusal("AccessDeniedException", 400, said)).next_step
    assert "the right ssm:GetParameter" in mapped(refusal("AccessDeniedException", 400)).next_step


@pytest.mark.parametrize(
    ("problem", "meaning"),
    [
        (botocore.exceptions.EndpointConnectionError(endpoint_url="http://x"), errors.Unreachable),
        (botocore.exceptions.ReadTimeoutError(endpoint_url="http://x"), errors.Unreachable),
        (botocore.exceptions.SSLError(endpoint_url="http://x", error=ValueError(SECRET)), errors.Unreachable),
        (botocore.exceptions.NoCredentialsError(), errors.Denied),
        (botocore.exceptions.CredentialRetrievalError(provider="process", error_msg=SECRET), errors.Denied),
        (botocore.exceptions.ProfileNotFound(profile="nobody"), errors.ConfigurationError),
        (botocore.exceptions.NoRegionError(), errors.ConfigurationError),
        (botocore.exceptions.ParamValidationError(report=f"value: {SECRET}"), errors.Rejected),
    ],
)
def test_what_botocore_raises_itself_is_told_without_its_text(problem: Exception, meaning: type[errors.LocksmithError]) -> None:
    error = mapped(problem)
    assert error.__class__ is meaning
    assert SECRET not in str(error) and error.__suppress_context__


def test_our_own_errors_and_bugs_pass_through() -> None:
    with pytest.raises(ZeroDivisionError), aws.aws_errors("ssm", "x"):
        raise ZeroDivisionError
    conflict = errors.Conflict("x")
    assert mapped(conflict) is conflict


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"profile": "a", "access_key": "b", "secret_key": "c"}, "profile"),
        ({"access_key": "b"}, "only one of"),
        ({"secret_key": "b"}, "only one of"),
        ({"external_id": "b"}, "assume_role_arn"),
    ],
)
def test_contradicting_options_are_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(errors.ConfigurationError, match=message):
        aws.check_options(options)


def test_a_missing_library_is_named_with_its_cure_and_preloading_does_not_mind(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *given: t.Any, **options: t.Any) -> t.Any:
        if name.startswith("botocore"):
            raise ImportError(name)
        return real(name, *given, **options)

    monkeypatch.setattr(aws, "_sessions", {})
    monkeypatch.setattr(builtins, "__import__", without)
    aws.preload("iam")
    with pytest.raises(errors.MissingLibrary, match="boto3") as raised:
        aws.check_options({})
    assert "execution environment" in raised.value.next_step


@pytest.mark.parametrize(("key_in_environment", "token"), [("AKIA", "a-token"), ("AKIAOTHER", None)])
def test_a_session_token_of_the_environment_belongs_to_the_key_there(
    monkeypatch: pytest.MonkeyPatch, key_in_environment: str, token: str | None
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-token")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key_in_environment)
    options = {"access_key": "AKIA", "secret_key": "x", "session_token": "a-token"}
    assert aws._identity(options).session_token == token
    assert aws._identity({**options, "session_token": "its-own"}).session_token == "its-own"


def test_an_identity_does_not_show_its_secrets() -> None:
    assert SECRET not in repr(aws._Identity("AKIA", SECRET, SECRET))
