#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_examine
short_description: Say whether a rotation of a credential would find all that it needs
version_added: 0.1.0
description:
  - Looks at Python libraries, options, the issuer, our rights there, room for one more version, the store, whether it could be written to,
    the clocks of both and the end of their certificates.
  - Changes nothing. Rights are asked for by the systems' own means. AWS Systems Manager has none, so a write is sent there that it
    must refuse as invalid.
  - Also tells the least policies for this very credential, and what could take its place and needs no rotation.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
extends_documentation_fragment:
  - locksmith.rotation.attributes.controller
  - locksmith.rotation.attributes.asks
  - locksmith.rotation.rotation
  - locksmith.rotation.store
options:
  type:
    description:
      - The kind of credential, such as V(iam), V(postgresql) or V(grafana).
    type: str
    required: true
  options:
    description:
      - The options of the kind's own module, by their names there.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Could it be rotated?
  locksmith.rotation.credential_examine:
    name: ci-deployer
    type: iam
    options:
      user_name: ci-deployer
      region: eu-west-1
    store:
      type: ssm
      name: /ci/deployer
      region: eu-west-1
  register: examined

- name: Show the policies
  ansible.builtin.debug:
    msg: "{{ examined.rights }}"
"""

RETURN = r"""
checks:
  description: What was looked at, in that order.
  returned: success
  type: list
  elements: dict
  contains:
    area:
      description: What the question is about.
      type: str
      choices: [libraries, options, issuer, rights, room, store, writable, clock, tls]
    severity:
      description: Empty where all is well. V(critical), a rotation would fail. V(warning), nobody can tell, or soon. V(info), a remark.
      type: str
    detail:
      description: What was seen, as a sentence.
      type: str
    next_step:
      description: What to do about it.
      type: str
rights:
  description: The least policies, as far as they are known.
  returned: success
  type: list
  elements: dict
  contains:
    where:
      description: What takes the policy.
      type: str
    language:
      description: V(json), V(hcl), V(sql) or V(text).
      type: str
    text:
      description: The policy.
      type: str
instead:
  description: What could take the credential's place and needs no rotation, or an empty string.
  returned: success
  type: str
page:
  description: The page of the documentation about this kind.
  returned: success
  type: str
"""
