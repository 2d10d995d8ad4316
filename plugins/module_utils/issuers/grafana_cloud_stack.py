# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(kind: cloud_stack_token): tokens of a stack's service account, managed through the Grafana Cloud API.

The Cloud API makes, lists and deletes them; the stack itself, at its own address, is where they are tried.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Answer, Authorization, Connection
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_api import Account, GrafanaApi
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_cloud_api import CLOUD_OPTIONS, CloudStackApi
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_kind import is_about_lifetime
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_server import GrafanaServer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_service_account import ServiceAccountTokens
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import KeyInfo
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import NotFound, Unreachable

#: For about two minutes after a service account was made, asking for its token may fail with 400, 404 or 5xx. Terraform's
#: provider asks again every five seconds, and so do we.
_PAUSE = 5.0
_TURNS = 24


class CloudStack(GrafanaServer):
    """One stack: managed at the Cloud API, visited at its own address."""

    def __init__(self, options: t.Mapping[str, t.Any], clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._connection = Connection.from_options(options)
        self.org_id = None
        self._slug: str = options["stack_slug"]
        self._url: str = options.get("url") or f"https://{self._slug}.grafana.net"
        login = Authorization.bearer(options["cloud_api_key"])
        self._api = CloudStackApi(options["cloud_api_url"], self._slug, login, self._connection, clock)

    @property
    def origin(self) -> str:
        return self._url

    @property
    def place(self) -> str:
        return f"stack {self._slug} of {self._api.origin}"

    def visit(self, secret: str) -> GrafanaApi:
        return GrafanaApi(self._url, Authorization.bearer(secret), self._connection, self._clock, attempts=2)

    def api(self) -> GrafanaApi:
        return self._api

    def api_keys(self) -> list[KeyInfo] | None:
        """The Cloud API has none."""
        return None

    def converted(self, name: str) -> list[Account]:
        """Left to a person: a stack's converted keys are tokens of accounts that this login was not given."""
        return []


class CloudStackTokens(ServiceAccountTokens):
    """Tokens of one service account of a stack."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {**ServiceAccountTokens.OPTIONS, **CLOUD_OPTIONS, "stack_slug": {"type": "str"}}

    def _reach(self, options: t.Mapping[str, t.Any], clock: Clock) -> GrafanaServer:
        self._is_fresh = False
        return CloudStack(options, clock)

    def _create_account(self) -> Account:
        account = super()._create_account()
        self._is_fresh = True
        return account

    def _ask_for_token(self, account: Account, name: str, lifetime: int) -> Answer:
        for _turn in range(_TURNS if self._is_fresh else 0):
            try:
                answer = super()._ask_for_token(account, name, lifetime)
            except (NotFound, Unreachable):
                self._take_back(account, name)
            else:
                if answer.status < 300 or is_about_lifetime(answer):
                    return answer
            self._setting.clock.sleep(_PAUSE)
        return super()._ask_for_token(account, name, lifetime)

    def _take_back(self, account: Account, name: str) -> None:
        """A request without a clear end may have made the token, whose secret is lost then."""
        try:
            made = [row for row in self._manager().tokens(str(account.id)) if row.get("name") == name]
        except NotFound:
            return
        for row in made:
            self._manager().delete_token(str(account.id), str(row.get("id")))
