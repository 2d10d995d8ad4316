#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_secret_id_rotate
short_description: Rotate the secret id of a Vault AppRole
version_added: 0.1.0
description:
  - Makes a new secret id of an AppRole of HashiCorp Vault or OpenBao beside the old one when the old one is due, logs in with it,
    publishes it in a store, and destroys the old one when every consumer has proved the new one and the grace is over. Old
    and new work side by side until then.
  - Before anything is made, the role's C(secret_id_ttl) and C(secret_id_num_uses) are held against O(rotate_after) and O(grace), so
    that no secret id expires or is used up while somebody still needs it.
  - An interrupted run is finished by the next one. A secret id that was made and lost in between is found by its metadata,
    destroyed and replaced. Secret ids that the journal does not record are never touched.
options:
  role_name:
    description:
      - The AppRole whose secret ids are rotated.
    type: str
    required: true
  approle_mount_point:
    description:
      - Where the AppRole auth method of O(role_name) is mounted. O(mount_point) is that of the rotator's own login.
    type: str
    default: approle
  ttl:
    description:
      - How long a new secret id lives, such as V(40d). If omitted, as long as the role's C(secret_id_ttl) says.
      - It cannot be shorter than O(rotate_after) and O(grace) together.
    type: str
  num_uses:
    description:
      - How many logins a new secret id is good for, V(0) for any number. If omitted, as the role's C(secret_id_num_uses) says.
      - A secret id with a limit is proved by looking it up instead of by a login, which would use one up.
    type: int
  uses_per_day:
    description:
      - How often all consumers together log in on a day. Required where secret ids have a limited number of uses,
        so that they can be shown to suffice.
    type: int
  cidr_list:
    description:
      - Addresses that may log in with a new secret id. They must be among the role's C(secret_id_bound_cidrs), if it has any.
    type: list
    elements: str
  token_bound_cidrs:
    description:
      - Addresses that may use the tokens of such logins.
    type: list
    elements: str
  metadata:
    description:
      - Names and values to keep with a new secret id. Vault shows them in the metadata of tokens and in its audit log.
      - C(locksmith_attempt) is added to them.
    type: dict
extends_documentation_fragment:
  - locksmith.rotation.rotation
  - locksmith.rotation.store
  - locksmith.rotation.vault
  - locksmith.rotation.attributes
notes:
  - The published fields are C(role_id) and C(secret_id). Use O(store.fields) to publish them under other names.
  - The page on this issuer has the policy to paste. It is tested with exactly these rights.
  - Vault records a login only where it counts them, so only a secret id with a limited number of uses has evidence of use.
seealso:
  - module: community.hashi_vault.vault_login
author:
  - the locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: Rotate the secret id that the orders service logs in to Vault with
  locksmith.rotation.vault_secret_id_rotate:
    name: orders-approle
    url: https://vault.example.com:8200
    auth_method: approle
    role_id: "{{ rotator_role_id }}"
    secret_id: "{{ rotator_secret_id }}"
    role_name: orders
    rotate_after: 30d
    grace: 24h
    store:
      type: vault
      url: https://vault.example.com:8200
      auth_method: approle
      role_id: "{{ rotator_role_id }}"
      secret_id: "{{ rotator_secret_id }}"
      path: orders/approle
  no_log: true

- name: Only from two machines, and no longer than needed
  locksmith.rotation.vault_secret_id_rotate:
    name: backup-approle
    url: https://vault.example.com:8200
    token: "{{ rotator_token }}"
    role_name: backup
    ttl: 9d
    cidr_list: [10.0.3.4/32, 10.0.3.5/32]
    rotate_after: 7d
    grace: 24h
    store:
      type: file
      path: /srv/ansible/secrets/backup-approle.yml
      vault_password_file: /srv/ansible/.vault-password
  no_log: true
"""

RETURN = r"""
credential:
  description: The credential's name.
  returned: always
  type: str
  sample: orders-approle
identity:
  description: Whose secret ids these are.
  returned: always
  type: str
  sample: AppRole orders at vault.example.com:8200
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
  sample: rolling_out
version:
  description: Number of the published version, counted from 1.
  returned: when there is one
  type: int
  sample: 7
id:
  description: The accessor of the published secret id. It is no secret.
  returned: when there is one
  type: str
  sample: 84896a0c-1347-aa90-a4f6-aca8b7558780
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
  sample: "2026-12-21T03:14:00Z"
expires_at:
  description: When Vault stops accepting the published secret id, UTC.
  returned: when there is one that expires
  type: str
  sample: "2026-12-29T03:14:00Z"
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
      description: Which one it is.
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
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.vault_secret_id import VaultSecretIdIssuer

ISSUER = VaultSecretIdIssuer


def main() -> None:
    run_as_module(ISSUER)


if __name__ == "__main__":
    main()
