# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PgBouncer's C(auth_file): our user's line C("user" "SCRAM-SHA-256$…") among other people's.

Source: PgBouncer's documentation (config.md, "Authentication file format") and C(load_auth_file) in its src/loader.c.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.interface import Format, Place
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.scram import derived_verifier, is_verifier_of

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LINE = re.compile(r'\s*"(?P<user>(?:[^"]|"")*)"[ \t]*"(?P<secret>(?:[^"]|"")*)".*')
#: Bytes of a name; PgBouncer's MAX_USERNAME less the end of the string.
_LONGEST_NAME = 127


class PgbouncerUserlist(Format):
    """One line a user. The lines of other users stay, also that of the role that had its turn before: until it is retired,
    consumers that have not moved yet still log in with it."""

    SHARED = True
    DEFAULT_FIELDS: t.ClassVar[t.Mapping[str, str] | None] = {"user": "username", "password": "password"}

    def render(self, existing: str, values: t.Mapping[str, str], place: Place, is_ours: t.Callable[[str], bool]) -> str:
        user, password = _wanted(values)
        lines = existing.split("\n") if existing else [""]
        mine = [number for number, line in enumerate(lines) if _entry(line)[0] == user]
        right = [lines[number] for number in mine if _is_right(_entry(lines[number])[1], user, password)]
        line = right[0] if right else _new_line(user, password, lines[mine[0]] if mine else "")
        kept = [old for number, old in enumerate(lines) if number not in mine]
        kept.insert(mine[0] if mine else _end(lines), line)
        return "\n".join(kept) if kept[-1] == "" else "\n".join(kept) + "\n"

    def parts(self, existing: str, names: t.Sequence[str], place: Place) -> list[str]:
        return [line for line in existing.split("\n") if _entry(line)[0]]

    def written(self, text: str, values: t.Mapping[str, str], place: Place) -> str:
        return next(line for line in text.split("\n") if _entry(line)[0] == values["user"])


def _wanted(values: t.Mapping[str, str]) -> tuple[str, str]:
    if set(values) != {"user", "password"}:
        raise Rejected("format pgbouncer_userlist writes user and password.", next_step="name these two in the entry's fields.")
    user, password = values["user"], values["password"]
    if not user or len(user.encode("utf-8")) > _LONGEST_NAME or _CONTROL.search(user):
        raise Rejected("The user's name cannot be written to PgBouncer's auth_file.", next_step="give the role another name.")
    return user, password


def _new_line(user: str, password: str, old: str) -> str:
    """The server's verifier, computed here. Its line ends as the one before it did."""
    verifier = derived_verifier(user, password)
    if verifier is None:
        raise Rejected(
            f"The password of {user!r} was not made here, so nobody here knows the verifier that the server has of it, and the file "
            "has no line that is right.",
            next_step="rotate it with force, or write the server's own verifier (rolpassword in pg_authid) into the file once.",
        )
    quoted = user.replace('"', '""')
    return f'"{quoted}" "{verifier}"' + ("\r" if old.endswith("\r") else "")


def _entry(line: str) -> tuple[str, str]:
    """User and secret of a line; empty for a comment or a blank."""
    found = _LINE.fullmatch(line)
    if found is None:
        return "", ""
    return found["user"].replace('""', '"'), found["secret"].replace('""', '"')


def _is_right(secret: str, user: str, password: str) -> bool:
    """Whether a line lets the password in already: then it stays as it is. A verifier that somebody brought from the server is
    the server's own, and one computed here need not be."""
    if hmac.compare_digest(secret.encode("utf-8", "surrogateescape"), password.encode("utf-8", "surrogateescape")):
        return True
    if secret.startswith("md5"):
        return hmac.compare_digest(secret.encode("utf-8", "surrogateescape"), _md5(user, password).encode("ascii"))
    return is_verifier_of(secret, password)


def _md5(user: str, password: str) -> str:
    """What an old server keeps: PostgreSQL's own, not ours to choose."""
    try:
        return "md5" + hashlib.md5((password + user).encode("utf-8", "surrogateescape")).hexdigest()  # nosec
    except ValueError:  # a host in FIPS mode has none
        return ""


def _end(lines: t.Sequence[str]) -> int:
    return len(lines) - 1 if lines[-1] == "" else len(lines)
