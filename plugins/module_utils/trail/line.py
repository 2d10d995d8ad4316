# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line of the audit trail: a JSON object in canonical form that carries its own hash and that of the line before it. Pure.

Canonical: keys in order, no spaces, ASCII only, so that one entry is one sequence of bytes, and C(jq -caS 'del(.hash)') prints what was
hashed. C(hash) is the SHA-256 of that; C(prev) the C(hash) of the line before; C(seq) counts from 1. Called by the chain and the file.
"""

from __future__ import annotations

import hashlib
import json
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.trail.fields import is_number, problem_of

#: C(prev) of the first line.
NOTHING = "0" * 64
_HEAD = "{seq}:{hash}"


class NotALine(ValueError):
    """Why some bytes are no line of a trail."""


def canonical(entry: t.Mapping[str, t.Any]) -> bytes:
    """The bytes of an entry, without a line end."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def digest(entry: t.Mapping[str, t.Any]) -> str:
    """The SHA-256 of an entry without its own C(hash), in hexadecimal."""
    return hashlib.sha256(canonical({name: value for name, value in entry.items() if name != "hash"})).hexdigest()


def chained(entry: t.Mapping[str, t.Any], seq: int, prev: str) -> dict[str, t.Any]:
    """C(entry) as the line with number C(seq) after the one whose hash is C(prev)."""
    numbered = {**entry, "seq": seq, "prev": prev}
    return {**numbered, "hash": digest(numbered)}


def read_line(raw: bytes) -> dict[str, t.Any]:
    """An entry out of its bytes, whatever C(hash) it carries.

    :raises NotALine: it is not the canonical form of an object with a number, a hash and a predecessor's.
    """
    try:
        entry = json.loads(raw.decode("ascii"))
        is_canonical = isinstance(entry, dict) and canonical(entry) == raw
    except (ValueError, RecursionError):
        raise NotALine("it is not a line of a trail") from None
    if not is_canonical:
        raise NotALine("it is not in canonical form")
    if not is_number(entry.get("seq")) or not all(isinstance(entry.get(name), str) for name in ("prev", "hash")):
        raise NotALine("it has no number, or no hash")
    problem = problem_of(entry)
    if problem:
        raise NotALine(problem)
    return entry


def head_of(entry: t.Mapping[str, t.Any] | None) -> str:
    """C(57:9f86…): what a trail's end is compared with, by whoever has written it down elsewhere."""
    return _HEAD.format(**entry) if entry else _HEAD.format(seq=0, hash=NOTHING)


def read_head(text: str) -> tuple[int, str]:
    """The reverse of P(head_of). :raises ValueError: not such a text."""
    seq, colon, written = text.strip().partition(":")
    if not colon or not seq.isdecimal() or len(written) != 64 or set(written) - set("0123456789abcdef"):
        raise ValueError("not a head")
    return int(seq), written
