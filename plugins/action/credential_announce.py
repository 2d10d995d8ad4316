# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells teams and their pipelines which version of a credential is published. Always on the controller. Never fails: it warns."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.announcing import announce, not_announced
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import left_out
from ansible_collections.locksmith.rotation.plugins.plugin_utils.issuers import issuer_class
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text

_OPTIONS = ("name", "type", "store", "targets")
#: See P(left_out).
_FROM_VARIABLES = {"store": "credential_store", "targets": "credential_announce"}


class ActionModule(ActionBase):
    """See the module's docstring."""

    _requires_connection = False
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        credential = plain_text(self._task.args.get("name") or (task_vars or {}).get("inventory_hostname", ""))
        try:
            written = self._written(task_vars or {})
            targets = written.get("targets") or []
            _check(written, targets)
            issuer = issuer_class(written["type"])
            told = announce(credential, issuer, written["store"], targets, SystemClock(), bool(self._task.check_mode))
            result.update(told)
        except Exception as error:  # whatever happens: the rotation has succeeded, and no traceback may show a value
            result.update(not_announced(credential, error))
        return result

    def _written(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """The arguments, and what the credential's variables say besides.

        :raises ConfigurationError: a variable cannot be evaluated, because a lookup in it fails most often.
        """
        written: dict[str, t.Any] = plain(self._task.args)
        try:
            return {**written, **left_out(self._templar, written, task_vars, _FROM_VARIABLES)}
        except Exception as error:
            raise ConfigurationError(
                f"credential_announce or credential_store cannot be evaluated ({type(error).__name__}).",
                next_step="look at the lookups and variables in them.",
            ) from None


def _check(written: t.Mapping[str, t.Any], targets: t.Any) -> None:
    unknown = sorted(set(written) - set(_OPTIONS))
    missing = [name for name in ("name", "type", "store") if not written.get(name)]
    if unknown or missing:
        raise ConfigurationError(
            "credential_announce "
            + "; ".join([*(f"lacks {name}" for name in missing), *(f"has no option {name}" for name in unknown)])
            + "."
        )
    if not isinstance(targets, list) or not all(isinstance(target, dict) for target in targets):
        raise ConfigurationError(
            "credential_announce is not a list of targets.", next_step="write a list with a kind in each entry."
        )
