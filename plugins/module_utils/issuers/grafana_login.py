# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be told about a Grafana secret without a server: its form, what it says about itself, and which of two sets
of permissions is the larger. Called by the kinds of Grafana credentials.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import string
import struct
import typing as t
import zlib

#: A legacy API key is base64 of JSON that begins with {"k":" — a JWT begins otherwise.
LEGACY_KEY = "eyJrIjoi"
CLOUD_TOKEN = "glc_"
LEGACY_WAY_OUT = (
    "legacy API keys end with Grafana 11.3 (no new ones), 11.6 (all become service-account tokens) and 12.1 (gone): "
    "set kind to service_account_token and name a service account; grafana_api_key_migrate lists the keys and converts them."
)


class LegacyKey(t.NamedTuple):
    """What a legacy API key says about itself."""

    name: str
    org_id: int


class CloudToken(t.NamedTuple):
    """What a Grafana Cloud access-policy token says about itself. C(name): C(<policy>-<token>)."""

    org_id: str
    name: str
    region: str


def random_token() -> str:
    """A service-account token that nobody issued, correct in form and checksum, so that Grafana really looks it up."""
    body = "glsa_" + _random_text()
    return f"{body}_{struct.pack('<I', zlib.crc32(body.encode())).hex()}"


def random_legacy_key(org_id: int) -> str:
    """A legacy API key that nobody issued."""
    return _encoded({"k": _random_text(), "n": "locksmith-nobody", "id": org_id})


def random_cloud_token(region: str) -> str:
    """A Grafana Cloud token that nobody issued."""
    return CLOUD_TOKEN + _encoded({"o": "0", "n": "locksmith-nobody", "k": _random_text(), "m": {"r": region}})


def legacy_key(secret: str) -> LegacyKey | None:
    """What a legacy API key says about itself; None for anything else."""
    said = _decoded(secret) if secret.startswith(LEGACY_KEY) else None
    if said is None or not isinstance(said.get("n"), str) or not isinstance(said.get("id"), int):
        return None
    return LegacyKey(said["n"], said["id"])


def cloud_token(secret: str) -> CloudToken | None:
    """What a Grafana Cloud access-policy token says about itself; None for anything else."""
    said = _decoded(secret[len(CLOUD_TOKEN) :]) if secret.startswith(CLOUD_TOKEN) else None
    if said is None or not said.get("o") or not said.get("n"):
        return None
    more = said.get("m")
    return CloudToken(str(said["o"]), str(said["n"]), str(more.get("r") or "") if isinstance(more, dict) else "")


def _random_text() -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for dummy in range(32))


def _encoded(said: t.Mapping[str, t.Any]) -> str:
    return base64.b64encode(json.dumps(said, separators=(",", ":")).encode()).decode()


def _decoded(text: str) -> dict[str, t.Any] | None:
    try:
        said = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def lost_permissions(old: t.Mapping[str, t.Any], new: t.Mapping[str, t.Any]) -> list[str]:
    """What C(old) grants and C(new) does not: C(action on scope), sorted. Both: action to scopes."""
    lost = []
    for action, scopes in old.items():
        granted = new.get(action)
        if granted is None:
            lost.append(action)
            continue
        lost += [f"{action} on {scope}" for scope in scopes or () if scope and not _is_covered(str(scope), granted)]
    return sorted(lost)


def _is_covered(scope: str, granted: t.Any) -> bool:
    """A scope ends in C(*) where it stands for all that begin like it."""
    return any(one == scope or (str(one).endswith("*") and scope.startswith(str(one)[:-1])) for one in granted or ())
