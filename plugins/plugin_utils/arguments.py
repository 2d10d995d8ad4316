# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of a task as its module would see them, validated by Ansible's own rules. Called by the action plugins."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError


def validated(validator: ArgumentSpecValidator, given: t.Mapping[str, t.Any], about: str = "") -> dict[str, t.Any]:
    """With defaults filled in and types made right. What is None counts as not given.

    :arg about: what the message begins with, such as the credential's name.
    :raises ConfigurationError: the module would refuse them.
    """
    checked = validator.validate({name: value for name, value in given.items() if value is not None})
    if checked.error_messages:
        raise ConfigurationError(f"{about}{'; '.join(checked.error_messages)}.")
    return dict(checked.validated_parameters)
