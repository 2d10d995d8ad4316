# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON over HTTP, with everything an issuer must not have to think about: bounded retries, TLS, timeouts, errors
that hold no secret, and a clear word on whether a request may have taken effect. The only place that imports requests.

Called by issuers whose system has an HTTP API and no client library of its own.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import json
import random
import re
import typing as t
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock, SystemClock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    Denied,
    LocksmithError,
    MissingLibrary,
    NotFound,
    Rejected,
    Unreachable,
)

try:
    import requests
    import urllib3
except ImportError:  # reported by JsonClient, when somebody needs it
    HAS_REQUESTS = False
else:
    HAS_REQUESTS = True

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 30.0
ATTEMPTS = 5
#: A server that asks for a longer pause than this is asked again after this many seconds.
LONGEST_RETRY_AFTER = 60.0
#: All pauses of one request together, seconds.
LONGEST_WAIT = 120.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0
_LONGEST_MESSAGE = 200
_GATEWAY_TROUBLE = (502, 503, 504)
#: X-RateLimit-Reset counts the seconds left with some vendors, and those since the epoch with others. No limit lasts three years.
_A_MOMENT = 100_000_000.0
_DOUBT = " The request may have taken effect."

#: Picks the part of an error answer that may be shown: gets the decoded JSON, or the text where it is not JSON.
ErrorMessage = t.Callable[[t.Any], t.Optional[str]]


@dataclasses.dataclass(frozen=True)
class Authorization:
    """The headers that authenticate. C(secrets) are blotted out of every message; neither shows in a repr."""

    headers: t.Mapping[str, str] = dataclasses.field(repr=False, default_factory=dict)
    secrets: tuple[str, ...] = dataclasses.field(repr=False, default=())

    @classmethod
    def header(cls, name: str, secret: str, prefix: str = "") -> Authorization:
        """One header that holds the secret, after C(prefix).

        :raises ConfigurationError: the secret cannot stand in a header (a line break at its end, most often).
        """
        if not secret or not all(33 <= ord(letter) <= 126 for letter in secret):
            raise ConfigurationError(
                "the API token to log in with is empty or has a character in it that no token has.",
                next_step="look for a space or a line break at its start or end.",
            )
        return cls({name: prefix + secret}, (secret,))

    def headers_for(self, body: bytes) -> t.Mapping[str, str]:
        """The headers for one request; a subclass that signs makes them of the body as it is sent."""
        return self.headers

    @classmethod
    def bearer(cls, token: str) -> Authorization:
        """C(Authorization: Bearer)."""
        return cls.header("Authorization", token, "Bearer ")

    @classmethod
    def basic(cls, username: str, password: str) -> Authorization:
        """HTTP Basic, in UTF-8."""
        encoded = base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
        return cls({"Authorization": "Basic " + encoded}, (password, encoded))


@dataclasses.dataclass(frozen=True)
class Signature(Authorization):
    """An HMAC-SHA256 of the body in a header, as C(sha256=) and hexadecimal digits: GitHub's way, which Event-Driven Ansible reads too."""

    header_name: str = "X-Hub-Signature-256"
    key: str = dataclasses.field(repr=False, default="")

    def headers_for(self, body: bytes) -> dict[str, str]:
        digest = hmac.new(self.key.encode(), body, hashlib.sha256).hexdigest()
        return {self.header_name: f"sha256={digest}"}


@dataclasses.dataclass(frozen=True)
class Patience:
    """How long one request may take: how often it is sent, and seconds: to connect, to wait for an answer, for all pauses together.

    C(trouble): statuses that may be over in a moment.
    """

    attempts: int = ATTEMPTS
    connect: float = CONNECT_TIMEOUT
    read: float = READ_TIMEOUT
    pauses: float = LONGEST_WAIT
    trouble: tuple[int, ...] = _GATEWAY_TROUBLE


@dataclasses.dataclass(frozen=True)
class Connection:
    """How to reach the server. Proxies come from the environment unless C(use_proxy) is false."""

    validate_certs: bool = True
    ca_path: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    use_proxy: bool = True

    @classmethod
    def from_options(cls, options: t.Mapping[str, t.Any]) -> Connection:
        """From module options of the same names."""
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(**{name: options[name] for name in names if options.get(name) is not None})

    def as_keywords(self) -> dict[str, t.Any]:
        """Keyword arguments of requests. Given with each request, because the environment overrides a session's."""
        certificate = (self.client_cert, self.client_key) if self.client_key else self.client_cert
        verify: bool | str = self.validate_certs and (self.ca_path or True)
        proxies = {} if self.use_proxy else {"http": None, "https": None, "all": None}
        return {"verify": verify, "cert": certificate, "proxies": proxies}


@dataclasses.dataclass(frozen=True)
class Answer:
    """A usable answer. C(where) names the request; C(message) is what the vendor says, fit to be shown.

    C(payload) is the decoded JSON, or None. It may hold secrets. C(next_url): where the answer's Link header says that it goes on.
    """

    where: str
    status: int
    payload: t.Any = dataclasses.field(repr=False, default=None)
    message: str = ""
    creates: bool = False
    next_url: str = dataclasses.field(repr=False, default="")

    def mapping(self) -> dict[str, t.Any]:
        """The JSON object in it. :raises Unreachable: there is none."""
        if not isinstance(self.payload, dict):
            raise self._unusable("JSON object")
        return self.payload

    def rows(self) -> list[dict[str, t.Any]]:
        """The JSON array of objects in it. :raises Unreachable: there is none."""
        if not isinstance(self.payload, list) or not all(isinstance(row, dict) for row in self.payload):
            raise self._unusable("JSON array of objects")
        return self.payload

    def field(self, name: str, kind: type) -> t.Any:
        """One field of the JSON object. :raises Unreachable: missing, or not a C(kind)."""
        value = self.mapping().get(name)
        if not isinstance(value, kind):
            raise self._unusable(f"JSON object with a usable {name}")
        return value

    def _unusable(self, wanted: str) -> Unreachable:
        return Unreachable(
            f"{self.where} was answered with status {self.status} and without the {wanted} that belongs there."
            + (_DOUBT if self.creates else ""),
            next_step="check that the URL leads to the API itself and not to a login page or a proxy before it.",
        )


@dataclasses.dataclass(frozen=True)
class _Call:
    method: str
    path: str
    query: t.Mapping[str, t.Any] | None
    body: t.Any
    creates: bool
    where: str
    headers: t.Mapping[str, str]
    form: list[tuple[str, str]] | None = None


@dataclasses.dataclass(frozen=True)
class _Outcome:
    """Of one attempt: an answer or a failure, whether to try again, and the pause that the server asked for (seconds)."""

    answer: Answer | None = None
    failure: LocksmithError | None = None
    again: bool = False
    pause: float | None = None


class JsonClient:
    """A client of one server. Opens no connection before the first request.

    :arg base_url: where the API's paths start, with any sub-path; without user name, password, query.
    :arg error_message: which part of an error answer may be shown; without it none is.
    :arg attempts: how often one request is sent at most.
    :arg patience: instead of C(attempts), for a caller that has less time than an issuer.
    :arg pause_headers: the headers in which this server says how long to wait after a 429, as seconds, as a moment in seconds
        since the epoch or as an HTTP date; the first one given counts.

    C(headers) are sent with every request besides those that authenticate; an issuer may add to them.
    """

    def __init__(
        self,
        base_url: str,
        authorization: Authorization,
        connection: Connection | None = None,
        *,
        error_message: ErrorMessage | None = None,
        clock: Clock | None = None,
        attempts: int = ATTEMPTS,
        pause_headers: t.Sequence[str] = ("Retry-After",),
        patience: Patience | None = None,
    ) -> None:
        if not HAS_REQUESTS:
            raise MissingLibrary(
                "the Python package requests is not installed where this runs.", next_step="install requests there with pip."
            )
        self._base = _checked_base(base_url)
        self.origin = _origin(self._base)
        self._authorization = authorization
        self._connection = (connection or Connection()).as_keywords()
        self._error_message = error_message
        self._clock = clock or SystemClock()
        self._patience = patience or Patience(attempts, CONNECT_TIMEOUT, READ_TIMEOUT)
        self._pause_headers = pause_headers
        self.headers: dict[str, str] = {"Accept": "application/json", "Accept-Encoding": "identity"}
        self._session = requests.Session()
        if self._connection["verify"] is False:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def close(self) -> None:
        """Let go of connections."""
        self._session.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        query: t.Mapping[str, t.Any] | None = None,
        body: t.Any = None,
        creates: bool = False,
        accept: t.Container[int] = (),
        headers: t.Mapping[str, str] | None = None,
        shown: str = "",
        form: list[tuple[str, str]] | None = None,
    ) -> Answer:
        """Send one request and return the answer if its status is 2xx or in C(accept).

        :arg path: below the base URL, begins with a slash, holds no secret (it is named in errors) unless C(shown) is given.
        :arg headers: of this request only.
        :arg shown: what errors call the path.
        :arg creates: sending it twice would make two things. Then it is sent again only where the server cannot
            have acted on it, and an unclear end is reported as such instead of being retried.
        :arg form: instead of C(body), for an API that takes forms and answers with JSON.
        :raises Denied: 401, 403. :raises NotFound: 404. :raises Rejected: other 4xx, redirects.
        :raises Unreachable: no usable answer after all attempts; the message says if the request may have taken effect.
        """
        call = _Call(method, path, query, body, creates, f"{method} {shown or path} at {self.origin}", headers or {}, form)
        waited = 0.0
        outcome = self._attempt(call)
        for done in range(1, self._patience.attempts):
            pause = self._pause(done, outcome)
            if not outcome.again or waited + pause > self._patience.pauses:
                break
            self._clock.sleep(pause)
            waited += pause
            outcome = self._attempt(call)
        return self._conclude(call, outcome, accept)

    def _pause(self, done: int, outcome: _Outcome) -> float:
        if outcome.pause is not None:
            return min(outcome.pause, LONGEST_RETRY_AFTER)
        return random.uniform(0.5, 1.0) * min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (done - 1))

    def _attempt(self, call: _Call) -> _Outcome:
        try:
            response = self._session.request(
                call.method,
                self._base + call.path,
                params=call.query,
                json=call.body,
                data=list(call.form) if call.form is not None else None,
                headers={**self.headers, **call.headers},
                auth=self._authorize,
                timeout=(self._patience.connect, self._patience.read),
                allow_redirects=False,
                **self._connection,
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            return _transport_failure(call, error, self._patience.read)
        except OSError:
            return _Outcome(failure=_unreadable_files(call))
        except ValueError:  # requests looks at where a redirect leads even when it is not to follow it
            return _Outcome(failure=_redirected(call, "a malformed address"))
        if _is_truncated(response):
            return _broken(call, "broke off in the middle of the answer", sent=True)
        return self._judge(call, response)

    def _authorize(self, prepared: t.Any) -> t.Any:
        """As an auth callable, because with none requests would look for a password in .netrc."""
        body = prepared.body or b""
        prepared.headers.update(self._authorization.headers_for(body.encode() if isinstance(body, str) else body))
        return prepared

    def _judge(self, call: _Call, response: t.Any) -> _Outcome:
        status = response.status_code
        if 300 <= status < 400:
            return _Outcome(failure=_redirected(call, _redirect_target(response.headers.get("Location", ""))))
        payload, text = _decode(response.content)
        message = "" if status < 300 else self._showable(payload if payload is not None else text)
        next_url = response.links.get("next", {}).get("url", "")
        answer = Answer(call.where, status, payload, message, call.creates, next_url)
        again = status == 429 or (status in self._patience.trouble and not call.creates)
        return _Outcome(answer, again=again, pause=self._asked_pause(response.headers) if again else None)

    def _asked_pause(self, headers: t.Mapping[str, str]) -> float | None:
        """Seconds that the server asks to wait; None where it does not say, or not legibly."""
        asked = next((headers[name].strip() for name in self._pause_headers if headers.get(name)), "")
        if asked.isdecimal():
            return max(0.0, float(asked) - (self._clock.now() if float(asked) > _A_MOMENT else 0.0))
        try:
            return max(0.0, parsedate_to_datetime(asked).timestamp() - self._clock.now())
        except (TypeError, ValueError, IndexError):
            return None

    def _showable(self, body: t.Any) -> str:
        """What the vendor says about an error, on one line, without our own secrets."""
        text = (self._error_message(body) if self._error_message else None) or ""
        for secret in self._authorization.secrets:
            text = text.replace(secret, "***")
        return re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()[:_LONGEST_MESSAGE]

    def _conclude(self, call: _Call, outcome: _Outcome, accept: t.Container[int]) -> Answer:
        if outcome.failure is not None:
            raise outcome.failure from None
        answer = outcome.answer
        if answer is None:
            raise Unreachable(f"{call.where} had no outcome.")
        if answer.status < 300 or answer.status in accept:
            return answer
        raise refusal(answer)


def refusal(answer: Answer) -> LocksmithError:
    """The error that an answer's status stands for, to raise."""
    said = f" ({answer.message})" if answer.message else ""
    what = f"{answer.where} was answered with status {answer.status}{said}."
    status = answer.status
    if status in (401, 403):
        step = "check the login." if status == 401 else "give this login the rights that the documentation lists."
        return Denied(what, next_step=step)
    if status == 404:
        return NotFound(what, next_step="check the URL and the names in it.")
    if status == 429:
        return Unreachable(what, next_step="the server limits requests: run again later, or with fewer forks.")
    if status >= 500:
        return Unreachable(what + (_DOUBT if answer.creates else ""), next_step="look at the server's log, then run again.")
    return Rejected(what)


def _checked_base(base_url: str) -> str:
    try:
        parts = urlsplit(base_url.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(
            "the server's URL is malformed.", next_step="write it as https://host, https://host:port or https://host/path."
        )
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ConfigurationError(
            f"the URL of {parts.hostname} holds a user name, a password, a query or a fragment.",
            next_step="leave them out of the URL; there are options for the login.",
        )
    return base_url.strip().rstrip("/")


def _origin(url: str) -> str:
    """Scheme, host and port only: user name, path and query may hold secrets."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")


def _decode(content: bytes) -> tuple[t.Any, str]:
    try:
        return json.loads(content), ""
    except (ValueError, RecursionError):
        return None, content[:1024].decode("utf-8", "replace")


def _is_truncated(response: t.Any) -> bool:
    """Whether fewer bytes came than announced: urllib3 before 2.0 does not notice."""
    announced = response.headers.get("Content-Length", "")
    return announced.isdecimal() and "Content-Encoding" not in response.headers and len(response.content) < int(announced)


def _redirect_target(location: str) -> str:
    try:
        return _origin(location) if urlsplit(location).hostname else "another path of the same server"
    except ValueError:
        return "a malformed address"


def _redirected(call: _Call, target: str) -> Rejected:
    return Rejected(
        f"{call.where} was answered with a redirect to {target}; it is not followed, so that no login goes there.",
        next_step="set the URL to the address that the server itself uses.",
    )


def _unreadable_files(call: _Call) -> ConfigurationError:
    return ConfigurationError(
        f"{call.where} could not be sent: a CA, client certificate or key file cannot be read.",
        next_step="check ca_path, client_cert and client_key on the machine where this runs.",
    )


def _transport_failure(call: _Call, error: Exception, read_timeout: float) -> _Outcome:
    """Sort out what happened. The exception itself holds the request with its headers and goes no further."""
    if isinstance(error, requests.exceptions.SSLError):
        return _untrusted(call, error)
    if isinstance(error, (ValueError, urllib3.exceptions.LocationParseError)):  # invalid URL, header or proxy address
        return _Outcome(failure=ConfigurationError(f"{call.where} could not be sent: the URL or the proxy's URL is malformed."))
    if _never_sent(error):
        return _broken(call, "could not connect", sent=False)
    timed_out = isinstance(error, (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError))
    return _broken(call, f"got no answer within {read_timeout:.0f} seconds" if timed_out else "lost the connection", sent=True)


def _never_sent(error: Exception) -> bool:
    """Whether the connection failed before the request could be on its way."""
    if isinstance(error, (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError)):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, urllib3.exceptions.NewConnectionError)


def _broken(call: _Call, what: str, *, sent: bool) -> _Outcome:
    doubt = sent and call.creates
    failure = Unreachable(
        f"{call.where} {what}." + (_DOUBT if doubt else ""), next_step="check that the server runs and can be reached from here."
    )
    return _Outcome(failure=failure, again=not doubt)


def _untrusted(call: _Call, error: Exception) -> _Outcome:
    if "CERTIFICATE_VERIFY_FAILED" not in str(error):
        return _Outcome(failure=Unreachable(f"{call.where} failed in TLS." + (_DOUBT if call.creates else "")))
    return _Outcome(
        failure=Unreachable(
            f"{call.where} was not sent: the server's certificate is not trusted.",
            next_step="set ca_path to the CA that signed it, and use the host name that the certificate is for.",
        )
    )
