# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Makefile calls: C(python3 -ES -m tests.make TARGET)."""

from __future__ import annotations

import concurrent.futures
import functools
import os
import subprocess
import sys
import time
import typing as t

from . import cores, debian, gates, outside, places, pythons, release, runner, venvs

CHECKS: dict[str, t.Callable[[gates.Bench], list[gates.Gate]]] = {
    "checks": gates.own_checks,
    "lint": gates.lint,
    "typing": gates.typing,
    "docs": gates.docs,
    "galaxy": gates.galaxy,
    "molecule": gates.molecule,
    "tools": gates.tools,
}
"""Gates that only the newest ansible-core runs."""
SCRIPTS = {
    "demo": ("tests/demo/demo.py", "run"),
    "demo-up": ("tests/demo/demo.py", "up"),
    "demo-down": ("tests/demo/demo.py", "down"),
    "picture": ("tests/demo/demo.py", "picture"),
    "picture-report": ("tests/tools/pictures.py",),
    "bench": ("tests/bench/bench.py",),
    "conformance": ("tests/real/conformance.py",),
    "proof": ("tests/proof/proof.py", "--write", "docs/proof.md"),
}
TARGETS = ("setup", "test", "units", "real", "sanity", "changelog", "fix", *CHECKS, *SCRIPTS)


@functools.lru_cache(maxsize=None)
def _cores() -> tuple[cores.Core, ...]:
    return tuple(cores.choose(pythons.find()))


def _bench(core: cores.Core) -> gates.Bench:
    return gates.bench(core, core == _cores()[0], pythons.find())


def _recipes(target: str) -> list[venvs.Recipe]:
    """The environments that a target needs."""
    newest, *others = _cores()
    wanted = [gates.recipe(newest, True)]
    if target in ("setup", "test", "galaxy"):
        wanted.append(gates.galaxy_recipe(newest))
    if target in ("setup", "test", "units", "sanity", "proof"):
        wanted += [gates.recipe(core, False) for core in others]
    if target == "real":
        wanted += [gates.recipe(core, False) for core in others if core.release.series == cores.REAL_TOO]
    return wanted


def setup(target: str) -> None:
    """Build what the target needs, two environments at a time, and say so when it takes a while.

    :raises places.SetupError: when the machine lacks something.
    """
    started = time.monotonic()
    if target in ("setup", "test", "real", "conformance", "proof"):
        debian.need_command("/usr/lib/postgresql/15/bin/postgres", "postgresql-15", "the PostgreSQL 15 suite")
        debian.need_command("/usr/sbin/pgbouncer", "pgbouncer", "the PgBouncer suite")
        debian.need_command("/lib/systemd/systemd", "systemd", "the suite of service managers")
    if target in ("setup", "test", "proof") and not os.path.exists("/usr/sbin/sshd"):
        debian.install(
            "openssh-server"
        )  # for the fleet of the proof, which needs root anyway and says so when it has local hosts
    if target in ("setup", "test", "tools", "picture-report"):
        outside.bring()
    venvs.pip_wheel(venvs.PIP)
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        built = list(pool.map(venvs.ensure, _recipes(target)))
    if any(built):
        print(f"setup: {sum(built)} environments built in {time.monotonic() - started:.0f} s", flush=True)


def _gates(target: str) -> list[gates.Gate]:
    """The gates of a target, long ones first, so that two side by side end together."""
    benches = [_bench(core) for core in _cores()]
    newest = benches[0]
    real_on = [here for here in benches if here in (newest,) or here.core.release.series == cores.REAL_TOO]
    if target in CHECKS:
        return CHECKS[target](newest)
    wanted: list[gates.Gate] = []
    if target in ("test", "sanity"):
        wanted += [gate for here in benches for gate in gates.sanity(here)]
    if target == "test":
        wanted += [gate for checks in CHECKS.values() for gate in checks(newest)]
    if target in ("test", "units"):
        wanted += [gate for here in benches for gate in gates.units(here)]
    if target in ("test", "real"):
        wanted += [gate for here in real_on for gate in gates.real(here)]
    if target == "test":
        wanted += gates.proof(newest)
    return wanted


def _script(target: str, arguments: t.Sequence[str]) -> t.NoReturn:
    """Become a script of the demo or the benchmark, on the newest ansible-core."""
    here = _bench(_cores()[0])
    path, *fixed = SCRIPTS[target]
    python = here.venv.program("python")
    os.chdir(str(places.ROOT))
    os.execve(python, [python, str(places.ROOT / path), *fixed, *arguments], here.env())


def main(arguments: t.Sequence[str]) -> int:
    """Run one target; 1 when anything failed."""
    if not arguments or arguments[0] not in TARGETS:
        print(f"usage: python3 -ES -m tests.make {'|'.join(TARGETS)}")
        return 2
    target, *rest = arguments
    try:
        setup(target)
        if target == "setup":
            print("ready: " + "; ".join(core.label for core in _cores()))
            return 0
        if target == "changelog":
            return release.write(_bench(_cores()[0]))
        if target == "fix":
            ruff = gates.recipe(_cores()[0], True).program("ruff")
            return subprocess.run([ruff, "check", "--fix", "--no-cache", str(places.ROOT)], check=False).returncode
        if target in SCRIPTS:
            _script(target, rest)
        return runner.run_all(_gates(target), int(os.environ.get("JOBS") or 2))
    except places.SetupError as problem:
        print(f"make {target}: {problem}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
