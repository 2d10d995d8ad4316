# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access keys of an AWS IAM user: two slots, so the new key lives beside the old one.

Called by the engine. IAM keys have no names; P(IamIssuer.stranded) says how a lost one is told from somebody else's.
Facts about the API are those of botocore's service model (iam 2010-05-08, sts 2011-06-15) unless said otherwise.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers import iam_rights, iam_sessions, iam_trail
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    Attempt,
    AuditTrail,
    Issued,
    Issuer,
    KeyInfo,
    LastUse,
    Revocation,
    Setting,
    Verdict,
    Verification,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint, LeastRights
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import Check
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

#: AWS's quota AccessKeysPerUser; it cannot be raised.
_KEYS_PER_USER = 2
#: Seconds that our clock may be ahead of AWS's: SigV4 refuses requests that are more than five minutes off.
_CLOCK_SKEW = 300
#: Seconds after the intent within which its create request must have arrived: it is the next thing that a run sends.
_CREATED_WITHIN = 900
#: AWS gives no figure for access keys; "recent activity usually appears within four hours" is its figure for the last-accessed
#: data of the same service. Uses within 15 minutes of each other are recorded as the first one (credential report). Seconds.
_LAST_USE_LAG = 14400
#: STS's answers that prove that a key does not authenticate: deleted, inactive, or not this secret.
_DEAD_CODES = ("InvalidClientTokenId", "SignatureDoesNotMatch", "AuthFailure", "InvalidAccessKeyId")


class _Dead(errors.ExternalError):
    """STS does not know the key, or not with this secret."""


class IamIssuer(Issuer):
    """See the module's docstring."""

    KIND = "iam"
    MODULE = "iam_key_rotate"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {"user_name": {"type": "str", "aliases": ["username"]}, **aws.AWS_OPTIONS}
    FIELDS = ("access_key_id", "secret_access_key")
    PUBLIC_FIELDS = ("access_key_id",)
    MINTS = True
    CAN_DISABLE = True
    INSTEAD = (
        "An access key is the last resort: what runs in AWS can have a role (EC2, ECS, EKS, Lambda), and what presents an OIDC token can "
        "assume one (GitHub Actions, GitLab, Kubernetes). Neither has anything to rotate."
    )
    #: One login says that one of STS's servers knows the key; IAM is eventually consistent.
    LOGINS_NEEDED = 3

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        self._options = options
        self._clock = setting.clock
        self._user_name: str = options.get("user_name") or ""
        #: Key ids that IAM itself has named as this user's, in the account that we manage.
        self._confirmed: set[str] = set()

    @classmethod
    def preload(cls) -> None:
        aws.preload("iam", "sts")

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> IamIssuer:
        aws.check_options(options)
        return cls(options, setting)

    @property
    def identity(self) -> str:
        """Without C(user_name) the name is known only after the first request, which this is not worth."""
        return f"iam user {self._user_name}" if self._user_name else "the iam user that signs the requests"

    @property
    def capacity(self) -> int:
        return _KEYS_PER_USER

    def keys(self) -> list[KeyInfo]:
        with aws.aws_errors("iam", f"list the access keys of the IAM user {self._user}"):
            listed = [_key_info(entry) for entry in self._listed()]
        self._confirmed.update(key.id for key in listed)
        return listed

    def _listed(self) -> t.Iterator[t.Mapping[str, t.Any]]:
        """Page by page. botocore's own paginator reads four hundred directories first, in every worker."""
        request = {"UserName": self._user}
        while True:
            page = self._iam().list_access_keys(**request)
            yield from page["AccessKeyMetadata"]
            if not page.get("IsTruncated"):
                return
            request["Marker"] = page["Marker"]

    def check_room(self, listed: t.Sequence[KeyInfo], recorded: t.Container[str]) -> None:
        if len(listed) < _KEYS_PER_USER:
            return
        foreign = [key.id for key in listed if key.id not in recorded]
        has = f"The IAM user {self._user} has {len(listed)} access keys, the most that AWS allows"
        keys = "; ".join(self._describe(key, "not ours" if key.id in foreign else "ours") for key in listed)
        if not foreign:
            raise errors.QuotaExceeded(f"{has}, both ours: {keys}.", next_step="the previous one must be retired first.")
        raise errors.ForeignKeys(
            f"{has}: {keys}. There is no room for a new one, and a key that is not ours is never touched.",
            next_step=f"find out who uses {' and '.join(foreign)}; deactivate one (aws iam update-access-key --status Inactive "
            f"--user-name {self._user} --access-key-id …), delete it when nothing broke, and run again.",
        )

    def stranded(self, attempt: Attempt, recorded: t.Container[str]) -> list[KeyInfo]:
        """IAM keys have no names. Ours is the one that the journal does not know, that was not there before the attempt, that
        was created when the attempt was under way, and that nobody ever used: nobody but us has seen its secret.
        """
        new = [
            key
            for key in self.keys()
            if key.id not in recorded and key.id not in attempt.known_ids and (key.created_at or 0) >= attempt.at - _CLOCK_SKEW
        ]
        ours = [key for key in new if (key.created_at or 0) <= attempt.at + _CREATED_WITHIN and self._used(key.id).at is None]
        if len(ours) < len(new) or len(ours) > 1:
            keys = "; ".join(self._describe(key, "not in the journal") for key in new)
            raise errors.ForeignKeys(
                f"An interrupted attempt of {to_iso(attempt.at)} to create an access key for the IAM user {self._user} may have "
                f"left one of these behind, but it cannot be proved: {keys}.",
                next_step="find out whether somebody uses it; if nobody does, delete it; then run again.",
            )
        return ours

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        """Sent once: a repeated request would create a second key. Only a throttled request, which did nothing, is repeated."""
        user = self._user
        try:
            with aws.aws_errors("iam", f"create an access key for the IAM user {user}"):
                key = aws.send_once(self._clock, lambda: self._iam(max_attempts=1).create_access_key(UserName=user))["AccessKey"]
        except errors.Unreachable as problem:
            raise errors.Unreachable(
                f"{problem.message} The request may have taken effect.",
                next_step="run again: the next run finds a key that this attempt left behind, deletes it and creates another.",
                stranded=[f"perhaps an access key of the IAM user {user} that nobody has ever used"],
            ) from None
        self._confirmed.add(key["AccessKeyId"])
        fields = SecretFields({"access_key_id": key["AccessKeyId"], "secret_access_key": key["SecretAccessKey"]})
        return Issued(id=key["AccessKeyId"], fields=fields.register(self.PUBLIC_FIELDS), created_at=key["CreateDate"].timestamp())

    def verify(self, version: Issued) -> Verification:
        """C(sts:GetCallerIdentity) needs no permission and no policy can deny it, so it works for every user."""
        try:
            arn = self._caller(version.fields)
            is_listed = self._is_listed(version.id)
        except _Dead as problem:
            return Verification(Verdict.DEAD, detail=problem.message)
        except errors.ExternalError as problem:
            return Verification(Verdict.UNKNOWN, detail=problem.message)
        if _user_of(arn).lower() != self._user.lower():
            raise errors.Rejected(
                f"The access key {version.id} works, but belongs to {arn}, not to the IAM user {self._user}.",
                next_step="check user_name and what the store publishes.",
            )
        if not is_listed:
            return Verification(Verdict.UNKNOWN, detail=f"{version.id} works as {arn}, but the managed account does not list it.")
        return Verification(Verdict.ALIVE, identity=arn)

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        return next((key for key in self.keys() if key.id == fields.get("access_key_id")), None)

    def owner_of(self, key_id: str) -> str:
        """IAM names the user of any key of the account with its last use. A key of another account is none of ours to know."""
        try:
            with aws.aws_errors("iam", f"look up the owner of the access key {key_id}"):
                name = self._iam().get_access_key_last_used(AccessKeyId=key_id).get("UserName")
        except (errors.NotFound, errors.Denied):
            return ""
        return f"iam user {name}" if name else ""

    def last_use(self, version: Issued) -> LastUse:
        return self._used(version.id)

    def own_login(self, versions: t.Sequence[Issued]) -> str:
        """The access key that signs the requests, if it is one of them. Temporary credentials of a role are none."""
        signing = aws.signing_key(self._options)
        ids = [version.id or version.fields.get("access_key_id", "") for version in versions]
        return signing if signing and signing in ids else ""

    def audit(self, key_id: str, since: float, places: t.Sequence[str], most: int) -> AuditTrail | None:
        """By CloudTrail, in the region of the options and where IAM, STS and the other global services log (us-east-1)."""
        regions = places or [region for region in (aws.region_of(self._options), aws.GLOBAL_REGION) if region]
        return iam_trail.search(key_id, self._options, regions, since, most, self._clock)

    def endpoints(self) -> t.Sequence[Endpoint]:
        return [aws.endpoint_of("iam", self._options)]

    def examine(self) -> t.Sequence[Check]:
        return [iam_rights.examine(self._user, self._options, self._iam())]

    def least_rights(self) -> t.Sequence[LeastRights]:
        return [iam_rights.least_rights(iam_rights.user_arn(self._user, self._options, self._iam()))]

    def disable(self, version: Issued) -> None:
        """A key that is gone is off already."""
        try:
            self._set_status(version.id, "Inactive", "deactivate")
        except errors.NotFound:
            return

    def enable(self, version: Issued) -> None:
        self._set_status(version.id, "Active", "reactivate")

    def delete(self, version: Issued) -> None:
        try:
            with aws.aws_errors("iam", f"delete the access key {version.id} of the IAM user {self._user}"):
                self._iam().delete_access_key(UserName=self._user, AccessKeyId=version.id)
        except errors.NotFound:
            return

    def revoke_sessions(self, version: Issued, made_by: str, replaced_at: float | None) -> Revocation:
        return iam_sessions.deny_before(self._iam(), self._user, self._clock)

    def lift_bar(self) -> None:
        iam_sessions.allow_again(self._iam(), self._user)

    @property
    def _user(self) -> str:
        """The user's name, which IAM wants with temporary credentials and takes with all others."""
        if not self._user_name:
            with aws.aws_errors("sts", "find out which IAM user signs the requests"):
                arn = aws.client("sts", self._options).get_caller_identity()["Arn"]
            self._user_name = _user_of(arn)
        if not self._user_name:
            raise errors.ConfigurationError(
                f"user_name is not given, and the requests are signed by {arn}, which is not an IAM user.",
                next_step="give user_name; only a user that rotates its own keys may omit it.",
            )
        return self._user_name

    def _iam(self, max_attempts: int = aws.MAX_ATTEMPTS) -> t.Any:
        return aws.client("iam", self._options, max_attempts)

    def _set_status(self, key_id: str, status: str, doing: str) -> None:
        with aws.aws_errors("iam", f"{doing} the access key {key_id} of the IAM user {self._user}"):
            self._iam().update_access_key(UserName=self._user, AccessKeyId=key_id, Status=status)

    def _used(self, key_id: str) -> LastUse:
        with aws.aws_errors("iam", f"look up the last use of the access key {key_id}"):
            use = self._iam().get_access_key_last_used(AccessKeyId=key_id)["AccessKeyLastUsed"]
        at = use["LastUsedDate"].timestamp() if use.get("LastUsedDate") else None
        by = "/".join(use[name] for name in ("ServiceName", "Region") if use.get(name) not in (None, "N/A"))
        return LastUse(supported=True, at=at, by=by, resolution=_LAST_USE_LAG)

    def _caller(self, fields: SecretFields) -> str:
        """The ARN that STS has for these keys, asked on a connection of its own."""
        kept = {name: self._options.get(name) for name in ("region", "endpoint_url", "validate_certs", "aws_ca_bundle")}
        signer = {"access_key": fields["access_key_id"], "secret_key": fields["secret_access_key"]}
        sts = aws.client("sts", {**kept, **signer}, max_attempts=1)
        doing = f"log in with the access key {fields['access_key_id']}"
        try:
            with aws.aws_errors("sts", doing, dict.fromkeys(_DEAD_CODES, _Dead)):
                return str(sts.get_caller_identity()["Arn"])
        finally:
            sts.close()

    def _is_listed(self, key_id: str) -> bool:
        """Key ids are unique in the world, so IAM naming this one among the user's proves the account, without a request more."""
        if key_id not in self._confirmed:
            self.keys()
        return key_id in self._confirmed

    def _describe(self, key: KeyInfo, owner: str) -> str:
        age = format_duration(self._clock.now() - (key.created_at or 0))
        status = "active" if key.active else "inactive"
        return f"{key.id} ({owner}, {status}, created {to_iso(key.created_at)}, {age} old, {self._use(key.id)})"

    def _use(self, key_id: str) -> str:
        """The last use in words. For messages only, so that a failed lookup does not hide what the message is about."""
        try:
            use = self._used(key_id)
        except errors.ExternalError:
            return "last use unknown: the lookup failed"
        return f"last used {to_iso(use.at)} by {use.by or 'an unnamed service'}" if use.at else "never used"


def _key_info(entry: t.Mapping[str, t.Any]) -> KeyInfo:
    """C(Expired) and whatever other status AWS invents is not active."""
    return KeyInfo(id=entry["AccessKeyId"], created_at=entry["CreateDate"].timestamp(), active=entry["Status"] == "Active")


def _user_of(arn: str) -> str:
    """C(bob) of C(arn:aws:iam::123456789012:user/path/bob); nothing for the ARN of anything but a user."""
    resource = arn.split(":", 5)[-1]
    return resource.rsplit("/", 1)[-1] if resource.startswith("user/") else ""
