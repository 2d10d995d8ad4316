# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks for secrets in bytes: as they are, and in every shape that software on the way gives to text."""

from __future__ import annotations

import base64
import json
import typing as t
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

#: A shorter secret, or shape of one, is found in anything.
SHORTEST = 8


class Found(t.NamedTuple):
    """A leak: which secret, in which shape, where in the bytes."""

    secret: str
    form: str
    offset: int


def forms(secret: str) -> dict[str, bytes]:
    """Shape to what it looks like. Shapes that are equal to an earlier one are left out."""
    raw = secret.encode("utf-8")
    escaped = quote(secret, safe="")
    found = {
        "raw": raw,
        "reversed": secret[::-1].encode("utf-8"),
        "hex": raw.hex().encode(),
        "HEX": raw.hex().upper().encode(),
        "URL": escaped.encode(),
        "url": _lower_escapes(escaped).encode(),
        "form": quote_plus(secret).encode(),
        "JSON": json.dumps(secret)[1:-1].encode(),
        "repr": repr(secret)[1:-1].encode("utf-8"),
        "XML": escape(secret, {'"': "&quot;"}).encode("utf-8"),
        "UTF-16": secret.encode("utf-16-le"),
    }
    for offset in range(3):
        inner = _base64_inside(raw, offset)
        found[f"base64+{offset}"] = inner
        found[f"base64url+{offset}"] = inner.translate(bytes.maketrans(b"+/", b"-_"))
    distinct: dict[bytes, str] = {}
    for name, shape in found.items():
        if len(shape) >= SHORTEST:
            distinct.setdefault(shape, name)
    return {name: shape for shape, name in distinct.items()}


def _lower_escapes(escaped: str) -> str:
    head, *parts = escaped.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in parts)])


def _base64_inside(raw: bytes, offset: int) -> bytes:
    """What of the secret's base64 does not depend on what stands before and after it, when it begins at C(offset) modulo three."""
    encoded = base64.b64encode(b"\0" * offset + raw)
    first = -(-offset * 8 // 6)
    last = (offset + len(raw)) * 8 // 6
    return encoded[first:last]


class Search:
    """For several secrets. C(secrets): what to call it to value; too short ones are refused."""

    def __init__(self, secrets: t.Mapping[str, str]) -> None:
        short = [name for name, value in secrets.items() if len(value) < SHORTEST]
        if short:
            raise ValueError(f"too short to be looked for: {', '.join(short)}")
        self._shapes = [(name, form, shape) for name, value in secrets.items() for form, shape in forms(value).items()]
        self.bytes = 0

    def look(self, data: bytes) -> list[Found]:
        """All leaks in C(data), each shape of each secret once."""
        self.bytes += len(data)
        places = ((name, form, data.find(shape)) for name, form, shape in self._shapes)
        return [Found(*place) for place in places if place[2] >= 0]
