# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Credentials that a person makes and revokes, at an issuer without an API for that. Everything in between is done here.

What a value consists of is said by C(store.fields) (or C(store.names)); without these it is one field, C(secret).
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import KeyInfo, Setting, Verdict, Verification
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.manual_probe import PROBE_OPTIONS, Probe
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.supplied import LABEL, SUPPLY_OPTIONS, SuppliedIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields

_ROTATED_AT = "rotated_at"


class ManualIssuer(SuppliedIssuer):
    """See the module's docstring."""

    KIND = "manual"
    MODULE = "manual_credential_rotate"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {
        **SUPPLY_OPTIONS,
        "made_at": {"type": "str", "required": True},
        "probe": {"type": "dict", "options": PROBE_OPTIONS},
        "unverified": {"type": "bool", "default": False},
        "revoked": {"type": "list", "elements": "str", "default": []},
        "overlap": {"type": "bool", "default": True},
    }
    FIELDS = ("secret",)

    def __init__(self, options: t.Mapping[str, t.Any], setting: Setting) -> None:
        super().__init__(options, setting)
        described = options.get("probe")
        self._probe = Probe(described, self.fields, setting.clock) if described else None

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> ManualIssuer:
        if bool(options.get("probe")) == bool(options.get("unverified")):
            raise ConfigurationError(
                f"{setting.credential}: a value is checked by a probe, or it is said that it is not: exactly one of probe and "
                "unverified is needed.",
                next_step="describe a probe; set unverified to true only where no request can show whether a value works.",
            )
        if options.get("revoked") and options.get("probe"):
            raise ConfigurationError(
                f"{setting.credential}: with a probe nobody has to say what was revoked.", next_step="leave revoked out."
            )
        return cls(options, setting)

    @classmethod
    def field_names(cls, store: t.Mapping[str, t.Any]) -> tuple[str, ...]:
        chosen = tuple(str(name) for name in (store.get("fields") or store.get("names") or cls.FIELDS) if name != _ROTATED_AT)
        if LABEL in chosen:
            raise ConfigurationError(
                f"{LABEL} is no name for a field: it says how the issuer's own pages call a key.",
                next_step="call the field otherwise in store.fields.",
            )
        return chosen

    @property
    def fields(self) -> tuple[str, ...]:
        return self._setting.fields or self.FIELDS

    @property
    def identity(self) -> str:
        checked = f"checked at {self._probe.origin}" if self._probe else "never checked: no probe"
        return f"manual credential {self._setting.credential} ({checked})"

    @property
    def capacity(self) -> int:
        return 0 if self._options.get("overlap", True) else 1

    @property
    def verifiable(self) -> bool:
        return self._probe is not None

    @property
    def where_made(self) -> str:
        return f"at {self._options['made_at']}"

    def keys(self) -> list[KeyInfo]:
        """There is no list. Asks whether the server answers and turns a value away that nobody issued."""
        if self._probe:
            self._probe.check_tells_apart()
        return []

    def look_at(self, fields: SecretFields) -> Verification:
        if self._probe:
            return self._probe.look_at(fields)
        if fields.fingerprint() in (self._options.get("revoked") or ()):
            return Verification(Verdict.DEAD, detail="a person says so")
        return Verification(Verdict.UNKNOWN, detail="there is no probe, so nothing is checked")

    def check_form(self, fields: SecretFields) -> None:
        """Any value may be one."""

    def how_to_revoke(self, version: t.Any) -> str:
        told = super().how_to_revoke(version)
        return told if self._probe else f"{told} and then to say so with revoked: [{version.fields.fingerprint()}]"
