# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The local connection under another name: for Ansible another host, so that modules are sent to it. For tests only."""

from __future__ import annotations

DOCUMENTATION = r"""
name: elsewhere
author: The locksmith.rotation contributors
short_description: The local connection under another name
description: For tests of what happens on a host that is not the controller.
"""

from ansible.plugins.connection.local import Connection as Local


class Connection(Local):
    """See the module's docstring."""

    transport = "elsewhere"
