# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in AWX as a server, with an administrator's token, and awx.awx. Used by the tests of C(playbooks/awx.yml) and its role."""

from __future__ import annotations

import pathlib
import secrets
import typing as t

from ansible_collections.locksmith.rotation.tests.bench.published import collections_of
from ansible_collections.locksmith.rotation.tests.servers.json_server import JsonServer

#: The one-line playbooks of docs/awx.md, which the project in git holds.
PLAYBOOKS = ("status", "rotate", "deploy", "to_retire", "rollback", "emergency", "audit", "doctor")
#: The newest release of the package that brings awx.awx.
_ANSIBLE, _AWX = "ansible==13.8.0", "ansible_collections/awx/awx/"


def awx_collection() -> pathlib.Path:
    """The directory that holds ansible_collections with awx.awx; downloaded (50 MB) if need be."""
    return collections_of(_ANSIBLE, (_AWX,), "awx")


class AwxServer(JsonServer):
    """C(settings) are those of the stand-in's C(Settings)."""

    STANDIN = "awx_standin"

    def __init__(self, **settings: t.Any) -> None:
        super().__init__(**settings)
        self.token = secrets.token_urlsafe(24)

    def told(self) -> dict[str, t.Any]:
        return {"token": self.token}

    def ask(self, method: str, path: str, body: t.Any = None) -> tuple[int, t.Any]:
        """One request as the administrator; status and decoded body."""
        return self.exchange(method, f"/api/v2/{path}", body, {"Authorization": f"Bearer {self.token}"})[:2]

    def named(self, kind: str) -> dict[str, dict[str, t.Any]]:
        """Everything of a kind by its name (nodes: by their identifier), with its sub-lists as names in C(lists) and its C(survey)."""
        state = self.state()
        names = {
            number: one.get("name") or one.get("identifier") for held in state["held"].values() for number, one in held.items()
        }
        found = {}
        for number, one in state["held"][kind].items():
            lists = state["lists"].get(kind, {}).get(number, {})
            named = {what: sorted(str(names[str(member)]) for member in members) for what, members in lists.items()}
            found[str(names[number])] = {**one, "lists": named, "survey": state["surveys"].get(number)}
        return found

    def fill(self, kind: str, name: str, **fields: t.Any) -> None:
        """A person types something into AWX's own form."""
        self.side_door("fill", kind=kind, name=name, fields=fields)
