#!/usr/bin/python
# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of the same name, which does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rotation_report
short_description: Write where every credential stands to a file
version_added: 0.1.0
description:
  - Writes what earlier tasks of this run registered as C(credential_result) and C(credential_retired) on the credentials to a file of the
    controller, as a page for people, as metrics, or for a CI. Public facts only.
  - The file is replaced in one step. Nobody reads half of it.
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
extends_documentation_fragment:
  - locksmith.rotation.attributes.controller
  - locksmith.rotation.report
attributes:
  check_mode:
    description: Writes nothing then.
    support: full
  diff_mode:
    description: A report differs every time, by the moment that it tells of.
    support: none
  idempotent:
    description: A report tells of a moment, and is written anew every time.
    support: none
options:
  dest:
    description: The file. Its folder has to exist. A relative path is one from the folder in which Ansible was started.
    type: path
    required: true
  format:
    description:
      - V(html), a page that needs no network, light or dark as its reader has it.
      - V(prometheus), metrics for the textfile collector of Prometheus' node exporter; the name of the file has to end in C(.prom).
      - V(json), all facts, and what follows from them.
      - V(junit), a test case for each credential, which fails where it has a trouble of O(fail_on), of any kind if that is empty.
    type: str
    choices: [html, prometheus, json, junit]
    required: true
  title:
    description: The headline of the page.
    type: str
    default: Credentials
  playbook:
    description:
      - With O(format=prometheus), the name under which the moment of this run is kept as C(locksmith_last_run_timestamp_seconds). The
        moments that the file has of other playbooks stay in it.
    type: str
    default: ''
  mode:
    description: The permissions of the file, quoted. Whoever may read it learns names and ids, and no secret.
    type: str
    default: '0644'
seealso:
  - module: locksmith.rotation.credential_report
"""

EXAMPLES = r"""
- name: Write a page for people
  locksmith.rotation.rotation_report:
    dest: /var/www/html/credentials.html
    format: html
    title: Credentials of the shop
  run_once: true

- name: Write metrics where the node exporter finds them
  locksmith.rotation.rotation_report:
    dest: /var/lib/prometheus/node-exporter/locksmith.prom
    format: prometheus
    playbook: rotate
  run_once: true
"""

RETURN = r"""
dest:
  description: The file.
  returned: success
  type: str
  sample: /var/www/html/credentials.html
format:
  description: Its format.
  returned: success
  type: str
  sample: html
troubles:
  description: What is wrong, one dictionary each, with the C(credential), the C(kind) of trouble and a sentence of C(detail).
  returned: success
  type: list
  elements: dict
  sample:
    - credential: billing-db
      kind: overdue
      detail: for 3d 4h, older than 30d.
verdict:
  description: A sentence about all that has a trouble of O(fail_on). Empty if nothing has.
  returned: success
  type: str
  sample: 1 of 7 credentials need attention. billing-db is overdue for 3d 4h, older than 30d.
"""
