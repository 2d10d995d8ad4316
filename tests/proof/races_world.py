# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One credential of any issuer in any store, made from the registered makers, and looked at without the code under test."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.rotation import argument_spec
from ansible_collections.locksmith.rotation.plugins.plugin_utils.issuers import issuer_class
from ansible_collections.locksmith.rotation.tests.proof.races_runs import Report, Work, perform
from ansible_collections.locksmith.rotation.tests.proof.subject import Pair

_COMMON = {"rotate_after": "1h", "grace": "1h", "recovery_wait": "0s", "verify_timeout": "20s"}


class Raced:
    """One credential that several runs go for."""

    def __init__(self, pair: Pair) -> None:
        self._subject = pair.subject()
        self.maker, self.issuer, self.place = self._subject.maker, self._subject.issuer, self._subject.store

    def options(self, **wish: t.Any) -> dict[str, t.Any]:
        """The module's options as a user writes them."""
        return self._subject.options(**{**_COMMON, **wish})

    def run(self, **wish: t.Any) -> Work:
        """What a process does that is asked for this. C(wish): options that differ from the usual ones."""
        kind = issuer_class(self.issuer.KIND)
        checked = ArgumentSpecValidator(argument_spec(kind), **kind.CONSTRAINTS).validate(self.options(**wish))
        if checked.error_messages:
            raise ValueError("; ".join(checked.error_messages))
        return lambda: perform(kind, checked.validated_parameters)

    def supply(self) -> None:
        """Where a person makes the values, that person makes the next one."""
        if self.issuer.SUPPLIED:
            self._subject.renew_options()

    def key_ids(self) -> set[str]:
        """All keys of the identity at the issuer; empty where it does not mint."""
        return self.maker.key_ids(self.issuer) if self.issuer.MINTS else set()

    def harm(self, keys: t.Sequence[int]) -> str:
        """What is wrong with what is published and with the number of keys, or an empty string."""
        published = self._subject.published()
        if not published:
            return "nothing is published"
        if not self.maker.alive(self.issuer, published):
            return "what is published does not authenticate"
        found = self.key_ids()
        allowed = [1] if self.issuer.capacity == 1 else keys
        if self.issuer.MINTS and len(found) not in allowed:
            return f"there are {len(found)} keys instead of {' or '.join(map(str, allowed))}"
        return ""


def tell(report: Report) -> str:
    """A report on one line."""
    return f"{report.get('action', 'failed')}: {report.get('msg', '')}"[:200]
