# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told to others about a published version, and what is asked of the ways to tell it. One class a way, in the files beside.

An announcement holds public facts only: whoever gets it fetches the value from the store, with rights of its own.
Called by P(entry.announcing).
"""

from __future__ import annotations

import abc
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError

#: The facts of an announcement, in this order.
FACTS = ("event", "credential", "type", "version", "id", "fingerprint", "store", "published_at")
#: The only event that there is so far: this version is what the store publishes now.
PUBLISHED = "credential_published"

Facts = t.Mapping[str, str]


def as_variables(facts: Facts) -> dict[str, str]:
    """The facts under names for a pipeline's environment: C(CREDENTIAL), C(CREDENTIAL_VERSION) and so on."""
    return {"CREDENTIAL" if name == "credential" else f"CREDENTIAL_{name.upper()}": value for name, value in facts.items()}


class Target(abc.ABC):
    """One place that is told. See the module's docstring."""

    #: The value of C(kind).
    KIND: t.ClassVar[str]
    #: The target's own options, as an Ansible argument spec. Those of all kinds make one spec, so an option that two kinds share
    #: has the same type and C(no_log) in both, and none has a default.
    OPTIONS: t.ClassVar[dict[str, t.Any]]
    #: Which of them must be given.
    REQUIRED: t.ClassVar[tuple[str, ...]]

    def __init__(self, options: t.Mapping[str, t.Any], clock: Clock) -> None:
        self._options = options
        self._clock = clock

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], clock: Clock) -> Target:
        """Build from validated options. Opens no connection.

        :raises ConfigurationError: an option is missing, or belongs to another kind.
        """
        given = {name for name, value in options.items() if value is not None} - {"kind", "name", "fields"}
        missing = [name for name in cls.REQUIRED if name not in given]
        if missing:
            raise ConfigurationError(
                f"a target of kind {cls.KIND} lacks {', '.join(missing)}.", next_step="add it to credential_announce."
            )
        return cls(options, clock)

    @property
    def name(self) -> str:
        """What the journal and messages call it. Public."""
        return str(self._options.get("name") or f"{self.KIND} {self.address}")

    @property
    @abc.abstractmethod
    def address(self) -> str:
        """Where it is, without anything secret."""

    @abc.abstractmethod
    def send(self, facts: Facts) -> None:
        """Tell it. Sent again after a failure that may be over in a moment, so it may arrive twice.

        :raises LocksmithError: it did not arrive, or nobody knows whether it did.
        """

    def close(self) -> None:
        """Let go of connections."""
        return
