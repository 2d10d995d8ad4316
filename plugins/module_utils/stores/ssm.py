# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWS Systems Manager Parameter Store as a store. Called by the engine through P(Store)."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import ROTATED_AT, Journalled, Published, Store
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.ssm_journal import (
    ADVANCED_LIMIT,
    STANDARD_LIMIT,
    WRITE_ATTEMPTS,
    SsmJournal,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import (
    AWS_RIGHTS,
    Endpoint,
    LeastRights,
    iam_policy,
    key_arn,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

DEFAULT_JOURNAL_PREFIX = "/locksmith"
_SECURE = "SecureString"
#: PutParameter's rules. They are checked here because a rights check could not tell that refusal from the one it hopes for.
_NAME = re.compile(r"^(?!/?(?:aws|ssm))(?:[a-z0-9_.-]+|(?:/[a-z0-9_.-]+){1,15})$", re.IGNORECASE)
#: What a request that is allowed and invalid is answered with.
_VALIDATION_FAILED = ("ValidationException", "ParameterPatternMismatchException", "ParameterAlreadyExists")


@dataclasses.dataclass(frozen=True)
class _Parameter:
    """One parameter as it is now; C(version) 0 is one that does not exist."""

    value: str = dataclasses.field(default="", repr=False)
    version: int = 0
    type: str = _SECURE


class SsmStore(Store):
    """Publishes one JSON SecureString (C(name)), or one SecureString a field (C(names)).

    *Compare-and-set.* SSM overwrites unconditionally. We read a parameter immediately before it is written, and the version
    that PutParameter returns shows whether somebody wrote in between; then that is reported, but their change to
    *other* fields of the same JSON is overwritten (SSM keeps it as an older version). The journal has exact
    compare-and-set, so two runs of ours never get that far: P(SsmJournal).

    *Pairs.* With C(names), fields are written one after the other, C(rotated_at) last, and readers can see a new key id
    with an old secret for the time of one request. A failure half-way puts the old values back. Readers that must never
    see a mixed pair need C(name).

    *Rights.* On the parameter: ssm:GetParameter, ssm:GetParameters, ssm:PutParameter. On the journal's path:
    ssm:GetParametersByPath, ssm:PutParameter, ssm:DeleteParameters. kms:Encrypt and kms:Decrypt on the key
    (kms:GenerateDataKey for the tier Advanced).

    *Cost.* Standard parameters are free. No labels are used: a label on an old version blocks its expiry after a hundred.
    """

    TYPE = "ssm"
    PLACE = "name"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **aws.AWS_OPTIONS,
        "name": {"type": "str"},
        "names": {"type": "dict"},
        "key_id": {"type": "str", "no_log": False},
        "tier": {"type": "str", "choices": ["Standard", "Advanced", "Intelligent-Tiering"]},
        "journal_prefix": {"type": "str"},
    }

    def __init__(self, options: t.Mapping[str, t.Any], field_names: t.Sequence[str], renames: t.Mapping[str, str] | None) -> None:
        super().__init__(field_names, renames)
        self._options = options
        name, names = options.get("name"), options.get("names")
        if bool(name) == bool(names):
            raise errors.ConfigurationError("store.name and store.names: exactly one of them is needed.", next_step="give one.")
        #: Published field to parameter; the one parameter of C(name) is under "".
        self._names: dict[str, str] = _checked_names(names, field_names, renames) if names else {"": str(name)}
        self._one = not names
        self._seen: dict[str, _Parameter] | None = None
        for each in self._names.values():
            _check_name(each)
        # Of several names, the one of the first field by alphabet: the same however the option is written.
        anchor = self._names[""] if self._one else self._names[min(field_names)]
        prefix = "/" + str(options.get("journal_prefix") or DEFAULT_JOURNAL_PREFIX).strip("/")
        _check_name(prefix)
        self._journal = SsmJournal(options, f"{prefix}/{anchor.strip('/')}/journal")

    @classmethod
    def preload(cls) -> None:
        aws.preload("ssm")

    @classmethod
    def create(
        cls, options: t.Mapping[str, t.Any], field_names: t.Sequence[str], renames: t.Mapping[str, str] | None
    ) -> SsmStore:
        aws.check_options(options)
        return cls(options, field_names, renames)

    @property
    def place(self) -> str:
        return "ssm " + ", ".join(sorted(self._names.values()))

    def read_journal(self) -> Journalled | None:
        return self._journal.read()

    def write_journal(self, text: str, expected: str | None) -> str:
        return self._journal.write(text, expected)

    def read_published(self) -> Published | None:
        return self._published(self._read())

    def publish(self, fields: SecretFields, rotated_at: str, expected: str | None) -> str:
        """See P(Store.publish). The version that PutParameter returns serves as the read-back: a version never changes."""
        now = self._read()
        published = self._published(now)
        if (published.revision if published else None) != expected:
            raise errors.Conflict(
                f"{self.place} has been published by somebody else since it was read.", next_step="the next run looks at it anew."
            )
        after = self._values({**self.outward(fields), ROTATED_AT: rotated_at}, now)
        self._check_size(after)
        return self._write_all(now, {key: value for key, value in after.items() if value != now[key].value})

    def remove(self, expected: str) -> None:
        """With its history. SSM deletes unconditionally: a value put there in the instant after the comparison is lost."""
        published = self._published(self._read())
        if published is None or published.revision != expected:
            raise errors.Conflict(f"{self.place} was written by somebody else in between.", next_step="run again.")
        with aws.aws_errors("ssm", f"delete the parameter {self._names['']}"):
            self._client().delete_parameter(Name=self._names[""])

    def check_publishable(self, sizes: t.Mapping[str, int]) -> None:
        """See P(Store.check_publishable). Whether the KMS key allows encryption shows only when something is written."""
        now = self._seen or self._read()  # for the size of siblings, what was read a moment ago will do
        filler = {self._renames[name]: "x" * size for name, size in sizes.items() if name in self._renames}
        self._check_size(self._values({**filler, ROTATED_AT: "2026-11-21T03:14:00Z"}, now))
        for name in self._names.values():
            self._check_writable(name)
        self._journal.check_deletable()

    def endpoints(self) -> t.Sequence[Endpoint]:
        return [aws.endpoint_of("ssm", self._options)]

    def least_rights(self) -> t.Sequence[LeastRights]:
        region, key = aws.region_of(self._options) or "*", self._options.get("key_id")
        published = [_parameter_arn(region, name) for name in sorted(self._names.values())]
        policy = iam_policy(
            ("PublishTheValue", ("ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter"), published),
            (
                "KeepTheJournal",
                ("ssm:GetParametersByPath", "ssm:PutParameter", "ssm:DeleteParameters"),
                [_parameter_arn(region, self._journal.path), _parameter_arn(region, f"{self._journal.path}/*")],
            ),
            *([("EncryptBoth", ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"), key_arn(key))] if key else []),
        )
        return [LeastRights(AWS_RIGHTS, "json", policy)]

    def _client(self, attempts: int = aws.MAX_ATTEMPTS) -> t.Any:
        return aws.client("ssm", self._options, attempts)

    def _read(self) -> dict[str, _Parameter]:
        """Every parameter as it is now, by key of C(self._names); one request."""
        if self._one:
            found = self._get(self._names[""])
            answer = [found] if found else []
        else:
            with aws.aws_errors("ssm", f"read the parameters {', '.join(sorted(self._names.values()))}"):
                answer = self._client().get_parameters(Names=sorted(self._names.values()), WithDecryption=True)["Parameters"]
        by_name = {each["Name"]: each for each in answer}
        self._seen = {key: self._understood(key, by_name.get(name)) for key, name in self._names.items()}
        return self._seen

    def _get(self, name: str) -> dict[str, t.Any] | None:
        try:
            with aws.aws_errors("ssm", f"read the parameter {name}"):
                return dict(self._client().get_parameter(Name=name, WithDecryption=True)["Parameter"])
        except errors.NotFound:
            return None

    def _understood(self, key: str, answer: t.Mapping[str, t.Any] | None) -> _Parameter:
        if answer is None:
            return _Parameter(type="String" if key == ROTATED_AT else _SECURE)
        if answer["Type"] != _SECURE and key != ROTATED_AT:
            raise errors.Rejected(
                f"the SSM parameter {self._names[key]} is a {answer['Type']}, which is not encrypted, and SSM cannot change it.",
                next_step="delete it, so that it is created as a SecureString, or name another one.",
            )
        return _Parameter(answer["Value"], int(answer["Version"]), answer["Type"])

    def _published(self, now: t.Mapping[str, _Parameter]) -> Published | None:
        held = self._document(now[""]) if self._one else {key: each.value for key, each in now.items() if each.version}
        fields = self.inward(held)
        if not fields:
            return None
        rotated_at = held.get(ROTATED_AT)
        return Published(fields, self._revision(now), str(rotated_at) if rotated_at is not None else None)

    @staticmethod
    def _revision(now: t.Mapping[str, _Parameter]) -> str:
        return ".".join(str(now[key].version) for key in sorted(now))

    def _document(self, parameter: _Parameter) -> dict[str, t.Any]:
        if not parameter.version:
            return {}
        with contextlib.suppress(ValueError):
            held = json.loads(parameter.value)
            if isinstance(held, dict):
                return held
        raise errors.Rejected(
            f"the SSM parameter {self._names['']} does not hold a JSON object, so a field cannot be published in it.",
            next_step="publish bare values with store.names, one parameter a field, or name a parameter that holds JSON.",
        )

    def _values(self, fields: t.Mapping[str, str], now: t.Mapping[str, _Parameter]) -> dict[str, str]:
        """What each parameter shall hold."""
        if not self._one:
            return {key: fields[key] for key in self._names if key in fields}
        text = json.dumps({**self._document(now[""]), **fields}, ensure_ascii=False)
        # SSM takes {{ for a reference and refuses it. In JSON it can only be inside a string, where this means the same.
        return {"": text.replace("{{", "\\u007b\\u007b")}

    def _check_size(self, values: t.Mapping[str, str]) -> None:
        limit = ADVANCED_LIMIT if self._options.get("tier") in ("Advanced", "Intelligent-Tiering") else STANDARD_LIMIT
        for key, value in values.items():
            size = len(value.encode("utf-8"))
            if size > limit:
                raise errors.QuotaExceeded(
                    f"the SSM parameter {self._names[key]} would be {size} bytes long, and its tier allows {limit}.",
                    next_step="set the store's tier to Advanced (8192 bytes), use store.names, or use another store.",
                )

    def _check_writable(self, name: str) -> None:
        """Ask for a write that must fail, and see why: AWS checks the right first, and then would refuse the type of data,
        the pattern that the value does not match, and a parameter that exists."""
        hoped_for = dict.fromkeys(_VALIDATION_FAILED, _Refused)
        with contextlib.suppress(_Refused), aws.aws_errors("ssm", f"write the parameter {name}", hoped_for):
            self._client(WRITE_ATTEMPTS).put_parameter(
                Name=name,
                Value="rights check",
                Type=_SECURE,
                Overwrite=False,
                AllowedPattern="^$",
                DataType="locksmith:rights-check",
            )

    def _write_all(self, now: t.Mapping[str, _Parameter], values: t.Mapping[str, str]) -> str:
        after = dict(now)
        for key, value in values.items():
            try:
                after[key] = self._write(key, value, now[key])
            except errors.ExternalError as error:
                error.stranded += self._put_back(now, after)
                raise
        return self._revision(after)

    def _put_back(self, before: t.Mapping[str, _Parameter], after: t.Mapping[str, _Parameter]) -> list[str]:
        """Undo the writes that were done, as far as possible; public lines about those that could not be undone."""
        left = []
        for key in [key for key in after if before[key].version and after[key].version != before[key].version]:
            try:
                self._write(key, before[key].value, after[key])
            except errors.ExternalError:
                left.append(f"the SSM parameter {self._names[key]} holds the new value beside others that hold the old one")
        return left

    def _write(self, key: str, value: str, before: _Parameter) -> _Parameter:
        name = self._names[key]
        try:
            with aws.aws_errors("ssm", f"write the parameter {name}", {"ParameterAlreadyExists": errors.Conflict}):
                version = int(self._client(WRITE_ATTEMPTS).put_parameter(**self._request(name, value, before))["Version"])
        except errors.Conflict:
            version = 0
        # A lost answer makes botocore ask twice: then the version expected holds our value too.
        if version != before.version + 1 and not self._holds(f"{name}:{before.version + 1}", value):
            raise errors.Conflict(
                f"somebody else wrote the SSM parameter {name} while it was being published.",
                next_step=f"if version {before.version + 1} changed other fields, take them from the parameter's history.",
            )
        return _Parameter(value, version or before.version + 1, before.type)

    def _holds(self, version: str, value: str) -> bool:
        found = self._get(version)
        return found is not None and found["Value"] == value

    def _request(self, name: str, value: str, before: _Parameter) -> dict[str, t.Any]:
        request = {"Name": name, "Value": value, "Type": before.type, "Overwrite": before.version > 0}
        if self._options.get("key_id") and before.type == _SECURE:
            request["KeyId"] = self._options["key_id"]
        if self._options.get("tier"):
            request["Tier"] = self._options["tier"]
        return request


class _Refused(errors.Rejected):
    """The refusal that a rights check hopes for."""


def _parameter_arn(region: str, name: str) -> str:
    return f"arn:aws:ssm:{region}:*:parameter/{name.lstrip('/')}"


def _check_name(name: str) -> None:
    if not _NAME.match(name):
        raise errors.ConfigurationError(
            f"{name!r} is not the name of an SSM parameter.",
            next_step="write name or /path/to/name, of letters, digits and _.- and not beginning with aws or ssm; "
            "an ARN, a version or a label cannot be written to.",
        )


def _checked_names(
    names: t.Mapping[str, t.Any], field_names: t.Sequence[str], renames: t.Mapping[str, str] | None
) -> dict[str, str]:
    """In the order in which they are written, C(rotated_at) last."""
    if renames:
        raise errors.ConfigurationError(
            "store.fields renames fields of a JSON value, and with store.names there is none.",
            next_step="leave out store.fields.",
        )
    if set(names) - {ROTATED_AT} != set(field_names) or not all(names.values()):
        raise errors.ConfigurationError(
            f"store.names names parameters for {', '.join(sorted(names))}.",
            next_step=f"it needs one for each of {', '.join(field_names)}, and may have one for {ROTATED_AT}.",
        )
    if len(set(names.values())) != len(names):
        raise errors.ConfigurationError("store.names names one parameter twice.", next_step="give each field its own.")
    return {field: str(names[field]) for field in (*field_names, ROTATED_AT) if field in names}
