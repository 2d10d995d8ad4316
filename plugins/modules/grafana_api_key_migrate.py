#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_api_key_migrate
short_description: Convert legacy Grafana API keys to service accounts
version_added: 0.1.0
description:
  - Lists the legacy API keys of an organization, and the service-account tokens that some were converted to, with their last use.
  - Converts the keys that are named, or all that have not expired. Grafana makes a service account C(sa-autogen-NAME) for a key and
    the key its token. Its number, name and value stay, so whoever uses it notices nothing.
  - Grafana converts keys from 9.1 to 12.0, and all of them by itself when 11.6 or later starts for the first time.
    Where it does not, the module fails and changes nothing; the playbook C(locksmith.rotation.grafana_migrate) replaces keys by tokens
    then.
  - A converted key is still an old one. M(locksmith.rotation.grafana_api_key_rotate) replaces it and deletes it when nobody uses it any
    more.
extends_documentation_fragment:
  - locksmith.rotation.http_connection
  - locksmith.rotation.http_connection.client_certificate
options:
  url:
    description:
      - Where Grafana answers, with its sub-path if it has one. Without user name, password and query.
      - A task may leave it out on a host that is a Grafana credential of the catalogue. All options that say how to reach Grafana and
        log in are then taken from the variable C(credential_options) of that host, and no callback is shown them.
    type: str
    required: true
    aliases: [grafana_url]
  grafana_api_key:
    description:
      - A service-account token to log in with. It belongs to one organization, and may not be a legacy API key.
      - Exactly one of O(grafana_api_key) and O(url_username) is required. There is no default login.
    type: str
  url_username:
    description:
      - The user to log in with.
    type: str
    aliases: [grafana_user]
  url_password:
    description:
      - The password of O(url_username).
    type: str
    aliases: [grafana_password]
  org_id:
    description:
      - The organization of the API keys.
      - With O(url_username) and without O(org_name) it is V(1), whatever organization that user has chosen in the web interface.
    type: int
  org_name:
    description:
      - The organization, by name.
      - With O(url_username), only a server administrator may look an organization up by name.
      - With O(grafana_api_key), checked against the organization that the token belongs to.
    type: str
  keys:
    description:
      - Names of the API keys to convert. Without them and O(all_keys), nothing is changed.
      - A key that has been converted already is left as it is, also if its token was deleted since. Any other name makes the module fail.
    type: list
    elements: str
    default: []
  all_keys:
    description:
      - Whether to convert all API keys of the organization that have not expired.
    type: bool
    default: false
  in_use_within:
    description:
      - A key that was used within this time counts as in use. A duration such as V(30d).
    type: str
    default: 30d
  version_id:
    description:
      - The RV(locksmith.rotation.grafana_api_key_rotate#module:id) of a version, to be told in RV(is_legacy) whether it is a legacy key.
    type: str
    default: ""
attributes:
  check_mode:
    description: Says which keys would be converted.
    support: full
  diff_mode:
    description: Names of API keys and of service accounts, before and after.
    support: full
  idempotent:
    description: What is converted is not converted again.
    support: full
  action:
    description: Has an action plugin of the same behaviour, which runs on the controller when the connection is local.
    support: full
notes:
  - The login needs C(apikeys:read), C(serviceaccounts:read) and, to convert, C(serviceaccounts:write) on C(serviceaccounts:*).
  - Grafana says when an API key was used since version 10, and writes it down every five minutes at most.
requirements:
  - requests
seealso:
  - name: Migrate API keys
    description: Grafana's own page.
    link: https://grafana.com/docs/grafana/latest/administration/service-accounts/migrate-api-keys/
author:
  - the locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: See which API keys there are and which are in use
  locksmith.rotation.grafana_api_key_migrate:
    url: https://grafana.example.com
    grafana_api_key: "{{ rotator_token }}"
  register: legacy

- name: Show what has to be replaced before it goes
  ansible.builtin.debug:
    var: legacy.still_used

- name: Convert one key
  locksmith.rotation.grafana_api_key_migrate:
    url: https://grafana.example.com
    url_username: admin
    url_password: "{{ admin_password }}"
    keys: [old-exporter]
"""

RETURN = r"""
can_convert:
  description: Whether this Grafana converts API keys. One that hides its version is taken to.
  returned: success
  type: bool
converted:
  description: Names of the keys that were converted, or in check mode would be.
  returned: success
  type: list
  elements: str
  sample: [old-exporter]
api_keys:
  description: The legacy API keys that there are now, expired ones too.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: C(key/<id>) of an API key, C(<service account id>/<token id>) of one that was converted.
      type: str
    name:
      description: Its name.
      type: str
    role:
      description: The role that it has, or its service account.
      type: str
    service_account:
      description: The service account that holds it, or an empty string.
      type: str
    expires_at:
      description: When it expires, UTC, if it does.
      type: str
    active:
      description: Whether it works.
      type: bool
    last_used_at:
      description: When it was last used, UTC, if the server says so.
      type: str
    in_use:
      description: Whether it was used within O(in_use_within); none where the server does not say.
      type: bool
converted_keys:
  description: The tokens of service accounts that were API keys once.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: C(key/<id>) of an API key, C(<service account id>/<token id>) of one that was converted.
      type: str
    name:
      description: Its name.
      type: str
    role:
      description: The role that it has, or its service account.
      type: str
    service_account:
      description: The service account that holds it, or an empty string.
      type: str
    expires_at:
      description: When it expires, UTC, if it does.
      type: str
    active:
      description: Whether it works.
      type: bool
    last_used_at:
      description: When it was last used, UTC, if the server says so.
      type: str
    in_use:
      description: Whether it was used within O(in_use_within); none where the server does not say.
      type: bool
still_used:
  description: A line for each of them that works and is in use, or may be.
  returned: success
  type: list
  elements: str
  sample: ["old-exporter (key/7), an API key: last used 2026-11-20T22:10:05Z"]
is_legacy:
  description: Whether O(version_id) is an API key, or was one.
  returned: success
  type: bool
"""

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.grafana_migration import run_as_module


def main() -> None:
    run_as_module()


if __name__ == "__main__":
    main()
