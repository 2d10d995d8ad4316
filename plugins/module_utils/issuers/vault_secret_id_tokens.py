# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens that somebody got with a leaked secret id: they live on when it is destroyed, until their own end.

Vault puts a secret id's metadata into the tokens that it gives for it, and ours has the name of the attempt that made it. So those tokens
are told from all others of the role, and nobody else's is ended. Called by the issuer of secret ids, in an emergency only.
"""

from __future__ import annotations

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.vault import VaultClient
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Revocation


def revoke_tokens(client: VaultClient, login_path: str, field: str, made_by: str) -> Revocation:
    """Revoke the tokens that C(login_path) gave for the secret id whose metadata has C(made_by) in C(field).

    Looks at every token of the namespace, one request each, because Vault has no other way to find them.
    :raises Denied: takes C(list) and C(sudo) on C(auth/token/accessors), and C(update) on the paths of accessors below.
    """
    if not made_by:
        return Revocation(
            "tokens that were got with it cannot be told from others, because it was made by hand: they live to their own end"
        )
    ended = 0
    for accessor in client.request("list", "auth/token/accessors", doing="list the accessors of tokens").data.get("keys") or ():
        found = client.request(
            "post",
            "auth/token/lookup-accessor",
            {"accessor": accessor},
            doing="look up a token by its accessor",
            tolerated=(400, 403, 404),
        )  # 403 and 404 are Vault's answers for a token that has ended meanwhile
        if found.data.get("path") == login_path and (found.data.get("meta") or {}).get(field) == made_by:
            client.request("post", "auth/token/revoke-accessor", {"accessor": accessor}, doing="revoke a token by its accessor")
            ended += 1
    return Revocation(f"{ended} tokens that were got with the secret id were revoked")
