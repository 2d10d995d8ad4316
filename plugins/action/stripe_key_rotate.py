# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin of the module of the same name: P(credential_rotate), which C(meta/runtime.yml) routes to as well.

The file is here so that the controller loads it before it forks its workers; a route alone is followed after that.
"""

from __future__ import annotations

from ansible_collections.locksmith.rotation.plugins.action.credential_rotate import ActionModule

__all__ = ("ActionModule",)
