# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How widely each issuer is tried, where not everything can be in half an hour: one answer for all matrices."""

from __future__ import annotations

import enum

from ansible_collections.locksmith.rotation.tests.real import issuer_makers, store_makers

#: The issuer with which everything is tried that has to do with stores.
WHOLE = "grafana-13"
#: The store that writes a claim before each write, so that its calls are the same over and over.
CLAIMED = "vault-kv1"
#: As many as there are.
ALL = 1 << 30


class Width(enum.Enum):
    """C(VARIANT): another version of an issuer's server, another strategy, another kind of its keys."""

    WHOLE = "the one issuer"
    FIRST = "the first of its kind"
    VARIANT = "a variant"


def width_of(issuer: str) -> Width:
    """C(issuer): the name of its maker."""
    if issuer == WHOLE:
        return Width.WHOLE
    first = next(name for name in (WHOLE, *issuer_makers.MAKERS) if _kind(name) == _kind(issuer))
    return Width.FIRST if issuer == first else Width.VARIANT


def _kind(issuer: str) -> str:
    return issuer.partition("-")[0]


def own_store(issuer: str) -> str:
    """The store with which an issuer is tried more than with the others: they take turns."""
    names = list(store_makers.MAKERS)
    return names[list(issuer_makers.MAKERS).index(issuer) % len(names)]
