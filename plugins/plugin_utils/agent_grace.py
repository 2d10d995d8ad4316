# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the grace of a credential longer than hosts that pull it by themselves may go on with the version before? Controller only.

A file of its own, without the stores that P(agent_templates) needs: every run of a playbook asks this.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.interval import (
    COMMAND_TIMEOUT,
    RENDER_INTERVAL,
    longest_use,
    say_longest_use,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.duration import parse_duration
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain_text

#: The credential role's own default.
_USUAL_GRACE = "24h"


def grace_problems(pullers: t.Mapping[str, t.Sequence[str]], hostvars: t.Mapping[str, t.Any]) -> list[str]:
    """Where the previous version could be retired sooner than a host that pulls by itself need have let go of it.

    :arg pullers: credential to hosts.
    :raises ConfigurationError: a duration that is none.
    """
    known = ((name, host) for name, hosts in pullers.items() if name in hostvars for host in hosts)
    return [problem for name, host in known for problem in _too_short(name, host, hostvars)]


def _too_short(name: str, host: str, hostvars: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    interval = plain_text(hostvars[host].get("vault_agent_render_interval") or RENDER_INTERVAL)
    timeout = plain_text(hostvars[host].get("vault_agent_command_timeout") or COMMAND_TIMEOUT)
    grace = plain_text(hostvars[name].get("credential_grace") or _USUAL_GRACE)
    if parse_duration(grace, f"{name}: credential_grace") <= longest_use(interval, timeout):
        yield (
            f"{name}: credential_grace is {grace}, and {host}, which pulls by itself, may use the previous version for "
            f"{say_longest_use(interval, timeout)}. Next: make the grace longer than that, or the interval shorter."
        )
