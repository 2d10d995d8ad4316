# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a credential from being deployed on a host, with a host whose commands answer as told."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import read_entries
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.examining import examine_entry


class Answers:
    """A host. C(commands): program to status and output; what is not in there is not installed."""

    def __init__(self, **commands: tuple[int, str]) -> None:
        self.commands = commands
        self.asked: list[list[str]] = []

    def run_command(self, args: t.Any, **options: t.Any) -> tuple[int, str, str]:
        self.asked.append(list(args))
        return (*self.commands[pathlib.Path(args[0]).name], "")

    def get_bin_path(self, arg: str, required: bool = False, opt_dirs: t.Any = None) -> str | None:
        return f"/usr/bin/{arg}" if arg in self.commands else None


def problems(top: pathlib.Path, host: Answers, **more: t.Any) -> list[tuple[str, str]]:
    entry = {"credential": "ci", "dest": str(top / "ci.env"), "format": "env", **more}
    (read,) = read_entries([entry])
    return [(check.severity, check.detail) for check in examine_entry(host, read, str(top / "state" / "deep"))]


@pytest.fixture
def top(tmp_path: pathlib.Path) -> pathlib.Path:
    tmp_path.chmod(0o755)
    return tmp_path


def test_nothing_where_everything_is_there_and_nothing_is_made(top: pathlib.Path) -> None:
    host = Answers(systemctl=(0, "LoadState=loaded\n"), curl=(0, ""))
    assert problems(top, host, service={"name": "orders"}, probe={"command": ["curl", "x"]}) == []
    assert list(top.iterdir()) == []
    assert host.asked == [["/usr/bin/systemctl", "show", "-p", "LoadState", "--", "orders"]]


def test_places(top: pathlib.Path) -> None:
    ((severity, told),) = problems(top, Answers(), dest=str(top / "no" / "ci.env"))
    assert severity == "critical" and "does not exist" in told
    ((severity, told),) = problems(top, Answers(), owner="nobody-of-that-name")
    assert severity == "critical" and "nobody-of-that-name" in told


@pytest.mark.parametrize(
    ("service", "host", "severity", "told"),
    [
        ({"name": "x"}, Answers(), "critical", "no systemctl"),
        ({"name": "x"}, Answers(systemctl=(0, "LoadState=not-found\n")), "critical", "no usable unit x (it is not-found)"),
        ({"name": "x"}, Answers(systemctl=(1, "")), "warning", "could not be told"),
        ({"name": "x", "manager": "supervisor"}, Answers(), "critical", "no supervisorctl"),
        ({"name": "x", "manager": "supervisor"}, Answers(supervisorctl=(4, "no such process")), "critical", "no program x"),
        ({"name": "no-such", "manager": "sysvinit"}, Answers(systemctl=(0, "LoadState=not-found")), "critical", "no usable unit"),
        ({"manager": "command", "command": ["/no/such"]}, Answers(), "critical", "no program /no/such"),
        ({"manager": "signal", "pid_file": "/no/such.pid"}, Answers(), "warning", "no /no/such.pid"),
    ],
)
def test_services(top: pathlib.Path, service: dict[str, t.Any], host: Answers, severity: str, told: str) -> None:
    ((found, detail),) = problems(top, host, service=service)
    assert found == severity and told in detail and not detail.startswith("~")


@pytest.mark.parametrize("state", [(0, ""), (3, "x STOPPED")])
def test_a_program_that_supervisor_knows_may_be_stopped(top: pathlib.Path, state: tuple[int, str]) -> None:
    assert problems(top, Answers(supervisorctl=state), service={"name": "x", "manager": "supervisor"}) == []


def test_a_users_unit_is_asked_of_the_users_systemd(top: pathlib.Path) -> None:
    host = Answers(systemctl=(0, "LoadState=loaded"))
    assert problems(top, host, service={"name": "x", "scope": "user"}) == []
    assert host.asked[0][1] == "--user"


def test_a_probe_without_its_program(top: pathlib.Path) -> None:
    ((severity, told),) = problems(top, Answers(), probe={"command": ["no-such-probe"]})
    assert severity == "critical" and "no-such-probe" in told
