#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_audit
short_description: Say what is wrong with a credential between its rotations
version_added: 0.1.0
description:
  - Reads the credential's journal and its published value, logs in with that value, lists the keys of its identity and asks who used the
    versions that have been replaced. Says what of this is not as it should be.
  - Works for every kind of credential. Where an issuer lists no keys, keeps no record of use or has no log of requests, that is said.
  - What cannot be looked at is a finding of its own. It never counts as unused, alive or in order.
  - Changes nothing. The only request besides questions is the login by which the published value is tried.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
extends_documentation_fragment:
  - locksmith.rotation.attributes.controller
  - locksmith.rotation.attributes.asks
options:
  name:
    description:
      - The name of the credential.
    type: str
    required: true
  type:
    description:
      - The kind of credential, such as V(iam), V(grafana) or V(postgresql).
    type: str
    required: true
  options:
    description:
      - The options of the kind's own module, by their names there. If left out, the variable C(credential_options) of the host.
    type: dict
  store:
    description:
      - Where the credential is published, as O(locksmith.rotation.credential_rotate#module:store). If left out, the variable
        C(credential_store) of the host.
    type: dict
  rotate_after:
    description:
      - The age up to which the published version is in order. The default depends on the kind.
    type: str
  grace:
    description:
      - How long the previous version may stay usable. A day more is allowed, because the run that ends it is a daily one.
    type: str
    default: 24h
  recovery_wait:
    description:
      - How long a disabled version may stay. A day more is allowed.
    type: str
    default: 7d
  exempt:
    description:
      - An exception with an end and a reason, as O(locksmith.rotation.credential_rotate#module:exempt). Makes an age beyond
        O(rotate_after) a remark.
    type: dict
  known_keys:
    description:
      - Ids of keys of the same identity that belong to somebody else on purpose.
    type: list
    elements: str
    default: []
  since:
    description:
      - How far back to look in the log of requests at most. Uses from before the consumers had left a version are not looked for.
    type: str
    default: 90d
  regions:
    description:
      - Where to look in the log of requests, as O(locksmith.rotation.key_usage_info#module:regions).
    type: list
    elements: str
    default: []
  max_events:
    description:
      - How many events of each key to read at most in each region.
    type: int
    default: 1000
  audit:
    description:
      - Whether to look through logs of requests. Without it only the issuer's own record of the last use is asked for.
    type: bool
    default: true
notes:
  - The rights needed are those of the kind's own module, and for AWS access keys C(cloudtrail:LookupEvents).
  - An address in a log is held against the name, C(ansible_host), C(audit_addresses) and the cached facts of every host of the inventory.
seealso:
  - module: locksmith.rotation.credential_audit_report
  - module: locksmith.rotation.key_usage_info
"""

EXAMPLES = r"""
- name: Audit the deployment user's keys
  locksmith.rotation.credential_audit:
    name: ci-deployer
    type: iam
    options:
      user_name: ci-deployer
      region: eu-west-1
    store:
      type: ssm
      name: /ci/deployer
      region: eu-west-1
    rotate_after: 90d
  register: audited

- name: Insist that nobody is broken
  ansible.builtin.assert:
    that: audited.findings | selectattr('severity', 'eq', 'critical') | length == 0
"""

RETURN = r"""
findings:
  description: What is not as it should be, the worst first.
  returned: success
  type: list
  elements: dict
  contains:
    severity:
      description:
        - V(critical), something is broken now, or was tampered with. V(warning), something will be, or could not be told.
          V(info), a remark.
      type: str
      choices: [critical, warning, info]
    kind:
      description:
        - What it is, for programs. V(used_after_replaced), V(dead_value), V(not_verified), V(not_verifiable), V(store_differs),
          V(nothing_published), V(not_recorded), V(foreign_key), V(missing_key), V(over_age), V(not_deleted), V(overlap),
          V(lookup_failed), V(log_cut_short), V(no_record_of_use).
      type: str
      sample: used_after_replaced
    subject:
      description: The key, place or question that it is about.
      type: str
      sample: AKIAIOSFODNN7EXAMPLE
    detail:
      description: What was seen, as a sentence.
      type: str
    next_step:
      description: What to do about it.
      type: str
value:
  description: Whether the published value logs in.
  returned: success
  type: str
  choices: [alive, dead, unknown, not_told]
replaced:
  description: The versions that have been replaced and still exist.
  returned: success
  type: list
  elements: dict
  contains:
    version:
      description: Its number.
      type: int
    id:
      description: What the issuer calls it.
      type: str
    phase:
      description: Where it is in its life.
      type: str
    use:
      description: Whether somebody used it after its consumers had left it.
      type: str
      choices: [used, no_use_seen, not_told]
keys_listed:
  description: The keys that the issuer lists for the identity, with id, name, created_at and active. Null where they could not be listed.
  returned: success
  type: list
  elements: dict
keys_recorded:
  description: The ids that the journal records as ours.
  returned: success
  type: list
  elements: str
lists_keys:
  description: Whether keys that nobody manages could be found at all.
  returned: success
  type: bool
state:
  description: Where the credential stands, and all else that M(locksmith.rotation.credential_info) returns.
  returned: success
  type: str
"""
