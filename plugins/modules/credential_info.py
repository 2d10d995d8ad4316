#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: credential_info
short_description: Say where a credential stands
version_added: 0.1.0
description:
  - Reads the credential's journal and says which version is published, how old it is, when it is due, which older versions still exist
    and whom their retirement waits for.
  - One read of the store. The issuer and the hosts are not asked.
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
- name: Look at the key
  locksmith.rotation.credential_info:
    name: ci-deployer
    type: iam
    options:
      user_name: ci-deployer
      region: eu-west-1
    store:
      type: ssm
      name: /ci/deployer
      region: eu-west-1
  register: deployer
"""

RETURN = r"""
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
plan:
  description:
    - What O(locksmith.rotation.credential_rotate#module:state=rotated) would do now with these options, as far as the journal tells.
  returned: success
  type: dict
  contains:
    action:
      description:
        - One of V(nothing), V(hold), V(busy), V(start), V(resume), V(issue), V(settle).
      type: str
    why:
      description: The reason, as a sentence.
      type: str
    can_wait:
      description: Whether O(locksmith.rotation.credential_rotate#module:hold) would keep a rotation from beginning.
      type: bool
pending:
  description: What is waited for, a line each; hosts by name.
  returned: success
  type: list
  elements: str
  sample: ['web07 (unreachable)']
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
policy:
  description: The rules that hold for it, as this task was given them. Durations in seconds.
  returned: success
  type: dict
  contains:
    rotate_after:
      description: The age at which a version is due.
      type: int
    grace:
      description: How long the previous version stays usable after the last proof.
      type: int
    recovery_wait:
      description: How long a disabled version can still be enabled again.
      type: int
    exempt:
      description: The exception from scheduled rotation, with C(until) and C(reason), or none.
      type: dict
  sample:
    rotate_after: 7776000
    grace: 86400
    recovery_wait: 604800
    exempt:
history:
  description:
    - The last events of the credential, the oldest first. Each has its number C(n), which grows for ever, its moment C(at) and the
      C(event), and where they are known the C(version), its C(id) and C(fingerprint), a C(note) (the reason, for instance) and the C(run)
      that did it.
  returned: success
  type: list
  elements: dict
  sample:
    - n: 41
      at: '2026-11-21T03:14:02Z'
      event: promote
      version: 4
      id: AKIA0000000000000000
      fingerprint: 91bc07d3e2f4
      note: scheduled
      run: 5b6c7a
run:
  description: The run of Ansible that looked, as the events name the one that did them.
  returned: success
  type: str
  sample: 5b6c7a
"""
