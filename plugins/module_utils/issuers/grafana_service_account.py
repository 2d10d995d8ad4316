# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(kind: service_account_token): tokens of one service account, of Grafana 9 and later.

A token's secret is shown once. Token names are unique in an organization, so the attempt's name finds a stranded one.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Answer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_api import Account, GrafanaApi, key_of
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_login import legacy_key, random_token
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_self_hosted import SelfHostedKind
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    Attempt,
    Issued,
    KeyInfo,
    Setting,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import LeastRights
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    Denied,
    NotFound,
    Rejected,
    Unreachable,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import INFO, RIGHTS, Check
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields


class ServiceAccountTokens(SelfHostedKind):
    """Tokens of one service account. A version's id is C(<service account id>/<token id>), so that a token is found,
    and is not taken for deleted, after its service account was renamed or replaced by another of the same name."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        "service_account": {"type": "str"},
        "service_account_role": {"type": "str", "choices": ["None", "Viewer", "Editor", "Admin"]},
        "create_service_account": {"type": "bool", "default": True},
    }

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        super().__init__(options, setting)
        self._name: str = options["service_account"]
        self._known: Account | None = None

    @property
    def identity(self) -> str:
        return f"grafana service account {self._name} at {self._server.place}"

    # ---- what is there --------------------------------------------------------------------------------------------

    def keys(self) -> list[KeyInfo]:
        account = self._find()
        self._check_rights(account)
        if account is None:
            self._check_creation()
            return []
        self._check_account(account)
        return self._listed(account)

    def _manager(self) -> GrafanaApi:
        """The API with the login that manages the service account."""
        return self._server.api()

    def _find(self) -> Account | None:
        """The service account, asked for once; one that is missing is asked for every time."""
        if self._known is None:
            self._known = self._manager().find(self._name)
        return self._known

    def _check_rights(self, account: Account | None) -> None:
        """Before anything is created: would creating be allowed? Servers that do not tell are taken at their later word."""
        granted = self._manager().permissions()
        if granted is None:
            return
        needed = "serviceaccounts:write" if account else "serviceaccounts:create"
        scopes = granted.get(needed)
        if scopes is None or (account and not covers(scopes, account)):
            raise Denied(
                f"the login for {self.identity} lacks the permission {needed}"
                + (f" on serviceaccounts:id:{account.id}." if account else ", and the service account does not exist yet."),
                next_step="grant it, or create the service account and grant serviceaccounts:read and :write on it.",
            )

    def examine(self) -> t.Sequence[Check]:
        """By the permissions that M(keys) has held against what is needed, where the server tells them."""
        if self._manager().permissions() is None:
            why = f"{self._server.place} does not tell what a login may do; whether it may create tokens shows when it does."
            return [Check(RIGHTS, INFO, why)]
        return [Check(RIGHTS, "", "the login has the permissions that a rotation takes")]

    def least_rights(self) -> t.Sequence[LeastRights]:
        """Of a role of one's own, which Enterprise and Cloud have; *Edit* on the service account is the same everywhere."""
        account = self._find()
        scope = f"serviceaccounts:id:{account.id}" if account else "serviceaccounts:*"
        actions = ["serviceaccounts:read", "serviceaccounts:write", *([] if account else ["serviceaccounts:create"])]
        role = {
            "name": "custom:token-rotator",
            "displayName": f"Rotates the tokens of {self._name}",
            "permissions": [{"action": a, "scope": scope} if a != "serviceaccounts:create" else {"action": a} for a in actions],
        }
        where = "Grafana Enterprise and Cloud, as a role (any other edition: Edit on the service account)"
        return [LeastRights(where, "json", json.dumps(role, indent=2))]

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

    def _listed(self, account: Account) -> list[KeyInfo]:
        return [key_of(f"{account.id}/{row.get('id')}", row) for row in self._manager().tokens(str(account.id))]

    def _listing(self) -> list[KeyInfo]:
        account = self._find()
        return self._listed(account) if account else []

    # ---- issuing --------------------------------------------------------------------------------------------------

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        account = self._find() or self._create_account()
        self._check_account(account)
        return self._create_token(account, attempt)

    def _create_account(self) -> Account:
        self._check_creation()
        self._known = self._manager().create_account(self._name, self._options["service_account_role"]) or self._find()
        if self._known is None:
            raise Rejected(
                f"{self.identity} cannot be created because it exists, and is not among those that this login sees.",
                next_step="give this login serviceaccounts:read on it.",
            )
        return self._known

    def _create_token(self, account: Account, attempt: Attempt) -> Issued:
        lifetime, asked_at = self._seconds(attempt), self._setting.clock.now()
        answer = self._ask_for_token(account, self._token_name(attempt), lifetime)
        if answer.status >= 300:
            taken = self._manager().is_duplicate(answer, "serviceaccounts.ErrTokenAlreadyExists")
            raise self._explained(answer, attempt, taken)
        fields = SecretFields({"token": answer.field("key", str)})
        return Issued(f"{account.id}/{answer.field('id', int)}", fields, asked_at, asked_at + lifetime if lifetime else None)

    def _ask_for_token(self, account: Account, name: str, lifetime: int) -> Answer:
        return self._manager().create_token(account.id, name, lifetime)

    # ---- verifying ------------------------------------------------------------------------------------------------

    def _nobodys_secret(self) -> str:
        return random_token()

    def _who_is(self, visitor: GrafanaApi, secret: str) -> tuple[str, bool]:
        said = legacy_key(secret)
        return self._who_is_key(visitor, said) if said else self._whose_token(visitor)

    def _whose_token(self, visitor: GrafanaApi) -> tuple[str, bool]:
        account = self._find()
        if account is None:
            raise Rejected(f"the token logs in at {self._place()}, but {self.identity} does not exist.")
        try:
            user = visitor.whoami()
            org = (user or {}).get("orgId") or (visitor.org() or {}).get("id")
        except Denied as error:  # 401 after a login that worked: not every server behind the address knows the token yet
            raise Unreachable(error.message) from None
        if org and org != account.org_id:
            raise Rejected(f"the token belongs to organization {org}, and {self.identity} to {account.org_id}.")
        if user is None:
            return f"a token of organization {org}" if org else "", False
        if not is_account(user, account):
            raise Rejected(f"the token logs in at {self._place()} as somebody else than {self.identity}.")
        return f"service account {account.name} (id {account.id}, organization {account.org_id})", True

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        """Grafana does not say which token a secret is. So: the service account's only active token, if the secret logs in
        as that service account; otherwise None, and the old token is left for a person to delete. A legacy API key names
        itself: it is that key, or the token that Grafana has converted it to.
        """
        secret = fields.get("token", "")
        if not self._is_ours(secret):
            return None
        said = legacy_key(secret)
        if said is not None:
            return self._server.legacy(said.name)
        active = [key for key in self._listing() if key.active]
        return active[0] if len(active) == 1 else None


def covers(scopes: t.Any, account: Account) -> bool:
    """Whether one of C(scopes) is, or includes, the service account."""
    wanted = {"*", "serviceaccounts:*", "serviceaccounts:id:*", "serviceaccounts:uid:*", f"serviceaccounts:id:{account.id}"}
    return isinstance(scopes, list) and bool((wanted | {f"serviceaccounts:uid:{account.uid}"}) & {str(scope) for scope in scopes})


def is_account(user: t.Mapping[str, t.Any], account: Account) -> bool:
    """C(uid) is C(service-account:<id or uid>) since 11.2; before, the answer is the account's row among the users."""
    uid = str(user.get("uid") or "")
    if uid.startswith("service-account:"):
        return uid.split(":", 1)[1] in {str(account.id), account.uid} - {""}
    return user.get("id") == account.id or (bool(account.login) and user.get("login") == account.login)
