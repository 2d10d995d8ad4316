# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules in C(docs/policies.yml): Ansible reads them as an inventory, and each passes the options of its kinds."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.spec import build_policy, common_options
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.policy import Policy
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import parse_duration
from ansible_collections.locksmith.rotation.plugins.plugin_utils.issuers import issuer_class, kinds

FILE = pathlib.Path(__file__).absolute().parents[4] / "docs" / "policies.yml"
DAY = 86400

#: The kinds that each group is for, and the days that its rule allows.
RULES: dict[str, tuple[set[str], int]] = {
    "iam_keys": ({"iam"}, 90),
    "databases": ({"postgresql", "vault_static_role"}, 30),
    "vault_secret_ids": ({"vault_secret_id"}, 30),
    "third_party": ({"datadog", "sendgrid", "stripe", "grafana", "http_api", "manual"}, 180),
    "managed_grafana": ({"amg"}, 29),
}
#: Whoever leaves these to their default rotates them sooner, because what they are is not known.
STRICT_BY_THEMSELVES = {"http_api", "manual"}
CASES = [(group, kind) for group, (members, dummy) in RULES.items() for kind in sorted(members)]


def rules_of(group: str, catalogue: pathlib.Path) -> dict[str, t.Any]:
    """What Ansible gives a credential of C(group)."""
    catalogue.write_text(yaml.safe_dump({group: {"hosts": {"thing": {}}}}), encoding="utf-8")
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[str(FILE), str(catalogue)])
    assert [host.name for host in inventory.get_hosts("credentials")] == ["thing"], "it is in the group of the credentials"
    found = VariableManager(loader=loader, inventory=inventory).get_vars(host=inventory.get_host("thing"))
    return {name[len("credential_") :]: value for name, value in found.items() if name.startswith("credential_")}


def policy_of(group: str, kind: str, catalogue: pathlib.Path) -> Policy:
    """Through the options that every kind shares."""
    given = {**rules_of(group, catalogue), "name": "thing", "store": {"type": "vault"}}
    checked = ArgumentSpecValidator(common_options()).validate(given)
    assert not checked.error_messages, checked.error_messages
    return build_policy(checked.validated_parameters, issuer_class(kind))


def test_every_kind_has_a_rule() -> None:
    assert {kind for dummy, kind in CASES} == set(kinds())
    assert set(yaml.safe_load(FILE.read_text(encoding="utf-8"))["credentials"]["children"]) == set(RULES)


@pytest.mark.parametrize(("group", "kind"), CASES)
def test_a_rule_passes_the_options_and_leaves_days_to_spare(group: str, kind: str, tmp_path: pathlib.Path) -> None:
    policy, allowed = policy_of(group, kind, tmp_path / "catalogue.yml"), RULES[group][1]
    assert policy.rotate_after + DAY < allowed * DAY, "a run that comes a day late keeps it"
    assert (
        policy.rotate_after <= max(parse_duration(issuer_class(kind).ROTATE_AFTER, "default"), 90 * DAY) or group == "third_party"
    )


def test_no_value_of_managed_grafana_outlives_what_amazon_allows(tmp_path: pathlib.Path) -> None:
    assert policy_of("managed_grafana", "amg", tmp_path / "catalogue.yml").lifetime < 30 * DAY


def test_what_is_commented_out_is_right_as_well(tmp_path: pathlib.Path) -> None:
    comments = [line.strip()[2:] for line in FILE.read_text(encoding="utf-8").splitlines() if line.startswith("    # ")]
    offered = yaml.safe_load("\n".join(line for line in comments if line.startswith(("credential_", "  -"))))
    assert set(offered) == {"credential_blackouts", "credential_window", "credential_max_per_run"}
    given = {
        "name": "thing",
        "store": {"type": "vault"},
        "blackouts": offered["credential_blackouts"],
        "window": offered["credential_window"],
    }
    checked = ArgumentSpecValidator(common_options()).validate(given)
    assert not checked.error_messages
    policy = build_policy(checked.validated_parameters, issuer_class("iam"))
    assert policy.window and len(policy.blackouts) == 1
