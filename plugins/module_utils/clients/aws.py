# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS clients: options, sessions, assumed roles, and the mapping of AWS errors to ours.

Called by the IAM and Managed Grafana issuers, the SSM and Secrets Manager stores and the usage report.
botocore is imported when it is first needed, so that a run without AWS does not pay for it. Clients are plain botocore
ones: boto3's own layer adds nothing here but time.

Speed is by design. The action plugin calls P(preload) in the controller's parent process: one botocore session with its
parsed service models, and clients that have not connected yet, are then inherited by every forked worker. Making a client costs a
worker 5 ms, most of it copies of memory shared with the parent; turning an inherited one to a credential's keys, region and
endpoint costs 0.5 ms. Connections are opened by the first request of a client, and clients are kept per process, so
none is ever shared across a fork.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import re
import time
import typing as t

from ansible.module_utils.common.parameters import env_fallback

from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock

#: Seconds.
CONNECT_TIMEOUT = 5
READ_TIMEOUT = 20
#: Requests in all, with botocore's jittered backoff (at most 20 seconds each) in between.
MAX_ATTEMPTS = 4
#: How often a request that AWS turned away unread is sent, and the longest pause that AWS may ask for in between, seconds.
_SEND_ATTEMPTS = 5
_TOO_MANY_REQUESTS = 429
_LONGEST_PAUSE = 60.0
#: Seconds: what we ask for (role chaining allows no more), and when we ask again.
_ASSUMED_FOR = 3600
_RENEW_AFTER = 2700
#: The clients that are made before the fork, by the number of requests in all that each may send: what one credential takes.
#: IAM creates with one and reads with more; the SSM store is patient when it writes.
_PREPARED_ATTEMPTS = {"iam": (1, MAX_ATTEMPTS), "sts": (1,), "ssm": (MAX_ATTEMPTS, 8), "secretsmanager": (MAX_ATTEMPTS,)}
#: The first request of a credential to each store, and arguments that are valid.
_WARM_REQUESTS = {
    "ssm": ("get_parameters_by_path", {"Path": "/none"}),
    "secretsmanager": ("get_secret_value", {"SecretId": "none"}),
}
#: Since this version botocore takes the keys of a single request from its signing context.
_TURNS_SINCE = (1, 34)
#: Services that answer worldwide, so that a missing region is no mistake.
_GLOBAL_SERVICES = ("iam", "sts")
GLOBAL_REGION = "us-east-1"

#: Named, aliased and defaulted as amazon.aws does it; the last three are ours.
AWS_OPTIONS: dict[str, t.Any] = {
    "access_key": {
        "type": "str",
        "no_log": False,
        "aliases": ["aws_access_key_id", "aws_access_key"],
        "fallback": (env_fallback, ["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"]),
    },
    "secret_key": {
        "type": "str",
        "no_log": True,
        "aliases": ["aws_secret_access_key", "aws_secret_key"],
        "fallback": (env_fallback, ["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"]),
    },
    "session_token": {
        "type": "str",
        "no_log": True,
        "aliases": ["aws_session_token"],
        "fallback": (env_fallback, ["AWS_SESSION_TOKEN"]),
    },
    "profile": {
        "type": "str",
        "aliases": ["aws_profile"],
        "fallback": (env_fallback, ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]),
    },
    "region": {
        "type": "str",
        "aliases": ["aws_region"],
        "fallback": (env_fallback, ["AWS_REGION", "AWS_DEFAULT_REGION"]),
    },
    "endpoint_url": {
        "type": "str",
        "aliases": ["aws_endpoint_url"],
        "fallback": (env_fallback, ["AWS_URL"]),
    },
    "validate_certs": {"type": "bool", "default": True},
    "aws_ca_bundle": {"type": "path", "fallback": (env_fallback, ["AWS_CA_BUNDLE"])},
    "assume_role_arn": {"type": "str"},
    "external_id": {"type": "str", "no_log": False},
    "role_session_name": {"type": "str", "default": "locksmith"},
}

Options = t.Mapping[str, t.Any]
Answer = t.TypeVar("Answer")
#: AWS error code to the error to raise instead of the usual one.
Meanings = t.Mapping[str, "type[errors.ExternalError]"]


class _Identity(t.NamedTuple):
    """Credentials for one client; all None means botocore's own provider chain."""

    access_key: str | None = None
    secret_key: str | None = None
    session_token: str | None = None

    def __repr__(self) -> str:
        return f"_Identity({self.access_key})"


class _Assumed(t.NamedTuple):
    identity: _Identity
    at: float


class _Turn:
    """Turns a client that was made before the fork to one credential's options, by the hooks that botocore has for requests."""

    def __init__(self, made: t.Any) -> None:
        self._region, self._endpoint = "", ""
        self._keys: t.Any = None
        made.meta.events.register("before-endpoint-resolution", self._direct)
        made.meta.events.register("before-call", self._sign)

    def to(self, region: str, endpoint: str, access_key: str, secret_key: str, token: str | None) -> None:
        from botocore.credentials import Credentials

        self._region, self._endpoint = region, endpoint
        self._keys = Credentials(access_key, secret_key, token)

    def _direct(self, builtins: dict[t.Any, t.Any], **dummy: object) -> None:
        from botocore.regions import EndpointResolverBuiltins

        builtins[EndpointResolverBuiltins.AWS_REGION] = self._region
        if self._endpoint:
            builtins[EndpointResolverBuiltins.SDK_ENDPOINT] = self._endpoint

    def _sign(self, params: dict[str, t.Any], **dummy: object) -> None:
        signing = params["context"].setdefault("signing", {})
        signing.setdefault("region", self._region)
        signing["request_credentials"] = self._keys


#: Profile name ("" for none) to botocore session. Inherited by forked workers: it holds no connection.
_sessions: dict[str, t.Any] = {}
#: Keyed by process id first: a worker never uses a connection that its parent opened.
_clients: dict[tuple[t.Any, ...], t.Any] = {}
_assumed: dict[tuple[t.Any, ...], _Assumed] = {}
#: Service and attempts to a client made before the fork. Each serves one set of options in a process.
_prepared: dict[tuple[str, int], list[tuple[t.Any, _Turn]]] = {}
#: The services that clients have been prepared of.
_preloaded: set[str] = set()
#: The C(bundle) of certificates that botocore was told of by environment or configuration when they were.
_made_with: dict[str, str | None] = {}


def check_options(options: Options) -> None:
    """Refuse what contradicts itself; opens no connection. To be called by M(create) of whoever uses P(client).

    :raises ConfigurationError: keys and a profile, half a key pair, an external id without a role.
    :raises MissingLibrary: botocore is not installed.
    """
    _session("")
    if options.get("profile") and options.get("access_key"):
        raise errors.ConfigurationError(
            "both an AWS profile and AWS access keys are given, by option or by environment variable.",
            next_step="give one of them: they may belong to different accounts.",
        )
    if bool(options.get("access_key")) != bool(options.get("secret_key")):
        raise errors.ConfigurationError(
            "only one of access_key and secret_key is given.",
            next_step="give both, or neither to use botocore's own credential chain (environment, profile, instance role).",
        )
    if options.get("external_id") and not options.get("assume_role_arn"):
        raise errors.ConfigurationError("external_id is given without assume_role_arn.", next_step="give assume_role_arn too.")


def preload(*services: str) -> None:
    """Import botocore, parse these services' models and make clients, so that forked workers inherit them. Sends nothing.

    Silent when botocore is missing: whoever needs it will say so.
    """
    with contextlib.suppress(errors.MissingLibrary):
        session = _session("")
        _made_with.setdefault("bundle", session.get_config_variable("ca_bundle"))
        for service in sorted(set(services) - _preloaded):
            _preloaded.add(service)
            for attempts in _PREPARED_ATTEMPTS.get(service, (MAX_ATTEMPTS,)):
                made = _make(session, service, {"region": GLOBAL_REGION}, _Identity("preload", "preload"), attempts)
                if _can_turn():
                    _prepared.setdefault((service, attempts), []).append((made, _Turn(made)))
                # Both are built from the whole model at the first refusal, which a check of rights hopes for.
                made.exceptions  # noqa: B018
                made.meta.service_model.shape_for_error_code("")
            if service in _WARM_REQUESTS and _prepared.get((service, MAX_ATTEMPTS)):
                _warm(_prepared[service, MAX_ATTEMPTS][0][0], *_WARM_REQUESTS[service])


def _warm(made: t.Any, operation: str, request: dict[str, str]) -> None:
    """Make a request that is answered on the spot, by botocore's own hook for that: what botocore builds for a service's first
    request is built here, once, and not in every worker. The client is signed with made-up keys, and nothing is sent.
    """
    from botocore.awsrequest import AWSResponse

    def answer(request: t.Any, **dummy: object) -> t.Any:
        nothing: t.Any = {}
        return AWSResponse(request.url, 200, nothing, _Empty())

    made.meta.events.register_first("before-send", answer)
    getattr(made, operation)(**request)
    made.meta.events.unregister("before-send", answer)


class _Empty:
    """The body of an answer that holds nothing: an empty JSON document."""

    def stream(self) -> t.Iterator[bytes]:
        yield b"{}"


def client(service: str, options: Options, max_attempts: int = MAX_ATTEMPTS) -> t.Any:
    """A botocore client, kept for the process.

    :arg options: values of C(AWS_OPTIONS); absent ones count as not given.
    :arg max_attempts: requests in all. Give 1 for a call that must not be sent twice (it creates a key): botocore
        repeats a request after a lost answer.
    :raises ConfigurationError: no such profile or no region. :raises Denied: the role may not be assumed.
    """
    key = (os.getpid(), service, max_attempts, *_identifying(options))
    identity = _identity(options)
    made = _clients.get((key, identity))
    if made is None:
        with aws_errors(service, f"prepare a client for {service}"):
            made = _turned(service, options, identity, max_attempts)
            made = made or _make(_session(options.get("profile") or ""), service, options, identity, max_attempts)
        _clients[(key, identity)] = made
    return made


def send_once(clock: Clock, request: t.Callable[[], Answer]) -> Answer:
    """Send a request that must not be sent twice, because it creates a key: C(request) uses a client of one attempt.

    Only a request that AWS turned away unread (throttled) is repeated, after the pause that AWS asks for or a growing one.
    To be called inside P(aws_errors), which makes sense of what it raises.
    """
    from botocore.exceptions import ClientError

    for turn in range(1, _SEND_ATTEMPTS):
        try:
            return request()
        except ClientError as refusal:
            if error_code(refusal) not in _TURNED_AWAY and _status(refusal) != _TOO_MANY_REQUESTS:
                raise
            asked = _asked_pause(refusal.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("retry-after"))
        clock.sleep(random.uniform(0.5, 1) * 2**turn if asked is None else asked + random.uniform(0, 1))
    return request()


def _status(refusal: t.Any) -> int:
    """The HTTP status of a botocore ClientError; a proxy's refusal has no code of AWS's."""
    return int(refusal.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)


def _asked_pause(retry_after: str | None) -> float | None:
    """Seconds of a Retry-After header, not more than P(_LONGEST_PAUSE); None without one."""
    asked = str(retry_after or "")
    return min(float(asked), _LONGEST_PAUSE) if asked.isdecimal() else None


def region_of(options: Options) -> str | None:
    """The region that requests go to: of the options, or of botocore's own configuration."""
    found = options.get("region") or _session(options.get("profile") or "").get_config_variable("region")
    return str(found) if found else None


def endpoint_of(service: str, options: Options) -> Endpoint:
    """Where requests to a service go. Sends nothing.

    :raises ConfigurationError: no region.
    """
    with aws_errors(service, f"find the endpoint of {service}"):
        made = _make(_session(options.get("profile") or ""), service, options, _Identity("nobody", "nothing"), 1)
    try:
        return Endpoint(str(made.meta.endpoint_url), options.get("aws_ca_bundle"), options.get("validate_certs") is not False)
    finally:
        made.close()


def signing_key(options: Options) -> str:
    """The id of the access key that signs the requests; empty where a role is assumed, or where there are no credentials."""
    if options.get("assume_role_arn"):
        return ""
    given = _own_identity(options).access_key
    if given is not None:
        return given
    found = _session(options.get("profile") or "").get_credentials()
    return str(found.access_key) if found is not None else ""


def forget_clients() -> None:
    """Close this process's clients and forget assumed roles."""
    for key in [key for key in _clients if key[0][0] == os.getpid()]:
        _clients.pop(key).close()
    _assumed.clear()


def _identifying(options: Options) -> tuple[t.Any, ...]:
    return tuple(options.get(name) for name in AWS_OPTIONS)


def _identity(options: Options) -> _Identity:
    """Explicit keys, or those of the assumed role, or none."""
    own = _own_identity(options)
    if not options.get("assume_role_arn"):
        return own
    key = (os.getpid(), *_identifying(options))
    held = _assumed.get(key)
    if held is None or time.monotonic() - held.at > _RENEW_AFTER:
        held = _assumed[key] = _Assumed(_assume(options, own), time.monotonic())
    return held.identity


def _own_identity(options: Options) -> _Identity:
    access_key, token = options.get("access_key") or None, options.get("session_token") or None
    if access_key is None:
        return _Identity()
    environment_keys = [os.environ.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY")]
    if token == os.environ.get("AWS_SESSION_TOKEN") and access_key not in environment_keys:
        token = None  # it came along from the environment, and belongs to the key there
    return _Identity(access_key, options.get("secret_key") or None, token)


def _assume(options: Options, own: _Identity) -> _Identity:
    role = options["assume_role_arn"]
    request = {
        "RoleArn": role,
        "RoleSessionName": options.get("role_session_name") or "locksmith",
        "DurationSeconds": _ASSUMED_FOR,
    }
    if options.get("external_id"):
        request["ExternalId"] = options["external_id"]
    with aws_errors("sts", f"assume the role {role}"):
        sts = _make(_session(options.get("profile") or ""), "sts", options, own, MAX_ATTEMPTS)
        got = sts.assume_role(**request)["Credentials"]
        sts.close()
    return _Identity(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"])


def _session(profile: str) -> t.Any:
    """The process's botocore session for a profile; all of them share one loader with its parsed models."""
    if profile in _sessions:
        return _sessions[profile]
    try:
        import botocore.session
    except ImportError:
        raise errors.MissingLibrary(
            "the Python package boto3, which everything about AWS needs, is not installed for the Python that runs this.",
            next_step="install boto3 there; in AWX, use an execution environment built with this collection's requirements.",
        ) from None
    _silence()
    session = botocore.session.Session(profile=profile or None)
    if profile:
        session.register_component("data_loader", _session("").get_component("data_loader"))
    _sessions[profile] = session
    return session


def _silence() -> None:
    """botocore logs bodies at DEBUG, which ANSIBLE_DEBUG with a log file would write down."""
    for name in ("botocore", "boto3", "urllib3"):
        logging.getLogger(name).setLevel(logging.INFO)


def _make(session: t.Any, service: str, options: Options, identity: _Identity, max_attempts: int) -> t.Any:
    from botocore.config import Config

    region = options.get("region") or session.get_config_variable("region") or _worldwide(service)
    verify: t.Any = options.get("aws_ca_bundle") or None
    if options.get("validate_certs") is False:
        verify = False
    made = session.create_client(
        service,
        region_name=region,
        endpoint_url=options.get("endpoint_url") or None,
        verify=verify,
        aws_access_key_id=identity.access_key,
        aws_secret_access_key=identity.secret_key,
        aws_session_token=identity.session_token,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            retries={"mode": "standard", "total_max_attempts": max_attempts},
            user_agent_extra="locksmith.rotation",
        ),
    )
    made.meta.events.register("after-call", _refuse_broken_json)
    made.meta.events.register_first(f"needs-retry.{made.meta.service_model.service_id.hyphenize()}", _Patience(max_attempts))
    return made


class _Patience:
    """Waits as long as a Retry-After header says, which botocore's own retries do not look at. Asked before those."""

    def __init__(self, max_attempts: int) -> None:
        self._max_attempts = max_attempts

    def __call__(self, response: t.Any = None, attempts: int = 1, **dummy: object) -> float | None:
        """Seconds to wait before the request is sent again; None where that is botocore's to decide."""
        if response is None or attempts >= self._max_attempts or response[0].status_code not in (_TOO_MANY_REQUESTS, 503):
            return None
        asked = _asked_pause(response[0].headers.get("Retry-After"))
        return None if asked is None else asked + random.uniform(0, 1)


def _refuse_broken_json(http_response: t.Any, model: t.Any, **dummy: object) -> None:
    """botocore takes JSON that is cut off or garbled for an answer without content: a list of nothing, a value that is not there.

    :raises ResponseParserError: as it does itself for XML.
    """
    if "json" not in str(model.service_model.protocol) or http_response.status_code >= 300 or not http_response.content:
        return
    from botocore.parsers import ResponseParserError

    try:
        json.loads(http_response.content)
    except ValueError:
        raise ResponseParserError("the answer is no JSON") from None


def _worldwide(service: str) -> str | None:
    """The region of a service that does not need one."""
    return GLOBAL_REGION if service in _GLOBAL_SERVICES else None


def _can_turn() -> bool:
    import botocore

    return tuple(int(part) for part in botocore.__version__.split(".")[:2]) >= _TURNS_SINCE


def _turned(service: str, options: Options, identity: _Identity, max_attempts: int) -> t.Any:
    """A client made before the fork, turned to these options.

    None where there is none left or where it cannot be: TLS settings and a profile's own belong to a client for good. The bundle of
    the environment is none of its own: botocore gives that to every client it makes.
    """
    bundle = options.get("aws_ca_bundle")
    fixed = options.get("validate_certs") is False or (bundle and bundle != _made_with.get("bundle")) or options.get("profile")
    region = options.get("region") or _session("").get_config_variable("region") or _worldwide(service)
    if fixed or not identity.access_key or not identity.secret_key or not region or not _prepared.get((service, max_attempts)):
        return None
    made, turn = _prepared[service, max_attempts].pop()
    turn.to(region, options.get("endpoint_url") or "", identity.access_key, identity.secret_key, identity.session_token)
    return made


#: Answers that prove that a request was turned away before it did anything.
_TURNED_AWAY = {
    *("Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException"),
    *("TooManyRequestsException", "RequestLimitExceeded", "SlowDown"),
}
#: What a code means to us; what is in none of these is a refusal. Codes differ from service to service for the same thing.
_DENIED = {
    *("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess", "NotAuthorized", "OptInRequired"),
    *("AuthFailure", "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException", "InvalidToken"),
    *("SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "RequestExpired"),
    *("ExpiredToken", "ExpiredTokenException", "MissingAuthenticationToken", "MissingAuthenticationTokenException"),
}
#: Also those that AWS's references call temporary: another change to the same thing is under way.
_UNREACHABLE = {
    *_TURNED_AWAY,
    "PriorRequestNotComplete",
    *("ServiceUnavailable", "ServiceUnavailableException", "ServiceFailure", "RequestTimeout", "RequestTimeoutException"),
    *("InternalFailure", "InternalError", "InternalServerError", "InternalServiceError"),
    *("TooManyUpdates", "EntityTemporarilyUnmodifiable", "ConcurrentModification", "ConcurrentModificationException"),
}
_NOT_FOUND = {
    *("NoSuchEntity", "NoSuchEntityException", "ParameterNotFound", "ParameterVersionNotFound"),
    *("ResourceNotFound", "ResourceNotFoundException"),
}
_QUOTA = {
    *("LimitExceeded", "LimitExceededException", "ServiceQuotaExceededException"),
    *("ParameterLimitExceeded", "ParameterMaxVersionLimitExceeded"),
}
#: AWS names the missing right itself: "User: ARN is not authorized to perform: kms:Decrypt on resource: ARN".
_MISSING_RIGHT = re.compile(r"not authorized to perform: ([a-z0-9-]+:[A-Za-z]+)")


@contextlib.contextmanager
def aws_errors(service: str, doing: str, meanings: Meanings | None = None) -> t.Iterator[None]:
    """Turn botocore's errors into ours, without a word of any request or answer body.

    :arg service: as botocore calls it, for the name of the right: C(ssm).
    :arg doing: completes "AWS refused to": C(read the parameter /app/key). Public words only.
    :arg meanings: AWS error codes that mean something else here than usually.
    """
    import botocore.exceptions as raised
    from botocore.parsers import ResponseParserError

    error: errors.LocksmithError
    try:
        yield
    except raised.ClientError as refusal:
        error = _from_refusal(refusal, service, doing, meanings or {})
    except (raised.ProfileNotFound, raised.NoRegionError, raised.ConfigParseError, raised.ConfigNotFound) as problem:
        error = errors.ConfigurationError(
            f"AWS: cannot {doing}: {type(problem).__name__}.",
            next_step="check the options profile and region and the AWS configuration file.",
        )
    except (raised.NoCredentialsError, raised.PartialCredentialsError, raised.CredentialRetrievalError):
        error = errors.Denied(
            f"AWS: cannot {doing}: no usable AWS credentials were found.",
            next_step="give access_key and secret_key, or profile, or run where an instance or task role is attached.",
        )
    except (raised.HTTPClientError, raised.ConnectionError, ResponseParserError) as problem:  # the last: some proxy's HTML page
        error = errors.Unreachable(
            f"AWS did not answer the request to {doing}: {type(problem).__name__}.",
            next_step="check region, endpoint_url, proxy and CA bundle; the next run tries again.",
        )
    except raised.BotoCoreError as problem:
        error = errors.Rejected(f"AWS: cannot {doing}: {type(problem).__name__}.", next_step="check the options.")
    except ValueError:  # botocore's own, of an address that is none
        error = errors.ConfigurationError(f"AWS: cannot {doing}: malformed address.", next_step="check endpoint_url and region.")
    else:
        return
    raise error from None


def error_code(refusal: t.Any) -> str:
    """The code of a botocore ClientError: C(NoSuchEntity). Public."""
    return str(refusal.response.get("Error", {}).get("Code", "")).rpartition("#")[2] or "no code"


def _from_refusal(refusal: t.Any, service: str, doing: str, meanings: Meanings) -> errors.LocksmithError:
    code = error_code(refusal)
    status = _status(refusal)
    answer = f"HTTP {status}" if code == str(status) else f"{code}, HTTP {status}"
    if code in meanings:
        return meanings[code](f"AWS refused to {doing} ({answer}).")
    if code in _DENIED or (status == 403 and code not in _UNREACHABLE):
        return errors.Denied(f"AWS refused to {doing} ({answer}).", next_step=_right_needed(refusal, service))
    if code in _UNREACHABLE or status >= 500 or status == 429:
        return errors.Unreachable(f"AWS could not {doing} just now ({answer}).", next_step="the next run tries again.")
    if code in _NOT_FOUND:
        return errors.NotFound(f"AWS cannot {doing}: there is no such thing ({answer}).")
    if code in _QUOTA:
        quota = refusal.response.get("quotaCode")
        return errors.QuotaExceeded(
            f"AWS refused to {doing}: a quota is used up ({answer}{f', quota {quota}' if quota else ''})."
        )
    return errors.Rejected(f"AWS refused to {doing} ({answer}).")


def _right_needed(refusal: t.Any, service: str) -> str:
    named = _MISSING_RIGHT.search(str(refusal.response.get("Error", {}).get("Message", "")))
    right = named.group(1) if named else f"{service}:{refusal.operation_name}"
    return f"check that the AWS credentials are valid and that their identity has the right {right}."
