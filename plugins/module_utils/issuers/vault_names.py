# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and moments as Vault writes them. Called by the issuers of Vault's own credentials."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import from_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, Unreachable

#: Go's zero time, which Vault writes for never.
_NEVER = "0001-01-01"


def path_part(name: t.Any, option: str) -> str:
    """A mount point or a name, which becomes a part of a request's path.

    :raises ConfigurationError: it would lead to another path.
    """
    text = str(name).strip("/")
    if not text or any(part in ("", ".", "..") for part in text.split("/")) or not text.isprintable():
        raise ConfigurationError(f"{option} is no name in Vault.", next_step=f"check {option}.")
    return text


def moment(text: t.Any) -> float | None:
    """RFC 3339 as seconds since the epoch; of Go's nanoseconds Python reads the first six digits. None for never and nothing.

    :raises Unreachable: what answered is not Vault.
    """
    if not isinstance(text, str) or not text or text.startswith(_NEVER):
        return None
    try:
        return from_iso(re.sub(r"\.(\d{1,6})\d*", lambda found: "." + found.group(1).ljust(6, "0"), text))
    except ValueError:
        raise Unreachable("Vault's answer holds a moment that is not RFC 3339.") from None
