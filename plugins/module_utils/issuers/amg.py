# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Amazon Managed Grafana: tokens of a workspace's service accounts, or the API keys of workspaces of version 8 to 10.

Neither can live for more than 30 days, so nothing but rotation keeps its users working. AWS's own API makes and deletes them
(P(AmgApi)), and only Grafana at the workspace's own address knows whether one works (P(WorkspaceLogin)).
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Connection
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.amg_api import LONGEST_LIFE, AmgApi, Workspace
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.amg_login import WorkspaceLogin
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.amg_secrets import ApiKeys, Secrets, Tokens
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    Attempt,
    Issued,
    Issuer,
    KeyInfo,
    LastUse,
    Setting,
    Verdict,
    Verification,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import AWS_RIGHTS, Endpoint, LeastRights, iam_policy
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    ExternalError,
    Rejected,
    Unreachable,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

_DAY = 86400
#: Whether secrets are listed (tokens of service accounts) or not (API keys) to a statement's name and what it allows.
_RIGHTS: dict[bool, tuple[str, tuple[str, ...]]] = {
    True: (
        "RotateServiceAccountTokens",
        (
            "DescribeWorkspace",
            "ListWorkspaceServiceAccounts",
            "CreateWorkspaceServiceAccount",
            "ListWorkspaceServiceAccountTokens",
            "CreateWorkspaceServiceAccountToken",
            "DeleteWorkspaceServiceAccountToken",
        ),
    ),
    False: ("RotateApiKeys", ("DescribeWorkspace", "CreateWorkspaceApiKey", "DeleteWorkspaceApiKey")),
}
_KINDS: dict[str, type[Secrets]] = {"service_account": Tokens, "api_key": ApiKeys}
#: The engine's attempt names of one credential, and what they add to its name.
_ATTEMPT_NAME = r"locksmith-{credential}-\d{{8}}T\d{{6}}-[0-9a-f]{{8}}"
_ATTEMPT_NAME_LENGTH = len("locksmith--20261121T031400-9f86d081")
_WORKSPACE_ID = re.compile(r"g-[0-9a-f]{10}")


class AmgIssuer(Issuer):
    """See the module's docstring."""

    KIND = "amg"
    MODULE = "amg_api_key_rotate"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        "workspace_id": {"type": "str", "required": True},
        "workspace_url": {"type": "str"},
        "token_type": {"type": "str", "default": "service_account", "choices": list(_KINDS), "no_log": False},
        "service_account": {"type": "str"},
        "create_service_account": {"type": "bool", "default": True},
        "role": {"type": "str", "choices": ["VIEWER", "EDITOR", "ADMIN"]},
        "seconds_to_live": {"type": "int", "default": LONGEST_LIFE},
        "token_name_prefix": {"type": "str", "default": "", "no_log": False},
        **aws.AWS_OPTIONS,
    }
    CONSTRAINTS: t.ClassVar[dict[str, t.Any]] = {
        "required_if": [["token_type", "service_account", ["service_account"]], ["token_type", "api_key", ["role"]]],
    }
    FIELDS = ("token",)
    MINTS = True
    #: With the default grace and recovery wait this leaves a day for a run that comes late.
    ROTATE_AFTER = "20d"

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        self._options = options
        self._setting = setting
        self._lifetime: int = options.get("seconds_to_live") or LONGEST_LIFE
        self._prefix: str = options.get("token_name_prefix") or ""
        self._api = AmgApi(options["workspace_id"], options, setting.clock)
        self._secrets = _kind(options)(self._api, options, setting.clock)
        self._login = WorkspaceLogin(self._url, _connection(options), setting.clock)
        self._described: Workspace | None = None

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> AmgIssuer:
        aws.check_options(options)
        if not _WORKSPACE_ID.fullmatch(options["workspace_id"]):
            raise ConfigurationError(
                f"workspace_id is {options['workspace_id']!r}.", next_step="write the id and not the name: g-0123456789."
            )
        _check_lifetime(options.get("seconds_to_live") or LONGEST_LIFE, setting)
        _check_names(options, setting, _kind(options).LONGEST_NAME)
        return cls(options, setting)

    @property
    def identity(self) -> str:
        return self._secrets.owner

    @property
    def capacity(self) -> int:
        return 0

    @property
    def lists_keys(self) -> bool:
        return self._secrets.LISTED

    def endpoints(self) -> t.Sequence[Endpoint]:
        return [aws.endpoint_of("grafana", self._options)]

    def least_rights(self) -> t.Sequence[LeastRights]:
        region = aws.region_of(self._options) or "*"
        workspace = f"arn:aws:grafana:{region}:*:/workspaces/{self._options['workspace_id']}"
        sid, actions = _RIGHTS[self._secrets.LISTED]
        return [LeastRights(AWS_RIGHTS, "json", iam_policy((sid, [f"grafana:{action}" for action in actions], workspace)))]

    def keys(self) -> list[KeyInfo]:
        return self._secrets.keys()

    def check_room(self, listed: t.Sequence[KeyInfo], recorded: t.Container[str]) -> None:
        """Only for what is to be created: what a workspace had before its upgrade can still be retired."""
        self._secrets.check_version(self._workspace())

    def stranded(self, attempt: Attempt, recorded: t.Container[str]) -> list[KeyInfo]:
        return [key for key in self._secrets.stranded(self._prefix + attempt.name) if key.id not in recorded]

    def _secrets_of(self, key_id: str, secret: str) -> Secrets:
        """Of the kind that C(token_type) says, except for an API key that a token of a service account takes the place of."""
        if self._secrets.LISTED and ApiKeys.owns(key_id, secret):
            return ApiKeys(self._api, self._options, self._setting.clock)
        return self._secrets

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        name, asked_at = self._prefix + attempt.name, self._setting.clock.now()
        try:
            key_id, secret = self._secrets.create(name, self._lifetime)
        except Unreachable as problem:
            raise Unreachable(
                f"{problem.message} The request may have taken effect.",
                next_step="run again: the next run deletes what this attempt left behind, and creates another.",
                stranded=[f"perhaps {name} of {self.identity}, which nobody has ever used"],
            ) from None
        fields = SecretFields({"token": secret}).register(self.PUBLIC_FIELDS)
        return Issued(key_id, fields, asked_at, asked_at + self._lifetime)

    def verify(self, version: Issued) -> Verification:
        token = version.fields.get("token", "")
        login = self._login.try_token(token)
        if login.verdict is not Verdict.ALIVE:
            return Verification(login.verdict, detail=login.detail)
        try:
            identity, dummy = self._secrets_of(version.id, token).whose(version.id, token, login)
        except Rejected:
            raise
        except ExternalError as error:
            return Verification(Verdict.UNKNOWN, detail=error.message)
        return Verification(Verdict.ALIVE, identity, login.detail)

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        """:raises Unreachable: whether it is ours could not be found out."""
        token = fields.get("token", "")
        secrets = self._secrets_of("", token)
        try:
            login = self._login.try_token(token)
            if login.verdict is Verdict.UNKNOWN:
                raise Unreachable(f"whether the published token is of {self.identity} is unknown: {login.detail}")
            if login.verdict is Verdict.DEAD or not secrets.whose("", token, login)[1]:
                return None
        except Rejected:
            return None
        return secrets.find(token)

    def last_use(self, version: Issued) -> LastUse:
        """Our own logins count as use too."""
        return self._secrets_of(version.id, "").last_use(version.id)

    def delete(self, version: Issued) -> None:
        """Also clears away tokens of this credential that have expired, because those count against the quota too."""
        self._secrets_of(version.id, "").delete(version.id)
        credential = re.escape(self._setting.credential)
        self._secrets.tidy(re.compile(re.escape(self._prefix) + _ATTEMPT_NAME.format(credential=credential)))

    def _workspace(self) -> Workspace:
        if self._described is None:
            self._described = self._api.describe()
        return self._described

    def _url(self) -> str:
        return self._options.get("workspace_url") or self._workspace().url


def _kind(options: t.Mapping[str, t.Any]) -> type[Secrets]:
    return _KINDS[options.get("token_type") or "service_account"]


def _connection(options: t.Mapping[str, t.Any]) -> Connection:
    """To the workspace's own address, which is AWS's too."""
    return Connection(validate_certs=options.get("validate_certs") is not False, ca_path=options.get("aws_ca_bundle") or None)


def _check_lifetime(seconds: int, setting: Setting) -> None:
    """Refuse whatever would let a token die while it is in use."""
    if not 1 <= seconds <= LONGEST_LIFE:
        raise ConfigurationError(
            f"{setting.credential}: seconds_to_live is {seconds}; Amazon Managed Grafana takes 1 to {LONGEST_LIFE} (30 days).",
            next_step="leave it out: a token then gets 30 days, and is deleted as soon as it has been replaced.",
        )
    late = min(_DAY, setting.rotate_after)
    parts = {
        "rotate_after": setting.rotate_after,
        "grace": setting.grace,
        "recovery_wait": setting.recovery_wait,
        "a run that comes late": late,
    }
    needed = sum(parts.values())
    if needed > seconds:
        written = " + ".join(f"{name} {format_duration(length)}" for name, length in parts.items())
        raise ConfigurationError(
            f"{setting.credential}: {written} = {format_duration(needed)}, but a token of Amazon Managed Grafana lives for "
            f"{format_duration(seconds)}"
            + (" at most" if seconds == LONGEST_LIFE else " (seconds_to_live)")
            + ", so one would die while it is in use.",
            next_step=f"lower rotate_after to {format_duration(max(0, setting.rotate_after - (needed - seconds)))} or less, or grace, "
            "or recovery_wait (which tokens do not need: they are deleted and never disabled).",
        )


def _check_names(options: t.Mapping[str, t.Any], setting: Setting, longest: int) -> None:
    length = len(options.get("token_name_prefix") or "") + len(setting.credential) + _ATTEMPT_NAME_LENGTH
    if length > longest:
        raise ConfigurationError(
            f"names of new tokens of {setting.credential} would have {length} characters; AWS allows {longest}.",
            next_step="shorten token_name_prefix or the credential's name.",
        )
