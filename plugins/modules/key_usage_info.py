#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: key_usage_info
short_description: Say who used a key, from where and when
version_added: 0.1.0
description:
  - Asks the issuer when each key of an identity was last used, for every kind of credential whose issuer says so (AWS IAM, Grafana,
    Amazon Managed Grafana, Datadog, PostgreSQL with alternating users).
  - For AWS access keys it also looks through CloudTrail's event history for who used the key, from which address, with which program,
    for which services, and how often that was refused.
  - It never says that a key is unused. CloudTrail knows no data events and not the last minutes, and every issuer's record is late.
    V(no_use_seen) means what it says; where nobody could be asked, it is V(not_told).
  - Changes nothing. The published value is neither read nor needed.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
extends_documentation_fragment:
  - locksmith.rotation.attributes.controller
  - locksmith.rotation.attributes.asks
options:
  name:
    description:
      - The name of the credential, for messages and for finding its journal in O(store).
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
  store:
    description:
      - Where the credential is published, as O(locksmith.rotation.credential_rotate#module:store).
      - Without it, nothing is said about which keys are recorded as ours.
    type: dict
  keys:
    description:
      - Ids of the keys to ask about. All that the issuer lists and the journal records if none is given.
      - Ids of keys that are deleted may be given too, because CloudTrail remembers them.
    type: list
    elements: str
    default: []
  since:
    description:
      - How far back to look in the log, such as V(7d). CloudTrail remembers 90 days.
    type: str
    default: 90d
  regions:
    description:
      - AWS regions in whose logs to look. By default the region of O(options) and C(us-east-1), where IAM, STS and other services without
        a region log.
      - CloudTrail takes two requests a second in each region, 50 events each.
    type: list
    elements: str
    default: []
  max_events:
    description:
      - How many events of each key to read at most in each region, newest first. RV(usage[].trail.complete) says if there were more.
    type: int
    default: 1000
  audit:
    description:
      - Whether to look through logs at all. Without it only the issuer's own record of the last use is asked for.
    type: bool
    default: true
notes:
  - The right needed beside those of the kind's own module is C(cloudtrail:LookupEvents), which cannot be limited to resources.
seealso:
  - module: locksmith.rotation.credential_info
"""

EXAMPLES = r"""
- name: Who uses the deployment user's keys?
  locksmith.rotation.key_usage_info:
    name: ci-deployer
    type: iam
    options:
      user_name: ci-deployer
      region: eu-west-1
    regions: [eu-west-1, eu-central-1, us-east-1]
    store:
      type: ssm
      name: /ci/deployer
      region: eu-west-1
  register: usage

- name: What was done with a key that leaked, in the last week?
  locksmith.rotation.key_usage_info:
    name: ci-deployer
    type: iam
    options:
      user_name: ci-deployer
    keys: [AKIAIOSFODNN7EXAMPLE]
    since: 7d

- name: When was each token of a service account last used?
  locksmith.rotation.key_usage_info:
    name: dashboards
    type: grafana
    options:
      url: https://grafana.example.com
      grafana_api_key: "{{ rotator_token }}"
      service_account: exporter
"""

RETURN = r"""
msg:
  description: A sentence about each key.
  returned: success
  type: str
identity:
  description: Whose keys these are.
  returned: success
  type: str
  sample: iam user ci-deployer
lists_keys:
  description: Whether the issuer can list keys. Where it cannot, only those of the journal and of O(keys) are asked about.
  returned: success
  type: bool
usage:
  description: The keys, the one that was used last first.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: What the issuer calls the key. It is no secret.
      type: str
      sample: AKIAIOSFODNN7EXAMPLE
    name:
      description: Its name, where keys have names.
      type: str
    listed:
      description: Whether the issuer lists it.
      type: bool
    recorded:
      description: Whether the journal records it as ours.
      type: bool
    version:
      description: Its number, if it is ours.
      type: int
    phase:
      description: Where it is in its life, if it is ours.
      type: str
    active:
      description: Whether the issuer takes it at present.
      type: bool
    created_at:
      description: When it was created, UTC.
      type: str
    expires_at:
      description: When the issuer lets it die, UTC.
      type: str
    use:
      description:
        - V(used), there is evidence of use. V(no_use_seen), those who were asked know of none. V(not_told), nobody could be asked, or
          somebody who should know did not answer.
      type: str
      choices: [used, no_use_seen, not_told]
    why:
      description: The same as a sentence.
      type: str
    last_used_at:
      description: The latest use that anybody knows of, UTC.
      type: str
    last_used_by:
      description: By whom or for which service, as far as the issuer says.
      type: str
      sample: s3/eu-west-1
    resolution:
      description: How late or how rounded the issuer's figure may be, seconds.
      type: int
    unanswered:
      description: Who did not answer, and why.
      type: list
      elements: str
    trail:
      description: What the log of requests says, for kinds that have one.
      type: dict
      contains:
        since:
          description: How far back was looked, UTC.
          type: str
        searched:
          description: Regions that answered.
          type: list
          elements: str
        complete:
          description: Whether everything was read.
          type: bool
        blind_to:
          description: What such a log never has.
          type: str
        uses:
          description: A row for each caller, address and program, the latest first.
          type: list
          elements: dict
          contains:
            by:
              description: Who called.
              type: str
              sample: arn:aws:iam::123456789012:user/ci-deployer
            address:
              description: From where.
              type: str
              sample: 203.0.113.7
            agent:
              description: With which program, in its own words.
              type: str
            regions:
              description: In which regions.
              type: list
              elements: str
            actions:
              description: What was asked for.
              type: list
              elements: str
              sample: ["ec2:DescribeInstances"]
            first_at:
              description: The first time, UTC.
              type: str
            last_at:
              description: The last time, UTC.
              type: str
            requests:
              description: How often.
              type: int
            refused:
              description: How often in vain.
              type: int
"""
