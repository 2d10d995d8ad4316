# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schedule with a real systemd: what it makes of the units, one run at a time, and a missed run that is made up for."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import time
import typing as t

import pytest
import yaml

from ansible_collections.locksmith.rotation.tests.real.estate import COLLECTIONS
from ansible_collections.locksmith.rotation.tests.servers.units import UserSystemd

ROLE = COLLECTIONS / "ansible_collections" / "locksmith" / "rotation" / "roles" / "schedule"
NAME = "locksmith-rotate"
SECRET = "a 'token' of $the test"
_MOST_EXPOSED = 4.5


class ControlNode:
    """A user whose systemd runs the timer. In place of Ansible there is a program that notes each run and lasts while C(busy) exists."""

    def __init__(self, systemd: UserSystemd) -> None:
        self.top = systemd.root
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
            **systemd.environment,
            "XDG_CONFIG_HOME": str(self.top / "config"),
            "XDG_STATE_HOME": str(self.top / "state"),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_HOME": str(self.top / "ansible"),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        }
        self.script = self.top / "config" / "locksmith" / "schedule" / NAME / "run"
        self.units = self.top / "config" / "systemd" / "user"
        self.busy = self.top / "busy"
        program = self.top / "ansible-playbook"
        program.write_text(
            f'#!/bin/sh\nprintf "%s|" "$@" "$VAULT_TOKEN" >> {self.top}/ran; echo >> {self.top}/ran\n'
            f"while [ -e {self.busy} ]; do sleep 0.05; done\n"
        )
        program.chmod(0o700)
        self.variables: dict[str, t.Any] = {
            "schedule_on": "localhost",
            "schedule_scope": "user",
            "schedule_manager": "systemd",
            "schedule_linger": False,
            "schedule_program": str(program),
            "schedule_project": str(self.top),
            "schedule_inventories": ["hosts.yml"],
            "schedule_random_delay": 0,
            "schedule_environment": {"VAULT_TOKEN": SECRET},
        }

    def play(self, *arguments: str, **variables: t.Any) -> str:
        """The playbook, its output."""
        given = self.top / "schedule.yml"
        given.touch(mode=0o600)
        given.write_text(yaml.safe_dump({**self.variables, **variables}), encoding="utf-8")
        program = str(pathlib.Path(sys.executable).with_name("ansible-playbook"))
        command = [program, "locksmith.rotation.schedule", "-e", f"@{given}", *arguments]
        done = subprocess.run(
            command, env=self.environment, cwd=self.top, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def call(self, *command: str) -> str:
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def shown(self, unit: str, name: str) -> str:
        return self.call("systemctl", "--user", "show", f"{NAME}.{unit}", "-P", name).strip()

    def runs(self) -> list[str]:
        ran = self.top / "ran"
        return ran.read_text().splitlines() if ran.exists() else []

    def await_runs(self, number: int) -> None:
        end = time.monotonic() + 30
        while len(self.runs()) < number:
            assert time.monotonic() < end, f"{len(self.runs())} runs, not {number}"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def node() -> t.Iterator[ControlNode]:
    systemd = UserSystemd()
    with systemd:
        yield ControlNode(systemd)


@pytest.mark.systemd
def test_a_dry_run_writes_nothing_and_shows_no_login(node: ControlNode) -> None:
    output = node.play("--check", "--diff")
    assert "Persistent=true" in output and SECRET.split("'")[1] not in output
    assert not node.script.exists() and not (node.units / f"{NAME}.timer").exists()


@pytest.mark.systemd
def test_systemd_runs_the_timer_and_a_second_play_changes_nothing(node: ControlNode) -> None:
    node.play()
    node.call("systemd-analyze", "--user", "verify", *(str(node.units / f"{NAME}.{unit}") for unit in ("timer", "service")))
    assert (node.shown("timer", "ActiveState"), node.shown("timer", "UnitFileState")) == ("active", "enabled")
    assert "03:00:00" in node.shown("timer", "TimersCalendar") and node.shown("timer", "NextElapseUSecRealtime") != ""
    assert node.shown("timer", "Persistent") == "yes"
    assert re.search(r"changed=0 ", node.play())


@pytest.mark.systemd
def test_two_runs_at_once_are_one(node: ControlNode) -> None:
    node.busy.touch()
    node.call("systemctl", "--user", "start", "--no-block", NAME + ".service")
    node.await_runs(1)
    second = subprocess.run([str(node.script)], env=node.environment, capture_output=True, text=True, timeout=60, check=False)
    node.busy.unlink()
    assert second.returncode == 75 and "this one did nothing" in second.stdout
    node.call("systemctl", "--user", "start", NAME + ".service")  # waits for the first, if that has not ended yet
    assert node.shown("service", "Result") == "success"
    assert set(node.runs()) == {f"--inventory=hosts.yml|locksmith.rotation.rotate|{SECRET}|"}
    assert len(node.runs()) <= 2


@pytest.mark.systemd
def test_a_missed_run_is_made_up_for_as_soon_as_the_machine_is_on(node: ControlNode) -> None:
    node.call("systemctl", "--user", "stop", NAME + ".timer")
    before = len(node.runs())
    stamp = node.top / ".local" / "share" / "systemd" / "timers" / f"stamp-{NAME}.timer"
    two_days_ago = time.time() - 2 * 86400
    os.utime(stamp, (two_days_ago, two_days_ago))
    node.call("systemctl", "--user", "start", NAME + ".timer")
    node.await_runs(before + 1)


@pytest.mark.systemd
def test_taken_away_nothing_is_left(node: ControlNode) -> None:
    node.play(schedule_state="absent")
    assert node.shown("timer", "LoadState") == "not-found"
    left = [
        path.name for path in node.top.rglob("*") if NAME in str(path) and path.is_file() and not path.name.startswith("stamp-")
    ]
    assert left == []
    assert re.search(r"changed=0 ", node.play(schedule_state="absent"))


@pytest.mark.systemd
def test_the_service_of_the_machine_is_well_formed_and_confined(node: ControlNode, tmp_path: pathlib.Path) -> None:
    tasks: list[dict[str, t.Any]] = [
        {"ansible.builtin.include_vars": str(ROLE / folder / "main.yml")} for folder in ("defaults", "vars")
    ]
    for unit in ("service", "timer"):
        written = {"src": str(ROLE / "templates" / f"{unit}.j2"), "dest": str(tmp_path / f"x.{unit}"), "mode": "0600"}
        tasks.append({"ansible.builtin.template": written})
    given = {
        "schedule_user": "nobody",
        "schedule_manager": "systemd",
        "schedule_script": "/bin/true",
        "schedule_writable": ["/srv/store"],
    }
    play = tmp_path / "play.yml"
    play.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    node.call(str(pathlib.Path(sys.executable).with_name("ansible-playbook")), str(play), "-e", json.dumps(given))
    assert "ReadWritePaths=/var/lib/locksmith-rotate /srv/store\n" in (tmp_path / "x.service").read_text()
    node.call("systemd-analyze", "verify", str(tmp_path / "x.timer"), str(tmp_path / "x.service"))
    judged = node.call("systemd-analyze", "security", "--offline=true", "--no-pager", str(tmp_path / "x.service"))
    level = re.search(r"Overall exposure level for x.service: ([0-9.]+)", judged)
    assert level and float(level[1]) <= _MOST_EXPOSED, judged
