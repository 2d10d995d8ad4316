# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Temporary credentials that somebody made with a leaked access key: they live on, up to 36 hours, when the key is off.

AWS cannot revoke them. What it has for that is a policy that denies everything to credentials issued before a moment (IAM user guide,
"Revoke IAM role temporary security credentials", whose condition works for a user's as well). Requests that an access key itself signs
have no C(aws:TokenIssueTime), so the condition never holds for them. Called by the IAM issuer, in an emergency only.
"""

from __future__ import annotations

import email.utils
import json
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.clients import aws
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Revocation
from ansible_collections.locksmith.rotation.plugins.module_utils.terms import errors
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock, to_iso

#: The inline policy of the user, ours by its name.
POLICY_NAME = "locksmith-deny-leaked-sessions"
#: Seconds. The longest that GetSessionToken and GetFederationToken give to a user (STS API reference, DurationSeconds).
LONGEST_SESSION = 129600


def deny_before(iam: t.Any, user: str, clock: Clock) -> Revocation:
    """Deny everything to what was issued up to now, by AWS's clock. It takes no rights from anybody's access key.

    :raises Denied: C(iam:PutUserPolicy) is missing.
    """
    now = _now_there(iam, user, clock)
    moment = to_iso(now) or ""
    condition = {"DateLessThan": {"aws:TokenIssueTime": moment}}
    statement = {"Sid": "LeakedSessions", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with aws.aws_errors("iam", f"deny the sessions of the IAM user {user} that were begun before {moment}"):
        iam.put_user_policy(UserName=user, PolicyName=POLICY_NAME, PolicyDocument=document)
    return Revocation(
        f"temporary credentials of the IAM user {user} issued before {moment} may do nothing any more (inline policy {POLICY_NAME}); "
        "those of roles that it assumed live on",
        now + LONGEST_SESSION,
    )


def allow_again(iam: t.Any, user: str) -> None:
    """Remove the policy, when nothing that it bars can be alive. Idempotent."""
    try:
        with aws.aws_errors("iam", f"delete the inline policy {POLICY_NAME} of the IAM user {user}"):
            iam.delete_user_policy(UserName=user, PolicyName=POLICY_NAME)
    except errors.NotFound:
        return


def _now_there(iam: t.Any, user: str, clock: Clock) -> float:
    """AWS's own time, to the end of the second: it dates the sessions. Ours may be behind, and leave some of them.

    Asked about the user, because the key may be gone already.
    """
    with aws.aws_errors("iam", f"list the access keys of the IAM user {user}"):
        answer = iam.list_access_keys(UserName=user, MaxItems=1)
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return (email.utils.parsedate_to_datetime(date).timestamp() if date else clock.now()) + 1
