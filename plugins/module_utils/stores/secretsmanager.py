# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS Secrets Manager as a store. Called by the engine through P(Store)."""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import time
import typing as t
import uuid

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import ROTATED_AT, Journalled, Published, Store
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import (
    AWS_RIGHTS,
    Endpoint,
    LeastRights,
    iam_policy,
    key_arn,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

DEFAULT_JOURNAL_PREFIX = "locksmith"
#: Bytes of a secret's value: PutSecretValue's API reference.
VALUE_LIMIT = 65536
#: The version ids that we choose are derived from what they are for, in this namespace.
_NAMESPACE = uuid.UUID("c8fbb3b4-6f0e-4c3c-9f2e-9a6c3f3f6b51")
_CURRENT = "AWSCURRENT"
_PENDING = "AWSPENDING"
#: Reading back: Secrets Manager may show the version before for a moment. Tries, and seconds in between.
_READ_BACK_TRIES = 5
_READ_BACK_PAUSE = 0.5
#: The name in an ARN ends with a hyphen and six characters that are not part of it.
#: What a run that rotates does with both secrets, and with the published one besides.
_ON_BOTH = ("GetSecretValue", "PutSecretValue", "CreateSecret")
_ON_PUBLISHED = ("DescribeSecret", "UpdateSecretVersionStage")
_ARN = re.compile(r"^arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:(?P<name>.+)-[A-Za-z0-9]{6}$")


class _Secret(t.NamedTuple):
    """A secret's current version. It has a name of its own so that no C(repr) shows the value."""

    version: str
    value: str

    def __repr__(self) -> str:
        return f"_Secret({self.version})"


class _Taken(errors.Rejected):
    """AWS says that it exists already."""


class _NotThere(errors.Rejected):
    """AWS says that a version or a stage is not where the request has it."""


class SecretsManagerStore(Store):
    """Publishes a JSON secret's fields.

    *Compare-and-set.* A new version is put beside the current one as AWSPENDING, under an id derived from its content, so that
    repeating an interrupted publication finds it. Then AWSCURRENT is moved to it *from the version expected*: AWS refuses
    that if the label is elsewhere by now. AWSPREVIOUS follows. The journal is another secret; the id of its revision 8
    is derived from the number, and AWS refuses a second value for an id that is taken, so one of two writers succeeds.

    *Rights.* On both secrets: secretsmanager:GetSecretValue, PutSecretValue, CreateSecret. On the published one also
    DescribeSecret and UpdateSecretVersionStage. With a KMS key of your own: kms:Decrypt and kms:GenerateDataKey.

    *Cost.* The journal is a second secret, and AWS bills each. AWS deletes no version in its first day, refuses more when about
    a hundred are there, and asks not to write more often than once in ten minutes for long: a rotation writes the journal
    several times, so this store is not for credentials that rotate many times a day.
    """

    TYPE = "secretsmanager"
    PLACE = "name"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **aws.AWS_OPTIONS,
        "name": {"type": "str"},
        # As the service calls it, and Vault's store something secret: so its value is blotted out, and name is better.
        "secret_id": {"type": "str", "no_log": True},
        "kms_key_id": {"type": "str", "no_log": False},
        "journal_prefix": {"type": "str"},
    }

    def __init__(self, options: t.Mapping[str, t.Any], field_names: t.Sequence[str], renames: t.Mapping[str, str] | None) -> None:
        super().__init__(field_names, renames)
        self._options = options
        self._name = str(options.get("name") or options.get("secret_id") or "")
        if not self._name:
            raise errors.ConfigurationError("store.name is missing.", next_step="give the name or the ARN of the secret.")
        match = _ARN.match(self._name)
        prefix = str(options.get("journal_prefix") or DEFAULT_JOURNAL_PREFIX).strip("/")
        self._journal_name = f"{prefix}/{match.group('name') if match else self._name}"

    @classmethod
    def preload(cls) -> None:
        aws.preload("secretsmanager")

    @classmethod
    def create(
        cls, options: t.Mapping[str, t.Any], field_names: t.Sequence[str], renames: t.Mapping[str, str] | None
    ) -> SecretsManagerStore:
        aws.check_options(options)
        return cls(options, field_names, renames)

    @property
    def place(self) -> str:
        return f"secretsmanager {self._name}"

    def endpoints(self) -> t.Sequence[Endpoint]:
        return [aws.endpoint_of("secretsmanager", self._options)]

    def least_rights(self) -> t.Sequence[LeastRights]:
        """AWS adds six characters to a secret's name in its ARN."""
        region = aws.region_of(self._options) or "*"
        published = self._name if _ARN.match(self._name) else f"arn:aws:secretsmanager:{region}:*:secret:{self._name}-??????"
        journal = f"arn:aws:secretsmanager:{region}:*:secret:{self._journal_name}-??????"
        key = self._options.get("kms_key_id")
        policy = iam_policy(
            ("ReadAndWriteBoth", [f"secretsmanager:{right}" for right in _ON_BOTH], [published, journal]),
            ("PublishTheValue", [f"secretsmanager:{right}" for right in _ON_PUBLISHED], published),
            *([("EncryptBoth", ("kms:Decrypt", "kms:GenerateDataKey"), key_arn(key))] if key else []),
        )
        return [LeastRights(AWS_RIGHTS, "json", policy)]

    # The journal

    def read_journal(self) -> Journalled | None:
        held = self._get(self._journal_name)
        if held is None:
            return None
        head, found, text = held.value.partition("\n")
        revision = head.split(" ")[0]
        if not found or not revision.isdecimal():
            raise errors.JournalError(
                f"the secret {self._journal_name} is not a journal, or somebody edited it.",
                next_step="move AWSCURRENT back to the version before, or set store.journal_prefix to another place.",
            )
        return Journalled(text, revision)

    def write_journal(self, text: str, expected: str | None) -> str:
        revision = int(expected or 0) + 1
        # The nonce makes equal texts of two runs different values, of which AWS takes one.
        value = f"{revision} {secrets.token_hex(8)}\n{text}"
        self._check_size(self._journal_name, len(value.encode("utf-8")))
        token = _version_id(self._journal_name, "journal", str(revision))
        try:
            if expected is None:
                self._create_journal(value, token)
            else:
                self._put(self._journal_name, value, token)
        except (_Taken, errors.NotFound):
            raise errors.Conflict(
                f"the journal {self._journal_name} in Secrets Manager is no longer at revision {expected or 'none'}.",
                next_step="another run works on this credential; the next run reads what it did.",
            ) from None
        return str(revision)

    def _create_journal(self, value: str, token: str) -> None:
        """Also where somebody made the secret beforehand, without a value, to attach a policy to it."""
        try:
            self._create_secret(self._journal_name, value, token, "A locksmith.rotation journal. Do not edit.")
        except _Taken:
            if self._get(self._journal_name) is not None:
                raise
            self._put(self._journal_name, value, token)

    # The published value

    def read_published(self) -> Published | None:
        return self._published(self._get(self._name))

    def publish(self, fields: SecretFields, rotated_at: str, expected: str | None) -> str:
        now = self._get(self._name)
        published = self._published(now)
        document = {**self._document(now), **self.outward(fields), ROTATED_AT: rotated_at}
        text = json.dumps(document, ensure_ascii=False)
        self._check_size(self._name, len(text.encode("utf-8")))
        token = _version_id(self._name, "published", str(expected), SecretFields({"": text}).fingerprint())
        if now is not None and now.version == token:
            return token
        if (published.revision if published else None) != expected:
            raise self._published_by_somebody()
        if now is None:
            self._publish_first(text, token)
        else:
            self._put(self._name, text, token, _PENDING)
            self._make_current(token, now.version)
        self._read_back(token, now.version if now else None)
        return token

    def remove(self, expected: str) -> None:
        """With its history and at once, so that nothing of it is kept or billed. AWS deletes unconditionally: a value
        put there in the instant after the comparison is lost."""
        published = self.read_published()
        if published is None or published.revision != expected:
            raise self._published_by_somebody()
        with self._errors(f"delete the secret {self._name}"):
            self._client().delete_secret(SecretId=self._name, ForceDeleteWithoutRecovery=True)

    def check_publishable(self, sizes: t.Mapping[str, int]) -> None:
        """See P(Store.check_publishable). The right to create a secret cannot be tried without creating one."""
        now = self._get(self._name)
        filler = {self._renames[name]: "x" * size for name, size in sizes.items() if name in self._renames}
        document = {**self._document(now), **filler, ROTATED_AT: "2026-11-21T03:14:00Z"}
        self._check_size(self._name, len(json.dumps(document, ensure_ascii=False).encode("utf-8")))
        self._check_state()
        if now is not None:
            self._check_rights(now)

    def _published(self, now: _Secret | None) -> Published | None:
        held = self._document(now)
        fields = self.inward(held)
        if now is None or not fields:
            return None
        rotated_at = held.get(ROTATED_AT)
        return Published(fields, now.version, str(rotated_at) if rotated_at is not None else None)

    def _document(self, now: _Secret | None) -> dict[str, t.Any]:
        if now is None:
            return {}
        with contextlib.suppress(ValueError):
            held = json.loads(now.value)
            if isinstance(held, dict):
                return held
        raise errors.Rejected(
            f"the secret {self._name} does not hold a JSON object, so a field cannot be published in it.",
            next_step="turn its value into a JSON object (its readers have to follow), or name another secret.",
        )

    def _publish_first(self, text: str, token: str) -> None:
        try:
            self._create_secret(self._name, text, token, "")
        except _Taken:
            if self._get(self._name) is not None:
                raise self._published_by_somebody() from None
            self._put(self._name, text, token)

    def _make_current(self, token: str, before: str) -> None:
        try:
            self._move(_CURRENT, before, token)
        except _NotThere:
            # Perhaps AWS was asked twice, after a lost answer.
            now = self._get(self._name)
            if now is None or now.version != token:
                raise self._published_by_somebody() from None
        finally:
            # AWS takes an AWSPENDING left behind for a rotation under way; the next publication takes it along if this fails.
            with contextlib.suppress(errors.ExternalError):
                self._move(_PENDING, token, None)

    def _read_back(self, token: str, before: str | None) -> None:
        for _try in range(_READ_BACK_TRIES):
            now = self._get(self._name)
            shown = now.version if now else None
            if shown == token:
                return
            if shown != before:
                raise self._published_by_somebody()
            time.sleep(_READ_BACK_PAUSE)
        raise errors.Unreachable(
            f"the secret {self._name} does not show yet the version {token} that was made current.",
            next_step="the next run reads it again.",
        )

    def _published_by_somebody(self) -> errors.Conflict:
        return errors.Conflict(
            f"{self.place} has been published by somebody else since it was read.", next_step="the next run looks at it anew."
        )

    def _check_state(self) -> None:
        try:
            with aws.aws_errors("secretsmanager", f"describe the secret {self._name}"):
                described = self._client().describe_secret(SecretId=self._name)
        except errors.NotFound:
            return
        if described.get("RotationEnabled") or described.get("OwningService"):
            raise errors.Rejected(
                f"the secret {self._name} is rotated by AWS itself ({described.get('OwningService') or 'rotation is enabled'}).",
                next_step="two rotations undo each other: cancel AWS's with cancel-rotate-secret, or leave this secret to it.",
            )

    def _check_rights(self, now: _Secret) -> None:
        """Ask for what changes nothing: AWS ignores the same value under the same id, and refuses to move a label from a
        version that there never was, but checks the rights first."""
        self._put(self._name, now.value, now.version)
        with contextlib.suppress(_NotThere, errors.NotFound):
            self._move(_PENDING, _version_id(self._name, "never"), None)

    # Requests

    def _client(self) -> t.Any:
        return aws.client("secretsmanager", self._options)

    def _get(self, name: str) -> _Secret | None:
        try:
            with self._errors(f"read the secret {name}"):
                got = self._client().get_secret_value(SecretId=name, VersionStage=_CURRENT)
        except errors.NotFound:
            return None
        if "SecretString" not in got:
            raise errors.Rejected(f"the secret {name} is a binary one.", next_step="name a secret that holds a JSON object.")
        return _Secret(got["VersionId"], got["SecretString"])

    def _put(self, name: str, value: str, token: str, stage: str = _CURRENT) -> None:
        with self._errors(f"write the secret {name}"):
            self._client().put_secret_value(SecretId=name, ClientRequestToken=token, SecretString=value, VersionStages=[stage])

    def _create_secret(self, name: str, value: str, token: str, description: str) -> None:
        request = {"Name": name, "ClientRequestToken": token, "SecretString": value}
        if description:
            request["Description"] = description
        if self._options.get("kms_key_id"):
            request["KmsKeyId"] = self._options["kms_key_id"]
        with self._errors(f"create the secret {name}"):
            self._client().create_secret(**request)

    def _move(self, stage: str, source: str, target: str | None) -> None:
        request = {"SecretId": self._name, "VersionStage": stage, "RemoveFromVersionId": source}
        if target is not None:
            request["MoveToVersionId"] = target
        with self._errors(f"move {stage} of the secret {self._name}"):
            self._client().update_secret_version_stage(**request)

    @contextlib.contextmanager
    def _errors(self, doing: str) -> t.Iterator[None]:
        """AWS's own meanings of the codes that this service overloads."""
        meanings: dict[str, type[errors.ExternalError]] = {
            "ResourceExistsException": _Taken,
            "InvalidParameterException": _NotThere,
            "InvalidRequestException": _ScheduledForDeletion,
        }
        try:
            with aws.aws_errors("secretsmanager", doing, meanings):
                yield
        except _ScheduledForDeletion:
            raise errors.Rejected(
                f"AWS refused to {doing}: most likely it is scheduled for deletion (InvalidRequestException).",
                next_step="take the deletion back with restore-secret, or use another name: this one is taken until then.",
            ) from None

    def _check_size(self, name: str, size: int) -> None:
        if size > VALUE_LIMIT:
            raise errors.QuotaExceeded(
                f"the secret {name} would be {size} bytes long, and AWS allows {VALUE_LIMIT}.",
                next_step="shorten the credential's fields, or use another store.",
            )


class _ScheduledForDeletion(errors.Rejected):
    """The secret cannot be used as it is; of the reasons that share the code, deletion is the one met in practice."""


def _version_id(*parts: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, "\n".join(parts)))
