#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_supply
short_description: Leave a value that a person has made where the next run finds it
version_added: 0.1.0
description:
  - Puts a new value of a credential that only a person can make (M(locksmith.rotation.manual_credential_rotate),
    M(locksmith.rotation.stripe_key_rotate)) into its drop-off, O(store.drop_off).
  - The value is checked first as the rotation will check it, so that whoever typed it hears at once that it does not work or belongs
    to somebody else. Nothing is written then.
  - The playbook C(locksmith.rotation.supply) asks for the value without showing it, and calls this.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
extends_documentation_fragment:
  - locksmith.rotation.attributes.controller
  - locksmith.rotation.store
attributes:
  check_mode:
    description: Checks the value and writes nothing.
    support: full
  diff_mode:
    description: There is nothing to show that is no secret.
    support: none
  idempotent:
    description: A value that is published or lies in the drop-off already is not written again.
    support: full
options:
  name:
    description:
      - The name of the credential.
    type: str
    required: true
  type:
    description:
      - The kind of credential, such as V(manual) or V(stripe).
    type: str
    required: true
  options:
    description:
      - The options of the kind's own module, by their names there.
    type: dict
    default: {}
  value:
    description:
      - The value. A bare text where the credential has one field, else a dictionary, or a JSON object, of its fields.
    type: raw
    required: true
  label:
    description:
      - The name by which the issuer's own pages show the key. It is public.
    type: str
    default: ''
"""

EXAMPLES = r"""
- name: Leave the key that somebody has just made
  locksmith.rotation.credential_supply:
    name: partner-api
    type: manual
    options: "{{ hostvars['partner-api'].credential_options }}"
    store: "{{ hostvars['partner-api'].credential_store }}"
    value: "{{ new_key }}"
    label: orders, autumn
"""

RETURN = r"""
credential:
  description: The credential's name.
  returned: always
  type: str
  sample: partner-api
id:
  description: What the value will be called in the results of the rotation. It is no secret.
  returned: success
  type: str
  sample: acme/orders, autumn
fingerprint:
  description: Twelve hexadecimal digits that name the value without giving it away.
  returned: success
  type: str
  sample: 3f9c1e7a5b20
place:
  description: Where the value lies.
  returned: success
  type: str
  sample: vault secret/partner/api.new
"""
