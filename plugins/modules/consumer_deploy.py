# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: consumer_deploy
short_description: Put credentials into files on a host
version_added: 0.1.0
description:
  - Looks in one round trip which files of the host do not hold the version that they should, and writes those.
  - Reads a value from its store only if a file is to be written, and sends it by standard input. No value is in any argument,
    result, diff, environment or module file.
  - Does not restart anything. The role P(locksmith.rotation.consumer#role) does the whole.
options:
  version:
    description:
      - V(current) is what the store publishes.
      - V(previous) is what it published before, which needs rights to the journal.
    type: str
    choices: [current, previous]
    default: current
  ids:
    description: Only the entries with these ids, which an earlier result named. By default all.
    type: list
    elements: str
    default: []
  state_dir:
    description:
      - Directory on the host for what it remembers, which is no value.
      - The default is C(/var/lib/locksmith) for root and C(~/.local/state/locksmith) for others.
    type: path
extends_documentation_fragment:
  - locksmith.rotation.consumer
author: The locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: Put the database password where the service reads it
  locksmith.rotation.consumer_deploy:
    credentials:
      - credential: orders-db
        dest: /etc/orders/db.env
        format: env
        fields:
          PGUSER: username
          PGPASSWORD: password
        group: orders
        mode: "0640"
"""

RETURN = r"""
entries:
  description: For each entry its id, the fingerprint that it should have, what was found, why it was written, and any error.
  returned: when the host could be looked at
  type: list
  elements: dict
proofs:
  description: A proof for each entry that was right already.
  returned: when the host could be looked at
  type: list
  elements: dict
services:
  description: The services that hold an older version, for M(locksmith.rotation.consumer_restart).
  returned: when the host could be looked at
  type: list
  elements: dict
to_prove:
  description: The entries without a proof, for M(locksmith.rotation.consumer_prove).
  returned: when the host could be looked at
  type: list
  elements: dict
state_dir:
  description: The directory of the markers.
  returned: when the host could be looked at
  type: str
"""
