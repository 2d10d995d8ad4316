# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats whose file is ours altogether: C(env), C(json), C(yaml), C(raw) and the rendered C(template)."""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.interface import Place, WholeFile
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: These mean the same bare everywhere: systemd, sh, docker, dotenv readers.
_ENV_BARE = re.compile(r"[A-Za-z0-9_./:@%+,=-]+")
#: systemd drops an assignment with any other control character (env_value_is_valid in its basic/env-util.c).
_ENV_UNWRITABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
#: Characters that YAML 1.1 and 1.2 both allow unescaped in a double-quoted scalar.
_YAML_PLAIN = re.compile(r"[ !#-\[\]-~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010fffd]")


def quote_env(name: str, value: str) -> str:
    """C(value) so that C(EnvironmentFile=) of systemd and C(.) of a POSIX shell both read it back.

    :raises Rejected: a control character other than tab and newline.
    """
    if _ENV_UNWRITABLE.search(value):
        raise Rejected(
            f"{name} holds a control character, which no environment file can carry.",
            next_step="use format json or yaml for this credential.",
        )
    if _ENV_BARE.fullmatch(value):
        return value
    if "'" not in value:
        return "'" + value + "'"
    return '"' + re.sub(r'(["\\$`])', r"\\\1", value) + '"'


class Env(WholeFile):
    """C(NAME=value) lines."""

    def render(self, existing: str, values: t.Mapping[str, str], place: Place, is_ours: t.Callable[[str], bool]) -> str:
        for name in values:
            if not _ENV_NAME.fullmatch(name):
                raise Rejected(
                    f"{name!r} cannot be the name of an environment variable.",
                    next_step="give it a name of letters, digits and underscores in the entry's fields.",
                )
        return _comment(place) + "".join(f"{name}={quote_env(name, value)}\n" for name, value in values.items())


class Json(WholeFile):
    """One JSON object."""

    def render(self, existing: str, values: t.Mapping[str, str], place: Place, is_ours: t.Callable[[str], bool]) -> str:
        return json.dumps(dict(values), indent=2, ensure_ascii=True) + "\n"


class Yaml(WholeFile):
    """One YAML mapping of double-quoted text. Written by hand: a host need not have PyYAML."""

    def render(self, existing: str, values: t.Mapping[str, str], place: Place, is_ours: t.Callable[[str], bool]) -> str:
        return (
            _comment(place) + "---\n" + "".join(f"{_quote_yaml(name)}: {_quote_yaml(value)}\n" for name, value in values.items())
        )


class Raw(WholeFile):
    """The value of one field and nothing else: no newline is added."""

    def render(self, existing: str, values: t.Mapping[str, str], place: Place, is_ours: t.Callable[[str], bool]) -> str:
        if len(values) != 1:
            raise Rejected(
                f"format raw writes one field, and there are {len(values)}.",
                next_step="name the one in the entry's fields, as in fields: {value: password}.",
            )
        return next(iter(values.values()))


def _comment(place: Place) -> str:
    return f"# {place.title}: kept by locksmith.rotation, changes made by hand are overwritten\n"


def _quote_yaml(text: str) -> str:
    return '"' + "".join(char if _YAML_PLAIN.match(char) else _escape_yaml(char) for char in text) + '"'


def _escape_yaml(char: str) -> str:
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
