# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One ansible-playbook run as talkative as can be, and everything that it leaves anywhere: where a value could leak."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import typing as t
from pathlib import Path

from ansible_collections.locksmith.rotation.tests.proof.leaks_watch import Watch
from ansible_collections.locksmith.rotation.tests.proof.leaks_world import FILES, Household
from ansible_collections.locksmith.rotation.tests.real.estate import COLLECTIONS

LONGEST = 240
_PLUGINS = FILES.parents[1] / "real" / "connection_plugins"
_SERIES = re.compile(r"core-(\d+\.\d+)")


class Core(t.NamedTuple):
    """An ansible-core that is installed. C(bin): its programs."""

    label: str
    bin: Path

    @property
    def masks(self) -> bool:
        """Whether it masks registered values, as 2.22 and later do."""
        match = re.search(r"(\d+)\.(\d+)", self.label)
        return match is not None and (int(match.group(1)), int(match.group(2))) >= (2, 22)

    @property
    def python(self) -> str:
        return str(self.bin / "python")


def cores() -> list[Core]:
    """The environments beside this one that C(make setup) built, the newest of each series; else this one alone."""
    here = Path(sys.prefix)
    found: dict[str, Path] = {}
    for folder in sorted(here.parent.glob("core-*"), key=lambda path: path.stat().st_mtime):
        match = _SERIES.match(folder.name)
        if match and (folder / "bin" / "ansible-playbook").exists():
            found[match.group(1)] = folder
    named = [Core(f"ansible-core {series}", folder / "bin") for series, folder in sorted(found.items(), key=_order)]
    return named or [Core("ansible-core of this environment", here / "bin")]


def _order(item: tuple[str, Path]) -> tuple[int, ...]:
    return tuple(int(part) for part in item[0].split("."))


class Ran(t.NamedTuple):
    """How a run ended. C(channels): by name, what it left there."""

    status: int
    channels: dict[str, bytes]

    @property
    def output(self) -> str:
        return self.channels["stdout"].decode("utf-8", "replace")


class Stage:
    """A folder for one run. C(keep): module files are not deleted."""

    def __init__(self, household: Household, core: Core, name: str, keep: bool = True) -> None:
        self.household = household
        self.core = core
        self.top = household.top / name
        self.keep = keep
        for folder in ("tmp", "local", "remote", "junit", "tree", "facts"):
            (self.top / folder).mkdir(parents=True)

    def environment(self) -> dict[str, str]:
        """Everything on that talks."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AWS_", "PYTHON", "VAULT_"))
        }
        config = self.top / "ansible.cfg"
        config.touch()
        return {
            **kept,
            "PATH": f"{self.core.bin}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "TMPDIR": str(self.top / "tmp"),
            "PYTHONPATH": str(FILES / "site"),
            "LEAKS_SYSLOG": str(self.top / "syslog"),
            "LEAKS_EVENTS": str(self.top / "events"),
            "ANSIBLE_CONFIG": str(config),
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_HOME": str(self.top / "home"),
            "ANSIBLE_LOG_PATH": str(self.top / "log"),
            "ANSIBLE_LOCAL_TEMP": str(self.top / "local"),
            "ANSIBLE_REMOTE_TEMP": str(self.top / "remote"),
            "ANSIBLE_KEEP_REMOTE_FILES": "1" if self.keep else "0",
            "ANSIBLE_CALLBACK_PLUGINS": str(FILES / "callbacks"),
            "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.junit,ansible.builtin.tree,everything",
            "ANSIBLE_CALLBACK_TREE_DIR": str(self.top / "tree"),
            "JUNIT_OUTPUT_DIR": str(self.top / "junit"),
            "ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile",
            "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(self.top / "facts"),
            "ANSIBLE_CONNECTION_PLUGINS": str(_PLUGINS),
            "ANSIBLE_PYTHON_INTERPRETER": self.core.python,
            "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1",
            "ANSIBLE_NOCOLOR": "1",
            "LC_ALL": "C.UTF-8",
        }

    def play(self, playbook: str, *arguments: str) -> Ran:
        """ansible-playbook, watched."""
        program = str(self.core.bin / "ansible-playbook")
        return self.watched([program, "-vvvvv", "--diff", *arguments, playbook])

    def watched(self, command: t.Sequence[str]) -> Ran:
        """Any program in this stage's environment, watched from its start to its end."""
        out, err = self.top / "out", self.top / "err"
        with out.open("wb") as output, err.open("wb") as errors:
            process = subprocess.Popen(
                command,
                env=self.environment(),
                cwd=self.top,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
            with Watch(process.pid, [self.top / "tmp", self.top / "local"]) as watch:
                status = self._wait(process)
        return Ran(status, {**self._left(), **_seen(watch)})

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        try:
            return process.wait(LONGEST)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise

    def _left(self) -> dict[str, bytes]:
        """Files by channel."""
        places = {
            "stdout": "out",
            "stderr": "err",
            "log_path": "log",
            "JUnit callback": "junit",
            "tree callback": "tree",
            "JSON of every event": "events",
            "fact cache": "facts",
            "module files": "remote",
            "syslog": "syslog",
            "runner artifacts": "runner/artifacts",
        }
        found = {channel: content_of(self.top / place) for channel, place in places.items()}
        states = [content_of(self.household.home(machine) / "state") for machine in self.household.machines]
        told = content_of(self.household.told)
        return {**found, "markers on hosts": b"\n".join(states), "reports and the audit trail": told}


def _seen(watch: Watch) -> dict[str, bytes]:
    return {
        "arguments of processes": watch.arguments,
        "environments of processes": watch.environments,
        "temporary files": watch.files,
    }


def content_of(place: Path) -> bytes:
    """A file, or all files below a folder with their names; empty if there is nothing."""
    if place.is_dir():
        files = [path for path in sorted(place.rglob("*")) if path.is_file() and not path.is_symlink()]
        return b"\n".join(str(path).encode() + b"\n" + path.read_bytes() for path in files)
    return place.read_bytes() if place.is_file() else b""
