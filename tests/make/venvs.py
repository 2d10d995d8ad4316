# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual environments below C(.cache/venv), each named by what is in it, so that a second run finds it ready."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import typing as t

from . import debian, places

PIP = "25.2"
ANSIBLE_TEST_PIPS = ("24.2", PIP)
"""The pips that the tested releases of ansible-test put into their environments (2.18 and 2.19, 2.20 and later)."""


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What an environment holds: a Python, requirement files below C(tests/), and single pins."""

    name: str
    python: pathlib.Path
    files: tuple[str, ...]
    pins: tuple[str, ...] = ()

    @property
    def folder(self) -> pathlib.Path:
        """Its place; the name changes with anything that goes in (all our requirement files, as they include each other)."""
        seen = hashlib.sha256()
        for path in sorted(places.ROOT.glob("tests/requirements-*.txt")) + [places.ROOT / "requirements.txt"]:
            if path.name == "requirements.txt" or path.name in _closure(self.files):
                seen.update(path.read_bytes())
        seen.update("\n".join([str(self.python), PIP, *self.pins]).encode())
        return places.VENVS / f"{self.name}-{seen.hexdigest()[:12]}"

    def program(self, name: str) -> str:
        """The path of a program in it."""
        return str(self.folder / "bin" / name)


def _closure(files: t.Iterable[str]) -> set[str]:
    """The requirement files with those that they include."""
    names: set[str] = set()
    waiting = list(files)
    while waiting:
        name = waiting.pop()
        names.add(name)
        lines = (places.ROOT / "tests" / name).read_text(encoding="utf-8").splitlines()
        included = [line.split(None, 1)[1].strip() for line in lines if line.startswith("-r ")]
        waiting.extend(other for other in included if not other.startswith("..") and other not in names)
    return names


def _some_pip() -> list[str]:
    """Any pip of this machine, as the start of a command; a fresh Debian may have none at all.

    :raises places.SetupError: when there is none and none can be had.
    """
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
        return [sys.executable, "-m", "pip"]
    wheel = _debian_wheel(pathlib.Path("/")) or _bundled_wheel()
    if wheel is None and debian.install("python3-pip-whl"):
        wheel = _debian_wheel(pathlib.Path("/"))
    if wheel is None:
        unpacked = debian.unpack("python3-pip-whl")
        wheel = _debian_wheel(unpacked) if unpacked else None
    if wheel is None:
        raise places.SetupError("no pip here: run 'sudo apt-get install python3-pip', then this again")
    return [sys.executable, str(wheel / "pip")]


def _debian_wheel(root: pathlib.Path) -> pathlib.Path | None:
    return next(iter(sorted(root.glob("usr/share/python-wheels/pip-*.whl"))), None)


def _bundled_wheel() -> pathlib.Path | None:
    import ensurepip

    return next(iter(sorted(pathlib.Path(ensurepip.__file__).parent.glob("_bundled/pip-*.whl"))), None)


def pip_wheel(version: str) -> pathlib.Path:
    """The wheel of one pip, which runs as it is: C(python WHEEL/pip).

    :raises places.SetupError: when it cannot be downloaded.
    """
    wheel = places.WHEELS / f"pip-{version}-py3-none-any.whl"
    if not wheel.exists():
        places.WHEELS.mkdir(parents=True, exist_ok=True)
        log = places.LOGS / "setup-pip.log"
        _logged([*_some_pip(), "download", "-q", "--no-deps", "-d", str(places.WHEELS), f"pip=={version}"], log)
    return wheel


def _logged(command: t.Sequence[str], log: pathlib.Path) -> None:
    """Run a step of the setup. Its output goes to the log, because pip warns a lot, and is shown only when it fails.

    :raises places.SetupError: when it fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
    if done.returncode != 0:
        tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:])
        raise places.SetupError(f"{tail}\nsetup failed; all of its output is in {log.relative_to(places.ROOT)}")


def ensure(recipe: Recipe) -> bool:
    """Build the environment unless it is there; True when it was built now.

    :raises places.SetupError: when it cannot be built.
    """
    folder = recipe.folder
    ready = folder / "ready"
    if ready.exists():
        return False
    shutil.rmtree(folder, ignore_errors=True)
    log = places.LOGS / f"setup-{recipe.name}.log"
    _logged([str(recipe.python), "-m", "venv", "--without-pip", str(folder)], log)
    wanted = [argument for name in recipe.files for argument in ("-r", str(places.ROOT / "tests" / name))]
    pip = [recipe.program("python"), str(pip_wheel(PIP) / "pip"), "--disable-pip-version-check"]
    _logged([*pip, "install", f"pip=={PIP}", *recipe.pins, *wanted], log)
    ready.touch()
    _forget_older(recipe)
    return True


def _forget_older(recipe: Recipe) -> None:
    """Drop what an earlier state of the requirements left under the same name."""
    for other in places.VENVS.glob(f"{recipe.name}-*"):
        if other != recipe.folder and len(other.name) == len(recipe.folder.name):
            shutil.rmtree(other, ignore_errors=True)


def pip_settings() -> dict[str, str]:
    """The pip options that the environment sets (C(PIP_CERT) and its like), by option name."""
    prefix = "PIP_"
    found = {
        name[len(prefix) :].lower().replace("_", "-"): value for name, value in os.environ.items() if name.startswith(prefix)
    }
    return {name: value for name, value in found.items() if name != "config-file"}
