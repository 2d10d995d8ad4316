# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody might write into a module's options: right and wrong types, edges, text that is none of what was asked for.

Paths lead into the current directory only, whatever is written there, so that an input which turns out valid harms nobody.
"""

from __future__ import annotations

import typing as t

from hypothesis import strategies as some

Spec = t.Mapping[str, t.Any]
Guess = some.SearchStrategy[t.Any]

#: What many options are asked for. Addresses are of this machine; nobody can be reached from where this runs anyway.
_WORDS = (
    *(
        "",
        " ",
        "0",
        "-1",
        "1",
        "true",
        "no",
        "null",
        "~",
        "[]",
        "{}",
        "{{ x }}",
        "%s",
        "a\nb",
        "tab\there",
        "ü",
        "\u202e",
        "\x00",
        "\x7f",
    ),
    *(
        "90d",
        "0s",
        "1h30m",
        "90 days",
        "5",
        "99999999999999999999d",
        "02:00",
        "25:00",
        "2027-01-31",
        "2027-02-30",
        "sat",
        "someday",
    ),
    *(
        "http://127.0.0.1:1",
        "https://127.0.0.1:1/x",
        "http://[::1",
        "ftp://x",
        "http://u:p@127.0.0.1:1",
        "127.0.0.1",
        "localhost",
    ),
    *(
        "orders/db",
        "../x",
        "a//b",
        "/app/key",
        "arn:aws:iam::123456789012:role/x",
        "eu-central-1",
        "AKIAIOSFODNN7EXAMPLE",
        "x" * 70,
    ),
)
#: No slash and no tilde: a path of such text stays in the current directory.
_text = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="/~"), max_size=20)
strings: Guess = some.one_of(some.sampled_from(_WORDS), _text)
numbers: Guess = some.one_of(
    some.integers(-2, 70000), some.sampled_from((2**31, 2**64, -(2**63))), some.floats(allow_nan=False, allow_infinity=False)
)
_plain: Guess = some.one_of(some.none(), some.booleans(), numbers, strings)
anything: Guess = some.recursive(
    _plain, lambda inner: some.one_of(some.lists(inner, max_size=3), some.dictionaries(_text, inner, max_size=3)), max_leaves=5
)
paths: Guess = some.sampled_from(("here", "there/file", "nothing/at/all", "", ".", "dir", "x" * 300, "new\nline"))


def arguments(spec: Spec, likely: t.Mapping[str, t.Any] | None = None) -> some.SearchStrategy[dict[str, t.Any]]:
    """Options for this argument spec, mostly of the right types, sometimes with unknown ones among them.

    :arg likely: values that make an input valid; each stands in one of two inputs.
    """
    known = {name: _maybe(option, (likely or {}).get(name)) for name, option in spec.items()}
    required = {name: guess for name, guess in known.items() if spec[name].get("required") or name in (likely or {})}
    optional = {name: guess for name, guess in known.items() if name not in required}
    whole = some.fixed_dictionaries(required, optional=t.cast(t.Any, optional))
    spoilt = some.fixed_dictionaries({}, optional=t.cast(t.Any, {**known, "no_such_option": anything}))
    return some.one_of(whole, whole, whole, spoilt)


def _maybe(option: Spec, likely: t.Any) -> Guess:
    right = of_type(option)
    usual = [] if likely is None else [some.just(likely)] * 6
    return some.one_of(*usual, right, right, right, anything)


def of_type(option: Spec) -> Guess:
    """Values that this option takes, as far as its type goes."""
    if option.get("choices"):
        return some.sampled_from(list(option["choices"]))
    if option.get("options"):
        inner = arguments(option["options"])
        return some.lists(inner, max_size=3) if option.get("type") == "list" else inner
    kind = option.get("elements") if option.get("type") == "list" else option.get("type", "str")
    guess = _TYPES.get(str(kind), anything)
    return some.lists(guess, max_size=4) if option.get("type") == "list" else guess


_TYPES: dict[str, Guess] = {
    "str": strings,
    "int": some.integers(-2, 70000),
    "float": numbers,
    "bool": some.booleans(),
    "path": paths,
    "dict": some.dictionaries(_text, anything, max_size=3),
    "raw": anything,
}
