# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(kind: api_key): the legacy API keys of an organization, where the server still makes them (up to Grafana 11.2)."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_api import GrafanaApi
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_login import (
    LEGACY_WAY_OUT,
    legacy_key,
    random_legacy_key,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_self_hosted import SelfHostedKind
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued, KeyInfo
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Denied, Rejected
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

#: The first release that makes no new API keys (pull request 92144).
_NO_NEW_KEYS = (11, 3)


class ApiKeys(SelfHostedKind):
    """API keys of one role. They belong to no account: the organization is what they have in common. A key says its own
    name and organization, and names are unique in an organization, so each key is known for certain."""

    OPTIONS: t.ClassVar[dict[str, t.Any]] = {"api_key_role": {"type": "str", "choices": ["Viewer", "Editor", "Admin"]}}

    @property
    def identity(self) -> str:
        return f"grafana API key of {self._setting.credential} ({self._options['api_key_role']}) at {self._server.place}"

    def keys(self) -> list[KeyInfo]:
        """All API keys of the organization, ours and foreign."""
        listed = self._server.api_keys()
        if listed is None:
            raise self._over()
        granted = self._server.api().permissions()
        if granted is not None and "apikeys:create" not in granted:
            raise Denied(
                f"the login for {self.identity} lacks the permission apikeys:create.",
                next_step="grant apikeys:read, apikeys:create and apikeys:delete, or log in as an Admin of the organization.",
            )
        return listed

    def _listing(self) -> list[KeyInfo]:
        return self._server.api_keys() or []

    def check_room(self, listed: t.Sequence[KeyInfo], recorded: t.Container[str]) -> None:
        """:raises Rejected: the server makes no new API keys. One that hides its version says so only when asked to."""
        release = self._server.api().release()
        if release is not None and release >= _NO_NEW_KEYS:
            raise self._over()

    def _over(self) -> Rejected:
        return Rejected(
            f"{self._server.origin} makes no API keys any more, so {self.identity} cannot be rotated.", next_step=LEGACY_WAY_OUT
        )

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        lifetime, asked_at = self._seconds(attempt), self._setting.clock.now()
        role = self._options["api_key_role"]
        answer = self._server.api().create_api_key(self._token_name(attempt), role, lifetime)
        if answer.status in (404, 410):
            raise self._over()
        if answer.status >= 300:
            raise self._explained(answer, attempt, taken=answer.status == 409)
        fields = SecretFields({"token": answer.field("key", str)})
        return Issued(f"key/{answer.field('id', int)}", fields, asked_at, asked_at + lifetime if lifetime else None)

    def _nobodys_secret(self) -> str:
        return random_legacy_key(self._server.org_id or 1)

    def _who_is(self, visitor: GrafanaApi, secret: str) -> tuple[str, bool]:
        said = legacy_key(secret)
        if said is None:
            raise Rejected(
                f"the value logs in at {self._place()}, and is not an API key: {self.identity} has kind api_key.",
                next_step="set kind to service_account_token for a token of a service account.",
            )
        return self._who_is_key(visitor, said)

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        """The key of the name that it says; the token that it was converted to, where Grafana has done that."""
        said = legacy_key(fields.get("token", ""))
        if said is None:
            return None
        is_ours = self._is_ours(fields["token"], "the published value is an API key of")
        return self._server.legacy(said.name) if is_ours else None
