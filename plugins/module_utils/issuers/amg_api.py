# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests to Amazon Managed Grafana's AWS API, one method each. Called by the issuer and its two kinds of secret only.

Facts are those of botocore's service model (grafana 2020-08-18) and of the API reference that is made from it.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock

#: Seconds that a token or an API key may live at most, and characters in their names.
LONGEST_LIFE = 2592000
LONGEST_TOKEN_NAME = 128
LONGEST_KEY_NAME = 100
#: States in which a workspace's Grafana runs. C(DEGRADED) and the failed ones run too, with what they had.
_NOT_RUNNING = ("CREATING", "DELETING", "CREATION_FAILED")


class Taken(errors.ExternalError):
    """AWS answered with a conflict: the name is taken, or the workspace is being changed. Nothing was done."""


@dataclasses.dataclass(frozen=True)
class Workspace:
    """C(version): major and minor of the Grafana in it."""

    id: str
    url: str
    version: tuple[int, ...]
    status: str


@dataclasses.dataclass(frozen=True)
class Account:
    """A service account of the workspace."""

    id: str
    name: str
    role: str
    disabled: bool


class AmgApi:
    """One workspace."""

    def __init__(self, workspace_id: str, options: t.Mapping[str, t.Any], clock: Clock) -> None:
        self.workspace_id = workspace_id
        self._options = options
        self._clock = clock

    def describe(self) -> Workspace:
        """:raises NotFound: no such workspace in this account and region. :raises Unreachable: it does not run just now."""
        with aws.aws_errors("grafana", f"describe the workspace {self.workspace_id}"):
            found = self._client().describe_workspace(workspaceId=self.workspace_id)["workspace"]
        if found["status"] in _NOT_RUNNING:
            raise errors.Unreachable(
                f"the Managed Grafana workspace {self.workspace_id} is {found['status']}, so nobody can log in there.",
                next_step="run again when it is ACTIVE.",
            )
        version = tuple(int(part) for part in str(found["grafanaVersion"]).split(".")[:2] if part.isdecimal())
        return Workspace(self.workspace_id, _url(found["endpoint"]), version, found["status"])

    # ---- service accounts and their tokens -----------------------------------------------------------------------------

    def find_account(self, name: str) -> Account | None:
        """The service account of exactly this name."""
        with aws.aws_errors("grafana", f"list the service accounts of the workspace {self.workspace_id}"):
            for row in self._pages("list_workspace_service_accounts", "serviceAccounts"):
                if row["name"] == name:
                    return _account(row)
        return None

    def create_account(self, name: str, role: str) -> Account | None:
        """None where there is one of this name by now."""
        doing = f"create the service account {name} in the workspace {self.workspace_id}"
        client = self._client(max_attempts=1)
        try:
            with aws.aws_errors("grafana", doing, {"ConflictException": Taken}):
                made = aws.send_once(
                    self._clock,
                    lambda: client.create_workspace_service_account(workspaceId=self.workspace_id, name=name, grafanaRole=role),
                )
        except Taken:
            return None
        return Account(made["id"], made["name"], made["grafanaRole"], False)

    def tokens(self, account_id: str) -> list[dict[str, t.Any]]:
        """All tokens of the service account, expired ones too. :raises NotFound: no such service account."""
        with aws.aws_errors("grafana", f"list the tokens of the service account {account_id} in {self.workspace_id}"):
            return list(self._pages("list_workspace_service_account_tokens", "serviceAccountTokens", serviceAccountId=account_id))

    def create_token(self, account_id: str, name: str, lifetime: int) -> tuple[str, str]:
        """Its id and its secret. :raises Taken: see there. :raises QuotaExceeded: no room for one more."""
        client = self._client(max_attempts=1)
        with aws.aws_errors("grafana", f"create the token {name} in {self.workspace_id}", {"ConflictException": Taken}):
            answer = aws.send_once(
                self._clock,
                lambda: client.create_workspace_service_account_token(
                    workspaceId=self.workspace_id, serviceAccountId=account_id, name=name, secondsToLive=lifetime
                ),
            )
        made = answer["serviceAccountToken"]
        return made["id"], made["key"]

    def delete_token(self, account_id: str, token_id: str) -> bool:
        """False where AWS knows no such token or service account."""
        return self._delete(
            f"delete the token {token_id} of the service account {account_id} in {self.workspace_id}",
            "delete_workspace_service_account_token",
            serviceAccountId=account_id,
            tokenId=token_id,
        )

    # ---- API keys, which cannot be listed --------------------------------------------------------------------------------

    def create_key(self, name: str, role: str, lifetime: int) -> str:
        """The secret. :raises Taken: see there. :raises QuotaExceeded: no room for one more."""
        client = self._client(max_attempts=1)
        with aws.aws_errors("grafana", f"create the API key {name} in {self.workspace_id}", {"ConflictException": Taken}):
            answer = aws.send_once(
                self._clock,
                lambda: client.create_workspace_api_key(
                    workspaceId=self.workspace_id, keyName=name, keyRole=role, secondsToLive=lifetime
                ),
            )
        return str(answer["key"])

    def delete_key(self, name: str) -> bool:
        """False where AWS knows no such key."""
        return self._delete(f"delete the API key {name} in {self.workspace_id}", "delete_workspace_api_key", keyName=name)

    # ---- how ---------------------------------------------------------------------------------------------------------

    def _delete(self, doing: str, operation: str, **which: str) -> bool:
        """A conflict means that the workspace is being changed: the next run tries again."""
        try:
            with aws.aws_errors("grafana", doing, {"ConflictException": errors.Unreachable}):
                getattr(self._client(), operation)(workspaceId=self.workspace_id, **which)
        except errors.NotFound:
            return False
        return True

    def _pages(self, operation: str, rows: str, **which: str) -> t.Iterator[dict[str, t.Any]]:
        """Page by page. botocore's own paginator reads four hundred directories first."""
        request = {"workspaceId": self.workspace_id, **which}
        while True:
            page = getattr(self._client(), operation)(**request)
            yield from page[rows]
            if not page.get("nextToken"):
                return
            request["nextToken"] = page["nextToken"]

    def _client(self, max_attempts: int = aws.MAX_ATTEMPTS) -> t.Any:
        return aws.client("grafana", self._options, max_attempts)


def _url(endpoint: str) -> str:
    """AWS names the host only: C(g-0123456789.grafana-workspace.eu-west-1.amazonaws.com)."""
    return endpoint if "://" in endpoint else f"https://{endpoint}"


def _account(row: t.Mapping[str, t.Any]) -> Account:
    """C(isDisabled) is a string in AWS's model."""
    return Account(row["id"], row["name"], row["grafanaRole"], str(row["isDisabled"]).lower() == "true")
