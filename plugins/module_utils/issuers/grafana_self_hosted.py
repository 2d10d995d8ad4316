# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two kinds of credentials of a Grafana server of one's own share: where they log in, and the end of a version.

A version's id says what it is: C(<service account>/<token>), or C(key/<API key>). Both kinds take both, so that a catalogue
may go over from API keys to service accounts, and a server may convert its keys, in the middle of a life cycle.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_api import GrafanaApi
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_kind import LAST_USE_RESOLUTION, GrafanaKind
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_login import LegacyKey
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_server import GrafanaServer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, LastUse, Setting, Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Denied, Rejected, Unreachable


class SelfHostedKind(GrafanaKind):
    """See the module's docstring."""

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        super().__init__(options, setting)
        self._server = self._reach(options, setting.clock)

    def _reach(self, options: t.Mapping[str, t.Any], clock: Clock) -> GrafanaServer:
        return GrafanaServer(options, clock)

    def close(self) -> None:
        self._server.close()

    def endpoints(self) -> t.Sequence[Endpoint]:
        return [Endpoint.of(self._server.origin, self._options)]

    def _visit(self, secret: str) -> GrafanaApi:
        return self._server.visit(secret)

    def _place(self) -> str:
        return self._server.origin

    # ---- who a legacy API key is ---------------------------------------------------------------------------------

    def _who_is_key(self, visitor: GrafanaApi, said: LegacyKey) -> tuple[str, bool]:
        """A key names itself and its organization, and the server looks it up by both.

        :raises Rejected: it is of another organization than ours.
        """
        ours = self._server.org_id or (self._server.api().org() or {}).get("id")
        try:
            theirs = (visitor.org() or {}).get("id")
        except Denied as error:  # 401 after a login that worked
            raise Unreachable(error.message) from None
        for org_id in (ours, theirs):
            if org_id and org_id != said.org_id:
                raise Rejected(f"the published API key belongs to organization {said.org_id}, and {self.identity} to {org_id}.")
        return f"API key {said.name} (organization {said.org_id})", True

    # ---- the end of a version ------------------------------------------------------------------------------------

    def last_use(self, version: Issued) -> LastUse:
        """Our own logins count as use too. A token that is gone cannot be in use."""
        found = self._server.find(version)
        if found is None:
            self._must_be_dead(version)
            return LastUse(supported=True, at=None, resolution=LAST_USE_RESOLUTION)
        if found.last_used_at is None and found.id.startswith("key/") and not self._tells_use_of_keys():
            return LastUse(supported=False)
        return LastUse(supported=True, at=found.last_used_at, resolution=LAST_USE_RESOLUTION)

    def _tells_use_of_keys(self) -> bool:
        """Servers up to 9 do not say when an API key was used, and leave the field out as they do for one never used."""
        return any(key.last_used_at is not None for key in self._server.api_keys() or [])

    def delete(self, version: Issued) -> None:
        """A key that Grafana has converted to a token since is found there and deleted."""
        if version.id.startswith("key/"):
            found = self._server.find(version)
            if found is not None:
                self._server.delete(found.id)
        else:
            found = None if self._server.delete(version.id) else self._server.find(version)
            if found is not None:
                raise Unreachable(
                    f"token {version.id} of {self.identity} is still listed, though deleting it was answered with 404."
                )
        if found is None:
            self._must_be_dead(version)

    def _must_be_dead(self, version: Issued) -> None:
        """A legacy key that is not listed may still work, as the token of a service account that we do not find."""
        if not version.id.startswith("key/") or not version.fields.get("token"):
            return
        result = self.verify(version)
        if result.verdict is Verdict.ALIVE:
            raise Rejected(
                f"API key {version.id} of {self.identity} is not listed any more and still logs in: Grafana has converted it.",
                next_step="find the service account whose token has the key's name, and delete that token by hand.",
            )
        if result.verdict is Verdict.UNKNOWN:
            raise Unreachable(f"whether API key {version.id} of {self.identity} still works is unknown: {result.detail}")
