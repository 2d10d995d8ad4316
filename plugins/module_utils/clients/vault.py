# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests to Vault or OpenBao, through hvac: one log-in, bounded retries, and the mapping of its answers to our errors.

Called by the Vault store and by the issuers of Vault's own credentials. hvac leaves retries, Retry-After and the statuses
412, 472 and 473 to its user, so hvac is given a session that takes care of them.
"""

from __future__ import annotations

import dataclasses
import random
import typing as t
from urllib.parse import quote, urljoin, urlsplit

from ansible.module_utils.common.parameters import env_fallback

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import vault_login
from ansible_collections.locksmith.rotation.plugins.module_utils.clients.aws import AWS_OPTIONS
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock, SystemClock

try:
    import hvac
    import hvac.adapters
    import hvac.exceptions
    import requests
except ImportError:  # reported by VaultClient, when somebody needs it
    HAS_HVAC = False
else:
    HAS_HVAC = True

#: Seconds.
CONNECT_TIMEOUT = 10
READ_TIMEOUT = 30
RETRIES = 3
LONGEST_RETRY_AFTER = 30.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0
_LONGEST_MESSAGE = 200

#: Statuses that time may cure, and what they mean: https://developer.hashicorp.com/vault/api-docs#http-status-codes
_PASSING = {
    412: "this node has not caught up with the cluster yet",
    429: "a rate limit is reached",
    472: "this is a disaster recovery secondary",
    473: "this is a performance standby",
    500: "an internal error",
    502: "something that Vault itself depends on failed",
    503: "Vault is sealed or down for maintenance",
    504: "a gateway timed out",
}
_CURES = {
    472: "use the address of the primary cluster.",
    473: "use the address of the active node.",
    503: "unseal Vault or wait for its maintenance to end; the next run tries again.",
}
#: After these nobody knows whether the request took effect.
_DOUBTFUL = (500, 502, 504)

#: Named as community.hashi_vault names them. What aws_iam needs is named as amazon.aws names it.
VAULT_OPTIONS: dict[str, t.Any] = {
    **{name: AWS_OPTIONS[name] for name in vault_login.AWS_IAM_OPTIONS},
    "url": {"type": "str", "fallback": (env_fallback, ["ANSIBLE_HASHI_VAULT_ADDR", "VAULT_ADDR"])},
    "namespace": {"type": "str", "fallback": (env_fallback, ["ANSIBLE_HASHI_VAULT_NAMESPACE", "VAULT_NAMESPACE"])},
    "ca_cert": {
        "type": "path",
        "aliases": ["cacert"],
        "fallback": (env_fallback, ["ANSIBLE_HASHI_VAULT_CA_CERT", "VAULT_CACERT"]),
    },
    "validate_certs": AWS_OPTIONS["validate_certs"],
    "timeout": {"type": "int"},
    "retries": {"type": "int"},
    **vault_login.LOGIN_OPTIONS,
}

_SECRET_OPTIONS = [name for name, option in VAULT_OPTIONS.items() if option.get("no_log")]


@dataclasses.dataclass(frozen=True)
class Answer:
    """What Vault answered. C(body) may hold secrets: never log it.

    C(doubtful): an earlier attempt at this request got no usable answer, so it may have taken effect twice.
    """

    status: int
    body: dict[str, t.Any] = dataclasses.field(repr=False)
    doubtful: bool = False

    @property
    def data(self) -> dict[str, t.Any]:
        """The C(data) of the answer, empty if there is none."""
        found = self.body.get("data")
        return found if isinstance(found, dict) else {}

    @property
    def refused(self) -> bool:
        """Whether it is Vault that says no, in C(errors) or, for some paths, in C(data.error). A proxy's page has neither."""
        return self.status >= 400 and (isinstance(self.body.get("errors"), list) or "error" in self.data)

    @property
    def complaints(self) -> str:
        """Vault's C(errors) and C(warnings) in one line, for comparison with known texts. Not to be shown."""
        said = [*(self.body.get("errors") or []), *(self.body.get("warnings") or []), *(self.data.get("warnings") or [])]
        return " ".join(str(each) for each in said)


class VaultClient:
    """One server and one log-in, made when the first request is. Not for use by several threads at once."""

    def __init__(self, options: t.Mapping[str, t.Any], clock: Clock | None = None, prefix: str = "store.") -> None:
        """:arg options: as of P(VAULT_OPTIONS), validated. :arg prefix: put before their names in messages.

        :raises ConfigurationError: :raises MissingLibrary:
        """
        if not HAS_HVAC:
            raise errors.MissingLibrary(
                "the Python package hvac is needed for Vault and is not installed where this runs.",
                next_step="install hvac for the Python interpreter that runs the module.",
            )
        self._options = options
        self._prefix = prefix
        self.url = _checked_url(options.get("url"), prefix)
        self._login = vault_login.login_for(options, prefix)
        self._session = _PatientSession(options, self._login.certificate(options), clock or SystemClock(), prefix)
        self._hvac: hvac.Client | None = None

    @property
    def endpoint(self) -> Endpoint:
        """For the doctor."""
        return Endpoint(self.url, self._options.get("ca_cert"), self._options.get("validate_certs") is not False)

    @property
    def host(self) -> str:
        """Where Vault is, for people."""
        return _host(self.url)

    def request(
        self,
        method: str,
        path: str,
        body: t.Mapping[str, t.Any] | None = None,
        *,
        doing: str,
        tolerated: t.Container[int] = (),
        once: bool = False,
    ) -> Answer:
        """One request, logged in.

        :arg path: below C(/v1/), not yet quoted. :arg doing: completes "Vault refused to"; public words only.
        :arg tolerated: statuses that the caller understands and wants as an answer.
        :arg once: do not repeat it where an attempt may have taken effect: it makes something.
        :raises Denied: :raises NotFound: :raises QuotaExceeded: :raises Rejected: :raises Unreachable:
        """
        client = self._logged_in()
        given = {} if body is None else {"json": body}
        self._session.once = once
        try:
            response = client.adapter.request(method, "/v1/" + quote(path, safe="/"), raise_exception=False, **given)
        finally:
            self._session.once = False
        answer = Answer(response.status_code, _json_of(response), self._session.doubtful)
        if answer.status < 400 or answer.status in tolerated:
            return answer
        secrets = [*_strings_in(body), client.token]
        raise _refusal(answer.status, doing, public_message(answer.body, secrets), path)

    def check_rights(self, needed: t.Mapping[str, t.Sequence[str]], page: str) -> None:
        """Ask whether the token may do all that is needed, changing nothing.

        :arg needed: API path to capabilities. :arg page: where a policy is to be found.
        :raises Denied: it may not, or it may not even ask (Vault's policy C(default) grants that).
        """
        asked = {"paths": list(needed)}
        answer = self.request("post", "sys/capabilities-self", asked, doing="say what rights the token has")
        if not answer.body:
            raise self.not_vault()
        for path, rights in needed.items():
            held = answer.data.get(path) or answer.body.get(path) or []
            missing = [] if "root" in held else sorted(set(rights) - set(held))
            if missing:
                raise errors.Denied(
                    f"the Vault token lacks the rights {', '.join(missing)} on {path}.",
                    next_step=f"add them to its policy, as {page} shows.",
                )

    def not_vault(self) -> errors.Unreachable:
        """The error for an answer that Vault does not give: it says nothing about what was asked."""
        return errors.Unreachable(
            f"what answers at {self.host} is not Vault.",
            next_step=f"check {self._prefix}url and the proxy; the next run tries again.",
        )

    def close(self) -> None:
        """Let go of the connection. The token lives on: it may be the user's own."""
        self._session.close()

    def _logged_in(self) -> hvac.Client:
        if self._hvac is None:
            client = hvac.Client(
                url=self.url,
                token="",
                verify=self._session.verify,
                cert=self._session.cert,
                timeout=self._session.timeout,
                session=self._session,
                adapter=hvac.adapters.RawAdapter,
                namespace=self._options.get("namespace") or None,
            )
            self._log_in(client)
            self._hvac = client
        return self._hvac

    def _log_in(self, client: hvac.Client) -> None:
        method = self._options.get("auth_method") or vault_login.USUAL_METHOD
        try:
            self._login.log_in(client, self._options)
        except hvac.exceptions.VaultError as refused:
            # A wrong role id or secret id is answered with 400, not with 403: both mean that nobody is logged in.
            secrets = [str(self._options[name]) for name in _SECRET_OPTIONS if self._options.get(name)]
            said = public_message(getattr(refused, "json", None), secrets)
            raise errors.Denied(
                f"Vault refused the {method} log-in{said}.",
                next_step=f"check the {method} options, {self._prefix}mount_point and {self._prefix}namespace.",
            ) from None
        except (ValueError, KeyError, TypeError):  # some proxy's page
            raise errors.Unreachable(
                f"what answers at {_host(self.url)} is not Vault.", next_step=f"check {self._prefix}url and the proxy."
            ) from None


class _PatientSession:
    """What hvac takes for a requests session: it waits and tries again, and raises our errors when that does not help."""

    proxies: t.Any = None

    def __init__(self, options: t.Mapping[str, t.Any], cert: t.Any, clock: Clock, prefix: str) -> None:
        self._prefix = prefix
        insecure = options.get("validate_certs") is False
        self.verify: t.Any = False if insecure else (options.get("ca_cert") or True)
        self.cert = cert
        read = options.get("timeout")
        self.timeout = (CONNECT_TIMEOUT, READ_TIMEOUT if read is None else min(max(1, read), READ_TIMEOUT))
        given = options.get("retries")
        self._retries = RETRIES if given is None else max(0, given)
        self._clock = clock
        self._session = requests.Session()
        #: Whether the last request may have taken effect in an attempt without a usable answer.
        self.doubtful = False
        #: Whether a request that may have taken effect is not to be repeated.
        self.once = False

    def request(self, method: str, url: str, **kwargs: t.Any) -> requests.Response:
        self.doubtful = False
        for left in range(self._retries, -1, -1):
            response, trouble = self._attempt(method, url, kwargs)
            if response is not None and response.status_code not in _PASSING:
                return response
            if response is None or response.status_code in _DOUBTFUL:
                self.doubtful = True
            if not left or (self.once and self.doubtful):
                break
            self._clock.sleep(_pause(response, self._retries - left))
        raise _no_answer(url, response, trouble, self._prefix) from None

    def close(self) -> None:
        self._session.close()

    def _attempt(self, method: str, url: str, kwargs: dict[str, t.Any]) -> tuple[requests.Response | None, str]:
        try:
            return self._follow(method, url, kwargs), ""
        except requests.exceptions.SSLError:
            raise errors.Unreachable(
                f"no trusted TLS connection to Vault at {_host(url)}.",
                next_step=f"name the certificate authority with {self._prefix}ca_cert and check the host name in {self._prefix}url.",
            ) from None
        except requests.exceptions.RequestException as problem:
            return None, type(problem).__name__

    def _follow(self, method: str, url: str, kwargs: dict[str, t.Any]) -> requests.Response:
        """A standby sends its callers to the active node, once; the token never leaves TLS on the way."""
        asked = {**kwargs, "allow_redirects": False}
        response = self._session.request(method, url, **asked)
        if not response.is_redirect:
            return response
        target = urljoin(url, response.headers["Location"])
        if url.startswith("https:") and not target.startswith("https:"):
            raise errors.Rejected(
                f"Vault at {_host(url)} redirects to an address without TLS.", next_step="use the address of the active node."
            )
        return self._session.request(method, target, **asked)


def public_message(body: t.Any, secrets: t.Iterable[str]) -> str:
    """Vault's own C(errors), as C(": …"), or nothing if they repeat a value that we sent."""
    said = body.get("errors") if isinstance(body, dict) else None
    text = " ".join("; ".join(str(each) for each in said or []).split())
    if not text or any(len(secret) > 2 and secret in text for secret in secrets):
        return ""
    return ": " + text[:_LONGEST_MESSAGE]


def _checked_url(url: t.Any, prefix: str) -> str:
    if not url:
        raise errors.ConfigurationError(
            f"{prefix}url is missing.", next_step="give the address of Vault, or set VAULT_ADDR where the module runs."
        )
    parts = urlsplit(str(url))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise errors.ConfigurationError(
            f"{prefix}url is not an address of a Vault server.", next_step="write it as https://vault.example.com:8200."
        )
    return str(url).rstrip("/")


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _pause(response: requests.Response | None, attempt: int) -> float:
    """Seconds: what the server asks for, capped, else a random part of an exponentially growing pause."""
    asked = "" if response is None else str(response.headers.get("Retry-After", ""))
    if asked.isdecimal():
        return min(float(asked), LONGEST_RETRY_AFTER)
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**attempt) * random.uniform(0.5, 1.0)


def _no_answer(url: str, response: requests.Response | None, trouble: str, prefix: str) -> errors.Unreachable:
    if response is None:
        return errors.Unreachable(
            f"Vault at {_host(url)} does not answer ({trouble}).",
            next_step=f"check {prefix}url and the network; the next run tries again.",
        )
    status = response.status_code
    return errors.Unreachable(
        f"Vault at {_host(url)} cannot answer now: {_PASSING[status]} (HTTP {status}).",
        next_step=_CURES.get(status, "the next run tries again."),
    )


def _refusal(status: int, doing: str, said: str, path: str) -> errors.ExternalError:
    message = f"Vault refused to {doing} (HTTP {status}{said})."
    if status in (401, 403):
        return errors.Denied(message, next_step=f"check that the token is valid and its policies allow this on {path}.")
    if status == 404:
        return errors.NotFound(message, next_step="check the mount, the path and the namespace.")
    if status == 413:
        return errors.QuotaExceeded(message, next_step="store a smaller value, or raise max_request_size of the listener.")
    if status == 501:
        return errors.Unreachable(f"Vault cannot {doing}: it is not initialised (HTTP 501).", next_step="initialise Vault.")
    return errors.Rejected(message)


def _json_of(response: requests.Response) -> dict[str, t.Any]:
    try:
        body = response.json()
    except ValueError:  # 204, or some proxy's page
        return {}
    return body if isinstance(body, dict) else {}


def _strings_in(value: t.Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, t.Mapping):
        return [text for each in value.values() for text in _strings_in(each)]
    if isinstance(value, (list, tuple)):
        return [text for each in value for text in _strings_in(each)]
    return []
