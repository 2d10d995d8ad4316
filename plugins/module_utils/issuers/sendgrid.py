# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SendGrid API keys, of an account, of a subuser or of a customer account.

A key's secret is shown once. Names need not be unique at SendGrid; ours are, so the attempt's name finds a stranded key.
A key that is created without scopes has full access, so scopes are always sent: those of the key that is replaced.
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible.module_utils.common.parameters import env_fallback

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import (
    Answer,
    Authorization,
    Connection,
    refusal,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    Attempt,
    Issued,
    Issuer,
    KeyInfo,
    Setting,
    Verdict,
    Verification,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.sendgrid_api import HOSTS, SendgridApi
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint, LeastRights
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    Denied,
    ExternalError,
    ForeignKeys,
    LocksmithError,
    NotFound,
    QuotaExceeded,
    Rejected,
    Unreachable,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import INFO, RIGHTS, Check
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

#: The most keys that SendGrid lets an account have; creating one more is answered with 403.
MOST_KEYS = 100
#: Scopes that SendGrid gives to keys by itself and that nobody can ask for.
AUTOMATIC = frozenset(
    ("2fa_required", "2fa_exempt", "sender_verification_eligible", "sender_verification_exempt", "sender_verification_legacy")
)
_RIGHTS = ("api_keys.read", "api_keys.create", "api_keys.delete")
_KEY = re.compile(r"SG\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+")
_LATER = "check that SendGrid can be reached from here, then run again."
#: Scopes named in one message; a key of full access has hundreds.
_MOST_SHOWN = 8


class SendgridIssuer(Issuer):
    """See the module's docstring."""

    KIND = "sendgrid"
    MODULE = "sendgrid_api_key_rotate"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        "api_key": {"type": "str", "required": True, "no_log": True, "fallback": (env_fallback, ["SENDGRID_API_KEY"])},
        "region": {"type": "str", "choices": list(HOSTS)},
        "url": {"type": "str"},
        "subuser": {"type": "str"},
        "account_id": {"type": "str"},
        "scopes": {"type": "list", "elements": "str"},
        "key_name_prefix": {"type": "str", "default": "", "no_log": False},
        "use_proxy": {"type": "bool", "default": True},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
    }
    CONSTRAINTS: t.ClassVar[dict[str, t.Any]] = {"mutually_exclusive": [["region", "url"], ["subuser", "account_id"]]}
    FIELDS = ("api_key",)
    MINTS = True
    ROTATE_AFTER = "180d"
    #: "Some small propagation delay" is all that SendGrid says.
    LOGINS_NEEDED = 2

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        self._setting = setting
        self._url: str = options.get("url") or HOSTS[options.get("region") or "global"]
        self._connection = Connection.from_options(options)
        self._login = Authorization.bearer(options["api_key"])
        self._own_id = key_id_of(options["api_key"])
        self._behalf = _on_behalf_of(options)
        self._scopes = managed(options.get("scopes") or ())
        self._prefix: str = options.get("key_name_prefix") or ""
        self._api = SendgridApi(self._url, self._login, self._connection, setting.clock, 5, self._behalf)

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> SendgridIssuer:
        scopes = options.get("scopes")
        if scopes is not None and not managed(scopes):
            raise ConfigurationError(
                f"{setting.credential}: scopes names none that can be asked for, and SendGrid would make a key with full access of it.",
                next_step="name what the key is for, such as mail.send; leave scopes out to copy those of the current key.",
            )
        return cls(options, setting)

    @property
    def identity(self) -> str:
        whose = f"for {self._behalf}" if self._behalf else "of the account of api_key"
        return f"sendgrid keys {whose} at {self._api.origin}"

    @property
    def capacity(self) -> int:
        return 0

    def close(self) -> None:
        self._api.close()

    # ---- what is there --------------------------------------------------------------------------------------------

    def endpoints(self) -> t.Sequence[Endpoint]:
        return [Endpoint(self._api.origin, self._connection.ca_path, self._connection.validate_certs)]

    def examine(self) -> t.Sequence[Check]:
        """M(keys) has held the scopes of the key that rotates against what is needed, where it may see them."""
        if self._granted() is None:
            return [
                Check(
                    RIGHTS, INFO, "the key of api_key may not see its own scopes; whether it may create keys shows when it does."
                )
            ]
        return [Check(RIGHTS, "", "the key of api_key has the scopes that a rotation takes")]

    def least_rights(self) -> t.Sequence[LeastRights]:
        """Of the key that rotates. It may need all scopes of the keys that it makes, which are here if the catalogue names them."""
        key = {"name": "rotator", "scopes": list(dict.fromkeys([*_RIGHTS, *sorted(self._scopes)]))}
        return [LeastRights(f"SendGrid at {self._api.origin}, the key that rotates", "json", json.dumps(key, indent=2))]

    def keys(self) -> list[KeyInfo]:
        try:
            listed = self._listed()
        except (Denied, NotFound) as error:
            raise self._why_not_listed(error) from None
        self._check_rights()
        return listed

    def _listed(self) -> list[KeyInfo]:
        listed = [KeyInfo(id=str(row.get("api_key_id") or ""), name=str(row.get("name") or "")) for row in self._api.keys()]
        if not all(key.id for key in listed):
            raise Unreachable(f"SendGrid listed a key without an id among the {self.identity}.", next_step=_LATER)
        return listed

    def _why_not_listed(self, error: ExternalError) -> ExternalError:
        """SendGrid does not document how it answers for a subuser that is not there: so the login is tried for itself."""
        if self._behalf and self._log_in(self._login)[0] is Verdict.ALIVE:
            return NotFound(
                f"{self.identity} cannot be listed, though api_key itself works: there is no such subuser or account there, or "
                f"api_key may not act for it. {error.message}",
                next_step="check subuser or account_id, and region; api_key must be one of the parent account.",
            )
        if isinstance(error, Denied):
            return Denied(error.message, next_step=f"check api_key; it needs the scopes {', '.join(_RIGHTS)}.")
        return error

    def _check_rights(self) -> None:
        """Before anything is created. A login that may not see its scopes is taken at its later word."""
        granted = self._granted()
        lacking = [scope for scope in _RIGHTS if granted is not None and scope not in granted]
        if lacking:
            raise Denied(
                f"the login for the {self.identity} lacks {', '.join(lacking)}.",
                next_step=f"give the key of api_key the scopes {', '.join(_RIGHTS)}.",
            )

    def _granted(self) -> frozenset[str] | None:
        """The scopes of our own login, on behalf of the subuser; None where it may not see them."""
        verdict, scopes, detail = self._api.login()
        if verdict is Verdict.UNKNOWN:
            raise Unreachable(f"what the login for the {self.identity} may do is unknown: {detail}", next_step=_LATER)
        return scopes

    def check_room(self, listed: t.Sequence[KeyInfo], recorded: t.Container[str]) -> None:
        if len(listed) < MOST_KEYS:
            return
        foreign = [key for key in listed if key.id not in recorded]
        has = f"there are {len(listed)} {self.identity}, the most that SendGrid allows is {MOST_KEYS}"
        if not foreign:
            raise QuotaExceeded(f"{has}, and all are this credential's.", next_step="retire its previous versions first.")
        names = ", ".join(sorted(key.name or key.id for key in foreign)[:5])
        raise ForeignKeys(
            f"{has}; {len(foreign)} of them are not this credential's ({names} …) and are not touched.",
            next_step="delete keys that nobody uses in SendGrid's settings, then run again.",
        )

    def stranded(self, attempt: Attempt, recorded: t.Container[str]) -> list[KeyInfo]:
        name = self._key_name(attempt)
        return [key for key in self._listed() if key.name == name and key.id not in recorded]

    def _key_name(self, attempt: Attempt) -> str:
        return self._prefix + attempt.name

    # ---- issuing --------------------------------------------------------------------------------------------------

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        scopes = self._scopes_of_next(known)
        asked_at = self._setting.clock.now()
        answer = self._api.create(self._key_name(attempt), scopes)
        if answer.status >= 300:
            raise self._explained(answer, scopes)
        fields = SecretFields({"api_key": answer.field("api_key", str)})
        issued = Issued(answer.field("api_key_id", str), fields, asked_at)
        self._check_granted(issued, answer, scopes)
        return issued

    def _scopes_of_next(self, known: t.Sequence[Issued]) -> frozenset[str]:
        """Those of the version that is replaced. C(scopes) says them for the first key, and must agree with a later one.

        :raises Rejected: there is nothing to copy from and nothing said, or both and they differ.
        """
        copied = next((scopes for scopes in map(self._scopes_of, known) if scopes is not None), None)
        if copied is None and not self._scopes:
            raise Rejected(
                f"there is no key of this credential among the {self.identity} to copy the scopes from, and scopes does not say them.",
                next_step="set scopes to what the users of the key need, such as mail.send; no key with full access is made by omission.",
            )
        if copied is not None and not copied:
            raise Rejected(
                f"the current one of the {self.identity} has no scope that can be asked for.",
                next_step="give it the scopes that its users need in SendGrid's settings, then run again.",
            )
        if copied is not None and self._scopes and copied != self._scopes:
            raise Rejected(
                f"the current one of the {self.identity} has other scopes than scopes says: {_difference(copied, self._scopes)}.",
                next_step="change the key in SendGrid's settings, or scopes to what it is; scopes are copied and never changed here.",
            )
        return copied if copied is not None else self._scopes

    def _scopes_of(self, version: Issued) -> frozenset[str] | None:
        """What can be asked for of a version's scopes; None where SendGrid does not know the version (any more)."""
        found = self._api.scopes_of(version.id) if version.id else None
        if found is None and version.fields.get("api_key"):
            verdict, found, detail = self._log_in(Authorization.bearer(version.fields["api_key"]))
            if verdict is Verdict.UNKNOWN:
                raise Unreachable(
                    f"what {version.id or 'the current key'} of the {self.identity} may do is unknown: {detail}", next_step=_LATER
                )
        return None if found is None else managed(found)

    def _check_granted(self, issued: Issued, answer: Answer, wanted: frozenset[str]) -> None:
        """SendGrid may leave out scopes or add some: such a key is taken back at once.

        :raises Rejected: it was. :raises Unreachable: it could not be; the next run finds it by its name.
        """
        said = answer.mapping().get("scopes")
        if not isinstance(said, list) or managed(said) == wanted:
            return
        what = f"SendGrid made a key with other scopes than asked for: {_difference(managed(said), wanted)}"
        step = "give the key of api_key every scope that the rotated key needs, and leave out what the account has no access to."
        try:
            self._api.delete(issued.id)
        except LocksmithError:
            raise Unreachable(f"{what}; deleting it failed, the next run tries again.", next_step=step) from None
        raise Rejected(f"{what}; it was deleted again.", next_step=step)

    def _explained(self, answer: Answer, wanted: frozenset[str]) -> ExternalError:
        """Why SendGrid refused to create the key, and the way out. 403 stands for a full account and for missing rights."""
        error = refusal(answer)
        count = len(self._listed())
        if answer.status == 403 and count >= MOST_KEYS:
            return QuotaExceeded(
                f"there are {count} {self.identity}, the most that SendGrid allows is {MOST_KEYS}.",
                next_step="delete keys that nobody uses in SendGrid's settings, then run again.",
            )
        granted = self._granted()
        lacking = wanted - granted if granted is not None else frozenset()
        if lacking:
            error.message += f" The login itself lacks {_named(lacking)}; SendGrid may not let it give away what it has not."
            error.next_step = "give the key of api_key these scopes as well."
        return error if isinstance(error, ExternalError) else Rejected(error.message)

    # ---- verifying ------------------------------------------------------------------------------------------------

    def verify(self, version: Issued) -> Verification:
        """Log in as the key, and compare the scopes that it sees with those that SendGrid has on record for its id."""
        try:
            login = Authorization.bearer(version.fields.get("api_key", ""))
        except ConfigurationError as error:
            return Verification(Verdict.DEAD, detail=error.message)
        verdict, seen, detail = self._log_in(login)
        if verdict is not Verdict.ALIVE:
            return Verification(verdict, detail=detail)
        try:
            recorded = self._api.scopes_of(version.id) if version.id else None
        except ExternalError as error:
            return Verification(Verdict.UNKNOWN, detail=error.message)
        if seen is not None and recorded is not None and managed(seen) != managed(recorded):
            difference = _difference(managed(seen), managed(recorded))
            return Verification(Verdict.UNKNOWN, detail=f"it logs in, but not with the scopes on record: {difference}")
        return Verification(Verdict.ALIVE, f"sendgrid key {version.id or 'without a known id'}", detail)

    def check_rights(self, candidate: Issued, current: Issued) -> None:
        """Also for a key that an earlier run made: that one may have been given less than it was asked for."""
        may, must = self._scopes_of(candidate), self._scopes_of(current)
        if may is not None and must is not None and must - may:
            raise Rejected(
                f"{candidate.id} of the {self.identity} may do less than the current key {current.id}: {_difference(may, must)}.",
                next_step="give the key of api_key every scope that the rotated key needs, then run again.",
            )

    def _log_in(self, login: Authorization) -> tuple[Verdict, frozenset[str] | None, str]:
        api = SendgridApi(self._url, login, self._connection, self._setting.clock, attempts=2)
        try:
            return api.login()
        finally:
            api.close()

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        """The id is the middle part of the key. Should that once not be so, the value is nobody's, and stays."""
        key_id = key_id_of(fields.get("api_key", ""))
        return next((key for key in self._listed() if key.id == key_id), None) if key_id else None

    # ---- the end of a version -------------------------------------------------------------------------------------

    def own_login(self, versions: t.Sequence[Issued]) -> str:
        """A key's value tells its id, so the published value counts too."""
        ids = [version.id or key_id_of(version.fields.get("api_key", "")) for version in versions]
        return self._own_id if self._own_id and self._own_id in ids else ""

    def delete(self, version: Issued) -> None:
        if not version.id:
            raise Rejected(
                f"a version without an id cannot be told from the other {self.identity}.",
                next_step="delete the old key in SendGrid's settings by hand, once nobody uses it.",
            )
        if version.id == self._own_id:
            raise Rejected(
                f"the key {version.id} is the one that this run logs in with, so it is not deleted.",
                next_step="set api_key to another key, or read it from this credential's store; then run again.",
            )
        if not self._api.delete(version.id) and version.id in [key.id for key in self._listed()]:
            raise Unreachable(
                f"{version.id} is still among the {self.identity}, though deleting it was answered with 404.",
                next_step="run again; if it stays, delete it in SendGrid's settings.",
            )


def key_id_of(value: str) -> str:
    """The id in C(SG.<id>.<secret>), or an empty string."""
    match = _KEY.fullmatch(value)
    return match.group(1) if match else ""


def managed(scopes: t.Iterable[str]) -> frozenset[str]:
    """Without those that SendGrid gives by itself."""
    return frozenset(scopes) - AUTOMATIC


def _on_behalf_of(options: t.Mapping[str, t.Any]) -> str:
    subuser, account = options.get("subuser"), options.get("account_id")
    written = str(subuser or account or "")
    if subuser is not None or account is not None:
        try:
            usable = (
                bool(written.strip()) and written == written.strip() and written.isprintable() and bool(written.encode("latin-1"))
            )
        except UnicodeEncodeError:
            usable = False
        if not usable:
            raise ConfigurationError(
                "subuser or account_id is empty or has a character that cannot stand in a header.",
                next_step="write the name as SendGrid shows it, or leave the option out.",
            )
    return f"account-id {account}" if account else written


def _difference(seen: frozenset[str], wanted: frozenset[str]) -> str:
    parts = [f"more: {_named(seen - wanted)}"] if seen - wanted else []
    return "; ".join(parts + ([f"missing: {_named(wanted - seen)}"] if wanted - seen else []))


def _named(scopes: frozenset[str]) -> str:
    shown = sorted(scopes)
    more = len(shown) - _MOST_SHOWN
    return ", ".join(shown[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")
