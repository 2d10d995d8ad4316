# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two kinds of secret that a workspace of Amazon Managed Grafana has: tokens of its service accounts, and API keys.

Tokens can be listed, and AWS says when each was last used. Of API keys AWS tells nothing at all: a key is known by the name
that we gave it, and the journal is the only memory. Called by the issuer only.
"""

from __future__ import annotations

import abc
import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.amg_api import (
    LONGEST_KEY_NAME,
    LONGEST_TOKEN_NAME,
    Account,
    AmgApi,
    Taken,
    Workspace,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.amg_login import Login
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_login import legacy_key
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import KeyInfo, LastUse
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    NotFound,
    QuotaExceeded,
    Rejected,
    Unreachable,
)

#: Grafana writes the last use of a token only where it is empty or five minutes old.
LAST_USE_RESOLUTION = 300
_SERVICE_ACCOUNTS_SINCE = (9,)
_API_KEYS_BEFORE = (11,)


class Secrets(abc.ABC):
    """One of the two kinds."""

    #: Can they be listed?
    LISTED: t.ClassVar[bool]
    LONGEST_NAME: t.ClassVar[int]

    def __init__(self, api: AmgApi, options: t.Mapping[str, t.Any], clock: Clock) -> None:
        self._api = api
        self._options = options
        self._clock = clock

    @property
    @abc.abstractmethod
    def owner(self) -> str:
        """Whose secrets these are, for people."""

    @abc.abstractmethod
    def check_version(self, workspace: Workspace) -> None:
        """:raises Rejected: a workspace of this version has no such secrets."""

    @abc.abstractmethod
    def keys(self) -> list[KeyInfo]:
        """Also the check that we may, and that the identity exists."""

    @abc.abstractmethod
    def create(self, name: str, lifetime: int) -> tuple[str, str]:
        """Id and secret. Sent once."""

    @abc.abstractmethod
    def stranded(self, name: str) -> list[KeyInfo]:
        """What an interrupted attempt to create C(name) may have left."""

    @abc.abstractmethod
    def delete(self, key_id: str) -> None:
        """Gone already is success."""

    @abc.abstractmethod
    def whose(self, key_id: str, secret: str, login: Login) -> tuple[str, bool]:
        """Who logged in, for people, and whether that proves that it is ours.

        :raises Rejected: it is somebody else's.
        """

    @abc.abstractmethod
    def find(self, secret: str) -> KeyInfo | None:
        """Which one a secret is that has been shown to be ours."""

    @abc.abstractmethod
    def last_use(self, key_id: str) -> LastUse:
        """When it was last used."""

    def tidy(self, name: re.Pattern[str]) -> None:
        """Delete what is expired and has such a name."""
        return

    def _conflict(self, name: str) -> Rejected:
        return Rejected(
            f"AWS refused to create {name} for {self.owner}: the name is taken, or the workspace is being changed just now.",
            next_step="run again: the next attempt has another name.",
        )


class Tokens(Secrets):
    """Tokens of one service account. An id is C(<service account>/<token>), so that a token is found after its service account
    was replaced by another of the same name."""

    LISTED = True
    LONGEST_NAME = LONGEST_TOKEN_NAME

    def __init__(self, api: AmgApi, options: t.Mapping[str, t.Any], clock: Clock) -> None:
        super().__init__(api, options, clock)
        self._name: str = options["service_account"]
        self._known: Account | None = None

    @property
    def owner(self) -> str:
        return f"the service account {self._name} of the Managed Grafana workspace {self._api.workspace_id}"

    def check_version(self, workspace: Workspace) -> None:
        if workspace.version and workspace.version < _SERVICE_ACCOUNTS_SINCE:
            raise Rejected(
                f"the Managed Grafana workspace {workspace.id} has version {_dotted(workspace)}; service accounts begin with 9.",
                next_step="upgrade the workspace, or set token_type to api_key.",
            )

    def keys(self) -> list[KeyInfo]:
        account = self._find()
        if account is None:
            self._check_creation()
            return []
        self._check(account)
        return self._listed(account.id)

    def _find(self) -> Account | None:
        """Asked for once; one that is missing is asked for every time."""
        if self._known is None:
            self._known = self._api.find_account(self._name)
        return self._known

    def _check_creation(self) -> None:
        if not self._options.get("create_service_account", True):
            raise NotFound(f"{self.owner} does not exist.", next_step="create it, or set create_service_account to true.")
        if not self._options.get("role"):
            raise ConfigurationError(
                f"{self.owner} does not exist, and role does not say with which role to create it.",
                next_step="set role to the least that the users of the token need, or check the name.",
            )

    def _check(self, account: Account) -> None:
        wanted = self._options.get("role")
        if account.disabled:
            raise Rejected(f"{self.owner} is disabled, so no token of it works.", next_step="enable it in Grafana.")
        if wanted and account.role != wanted:
            raise Rejected(
                f"{self.owner} has the role {account.role}, and the option role says {wanted}.",
                next_step="change the role in Grafana, or the option to what it is; a role is never changed here.",
            )

    def _listed(self, account_id: str) -> list[KeyInfo]:
        now = self._clock.now()
        return [_token(account_id, row, now) for row in self._api.tokens(account_id)]

    def create(self, name: str, lifetime: int) -> tuple[str, str]:
        account = self._find() or self._create_account()
        self._check(account)
        try:
            token_id, secret = self._api.create_token(account.id, name, lifetime)
        except Taken:
            raise self._conflict(name) from None
        except QuotaExceeded as error:
            raise self._no_room(error, account.id) from None
        return f"{account.id}/{token_id}", secret

    def _create_account(self) -> Account:
        self._check_creation()
        self._known = self._api.create_account(self._name, self._options["role"]) or self._find()
        if self._known is None:
            raise self._conflict(f"the service account {self._name}")
        return self._known

    def _no_room(self, error: QuotaExceeded, account_id: str) -> QuotaExceeded:
        listed = self._listed(account_id)
        expired = sum(not key.active for key in listed)
        return QuotaExceeded(
            f"{error.message} {self.owner} has {len(listed)} tokens, of which {expired} have expired.",
            next_step="delete tokens that nobody needs (aws grafana delete-workspace-service-account-token): expired ones count "
            "too, and those of other service accounts. Tokens that the journal does not record are never deleted here.",
        )

    def stranded(self, name: str) -> list[KeyInfo]:
        account = self._find()
        return [] if account is None else [key for key in self._listed(account.id) if key.name == name]

    def delete(self, key_id: str) -> None:
        account_id, token_id = self._split(key_id)
        if self._api.delete_token(account_id, token_id):
            return
        if key_id in [key.id for key in self._all_of(account_id)]:
            raise Unreachable(f"token {key_id} of {self.owner} is still listed, though deleting it was answered with 404.")

    def _all_of(self, account_id: str) -> list[KeyInfo]:
        """None where the service account is gone with all its tokens. :raises NotFound: the workspace is not there."""
        try:
            return self._listed(account_id)
        except NotFound:
            self._api.describe()
            return []

    def tidy(self, name: re.Pattern[str]) -> None:
        account = self._find()
        for key in self._all_of(account.id) if account else ():
            if not key.active and name.fullmatch(key.name):
                self._api.delete_token(*self._split(key.id))

    def whose(self, key_id: str, secret: str, login: Login) -> tuple[str, bool]:
        """AWS says that the name determines a service account's id, so that its id need not be Grafana's own number."""
        user, account = login.user, self._find()
        if account is None:
            raise Rejected(f"the token logs in, but {self.owner} does not exist.")
        if user is None:
            return f"a token of the workspace {self._api.workspace_id}", False
        uid = str(user.get("uid") or "")
        if user.get("name") != self._name and uid != f"service-account:{account.id}":
            raise Rejected(
                f"the token logs in at the workspace {self._api.workspace_id} as somebody else than {self.owner}.",
                next_step="check service_account and what the store publishes.",
            )
        return f"service account {account.name} (id {account.id})", True

    def find(self, secret: str) -> KeyInfo | None:
        """Grafana does not say which token a secret is. So: the only one that is not expired; otherwise none of them, and the
        old token is left for a person to delete."""
        account = self._find()
        active = [key for key in self._listed(account.id) if key.active] if account else []
        return active[0] if len(active) == 1 else None

    def last_use(self, key_id: str) -> LastUse:
        """A token that is gone cannot be in use."""
        account_id = self._split(key_id)[0]
        found = [key for key in self._all_of(account_id) if key.id == key_id]
        return LastUse(supported=True, at=found[0].last_used_at if found else None, resolution=LAST_USE_RESOLUTION)

    def _split(self, key_id: str) -> tuple[str, str]:
        account_id, dummy, token_id = key_id.rpartition("/")
        if not account_id or not token_id:
            raise Rejected(
                f"{key_id or 'a version without an id'} is not the id of a token of {self.owner}.",
                next_step="delete the old token by hand, once nobody uses it; when token_type was changed, with the old token_type.",
            )
        return account_id, token_id


class ApiKeys(Secrets):
    """Workspace API keys of Grafana 8 to 10. An id is the key's name."""

    LISTED = False
    LONGEST_NAME = LONGEST_KEY_NAME

    @staticmethod
    def owns(key_id: str, secret: str) -> bool:
        """Is it an API key? By the secret where there is one; an id of a token has a slash in it."""
        return _name_in(secret) is not None or (bool(key_id) and "/" not in key_id)

    @property
    def owner(self) -> str:
        return f"the API keys of the Managed Grafana workspace {self._api.workspace_id}"

    def check_version(self, workspace: Workspace) -> None:
        if workspace.version >= _API_KEYS_BEFORE:
            raise Rejected(
                f"the Managed Grafana workspace {workspace.id} has version {_dotted(workspace)}; API keys end with 10.",
                next_step="set token_type to service_account, with service_account and role, and force a first rotation.",
            )

    def keys(self) -> list[KeyInfo]:
        """There is no request that lists them."""
        self._api.describe()
        return []

    def create(self, name: str, lifetime: int) -> tuple[str, str]:
        try:
            return name, self._api.create_key(name, self._options["role"], lifetime)
        except Taken:
            raise self._conflict(f"the API key {name}") from None
        except QuotaExceeded as error:
            raise QuotaExceeded(
                error.message, next_step="delete API keys that nobody needs in Grafana itself; AWS has no list of them."
            ) from None

    def stranded(self, name: str) -> list[KeyInfo]:
        """The name was made for that attempt alone. Whether there is such a key shows when it is deleted."""
        return [KeyInfo(id=name, name=name)]

    def delete(self, key_id: str) -> None:
        if not self._api.delete_key(key_id):
            self._api.describe()  # raises where it is the workspace that AWS does not know

    def whose(self, key_id: str, secret: str, login: Login) -> tuple[str, bool]:
        name = _name_in(secret)
        if name is not None and key_id and name != key_id:
            raise Rejected(
                f"the API key logs in at the workspace {self._api.workspace_id} as {name} and not as {key_id}.",
                next_step="check what the store publishes.",
            )
        return f"API key {name or key_id or '(name unknown)'}", name is not None

    def find(self, secret: str) -> KeyInfo | None:
        name = _name_in(secret)
        return KeyInfo(id=name, name=name) if name else None

    def last_use(self, key_id: str) -> LastUse:
        return LastUse(supported=False)


def _name_in(secret: str) -> str | None:
    """Grafana writes the name into an API key."""
    said = legacy_key(secret)
    return said.name if said else None


def _token(account_id: str, row: t.Mapping[str, t.Any], now: float) -> KeyInfo:
    expires_at = row["expiresAt"].timestamp()
    used = row.get("lastUsedAt")
    return KeyInfo(
        id=f"{account_id}/{row['id']}",
        name=row["name"],
        created_at=row["createdAt"].timestamp(),
        expires_at=expires_at,
        active=expires_at > now,
        last_used_at=used.timestamp() if used else None,
    )


def _dotted(workspace: Workspace) -> str:
    return ".".join(map(str, workspace.version))
