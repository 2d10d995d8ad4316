# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What issuers have in common whose keys only a person can make and revoke. The collection does everything in between.

The person supplies a value by the option C(new_value) or in the store's drop-off. It is checked against its predecessor before
anything is written, and the predecessor is watched until the person has revoked it. Subclasses say how to look at a value.
"""

from __future__ import annotations

import abc
import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    Attempt,
    Issued,
    Issuer,
    KeyInfo,
    Setting,
    Verdict,
    Verification,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import (
    ConfigurationError,
    Rejected,
    Unreachable,
    ValueAwaited,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

#: The field in which a person may say how the issuer's own pages call the key. It is no secret, and no field of a credential.
LABEL = "label"
_LONGEST_LABEL = 60

#: The option that every such module has.
SUPPLY_OPTIONS: dict[str, t.Any] = {"new_value": {"type": "dict", "no_log": True}}


@dataclasses.dataclass(frozen=True)
class _Supply:
    fields: SecretFields
    label: str


class SuppliedIssuer(Issuer):
    """See the module's docstring. A version's id is C(<whom it belongs to>/<label, or what names it>), of what is known of these."""

    MINTS = False
    SUPPLIED = True
    REVOKES = False

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        self._options = options
        self._setting = setting
        self._drop_off = setting.drop_off
        self._read: _Supply | None = None
        self._looked = False

    # ---- what a subclass says ---------------------------------------------------------------------------------------

    @abc.abstractmethod
    def look_at(self, fields: SecretFields) -> Verification:
        """Log in with a value on a new connection. C(identity) of the answer is whom it belongs to, empty where that is not said."""

    @abc.abstractmethod
    def check_form(self, fields: SecretFields) -> None:
        """Does a supplied value look like one, and like one of the right kind? No request is sent.

        :raises Rejected: no. The message never quotes it.
        """

    def name_of(self, fields: t.Mapping[str, str]) -> str:
        """What names a value in public, where nobody labelled it."""
        return SecretFields(fields).fingerprint()

    @property
    @abc.abstractmethod
    def where_made(self) -> str:
        """Where a person makes and revokes keys, for the end of a sentence."""

    # ---- the person's value -----------------------------------------------------------------------------------------

    def supplied(self) -> SecretFields | None:
        supply = self._supply()
        return supply.fields if supply else None

    def _supply(self) -> _Supply | None:
        """From the option or the drop-off, read once."""
        if not self._looked:
            self._read, self._looked = self._looked_for(), True
        return self._read

    def _looked_for(self) -> _Supply | None:
        given = self._options.get("new_value")
        option = self._understood(given, "new_value") if given else None
        found = self._drop_off.read() if self._drop_off else None
        dropped = self._understood(found, self._drop_off.place) if found and self._drop_off else None
        if option and dropped and option.fields != dropped.fields:
            raise ConfigurationError(
                f"{self._setting.credential}: new_value and the drop-off hold two different values.",
                next_step="remove one of them.",
            )
        return option or dropped

    def _understood(self, given: t.Mapping[str, t.Any], place: str) -> _Supply:
        label = str(given.get(LABEL) or "").strip()
        fields = {str(name): str(value).strip("\r\n") for name, value in given.items() if name != LABEL and value is not None}
        if sorted(fields) != sorted(self.fields) or not all(fields.values()):
            raise ConfigurationError(
                f"{self._setting.credential}: what {place} holds has not the fields of this credential.",
                next_step=f"give {', '.join(self.fields)}, each with a value, and {LABEL} if you like.",
            )
        if len(label) > _LONGEST_LABEL or not label.isprintable() or any(value in label for value in fields.values()):
            raise ConfigurationError(
                f"{self._setting.credential}: the {LABEL} in {place} is longer than {_LONGEST_LABEL} characters or is no label.",
                next_step="a label is public: give the name by which the issuer's own pages show the key.",
            )
        return _Supply(SecretFields(fields).register(self.PUBLIC_FIELDS), label)

    def how_to_supply(self, reason: str) -> str:
        places = ["run the playbook locksmith.rotation.supply, or put it into " + self._drop_off.place] if self._drop_off else []
        places.append("give it as new_value")
        soon = "now, because the old one leaked, " if reason == "leak" else ""
        return f"make a new value {soon}{self.where_made}; then {', or '.join(places)}"

    def propose(self, attempt: Attempt, current: Issued | None) -> Issued:
        """The supplied value, after a login with it, and after comparing whom it and its predecessor belong to."""
        supply = self._supply()
        if supply is None:
            raise ValueAwaited(self.how_to_supply(""))
        self.check_form(supply.fields)
        self.keys()
        owner = self._owner_of_new(supply.fields) if self.verifiable else ""
        if current is not None:
            self._check_successor(owner, current)
        return Issued(self._id(owner, supply.label or self.name_of(supply.fields)), supply.fields)

    def _owner_of_new(self, fields: SecretFields) -> str:
        seen = self.look_at(fields)
        if seen.verdict is Verdict.ALIVE:
            return seen.identity
        if seen.verdict is Verdict.DEAD:
            raise Rejected(
                f"the value supplied for {self.identity} does not work{_because(seen)}.",
                next_step="supply one that works; the published value was not touched.",
            )
        raise _not_known(f"the value supplied for {self.identity} works", seen)

    def _check_successor(self, owner: str, current: Issued) -> None:
        """Is the new value of the same owner as the old one? The old one's id says whose it is, also when it is dead."""
        before = current.id.rpartition("/")[0]
        if before != owner:
            raise Rejected(
                f"the value supplied for {self.identity} belongs to {owner or 'nobody who is named'}, and the published one to "
                f"{before or 'nobody who was named'}.",
                next_step="supply one of the same owner; the published value was not touched. To change the owner on purpose, "
                "start afresh: remove the journal, publish the new value by hand and have it adopted.",
            )

    @staticmethod
    def _id(owner: str, name: str) -> str:
        return f"{owner}/{name.replace('/', '_')}" if owner else name.replace("/", "_")

    def taken(self, version: Issued) -> None:
        if self._drop_off:
            self._drop_off.clear(version.fields)
        self._looked = False

    # ---- what is asked of every issuer ------------------------------------------------------------------------------

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        """Nothing is left to do: a person did it. Asks, like P(keys), whether the issuer answers."""
        if proposal is None:
            raise ValueAwaited(self.how_to_supply(""))
        self.keys()
        return proposal

    def verify(self, version: Issued) -> Verification:
        return self.look_at(version.fields)

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        """A value that works is its own evidence; there is no list to look it up in."""
        value = SecretFields(fields)
        if sorted(value) != sorted(self.fields):
            return None
        owner = ""
        if self.verifiable:
            seen = self.look_at(value)
            if seen.verdict is Verdict.UNKNOWN:
                raise _not_known(f"the value published for {self.identity} works", seen)
            if seen.verdict is Verdict.DEAD:
                return None
            owner = seen.identity
        return KeyInfo(self._id(owner, self.name_of(value)))

    def how_to_revoke(self, version: Issued) -> str:
        return f"revoke {version.id} (fingerprint {version.fields.fingerprint()}) {self.where_made}"

    def delete(self, version: Issued) -> None:
        """Nothing can be deleted here. Only a version that is dead may be forgotten.

        :raises Rejected: it still works. :raises Unreachable: nobody knows.
        """
        seen = self.look_at(version.fields)
        if seen.verdict is Verdict.DEAD:
            return
        if seen.verdict is Verdict.ALIVE:
            raise Rejected(
                f"{version.id} of {self.identity} still works, and only a person can revoke it.",
                next_step=f"{self.how_to_revoke(version)}; the next run goes on.",
                stranded=[f"{version.id} at {self.identity}"],
            )
        raise _not_known(f"{version.id} of {self.identity} still works", seen)

    def close(self) -> None:
        if self._drop_off:
            self._drop_off.close()


def _because(seen: Verification) -> str:
    return f" ({seen.detail})" if seen.detail else ""


def _not_known(what: str, seen: Verification) -> Unreachable:
    return Unreachable(
        f"whether {what} is not known{_because(seen)}.",
        next_step="nothing was changed; find out why the issuer gives no clear answer, then run again.",
    )
