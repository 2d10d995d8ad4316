#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_api_key_rotate
short_description: Rotate a credential of Grafana or Grafana Cloud
version_added: 0.1.0
description:
  - Creates a new token beside the old one when the old one is due, logs in with it, publishes it in a store,
    and deletes the old one when every consumer has proved the new one and the grace is over. Old and new work side by side until then.
  - Rotates tokens of service accounts of Grafana 9 and later, self-hosted or any stack that answers at its own URL; legacy API keys where
    the server still makes them (up to 11.2); and through the Grafana Cloud API tokens of a stack's service accounts and of access policies.
    O(kind) says which.
  - A new token that may do less than the old one, as far as the server tells, is not published.
  - Tokens are made to expire. Should rotation ever stop, they stop working some time after they were due, and none stays valid for ever.
  - An interrupted run is finished by the next one. A token that was created and lost in between is found by its name, deleted and replaced.
options:
  kind:
    description:
      - What is rotated.
      - V(service_account_token) is a token of a service account. Requires O(url), O(service_account) and a login.
      - V(api_key) is a legacy API key. Requires O(url), O(api_key_role) and a login. Grafana makes no new ones since 11.3;
        where it does not, the module says so before anything is changed.
      - V(cloud_stack_token) is a token of a service account of a Grafana Cloud stack, managed through the Grafana Cloud API.
        Requires O(cloud_api_key), O(stack_slug) and O(service_account).
      - V(cloud_access_policy_token) is a token of a Grafana Cloud access policy. Requires O(cloud_api_key), O(access_policy) and O(region).
      - It may change from V(api_key) to V(service_account_token) in the middle of a credential's life. The next version is a token then,
        and the API key is deleted when every consumer has proved it.
    type: str
    default: service_account_token
    choices: [service_account_token, api_key, cloud_stack_token, cloud_access_policy_token]
  url:
    description:
      - Where Grafana answers, with its sub-path if it has one. Without user name, password and query.
      - With O(kind=cloud_stack_token), where the stack answers; if omitted, V(https://SLUG.grafana.net).
    type: str
    aliases: [grafana_url]
  grafana_api_key:
    description:
      - The token to manage the credential with. It belongs to one organization, and may not be a legacy API key.
      - Without Grafana Cloud, exactly one of O(grafana_api_key) and O(url_username) is required. There is no default login.
    type: str
  url_username:
    description:
      - The user to manage the credential with.
    type: str
    aliases: [grafana_user]
  url_password:
    description:
      - The password of O(url_username).
    type: str
    aliases: [grafana_password]
  org_id:
    description:
      - The organization of the service account or the API keys.
      - With O(url_username) and without O(org_name) it is V(1), whatever organization that user has chosen in the web interface.
    type: int
  org_name:
    description:
      - The organization, by name.
      - With O(url_username), only a server administrator may look an organization up by name.
      - With O(grafana_api_key), checked against the organization that the token belongs to.
    type: str
  service_account:
    description:
      - Name of the service account whose token is rotated.
    type: str
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
  api_key_role:
    description:
      - The role that API keys are made with.
    type: str
    choices: [Viewer, Editor, Admin]
  cloud_api_key:
    description:
      - The Grafana Cloud access-policy token to manage the credential with. Needs the scope C(stack-service-accounts:write),
        or C(accesspolicies:read), C(accesspolicies:write) and C(accesspolicies:delete).
    type: str
  cloud_api_url:
    description:
      - Where the Grafana Cloud API answers.
    type: str
    default: https://grafana.com/api
  stack_slug:
    description:
      - The stack, by its slug.
    type: str
  access_policy:
    description:
      - Name of the access policy whose token is rotated. It is not created here, because its scopes are a decision.
    type: str
  region:
    description:
      - The region of the access policy, as Grafana Cloud names it.
    type: str
  seconds_to_live:
    description:
      - After how many seconds a new token expires; V(0) is never.
      - If omitted, the sum of O(rotate_after), O(grace), O(recovery_wait) and one day, so that a rotation may be late by the last two.
      - It cannot be shorter than O(rotate_after) and O(grace) together.
    type: int
  token_name_prefix:
    description:
      - Put before the name of each token, which is otherwise C(locksmith-), the credential, the time and eight random digits.
    type: str
    default: ""
  allow_fewer_permissions:
    description:
      - Whether to publish a new token that may do less than the old one. Wanted when a role is narrowed on purpose.
      - Compared are the permissions that Grafana itself tells for both, or the scopes and realms of their access policies.
    type: bool
    default: false
extends_documentation_fragment:
  - locksmith.rotation.http_connection
  - locksmith.rotation.http_connection.client_certificate
  - locksmith.rotation.rotation
  - locksmith.rotation.store
  - locksmith.rotation.attributes
notes:
  - For tokens of service accounts, the login needs C(serviceaccounts:read) and C(serviceaccounts:write) on the service account, and
    C(serviceaccounts:create) if it is
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

- name: A legacy API key, as long as the server makes them
  locksmith.rotation.grafana_api_key_rotate:
    name: old-exporter
    kind: api_key
    url: https://old-grafana.example.com
    url_username: rotator
    url_password: "{{ rotator_password }}"
    api_key_role: Viewer
    store:
      type: ssm
      name: /exporters/old
  no_log: true

- name: A token of a service account of a Grafana Cloud stack
  locksmith.rotation.grafana_api_key_rotate:
    name: dashboard-exporter
    kind: cloud_stack_token
    cloud_api_key: "{{ cloud_rotator_token }}"
    stack_slug: examplestack
    service_account: dashboard-exporter
    service_account_role: Viewer
    store:
      type: ssm
      name: /dashboards/exporter
  no_log: true

- name: A token that an agent writes metrics with
  locksmith.rotation.grafana_api_key_rotate:
    name: metrics-writer
    kind: cloud_access_policy_token
    cloud_api_key: "{{ cloud_rotator_token }}"
    region: prod-eu-west-2
    access_policy: metrics-writer
    rotate_after: 30d
    recovery_wait: 48h
    store:
      type: vault
      url: https://vault.example.com:8200
      path: grafana/metrics-writer
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
  description:
    - Which token it is. It is no secret.
    - C(<service account id>/<token id>) of a service account, C(key/<id>) of an API key, a UUID of an access policy.
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
