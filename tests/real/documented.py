# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages of the documentation hold to paste, taken from there for the tests, and a whole life of a credential."""

from __future__ import annotations

import pathlib
import re
import time
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.module_utils.entry import run
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.rotation import argument_spec, perform
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer

DOCS = pathlib.Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str, language: str) -> list[str]:
    """The blocks of one language on a page below docs/."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return [found["text"] for found in _BLOCK.finditer(text) if found["language"] == language]


def block(page: str, language: str, holding: str) -> str:
    """The only block of that language that holds C(holding)."""
    found = [text for text in blocks(page, language) if holding in text]
    if len(found) != 1:
        raise LookupError(f"{len(found)} {language} blocks of {page} hold {holding!r}")
    return found[0]


class Life:
    """One credential through the module's own entry, with the options of a user. C(store) is O(store)."""

    def __init__(self, issuer: type[Issuer], name: str, options: t.Mapping[str, t.Any], store: t.Mapping[str, t.Any]) -> None:
        self._issuer = issuer
        self._options = {"name": name, "store": dict(store), "grace": "0s", "recovery_wait": "0s", **options}

    def call(self, check_mode: bool = False, **more: t.Any) -> dict[str, t.Any]:
        checked = ArgumentSpecValidator(argument_spec(self._issuer), **self._issuer.CONSTRAINTS).validate(
            {**self._options, **more}
        )
        if checked.error_messages:
            raise ValueError("; ".join(checked.error_messages))
        run.LOADED_AT = time.time()  # each call is a run of its own
        return perform(self._issuer, checked.validated_parameters, check_mode)

    def from_birth_to_retirement(self) -> list[str]:
        """Foretold, created, forced, retired; what each call did."""
        done = [
            self.call(check_mode=True),
            self.call(),
            self.call(),
            self.call(force=True, reason="manual"),
        ]
        for _turn in range(3):
            done.append(self.call(state="retired", consumers=[]))
        return [str(result["action"]) for result in done]
