# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP request, described in YAML, that shows whether a value works. Called by the issuer C(manual).

C({field}) in a header, the user name or the password stands for a field of the value. A probe that does not turn away
a value that nobody issued proves nothing and is refused.
"""

from __future__ import annotations

import re
import secrets
import string
import typing as t
from urllib.parse import urlsplit

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import (
    Answer,
    Authorization,
    Connection,
    JsonClient,
    refusal,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Verdict, Verification
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    ExternalError,
    Rejected,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

_PLACEHOLDER = re.compile(r"\{([A-Za-z0-9_]+)\}")
_ATTEMPTS = 3

#: As ansible.builtin.uri names them, where it has them.
PROBE_OPTIONS: dict[str, t.Any] = {
    "url": {"type": "str", "required": True},
    "method": {"type": "str", "default": "GET", "choices": ["GET", "HEAD", "POST"]},
    "headers": {"type": "dict", "no_log": True},
    "url_username": {"type": "str"},
    "url_password": {"type": "str", "no_log": True},
    "alive": {"type": "list", "elements": "int", "default": [200]},
    "dead": {"type": "list", "elements": "int", "default": [401]},
    "identity": {"type": "str"},
    "use_proxy": {"type": "bool", "default": True},
    "client_cert": {"type": "path"},
    "client_key": {"type": "path", "no_log": False},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
}


class Probe:
    """See the module's docstring. C(options): validated P(PROBE_OPTIONS)."""

    def __init__(self, options: t.Mapping[str, t.Any], fields: t.Sequence[str], clock: Clock) -> None:
        self._options = options
        self._fields = tuple(fields)
        self._clock = clock
        self._headers = {str(name): str(value) for name, value in (options.get("headers") or {}).items()}
        self._alive, self._dead = tuple(options["alive"]), tuple(options["dead"])
        self._tells_apart = False
        self._check()
        parts = urlsplit(str(options["url"]))
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._base = f"{parts.scheme}://{parts.netloc}"
        self.origin = JsonClient(self._base, Authorization()).origin

    def _check(self) -> None:
        written = [*self._headers.values(), self._options.get("url_username") or "", self._options.get("url_password") or ""]
        used = {name for text in written for name in _PLACEHOLDER.findall(text)}
        unknown = sorted(used - set(self._fields))
        if unknown:
            raise ConfigurationError(
                f"probe names {', '.join('{' + name + '}' for name in unknown)}, which is no field of this credential.",
                next_step=f"its fields are {', '.join(self._fields)}.",
            )
        if not used:
            raise ConfigurationError(
                "probe sends no field of the credential, so it would prove nothing.",
                next_step="put {" + self._fields[0] + "} into probe.headers or probe.url_password.",
            )
        if set(self._alive) & set(self._dead) or not self._alive or not self._dead:
            raise ConfigurationError(
                "probe.alive and probe.dead need at least one status each, and none in common.",
                next_step="most APIs answer 200 to a key that works and 401 to one that does not.",
            )

    def look_at(self, fields: SecretFields) -> Verification:
        """Send the request with this value, on a new connection."""
        try:
            self.check_tells_apart()
            answer = self._ask(fields)
        except Rejected:
            raise
        except ExternalError as error:
            return Verification(Verdict.UNKNOWN, detail=error.message)
        if answer.status in self._dead:
            return Verification(Verdict.DEAD, detail=f"status {answer.status}")
        if answer.status not in self._alive:
            return Verification(
                Verdict.UNKNOWN, detail=f"status {answer.status}, which is neither in probe.alive nor in probe.dead"
            )
        return self._identified(answer)

    def _identified(self, answer: Answer) -> Verification:
        path = self._options.get("identity")
        if not path:
            return Verification(Verdict.ALIVE, detail=f"status {answer.status}")
        found: t.Any = answer.payload
        for step in path.split("."):
            found = found.get(step) if isinstance(found, dict) else None
        if not isinstance(found, (str, int)) or isinstance(found, bool) or not str(found):
            return Verification(Verdict.UNKNOWN, detail=f"the answer has no {path} that says whom the value belongs to")
        return Verification(Verdict.ALIVE, identity=str(found).replace("/", "_")[:80])

    def check_tells_apart(self) -> None:
        """A value that nobody issued must be answered with a status of C(probe.dead). Asked once.

        :raises Rejected: it is taken for one that works, so the probe proves nothing.
        :raises ExternalError: the server answers otherwise, or not at all.
        """
        if self._tells_apart:
            return
        answer = self._ask(SecretFields({name: _random() for name in self._fields}))
        if answer.status in self._alive:
            raise Rejected(
                f"{answer.where} answers a value that nobody issued with status {answer.status}, as one that works: "
                "the probe proves nothing.",
                next_step="probe an address that only an authenticated caller may see, and correct probe.alive.",
            )
        if answer.status not in self._dead:
            error = refusal(answer)
            error.next_step = "a value that nobody issued must be answered with a status of probe.dead: correct the probe."
            raise error
        self._tells_apart = True

    def _ask(self, fields: SecretFields) -> Answer:
        connection = Connection.from_options(self._options)
        client = JsonClient(self._base, self._authorization(fields), connection, clock=self._clock, attempts=_ATTEMPTS)
        try:
            return client.request(self._options["method"], self._path, accept=range(400, 600))
        finally:
            client.close()

    def _authorization(self, fields: SecretFields) -> Authorization:
        headers = {name: self._filled(text, fields) for name, text in self._headers.items()}
        if not all(32 <= ord(letter) <= 126 for text in headers.values() for letter in text):
            raise Rejected(
                "the value has a character in it that cannot stand in an HTTP header.",
                next_step="look for a line break or a letter that is not ASCII in it, and supply it again.",
            )
        user, password = self._options.get("url_username"), self._options.get("url_password")
        if user is None and password is None:
            return Authorization(headers, tuple(fields.values()))
        basic = Authorization.basic(self._filled(user or "", fields), self._filled(password or "", fields))
        return Authorization({**headers, **basic.headers}, (*fields.values(), *basic.secrets))

    @staticmethod
    def _filled(text: str, fields: t.Mapping[str, str]) -> str:
        return _PLACEHOLDER.sub(lambda match: fields[match[1]], text)


def _random() -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for dummy in range(40))
