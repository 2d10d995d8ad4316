#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_static_role_rotate
short_description: Rotate the password of a static role of Vault's database engine
version_added: 0.1.0
description:
  - Has the database engine of HashiCorp Vault or OpenBao rotate the password of a static role when it is due, publishes the new
    password in a store, and so takes it to the consumers that do not read it from Vault themselves.
  - There is no overlap. A static role is one account of the database with one password, so the old password is refused from the
    moment of rotation, until each consumer has the new one. Open sessions go on.
  - Vault may also rotate the password by itself (C(rotation_period)). Every run compares what is published with what Vault has,
    and publishes that again where they differ.
  - An interrupted run is finished by the next one, which reads the password again instead of rotating once more.
options:
  role_name:
    description:
      - The static role.
    type: str
    required: true
  engine_mount_point:
    description:
      - Where the database engine is mounted.
    type: str
    default: database
  login_host:
    description:
      - Where PostgreSQL is. If given, a new password is proved by a login there before it is published.
      - If omitted, all that is proved is that Vault shows the password that it says to have set, not that the database takes it.
        Omit it for a database that is not PostgreSQL.
    type: str
  login_port:
    description:
      - Port of PostgreSQL.
    type: int
    default: 5432
  login_db:
    description:
      - The database to log in to.
    type: str
    default: postgres
  ssl_mode:
    description:
      - As in libpq. Use V(verify-full) wherever PostgreSQL is on another machine.
    type: str
    default: prefer
    choices: [allow, disable, prefer, require, verify-ca, verify-full]
  ssl_rootcert:
    description:
      - A PEM file of the certificate authorities that PostgreSQL's certificate is checked against.
        O(ca_cert) is that for Vault.
    type: path
extends_documentation_fragment:
  - locksmith.rotation.rotation
  - locksmith.rotation.store
  - locksmith.rotation.vault
  - locksmith.rotation.attributes
notes:
  - The published fields are C(username) and C(password). Use O(store.fields) to publish them under other names.
  - The page on this issuer has the policy to paste. It is tested with exactly these rights.
  - There is nothing to roll back to. O(state=rolled_back) only gives up a rotation that has not happened yet.
  - With O(login_host), psycopg 3 is needed where the module runs.
seealso:
  - module: community.hashi_vault.vault_database_static_role_rotate_credentials
author:
  - the locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: Rotate the password of a legacy service every 30 days, and prove it at PostgreSQL
  locksmith.rotation.vault_static_role_rotate:
    name: orders-legacy-db
    url: https://vault.example.com:8200
    token: "{{ rotator_token }}"
    role_name: orders-legacy
    login_host: db1.example.com
    login_db: orders
    ssl_mode: verify-full
    rotate_after: 30d
    store:
      type: vault
      url: https://vault.example.com:8200
      token: "{{ rotator_token }}"
      path: orders/legacy-db
  no_log: true

- name: Hand on what Vault rotates by itself
  locksmith.rotation.vault_static_role_rotate:
    name: reports-db
    url: https://vault.example.com:8200
    token: "{{ rotator_token }}"
    role_name: reports
    rotate_after: 365d
    store:
      type: secretsmanager
      name: reports/db
      region: eu-west-1
  no_log: true
"""

RETURN = r"""
credential:
  description: The credential's name.
  returned: always
  type: str
  sample: orders-legacy-db
identity:
  description: Whose password it is.
  returned: always
  type: str
  sample: static role orders-legacy of database at vault.example.com:8200
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
  description: The static role and the moment of its rotation. It is no secret.
  returned: when there is one
  type: str
  sample: orders-legacy/2026-11-21T03:14:00.123456789Z
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
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.vault_static_role import VaultStaticRoleIssuer

ISSUER = VaultStaticRoleIssuer


def main() -> None:
    run_as_module(ISSUER)


if __name__ == "__main__":
    main()
