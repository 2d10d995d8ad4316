# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine asks of a store. One class a system, in a file of its own beside this one.

A store keeps two things for one credential: the *published* value, in exactly the shape its readers expect, and
the *journal*, an opaque text that holds secrets, at a place where readers of the published value need no right.
Each has a revision, and writes name the revision that they replace: compare-and-set, or the nearest thing
to it that the system has, described in the class's docstring together with cost and rights.
"""

from __future__ import annotations

import abc
import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.access import Endpoint, LeastRights
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

#: The field published beside the value, ISO 8601 in UTC.
ROTATED_AT = "rotated_at"


@dataclasses.dataclass(frozen=True)
class Journalled:
    """The journal's text and its revision. The text holds secrets: never log it."""

    text: str = dataclasses.field(repr=False)
    revision: str = ""


@dataclasses.dataclass(frozen=True)
class Published:
    """The published value, under the issuer's own field names (C(store.fields) undone), and its revision.

    C(rotated_at) is ISO 8601 or None. Sibling fields that are not ours are not in here.
    """

    fields: SecretFields
    revision: str
    rotated_at: str | None = None


class Store(abc.ABC):
    """One credential's place in one store. See the module's docstring."""

    #: The value of C(store.type).
    TYPE: t.ClassVar[str]
    #: The store's own options, as an Ansible argument spec (without C(type) and C(fields)). The suboptions of all
    #: stores make one spec, so an option that two stores share has the same type, default and C(no_log) in both,
    #: none is C(required), and what belongs together is checked in M(create).
    OPTIONS: t.ClassVar[dict[str, t.Any]]
    #: The option that names the published place, so that another place of the same store can serve as a drop-off.
    #: Empty: this store has no drop-offs.
    PLACE: t.ClassVar[str] = ""

    def __init__(self, field_names: t.Sequence[str], renames: t.Mapping[str, str] | None) -> None:
        """:arg field_names: the issuer's fields. :arg renames: C(store.fields), issuer's name to published name."""
        self._renames = {name: (renames or {}).get(name, name) for name in field_names}
        unknown = sorted(set(renames or {}) - set(field_names))
        if unknown:
            raise ConfigurationError(
                f"store.fields renames {', '.join(unknown)}, which this credential does not have.",
                next_step=f"its fields are {', '.join(field_names)}.",
            )
        names = [*self._renames.values(), ROTATED_AT]
        if len(set(names)) != len(names):
            raise ConfigurationError(
                "store.fields gives two fields the same published name.",
                next_step=f"published names must differ from each other and from {ROTATED_AT}.",
            )

    def outward(self, fields: t.Mapping[str, str]) -> dict[str, str]:
        """Issuer's field names to published ones."""
        return {self._renames[name]: value for name, value in fields.items() if name in self._renames}

    def inward(self, published: t.Mapping[str, t.Any]) -> SecretFields:
        """Published names back to the issuer's; what is not ours is left out."""
        return SecretFields({name: str(published[out]) for name, out in self._renames.items() if published.get(out) is not None})

    @classmethod
    def preload(cls) -> None:
        """As P(Issuer.preload)."""
        return

    @classmethod
    @abc.abstractmethod
    def create(cls, options: t.Mapping[str, t.Any], field_names: t.Sequence[str], renames: t.Mapping[str, str] | None) -> Store:
        """Build from validated options. Opens no connection.

        :raises ConfigurationError: options that contradict each other. :raises MissingLibrary: client library missing.
        """

    @property
    @abc.abstractmethod
    def place(self) -> str:
        """Where the value is published, for people: C(vault secret/orders/db)."""

    @abc.abstractmethod
    def read_journal(self) -> Journalled | None:
        """The newest journal, or None if there has never been one. One request in the ordinary case."""

    @abc.abstractmethod
    def write_journal(self, text: str, expected: str | None) -> str:
        """Replace revision C(expected) (None: there must be none yet) and return the new revision.

        :raises Conflict: the journal is no longer at C(expected). :raises QuotaExceeded: larger than the store takes.
        """

    @abc.abstractmethod
    def read_published(self) -> Published | None:
        """The published value, or None if there is none or none of our fields are in it."""

    @abc.abstractmethod
    def check_publishable(self, sizes: t.Mapping[str, int]) -> None:
        """Find out, changing nothing, whether a value with fields of these sizes (bytes) could be published:
        the rights, the size limits, a secret scheduled for deletion, a wrong type. Called before anything is issued.

        :raises Denied: no right to write. :raises QuotaExceeded: too large. :raises Rejected: cannot be written to.
        """

    @abc.abstractmethod
    def publish(self, fields: SecretFields, rotated_at: str, expected: str | None) -> str:
        """Make C(fields) what readers see, keep sibling fields, and read back that it is so; return the new revision.

        :arg expected: the revision P(read_published) gave, None where there was nothing.
        :raises Conflict: somebody else published in between.
        """

    def remove(self, expected: str) -> None:
        """Remove the published value at revision C(expected) for good, with all that lies there. Only asked of a drop-off.

        :raises Conflict: somebody has put another value there, which stays. :raises Denied: no right to.
        """
        raise ConfigurationError(f"a store of type {self.TYPE} has no drop-off.", next_step="leave store.drop_off out.")

    def endpoints(self) -> t.Sequence[Endpoint]:
        """As M(Issuer.endpoints)."""
        return ()

    def least_rights(self) -> t.Sequence[LeastRights]:
        """As M(Issuer.least_rights), for a run that rotates. What readers need is on the store's page."""
        return ()

    def close(self) -> None:
        """Let go of connections."""
        return
