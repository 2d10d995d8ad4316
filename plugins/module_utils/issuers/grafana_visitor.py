# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A login at Grafana that is being tried. Called by the kinds of Grafana credentials, and by Amazon Managed Grafana's."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Verdict
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected, Unreachable


class Visitor(t.Protocol):
    """The API with the login that is being tried."""

    def login(self) -> tuple[Verdict, str]:
        """Whether it works, and what is to be said about it."""

    def permissions(self) -> dict[str, t.Any] | None:
        """What it may do, action to scopes; None where the server does not tell."""

    def close(self) -> None:
        """Let go of connections."""


def check_is_refused(stranger: Visitor, place: str, way_out: str) -> None:
    """A secret that nobody issued must be refused; else (anonymous access, a proxy that logs in) a login proves nothing.

    :raises Rejected: it is not; C(way_out) is the next step. :raises Unreachable: no answer.
    """
    verdict, detail = stranger.login()
    stranger.close()
    if verdict is Verdict.UNKNOWN:
        raise Unreachable(detail)
    if verdict is Verdict.ALIVE:
        raise Rejected(
            f"{place} does not refuse a token that nobody issued with 401, so a login there proves nothing.", next_step=way_out
        )
