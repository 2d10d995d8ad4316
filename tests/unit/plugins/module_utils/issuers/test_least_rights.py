# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policies that the doctor prints are those of the pages, which other tests hold against real servers."""

from __future__ import annotations

import json
import re
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers import datadog, iam_rights, vault_secret_id
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.amg import AmgIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_api import Account
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana_service_account import ServiceAccountTokens
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Setting
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.postgresql_roles import least_grants
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.sendgrid import SendgridIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.vault_secret_id import VaultSecretIdIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.vault_static_role import VaultStaticRoleIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Store
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.secretsmanager import SecretsManagerStore
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.ssm import SsmStore
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.vault import VaultStore
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.tests.real.documented import DOCS, block, blocks

SETTING = Setting("orders", 86400, 3600, 3600, SystemClock(), ("role_id", "secret_id"))
VAULT = {"url": "http://127.0.0.1:1", "token": "none"}
FIELDS = ("username", "password")
AWS = {"region": "eu-west-1", "access_key": "a", "secret_key": "b"}


def without_comments(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith(("#", "--"))]


def only(rights: t.Sequence[t.Any]) -> str:
    (one,) = rights
    return str(one.text)


def test_iam() -> None:
    page = json.loads(block("issuers/iam.md", "json", "RotateTheirKeys"))
    assert json.loads(iam_rights.least_rights("arn:aws:iam::123456789012:user/rotated/*").text) == page


@pytest.mark.parametrize(("version", "mount"), [(2, "secret/data/orders/db"), (1, "secret/orders/db")])
def test_the_vault_store(version: int, mount: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = VaultStore.create({**VAULT, "path": "orders/db"}, FIELDS, None)
    monkeypatch.setattr(store, "_detected_version", lambda: version)
    assert only(store.least_rights()).splitlines() == block("stores.md", "hcl", f'path "{mount}"').splitlines()


def test_the_secret_id_and_what_is_asked_for_beforehand() -> None:
    issuer = VaultSecretIdIssuer.create({**VAULT, "role_name": "orders", "approle_mount_point": "approle"}, SETTING)
    (page,) = blocks("issuers/vault_secret_id.md", "hcl")
    assert only(issuer.least_rights()).splitlines() == without_comments(page)
    assert {right for rights in vault_secret_id._RIGHTS.values() for right in rights} == {"read", "update", "list"}


def test_the_static_role() -> None:
    options = {**VAULT, "role_name": "orders-legacy", "engine_mount_point": "database"}
    issuer = VaultStaticRoleIssuer.create(options, SETTING)
    (page,) = blocks("issuers/vault_static_role.md", "hcl")
    assert only(issuer.least_rights()).splitlines() == without_comments(page)


@pytest.mark.parametrize(
    ("strategy", "roles", "version", "title"),
    [
        ("single_user", ["orders_app"], 160000, "-- single_user, PostgreSQL 16 and later"),
        ("single_user", ["orders_app"], 150000, "-- single_user, PostgreSQL 15 and earlier"),
        ("alternating_users", ["orders_blue", "orders_green"], 180000, "-- alternating_users, PostgreSQL 16 and later"),
    ],
)
def test_postgresql(strategy: str, roles: list[str], version: int, title: str) -> None:
    page = block("issuers/postgresql.md", "sql", title)
    assert least_grants(strategy, "rotator", roles, version).replace('"', "").splitlines() == page.splitlines()


def test_a_role_that_changes_its_own_password_needs_nothing() -> None:
    assert without_comments(least_grants("single_user", "orders_app", ["orders_app"], 180000)) == []


def test_grafana(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"url": "http://127.0.0.1:1", "grafana_api_key": "none", "service_account": "dashboard-exporter"}
    issuer = ServiceAccountTokens(options, SETTING)
    monkeypatch.setattr(issuer, "_known", Account(12, "", "dashboard-exporter", "sa-1-x", "Viewer", 1, False))
    assert json.loads(only(issuer.least_rights())) == json.loads(block("issuers/grafana.md", "json", "custom:token-rotator"))


@pytest.mark.parametrize("token_type", ["service_account", "api_key"])
def test_amazon_managed_grafana(token_type: str) -> None:
    more = {"service_account": "exporter"} if token_type == "service_account" else {}
    options = {"workspace_id": "g-0123456789", "token_type": token_type, "role": "Viewer", "key_prefix": "", **AWS, **more}
    setting = Setting("orders", 86400, 3600, 3600, SystemClock(), ("token",))
    policy = only(AmgIssuer.create(options, setting).least_rights())
    (statement,) = statements(policy)
    assert statement["Resource"] == "arn:aws:grafana:eu-west-1:*:/workspaces/g-0123456789"
    if token_type == "service_account":
        (page,) = json.loads(block("issuers/amg.md", "json", "DescribeWorkspace"))["Statement"]
        assert statement["Action"] == page["Action"]
    text = (DOCS / "issuers" / "amg.md").read_text(encoding="utf-8")
    assert all(f"{action}" in text for action in statement["Action"])


def test_datadog() -> None:
    text = (DOCS / "issuers" / "datadog.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (?:API keys|own application keys|a service account's application keys) \| (.+) \|$", text, re.MULTILINE
    )
    assert [tuple(re.findall(r"`(\w+)`", row)) for row in rows] == list(datadog._PERMISSIONS.values())


def test_sendgrid() -> None:
    options = {"url": "http://127.0.0.1:1", "api_key": "SG.a.b", "scopes": ["mail.send"]}
    issuer = SendgridIssuer.create(options, Setting("mail", 86400, 3600, 3600, SystemClock(), ("api_key",)))
    page = block("issuers/sendgrid.md", "text", "api_keys.create").partition("\n")[2]
    assert json.loads(only(issuer.least_rights())) == json.loads(page)


def actions(policy: str) -> set[frozenset[str]]:
    return {frozenset([each["Action"]] if isinstance(each["Action"], str) else each["Action"]) for each in statements(policy)}


def statements(policy: str) -> list[dict[str, t.Any]]:
    return list(json.loads(policy)["Statement"])


def test_ssm_by_what_may_be_done_to_the_parameter_the_journal_and_the_key() -> None:
    store: Store = SsmStore.create({**AWS, "name": "/orders/db", "key_id": "alias/orders"}, FIELDS, None)
    policy = only(store.least_rights())
    assert actions(policy) == actions(block("stores.md", "json", "ssm:PutParameter"))
    resources = [each["Resource"] for each in statements(policy)]
    assert resources[0] == ["arn:aws:ssm:eu-west-1:*:parameter/orders/db"]
    assert resources[1] == [f"arn:aws:ssm:eu-west-1:*:parameter/locksmith/orders/db/journal{end}" for end in ("", "/*")]
    plain = SsmStore.create({**AWS, "name": "/orders/db"}, FIELDS, None)
    assert "kms" not in only(plain.least_rights()), "a key of AWS's own needs no right"


def test_secrets_manager_by_the_words_of_the_page() -> None:
    text = (DOCS / "stores.md").read_text(encoding="utf-8")
    paragraph = text[text.index("Rights: `secretsmanager:GetSecretValue`") :].split("\n\n")[0]
    named = {word.rpartition(":")[2] for word in re.findall(r"`([\w:]+)`", paragraph)}
    store: Store = SecretsManagerStore.create({**AWS, "name": "orders/db", "kms_key_id": "alias/orders"}, FIELDS, None)
    policy = only(store.least_rights())
    assert {action.rpartition(":")[2] for each in actions(policy) for action in each} == named
    assert "secret:locksmith/orders/db-??????" in policy and "the ARN of alias/orders" in policy
