# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How widely each issuer and store is tried, where not everything can be: one answer for all matrices."""

from __future__ import annotations

from ansible_collections.locksmith.rotation.tests.real import issuer_makers

#: The issuer that is tried everywhere, and with every store.
WHOLE = "grafana-13"
#: The store where a claim goes with every write: many requests, and the same ones over and over.
CLAIMED = "vault-kv1"


def is_variant(issuer: str) -> bool:
    """Whether an earlier maker is of the same issuer: another version of its server, another strategy, another kind of its keys."""
    of_the_same = [name for name in issuer_makers.MAKERS if name.partition("-")[0] == issuer.partition("-")[0]]
    return issuer != of_the_same[0]
