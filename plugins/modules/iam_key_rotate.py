#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_key_rotate
short_description: Rotate the access keys of an AWS IAM user
version_added: 0.1.0
description:
  - Creates a new access key beside the old one when the old one is due, logs in with it three times in a row,
    publishes it in a store, and takes the old one out of service when every consumer has proved the new one.
  - An IAM user has two access keys at most. If the second one is not ours, the module stops before it creates anything
    and names both keys with their age and last use. It never deletes or deactivates a key that its journal does not record.
  - An interrupted run is finished by the next one. A key that was created and lost in between is found, deleted and replaced.
  - An access key is the last resort. Where the consumer runs in AWS, or can present an OIDC token, give it a role instead.
options:
  user_name:
    description:
      - The IAM user whose access keys are rotated.
      - If omitted, it is the user that signs the requests, which is then asked for with one more request.
        Required with temporary credentials, which belong to no user.
    type: str
    aliases: [username]
extends_documentation_fragment:
  - locksmith.rotation.rotation
  - locksmith.rotation.store
  - locksmith.rotation.aws
  - locksmith.rotation.attributes
notes:
  - The identity that rotates needs C(iam:ListAccessKeys), C(iam:CreateAccessKey), C(iam:UpdateAccessKey),
    C(iam:DeleteAccessKey) and C(iam:GetAccessKeyLastUsed), and the rights of the store.
    The page on the IAM issuer has the policies to paste.
  - The published fields are C(access_key_id) and C(secret_access_key). Use O(store.fields) to publish them under other names.
seealso:
  - module: amazon.aws.iam_access_key
author:
  - the locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: Rotate the deployment user's key every 90 days
  locksmith.rotation.iam_key_rotate:
    name: ci-deployer
    user_name: ci-deployer
    region: eu-west-1
    rotate_after: 90d
    store:
      type: ssm
      name: /ci/deployer
  no_log: true

- name: Publish it as two parameters that a pipeline already reads
  locksmith.rotation.iam_key_rotate:
    name: ci-deployer
    user_name: ci-deployer
    store:
      type: ssm
      names:
        access_key_id: /ci/aws_access_key_id
        secret_access_key: /ci/aws_secret_access_key
  no_log: true

- name: Keep the keys of a user in another account in Vault
  locksmith.rotation.iam_key_rotate:
    name: backup
    user_name: backup
    assume_role_arn: arn:aws:iam::123456789012:role/key-rotation
    store:
      type: vault
      url: https://vault.example.com:8200
      path: aws/backup
      fields:
        access_key_id: AWS_ACCESS_KEY_ID
        secret_access_key: AWS_SECRET_ACCESS_KEY
  no_log: true

- name: Replace a key that leaked, now
  locksmith.rotation.iam_key_rotate:
    name: ci-deployer
    user_name: ci-deployer
    force: true
    reason: leak
    store:
      type: ssm
      name: /ci/deployer
  no_log: true
"""

RETURN = r"""
credential:
  description: The credential's name.
  returned: always
  type: str
  sample: ci-deployer
identity:
  description: Whose keys these are.
  returned: always
  type: str
  sample: iam user ci-deployer
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
  description: The access key id of the published version. It is no secret.
  returned: when there is one
  type: str
  sample: AKIAIOSFODNN7EXAMPLE
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
  sample: "2027-02-19T03:14:00Z"
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
      description: Its access key id.
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
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.iam import IamIssuer

ISSUER = IamIssuer


def main() -> None:
    run_as_module(ISSUER)


if __name__ == "__main__":
    main()
