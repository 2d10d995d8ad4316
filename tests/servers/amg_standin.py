# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for Amazon Managed Grafana: AWS's API for workspaces in front of the stand-in for Grafana itself, so that a
token made by the one logs in at the other. moto has no such service. C(test_amg_contract.py) holds it to botocore's model.
"""

from __future__ import annotations

import dataclasses
import re
import secrets
import time
import typing as t

from ansible_collections.locksmith.rotation.tests.servers.aws_standin import AwsStandin, Refusal, Reply, Request, decoded
from ansible_collections.locksmith.rotation.tests.servers.grafana_standin import Api
from ansible_collections.locksmith.rotation.tests.servers.grafana_state import Grafana, Identity, Settings, Token, digest
from ansible_collections.locksmith.rotation.tests.servers.grafana_state import Refusal as GrafanaRefusal

LONGEST_LIFE = 2592000
_ROLES = {"ADMIN": "Admin", "EDITOR": "Editor", "VIEWER": "Viewer"}
_WORKSPACE = "/workspaces/([^/]+)"
_ACCOUNTS = _WORKSPACE + "/serviceaccounts"
_TOKENS = _ACCOUNTS + "/([^/]+)/tokens"
#: Method, path and operation.
ROUTES = (
    ("GET", _WORKSPACE, "DescribeWorkspace"),
    ("POST", _WORKSPACE + "/apikeys", "CreateWorkspaceApiKey"),
    ("DELETE", _WORKSPACE + "/apikeys/([^/]+)", "DeleteWorkspaceApiKey"),
    ("POST", _ACCOUNTS, "CreateWorkspaceServiceAccount"),
    ("GET", _ACCOUNTS, "ListWorkspaceServiceAccounts"),
    ("POST", _TOKENS, "CreateWorkspaceServiceAccountToken"),
    ("GET", _TOKENS, "ListWorkspaceServiceAccountTokens"),
    ("DELETE", _TOKENS + "/([^/]+)", "DeleteWorkspaceServiceAccountToken"),
)
_MANAGER = Identity(
    1, "Admin", {f"serviceaccounts:{right}": ["serviceaccounts:*"] for right in ("read", "write", "create", "delete")}
)


@dataclasses.dataclass
class Workspace:
    """C(token_quota): service-account tokens of the workspace, expired ones too; C(page): rows in an answer at most."""

    id: str
    grafana: Grafana
    api: Api
    status: str = "ACTIVE"
    token_quota: int = 99
    key_quota: int = 100
    page: int = 100
    opaque_ids: bool = False
    created: float = dataclasses.field(default_factory=time.time)

    def account_id(self, number: int) -> str:
        """AWS says only that it is a string which the name determines."""
        return f"sa{self.grafana.accounts[number].uid}" if self.opaque_ids else str(number)


class AmgStandin(AwsStandin):
    """Any number of workspaces in one account. The address is also that of the Grafana in each of them: a token finds its own, and a
    token of none of them goes to the one that P(workspace) made last."""

    SERVICE = "grafana"

    def __init__(self, version: str = "10.4", tls: tuple[str, str] | None = None) -> None:
        super().__init__(tls)
        self.workspaces: dict[str, Workspace] = {}
        self.main = self.workspace(version)

    def workspace(self, version: str) -> Workspace:
        """A new workspace, empty; logins at this address go there from now on."""
        old = tuple(int(part) for part in version.split("."))
        settings = Settings(version=version, service_accounts=old >= (9, 0), permissions_endpoint=old >= (9, 0))
        grafana = Grafana("nobody", secrets.token_urlsafe(20), settings)
        made = Workspace("g-" + secrets.token_hex(5), grafana, Api(grafana))
        self.workspaces[made.id] = self.main = made
        return made

    # ---- Grafana's own API -------------------------------------------------------------------------------------------

    def elsewhere(self, request: Request) -> tuple[int, t.Any] | None:
        if not request.path.startswith("/api/"):
            return None
        headers = {"Authorization": request.headers.get("authorization", "")}
        workspace = self._workspace_of(headers["Authorization"].partition(" ")[2])
        return workspace.api.answer(request.method, request.path, request.query, headers, request.body())

    def _workspace_of(self, secret: str) -> Workspace:
        wanted = digest(secret)
        for workspace in list(self.workspaces.values()):
            with workspace.grafana.lock:
                if any(token.digest == wanted for token in workspace.grafana.tokens.values()):
                    return workspace
        return self.main

    # ---- AWS's -------------------------------------------------------------------------------------------------------

    def operation_of(self, request: Request) -> str:
        for method, pattern, operation in ROUTES:
            if request.method == method and re.fullmatch(pattern, request.path):
                return operation
        return ""

    def serve(self, operation: str, request: Request) -> dict[str, t.Any]:
        pattern = next(pattern for method, pattern, name in ROUTES if name == operation)
        found = re.fullmatch(pattern, request.path)
        workspace_id, *parts = [decoded(part) for part in (found.groups() if found else ())]
        if not re.fullmatch("g-[0-9a-f]{10}", workspace_id):
            raise invalid("workspaceId", "does not match g-[0-9a-f]{10}")
        workspace = self.workspaces.get(workspace_id)
        if workspace is None:
            raise missing(workspace_id, "workspace")
        handler = getattr(self, "_" + re.sub("(?<!^)(?=[A-Z])", "_", operation).lower())
        with workspace.grafana.lock:
            answered: dict[str, t.Any] = handler(workspace, *parts, request=request)
        return answered

    def refusals(self) -> dict[str, Refusal]:
        quota = {"resourceId": "tokens", "resourceType": "token", "serviceCode": "grafana", "quotaCode": "L-0000000"}
        return {
            "throttled": Refusal(429, "ThrottlingException", "Rate exceeded", **{"Retry-After": "3"}),
            "throttled_without_word": Refusal(429, "ThrottlingException", "Rate exceeded"),
            "broken": Refusal(500, "InternalServerException", "internal error"),
            "quota": Refusal(402, "ServiceQuotaExceededException", "limit exceeded", **quota),
            "changing": Refusal(409, "ConflictException", "is being updated", resourceId="g", resourceType="workspace"),
            "denied": Refusal(403, "AccessDeniedException", "no"),
        }

    def render(self, refusal: Refusal) -> Reply:
        """rest-json: the code in a header; C(Retry-After) is a header in the model too."""
        more = dict(refusal.more)
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": refusal.code}
        if "Retry-After" in more:
            headers["Retry-After"] = more.pop("Retry-After")
        return Reply(refusal.status, {"message": refusal.message, **more}, headers)

    def _describe_workspace(self, workspace: Workspace, request: Request) -> dict[str, t.Any]:
        described = {
            "id": workspace.id,
            "name": "monitoring",
            "endpoint": self.address,
            "grafanaVersion": workspace.grafana.settings.version,
            "status": workspace.status,
            "created": workspace.created,
            "modified": workspace.created,
            "accountAccessType": "CURRENT_ACCOUNT",
            "permissionType": "SERVICE_MANAGED",
            "dataSources": ["CLOUDWATCH"],
            "notificationDestinations": [],
            "authentication": {"providers": ["AWS_SSO"]},
            "tags": {},
        }
        return {"workspace": described}

    # ---- service accounts and tokens ---------------------------------------------------------------------------------

    def _create_workspace_service_account(self, workspace: Workspace, request: Request) -> dict[str, t.Any]:
        self._need_service_accounts(workspace)
        body = request.body()
        name, role = text(body, "name", 128), one_of(body, "grafanaRole", _ROLES)
        try:
            made = workspace.grafana.create_account(_MANAGER, name, _ROLES[role])
        except GrafanaRefusal:
            raise taken(name, "service account") from None
        return {
            "id": workspace.account_id(made.id),
            "name": name,
            "grafanaRole": role,
            "workspaceId": workspace.id,
        }

    def _list_workspace_service_accounts(self, workspace: Workspace, request: Request) -> dict[str, t.Any]:
        self._need_service_accounts(workspace)
        rows = [
            {
                "id": workspace.account_id(account.id),
                "name": account.name,
                "isDisabled": str(account.disabled).lower(),
                "grafanaRole": account.role.upper(),
            }
            for account in workspace.grafana.accounts.values()
        ]
        return self._paged(workspace, rows, "serviceAccounts", request)

    def _create_workspace_service_account_token(
        self, workspace: Workspace, account_id: str, request: Request
    ) -> dict[str, t.Any]:
        number, body = self._account(workspace, account_id), request.body()
        name, lifetime = text(body, "name", 128), number_in(body, "secondsToLive", 1, LONGEST_LIFE)
        held = [token for token in workspace.grafana.tokens.values() if token.account]
        if len(held) >= workspace.token_quota:
            raise self.refusals()["quota"]
        token, secret = self._create(workspace, number, name, lifetime)
        made = {"id": str(token.id), "name": name, "key": secret}
        return {"serviceAccountToken": made, "serviceAccountId": account_id, "workspaceId": workspace.id}

    def _create(self, workspace: Workspace, account: int, name: str, lifetime: int, role: str = "") -> tuple[Token, str]:
        try:
            return workspace.grafana.create_token(1, account, name, lifetime, role)
        except GrafanaRefusal:
            raise taken(name, "token" if account else "api key") from None

    def _list_workspace_service_account_tokens(self, workspace: Workspace, account_id: str, request: Request) -> dict[str, t.Any]:
        number = self._account(workspace, account_id)
        tokens = [token for token in workspace.grafana.tokens.values() if token.account == number]
        answer = self._paged(workspace, [_listed(token) for token in tokens], "serviceAccountTokens", request)
        return {**answer, "serviceAccountId": account_id}

    def _delete_workspace_service_account_token(
        self, workspace: Workspace, account_id: str, token_id: str, request: Request
    ) -> dict[str, t.Any]:
        number = self._account(workspace, account_id)
        token = workspace.grafana.tokens.get(int(token_id)) if token_id.isdigit() else None
        if token is None or token.account != number:
            raise missing(token_id, "token")
        del workspace.grafana.tokens[token.id]
        return {"tokenId": token_id, "serviceAccountId": account_id, "workspaceId": workspace.id}

    def _account(self, workspace: Workspace, account_id: str) -> int:
        self._need_service_accounts(workspace)
        for number in workspace.grafana.accounts:
            if workspace.account_id(number) == account_id:
                return number
        raise missing(account_id, "service account")

    def _need_service_accounts(self, workspace: Workspace) -> None:
        if not workspace.grafana.settings.service_accounts:
            raise invalid("workspaceId", "service accounts need version 9")

    # ---- API keys ----------------------------------------------------------------------------------------------------

    def _create_workspace_api_key(self, workspace: Workspace, request: Request) -> dict[str, t.Any]:
        if workspace.grafana.settings.release >= (11, 0):
            raise invalid("workspaceId", "API keys are not supported in this version")
        body = request.body()
        name, role = text(body, "keyName", 100), one_of(body, "keyRole", _ROLES)
        lifetime = number_in(body, "secondsToLive", 1, LONGEST_LIFE)
        if sum(not token.account for token in workspace.grafana.tokens.values()) >= workspace.key_quota:
            raise self.refusals()["quota"]
        secret = self._create(workspace, 0, name, lifetime, _ROLES[role])[1]
        return {"keyName": name, "key": secret, "workspaceId": workspace.id}

    def _delete_workspace_api_key(self, workspace: Workspace, name: str, request: Request) -> dict[str, t.Any]:
        held = workspace.grafana.tokens
        found = [key.id for key in held.values() if not key.account and key.name == name]
        if not found:
            raise missing(name, "api key")
        del held[found[0]]
        return {"keyName": name, "workspaceId": workspace.id}

    def _paged(self, workspace: Workspace, rows: list[dict[str, t.Any]], name: str, request: Request) -> dict[str, t.Any]:
        asked = request.query.get("maxResults", "100")
        if not asked.isdigit() or not 1 <= int(asked) <= 100:
            raise invalid("maxResults", "is not between 1 and 100")
        size, start = min(int(asked), workspace.page), int(request.query.get("nextToken", "0"))
        answer: dict[str, t.Any] = {name: rows[start : start + size], "workspaceId": workspace.id}
        if start + size < len(rows):
            answer["nextToken"] = str(start + size)
        return answer


def _listed(token: Token) -> dict[str, t.Any]:
    row = {"id": str(token.id), "name": token.name, "createdAt": token.created, "expiresAt": token.expires or 0}
    return row if token.last_used is None else {**row, "lastUsedAt": token.last_used}


def invalid(name: str, why: str) -> Refusal:
    fields = [{"name": name, "message": why}]
    return Refusal(400, "ValidationException", f"{name} {why}", reason="FIELD_VALIDATION_FAILED", fieldList=fields)


def missing(thing: str, kind: str) -> Refusal:
    return Refusal(404, "ResourceNotFoundException", f"no such {kind}", resourceId=thing, resourceType=kind)


def taken(thing: str, kind: str) -> Refusal:
    return Refusal(409, "ConflictException", f"the {kind} exists", resourceId=thing, resourceType=kind)


def text(body: dict[str, t.Any], name: str, longest: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise invalid(name, f"is not a text of 1 to {longest} characters")
    return value


def one_of(body: dict[str, t.Any], name: str, values: t.Container[str]) -> str:
    value = body.get(name)
    if not isinstance(value, str) or value not in values:
        raise invalid(name, "is none of the values allowed")
    return value


def number_in(body: dict[str, t.Any], name: str, least: int, most: int) -> int:
    value = body.get(name)
    if not isinstance(value, int) or not least <= value <= most:
        raise invalid(name, f"is not between {least} and {most}")
    return value
