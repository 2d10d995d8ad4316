# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grafana service-account tokens, of Grafana 9 and later, self-hosted or any stack that answers at its own URL.

A token's secret is shown once. Token names are unique in an organization, so the attempt's name finds a stranded one.
Facts are from Grafana's own sources: pkg/services/serviceaccounts/api, pkg/services/authn/clients/api_key.go,
pkg/components/apikeygenprefix, pkg/api/user.go.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
import string
import struct
import typing as t
import zlib
from urllib.parse import quote

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import (
    Answer,
    Authorization,
    Connection,
    JsonClient,
    refusal,
)
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
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock, from_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    Denied,
    ExternalError,
    NotFound,
    Rejected,
    Unreachable,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

#: Grafana writes lastUsedAt only where it is empty or five minutes old (shouldUpdateLastUsedAt).
LAST_USE_RESOLUTION = 300
#: Column api_key.name of Grafana's database.
_LONGEST_NAME = 190
#: What the engine's attempt names add to the credential's name.
_ATTEMPT_NAME = r"locksmith-{credential}-\d{{8}}T\d{{6}}-[0-9a-f]{{8}}"
_ATTEMPT_NAME_LENGTH = len("locksmith--20261121T031400-9f86d081")
#: A legacy API key is base64 of JSON that begins with {"k":" — a JWT begins otherwise.
_LEGACY_KEY = "eyJrIjoi"
_PAGE = 1000
_LEGACY_WAY_OUT = (
    "legacy API keys end with Grafana 11.3 (no new ones), 11.6 (all become service-account tokens) and 12.1 (gone): "
    "create a service account and use one of its tokens."
)


@dataclasses.dataclass(frozen=True)
class Account:
    """A service account as Grafana describes it. Servers before 11 have no uid."""

    id: int
    uid: str
    name: str
    login: str
    role: str
    org_id: int
    disabled: bool


class GrafanaApi:
    """The requests, one method each. Called by P(GrafanaIssuer) only."""

    def __init__(
        self,
        url: str,
        authorization: Authorization,
        connection: Connection,
        clock: Clock,
        attempts: int,
        org_id: int | None = None,
    ) -> None:
        self._client = JsonClient(url, authorization, connection, error_message=_message, clock=clock, attempts=attempts)
        self.origin = self._client.origin
        if org_id is not None:
            self._use_org(org_id)

    def close(self) -> None:
        self._client.close()

    def _use_org(self, org_id: int) -> None:
        self._client.headers["X-Grafana-Org-Id"] = str(org_id)

    def enter_org(self, name: str) -> None:
        """Work in the organization of that name. Only server administrators may look one up by name.

        :raises NotFound: no such organization.
        """
        self._use_org(self._client.request("GET", f"/api/orgs/name/{quote(name, safe='')}").field("id", int))

    def org(self) -> dict[str, t.Any] | None:
        """The organization of this login; None where it may not see it (role None)."""
        return self._told("/api/org")

    def _told(self, path: str) -> dict[str, t.Any] | None:
        answer = self._client.request("GET", path, accept=(403, 404))
        return answer.mapping() if answer.status == 200 else None

    def find(self, name: str) -> Account | None:
        """The service account of exactly this name. :raises Rejected: the server has no service accounts."""
        seen, page = 0, 1
        while True:
            query = {"query": name, "page": page, "perpage": _PAGE}
            answer = self._client.request("GET", "/api/serviceaccounts/search", query=query, accept=(404,))
            if answer.status == 404:
                raise self._no_service_accounts()
            rows = answer.field("serviceAccounts", list)
            for row in rows:
                if isinstance(row, dict) and row.get("name") == name:
                    return _account(row)
            seen, page = seen + len(rows), page + 1
            if not rows or seen >= answer.field("totalCount", int):
                return None

    def _no_service_accounts(self) -> Rejected:
        return Rejected(
            f"{self.origin} has no service accounts: it is older than Grafana 9, or the URL is not the root of Grafana.",
            next_step="check the URL; a Grafana before 9 has only legacy API keys and needs an upgrade first.",
        )

    def create_account(self, name: str, role: str) -> Account | None:
        """Create the service account; None where somebody else just did. Answers 400 for a duplicate, older servers 409."""
        body = {"name": name, "role": role, "isDisabled": False}
        answer = self._client.request("POST", "/api/serviceaccounts", body=body, creates=True, accept=(400, 409))
        if answer.status < 300:
            return _account(answer.mapping())
        if not _is_duplicate(answer, "serviceaccounts.ErrAlreadyExists"):
            raise refusal(answer)
        return None

    def tokens(self, account_id: str) -> list[dict[str, t.Any]]:
        """All tokens of the service account, expired ones too. :raises NotFound: no such service account."""
        return self._client.request("GET", f"/api/serviceaccounts/{account_id}/tokens").rows()

    def create_token(self, account_id: int, name: str, lifetime: int) -> Answer:
        """C(lifetime): seconds, 0 for ever. 400 and 409 are returned, for the caller to explain."""
        path = f"/api/serviceaccounts/{account_id}/tokens"
        body = {"name": name, "secondsToLive": lifetime}
        return self._client.request("POST", path, body=body, creates=True, accept=(400, 409))

    def delete_token(self, account_id: str, token_id: str) -> bool:
        """Delete; False where the server answered 404."""
        answer = self._client.request("DELETE", f"/api/serviceaccounts/{account_id}/tokens/{token_id}", accept=(404,))
        return answer.status < 300

    def permissions(self) -> dict[str, t.Any] | None:
        """Action to scopes, of this login; None where the server does not tell."""
        return self._told("/api/access-control/user/permissions")

    def login(self) -> tuple[Verdict, str]:
        """Whether this login works: every signed-in identity may see its permissions, whatever its role.

        403 is a known identity without the right; 401 is none. Health and frontend settings answer anybody and prove nothing.
        """
        try:
            answer = self._client.request("GET", "/api/access-control/user/permissions", accept=(401, 403, 404))
            if answer.status == 404:
                answer = self._client.request("GET", "/api/org", accept=(401, 403))
        except ExternalError as error:
            return Verdict.UNKNOWN, error.message
        if answer.status == 401:
            return Verdict.DEAD, answer.message
        if answer.status == 403 or isinstance(answer.payload, dict):
            return Verdict.ALIVE, ""
        return Verdict.UNKNOWN, "the server's answer is not Grafana's"

    def whoami(self) -> dict[str, t.Any] | None:
        """The identity of this login; None where the server says that only for users (10.x to 11.1)."""
        return self._told("/api/user")


class GrafanaIssuer(Issuer):
    """Tokens of one service account. A version's id is C(<service account id>/<token id>), so that a token is found,
    and is not taken for deleted, after its service account was renamed or replaced by another of the same name."""

    KIND = "grafana"
    MODULE = "grafana_api_key_rotate"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        "url": {"type": "str", "required": True, "aliases": ["grafana_url"]},
        "grafana_api_key": {"type": "str", "no_log": True},
        "url_username": {"type": "str", "aliases": ["grafana_user"]},
        "url_password": {"type": "str", "no_log": True, "aliases": ["grafana_password"]},
        "org_id": {"type": "int"},
        "org_name": {"type": "str"},
        "use_proxy": {"type": "bool", "default": True},
        "client_cert": {"type": "path"},
        "client_key": {"type": "path", "no_log": False},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        "service_account": {"type": "str", "required": True},
        "service_account_role": {"type": "str", "choices": ["None", "Viewer", "Editor", "Admin"]},
        "create_service_account": {"type": "bool", "default": True},
        "seconds_to_live": {"type": "int"},
        "token_name_prefix": {"type": "str", "default": "", "no_log": False},
    }
    CONSTRAINTS: t.ClassVar[dict[str, t.Any]] = {
        "mutually_exclusive": [["grafana_api_key", "url_username"], ["org_id", "org_name"]],
        "required_one_of": [["grafana_api_key", "url_username"]],
        "required_together": [["url_username", "url_password"]],
        "required_by": {"client_key": ["client_cert"]},
    }
    FIELDS = ("token",)
    MINTS = True
    ROTATE_AFTER = "180d"

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        self._options = options
        self._setting = setting
        self._name: str = options["service_account"]
        self._prefix: str = options.get("token_name_prefix") or ""
        self._lifetime: int | None = options.get("seconds_to_live")
        self._connection = Connection.from_options(options)
        self._org_id = _org_id(options)
        self._client = self._api(_authorization(options), org_id=self._org_id)
        self._in_org = False
        self._known: Account | None = None
        self._refuses_strangers = False

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> GrafanaIssuer:
        _check_lifetime(options.get("seconds_to_live"), setting)
        length = len(options.get("token_name_prefix") or "") + len(setting.credential) + _ATTEMPT_NAME_LENGTH
        if length > _LONGEST_NAME:
            raise ConfigurationError(
                f"token names of {setting.credential} would have {length} characters; Grafana allows {_LONGEST_NAME}.",
                next_step="shorten token_name_prefix or the credential's name.",
            )
        return cls(options, setting)

    @property
    def identity(self) -> str:
        place = self._options.get("org_name") or self._org_id
        return f"grafana service account {self._name} at {self._client.origin}" + (f" (organization {place})" if place else "")

    @property
    def capacity(self) -> int:
        return 0

    def close(self) -> None:
        self._client.close()

    # ---- what is there --------------------------------------------------------------------------------------------

    def keys(self) -> list[KeyInfo]:
        account = self._find()
        self._check_rights(account)
        if account is None:
            self._check_creation()
            return []
        self._check_account(account)
        return self._listed(str(account.id))

    def _api(self, authorization: Authorization, attempts: int = 5, org_id: int | None = None) -> GrafanaApi:
        return GrafanaApi(self._options["url"], authorization, self._connection, self._setting.clock, attempts, org_id)

    def _grafana(self) -> GrafanaApi:
        """The client of the rotator's own login, in the right organization."""
        name = self._options.get("org_name")
        if name and not self._in_org:
            if self._options.get("grafana_api_key"):
                self._check_org_of_token(name)
            else:
                self._client.enter_org(name)
        self._in_org = True
        return self._client

    def _check_org_of_token(self, name: str) -> None:
        org = self._client.org()
        if org is None or org.get("name") != name:
            raise Rejected(
                f"grafana_api_key at {self._client.origin} could not be shown to belong to the organization {name}.",
                next_step="a token belongs to one organization: use one of the right organization, or leave org_name out.",
            )

    def _find(self) -> Account | None:
        """The service account, asked for once; one that is missing is asked for every time."""
        if self._known is None:
            self._known = self._grafana().find(self._name)
        return self._known

    def _check_rights(self, account: Account | None) -> None:
        """Before anything is created: would creating be allowed? Servers that do not tell are taken at their later word."""
        granted = self._grafana().permissions()
        if granted is None:
            return
        needed = "serviceaccounts:write" if account else "serviceaccounts:create"
        scopes = granted.get(needed)
        if scopes is None or (account and not _covers(scopes, account)):
            raise Denied(
                f"the login for {self.identity} lacks the permission {needed}"
                + (f" on serviceaccounts:id:{account.id}." if account else ", and the service account does not exist yet."),
                next_step="grant it, or create the service account and grant serviceaccounts:read and :write on it.",
            )

    def _check_creation(self) -> None:
        if not self._options.get("create_service_account", True):
            raise NotFound(f"{self.identity} does not exist.", next_step="create it, or set create_service_account to true.")
        if not self._options.get("service_account_role"):
            raise ConfigurationError(
                f"{self.identity} does not exist, and service_account_role does not say with which role to create it.",
                next_step="set service_account_role to the least that the users of the token need, or check the name.",
            )

    def _check_account(self, account: Account) -> None:
        wanted = self._options.get("service_account_role")
        if account.disabled:
            raise Rejected(f"{self.identity} is disabled, so no token of it works.", next_step="enable it in Grafana.")
        if wanted and account.role and account.role != wanted:
            raise Rejected(
                f"{self.identity} has the role {account.role}, and service_account_role says {wanted}.",
                next_step="change the role in Grafana, or set service_account_role to what it is; a role is never changed here.",
            )

    def _listed(self, account_id: str) -> list[KeyInfo]:
        return [_key(account_id, row) for row in self._grafana().tokens(account_id)]

    def stranded(self, attempt: Attempt, recorded: t.Container[str]) -> list[KeyInfo]:
        account = self._find()
        if account is None:
            return []
        name = self._token_name(attempt)
        return [key for key in self._listed(str(account.id)) if key.name == name and key.id not in recorded]

    def _token_name(self, attempt: Attempt) -> str:
        return self._prefix + attempt.name

    # ---- issuing --------------------------------------------------------------------------------------------------

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        account = self._find() or self._create_account()
        self._check_account(account)
        lifetime = attempt.lifetime if self._lifetime is None else self._lifetime
        asked_at = self._setting.clock.now()
        answer = self._grafana().create_token(account.id, self._token_name(attempt), lifetime)
        if answer.status >= 300:
            raise self._explained(answer, attempt, lifetime)
        fields = SecretFields({"token": answer.field("key", str)})
        return Issued(f"{account.id}/{answer.field('id', int)}", fields, asked_at, asked_at + lifetime if lifetime else None)

    def _create_account(self) -> Account:
        self._check_creation()
        self._known = self._grafana().create_account(self._name, self._options["service_account_role"]) or self._find()
        if self._known is None:
            raise Rejected(
                f"{self.identity} cannot be created because it exists, and is not among those that this login sees.",
                next_step="give this login serviceaccounts:read on it.",
            )
        return self._known

    def _explained(self, answer: Answer, attempt: Attempt, lifetime: int) -> ExternalError:
        """Why Grafana refused to create the token, and the way out."""
        said = answer.message.lower()
        if _is_duplicate(answer, "serviceaccounts.ErrTokenAlreadyExists"):
            return Rejected(
                f"a token named {self._token_name(attempt)} exists already in the organization of {self.identity}.",
                next_step="run again: the next attempt has another name.",
            )
        if any(part in said for part in ("should be set", "global limit", "exceeds the limit")):
            asked = f"{lifetime} s ({format_duration(lifetime)})" if lifetime else "no end"
            return Rejected(
                f"{self.identity}: Grafana limits how long tokens live and refused one with {asked}: {answer.message}.",
                next_step="shorten rotate_after and grace (their sum is the lifetime), or raise on the server "
                "api_key_max_seconds_to_live in [auth] or token_expiration_day_limit in [service_accounts].",
            )
        error = refusal(answer)
        return error if isinstance(error, ExternalError) else Rejected(str(error))

    # ---- verifying ------------------------------------------------------------------------------------------------

    def verify(self, version: Issued) -> Verification:
        return self._log_in(version.fields.get("token", ""))[0]

    def _log_in(self, token: str) -> tuple[Verification, bool]:
        """Log in on a new connection; the second value: did Grafana say that it is our service account?"""
        try:
            api = self._api(Authorization.bearer(token), attempts=2)
        except ConfigurationError as error:
            return Verification(Verdict.DEAD, detail=error.message), False
        try:
            verdict, detail = api.login()
            if verdict is not Verdict.ALIVE:
                return Verification(verdict, detail=detail), False
            self._check_refuses_strangers()
            identity, proved = self._who_is(api)
            return Verification(Verdict.ALIVE, identity, detail), proved
        except Unreachable as error:
            return Verification(Verdict.UNKNOWN, detail=error.message), False
        finally:
            api.close()

    def _check_refuses_strangers(self) -> None:
        """A token that nobody issued must be refused; else (anonymous access, a proxy that logs in) a login proves nothing."""
        if self._refuses_strangers:
            return
        stranger = self._api(Authorization.bearer(random_token()), attempts=2)
        verdict, detail = stranger.login()
        stranger.close()
        if verdict is Verdict.UNKNOWN:
            raise Unreachable(detail)
        if verdict is Verdict.ALIVE:
            raise Rejected(
                f"{self._client.origin} does not refuse a token that nobody issued with 401, so a login there proves nothing.",
                next_step="use an address where Grafana itself checks tokens: no proxy that logs in, no anonymous API access.",
            )
        self._refuses_strangers = True

    def _who_is(self, api: GrafanaApi) -> tuple[str, bool]:
        """Who the server says a token belongs to, and whether that proves our service account.

        :raises Rejected: it belongs to somebody else.
        """
        account = self._find()
        if account is None:
            raise Rejected(f"the token logs in at {self._client.origin}, but {self.identity} does not exist.")
        try:
            user = api.whoami()
            org = (user or {}).get("orgId") or (api.org() or {}).get("id")
        except Denied as error:  # 401 after a login that worked: not every server behind the address knows the token yet
            raise Unreachable(error.message) from None
        if org and org != account.org_id:
            raise Rejected(f"the token belongs to organization {org}, and {self.identity} to {account.org_id}.")
        if user is None:
            return f"a token of organization {org}" if org else "", False
        if not _is_account(user, account):
            raise Rejected(f"the token logs in at {self._client.origin} as somebody else than {self.identity}.")
        return f"service account {account.name} (id {account.id}, organization {account.org_id})", True

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        """Grafana does not say which token a secret is. So: the service account's only active token, if the secret logs in
        as that service account; otherwise None, and the old token is left for a person to delete.

        :raises Rejected: the value is a legacy API key.
        """
        token = fields.get("token", "")
        if token.startswith(_LEGACY_KEY):
            raise Rejected(
                f"the published value for {self.identity} is a legacy API key, not a service-account token.",
                next_step=f"force a first rotation, which publishes a token and leaves the key alone; {_LEGACY_WAY_OUT}",
            )
        try:
            result, proved = self._log_in(token)
        except Rejected:
            return None
        if result.verdict is Verdict.UNKNOWN:
            raise Unreachable(f"whether the published token is one of {self.identity} is unknown: {result.detail}")
        account = self._find()
        if not proved or account is None:
            return None
        active = [key for key in self._listed(str(account.id)) if key.active]
        return active[0] if len(active) == 1 else None

    # ---- the end of a version -------------------------------------------------------------------------------------

    def last_use(self, version: Issued) -> LastUse:
        """Our own logins count as use too. A token that is gone cannot be in use."""
        found = [key for key in self._all_of(version) if key.id == version.id]
        return LastUse(supported=True, at=found[0].last_used_at if found else None, resolution=LAST_USE_RESOLUTION)

    def _all_of(self, version: Issued) -> list[KeyInfo]:
        """The tokens of the version's own service account; none where that is gone with all its tokens."""
        account_id = _split(version)[0]
        try:
            return self._listed(account_id)
        except NotFound:
            self._grafana().find(self._name)  # raises where 404 does not mean what it seems to: a wrong URL, no Grafana
            return []

    def delete(self, version: Issued) -> None:
        """Also clears away tokens of this credential that have expired: they pile up and cannot be used any more."""
        account_id, token_id = _split(version)
        deleted = self._grafana().delete_token(account_id, token_id)
        left = self._all_of(version)
        if not deleted and version.id in [key.id for key in left]:
            raise Unreachable(f"token {version.id} of {self.identity} is still listed, though deleting it was answered with 404.")
        ours = re.compile(re.escape(self._prefix) + _ATTEMPT_NAME.format(credential=re.escape(self._setting.credential)))
        for key in left:
            if not key.active and ours.fullmatch(key.name) and _is_past(key.expires_at, self._setting.clock):
                self._grafana().delete_token(*key.id.split("/"))


def random_token() -> str:
    """A token that nobody issued, correct in form and checksum, so that Grafana really looks it up."""
    alphabet = string.ascii_letters + string.digits
    body = "glsa_" + "".join(secrets.choice(alphabet) for dummy in range(32))
    return f"{body}_{struct.pack('<I', zlib.crc32(body.encode())).hex()}"


def _message(body: t.Any) -> str | None:
    """Grafana's own words: C(message), or a bare text (the token expiry limit). A proxy's HTML page is neither."""
    said = body.get("message") if isinstance(body, dict) else body
    return said if isinstance(said, str) and "<" not in said else None


def _is_duplicate(answer: Answer, message_id: str) -> bool:
    payload = answer.payload if isinstance(answer.payload, dict) else {}
    return answer.status == 409 or payload.get("messageId") == message_id or "already exists" in answer.message


def _authorization(options: t.Mapping[str, t.Any]) -> Authorization:
    token, username, password = options.get("grafana_api_key"), options.get("url_username"), options.get("url_password")
    if bool(token) == bool(username) or bool(username) != bool(password):
        raise ConfigurationError(
            "Grafana needs one login: grafana_api_key, or url_username and url_password.",
            next_step="set exactly one of the two; there is no default login.",
        )
    if not token:
        return Authorization.basic(str(username), str(password))
    if token.startswith(_LEGACY_KEY):
        raise ConfigurationError("grafana_api_key is a legacy API key.", next_step=_LEGACY_WAY_OUT)
    return Authorization.bearer(token)


def _org_id(options: t.Mapping[str, t.Any]) -> int | None:
    """The organization to name in every request. A user's own "current organization" changes with a click in the web
    interface, so with a user name and nothing else said it is the first, as in community.grafana; a token has only one."""
    if options.get("org_id") is not None:
        return int(options["org_id"])
    return None if options.get("grafana_api_key") or options.get("org_name") else 1


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


def _account(row: t.Mapping[str, t.Any]) -> Account:
    try:
        return Account(
            id=int(row["id"]),
            uid=str(row.get("uid") or ""),
            name=str(row["name"]),
            login=str(row.get("login") or ""),
            role=str(row.get("role") or ""),
            org_id=int(row["orgId"]),
            disabled=bool(row.get("isDisabled")),
        )
    except (KeyError, TypeError, ValueError):
        raise Unreachable("Grafana described a service account without id, name or organization.") from None


def _key(account_id: str, row: t.Mapping[str, t.Any]) -> KeyInfo:
    expires_at = _moment(row.get("expiration"))
    return KeyInfo(
        id=f"{account_id}/{row.get('id')}",
        name=str(row.get("name") or ""),
        created_at=_moment(row.get("created")),
        expires_at=expires_at,
        active=not row.get("hasExpired") and not row.get("isRevoked"),
        last_used_at=_moment(row.get("lastUsedAt")),
    )


def _moment(text: t.Any) -> float | None:
    """An RFC 3339 moment; nanoseconds, which Go may write and Python 3.8 cannot read, are cut off."""
    if not isinstance(text, str) or not text:
        return None
    try:
        return from_iso(re.sub(r"\.\d+", "", text))
    except ValueError:
        raise Unreachable("Grafana described a token with a moment that is not RFC 3339.") from None


def _split(version: Issued) -> tuple[str, str]:
    match = re.fullmatch(r"(\d+)/(\d+)", version.id)
    if not match:
        raise Rejected(
            f"{version.id or 'a version without an id'} is not the id of a Grafana token, so it cannot be told which one it is.",
            next_step="delete the old token in Grafana by hand, once nobody uses it.",
        )
    return match.group(1), match.group(2)


def _covers(scopes: t.Any, account: Account) -> bool:
    wanted = {"*", "serviceaccounts:*", "serviceaccounts:id:*", "serviceaccounts:uid:*", f"serviceaccounts:id:{account.id}"}
    return isinstance(scopes, list) and bool((wanted | {f"serviceaccounts:uid:{account.uid}"}) & {str(scope) for scope in scopes})


def _is_account(user: t.Mapping[str, t.Any], account: Account) -> bool:
    """C(uid) is C(service-account:<id or uid>) since 11.2; before, the answer is the account's row among the users."""
    uid = str(user.get("uid") or "")
    if uid.startswith("service-account:"):
        return uid.split(":", 1)[1] in {str(account.id), account.uid} - {""}
    return user.get("id") == account.id or (bool(account.login) and user.get("login") == account.login)


def _is_past(moment: float | None, clock: Clock) -> bool:
    return moment is not None and moment <= clock.now()
