# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The credential by which the run itself logs in at the issuer: not rotated by accident, and never taken out of service under the run.

Whoever replaces its own login must have the new one at hand before the old one ends. So it takes a word from a person, it comes
after all the others, and the old version is only retired by a run that logs in with the new one. Pure; called by the engine.
"""

from __future__ import annotations

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issued, Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal, Version
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Published
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected

REFUSE, LAST = "refuse", "last"


def check_may_rotate(
    issuer: Issuer, own_login: str, journal: Journal | None, published: Published | None, credential: str
) -> None:
    """Before an attempt is announced: is it our own login that would be replaced, and has nobody said that this is right?

    :arg own_login: C(refuse) or C(last).
    :raises Rejected: yes.
    """
    if own_login == LAST:
        return
    versions: list[Issued] = [version.issued() for version in (journal.versions if journal else ())]
    if published is not None:
        versions.append(Issued("", published.fields))
    own = issuer.own_login(versions)
    if own:
        raise Rejected(
            f"{credential}: {own} is what this run itself logs in with at {issuer.identity}, so it is not rotated. Nothing was changed.",
            next_step="let another login rotate it; or set own_login to last (credential_own_login: last), give the login by a lookup of "
            "the published value, and it is rotated after all the others.",
        )


def why_not_retire(issuer: Issuer, version: Version) -> str:
    """Why C(version) cannot be disabled or deleted by this run, as a line, or an empty string. A single value that has been
    replaced is dead already."""
    if issuer.capacity == 1:
        return ""
    own = issuer.own_login([version.issued()])
    return f"this run itself logs in with {own}: give it the published version" if own else ""
