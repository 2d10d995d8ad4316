# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells people about a run, once, on the controller. Never fails: it warns."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.notifying import (
    Findings,
    Settings,
    nobody_told,
    tell,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.run import SERIES
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.alert_events import (
    digest_of,
    problem_of,
    problems_of_hosts,
    was_judged,
)
from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import GROUP
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text
from ansible_collections.locksmith.rotation.plugins.plugin_utils.report_standing import Limits
from ansible_collections.locksmith.rotation.plugins.plugin_utils.run_facts import facts_of, resting

#: The variable of the channels. It is no option: callbacks are shown a task's arguments, and channels hold secrets.
CHANNELS = "rotation_notify_channels"
Variables = t.Mapping[str, t.Any]


class ActionModule(ActionBase):
    """See the module's docstring."""

    _requires_connection = False
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Ansible calls this in a worker."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        try:
            written = plain(self._task.args)
            names = _names(written.pop("credentials", None), variables)
            settings = Settings.of({name: value for name, value in written.items() if value is not None})
            findings = _findings(names, settings, variables)
            result.update(tell(settings, self._channels(variables), findings, SystemClock(), bool(self._task.check_mode)))
        except Exception as error:  # whatever happens: the rotation is not concerned, and no traceback may show a value
            result.update(nobody_told(error))
        return result

    def _channels(self, variables: Variables) -> t.Any:
        """Of the host that the task runs on, or else of localhost.

        :raises ConfigurationError: they cannot be evaluated, because a lookup in them fails most often.
        """
        localhost = variables["hostvars"].get("localhost") or {}
        written = variables[CHANNELS] if CHANNELS in variables else localhost.get(CHANNELS)
        try:
            return plain(self._templar.template(written)) or []
        except Exception as error:
            raise ConfigurationError(
                f"{CHANNELS} cannot be evaluated ({type(error).__name__}).", next_step="look at the lookups and variables in it."
            ) from None


def _names(written: t.Any, variables: Variables) -> list[str]:
    """:raises ConfigurationError: not a list of credentials."""
    names = written or [plain_text(name) for name in variables["groups"].get(GROUP, ())]
    if not isinstance(names, list) or not all(isinstance(name, str) and name in variables["hostvars"] for name in names):
        raise ConfigurationError("credentials is not a list of names of credentials.", next_step="leave it out for all of them.")
    return names


def _findings(names: t.Sequence[str], settings: Settings, variables: Variables) -> Findings:
    """What the plays registered, judged."""
    clock = SystemClock()
    hostvars, at_rest = variables["hostvars"], resting(variables)
    facts = [one for one in (facts_of(name, hostvars[name], at_rest) for name in names) if was_judged(one)]
    limits = Limits(settings.overdue_after, settings.held_after)
    problems = [event for event in (problem_of(one, clock.now(), limits) for one in facts) if event]
    outcomes = _outcomes(variables)
    problems += problems_of_hosts(outcomes, problems)
    judged = [f"credential {one['credential']}" for one in sorted(facts, key=lambda one: not one["done"])]
    judged += [f"host {host}" for host in outcomes]
    wrong = {event.about for event in problems}
    return Findings(
        tuple(problems),
        digest_of(facts, settings.digest),
        frozenset(judged),
        tuple(about for about in judged if about not in wrong),
        _run_of(variables),
    )


def _outcomes(variables: Variables) -> dict[str, dict[str, t.Any]]:
    """What consumers registered in this run."""
    found = {}
    for host in variables["groups"].get("locksmith_consumers", ()):
        outcome = plain(variables["hostvars"][host].get("consumer_outcome") or {})
        if isinstance(outcome, dict) and outcome:
            found[plain_text(host)] = outcome
    return found


def _run_of(variables: Variables) -> str:
    """AWX's job, or the name that all leases of this run begin with."""
    job = variables.get("awx_job_id") or variables.get("tower_job_id")
    return f"AWX job {plain_text(job)}" if job else SERIES
