#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_find
short_description: Say whether a key that was found somewhere is one of a credential's
version_added: 0.1.0
description:
  - Looks for key ids among the versions that a credential's journal records, with one read of its store. The emergency playbook does so for
    the whole catalogue, so that a key can be answered by what is known of it, its id.
  - Changes nothing.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
extends_documentation_fragment:
  - locksmith.rotation.attributes.controller
  - locksmith.rotation.attributes.asks
  - locksmith.rotation.store
options:
  name:
    description:
      - The name of the credential, by which its journal is known.
    type: str
    required: true
  type:
    description:
      - The kind of credential, such as V(iam), V(grafana) or V(datadog).
    type: str
    required: true
  options:
    description:
      - The options of the kind's own module, by their names there.
    type: dict
    default: {}
  keys:
    description:
      - The ids to look for, such as an AWS access key id.
    type: list
    elements: str
    required: true
  ask_issuer:
    description:
      - Ask the issuer whose the keys are that the journal does not record. AWS IAM says so for every key of the account.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Is it the deployer's key?
  locksmith.rotation.credential_find:
    name: ci-deployer
    type: iam
    options:
      user_name: ci-deployer
      region: eu-west-1
    store:
      type: ssm
      name: /ci/deployer
      region: eu-west-1
    keys: [AKIAIOSFODNN7EXAMPLE]
  register: found
"""

RETURN = r"""
found:
  description: What the journal records, a row for each key that it knows.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The key.
      type: str
    version:
      description: The number of the version that it is.
      type: int
    phase:
      description: How far it is in its life, such as V(current), V(previous), V(disabled) or V(deleted).
      type: str
    since:
      description: When it was published, disabled or deleted.
      type: str
  sample:
    - id: AKIAIOSFODNN7EXAMPLE
      version: 4
      phase: current
      since: '2026-11-21T03:14:02Z'
ids:
  description: Those of them that still exist.
  returned: success
  type: list
  elements: str
owners:
  description: Whose the other keys are, with C(id) and C(owner), as far as the issuer tells.
  returned: success
  type: list
  elements: dict
"""
