# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells people what tasks cannot: hosts out of reach, a run that ended before it could tell anybody, an interrupted run."""

from __future__ import annotations

DOCUMENTATION = r"""
name: notify
type: notification
short_description: Tell people what the tasks of a rotation cannot tell
version_added: 0.1.0
author:
  - The locksmith.rotation contributors (@locksmith-rotation)
description:
  - Catches what the role P(locksmith.rotation.notify#role) does not live to tell. That is a run in which every credential failed, so that
    Ansible ends it early; a catalogue that is wrong; tasks of other collections that failed; hosts that were unreachable; and a run that
    was interrupted, by C(SIGINT) or C(SIGTERM), or that crashed. It does not repeat what the role has told.
  - It tells about runs that do something with this collection, and is silent about all other playbooks, about runs that only read, and
    with C(--check).
  - A process that is killed with C(SIGKILL) tells nobody. Where that matters let something wait for a sign of life, as
    O(locksmith.rotation.rotation_notify#module:digest=always) sends it.
  - A message holds names of hosts, tasks and modules, and our own modules' words, never the result of another task.
  - Whatever goes wrong here is a warning and changes nothing about the run.
requirements:
  - enabling, with C(callbacks_enabled = locksmith.rotation.notify) in C(ansible.cfg)
options:
  config_file:
    description:
      - A YAML file with C(channels), a list as C(rotation_notify_channels) of M(locksmith.rotation.rotation_notify), and if you like
        C(source), C(state_file), C(repeat_after) and C(quiet), as that module's options. Give it the same C(source) and C(state_file)
        as the role.
      - It holds secrets, so nobody but its owner may have any right to it (mode C(0600)); otherwise it is not used. Without a file the
        callback does nothing.
    type: path
    ini:
      - section: locksmith_rotation
        key: notify_config_file
    env:
      - name: LOCKSMITH_NOTIFY_CONFIG
"""

import atexit
import os
import signal
import stat
import typing as t

import yaml
from ansible import context
from ansible.plugins.callback import CallbackBase

from ansible_collections.locksmith.rotation.plugins.module_utils.clients.json_http import Patience
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.notifying import Findings, Settings, nobody_told, tell
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.run import SERIES
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.event import Event
from ansible_collections.locksmith.rotation.plugins.module_utils.notify.interface import CALM, HURRIED
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import SystemClock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import GROUP
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text
from ansible_collections.locksmith.rotation.plugins.plugin_utils.run_watch import Watch

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class CallbackModule(CallbackBase):
    """See DOCUMENTATION."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "locksmith.rotation.notify"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._watch = Watch()
        self._pid = os.getpid()
        self._config: dict[str, t.Any] = {}
        self._over = False
        self._how = "ended before its end, by a crash or by somebody"
        self._credentials: set[str] = set()

    # ---- what Ansible calls ------------------------------------------------------------------------------------------

    def set_options(self, task_keys: t.Any = None, var_options: t.Any = None, direct: t.Any = None) -> None:
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        path = self.get_option("config_file")
        try:
            self._config = read_config(plain_text(path)) if path else {}
        except ConfigurationError as error:
            self._display.warning(f"alerts: {error}")
        if not self._config or context.CLIARGS.get("check"):
            self.disabled = True
            return
        atexit.register(self._at_exit)
        for number in _SIGNALS:
            self._also_note(number)

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        self._watch.begins(_action(task), plain_text(task.get_name()))

    def v2_playbook_on_handler_task_start(self, task: t.Any) -> None:
        self._watch.begins(_action(task), plain_text(task.get_name()))

    def v2_runner_on_ok(self, result: t.Any) -> None:
        self._meet(result)
        action = _action(_part(result, "task"))
        if action.startswith("locksmith.rotation."):
            self._watch.succeeded(action, plain(_part(result, "result")))

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        host, is_credential = self._meet(result)
        if not ignore_errors:
            task = _part(result, "task")
            said = plain(_part(result, "result"))
            self._watch.failed(host, is_credential, _action(task), plain_text(task.get_name()), said)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        host, is_credential = self._meet(result)
        self._watch.unreachable(host, is_credential, plain_text(_part(result, "task").get_name()))

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        self._over = True
        hosts = {plain_text(host): stats.summarize(host) for host in stats.processed}
        in_trouble = {host for host, sums in hosts.items() if sums["failures"] or sums["unreachable"]}
        looked_at = self._watch.looked_at({host: host in self._credentials for host in hosts})
        self._tell(self._watch.at_the_end(in_trouble), looked_at, CALM)

    # ---- what it does ------------------------------------------------------------------------------------------------

    def _meet(self, result: t.Any) -> tuple[str, bool]:
        """The host of a result, and whether it is a credential."""
        host = _part(result, "host")
        name = plain_text(host.name)
        if any(plain_text(group.name) == GROUP for group in host.groups):
            self._credentials.add(name)
        return name, name in self._credentials

    def _tell(self, problems: list[Event], looked_at: set[str], patience: Patience) -> None:
        """Whatever happens here: the run is not concerned."""
        if not self._watch.ours:
            return
        try:
            written = dict(self._config)
            channels = written.pop("channels", [])
            well = tuple(sorted(looked_at - {event.about for event in problems}))
            judged = frozenset({*looked_at, *(event.about for event in problems)})
            findings = Findings(tuple(problems), None, judged, () if self._watch.told else well, _run())
            told = tell(Settings.of(written), channels, findings, SystemClock(), patience=patience)
        except Exception as error:  # no traceback: it could show a value
            told = nobody_told(error)
        for line in told["warnings"]:
            self._display.warning(line)

    def _at_exit(self) -> None:
        """The interpreter ends; nothing has told us that the playbook had."""
        if not self._over and os.getpid() == self._pid:
            self._over = True
            self._tell(self._watch.broken_off(self._how), set(), HURRIED)

    def _also_note(self, number: int) -> None:
        """Ansible's own handler of C(SIGTERM) ends the process at once, so people are told before it; that of C(SIGINT) raises, and
        they are told at exit."""
        before = signal.getsignal(number)

        def handle(signum: int, frame: t.Any) -> None:
            if os.getpid() == self._pid:
                self._how = f"interrupted by {signal.Signals(signum).name}"
                if signum != signal.SIGINT:
                    self._at_exit()
            signal.signal(signum, before)
            if callable(before):
                before(signum, frame)
            else:
                signal.raise_signal(signum)

        signal.signal(number, handle)


def read_config(path: str) -> dict[str, t.Any]:
    """The file that C(config_file) names. :raises ConfigurationError: it cannot be used; never says what is in it."""
    try:
        with open(path, encoding="utf-8") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise ConfigurationError(
                    f"{path} may be read or written by others, so it is not used.", next_step=f"chmod 600 {path}."
                )
            read = yaml.safe_load(file)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(
            f"{path} cannot be read as YAML ({type(error).__name__}).", next_step="see docs/alerts.md for an example."
        ) from None
    if not isinstance(read, dict) or not isinstance(read.get("channels"), list):
        raise ConfigurationError(f"{path} has no list of channels.", next_step="see docs/alerts.md for an example.")
    return read


def _part(result: t.Any, name: str) -> t.Any:
    """C(host), C(task) or C(result): public since ansible-core 2.19, with an underscore before."""
    return getattr(result, name) if hasattr(result, name) else getattr(result, f"_{name}")


def _action(task: t.Any) -> str:
    return plain_text(getattr(task, "resolved_action", None) or task.action)


def _run() -> str:
    """AWX's job, or the name that all leases of this run begin with."""
    job = os.environ.get("JOB_ID") if os.environ.get("AWX_HOST") else ""
    return f"AWX job {job}" if job else SERIES
