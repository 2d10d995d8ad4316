#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: amg_api_key_rotate
short_description: Rotate the tokens and API keys of Amazon Managed Grafana
version_added: 0.1.0
description:
  - Creates a new token of a workspace's service account (or an API key, in workspaces of version 8 to 10) when the old one is due,
    logs in with it at the workspace, publishes it in a store, and deletes the old one when every consumer has proved the new one
    and the grace is over. Old and new work side by side until then.
  - None of them lives for more than 30 days. Where O(rotate_after), O(grace) and O(recovery_wait) are so long that a token would die
    while it is in use, the module refuses to begin and shows the sum. The default of O(rotate_after) is V(20d).
  - What has been replaced is deleted, because AWS bills service accounts and API keys as users, and counts tokens that have expired
    against its quota.
  - An interrupted run is finished by the next one. A token that was created and lost in between is found by its name, deleted and replaced.
    API keys cannot be listed, so a lost one is deleted by the name that the journal holds.
options:
  workspace_id:
    description:
      - The id of the workspace, not its name.
    type: str
    required: true
  token_type:
    description:
      - V(service_account) are tokens of O(service_account), in workspaces of version 9 and later.
      - V(api_key) are API keys of the workspace, in versions 8 to 10. AWS can neither list them nor say when one was used.
      - When it is changed from V(api_key) to V(service_account), the key is retired like any previous version, if the AWS identity still
        has C(grafana:DeleteWorkspaceApiKey).
    type: str
    choices: [service_account, api_key]
    default: service_account
  service_account:
    description:
      - The name of the service account. Required with O(token_type=service_account).
    type: str
  create_service_account:
    description:
      - Whether to create the service account where there is none. It needs O(role).
    type: bool
    default: true
  role:
    description:
      - The role of API keys, for which it is required, and of a service account that is created.
      - A service account that exists must have it. A role is never changed.
    type: str
    choices: [VIEWER, EDITOR, ADMIN]
  seconds_to_live:
    description:
      - How long a token lives if nobody deletes it. AWS takes no more than 30 days.
    type: int
    default: 2592000
  token_name_prefix:
    description:
      - Put before the name of each token or key, which is otherwise C(locksmith-), the credential, the time and eight random digits.
    type: str
    default: ""
  workspace_url:
    description:
      - Where the workspace's Grafana is, to log in with the new token. The endpoint that AWS names for the workspace if not given.
      - For a workspace that is reached by a VPC endpoint under another name.
    type: str
extends_documentation_fragment:
  - locksmith.rotation.rotation
  - locksmith.rotation.store
  - locksmith.rotation.aws
  - locksmith.rotation.attributes
requirements:
  - requests on the machine where the module runs
notes:
  - The AWS identity needs C(grafana:DescribeWorkspace), C(grafana:ListWorkspaceServiceAccounts), C(grafana:CreateWorkspaceServiceAccount),
    C(grafana:ListWorkspaceServiceAccountTokens), C(grafana:CreateWorkspaceServiceAccountToken) and
    C(grafana:DeleteWorkspaceServiceAccountToken); for API keys C(grafana:DescribeWorkspace), C(grafana:CreateWorkspaceApiKey) and
    C(grafana:DeleteWorkspaceApiKey). The page on the issuer has the policies to paste. The rights of the store come on top.
  - The machine where the module runs must reach the workspace's address, which its network access control has to allow.
  - The published field is C(token). Use O(store.fields) to publish it under another name.
author:
  - the locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: Keep the exporter's token fresh, where Terraform and a Lambda did it before
  locksmith.rotation.amg_api_key_rotate:
    name: charts
    workspace_id: g-0123456789
    service_account: exporter
    role: VIEWER
    region: eu-west-1
    store:
      type: secretsmanager
      name: grafana/exporter
      region: eu-west-1
  no_log: true

- name: An API key of a workspace of version 9, published under the name that its readers expect
  locksmith.rotation.amg_api_key_rotate:
    name: provisioning
    workspace_id: g-0123456789
    token_type: api_key
    role: ADMIN
    region: eu-west-1
    rotate_after: 7d
    recovery_wait: 0s
    store:
      type: secretsmanager
      name: grafana/provisioning
      region: eu-west-1
      fields:
        token: api_key
  no_log: true

- name: Replace a token that leaked, now
  locksmith.rotation.amg_api_key_rotate:
    name: charts
    workspace_id: g-0123456789
    service_account: exporter
    region: eu-west-1
    force: true
    reason: leak
    store:
      type: secretsmanager
      name: grafana/exporter
      region: eu-west-1
  no_log: true
"""

RETURN = r"""
credential:
  description: The credential's name.
  returned: always
  type: str
  sample: charts
identity:
  description: Whose keys these are.
  returned: always
  type: str
  sample: the service account exporter of the Managed Grafana workspace g-0123456789
action:
  description:
    - What was done, or in check mode would be done.
  returned: always
  type: str
  sample: rotated
state:
  description: Where the credential stands in its life cycle now.
  returned: always
  type: str
  sample: steady
version:
  description: Number of the published version, counted from 1.
  returned: when there is one
  type: int
  sample: 7
id:
  description: C(<service account id>/<token id>) of the published version, or the name of the API key. It is no secret.
  returned: when there is one
  type: str
  sample: 7/42
fingerprint:
  description: Twelve hexadecimal digits that name the published value without giving it away.
  returned: when there is one
  type: str
  sample: 3f9c1e7a5b20
created_at:
  description: When the published version was created, UTC.
  returned: when there is one
  type: str
  sample: "2026-11-21T03:14:00Z"
due_at:
  description: When it will be rotated, UTC.
  returned: when there is one
  type: str
  sample: "2026-12-11T03:14:00Z"
expires_at:
  description: When AWS lets it die, UTC.
  returned: when there is one
  type: str
  sample: "2026-12-21T03:14:00Z"
previous:
  description: Earlier versions that are not deleted yet.
  returned: always
  type: list
  elements: dict
  contains:
    version:
      description: Its number.
      type: int
    id:
      description: What AWS calls it.
      type: str
    fingerprint:
      description: Names its value.
      type: str
    phase:
      description: How far it is on its way out of service.
      type: str
pending:
  description: What is waited for before the next step, one line each.
  returned: always
  type: list
  elements: str
  sample: ["web3 (has not reported)"]
"""

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.rotation import run_as_module
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.amg import AmgIssuer

ISSUER = AmgIssuer


def main() -> None:
    run_as_module(ISSUER)


if __name__ == "__main__":
    main()
