#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: manual_credential_rotate
short_description: Rotate a credential that only a person can make
version_added: 0.1.0
description:
  - For credentials of an issuer without an API to make them. A person makes the new value and revokes the old one; everything in
    between is done here. The new value is checked, published and rolled out, and when every consumer has proved it and the
    grace is over, the person is told which old one to revoke, and it is watched until it is dead.
  - The person supplies the value as O(new_value), with the playbook C(locksmith.rotation.supply), which does not show it, or by
    putting it into the store's drop-off (O(store.drop_off)), from which it is removed when it is published.
  - When the credential is due and nobody has supplied a value, nothing is written and nothing fails. The result is RV(action=held), and
    RV(pending) tells the person what to do. A value that was supplied is taken by the next run, whether the credential is due or not.
  - What a value consists of is said by O(store.fields) or O(store.names). Without these it is one field, C(secret).
options:
  new_value:
    description:
      - The value that a person has made, by its field names. Removing it again afterwards is not needed, a value is taken once.
      - It may also have C(label), the name by which the issuer's own pages show the key. The label is public.
    type: dict
  made_at:
    description:
      - Where a person makes and revokes the credential, such as the address of a web page. Part of every instruction.
    type: str
    required: true
  probe:
    description:
      - A request that shows whether a value works. Exactly one of this and O(unverified) is needed.
      - It is sent with the new value before anything is written, with the old one until it is dead, and once in each run
        with a random value, which must be turned away. A probe that lets a random value in proves nothing, and the run fails.
    type: dict
    suboptions:
      url:
        description: The address. It holds no secret, because messages name it.
        type: str
        required: true
      method:
        description: The method.
        type: str
        choices: [GET, HEAD, POST]
        default: GET
      headers:
        description: Headers. C({field}) stands for a field of the value, such as C({secret}).
        type: dict
      url_username:
        description: User name for HTTP Basic. C({field}) stands for a field of the value.
        type: str
      url_password:
        description: Password for HTTP Basic. C({field}) stands for a field of the value.
        type: str
      alive:
        description: Statuses of an answer to a value that works.
        type: list
        elements: int
        default: [200]
      dead:
        description:
          - Statuses of an answer to a value that does not work. Any other status says nothing, and is taken for neither.
        type: list
        elements: int
        default: [401]
      identity:
        description:
          - Where the JSON answer says whom a value belongs to, such as V(account.id). With it, a new value of somebody else is refused.
        type: str
      use_proxy:
        description: Whether to use the proxy that the environment names.
        type: bool
        default: true
      client_cert:
        description: PEM file of the certificate to present in TLS. May hold the key as well.
        type: path
      client_key:
        description: PEM file of the key of O(probe.client_cert).
        type: path
      validate_certs:
        description: Whether to check the server's TLS certificate. Without it, whoever is in between reads every value.
        type: bool
        default: true
      ca_path:
        description: PEM file of the CA certificates to check the server's certificate with, instead of the system's.
        type: path
  unverified:
    description:
      - Says that no request can show whether a value works. Then nothing is checked, and nothing is called verified.
      - Retirement ends when a person says that the old value is revoked, with O(revoked).
    type: bool
    default: false
  revoked:
    description:
      - Fingerprints of old values that a person has revoked, for O(unverified=true). The instruction to revoke shows the fingerprint.
    type: list
    elements: str
    default: []
  overlap:
    description:
      - Whether the old value keeps working when the new one has been made.
    type: bool
    default: true
extends_documentation_fragment:
  - locksmith.rotation.rotation
  - locksmith.rotation.store
  - locksmith.rotation.attributes
requirements:
  - requests, for O(probe)
seealso:
  - module: locksmith.rotation.credential_supply
author:
  - the locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: Rotate a key that a person makes, and that the next run finds in the drop-off
  locksmith.rotation.manual_credential_rotate:
    name: partner-api
    made_at: https://partner.example.com/settings/keys
    probe:
      url: https://api.partner.example.com/v1/me
      headers:
        X-Api-Key: "{secret}"
      identity: account.id
    rotate_after: 180d
    store:
      type: vault
      url: https://vault.example.com:8200
      path: partner/api
      drop_off: partner/api.new
  no_log: true

- name: Take a value from a variable, with two fields and HTTP Basic
  locksmith.rotation.manual_credential_rotate:
    name: erp
    made_at: the ERP's administration, Users
    new_value:
      username: orders
      password: "{{ erp_password }}"
      label: orders, autumn
    probe:
      url: https://erp.example.com/api/session
      url_username: "{username}"
      url_password: "{password}"
    store:
      type: ssm
      name: /erp/login
      fields:
        username: ERP_USER
        password: ERP_PASSWORD
  no_log: true

- name: Say that the old value of a credential without a probe has been revoked
  locksmith.rotation.manual_credential_rotate:
    name: alarm-panel
    made_at: the panel in the lobby
    unverified: true
    revoked: [3f9c1e7a5b20]
    state: retired
    consumers: []
    store:
      type: ssm
      name: /alarm/code
  no_log: true
"""

RETURN = r"""
credential:
  description: The credential's name.
  returned: always
  type: str
  sample: partner-api
identity:
  description: Which credential this is, and where it is checked.
  returned: always
  type: str
  sample: manual credential partner-api (checked at https://api.partner.example.com)
action:
  description:
    - What was done, or in check mode would be done. V(held) if something is waited for.
  returned: always
  type: str
  sample: rotated
state:
  description: Where the credential stands in its life cycle now.
  returned: always
  type: str
  sample: steady
verifiable:
  description: Whether a probe shows if a value works. If not, nothing was verified.
  returned: always
  type: bool
version:
  description: Number of the published version, counted from 1.
  returned: when there is one
  type: int
  sample: 7
id:
  description: Whom the published value belongs to, if the probe says so, and its label, or else its fingerprint.
  returned: when there is one
  type: str
  sample: acme/3f9c1e7a5b20
fingerprint:
  description: Twelve hexadecimal digits that name the published value without giving it away.
  returned: when there is one
  type: str
  sample: 3f9c1e7a5b20
created_at:
  description: When the published version was taken over, UTC.
  returned: when there is one
  type: str
  sample: "2026-11-21T03:14:00Z"
due_at:
  description: When a new one will be asked for, UTC.
  returned: when there is one
  type: str
  sample: "2027-05-20T03:14:00Z"
previous:
  description: Earlier versions that are not known to be dead yet.
  returned: always
  type: list
  elements: dict
  contains:
    version:
      description: Its number.
      type: int
    id:
      description: Which value it is.
      type: str
    fingerprint:
      description: Names its value.
      type: str
    phase:
      description: How far it is on its way out of service.
      type: str
pending:
  description: What is waited for before the next step, one line each; what a person has to do.
  returned: always
  type: list
  elements: str
  sample:
    - "a person to revoke acme/91bc07d3e2f4 (fingerprint 91bc07d3e2f4) at https://partner.example.com/settings/keys; it still works"
"""

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.rotation import run_as_module
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.manual import ManualIssuer

ISSUER = ManualIssuer


def main() -> None:
    run_as_module(ISSUER)


if __name__ == "__main__":
    main()
