# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host says of files that its agent renders. The agent is played by the test."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import typing as t
from pathlib import Path

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer import marker, pulled
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.agent import (
    Template,
    hook_key,
    hooks_of,
    pull_shape,
    record_name,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import SERVICE_SPEC, read_entries

_SERVICE = {name: option.get("default") for name, option in SERVICE_SPEC.items()}


class Host:
    """What of AnsibleModule is needed. C(agent) is run in place of the command that starts the agent anew."""

    def __init__(self, agent: t.Callable[[], int] = lambda: 0) -> None:
        self._agent = agent

    def run_command(self, argv: list[str], **options: t.Any) -> tuple[int, str, str]:
        if argv[:2] == ["/bin/sh", "-c"]:
            return self._agent(), "", ""
        environment = {**os.environ, **options.get("environ_update", {})}
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment)
        return done.returncode, done.stdout, done.stderr

    def selinux_enabled(self) -> bool:
        return False


class Place:
    """One host with one entry, whose service is restarted by a hook that the test runs."""

    def __init__(self, top: Path, **agent: t.Any) -> None:
        self.top, self.dest = top, top / "db.env"
        self.failing = top / "fails"
        command = {"manager": "command", "command": ["test", "!", "-e", str(self.failing)]}
        written = {"credential": "db", "dest": str(self.dest), "format": "env", "pull": "vault_agent", "service": command}
        (entry,) = read_entries([written])
        self.item = {**entry, "shape": "s", "fingerprint": "new"}
        service = {**_SERVICE, "name": "agent", "manager": "command", "command": ["start-the-agent"]}
        given = {"service": service, "nudge": False, "wait": 1, "command_timeout": 1, **agent}
        self.agent = pulled.Agent(**given, entries={entry["id"]: pull_shape(self.item)})
        Path(pulled.facts_path(str(top))).write_text(pulled.facts_text(self.agent))

    def render(self, text: str, hook: bool = True) -> int:
        """As the agent does."""
        new = self.top / "new"
        new.write_text(text)
        new.rename(self.dest)
        if hook:
            (script,) = hooks_of([Template(self.item, str(self.dest), "")], str(self.top), 60)
            subprocess.run(["/bin/sh", "-c", script.text], check=True)
        return 0

    def wait(self, host: Host | None = None, text: str = "new\n") -> dict[str, t.Any]:
        wanted = marker.Marker().holding(text)
        item = {**self.item, "salt": wanted.salt, "digest": wanted.digest}
        (found,) = pulled.wait(host or Host(), [item], str(self.top))
        return found

    def look(self, **changed: t.Any) -> dict[str, t.Any]:
        return pulled.look(Host(), {**self.item, **changed}, str(self.top))


def test_a_version_that_was_rendered_and_taken_is_right(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert place.look()["write"] == "there is no file"
    place.render("new\n")
    assert place.look()["write"] == "another version"
    assert place.wait() == {"id": place.item["id"], "error": "", "restart": False}
    seen = place.look()
    assert (seen["write"], seen["restart"], seen["deployed"], seen["running"]) == ("", False, "new", "")


def test_a_file_that_was_changed_by_hand_is_not_right(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.render("new\n")
    place.wait()
    place.dest.write_text("bad\n")
    assert place.look()["write"] == "it was changed by somebody else"
    found = place.wait()
    assert "does not hold the version that it should: its agent has not rendered it within 1 s" in found["error"]


def test_a_service_that_was_not_restarted_for_this_file_is_left_to_the_run(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.render("old\n")
    place.render("new\n", hook=False)
    os.utime(place.dest, (1, 1))
    assert place.wait() == {"id": place.item["id"], "error": "", "restart": True}
    assert place.look()["restart"] is True


def test_a_hook_that_failed_is_not_waited_for_and_not_taken_for_done(tmp_path: Path) -> None:
    place = Place(tmp_path, wait=60, command_timeout=60)
    place.failing.touch()
    place.render("new\n")
    assert place.wait()["restart"] is True
    assert (tmp_path / record_name(hook_key(place.item))).read_text().startswith("failed 1\n")


def test_an_agent_is_started_anew_to_render_at_once(tmp_path: Path) -> None:
    place = Place(tmp_path, nudge=True, wait=60)
    place.render("old\n")
    assert place.wait(Host(lambda: place.render("new\n")))["error"] == ""


def test_an_agent_that_does_not_start_is_named(tmp_path: Path) -> None:
    place = Place(tmp_path, nudge=True, wait=60)
    place.render("old\n")
    assert "its agent agent could not be restarted (status 3)" in place.wait(Host(lambda: 3))["error"]


def test_an_agent_that_has_nothing_to_render_is_left_alone(tmp_path: Path) -> None:
    place = Place(tmp_path, nudge=True)
    place.render("new\n")
    assert place.wait(Host(lambda: pytest.fail("it was restarted")))["error"] == ""


def test_an_agent_that_is_down_is_not_waited_for_to_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulled, "_DOWN", 0)
    place = Place(tmp_path, wait=600)
    facts = pulled.load_agent(str(tmp_path))
    assert facts is not None
    gone = {**facts.service, "manager": "signal", "pid_file": str(tmp_path / "no-pid")}
    Path(pulled.facts_path(str(tmp_path))).write_text(pulled.facts_text(dataclasses.replace(facts, service=gone)))
    assert "its agent is not at work" in place.wait()["error"]


@pytest.mark.parametrize("damage", ["", "{}", '{"schema": 9}', "[]"])
def test_without_an_agent_nothing_is_proved(tmp_path: Path, damage: str) -> None:
    place = Place(tmp_path)
    place.render("new\n")
    Path(pulled.facts_path(str(tmp_path))).write_text(damage)
    assert "No agent was installed" in place.look()["error"]


def test_an_agent_that_was_told_something_else_is_not_taken_for_right(tmp_path: Path) -> None:
    place = Place(tmp_path)
    assert "does not render" in place.look(mode="0640")["error"]
    assert "run the role locksmith.rotation.vault_agent" in place.look(mode="0640")["error"]
