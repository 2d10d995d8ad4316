# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a forked run does: the collection's own entry, with options as a user writes them."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.rotation import argument_spec, perform
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.issuers import issuer_class


def rotate(kind: str, options: t.Mapping[str, t.Any], check_mode: bool = False) -> dict[str, t.Any]:
    """The body of the module of C(kind), from its validated options to its result."""
    issuer = issuer_class(kind)
    checked = ArgumentSpecValidator(argument_spec(issuer), **issuer.CONSTRAINTS).validate(dict(options))
    if checked.error_messages:
        raise ConfigurationError("; ".join(checked.error_messages))
    return perform(issuer, checked.validated_parameters, check_mode)
