# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints what a run found or did, a line per credential. Runs once, on the controller, at the end of a playbook."""

from __future__ import annotations

import shutil
import sys
import typing as t

from ansible import constants
from ansible.plugins.action import ActionBase
from ansible.utils.color import stringc
from ansible.utils.display import Display

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_options import options_of, verdict_of
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_table import BAD, CHANGING, EXCEPTED, GOOD, lines_of
from ansible_collections.locksmith.rotation.plugins.plugin_utils.table import Line, text_of

#: Ansible imports this before it forks its workers, which have no terminal themselves. 0 where the output goes elsewhere.
_WIDTH = shutil.get_terminal_size((0, 0)).columns if sys.stdout.isatty() else 0
_COLOURS = {
    GOOD: constants.config.get_config_value("COLOR_OK"),
    CHANGING: constants.config.get_config_value("COLOR_CHANGED"),
    BAD: constants.config.get_config_value("COLOR_ERROR"),
    EXCEPTED: constants.config.get_config_value("COLOR_SKIP"),
}


class ActionModule(ActionBase):
    """See the module's docstring."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            options = options_of(self._task.args, task_vars or {})
        except ConfigurationError as error:
            return {**result, "failed": True, "msg": str(error)}
        for line in lines_of(options.standings, _WIDTH):
            _show(line)
        facts = [dict(one.facts) for one in options.standings]
        return {**result, "changed": False, "report": facts, **verdict_of(options)}


def _show(line: Line) -> None:
    """In the colours that the user has given Ansible, if any, and without them in its log."""
    text = text_of(line)
    coloured = "".join(stringc(piece, _COLOURS[style]) if style else piece for piece, style in line)
    if coloured == text:
        Display().display(text)
        return
    Display().display(coloured, screen_only=True)
    Display().display(text, log_only=True)
