# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_agent_configure
short_description: Tell the Vault or OpenBao agent of a host what to render
version_added: 0.1.0
description:
  - Writes a template for each entry of C(consumer_credentials) that has C(pull=vault_agent), a hook for each service that uses one,
    and how the agent logs in. No value of a credential is in any of it, as the agent fetches them.
  - Takes role id and secret id from the host's variables C(vault_agent_role_id) and C(vault_agent_secret_id), where there are any,
    and sends them by standard input. They are no options, because every callback is shown those.
  - Does not start the agent. The role P(locksmith.rotation.vault_agent#role) does the whole.
options:
  credentials:
    description: The host's C(consumer_credentials). Those without C(pull) are left to M(locksmith.rotation.consumer_deploy).
    type: list
    elements: dict
    required: true
extends_documentation_fragment:
  - locksmith.rotation.vault_agent
attributes:
  check_mode:
    description: Can run in check mode and return what it would do without changing the host.
    support: full
  diff_mode:
    description: Returns what has changed, or would, when in diff mode.
    details: Shows the agent's configuration, which holds no value.
    support: full
author: The locksmith.rotation contributors (@locksmith-rotation)
"""

EXAMPLES = r"""
- name: Tell the agent what to render
  locksmith.rotation.vault_agent_configure:
    credentials:
      - credential: orders-db
        dest: /etc/orders/db.env
        format: env
        fields:
          PGUSER: username
          PGPASSWORD: password
        pull: vault_agent
        service:
          name: orders-api
    service:
      name: locksmith-vault-agent
    render_interval: 1m
"""

RETURN = r"""
config:
  description: The configuration's file.
  returned: success
  type: str
binary:
  description: The program that is the agent.
  returned: success
  type: str
version:
  description: What it says of its version.
  returned: success
  type: str
restart:
  description: Whether the agent has to be started anew to know what was written.
  returned: success
  type: bool
written:
  description: The files that were written.
  returned: success
  type: list
  elements: str
directories:
  description: The directories in which it writes.
  returned: success
  type: list
  elements: str
state_dir:
  description: The directory of the markers.
  returned: success
  type: str
"""
