#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: datadog_key_rotate
short_description: Rotate a Datadog API key or application key
version_added: 0.1.0
description:
  - Creates a new key beside the old one when the old one is due, logs in with it, publishes it in a store, and deletes the old one when
    every consumer has proved the new one, the grace is over and Datadog has seen no use of the old one. Old and new work side by side
    until then.
  - Rotates the organization's API keys, application keys of the user that logs in, and application keys of a service account.
  - A new key is like the current one. An application key keeps its scopes, an API key its category and whether it may read remote
    configuration.
  - An interrupted run is finished by the next one. A key that was created and lost in between is found by its name, deleted and replaced.
options:
  api_key:
    description:
      - The API key to log in with.
      - The environment variables E(DD_API_KEY) and E(DATADOG_API_KEY) are used if it is not given.
    type: str
    required: true
    aliases: [datadog_api_key]
  app_key:
    description:
      - The application key to log in with, of a user or service account with the permissions that the notes list.
      - The environment variables E(DD_APP_KEY) and E(DATADOG_APP_KEY) are used if it is not given.
    type: str
    required: true
    aliases: [datadog_app_key]
  site:
    description:
      - The Datadog site of the organization, such as V(datadoghq.com), V(us3.datadoghq.com), V(us5.datadoghq.com), V(ap1.datadoghq.com),
        V(datadoghq.eu) or V(ddog-gov.com).
      - A key of another site is refused with the same status as one that does not exist.
      - The environment variables E(DD_SITE) and E(DATADOG_SITE) are used if it is not given.
    type: str
    default: datadoghq.com
    aliases: [datadog_site]
  api_host:
    description:
      - The URL of the API, instead of C(https://api.) and O(site).
      - The environment variable E(DATADOG_HOST) is used if it is not given.
    type: str
  key_type:
    description:
      - V(api) is an API key, which agents send metrics and logs with.
      - V(application) is an application key, which together with an API key gives access to the rest of Datadog's API as its owner.
    type: str
    choices: [api, application]
    default: api
  service_account_id:
    description:
      - The id of the service account whose application key is rotated. Without it, it is the owner of O(app_key).
      - Only with O(key_type=application).
    type: str
  scopes:
    description:
      - What new application keys may do at most, such as V(dashboards_read).
      - If omitted, the scopes of the current key. A first key is then made without scopes and may do whatever its owner may.
      - Only with O(key_type=application).
    type: list
    elements: str
  category:
    description:
      - The category of new API keys. If omitted, that of the current key.
      - Only with O(key_type=api).
    type: str
  remote_config_read_enabled:
    description:
      - Whether new API keys may read remote configuration. If omitted, as the current key.
      - Only with O(key_type=api).
    type: bool
  key_name_prefix:
    description:
      - Put before the name of each key, which is otherwise C(locksmith-), the credential, the time and eight random digits.
    type: str
    default: ""
extends_documentation_fragment:
  - locksmith.rotation.http_connection
  - locksmith.rotation.rotation
  - locksmith.rotation.store
  - locksmith.rotation.attributes
notes:
  - For API keys the owner of O(app_key) needs C(api_keys_read), C(api_keys_write) and C(api_keys_delete); for their own application
    keys C(user_app_keys); for those of a service account C(service_account_write).
  - The published field is C(key). Use O(store.fields) to publish it under another name.
  - Before a new key is trusted, Datadog must refuse a random one with status 401 or 403.
  - The key that O(api_key) or O(app_key) holds is never deleted. To rotate a key that the run itself logs in with, let the option read
    the store.
requirements:
  - requests
seealso:
  - name: Datadog API and application keys
    description: What they are, and their permissions.
    link: https://docs.datadoghq.com/account_management/api-app-keys/
author:
  - the locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: Rotate the API key that the agents of a region send with
  locksmith.rotation.datadog_key_rotate:
    name: agents-eu
    site: datadoghq.eu
    api_key: "{{ rotator_api_key }}"
    app_key: "{{ rotator_app_key }}"
    rotate_after: 180d
    grace: 48h
    store:
      type: ssm
      name: /agents/datadog
      fields:
        key: DD_API_KEY
  no_log: true

- name: Rotate the application key of a service account that reads dashboards, logging in with DD_API_KEY and DD_APP_KEY
  locksmith.rotation.datadog_key_rotate:
    name: dashboard-reader
    key_type: application
    service_account_id: 3ad549bf-eba0-11e9-a77a-0705486660d0
    scopes:
      - dashboards_read
    store:
      type: vault
      url: https://vault.example.com:8200
      path: datadog/dashboard-reader
  no_log: true

- name: Replace an API key that leaked, now
  locksmith.rotation.datadog_key_rotate:
    name: agents-eu
    site: datadoghq.eu
    api_key: "{{ rotator_api_key }}"
    app_key: "{{ rotator_app_key }}"
    force: true
    reason: leak
    store:
      type: ssm
      name: /agents/datadog
  no_log: true
"""

RETURN = r"""
credential:
  description: The credential's name.
  returned: always
  type: str
  sample: agents-eu
identity:
  description: Whose keys these are.
  returned: always
  type: str
  sample: datadog API keys of the organization at https://api.datadoghq.eu
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
  description: The id of the published key. It is no secret.
  returned: when there is one
  type: str
  sample: f625994a-4ee7-4967-b08c-7067d1f1cdac
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
  sample: "2027-05-20T03:14:00Z"
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
      description: Its key's id.
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
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.datadog import DatadogIssuer

ISSUER = DatadogIssuer


def main() -> None:
    run_as_module(ISSUER)


if __name__ == "__main__":
    main()
