# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is there before locksmith comes: roles and users, secrets that somebody published by hand, and files on the hosts.

Three credentials are in use already and are adopted; the others do not exist yet.
"""

from __future__ import annotations

import json
import secrets
import typing as t
from pathlib import Path

from ansible_collections.locksmith.rotation.tests.demo.layout import write_private
from ansible_collections.locksmith.rotation.tests.servers.amg_standin import AmgStandin
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto
from ansible_collections.locksmith.rotation.tests.servers.openbao import OpenBao
from ansible_collections.locksmith.rotation.tests.servers.postgres import Postgres

_ROTATOR = (
    *("iam:ListAccessKeys", "iam:CreateAccessKey", "iam:UpdateAccessKey", "iam:DeleteAccessKey", "iam:GetAccessKeyLastUsed"),
    *("ssm:*", "secretsmanager:*"),
)
_WORKSPACE_RIGHTS = (
    *("DescribeWorkspace", "ListWorkspaceServiceAccounts", "CreateWorkspaceServiceAccount"),
    *("ListWorkspaceServiceAccountTokens", "CreateWorkspaceServiceAccountToken", "DeleteWorkspaceServiceAccountToken"),
)
#: What the reader may read in Vault.
_READ = ("orders/db", "billing/db", "charts/grafana", "agents/datadog")
_READER = ("ssm:GetParameter", "secretsmanager:GetSecretValue")


def fill_vault(server: OpenBao, values: t.Mapping[str, t.Mapping[str, str]]) -> dict[str, str]:
    """Two secrets that somebody put there, tokens that may do no more than they need (C(rotator) and C(reader)), and the AppRole of
    machines that read by themselves (C(puller_role_id) and C(puller_secret_id))."""
    for credential, path in (("orders-db", "orders/db"), ("billing-db", "billing/db")):
        server.call("POST", f"secret/data/{path}", {"data": dict(values[credential])})
    everything = ("create", "read", "update", "patch", "delete", "list")
    server.policy("rotator", {"secret/data/*": everything, "secret/metadata/*": everything, "secret/delete/*": ("update",)})
    server.policy("reader", {f"secret/data/{path}": ("read",) for path in _READ})
    tokens = {name: server.token(name) for name in ("rotator", "reader")}
    return {**tokens, **dict(zip(("puller_role_id", "puller_secret_id"), server.approle("machines", ["reader"])))}


def make_databases(server: Postgres) -> dict[str, dict[str, str]]:
    """Two equal roles for orders, one for billing, and a rotator that may alter them. By credential, and C(rotator)."""
    passwords = {name: secrets.token_urlsafe(24) for name in ("orders_app_blue", "billing_app", "rotator")}
    server.sql(
        # Whoever made these roles did it carelessly; what the server logs from then on is looked through for passwords.
        "SET log_statement = 'none'",
        f"CREATE ROLE rotator LOGIN CREATEROLE PASSWORD '{passwords['rotator']}'",
        f"CREATE ROLE orders_app_blue LOGIN PASSWORD '{passwords['orders_app_blue']}'",
        "CREATE ROLE orders_app_green LOGIN",
        f"CREATE ROLE billing_app LOGIN PASSWORD '{passwords['billing_app']}'",
        "GRANT orders_app_blue, orders_app_green, billing_app TO rotator WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
        "GRANT pg_read_all_stats TO rotator",
    )
    users = {"orders-db": "orders_app_blue", "billing-db": "billing_app", "rotator": "rotator"}
    return {credential: {"username": user, "password": passwords[user]} for credential, user in users.items()}


def make_users(server: Moto) -> dict[str, dict[str, str]]:
    """The users whose keys are rotated, the rotator, and a reader for the demo's own look into the stores. By who."""
    iam = server.client("iam")
    for name in ("deployer", "backup"):
        iam.create_user(UserName=name)
    made = iam.create_access_key(UserName="deployer")["AccessKey"]
    deployer = {"access_key_id": made["AccessKeyId"], "secret_access_key": made["SecretAccessKey"]}
    server.client("ssm").put_parameter(Name="/ci/deployer", Type="SecureString", Value=json.dumps(deployer))
    logins = {"rotator-aws": server.user("rotator", _ROTATOR), "reader": server.user("reader", _READER)}
    keys = {who: {name: options[name] for name in ("access_key", "secret_key")} for who, options in logins.items()}
    return {"deployer": deployer, **keys}


def make_workspace(server: AmgStandin) -> dict[str, str]:
    """The workspace's id, and a login that may do there what the page of its issuer asks for, and no more."""
    login = server.login(*_WORKSPACE_RIGHTS)
    return {"workspace_id": server.main.id, "access_key": login["access_key"], "secret_key": login["secret_key"]}


def write_files(hosts: Path, values: t.Mapping[str, t.Mapping[str, str]]) -> None:
    """What somebody once copied to the machines by hand."""
    orders, billing, deployer = values["orders-db"], values["billing-db"], values["deployer"]
    for name in ("web1", "web2"):
        etc = hosts / name / "etc" / "orders"
        write_private(etc / "db.env", f"PGUSER={orders['username']}\nPGPASSWORD={orders['password']}\n")
        write_private(etc / "billing.json", json.dumps(billing) + "\n")
    lines = [f"aws_{field} = {value}" for field, value in deployer.items()]
    write_private(hosts / "worker1" / "etc" / "aws" / "credentials", "\n".join(["[deployer]", *lines]) + "\n")
