# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datadog API keys, and application keys of the user that logs in or of a service account.

Many keys live side by side, so the new one is made beside the old one, named like its attempt. Datadog can show the value of
an API key again; a key that an interrupted attempt left behind is nevertheless deleted and made anew, because that also
works for application keys and needs no second way through the engine.
"""

from __future__ import annotations

import hmac
import re
import secrets
import string
import typing as t

from ansible.module_utils.common.parameters import env_fallback

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Authorization, Connection
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.datadog_api import (
    DatadogApi,
    Login,
    Row,
    api_keys,
    application_keys,
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
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint, LeastRights
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

#: Seconds. Datadog documents no figure for how late its date of the last use may be; a day is what its own wording allows for.
LAST_USE_RESOLUTION = 86400
#: Characters of an API key (hexadecimal) and of an application key, as in Datadog's recorded traffic.
#: What the owner of app_key has to be allowed, by what is rotated.
_PERMISSIONS = {
    "api": ("api_keys_read", "api_keys_write", "api_keys_delete"),
    "own": ("user_app_keys",),
    "service account": ("service_account_write",),
}
_API_KEY_LENGTH = 32
_APPLICATION_KEY_LENGTH = 40
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
#: How many keys that are in the way are named.
_NAMED = 5
_LAST = 4
_FIELD = "key"


class DatadogIssuer(Issuer):
    """Keys of one family: the organization's API keys, or one owner's application keys. A version's id is the key's id."""

    KIND = "datadog"
    MODULE = "datadog_key_rotate"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        "api_key": {
            "type": "str",
            "required": True,
            "no_log": True,
            "aliases": ["datadog_api_key"],
            "fallback": (env_fallback, ["DD_API_KEY", "DATADOG_API_KEY"]),
        },
        "app_key": {
            "type": "str",
            "required": True,
            "no_log": True,
            "aliases": ["datadog_app_key"],
            "fallback": (env_fallback, ["DD_APP_KEY", "DATADOG_APP_KEY"]),
        },
        "site": {
            "type": "str",
            "default": "datadoghq.com",
            "aliases": ["datadog_site"],
            "fallback": (env_fallback, ["DD_SITE", "DATADOG_SITE"]),
        },
        "api_host": {"type": "str", "fallback": (env_fallback, ["DATADOG_HOST"])},
        "key_type": {"type": "str", "default": "api", "choices": ["api", "application"], "no_log": False},
        "service_account_id": {"type": "str"},
        "scopes": {"type": "list", "elements": "str"},
        "category": {"type": "str"},
        "remote_config_read_enabled": {"type": "bool"},
        "key_name_prefix": {"type": "str", "default": "", "no_log": False},
        "use_proxy": {"type": "bool", "default": True},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
    }
    FIELDS = (_FIELD,)
    MINTS = True
    ROTATE_AFTER = "180d"
    #: How long a new key takes to be known everywhere is not documented; two logins in a row are less luck than one.
    LOGINS_NEEDED = 2

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        self._options = options
        self._clock = setting.clock
        self._is_api = options.get("key_type") != "application"
        self._owner: str = options.get("service_account_id") or ""
        self._family = api_keys() if self._is_api else application_keys(self._owner)
        self._url = _url(options)
        self._connection = Connection.from_options(options)
        self._client = self._api(_both(options["api_key"], options["app_key"]))
        self._rows: list[Row] | None = None
        self._allowed: int | None = None
        self._own_login_works = False
        self._refuses_strangers = False

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> DatadogIssuer:
        _check_options(options)
        return cls(options, setting)

    @property
    def identity(self) -> str:
        owner = "organization" if self._is_api else f"service account {self._owner}" if self._owner else "user that logs in"
        return f"datadog {self._family.title}s of the {owner} at {self._client.origin}"

    @property
    def capacity(self) -> int:
        return 0

    def close(self) -> None:
        self._client.close()

    def _api(self, authorization: Authorization, attempts: int = 5) -> DatadogApi:
        return DatadogApi(self._url, authorization, self._connection, self._clock, attempts)

    # ---- what is there --------------------------------------------------------------------------------------------

    def endpoints(self) -> t.Sequence[Endpoint]:
        return [Endpoint.of(self._client.origin, self._options)]

    def least_rights(self) -> t.Sequence[LeastRights]:
        """By name: Datadog's roles take ids, which differ between organizations."""
        needed = _PERMISSIONS["api" if self._is_api else "service account" if self._owner else "own"]
        return [LeastRights(f"Datadog at {self._client.origin}, permissions of the owner of app_key", "text", "\n".join(needed))]

    def keys(self) -> list[KeyInfo]:
        return [row.info for row in self._listed()]

    def _listed(self) -> list[Row]:
        try:
            self._rows, self._allowed = self._client.listed(self._family)
        except errors.Denied as error:
            error.next_step = (
                "check api_key, app_key and site (a key of another site is refused in the same way), and give the owner of app_key "
                "the permissions that the documentation lists."
            )
            raise
        except errors.NotFound as error:
            error.next_step = "check service_account_id." if self._owner else "check site and api_host."
            raise
        return self._rows

    def check_room(self, listed: t.Sequence[KeyInfo], recorded: t.Container[str]) -> None:
        """Against what Datadog says that it allows: that differs from organization to organization."""
        if self._allowed is None or len(listed) < self._allowed:
            return
        has = f"There are {len(listed)} {self._family.title}s at {self.identity}, and Datadog allows {self._allowed}"
        foreign = [key for key in listed if key.id not in recorded]
        if not foreign:
            raise errors.QuotaExceeded(f"{has}, all ours.", next_step="the previous one must be retired first.")
        idle = sorted(foreign, key=lambda key: (key.last_used_at or 0.0, key.created_at or 0.0))[:_NAMED]
        raise errors.ForeignKeys(
            f"{has}. There is no room for a new one, and a key that is not ours is never touched.",
            next_step="find out who uses the ones that were idle longest, delete one, or have Datadog raise the limit: "
            + "; ".join(_described(key) for key in idle)
            + ".",
        )

    def stranded(self, attempt: Attempt, recorded: t.Container[str]) -> list[KeyInfo]:
        name = self._key_name(attempt)
        return [key for key in self.keys() if key.name == name and key.id not in recorded]

    def _key_name(self, attempt: Attempt) -> str:
        return str(self._options.get("key_name_prefix") or "") + attempt.name

    # ---- issuing --------------------------------------------------------------------------------------------------

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        """Like the current key in everything that the options do not say otherwise."""
        asked_at = self._clock.now()
        attributes = self._attributes(known)
        key_id, value, created_at = self._client.create(self._family, self._key_name(attempt), attributes)
        fields = SecretFields({_FIELD: value})
        return Issued(key_id, fields.register(self.PUBLIC_FIELDS), asked_at if created_at is None else created_at)

    def _attributes(self, known: t.Sequence[Issued]) -> dict[str, t.Any]:
        chosen = {name: self._options[name] for name in self._family.cloned if self._options.get(name) is not None}
        current = next((version.id for version in known if version.id), "")
        if not current or len(chosen) == len(self._family.cloned):
            return chosen
        rows = self._listed() if self._rows is None else self._rows
        row = next((row for row in rows if row.info.id == current), None)
        if row is None and not self._is_api:
            raise errors.Rejected(
                f"The current {self._family.title} {current} of {self.identity} is gone, so which scopes it had is unknown, and a "
                "new one without scopes could do whatever its owner may.",
                next_step="set scopes, and run again.",
            )
        cloned = row.attributes if row else {}
        return {**{name: value for name, value in cloned.items() if value is not None}, **chosen}

    # ---- verifying ------------------------------------------------------------------------------------------------

    def verify(self, version: Issued) -> Verification:
        login = self._log_in(version.fields.get(_FIELD, ""))
        if login.verdict is not Verdict.ALIVE:
            return Verification(login.verdict, detail=login.detail)
        if login.key_ids is not None and version.id and version.id not in login.key_ids:
            return self._another(version, login.key_ids)
        identity = f"{self._family.title} {version.id}" if login.key_ids and version.id else self.identity
        return Verification(Verdict.ALIVE, identity, f"organization {login.org}" if login.org else "")

    def _another(self, version: Issued, key_ids: tuple[str, ...]) -> Verification:
        """Of an API key Datadog says which one it is. That an owner's listing lacks an application key may only mean: not yet."""
        if not self._is_api:
            detail = f"it works, but its owner's keys do not have {version.id} among those that end like it"
            return Verification(Verdict.UNKNOWN, detail=detail)
        raise errors.Rejected(
            f"The value that is recorded as the {self._family.title} {version.id} logs in as {', '.join(key_ids)}.",
            next_step="check what the store publishes.",
        )

    def _log_in(self, value: str) -> Login:
        """With this key, on a new connection. A refusal is only believed when our own login works, and a success only
        when a key that nobody issued is refused."""
        login = self._validated(value)
        if login.verdict is Verdict.DEAD and not self._we_log_in():
            return Login(Verdict.UNKNOWN, detail="api_key and app_key themselves do not log in, so a refusal proves nothing")
        if login.verdict is Verdict.ALIVE and not self._strangers_are_refused():
            return Login(Verdict.UNKNOWN, detail="whether a key that nobody issued is refused could not be found out")
        return login

    def _validated(self, value: str) -> Login:
        try:
            login = Authorization.header("DD-API-KEY", value) if self._is_api else _both(self._options["api_key"], value)
        except errors.ConfigurationError as error:
            return Login(Verdict.DEAD, detail=error.message)
        api = self._api(login, attempts=2)
        try:
            return api.validate() if self._is_api else self._validated_application_key(api, value)
        finally:
            api.close()

    def _validated_application_key(self, api: DatadogApi, value: str) -> Login:
        """Datadog does not say which one it is. Its owner's own listing does, where the key may ask for that."""
        login = api.validate_keys()
        if login.verdict is not Verdict.ALIVE:
            return login
        try:
            return Login(Verdict.ALIVE, api.keys_like(value))
        except errors.ExternalError as error:
            return Login(Verdict.UNKNOWN, detail=error.message)

    def _we_log_in(self) -> bool:
        """Asked until it was so once."""
        if not self._own_login_works:
            login = self._client.validate() if self._is_api else self._client.validate_keys()
            self._own_login_works = login.verdict is Verdict.ALIVE
        return self._own_login_works

    def _strangers_are_refused(self) -> bool:
        """A proxy that adds a key of its own lets everybody in. Asked until it was shown once.

        :raises Rejected: they are not, so a login proves nothing.
        """
        if self._refuses_strangers:
            return True
        verdict = self._validated(_random_key(self._is_api)).verdict
        if verdict is Verdict.ALIVE:
            raise errors.Rejected(
                f"{self._client.origin} takes a key that nobody issued, so a login there proves nothing.",
                next_step="set api_host to Datadog itself, not to a proxy that logs in.",
            )
        self._refuses_strangers = verdict is Verdict.DEAD
        return self._refuses_strangers

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        """Datadog names an API key that logs in. Otherwise the value is compared with what Datadog shows of the keys that end like it."""
        value = fields.get(_FIELD, "")
        if not value:
            return None
        login = self._log_in(value)
        if login.verdict is Verdict.UNKNOWN:
            raise errors.Unreachable(f"Whether the published value is one of the {self.identity} is unknown: {login.detail}.")
        if login.verdict is Verdict.DEAD:
            return None
        rows = self._listed()
        if login.key_ids is not None and len(login.key_ids) < 2:
            return next((row.info for row in rows if row.info.id in login.key_ids), None)
        alike = [row.info for row in rows if row.last4 == value[-_LAST:]]
        return next((key for key in alike if _same(self._client.reveal(self._family, key.id), value)), None)

    # ---- the end of a version -------------------------------------------------------------------------------------

    def last_use(self, version: Issued) -> LastUse:
        """A key that is gone cannot be in use. An organization whose listing does not tell has no evidence."""
        row = next((row for row in self._listed() if row.info.id == version.id), None)
        if row is None:
            return LastUse(supported=True)
        if not row.tells_use:
            return LastUse(supported=row.info.last_used_at is not None, at=row.info.last_used_at, resolution=LAST_USE_RESOLUTION)
        return LastUse(supported=True, at=row.info.last_used_at, resolution=LAST_USE_RESOLUTION)

    def own_login(self, versions: t.Sequence[Issued]) -> str:
        used = self._options["api_key"] if self._is_api else self._options["app_key"]
        return self._login_among(versions, _FIELD, (used,), self._family.title)

    def delete(self, version: Issued) -> None:
        if not _UUID.fullmatch(version.id):
            raise errors.Rejected(
                f"{version.id or 'a version without an id'} is not the id of a Datadog key, so it cannot be told which one it is.",
                next_step="delete the old key in Datadog by hand, once nobody uses it.",
            )
        self._check_not_ours_to_log_in(version)
        if not self._client.delete(self._family, version.id) and version.id in {key.id for key in self.keys()}:
            raise errors.Unreachable(
                f"The {self._family.title} {version.id} of {self.identity} is still listed, though deleting it was answered with 404."
            )

    def _check_not_ours_to_log_in(self, version: Issued) -> None:
        used = self._options["api_key"] if self._is_api else self._options["app_key"]
        if _same(version.fields.get(_FIELD), used):
            raise errors.Rejected(
                f"The {self._family.title} {version.id} is the one that this run logs in with, so it is not deleted.",
                next_step=f"give the new one in {'api_key' if self._is_api else 'app_key'}, and run again.",
            )


def _both(api_key: str, app_key: str) -> Authorization:
    one, two = Authorization.header("DD-API-KEY", api_key), Authorization.header("DD-APPLICATION-KEY", app_key)
    return Authorization({**one.headers, **two.headers}, one.secrets + two.secrets)


def _same(one: str | None, two: str) -> bool:
    return one is not None and hmac.compare_digest(one.encode(), two.encode())


def _random_key(is_api: bool) -> str:
    """A key that nobody issued, correct in form."""
    if is_api:
        return secrets.token_hex(_API_KEY_LENGTH // 2)
    return "".join(secrets.choice(string.hexdigits.lower()[:16]) for dummy in range(_APPLICATION_KEY_LENGTH))


def _described(key: KeyInfo) -> str:
    used = f"last used {to_iso(key.last_used_at)}" if key.last_used_at else "no use recorded"
    return f"{key.name} ({key.id}, {used})"


def _url(options: t.Mapping[str, t.Any]) -> str:
    return str(options.get("api_host") or f"https://api.{options.get('site') or 'datadoghq.com'}")


def _check_options(options: t.Mapping[str, t.Any]) -> None:
    """:raises ConfigurationError: a site that is a URL, an owner that is no id, an option of the other family of keys."""
    site = options.get("site") or "datadoghq.com"
    if not _HOST.fullmatch(site) or site.startswith(("api.", "app.")):
        raise errors.ConfigurationError(
            "site is not the name of a Datadog site.",
            next_step="write datadoghq.com, us3.datadoghq.com, datadoghq.eu, ddog-gov.com and the like, without https:// and app.",
        )
    owner = options.get("service_account_id") or ""
    if owner and not _UUID.fullmatch(owner):
        raise errors.ConfigurationError(
            "service_account_id is not an id.", next_step="take the id from the service account's page."
        )
    is_api = options.get("key_type") != "application"
    strange = ("service_account_id", "scopes") if is_api else ("category", "remote_config_read_enabled")
    given = [name for name in strange if options.get(name) is not None]
    if given:
        other = "application" if is_api else "api"
        raise errors.ConfigurationError(
            f"{' and '.join(given)} belongs to key_type={other}.", next_step=f"set key_type to {other}."
        )
    if options.get("scopes") == []:
        raise errors.ConfigurationError(
            "scopes is empty.", next_step="name scopes, or leave the option out to keep those of the current key."
        )
