# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which revisions of a journal go, where a store has each in a place of its own. Called by the stores C(ssm) and C(vault)."""

from __future__ import annotations

import typing as t

#: When there are more revisions than the first number, all but the newest few go.
_TRIM_ABOVE = 6
_KEEP = 3
Revision = t.TypeVar("Revision")


def superfluous(revisions: t.Sequence[Revision]) -> t.Sequence[Revision]:
    """Those of C(revisions), the newest last, that need not be kept."""
    return revisions[:-_KEEP] if len(revisions) > _TRIM_ABOVE else ()
