#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_rotate
short_description: Rotate a credential of any kind
version_added: 0.1.0
description:
  - Does what the module of the credential's kind does (M(locksmith.rotation.iam_key_rotate),
    M(locksmith.rotation.pg_password_rotate) and so on), with the kind given as an option, so that one task serves a whole catalogue.
  - On a local connection the work is done in the controller's worker. Delegated to another host, the module of the kind runs there.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
extends_documentation_fragment:
  - locksmith.rotation.rotation
  - locksmith.rotation.store
  - locksmith.rotation.attributes
options:
  type:
    description:
      - The kind of credential, such as V(iam), V(postgresql) or V(grafana).
      - A kind of another collection is written C(namespace.collection.kind); see the guide to adding an issuer.
    type: str
    required: true
  options:
    description:
      - The options of the kind's own module, by their names there.
      - Where O(options) or O(store) is left out, it is taken from the host's variable C(credential_options) or C(credential_store). Then
        its secrets are in no argument of a task, which Ansible shows to every callback plugin.
    type: dict
    default: {}
  consumers_from_inventory:
    description:
      - Collect O(consumers) from what the hosts of the whole inventory reported to the role P(locksmith.rotation.consumer#role)
        in this run.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Rotate the key if it is due
  locksmith.rotation.credential_rotate:
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
"""

RETURN = r"""
action:
  description:
    - What was done, or in check mode would be done. One of V(none), V(held), V(busy), V(adopted), V(created), V(rotated), V(resumed),
      V(settled), V(rolled_back), V(proved), V(disabled), V(deleted).
  returned: success
  type: str
  sample: rotated
why:
  description: The reason, as a sentence.
  returned: success
  type: str
  sample: due for 2d 3h
state:
  description: Where the credential stands in its life cycle, see the guide to the life cycle.
  returned: success
  type: str
  sample: rolling_out
version:
  description: The number of the published version, counted from 1.
  returned: success
  type: int
  sample: 4
id:
  description: What the issuer calls the published version. Not secret.
  returned: success
  type: str
  sample: AKIA0000000000000000
fingerprint:
  description: Twelve hexadecimal digits that name the published value without giving it away.
  returned: success
  type: str
  sample: 91bc07d3e2f4
created_at:
  description: When the published version was made, ISO 8601 in UTC.
  returned: success
  type: str
  sample: '2026-11-21T03:14:00Z'
published_at:
  description: When it was published.
  returned: success
  type: str
  sample: '2026-11-21T03:14:02Z'
due_at:
  description: When it has to be replaced.
  returned: success
  type: str
  sample: '2027-02-19T03:14:00Z'
expires_at:
  description: When the issuer lets it expire by itself, if it does.
  returned: success
  type: str
  sample: '2027-02-27T03:14:00Z'
previous:
  description:
    - Other versions that still exist, each with its version, id, fingerprint, phase, created_at, proved_at, grace_until, disabled_at,
      delete_after, rejected and leaked_at.
  returned: success
  type: list
  elements: dict
pending:
  description: What is waited for, a line each; hosts by name.
  returned: success
  type: list
  elements: str
  sample: ['web07 (unreachable)']
consumers_known:
  description: The hosts that the journal remembers as consumers, from this run and from earlier ones.
  returned: success
  type: list
  elements: str
consumers_proved:
  description: How many hosts have proved the published version.
  returned: when O(state=retired) looked at them
  type: int
consumers_expected:
  description: How many hosts have to.
  returned: when O(state=retired) looked at them
  type: int
store:
  description: Where the value is published.
  returned: success
  type: str
identity:
  description: Whom the credential belongs to at the issuer.
  returned: success
  type: str
overlap:
  description: Whether the previous version keeps working while hosts move to the new one.
  returned: success
  type: bool
verifiable:
  description: Whether a login can show if a value works. If not, nothing was verified.
  returned: success
  type: bool
leaked:
  description: The ids of the versions that are recorded as leaked and still exist.
  returned: success
  type: list
  elements: str
notes:
  description: What was done besides in answer to a leak, a sentence each, such as whose sessions were ended and who was not waited for.
  returned: success
  type: list
  elements: str
suspended:
  description: Why scheduled rotation is suspended, or an empty string.
  returned: success
  type: str
failures:
  description: Failures in a row.
  returned: success
  type: int
last_error:
  description: The last of them.
  returned: success
  type: str
stranded:
  description: What a failed run left behind and where, a line each.
  returned: failure
  type: list
  elements: str
next_step:
  description: What to do after a failure.
  returned: failure
  type: str
"""
