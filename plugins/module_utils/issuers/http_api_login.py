# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in: with our own login, and with a version to see whether it is alive. Called by P(HttpApiIssuer)."""

from __future__ import annotations

import dataclasses
import secrets
import string
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import (
    Answer,
    Authorization,
    JsonClient,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_answer import MISSING
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_description import (
    Login,
    check_common_headers,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api_template import (
    Prepared,
    Values,
    fill_text,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    ExternalError,
    Rejected,
    Unreachable,
)

#: A login may be answered with any of these; 429 is waited out, and anything else is no answer to the question.
_ANSWERS = tuple(status for status in range(400, 500) if status != 429)
#: How much of a secret is kept in one that nobody issued: a vendor's prefix, by which it tells its kinds of keys apart.
_PREFIX = 6


@dataclasses.dataclass(frozen=True)
class Tried:
    """How a login ended. C(answer): only where there was one. C(detail) is public."""

    verdict: Verdict
    detail: str = ""
    answer: Answer | None = None


class Prober:
    """Logs in with versions, each time on a new connection.

    :arg connect: makes a client with the given login.
    """

    def __init__(self, login: Login, identity: str, connect: t.Callable[[Authorization], JsonClient]) -> None:
        self._login = login
        self._identity = identity
        self._connect = connect
        self._refuses_strangers = not login.refuses_strangers

    def log_in(self, key_id: str, secret: str) -> Tried:
        """Whether a secret works."""
        if not secret:
            return Tried(Verdict.DEAD, "the secret is empty")
        values = {"id": key_id, "slot": key_id, "secret": secret}
        try:
            prepared = self._login.call.fill(values)
            client = self._connect(self._authorization(prepared, values))
        except Rejected as error:  # a secret that cannot be sent is none that the vendor issued
            return Tried(Verdict.DEAD, error.message)
        try:
            answer = client.request(
                prepared.method,
                prepared.path,
                query=prepared.query,
                body=prepared.body,
                accept=_ANSWERS,
                shown=prepared.shown,
            )
        except ExternalError as error:
            return Tried(Verdict.UNKNOWN, error.message)
        finally:
            client.close()
        return self._judged(answer)

    def _authorization(self, prepared: Prepared, values: Values) -> Authorization:
        secret = str(values["secret"])
        if self._login.username is None:
            return Authorization(prepared.headers, (secret,))
        basic = Authorization.basic(fill_text(self._login.username, values), fill_text(self._login.password, values))
        return Authorization({**prepared.headers, **basic.headers}, (secret, *filter(None, basic.secrets)))

    def _judged(self, answer: Answer) -> Tried:
        login = self._login
        if answer.status in login.dead:
            return Tried(Verdict.DEAD, answer.message or f"status {answer.status}", answer)
        if answer.status not in login.alive:
            known = "which is neither in verify.alive nor in verify.dead"
            return Tried(Verdict.UNKNOWN, f"{answer.where} was answered with status {answer.status}, {known}", answer)
        missing = login.alive_if.missing(answer.payload)
        for place in (login.id, login.identity):
            if place is not None and place.find(answer.payload) is MISSING:
                missing = missing or place.written
        if missing:
            return Tried(Verdict.UNKNOWN, f"{answer.where} was answered without what verify looks at: {missing}", answer)
        if not login.alive_if.holds(answer.payload):
            return Tried(Verdict.DEAD, "it is not as verify.alive_if says", answer)
        return Tried(Verdict.ALIVE, "", answer)

    def check_refuses_strangers(self, key_id: str, secret: str) -> None:
        """A secret that nobody issued must not log in; else (a public page, a proxy that logs in) a login proves nothing.

        :raises Rejected: it does. :raises Unreachable: no answer.
        """
        if self._refuses_strangers:
            return
        tried = self.log_in(key_id, stranger(secret))
        if tried.verdict is Verdict.ALIVE:
            raise Rejected(
                f"verify at {self._identity} takes a secret that nobody issued for good, so a login there proves nothing.",
                next_step="describe a request in verify that needs a key, and say in verify.alive and verify.dead how its answers differ.",
            )
        if tried.verdict is Verdict.UNKNOWN and tried.answer is None:
            raise Unreachable(tried.detail, next_step="check that verify can be answered from here, then run again.")
        self._refuses_strangers = True

    def who(self, version_id: str, tried: Tried) -> str:
        """Who the server says it was.

        :raises Rejected: another key than C(version_id).
        """
        payload = tried.answer.payload if tried.answer else None
        said = self._login.id.text(payload) if self._login.id else ""
        if said and version_id and said != version_id:
            raise Rejected(
                f"the secret of {version_id} logs in at {self._identity} as another key, {said}.",
                next_step="publish the id that belongs to the secret, or correct verify.id: it says where in the answer the id is.",
            )
        identity = self._login.identity.text(payload) if self._login.identity else ""
        return identity or (f"key {said}" if said else "")


def stranger(secret: str) -> str:
    """A secret that nobody issued, of the same length and alphabet, with the same first characters."""
    kept = _PREFIX if len(secret) > 3 * _PREFIX else 0
    return secret[:kept] + "".join(map(_like, secret[kept:]))


def _like(letter: str) -> str:
    for alphabet in (string.digits, string.ascii_lowercase, string.ascii_uppercase):
        if letter in alphabet:
            return secrets.choice(alphabet)
    return letter


def own_login(options: t.Mapping[str, t.Any]) -> Authorization:
    """Everything that authenticates us.

    :raises ConfigurationError: nothing does, or a header cannot hold it.
    """
    parts = [Authorization.header(str(name), str(value)) for name, value in (options.get("secret_headers") or {}).items()]
    if options.get("api_token"):
        parts.append(Authorization.bearer(options["api_token"]))
    if options.get("api_username"):
        parts.append(Authorization.basic(options["api_username"], options.get("api_password") or ""))
    if not parts and not options.get("client_cert"):
        raise ConfigurationError(
            "there is no login for the API.",
            next_step="set api_token, api_username and api_password, secret_headers or client_cert.",
        )
    headers = {name: value for part in parts for name, value in part.headers.items()}
    check_common_headers("secret_headers", dict.fromkeys(headers, ""))
    return Authorization(headers, tuple(secret for part in parts for secret in part.secrets if secret))
