# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is made of IAM's simulator, whose requests and answers botocore's own model checks here."""

from __future__ import annotations

import typing as t

import botocore.session
import pytest
from botocore.stub import ANY, Stubber

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers import iam_rights
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import Check

ROTATOR = "arn:aws:iam::123456789012:user/ops/rotator"
CI = "arn:aws:iam::123456789012:user/ci/deployer"


class Iam:
    """IAM that answers as told; a client of botocore's that sends nothing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, caller: str = ROTATOR) -> None:
        session = botocore.session.Session()
        self.client: t.Any = session.create_client(
            "iam", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
        )
        self.stub = Stubber(self.client)
        monkeypatch.setattr(iam_rights, "_caller", lambda options: caller)

    def knows_the_user(self) -> None:
        user = {"Path": "/ci/", "UserName": "deployer", "UserId": "A" * 16, "Arn": CI, "CreateDate": "2026-01-01T00:00:00Z"}
        self.stub.add_response("get_user", {"User": user}, {"UserName": "deployer"})

    def decides(self, resource: str, expected: dict[str, t.Any], **decisions: t.Any) -> None:
        """C(decisions): action to the decision, or to the context keys that it would take."""
        results = [
            {
                "EvalActionName": f"iam:{action}",
                "EvalDecision": decision if isinstance(decision, str) else "implicitDeny",
                "MissingContextValues": [] if isinstance(decision, str) else decision,
            }
            for action, decision in decisions.items()
        ]
        request = {"ActionNames": ANY, "ResourceArns": [resource], **expected}
        self.stub.add_response("simulate_principal_policy", {"EvaluationResults": results}, request)

    def examine(self) -> Check:
        with self.stub:
            found = iam_rights.examine("deployer", {}, self.client)
            self.stub.assert_no_pending_responses()
            return found


OWN_NAME = [{"ContextKeyName": "aws:username", "ContextKeyType": "string", "ContextKeyValues": ["rotator"]}]
AS_USER = {"PolicySourceArn": ROTATOR, "ContextEntries": OWN_NAME}


@pytest.mark.parametrize(
    ("decision", "severity", "word"),
    [
        ("allowed", "", "may do all"),
        ("implicitDeny", "critical", "may not iam:DeleteAccessKey"),
        ("explicitDeny", "critical", "may not iam:DeleteAccessKey"),
        (["aws:SourceIp"], "info", "depends on aws:SourceIp"),
    ],
)
def test_what_it_decides(monkeypatch: pytest.MonkeyPatch, decision: t.Any, severity: str, word: str) -> None:
    iam = Iam(monkeypatch)
    iam.knows_the_user()
    iam.decides(CI, AS_USER, ListAccessKeys="allowed", DeleteAccessKey=decision)
    iam.decides("*", AS_USER, GetAccessKeyLastUsed="allowed")
    found = iam.examine()
    assert found.severity == severity and word in found.detail


def test_a_session_is_looked_up_by_its_role(monkeypatch: pytest.MonkeyPatch) -> None:
    iam = Iam(monkeypatch, "arn:aws:sts::123456789012:assumed-role/locksmith/awx")
    iam.stub.add_client_error("get_user", "AccessDenied", http_status_code=403)
    source = {"PolicySourceArn": "arn:aws:iam::123456789012:role/locksmith"}
    iam.decides("arn:aws:iam::123456789012:user/deployer", source, CreateAccessKey="allowed")
    iam.decides("*", source, GetAccessKeyLastUsed="allowed")
    assert iam.examine().severity == ""


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchEntity"])
def test_who_may_not_ask_is_not_told_and_that_is_no_yes(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    iam = Iam(monkeypatch)
    iam.knows_the_user()
    iam.stub.add_client_error("simulate_principal_policy", code, http_status_code=403 if code == "AccessDenied" else 404)
    found = iam.examine()
    assert found.severity == "info" and "could not be simulated" in found.detail and "SimulatePrincipalPolicy" in found.next_step


def test_the_root_is_told_to_stay_out_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Iam(monkeypatch, "arn:aws:iam::123456789012:root").examine()
    assert found.severity == "info" and "root" in found.detail
