#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pg_password_rotate
short_description: Rotate the password of a PostgreSQL role
version_added: 0.1.0
description:
  - Gives a role a new password when the old one is due, logs in with it on a new connection, publishes it in a store, and
    takes the old one out of service when every consumer has proved the new one.
  - A role has one password. With O(strategy=single_user) whoever connects between the change and the deployment is refused.
    With O(strategy=alternating_users) two equal roles take turns and nobody is.
  - Only a SCRAM-SHA-256 verifier is sent to the server, never a password. A statement that fails is in the server's log
    at the default log level, with everything in it.
  - A login through C(trust), C(peer), C(ident), C(cert) or C(gss) is never taken for a proof. Where the server does not ask
    for the password, the module fails before it changes anything.
  - An interrupted run is finished by the next one.
options:
  login_user:
    description:
      - Who changes the password.
      - It may be O(role) itself with O(strategy=single_user) and O(own_login=last). Then it logs in with the recorded versions, or else
        with
        O(login_password).
      - If omitted, the environment variable E(PGUSER) is used.
    type: str
    default: postgres
  login_password:
    description:
      - The password of O(login_user).
      - If omitted, libpq looks for one itself, in the environment variable E(PGPASSWORD) or a password file, or needs none.
    type: str
  login_host:
    description:
      - The primary server.
      - If neither this nor O(login_unix_socket) is given, libpq decides.
    type: str
  login_unix_socket:
    description:
      - The directory of the Unix socket of a local server.
    type: path
  login_port:
    description:
      - The server's port.
      - If omitted, the environment variable E(PGPORT) is used.
    type: int
    default: 5432
  login_db:
    description:
      - The database to connect to. Any will do, as roles belong to the whole server.
      - Runs exclude each other only where they name the same one.
    type: str
    default: postgres
  ssl_mode:
    description:
      - Whether connections are encrypted, and what is checked. Verification uses the same, and never less.
      - Only V(verify-full) shows that the server is the right one. With V(allow), V(disable) and V(prefer) libpq 16 and later
        refuses to send a password in the clear.
    type: str
    default: prefer
    choices: [allow, disable, prefer, require, verify-ca, verify-full]
  ca_cert:
    description:
      - File with the certificate authorities that may have signed the server's certificate.
      - Needs an O(ssl_mode) that looks at it.
    type: path
    aliases: [ssl_rootcert]
  ssl_cert:
    description:
      - File with a client certificate.
    type: path
  ssl_key:
    description:
      - File with the key of O(ssl_cert).
    type: path
  connect_params:
    description:
      - Any other parameters of libpq, for example C(target_session_attrs).
      - They cannot change who logs in, where and with which password.
    type: dict
    default: {}
  session_role:
    description:
      - A role to take on after the login, for its rights.
    type: str
  role:
    description:
      - The role whose password rotates.
      - With O(strategy=alternating_users) it is the base of the names of the two roles.
    type: str
    required: true
  strategy:
    description:
      - V(single_user) replaces the password of O(role). Open sessions go on. New ones with the old password are refused from
        that moment on, until the consumer has the new one.
      - V(alternating_users) prepares the one of O(roles) that is not in use. Consumers have to take the user name from the store
        too.
        The change is refused while the two are not equal.
    type: str
    default: single_user
    choices: [single_user, alternating_users]
  roles:
    description:
      - The two login roles that take turns.
      - If omitted, they are O(role) followed by C(_blue) and by C(_green).
      - Name the role of today as one of them to keep its grants.
    type: list
    elements: str
  owner_role:
    description:
      - The NOLOGIN role that owns the objects. Both O(roles) have to be members and to act as it (C(ALTER ROLE … SET role)).
    type: str
  create_roles:
    description:
      - Create roles that do not exist. What exists is never changed, apart from its password and its LOGIN.
    type: bool
    default: false
  verify_host:
    description:
      - Where consumers connect, if that is not O(login_host). A new password is verified there.
      - It should not be a replica, which may lag behind.
    type: str
  verify_port:
    description:
      - The port there.
      - If omitted, it is O(login_port).
    type: int
  verify_db:
    description:
      - The database that consumers use.
      - If omitted, it is O(login_db).
    type: str
  password_length:
    description:
      - Characters of a new password, from 20 to 200. They are letters and digits.
    type: int
    default: 40
extends_documentation_fragment:
  - locksmith.rotation.rotation
  - locksmith.rotation.store
  - locksmith.rotation.attributes
requirements:
  - psycopg >= 3.1 (on the host that runs the module)
notes:
  - PostgreSQL 10 and later, tested with 15 and 18. O(login_user) needs C(CREATEROLE), and from PostgreSQL 16 on also
    C(ADMIN OPTION) on the role. The page on the PostgreSQL issuer has the statements to paste.
  - The published fields are C(username) and C(password). Use O(store.fields) to publish them under other names.
seealso:
  - module: community.postgresql.postgresql_user
author:
  - the locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: Rotate the password of one role every 30 days
  locksmith.rotation.pg_password_rotate:
    name: orders-db
    role: orders_app
    login_host: db1.example.com
    login_user: rotator
    login_password: "{{ rotator_password }}"
    ssl_mode: verify-full
    ca_cert: /etc/ssl/certs/db-ca.pem
    rotate_after: 30d
    store:
      type: vault
      url: https://vault.example.com:8200
      path: orders/db
  no_log: true

- name: Let two roles take turns, so that nobody is ever refused
  locksmith.rotation.pg_password_rotate:
    name: orders-db
    role: orders
    strategy: alternating_users
    owner_role: orders_owner
    login_host: db1.example.com
    login_user: rotator
    login_password: "{{ rotator_password }}"
    verify_host: pgbouncer.example.com
    verify_port: 6432
    verify_db: orders
    store:
      type: ssm
      name: /orders/db
  no_log: true

- name: Have a role change its own password, which needs no other right
  locksmith.rotation.pg_password_rotate:
    name: reports-db
    role: reports
    login_user: reports
    login_password: "{{ initial_password }}"
    own_login: last
    login_host: db1.example.com
    store:
      type: ssm
      name: /reports/db
  no_log: true
"""

RETURN = r"""
credential:
  description: The credential's name.
  returned: always
  type: str
  sample: orders-db
identity:
  description: Whose password this is.
  returned: always
  type: str
  sample: postgresql role orders_app on db1.example.com:5432/postgres
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
  description: The role and the attempt that issued the published version, or the role alone for an adopted one.
  returned: when there is one
  type: str
  sample: orders_app/locksmith-7f3a9c
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
      description: Its id.
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
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.postgresql import PostgresqlIssuer

ISSUER = PostgresqlIssuer


def main() -> None:
    run_as_module(ISSUER)


if __name__ == "__main__":
    main()
