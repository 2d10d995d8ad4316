#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_notify
short_description: Tell people how the credentials of a run are
version_added: 0.1.0
description:
  - Tells the channels that the variable C(rotation_notify_channels) lists what earlier tasks of this run found out. That is credentials
    that failed, are quarantined, overdue or waiting, and the hosts waited for; consumers that did not come up; problems that are solved;
    and a digest of what was done. The role P(locksmith.rotation.notify#role) does it at the end of the playbooks.
  - The channels are Slack, PagerDuty, Microsoft Teams, AWS SNS, e-mail, and any receiver of signed JSON.
  - With a O(state_file) each channel is told once of a problem, again after O(repeat_after), and once when it is solved. Without one
    every run tells every problem; PagerDuty still knows by its key that it is the same, and alerts of credentials that are in order are
    closed there.
  - A message holds public facts only, never a value and never the result of a task that is not this collection's.
  - It never fails. The run is over by then, and a dead receiver does not change how it ended. A channel that does not answer is tried
    three times, and told by the next run.
  - C(rotation_notify_channels) is taken from the variables of the host that the task runs on, or else from those of C(localhost). It is
    no option, because Ansible shows a task's arguments to every callback plugin, and channels hold secrets.
  - Each entry of C(rotation_notify_channels) has a C(kind), which is C(slack), C(pagerduty), C(teams), C(sns), C(email) or C(webhook), a
    C(name) if you like, and the options of its kind. C(events) lists the kinds of events that the channel is told, of C(quarantined),
    C(failure), C(overdue), C(hold), C(resolved) and C(digest); all of them if not given.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
attributes:
  check_mode:
    description: Says whom it would tell, and tells nobody.
    support: full
  diff_mode:
    description: Has nothing to compare.
    support: none
  idempotent:
    description: With a O(state_file) nobody is told the same twice within O(repeat_after).
    support: partial
  action:
    description: Runs on the controller, which has to reach the channels.
    support: full
options:
  credentials:
    description: The names of the credentials to tell about. The group C(credentials) if empty.
    type: list
    elements: str
    default: []
  source:
    description:
      - What messages call the estate that they are about, such as V(production). It is part of the key by which PagerDuty knows an alert.
    type: str
    default: locksmith.rotation
  state_file:
    description:
      - A file on the controller that remembers who was told what. Public facts only, mode C(0600), replaced in one step.
    type: path
  repeat_after:
    description:
      - How long until a channel is told again of a problem that lasts, as V(20h) or V(7d). A little less than the time between two runs.
    type: str
    default: 20h
  overdue_after:
    description: How long a credential may be due without being rotated before that is a problem.
    type: str
    default: 1d
  held_after:
    description: How long a step may wait for hosts, evidence or a person before that is a problem. At once by default.
    type: str
    default: 0s
  digest:
    description: When to tell what was done. V(changes), if anything was; V(always), also as a sign of life; or V(never).
    type: str
    choices: [changes, always, never]
    default: changes
  quiet:
    description:
      - Hours in which only failed and quarantined credentials are told. The rest is told by the first run after them. Needs O(state_file).
      - A mapping of C(start) and C(end) as C('HH:MM'), C(days) on which they begin (C(mon) to C(sun), all if not given), and
        C(timezone), which is UTC if not given.
    type: dict
"""

EXAMPLES = r"""
- name: Tell people, at the end of a playbook
  locksmith.rotation.rotation_notify:
    source: production
    state_file: /var/lib/locksmith/alerts.json
    quiet:
      start: '22:00'
      end: '07:00'
      timezone: Europe/Berlin
  run_once: true

- name: The channels, as they would stand in group_vars/all
  ansible.builtin.set_fact:
    rotation_notify_channels:
      - kind: slack
        url: "{{ slack_webhook_url }}"
      - kind: pagerduty
        routing_key: "{{ pagerduty_routing_key }}"
        events: [quarantined, failure, overdue]
      - kind: teams
        url: "{{ teams_workflow_url }}"
      - kind: sns
        topic_arn: arn:aws:sns:eu-west-1:123456789012:rotation
      - kind: email
        host: smtp.example.com
        username: rotation
        password: "{{ smtp_password }}"
        sender: rotation@example.com
        to: [platform@example.com]
      - kind: webhook
        name: event bus
        url: https://events.example.com/hooks/rotation
        hmac_secret: "{{ event_bus_secret }}"
  no_log: true
"""

RETURN = r"""
told:
  description: The channels that were told, or in check mode would be told, and how many events.
  returned: always
  type: list
  elements: dict
  sample: [{"channel": "slack https://hooks.slack.com", "events": 2}]
untold:
  description: The channels that could not be told. The next run tries again. There is a warning for each.
  returned: always
  type: list
  elements: dict
  contains:
    channel:
      description: Its name.
      type: str
    why:
      description: What happened, without any secret.
      type: str
events:
  description: What there is to tell, whoever knows it already.
  returned: always
  type: list
  elements: dict
  contains:
    kind:
      description: One of C(quarantined), C(failure), C(overdue), C(hold) and C(digest).
      type: str
    about:
      description: C(credential NAME), C(host NAME), or C(run).
      type: str
    severity:
      description: C(critical), C(error), C(warning) or C(info).
      type: str
    summary:
      description: A sentence.
      type: str
judged:
  description:
    - The credentials and hosts that were looked at. The callback P(locksmith.rotation.notify#callback) tells nothing about them again.
  returned: always
  type: list
  elements: str
quiet:
  description: Whether these are quiet hours.
  returned: always
  type: bool
"""
