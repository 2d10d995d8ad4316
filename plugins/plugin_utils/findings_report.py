# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell what was found: print it, write it to a file if asked to, fail if it is bad enough. Runs once, on the controller.

The flow of the action plugins that report an audit and an examination; each says what it gathers and how that is printed.
"""

from __future__ import annotations

import abc
import typing as t

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.finding import count, reaches
from ansible_collections.locksmith.rotation.plugins.plugin_utils.findings_options import Options, options_of
from ansible_collections.locksmith.rotation.plugins.plugin_utils.json_file import write_json

_FORMAT = 1
Facts = t.Dict[str, t.Any]


class FindingsReport(ActionBase):
    """See the module's docstring. C(RESULT): the name of the result, C(DONE): what was done to the credentials, C(FINDINGS): which field
    of what is told of each holds what was found, C(TOLD): the fields that are told.
    """

    RESULT: t.ClassVar[str]
    DONE: t.ClassVar[str]
    FINDINGS: t.ClassVar[str]
    TOLD: t.ClassVar[tuple[str, ...]]
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: Facts | None = None) -> Facts:
        """Ansible calls this in a worker."""
        result: Facts = super().run(tmp, task_vars)
        variables = task_vars or {}
        try:
            options = options_of(self._task.args, variables)
        except ConfigurationError as error:
            return {**result, "failed": True, "msg": str(error)}
        gathered = self._gather(options, variables["hostvars"])
        for line in self._lines(gathered):
            Display().display(line)
        told = [{name: one[name] for name in self.TOLD if name in one} for one in gathered]
        found = [finding for one in told for finding in one[self.FINDINGS] if self._is_amiss(finding)]
        report = {"format": _FORMAT, "at": options.now, "counts": count(found), "credentials": told}
        problem = write_json(options.json, report)
        bad = sum(reaches(finding, options.fail_on) for finding in found)
        if bad:
            problem = f"{problem} {bad} {self.FINDINGS} are {options.fail_on} or worse; they are printed above.".strip()
        return {**result, "changed": False, "failed": bool(problem), "msg": problem or self.DONE, self.RESULT: report}

    @abc.abstractmethod
    def _gather(self, options: Options, hostvars: t.Mapping[str, t.Any]) -> list[Facts]:
        """What earlier tasks registered, a mapping a credential."""

    def _is_amiss(self, finding: Facts) -> bool:
        """Whether something is wrong there, or whether it says that all is well."""
        return True

    @abc.abstractmethod
    def _lines(self, gathered: t.Sequence[Facts]) -> list[str]:
        """As it is printed."""
