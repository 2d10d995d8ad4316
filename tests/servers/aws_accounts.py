# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A front before moto that judges requests from one AWS account to another, which moto does not.

It asks moto for the trust policy of a role and the resource policy of a secret, and judges principal, action and string conditions
by AWS's documented rules. Within an account everything is moto's.
"""

from __future__ import annotations

import fnmatch
import json
import re
import typing as t
import urllib.parse

from ansible_collections.locksmith.rotation.tests.servers.aws_front import AwsFront
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

_SIGNER = re.compile(r"Credential=([A-Z0-9]+)/")
_SECRET_ARN = re.compile(r"arn:aws:secretsmanager:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):secret:.+")
_ROLE_ARN = re.compile(r"arn:aws:iam::(?P<account>\d{12}):role/(?P<name>.+)")
_ASSUMED_ARN = re.compile(r"arn:aws:sts::(?P<account>\d{12}):assumed-role/(?P<role>[^/]+)/.+")


class AwsAccounts(AwsFront):
    """One front; a context manager."""

    def __init__(self, moto: Moto) -> None:
        super().__init__(moto.port)
        self._moto = moto
        self._callers: dict[str, str] = {}

    def within(self, account: str) -> dict[str, t.Any]:
        """Options for somebody who may do everything in C(account), straight at moto."""
        keys = self._moto.client("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/owner", RoleSessionName="owner")
        return self._options(keys["Credentials"], self._moto.url)

    def role(self, account: str, name: str, trust: str, rights: str = "") -> None:
        """Make a role, as the owner of the account does."""
        iam = self._moto.client("iam", **self.within(account))
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        if rights:
            iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=rights)

    def acting_as(self, account: str, role: str) -> dict[str, t.Any]:
        """Options for a role as its workload has them: by instance metadata, so that no trust policy of a role is asked."""
        keys = self._moto.client("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName="workload")
        return self._options(keys["Credentials"], self.url)

    def _options(self, keys: t.Mapping[str, str], url: str) -> dict[str, t.Any]:
        options = self._moto.options_of(keys["AccessKeyId"], keys["SecretAccessKey"])
        return {**options, "session_token": keys["SessionToken"], "endpoint_url": url}

    # ---- judging --------------------------------------------------------------------------------------------------

    def answer(self, body: bytes, headers: t.Mapping[str, str]) -> tuple[int, bytes] | None:
        form = dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace")))
        signer = _SIGNER.search(headers.get("authorization", ""))
        caller = self._caller(signer.group(1), headers) if signer else ""
        if form.get("Action") == "AssumeRole" and not self._may_assume(caller, form):
            return 403, _query_error(
                f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {form['RoleArn']}"
            )
        target = headers.get("x-amz-target", "")
        if signer and target.startswith("secretsmanager."):
            return self._secret(caller, signer.group(1), target.partition(".")[2], body, headers)
        return super().answer(body, headers)

    def _caller(self, key_id: str, headers: t.Mapping[str, str]) -> str:
        """The ARN of whoever signed, as policies name it: the role for its session."""
        if key_id not in self._callers:
            options = self._moto.options_of(key_id, "not needed: moto looks at the id")
            arn = self._moto.client("sts", **options).get_caller_identity()["Arn"]
            assumed = _ASSUMED_ARN.fullmatch(arn)
            self._callers[key_id] = f"arn:aws:iam::{assumed['account']}:role/{assumed['role']}" if assumed else arn
        return self._callers[key_id]

    def _may_assume(self, caller: str, form: t.Mapping[str, str]) -> bool:
        role = _ROLE_ARN.fullmatch(form["RoleArn"])
        if role is None:
            return False
        iam = self._moto.client("iam", **self.within(role["account"]))
        try:
            trust = iam.get_role(RoleName=role["name"])["Role"]["AssumeRolePolicyDocument"]
        except iam.exceptions.NoSuchEntityException:
            return False
        context = {"sts:ExternalId": form["ExternalId"]} if "ExternalId" in form else {}
        return allows(trust, caller, "sts:AssumeRole", context)

    def _secret(
        self, caller: str, key_id: str, action: str, body: bytes, headers: t.Mapping[str, str]
    ) -> tuple[int, bytes] | None:
        arn = _SECRET_ARN.fullmatch(str(json.loads(body or b"{}").get("SecretId", "")))
        if arn is None or arn["account"] == caller.split(":")[4]:
            return super().answer(body, headers)
        owner = {**self.within(arn["account"]), "region": arn["region"]}
        policy = self._moto.client("secretsmanager", **owner).get_resource_policy(SecretId=arn.group()).get("ResourcePolicy")
        if not policy or not allows(json.loads(policy), caller, f"secretsmanager:{action}", {}):
            return 400, _json_error(
                f"User: {caller} is not authorized to perform: secretsmanager:{action} on resource: {arn.group()}"
            )
        signed_by_owner = headers["authorization"].replace(key_id, owner["access_key"])
        return super().answer(body, {**headers, "authorization": signed_by_owner})


def allows(policy: t.Mapping[str, t.Any], caller: str, action: str, context: t.Mapping[str, str]) -> bool:
    """Whether a policy of a resource lets C(caller) do C(action). A Deny wins; a condition that cannot be judged does not hold."""
    effects = {one["Effect"] for one in _list(policy["Statement"]) if _concerns(one, caller, action) and _holds(one, context)}
    return effects == {"Allow"}


def _concerns(statement: t.Mapping[str, t.Any], caller: str, action: str) -> bool:
    principal = statement.get("Principal")
    named = ["*"] if principal == "*" else _list(principal.get("AWS", [])) if isinstance(principal, dict) else []
    everybody_there = f"arn:aws:iam::{caller.split(':')[4]}:root"
    is_named = any(one in ("*", caller, everybody_there) for one in named)
    return is_named and any(fnmatch.fnmatchcase(action, pattern) for pattern in _list(statement["Action"]))


def _holds(statement: t.Mapping[str, t.Any], context: t.Mapping[str, str]) -> bool:
    conditions = statement.get("Condition", {})
    if set(conditions) - {"StringEquals"}:
        return False
    return all(context.get(name) in _list(values) for name, values in conditions.get("StringEquals", {}).items())


def _list(value: t.Any) -> list[t.Any]:
    return value if isinstance(value, list) else [value]


def _query_error(message: str) -> bytes:
    error = f"<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{message}</Message></Error>"
    return f"<ErrorResponse>{error}</ErrorResponse>".encode()


def _json_error(message: str) -> bytes:
    return json.dumps({"__type": "AccessDeniedException", "Message": message}).encode()
