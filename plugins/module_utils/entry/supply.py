# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a value that a person has made into the drop-off of a credential, after checking it as the rotation will.

Called by the action plugin C(credential_supply), on the controller.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.drop_off import LABEL, build_drop_off
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.journals import journal_in
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.spec import build_policy, build_setting, build_store
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued, Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Journal
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock, SystemClock, to_iso
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError, naming
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields


def understood(value: t.Any, label: str, fields: t.Sequence[str]) -> dict[str, str]:
    """What a person typed, as C(new_value): a bare text where the credential has one field, else a JSON object.

    :raises ConfigurationError: neither. The message never quotes it.
    """
    if isinstance(value, str) and len(fields) == 1:
        value = {fields[0]: value.strip("\r\n")}
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, dict):
        raise ConfigurationError(
            "the value supplied is not a JSON object, and the credential has several fields.",
            next_step="give an object with the fields " + ", ".join(fields) + ".",
        )
    return {**value, **({LABEL: label} if label else {})}


def supply(issuer_class: type[Issuer], params: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Check O(new_value) and put it into the drop-off; a public result.

    :raises LocksmithError: it is not fit to be the next value, or there is no drop-off. Nothing was written.
    """
    credential, clock = params["name"], SystemClock()
    drop_off = build_drop_off(params["store"], issuer_class)
    if drop_off is None:
        raise ConfigurationError(
            f"{credential}: its store has no drop-off to put a value into.",
            next_step="name one with store.drop_off, or give the value to the rotation as new_value.",
        )
    policy = build_policy(params, issuer_class)
    setting = dataclasses.replace(build_setting(params, policy, clock, issuer_class), drop_off=None)
    issuer, store = issuer_class.create(params, setting), build_store(params["store"], issuer_class)
    with naming(credential), contextlib.ExitStack() as stack:
        for opened in (drop_off, store, issuer):
            stack.callback(opened.close)
        journal = journal_in(store, credential, issuer)
        proposal = _checked(issuer, journal, clock)
        known = {version.fingerprint for version in journal.versions} if journal else set()
        result = {
            "credential": credential,
            "id": proposal.id,
            "fingerprint": proposal.fields.fingerprint(),
            "place": drop_off.place,
        }
        if proposal.fields.fingerprint() in known or drop_off.read() == params["new_value"]:
            return {**result, "changed": False, "msg": f"{credential}: this value is known already."}
        if not check_mode:
            drop_off.put(SecretFields({**proposal.fields, **_label(params)}), to_iso(clock.now()) or "")
        return {
            **result,
            "changed": True,
            "msg": f"{credential}: {proposal.id} lies in {drop_off.place}; the next rotate run takes it.",
        }


def _checked(issuer: Issuer, journal: Journal | None, clock: Clock) -> Issued:
    current = journal.current if journal else None
    return issuer.propose(Attempt("", clock.now(), (), 0), current.issued() if current else None)


def _label(params: t.Mapping[str, t.Any]) -> dict[str, str]:
    label = params["new_value"].get(LABEL)
    return {LABEL: str(label)} if label else {}
