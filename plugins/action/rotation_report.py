# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what a run found or did to a file, in the form that its reader wants. Runs once, on the controller."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible.utils.path import unfrackpath

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_files import read_before, write_report
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_html import render_html
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_json import render_json
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_junit import render_junit
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_options import Options, options_of, verdict_of
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_prometheus import render_metrics

Arguments = t.Mapping[str, t.Any]
#: By format: what the file holds, from the options that all have in common, the task's arguments, and what it held before.
_RENDERERS: dict[str, t.Callable[[Options, Arguments, str], str]] = {
    "html": lambda options, given, before: render_html(options.standings, options.now, given.get("title") or "Credentials"),
    "json": lambda options, given, before: render_json(options.standings, options.now),
    "junit": lambda options, given, before: render_junit(options.standings, options.now, options.fail_on),
    "prometheus": lambda options, given, before: render_metrics(
        options.standings, options.now, given.get("playbook") or "", before
    ),
}


class ActionModule(ActionBase):
    """See the module's docstring."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        given = plain({name: value for name, value in self._task.args.items() if value is not None})
        try:
            path, form, mode = _place(given)
            options = options_of(given, task_vars or {})
            if not self._task.check_mode:
                write_report(path, _RENDERERS[form](options, given, read_before(path)), mode)
        except ConfigurationError as error:
            return {**result, "failed": True, "msg": str(error)}
        return {**result, "changed": True, "dest": path, "format": form, **verdict_of(options)}


def _place(given: Arguments) -> tuple[str, str, int]:
    """Path, format and permissions.

    :raises ConfigurationError: one of them is missing or none.
    """
    dest, form, mode = (plain_text(given.get(option) or default) for option, default in _DEFAULTS)
    if not dest:
        raise ConfigurationError("dest is missing.", next_step="name the file to write.")
    if form not in _RENDERERS:
        raise ConfigurationError(f"format is {form!r}, which is none.", next_step=f"use {', '.join(_RENDERERS)}.")
    try:
        return unfrackpath(dest, follow=False), form, int(mode, 8)
    except ValueError:
        raise ConfigurationError(f"mode is {mode!r}, which is none.", next_step="write it as '0644', quoted.") from None


_DEFAULTS = (("dest", ""), ("format", ""), ("mode", "0644"))
