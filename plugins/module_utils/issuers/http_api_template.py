# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests written in YAML, with placeholders from a fixed list. Called by the description of P(HttpApiIssuer).

A placeholder is C({name}). It is replaced by a value and never evaluated, and each place has its own quoting: percent signs in a
path, JSON's own in a body, nothing but visible characters in a header. What a vendor answered can only ever be a value.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t
from urllib.parse import quote

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, Rejected

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
#: Headers that the client sets itself, or that would change where a request ends.
_OUR_HEADERS = ("host", "content-length", "transfer-encoding", "connection", "accept-encoding")

Values = t.Mapping[str, t.Union[str, int]]


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A request with its values in place. C(shown): its path without a secret."""

    method: str
    path: str = dataclasses.field(repr=False)
    query: dict[str, t.Any] = dataclasses.field(repr=False)
    headers: dict[str, str] = dataclasses.field(repr=False)
    body: t.Any = dataclasses.field(repr=False)
    shown: str


@dataclasses.dataclass(frozen=True)
class Template:
    """One request of the description. C(option): its name there, for messages."""

    option: str
    method: str
    path: str
    query: t.Mapping[str, t.Any]
    headers: t.Mapping[str, t.Any]
    body: t.Any

    @classmethod
    def read(
        cls, option: str, written: t.Mapping[str, t.Any], allowed: t.Collection[str], secret_in_url: bool = False
    ) -> Template:
        """Check everything that can be checked before there are values.

        :arg allowed: the placeholders that have a value in this request.
        :raises ConfigurationError: names the place, such as C(create.body.scopes[0]).
        """
        template = cls(
            option,
            str(written.get("method") or "GET"),
            str(written.get("path") or ""),
            written.get("query") or {},
            written.get("headers") or {},
            written.get("body"),
        )
        template._check_path()
        in_url = allowed if secret_in_url else [name for name in allowed if name != "secret"]
        check_placeholders(f"{option}.path", template.path, in_url)
        check_placeholders(f"{option}.query", template.query, in_url)
        check_placeholders(f"{option}.body", template.body, allowed)
        check_headers(f"{option}.headers", template.headers, allowed)
        return template

    def _check_path(self) -> None:
        usable = self.path.startswith("/") and self.path.isascii() and not re.search(r"[?#\\\s]", self.path)
        if not usable or self.path.startswith("//") or _climbs(self.path):
            raise ConfigurationError(
                f"{self.option}.path is not the path of a request below url.",
                next_step=f"begin it with a slash; what follows a question mark belongs into {self.option}.query.",
            )

    def uses(self, placeholder: str) -> bool:
        """Whether it is anywhere in this request."""
        return placeholder in _placeholders([self.path, self.query, self.headers, self.body])

    def fill(self, values: Values) -> Prepared:
        """The request with C(values).

        :raises Rejected: a value cannot stand where it belongs: it would name another path, or break a header.
        """
        quoted = {name: quote(str(value), safe="") for name, value in values.items()}
        path = self._filled_path(quoted)
        shown = self._filled_path({**quoted, "secret": "***"}) if "secret" in values else path
        query = {name: fill_text(str(value), values) for name, value in self.query.items()}
        return Prepared(
            self.method, path, query, fill_headers(self.option, self.headers, values), fill_json(self.body, values), shown
        )

    def _filled_path(self, quoted: Values) -> str:
        path = fill_text(self.path, quoted)
        empty = any(quoted.get(name) == "" for name in _placeholders(self.path))
        if empty or _climbs(path):
            raise Rejected(
                f"{self.option}.path would lead elsewhere with the id or name that belongs there.",
                next_step=f"look at what {self.option} is filled with: an id that is empty, or made of dots, is no id.",
            )
        return path


def _climbs(path: str) -> bool:
    """Whether a client would shorten it: C(/keys/..) is the parent."""
    return any(part in (".", "..") for part in path.replace("%2e", ".").replace("%2E", ".").split("/"))


def _placeholders(written: t.Any) -> set[str]:
    if isinstance(written, str):
        return set(_PLACEHOLDER.findall(written))
    parts: t.Iterable[t.Any] = ()
    if isinstance(written, t.Mapping):
        parts = written.values()
    elif isinstance(written, (list, tuple)):
        parts = written
    return set().union(*map(_placeholders, parts))


def check_placeholders(where: str, written: t.Any, allowed: t.Collection[str]) -> None:
    """:raises ConfigurationError: one that has no value here, or one in the name of a field."""
    if isinstance(written, t.Mapping):
        for name, value in written.items():
            check_placeholders(f"the name {name!r} in {where}", str(name), ())
            check_placeholders(f"{where}.{name}", value, allowed)
    elif isinstance(written, (list, tuple)):
        for number, value in enumerate(written):
            check_placeholders(f"{where}[{number}]", value, allowed)
    elif isinstance(written, str):
        unknown = sorted(_placeholders(written) - set(allowed))
        if unknown:
            raise ConfigurationError(
                f"{where} has the placeholder {{{unknown[0]}}}, which has no value there.",
                next_step=_what_there_is(unknown[0], allowed),
            )


def _what_there_is(unknown: str, allowed: t.Collection[str]) -> str:
    if unknown == "secret":
        return "a secret in a URL ends in logs; put it into a header. Where a vendor has no other way, verify.secret_in_url allows it."
    names = ", ".join(f"{{{name}}}" for name in sorted(allowed))
    return f"there {'are ' + names if names else 'is none'}; write {{ {unknown} }} with spaces for a text in braces."


def check_headers(where: str, written: t.Mapping[str, t.Any], allowed: t.Collection[str]) -> None:
    """:raises ConfigurationError: a header that cannot be one, or that is not for the user to set."""
    check_placeholders(where, written, allowed)
    for name, value in written.items():
        if not _HEADER_NAME.fullmatch(str(name)) or str(name).lower() in _OUR_HEADERS:
            raise ConfigurationError(
                f"{where} has {str(name)!r}, which is not a header that can be set.", next_step="leave it out."
            )
        if not _is_header_text(str(value)):
            raise ConfigurationError(
                f"{where}.{name} has a character that no header has.", next_step="look for a line break at its end."
            )


def fill_headers(option: str, written: t.Mapping[str, t.Any], values: Values) -> dict[str, str]:
    """:raises Rejected: a value has a character that no header has."""
    filled = {str(name): fill_text(str(value), values) for name, value in written.items()}
    for name, value in filled.items():
        if not _is_header_text(value):
            raise Rejected(
                f"{option}.headers.{name} cannot hold what belongs there: it has a character that no header has.",
                next_step=f"look at what {option} is filled with.",
            )
    return filled


def _is_header_text(text: str) -> bool:
    return all(32 <= ord(letter) <= 126 for letter in text)


def fill_text(text: str, values: Values) -> str:
    """Each placeholder replaced once: what a value holds is not looked at again."""
    return _PLACEHOLDER.sub(lambda match: str(values[match.group(1)]) if match.group(1) in values else match.group(0), text)


def fill_json(written: t.Any, values: Values) -> t.Any:
    """A body. A text that is nothing but a placeholder becomes its value, a number if it is one."""
    if isinstance(written, t.Mapping):
        return {str(name): fill_json(value, values) for name, value in written.items()}
    if isinstance(written, (list, tuple)):
        return [fill_json(value, values) for value in written]
    if not isinstance(written, str):
        return written
    alone = _PLACEHOLDER.fullmatch(written)
    if alone and alone.group(1) in values:
        return values[alone.group(1)]
    return fill_text(written, values)
