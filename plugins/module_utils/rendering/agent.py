# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The formats in the template language of the Vault or OpenBao agent, for hosts that pull by themselves.

P(template_of) says what the agent is to render, P(expected) what that is for given values, byte for byte: so a host can be asked
whether its file holds a version without being shown the value. All but C(json) come out as P(FORMATS) writes them; C(json)
leaves what is not ASCII as it is. A template holds no value. The agent owns the whole file, also where a format knows other
people's lines.

Source: the functions of consul-template (docs/templating-language.md in its repository), and sprig's with C(sprig_) before them.
"""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.formats import FORMATS
from ansible_collections.locksmith.rotation.plugins.module_utils.rendering.interface import Place
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

#: Code points that YAML cannot have in a double-quoted scalar as they are, other than the backslash.
_YAML_ESCAPED = (0x22, *range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF)
_JSON_SHORT = {'"': '\\"', "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ANY_CONTROL = r"[\x00-\x1f\x7f]"
_INI_CONTROL = r"[\x00-\x08\x0a-\x1f\x7f\x{85}\x{2028}\x{2029}]"
#: The blanks that Python strips from the ends of a text.
_BLANK = r"[\s\x0b\x1c-\x1f\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]"
_ENV_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f]"
_INI_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_NAMES = {"env": re.compile(r"[A-Za-z_][A-Za-z0-9_]*"), "ini": _INI_NAME, "aws_credentials": _INI_NAME}
#: Format to what is wrong with it here.
_CANNOT = {
    "template": "a Jinja2 template is rendered on the controller",
    "pgbouncer_userlist": "it needs a SCRAM verifier, which the agent's templates cannot compute",
}


@dataclasses.dataclass(frozen=True)
class Source:
    """Where the agent reads a value.

    :arg path: as its API has it, C(secret/data/orders/db) in version 2 of a KV engine.
    :arg versioned: whether that is version 2.
    """

    path: str
    versioned: bool


def why_not(written: str) -> str:
    """Why an agent cannot write the format C(written); empty where it can."""
    return _CANNOT.get(written, "")


def expected(written: str, values: t.Mapping[str, str], place: Place) -> str:
    """The whole text of the file. C(values): name in the file to value.

    :raises Rejected: the format cannot carry a value; the agent refuses it as well.
    """
    if written == "json":
        return json.dumps(dict(values), indent=2, ensure_ascii=False) + "\n"
    return FORMATS[written].render("", values, place, lambda part: False)


def template_of(written: str, names: t.Mapping[str, str], optional: bool, place: Place, source: Source) -> str:
    """What the agent renders.

    :arg names: name in the file to published field, in their order. :arg optional: leave out what is not published.
    :raises ConfigurationError: the format has no room for these names. A format that C(why_not) refuses never gets here.
    """
    _check_names(written, names)
    fields = [_Field(name, published, optional) for name, published in names.items()]
    data = ".Data.data" if source.versioned else ".Data"
    body = _BODIES[written](fields, place)
    return "".join(
        (
            _DEFINED.get(written, ""),
            f"{{{{ with secret {_quoted(source.path)} }}}}{{{{ $data := {data} }}}}",
            body,
            "{{ end }}",
        )
    )


def _check_names(written: str, names: t.Mapping[str, str]) -> None:
    allowed = _NAMES.get(written)
    wrong = [name for name in names if allowed and not allowed.fullmatch(name)]
    if wrong:
        raise ConfigurationError(f"{wrong[0]!r} cannot be a name in format {written}", next_step="correct the entry's fields.")
    if written == "raw" and len(names) != 1:
        raise ConfigurationError(
            f"format raw writes one field, and there are {len(names)}",
            next_step="name the one in the entry's fields, as in fields: {value: password}.",
        )
    if written == "pgpass" and set(names) != {"user", "password"}:
        raise ConfigurationError("format pgpass writes user and password", next_step="name these two in the entry's fields.")


@dataclasses.dataclass(frozen=True)
class _Field:
    """One name in the file, and the published field that goes there."""

    name: str
    published: str
    optional: bool

    def around(self, action: str) -> str:
        """C(action), a piece of template, with the value in C($value)."""
        known = f"sprig_hasKey $data {_quoted(self.published)}"
        value = f"{{{{ $value := index $data {_quoted(self.published)} | printf `%v` }}}}"
        if self.optional:
            return f"{{{{ if {known} }}}}{value}{action}{{{{ end }}}}"
        missing = _failure(f"the field {self.published} is not published")
        return f"{{{{ if not ({known}) }}}}{missing}{{{{ end }}}}{value}{action}"


def _env(fields: t.Sequence[_Field], place: Place) -> str:
    lines = (
        field.around(_refused(_ENV_CONTROL, field.name) + f'{field.name}={{{{ template "env" $value }}}}\n') for field in fields
    )
    return _comment(place) + "".join(lines)


def _yaml(fields: t.Sequence[_Field], place: Place) -> str:
    keys = ((field, FORMATS["yaml"].render("", {field.name: ""}, Place(), lambda part: False)) for field in fields)
    lines = (
        field.around(_literal(text.splitlines()[-1][: -len('""')]) + '"{{ template "yaml" $value }}"\n') for field, text in keys
    )
    return _comment(place) + "---\n" + "".join(lines)


def _json(fields: t.Sequence[_Field], place: Place) -> str:
    pieces = (
        field.around(
            "{{ $between }}\n  "
            + _literal(json.dumps(field.name, ensure_ascii=False))
            + ': "{{ template "json" $value }}"{{ $between = "," }}'
        )
        for field in fields
    )
    return '{{ $between := "" }}{{ "{" }}' + "".join(pieces) + "\n}\n"


def _raw(fields: t.Sequence[_Field], place: Place) -> str:
    return fields[0].around("{{ $value }}")


def _ini(fields: t.Sequence[_Field], place: Place) -> str:
    FORMATS["ini"].render("", {}, place, lambda part: False)  # refuses a section that is none
    refused = f"{_INI_CONTROL}|^{_BLANK}|{_BLANK}$"
    lines = (field.around(_refused(refused, field.name) + f"{field.name} = {{{{ $value }}}}\n") for field in fields)
    return _literal(f"[{place.section}]") + "\n" + "".join(lines)


def _pgpass(fields: t.Sequence[_Field], place: Place) -> str:
    parts = {field.name: field.around(_refused(_ANY_CONTROL, field.name) + '{{ template "pgpass" $value }}') for field in fields}
    start = FORMATS["pgpass"].render("", {"user": "", "password": ""}, place, lambda part: False)
    return f"{_literal(start[: -len(':' + chr(10))])}{parts['user']}:{parts['password']}\n"


_BODIES: dict[str, t.Callable[[t.Sequence[_Field], Place], str]] = {
    "env": _env,
    "json": _json,
    "yaml": _yaml,
    "raw": _raw,
    "ini": _ini,
    "aws_credentials": _ini,
    "pgpass": _pgpass,
}


def _quoted(text: str) -> str:
    """A string of the template language: Go's, which is JSON's except that it knows no escaped surrogates."""
    return re.sub("[\x7f-\uffff]", lambda found: f"\\u{ord(found.group()):04x}", json.dumps(text, ensure_ascii=False))


def _literal(text: str) -> str:
    """C(text) as the template's own text."""
    return text.replace("{{", '{{ "{{" }}')


def _comment(place: Place) -> str:
    return _literal(FORMATS["env"].render("", {}, place, lambda part: False))


def _failure(text: str) -> str:
    return f"{{{{ sprig_fail {_quoted(text)} }}}}"


def _refused(pattern: str, name: str) -> str:
    return f"{{{{ if regexMatch `{pattern}` $value }}}}{_failure(f'{name} holds what this format cannot carry')}{{{{ end }}}}"


def _replaced(pairs: t.Iterable[tuple[str, str]]) -> str:
    """The value with each first text replaced by its second, in this order."""
    return "{{ . " + "".join(f"| replaceAll {_quoted(old)} {_quoted(new)} " for old, new in pairs) + "}}"


def _define(name: str, text: str) -> str:
    return f"{{{{ define {_quoted(name)} }}}}{text}{{{{ end }}}}"


def _yaml_escape(code: int) -> str:
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"


_BACKSLASH = ("\\", "\\\\")
_DEFINED = {
    "env": _define(
        "env",
        "{{ if regexMatch `^[A-Za-z0-9_./:@%+,=-]+$` . }}{{ . }}{{ else if not (. | contains `'`) }}'{{ . }}'{{ else }}\""
        + _replaced([_BACKSLASH, ('"', '\\"'), ("$", "\\$"), ("`", "\\`")])
        + '"{{ end }}',
    ),
    "yaml": _define("yaml", _replaced([("\\", "\\x5c"), *((chr(code), _yaml_escape(code)) for code in _YAML_ESCAPED)])),
    "json": _define(
        "json",
        _replaced(
            [_BACKSLASH, *((char, _JSON_SHORT.get(char, f"\\u{ord(char):04x}")) for char in ['"', *map(chr, range(0x20))])]
        ),
    ),
    "pgpass": _define("pgpass", _replaced([_BACKSLASH, (":", "\\:")])),
}
