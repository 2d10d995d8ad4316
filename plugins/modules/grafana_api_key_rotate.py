#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_api_key_rotate
short_description: Rotate the token of a Grafana service account
version_added: 0.1.0
description:
  - Creates a new service-account token beside the old one when the old one is due, logs in with it, publishes it in a store,
    and deletes the old one when every consumer has proved the new one and the grace is over. Old and new work side by side until then.
  - Works with Grafana 9 and later, self-hosted or any stack that answers at its own URL.
    Grafana has no API to make legacy API keys any more since 11.3, so this module does not rotate them.
  - Tokens are made to expire. Should rotation ever stop, they stop working some time after they were due, and none stays valid for ever.
  - An interrupted run is finished by the next one. A token that was created and lost in between is found by its name, deleted and replaced.
options:
  url:
    description:
      - Where Grafana answers, with its sub-path if it has one. Without user name, password and query.
    type: str
    required: true
    aliases: [grafana_url]
  grafana_api_key:
    description:
      - The token to manage the service account with. It belongs to one organization.
      - Exactly one of O(grafana_api_key) and O(url_username) is required. There is no default login.
    type: str
  url_username:
    description:
      - The user to manage the service account with.
    type: str
    aliases: [grafana_user]
  url_password:
    description:
      - The password of O(url_username).
    type: str
    aliases: [grafana_password]
  org_id:
    description:
      - The organization of the service account.
      - With O(url_username) and without O(org_name) it is V(1), whatever organization that user has chosen in the web interface.
    type: int
  org_name:
    description:
      - The organization of the service account, by name.
      - With O(url_username), only a server administrator may look an organization up by name.
      - With O(grafana_api_key), checked against the organization that the token belongs to.
    type: str
  use_proxy:
    description:
      - Whether to use the proxy that the environment names.
    type: bool
    default: true
  client_cert:
    description:
      - PEM file of the certificate to present in TLS. May hold the key as well.
    type: path
  client_key:
    description:
      - PEM file of the key of O(client_cert).
    type: path
  validate_certs:
    description:
      - Whether to check the server's TLS certificate. Without it, whoever is in between reads every token.
    type: bool
    default: true
  ca_path:
    description:
      - PEM file of the CA certificates to check the server's certificate with, instead of the system's.
    type: path
  service_account:
    description:
      - Name of the service account whose token is rotated.
    type: str
    required: true
  service_account_role:
    description:
      - The role that the service account is created with. Required if it does not exist. V(None) needs Grafana 10.2.
      - The role of an existing service account is never changed. If it differs, the module fails before it changes anything.
    type: str
    choices: ["None", "Viewer", "Editor", "Admin"]
  create_service_account:
    description:
      - Whether to create the service account if it does not exist.
    type: bool
    default: true
  seconds_to_live:
    description:
      - After how many seconds a new token expires; V(0) is never.
      - If omitted, the sum of O(rotate_after), O(grace) and O(recovery_wait), so that a rotation may be late by the last.
      - It cannot be shorter than O(rotate_after) and O(grace) together.
    type: int
  token_name_prefix:
    description:
      - Put before the name of each token, which is otherwise C(locksmith-), the credential, the time and eight random digits.
    type: str
    default: ""
extends_documentation_fragment:
  - locksmith.rotation.rotation
  - locksmith.rotation.store
  - locksmith.rotation.attributes
notes:
  - The login needs C(serviceaccounts:read) and C(serviceaccounts:write) on the service account, and C(serviceaccounts:create) if it is
    to be created. The basic role Admin of the organization has them all. The page on the Grafana issuer says how to grant less.
  - The published field is C(token). Use O(store.fields) to publish it under another name.
  - Before a new token is trusted, Grafana must refuse a random one with status 401. Each rotation leaves one such line in its log.
requirements:
  - requests
seealso:
  - name: Grafana service accounts
    description: What they are, and their permissions.
    link: https://grafana.com/docs/grafana/latest/administration/service-accounts/
author:
  - the locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: Rotate the token that a dashboard exporter reads with
  locksmith.rotation.grafana_api_key_rotate:
    name: dashboard-exporter
    url: https://grafana.example.com
    grafana_api_key: "{{ rotator_token }}"
    service_account: dashboard-exporter
    service_account_role: Viewer
    rotate_after: 30d
    grace: 24h
    store:
      type: vault
      url: https://vault.example.com:8200
      path: grafana/dashboard-exporter
  no_log: true

- name: In an organization of its own, managed by a server administrator, behind a private CA
  locksmith.rotation.grafana_api_key_rotate:
    name: reports
    url: https://monitoring.example.com/grafana
    url_username: rotator
    url_password: "{{ rotator_password }}"
    org_name: Reports
    ca_path: /etc/pki/private-ca.pem
    service_account: reports
    create_service_account: false
    store:
      type: ssm
      name: /reports/grafana
      fields:
        token: GRAFANA_TOKEN
  no_log: true

- name: On a server that allows 30 days at most
  locksmith.rotation.grafana_api_key_rotate:
    name: dashboard-exporter
    url: https://grafana.example.com
    grafana_api_key: "{{ rotator_token }}"
    service_account: dashboard-exporter
    seconds_to_live: 2592000
    rotate_after: 21d
    grace: 48h
    store:
      type: ssm
      name: /dashboards/exporter
  no_log: true

- name: Replace a token that leaked, now
  locksmith.rotation.grafana_api_key_rotate:
    name: dashboard-exporter
    url: https://grafana.example.com
    grafana_api_key: "{{ rotator_token }}"
    service_account: dashboard-exporter
    force: true
    reason: leak
    store:
      type: ssm
      name: /dashboards/exporter
  no_log: true
"""

RETURN = r"""
credential:
  description: The credential's name.
  returned: always
  type: str
  sample: dashboard-exporter
identity:
  description: Whose tokens these are.
  returned: always
  type: str
  sample: grafana service account dashboard-exporter at https://grafana.example.com
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
  description: Which token it is, C(<service account id>/<token id>). It is no secret.
  returned: when there is one
  type: str
  sample: 12/345
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
expires_at:
  description: When Grafana stops accepting the published token, UTC.
  returned: when there is one that expires
  type: str
  sample: "2027-02-27T03:14:00Z"
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
      description: Which token it is.
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
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.grafana import GrafanaIssuer

ISSUER = GrafanaIssuer


def main() -> None:
    run_as_module(ISSUER)


if __name__ == "__main__":
    main()
