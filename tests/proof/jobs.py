# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a forked run does: the collection's own entry, with options as a user writes them."""

from __future__ import annotations

import json
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.rotation import argument_spec, perform
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.values import open_store
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.plugins.plugin_utils.issuers import issuer_class


def rotate(kind: str, options: t.Mapping[str, t.Any], check_mode: bool = False) -> dict[str, t.Any]:
    """The body of the module of C(kind), from its validated options to its result."""
    issuer = issuer_class(kind)
    checked = ArgumentSpecValidator(argument_spec(issuer), **issuer.CONSTRAINTS).validate(dict(options))
    if checked.error_messages:
        raise ConfigurationError("; ".join(checked.error_messages))
    return perform(issuer, checked.validated_parameters, check_mode)


#: What the journal records the time of, in each version.
_TIMES = ("created_at", "published_at", "proved_at", "disabled_at")


def age(kind: str, store: t.Mapping[str, t.Any], seconds: int) -> None:
    """Let time pass: everything that the journal has recorded is that much longer ago. No part of what is proved."""
    place = open_store("", issuer_class(kind), store)
    found = place.read_journal()
    if found is not None:
        data = json.loads(found.text)
        for version in data.get("versions", []):
            version.update({name: version[name] - seconds for name in _TIMES if name in version})
        for attempt in data.get("unsettled", []):
            attempt["at"] -= seconds
        place.write_journal(json.dumps(data, separators=(",", ":")), found.revision)
    place.close()


def publish(kind: str, store: t.Mapping[str, t.Any], fields: t.Mapping[str, str]) -> None:
    """What a person does who puts a value in the store. No part of what is proved."""
    place = open_store("", issuer_class(kind), store)
    place.publish(SecretFields(fields), "2026-11-21T03:14:00Z", None)
    place.close()
