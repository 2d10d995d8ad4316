#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sendgrid_api_key_rotate
short_description: Rotate an API key of SendGrid
version_added: 0.1.0
description:
  - Creates a new API key with the scopes of the old one when the old one is due, logs in with it, publishes it in a store,
    and deletes the old one when every consumer has proved the new one and the grace is over. Old and new work side by side until then.
  - SendGrid makes a key with full access of one that is asked for without scopes. So scopes are always sent; where there is no key
    to copy them from and O(scopes) does not say them, nothing is created.
  - SendGrid keys do not expire, cannot be switched off and on again, and have no record of their use. Grace is the time in which
    there is a way back.
  - An interrupted run is finished by the next one. A key that was created and lost in between is found by its name, deleted and replaced.
options:
  api_key:
    description:
      - The key to manage keys with. It needs the scopes C(api_keys.read), C(api_keys.create) and C(api_keys.delete),
        and should have every scope of the key that is rotated.
      - If not set, the environment variable E(SENDGRID_API_KEY) is used.
    type: str
    required: true
  region:
    description:
      - Where the account is. Subusers of the EU region exist at C(https://api.eu.sendgrid.com) only, which V(eu) stands for.
      - If neither O(region) nor O(url) is set, C(https://api.sendgrid.com) is asked.
    type: str
    choices: [global, eu]
  url:
    description:
      - Where the API is asked instead, for a gateway of your own before it. Without C(/v3), user name, password and query.
    type: str
  subuser:
    description:
      - The subuser whose key is rotated. O(api_key) is then one of the parent account.
    type: str
  account_id:
    description:
      - The customer account whose key is rotated, by its id. O(api_key) is then one of the parent account.
    type: str
  scopes:
    description:
      - What the key may do, such as V(mail.send). Required for the first key.
      - Later keys get the scopes of the key that they replace. If O(scopes) is set and says anything else, the module fails before it
        creates anything.
      - Scopes that SendGrid gives by itself (V(2fa_required), V(sender_verification_eligible) and such) do not count.
    type: list
    elements: str
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
  - The published field is C(api_key). Use O(store.fields) to publish it under another name.
  - An account has 100 keys at most.
requirements:
  - requests
seealso:
  - name: SendGrid API keys
    description: What they are, and their scopes.
    link: https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys
author:
  - the locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: Rotate the key that the newsletter is sent with
  locksmith.rotation.sendgrid_api_key_rotate:
    name: newsletter
    api_key: "{{ sendgrid_rotator_key }}"
    scopes: [mail.send]
    rotate_after: 90d
    grace: 48h
    store:
      type: vault
      url: https://vault.example.com:8200
      path: mail/newsletter
  no_log: true

- name: Of a subuser in the EU region, published under the name that the application reads
  locksmith.rotation.sendgrid_api_key_rotate:
    name: receipts
    api_key: "{{ sendgrid_rotator_key }}"
    region: eu
    subuser: acme-receipts
    scopes: [mail.send, mail.batch.create]
    store:
      type: ssm
      name: /receipts/sendgrid
      fields:
        api_key: SENDGRID_API_KEY
  no_log: true

- name: Take over a key that is in the store already, and replace it now because it leaked
  locksmith.rotation.sendgrid_api_key_rotate:
    name: receipts
    api_key: "{{ sendgrid_rotator_key }}"
    force: true
    reason: leak
    store:
      type: ssm
      name: /receipts/sendgrid
      fields:
        api_key: SENDGRID_API_KEY
  no_log: true
"""

RETURN = r"""
credential:
  description: The credential's name.
  returned: always
  type: str
  sample: newsletter
identity:
  description: Whose keys these are.
  returned: always
  type: str
  sample: sendgrid keys for acme-news at https://api.sendgrid.com
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
  description: The id of the key at SendGrid, which is no secret.
  returned: when there is one
  type: str
  sample: qfTQ6KG0QBiwWdJ0-pCLCA
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
      description: Which key it is.
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
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.sendgrid import SendgridIssuer

ISSUER = SendgridIssuer


def main() -> None:
    run_as_module(ISSUER)


if __name__ == "__main__":
    main()
