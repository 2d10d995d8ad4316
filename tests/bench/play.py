# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a playbook over N credentials and times it. Called by the benchmark."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import time
import typing as t

HERE = pathlib.Path(__file__).parent
#: Where ansible_collections lies, so that the collection under test is the one this file belongs to.
COLLECTIONS = HERE.parents[4]
FORKS = 10
#: Seconds; a playbook that takes longer hangs.
LONGEST = 3600


class PlaybookFailed(Exception):
    """A measured playbook failed, so that its time means nothing."""


@dataclasses.dataclass(frozen=True)
class Run:
    """One timed run. Seconds."""

    seconds: float
    hosts: int
    output: str

    @property
    def each(self) -> float:
        return self.seconds / self.hosts


def write_inventory(path: pathlib.Path, names: t.Sequence[str], variables: t.Mapping[str, t.Any]) -> pathlib.Path:
    """An inventory whose group credentials has a host for each name."""
    group = {"hosts": {name: {} for name in names}, "vars": {"ansible_python_interpreter": sys.executable, **variables}}
    path.write_text(json.dumps({"credentials": group}), encoding="utf-8")
    return path


def timed(playbook: str, inventory: pathlib.Path, published: pathlib.Path | None = None, **extra: t.Any) -> Run:
    """Run a playbook of this directory with C(extra) as extra variables.

    :arg published: where the published collections lie, for a playbook that uses them.
    :raises PlaybookFailed: it ended with an error.
    """
    (inventory.parent / "ansible.cfg").touch()
    group = json.loads(inventory.read_text(encoding="utf-8"))["credentials"]
    environment = {
        **_environment(published),
        **_aws(group["vars"]["bench_endpoint"]),
        "ANSIBLE_CONFIG": str(inventory.parent / "ansible.cfg"),
    }
    program = pathlib.Path(sys.executable).with_name("ansible-playbook")
    command = [str(program), "-i", str(inventory), str(HERE / playbook), "-e", json.dumps(extra)]
    start = time.monotonic()
    done = subprocess.run(
        command, env=environment, cwd=inventory.parent, capture_output=True, text=True, timeout=LONGEST, check=False
    )
    seconds = time.monotonic() - start
    if done.returncode:
        raise PlaybookFailed(f"{playbook} ended with {done.returncode}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return Run(seconds, len(group["hosts"]), done.stdout)


def _aws(endpoint: str) -> dict[str, str]:
    """How both sides are told where AWS is and who they are there: as its users do it, by environment variables."""
    return {
        "AWS_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _environment(published: pathlib.Path | None) -> dict[str, str]:
    """No configuration of the user's, ten forks, and pipelining: the published modules get the fastest connection there is."""
    paths = [str(COLLECTIONS)] + ([str(published)] if published else [])
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "ANSIBLE_FORKS": str(FORKS),
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(paths),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_RETRY_FILES_ENABLED": "0",
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
    }
