# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a host that pulls by itself may go on with the version before the one that is published. Pure.

Called by what configures an agent, and by the check of the catalogue, which every run makes: so this imports next to nothing.
"""

from __future__ import annotations

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import format_duration, parse_duration

#: How often the agent looks for a new version, and how long the hook of a service may take, where nobody says.
RENDER_INTERVAL = "5m"
COMMAND_TIMEOUT = "60s"


def longest_use(render_interval: str, command_timeout: str) -> int:
    """Seconds for which a service of a host that pulls may still use the version before the one that is published: until the
    agent looks again, and its hook has had the service restarted or reloaded."""
    looks = parse_duration(render_interval, "vault_agent_render_interval")
    return looks + parse_duration(command_timeout, "vault_agent_command_timeout")


def say_longest_use(render_interval: str, command_timeout: str) -> str:
    """The sum of P(longest_use), for people."""
    total = format_duration(longest_use(render_interval, command_timeout))
    return f"{total} (vault_agent_render_interval {render_interval} + vault_agent_command_timeout {command_timeout})"
