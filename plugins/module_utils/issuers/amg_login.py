# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in at a workspace of Amazon Managed Grafana with one of its tokens, over Grafana's own HTTP API.

AWS's API says nothing about whether a token works, so this is what verifying is. Called by the issuer only.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Authorization, Connection
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_api import GrafanaApi
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_login import random_token
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_visitor import check_is_refused
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    Denied,
    ExternalError,
    Unreachable,
)

_ATTEMPTS = 2


@dataclasses.dataclass(frozen=True)
class Login:
    """What a login showed. C(user): who Grafana says it was; None where it says that only of people (10.x)."""

    verdict: Verdict
    detail: str = ""
    user: t.Mapping[str, t.Any] | None = None


class WorkspaceLogin:
    """Logs in, each time on a new connection.

    :arg url: asked when it is first needed, because AWS has to be asked for it.
    """

    def __init__(self, url: t.Callable[[], str], connection: Connection, clock: Clock) -> None:
        self._url = url
        self._connection = connection
        self._clock = clock
        self._refuses_strangers = False

    def try_token(self, token: str) -> Login:
        """Does not raise for a login that fails. :raises Rejected: the address accepts anything, so a login proves nothing."""
        try:
            login = Authorization.bearer(token)
        except ConfigurationError as error:
            return Login(Verdict.DEAD, error.message)
        try:
            visitor = self._visit(login)
        except ExternalError as error:  # AWS was asked for the address
            return Login(Verdict.UNKNOWN, error.message)
        try:
            return self._ask(visitor)
        except (Unreachable, Denied) as error:  # Denied: not every server behind the address knows the token yet
            return Login(Verdict.UNKNOWN, error.message)
        finally:
            visitor.close()

    def _visit(self, login: Authorization) -> GrafanaApi:
        return GrafanaApi(self._url(), login, self._connection, self._clock, _ATTEMPTS)

    def _ask(self, visitor: GrafanaApi) -> Login:
        verdict, detail = visitor.login()
        if verdict is not Verdict.ALIVE:
            return Login(verdict, detail)
        self._check_refuses_strangers()
        return Login(verdict, detail, visitor.whoami())

    def _check_refuses_strangers(self) -> None:
        """A token that nobody issued must be refused; else (a proxy that logs in) a login proves nothing."""
        if self._refuses_strangers:
            return
        stranger = self._visit(Authorization.bearer(random_token()))
        way_out = "leave workspace_url out, or set it to an address where Grafana itself checks tokens."
        check_is_refused(stranger, stranger.origin, way_out)
        self._refuses_strangers = True
