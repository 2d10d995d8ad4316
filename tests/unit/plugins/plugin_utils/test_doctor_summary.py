# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the doctor prints: a cell for each question, nothing called well that was not told, one policy for one system."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.locksmith.rotation.plugins.plugin_utils.doctor_summary import (
    checks_of_host,
    elsewhere,
    lines_of,
    merged_rights,
    not_examined,
)


def check(area: str, severity: str = "", detail: str = "as seen") -> dict[str, str]:
    return {"area": area, "severity": severity, "detail": detail, "next_step": "Mend." if severity else ""}


def one(name: str, *checks: dict[str, str], **more: t.Any) -> dict[str, t.Any]:
    return {"credential": name, "type": "iam", "checks": list(checks), **more}


def policy(user: str) -> dict[str, str]:
    statement = {"Sid": "Rotate", "Effect": "Allow", "Action": ["iam:ListAccessKeys"], "Resource": f"user/{user}"}
    anywhere = {"Sid": "See", "Effect": "Allow", "Action": "iam:GetAccessKeyLastUsed", "Resource": "*"}
    return {"where": "AWS", "language": "json", "text": json.dumps({"Version": "x", "Statement": [statement, anywhere]})}


def test_a_cell_says_the_worst_of_its_question_and_nothing_where_nothing_was_asked() -> None:
    printed = lines_of([one("ci", check("issuer"), check("rights", "info"), check("clock", "warning"), check("clock"))], [], True)
    row = next(line for line in printed if line.startswith("ci"))
    cells = [cell.strip() for cell in row.split("  ") if cell.strip()]
    assert cells == ["ci", "iam", "-", "-", "ok", "ok, see below", "-", "-", "-", "NOT SURE", "-", "-"]


def test_what_is_in_the_way_is_told_worst_first_and_libraries_with_their_fix() -> None:
    fix = ["pip install everything"]
    examined = [one("a", check("clock", "warning", "a bit off")), one("b", check("libraries", "critical", "hvac is missing"))]
    printed = "\n".join(lines_of(examined, fix, True))
    assert printed.index("CRITICAL  b: hvac is missing") < printed.index("WARNING   a: a bit off")
    assert "Next: Mend." in printed and fix[0] in printed
    assert fix[0] not in "\n".join(lines_of(examined[:1], fix, True))


def test_policies_for_one_system_are_one_policy() -> None:
    examined = [one("a", rights=[policy("a")]), one("b", rights=[policy("b")])]
    ((where, text),) = merged_rights(examined).items()
    assert where == ("AWS", "json")
    assert [statement["Resource"] for statement in json.loads(text)["Statement"]] == [["user/a", "user/b"], ["*"]]
    lines = [{"where": "Vault", "language": "hcl", "text": text} for text in ("path one\npath two", "path two\npath three")]
    merged = merged_rights([one("a", rights=lines[:1]), one("b", rights=lines[1:])])
    assert list(merged.values()) == ["path one\npath two\npath three"]


def test_no_two_statements_of_a_merged_policy_have_the_same_sid_which_aws_would_refuse() -> None:
    def publish(service: str) -> dict[str, str]:
        statements = [{"Sid": "Publish", "Effect": "Allow", "Action": f"{service}:Put", "Resource": service}]
        return {"where": "AWS", "language": "json", "text": json.dumps({"Version": "x", "Statement": statements})}

    (text,) = merged_rights([one("a", rights=[publish("ssm")]), one("b", rights=[publish("secretsmanager")])]).values()
    told = [(statement["Sid"], statement["Action"]) for statement in json.loads(text)["Statement"]]
    assert told == [("Publish", "ssm:Put"), ("Publish2", "secretsmanager:Put")]


def test_policies_can_be_left_out_and_pages_stand_in_for_them() -> None:
    examined = [one("a", rights=[policy("a")], page="docs/issuers/iam.md"), one("b", rights=[], page="docs/issuers/stripe.md")]
    printed = "\n".join(lines_of(examined, [], True))
    assert "user/a" in printed and "other issuers: docs/issuers/stripe.md." in printed
    assert "user/a" not in "\n".join(lines_of(examined, [], False))


def test_what_needs_no_rotation_is_told_once() -> None:
    printed = "\n".join(lines_of([one("a", instead="Use a role."), one("b", instead="Use a role.")], [], True))
    assert printed.count("Use a role.") == 1 and "a, b: could it be none at all?" in printed


def test_hosts_that_did_not_answer_are_no_good_news() -> None:
    seen: list[t.Any] = [None, {"unreachable": True}, {"msg": "no python"}]
    assert [checks_of_host("web1", "ci", each)[0]["severity"] for each in seen] == ["warning", "critical", "critical"]
    told = {"checks": [{**check("hosts", "critical", "no unit"), "credential": "ci"}, {**check("hosts"), "credential": "other"}]}
    (found,) = checks_of_host("web1", "ci", told)
    assert found["detail"] == "web1: no unit"


def test_what_was_not_examined_is_in_the_way() -> None:
    assert not_examined("ci", {"msg": "ci: no such kind."})["checks"][0]["severity"] == "critical"
    assert "db1" in elsewhere("ci", "db1")["checks"][0]["detail"]
