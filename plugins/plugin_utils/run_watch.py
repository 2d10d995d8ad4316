# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the callback saw of a run, and what of that nobody else has told. Pure.

Of a task's result only our own modules' words are taken, and of other tasks the names: of host, task and module.
"""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.notify.event import CRITICAL, ERROR, FAILURE, RUN, Event

OURS = "locksmith.rotation."
#: What only looks: a playbook of these alone is somebody who reads, and whom nobody has to tell.
_READING = ("credential_info", "credential_look", "credential_report", "key_usage_info", "credential_trail")
_NOTIFY = OURS + "rotation_notify"
_LOOK = OURS + "credential_look"
_CATALOGUE = OURS + "credential_catalogue"
#: How the words of our own check of the catalogue end.
_UNCHANGED = "Nothing was changed anywhere."
_AGAIN = "run it again: the journals say where each credential stands, and it goes on from there."
Result = t.Mapping[str, t.Any]


class Watch:
    """One run of ansible-playbook. C(ours): whether it has done anything of this collection's."""

    def __init__(self) -> None:
        self.ours = False
        self.told = False
        self._at = ""
        self._problems: dict[str, Event] = {}
        self._in_our_words: set[str] = set()
        self._judged: set[str] = set()
        self._at_rest: set[str] = set()

    def begins(self, action: str, name: str) -> None:
        """A task begins."""
        self._at = name
        self.ours = self.ours or (action.startswith(OURS) and action[len(OURS) :] not in _READING)

    def succeeded(self, action: str, result: Result) -> None:
        """Our own tasks say which credentials had nothing to do, and what people were told about."""
        if action == _LOOK:
            self._at_rest.update(str(name) for name in result.get("at_rest") or ())
        if action == _NOTIFY and result.get("judged"):
            self.told = True
            self._judged.update(str(about) for about in result["judged"])

    def failed(self, host: str, is_credential: bool, action: str, name: str, result: Result) -> None:
        about = f"credential {host}" if is_credential else f"host {host}"
        severity = CRITICAL if is_credential else ERROR
        said, dummy, step = str(result.get("msg") or "").partition(" Next: ")
        if action.startswith(OURS) and (result.get("error") or (action == _CATALOGUE and said.endswith(_UNCHANGED))):
            if action == _CATALOGUE:
                about, severity = RUN, CRITICAL
            self._problems[host] = Event(FAILURE, about, said, severity, next_step=step or str(result.get("next_step") or ""))
            self._in_our_words.add(host)
        elif host not in self._in_our_words:  # a task that is loud about it at the end says less
            self._problems[host] = Event(FAILURE, about, f"{about}: the task {name!r} ({action}) failed", severity)

    def unreachable(self, host: str, is_credential: bool, name: str) -> None:
        about = f"credential {host}" if is_credential else f"host {host}"
        severity = CRITICAL if is_credential else ERROR
        self._problems[host] = Event(FAILURE, about, f"{about} was unreachable (task {name!r})", severity)

    def at_the_end(self, in_trouble: t.Container[str]) -> list[Event]:
        """What nobody has told. :arg in_trouble: hosts whose failure was neither rescued nor ignored."""
        found = [event for host, event in self._problems.items() if host in in_trouble]
        return [event for event in found if event.about not in self._judged]

    def broken_off(self, how: str) -> list[Event]:
        """The run has ended before its end. C(how): what is known about that."""
        where = f" at the task {self._at!r}" if self._at else ""
        return [
            Event(FAILURE, RUN, f"the run was {how}{where}", next_step=_AGAIN),
            *(event for event in self._problems.values() if event.about not in self._judged),
        ]

    def looked_at(self, hosts: t.Mapping[str, bool]) -> set[str]:
        """What is in order unless it is a problem. C(hosts): those of the run, and whether each is a credential."""
        named = {f"credential {host}" if is_credential else f"host {host}" for host, is_credential in hosts.items()}
        named |= {f"credential {name}" for name in self._at_rest}
        return (named - self._judged) | {RUN}
