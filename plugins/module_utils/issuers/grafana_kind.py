# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all kinds of Grafana credentials share: names, lifetimes, and the login that proves a new secret.

Each kind is one class, a whole issuer by itself; C(grafana.py) picks it by the option C(kind).
"""

from __future__ import annotations

import abc
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Answer, Connection, refusal
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_login import lost_permissions
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_visitor import Visitor, check_is_refused
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    Attempt,
    Issued,
    Issuer,
    KeyInfo,
    Setting,
    Verdict,
    Verification,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    Denied,
    ExternalError,
    Rejected,
    Unreachable,
)

#: Grafana writes lastUsedAt only where it is empty or five minutes old (shouldUpdateLastUsedAt).
LAST_USE_RESOLUTION = 300
#: Column api_key.name of Grafana's database.
_LONGEST_NAME = 190
#: What the engine's attempt names add to the credential's name.
_ATTEMPT_NAME_LENGTH = len("locksmith--20261121T031400-9f86d081")
_LOST_SHOWN = 3


class GrafanaKind(Issuer):
    """One kind of Grafana credential."""

    KIND = "grafana"
    MODULE = "grafana_api_key_rotate"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {}
    FIELDS = ("token",)
    MINTS = True
    ROTATE_AFTER = "180d"

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        self._options = options
        self._setting = setting
        self._prefix: str = options.get("token_name_prefix") or ""
        self._lifetime: int | None = options.get("seconds_to_live")
        self._connection = Connection.from_options(options)
        self._refuses_strangers = False

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> GrafanaKind:
        _check_lifetime(options.get("seconds_to_live"), setting)
        length = len(options.get("token_name_prefix") or "") + len(setting.credential) + _ATTEMPT_NAME_LENGTH
        if length > _LONGEST_NAME:
            raise ConfigurationError(
                f"token names of {setting.credential} would have {length} characters; Grafana allows {_LONGEST_NAME}.",
                next_step="shorten token_name_prefix or the credential's name.",
            )
        return cls(options, setting)

    @property
    def capacity(self) -> int:
        return 0

    # ---- names and lifetimes -------------------------------------------------------------------------------------

    def _token_name(self, attempt: Attempt) -> str:
        return self._prefix + attempt.name

    def _seconds(self, attempt: Attempt) -> int:
        """How long the new version is to live; 0 is for ever."""
        return attempt.lifetime if self._lifetime is None else self._lifetime

    def stranded(self, attempt: Attempt, recorded: t.Container[str]) -> list[KeyInfo]:
        name = self._token_name(attempt)
        return [key for key in self._listing() if key.name == name and key.id not in recorded]

    @abc.abstractmethod
    def _listing(self) -> list[KeyInfo]:
        """All keys of the identity; none where the identity is not there."""

    def _explained(self, answer: Answer, attempt: Attempt, taken: bool) -> ExternalError:
        """Why Grafana refused to create the token, and the way out. C(taken): the answer says that the name is."""
        if taken:
            return self._taken(attempt)
        if is_about_lifetime(answer):
            return self._too_long(answer, self._seconds(attempt))
        error = refusal(answer)
        return error if isinstance(error, ExternalError) else Rejected(str(error))

    def _taken(self, attempt: Attempt) -> Rejected:
        return Rejected(
            f"a token named {self._token_name(attempt)} exists already in the organization of {self.identity}.",
            next_step="run again: the next attempt has another name.",
        )

    def _too_long(self, answer: Answer, lifetime: int) -> Rejected:
        asked = f"{lifetime} s ({format_duration(lifetime)})" if lifetime else "no end"
        return Rejected(
            f"{self.identity}: Grafana limits how long tokens live and refused one with {asked}: {answer.message}.",
            next_step="shorten rotate_after and grace (their sum is the lifetime), or raise on the server "
            "api_key_max_seconds_to_live in [auth] or token_expiration_day_limit in [service_accounts].",
        )

    # ---- logging in ----------------------------------------------------------------------------------------------

    @abc.abstractmethod
    def _visit(self, secret: str) -> Visitor:
        """The API with this login, on a new connection. :raises ConfigurationError: it cannot be a secret at all."""

    @abc.abstractmethod
    def _nobodys_secret(self) -> str:
        """A secret of the right form that nobody issued."""

    @abc.abstractmethod
    def _who_is(self, visitor: t.Any, secret: str) -> tuple[str, bool]:
        """Who the server says it is, and whether that proves our identity.

        :raises Rejected: it is somebody else.
        """

    @abc.abstractmethod
    def _place(self) -> str:
        """Where logins go, for people."""

    def verify(self, version: Issued) -> Verification:
        return self._log_in(version.fields.get("token", ""))[0]

    def _log_in(self, secret: str) -> tuple[Verification, bool]:
        """Log in on a new connection; the second value: is it proved to be our identity?"""
        try:
            visitor = self._visit(secret)
        except ConfigurationError as error:
            return Verification(Verdict.DEAD, detail=error.message), False
        try:
            verdict, detail = visitor.login()
            if verdict is not Verdict.ALIVE:
                return Verification(verdict, detail=detail), False
            self._check_refuses_strangers()
            identity, proved = self._who_is(visitor, secret)
            return Verification(Verdict.ALIVE, identity, detail), proved
        except Unreachable as error:
            return Verification(Verdict.UNKNOWN, detail=error.message), False
        finally:
            visitor.close()

    def _is_ours(self, secret: str, question: str = "the published token is one of") -> bool:
        """Does a stored secret log in as our identity?

        :raises Unreachable: no answer; C(question) says what it would have answered.
        """
        try:
            result, proved = self._log_in(secret)
        except Rejected:
            return False
        if result.verdict is Verdict.UNKNOWN:
            raise Unreachable(f"whether {question} {self.identity} is unknown: {result.detail}")
        return proved

    def _check_refuses_strangers(self) -> None:
        """A secret that nobody issued must be refused; else (anonymous access, a proxy that logs in) a login proves nothing."""
        if self._refuses_strangers:
            return
        check_is_refused(
            self._visit(self._nobodys_secret()),
            self._place(),
            "use an address where Grafana itself checks tokens: no proxy that logs in, no anonymous API access.",
        )
        self._refuses_strangers = True

    def own_login(self, versions: t.Sequence[Issued]) -> str:
        """A login with a user's password, or with the token of another system, is none of them."""
        own = (self._options.get("grafana_api_key"), self._options.get("cloud_api_key"))
        return self._login_among(versions, "token", own, "token")

    def check_rights(self, candidate: Issued, current: Issued) -> None:
        """By the permissions that the server itself tells for each of the two, where it tells them."""
        if self._options.get("allow_fewer_permissions"):
            return
        old, new = self._permissions_of(current), self._permissions_of(candidate)
        lost = lost_permissions(old, new) if old is not None and new is not None else []
        if lost:
            more = f" and {len(lost) - _LOST_SHOWN} more" if len(lost) > _LOST_SHOWN else ""
            raise Rejected(
                f"{self.identity}: the new token may not do what the published one may: {', '.join(lost[:_LOST_SHOWN])}{more}.",
                next_step="give its service account the role or the permissions that are missing, or set allow_fewer_permissions "
                "if its users need no more; the published token was not touched.",
            )

    def _permissions_of(self, version: Issued) -> dict[str, t.Any] | None:
        """None where the server does not tell, or where the login works no more. :raises Unreachable: no answer."""
        try:
            visitor = self._visit(version.fields.get("token", ""))
        except ConfigurationError:
            return None
        try:
            return visitor.permissions()
        except Denied:
            return None
        finally:
            visitor.close()


def is_about_lifetime(answer: Answer) -> bool:
    """Whether a refusal is one of Grafana's three about how long a token is to live."""
    said = answer.message.lower()
    return any(part in said for part in ("should be set", "global limit", "exceeds the limit"))


def _check_lifetime(seconds: int | None, setting: Setting) -> None:
    if not seconds:
        return
    needed = setting.rotate_after + setting.grace
    if seconds < needed:
        raise ConfigurationError(
            f"{setting.credential}: seconds_to_live is {seconds} ({format_duration(seconds)}), but a token is needed for "
            f"rotate_after {setting.rotate_after} + grace {setting.grace} = {needed} s ({format_duration(needed)}), "
            "so it would expire while it is in use.",
            next_step="leave seconds_to_live out, or make it larger, or rotate_after and grace smaller.",
        )
