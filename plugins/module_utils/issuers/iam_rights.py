# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rotating a user's access keys takes in rights, and whether we have them, asked of IAM's own simulator. Called by the IAM issuer.

C(iam:SimulatePrincipalPolicy) changes nothing. It is asked with the identity that signs the requests, and takes a right of its own, which
rotating does not need: without it, or for the account's root, nobody can tell before the first rotation.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import AWS_RIGHTS, LeastRights, iam_policy
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import CRITICAL, INFO, RIGHTS, Check

_ON_THE_USER = ("iam:ListAccessKeys", "iam:CreateAccessKey", "iam:UpdateAccessKey", "iam:DeleteAccessKey")
_ANYWHERE = "iam:GetAccessKeyLastUsed"
_ASSUMED = re.compile(r"^arn:(?P<partition>[^:]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/")
_PAGE = "docs/issuers/iam.md"


def least_rights(user_arn: str) -> LeastRights:
    """Of a manager that rotates the keys of one user, or of those that a pattern in C(user_arn) names."""
    policy = iam_policy(("RotateTheirKeys", _ON_THE_USER, user_arn), ("SeeWhetherAKeyIsInUse", (_ANYWHERE,), "*"))
    return LeastRights(AWS_RIGHTS, "json", policy)


def user_arn(user: str, options: t.Mapping[str, t.Any], iam: t.Any) -> str:
    """As IAM has it, path and all; where we may not ask, as it would be without a path."""
    try:
        with aws.aws_errors("iam", f"look up the IAM user {user}"):
            return str(iam.get_user(UserName=user)["User"]["Arn"])
    except errors.Denied:
        partition, account = _caller(options).split(":")[1], _caller(options).split(":")[4]
        return f"arn:{partition}:iam::{account}:user/{user}"


def examine(user: str, options: t.Mapping[str, t.Any], iam: t.Any) -> Check:
    """Whether the identity that signs the requests may do all that a rotation takes."""
    caller = _principal(_caller(options))
    if caller.endswith(":root"):
        return Check(
            RIGHTS, INFO, "the account's root signs the requests, which may do everything.", f"use an identity of {_PAGE}."
        )
    try:
        refused = [*_refused(iam, caller, _ON_THE_USER, user_arn(user, options, iam)), *_refused(iam, caller, (_ANYWHERE,), "*")]
    except (errors.Denied, errors.NotFound, errors.Rejected) as error:
        return Check(
            RIGHTS,
            INFO,
            f"listing keys is allowed; whether {caller} may create, switch off and delete them could not be simulated: {error.message}",
            "grant it iam:SimulatePrincipalPolicy on itself to know before the first rotation, or compare its policy with the one below.",
        )
    return _judge(caller, user, refused)


def _judge(caller: str, user: str, refused: t.Sequence[t.Mapping[str, t.Any]]) -> Check:
    missing = [one["EvalActionName"] for one in refused if not one.get("MissingContextValues")]
    if missing:
        detail = f"{caller} may not {', '.join(missing)} for the IAM user {user}."
        return Check(RIGHTS, CRITICAL, detail, f"grant it, as {_PAGE} shows.")
    if refused:
        keys = sorted({key for one in refused for key in one["MissingContextValues"]})
        names = ", ".join(one["EvalActionName"] for one in refused)
        detail = (
            f"whether {caller} may {names} for the IAM user {user} depends on {', '.join(keys)}, which only a real request has."
        )
        return Check(RIGHTS, INFO, detail, "look at the conditions of its policy.")
    return Check(RIGHTS, "", f"{caller} may do all that a rotation takes, as IAM simulates it")


def _refused(iam: t.Any, caller: str, actions: t.Sequence[str], resource: str) -> list[t.Mapping[str, t.Any]]:
    """The results that are no C(allowed). A policy for one's own keys names the user by a variable, which has to be given."""
    request: dict[str, t.Any] = {"PolicySourceArn": caller, "ActionNames": list(actions), "ResourceArns": [resource]}
    if ":user/" in caller:
        own = {"ContextKeyName": "aws:username", "ContextKeyType": "string", "ContextKeyValues": [caller.rpartition("/")[2]]}
        request["ContextEntries"] = [own]
    with aws.aws_errors("iam", f"simulate what {caller} may do"):
        answer = iam.simulate_principal_policy(**request)
    return [one for one in answer["EvaluationResults"] if one["EvalDecision"] != "allowed"]


def _caller(options: t.Mapping[str, t.Any]) -> str:
    with aws.aws_errors("sts", "find out who signs the requests"):
        return str(aws.client("sts", options).get_caller_identity()["Arn"])


def _principal(arn: str) -> str:
    """What IAM knows: of a session the role. A role's path is not in a session's name, and then the simulator knows no such role."""
    session = _ASSUMED.match(arn)
    return "arn:{partition}:iam::{account}:role/{role}".format(**session.groupdict()) if session else arn
