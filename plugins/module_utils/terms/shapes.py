# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether options have the shape that Ansible's own validation takes for granted. Called before it, wherever it is called.

Ansible looks for fallbacks and secrets in an option's suboptions before it looks at the option's type, and ends with a
traceback where a number or an empty element stands in place of a mapping. Seen in ansible-core 2.18 to 2.22.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

_NUMBERS = ("int", "float")
Spec = t.Mapping[str, t.Mapping[str, t.Any]]


def check_shapes(spec: Spec, given: t.Mapping[str, t.Any], title: str = "") -> None:
    """Refuse an option with suboptions that is no mapping, or no list of mappings.

    :arg title: what to put before the option's name in the message.
    :raises ConfigurationError: names the option, and never shows what was written there.
    """
    for name, option in spec.items():
        suboptions = option.get("options") or {}
        for written in (name, *option.get("aliases", ())):
            if option.get("type") in _NUMBERS and isinstance(given.get(written), (list, dict)):
                raise ConfigurationError(f"{title}{written} is not a number.", next_step="write one.")
            for one in _each(option, given.get(written)) if suboptions else ():
                if not isinstance(one, t.Mapping):
                    raise ConfigurationError(
                        f"{title}{written} is not a mapping.", next_step="write option: value lines, indented below it."
                    )
                check_shapes(suboptions, one, f"{title}{written}.")


def foreign_options(given: t.Mapping[str, t.Any], spec: Spec, *others: str) -> list[str]:
    """What was written that belongs to another type of thing: neither in C(spec), by name or alias, nor one of C(others)."""
    known = {*others, *spec}
    for option in spec.values():
        known.update(option.get("aliases", ()))
    return sorted(str(name) for name in given if name not in known)


def refuse_foreign(given: t.Mapping[str, t.Any], spec: Spec, whose: str, *others: str, prefix: str = "") -> None:
    """P(foreign_options) are a mistake.

    :arg whose: what they do not belong to: C(a channel of kind slack). :arg prefix: what is put before each in the message.
    :raises ConfigurationError: names them, and those that there are.
    """
    foreign = foreign_options(given, spec, *others)
    if foreign:
        raise ConfigurationError(
            f"{', '.join(prefix + name for name in foreign)} does not belong to {whose}.",
            next_step=f"its options are {', '.join(sorted(spec))}.",
        )


def _each(option: t.Mapping[str, t.Any], value: t.Any) -> t.Sequence[t.Any]:
    if value is None:
        return ()
    return value if option.get("type") == "list" and isinstance(value, list) else (value,)
