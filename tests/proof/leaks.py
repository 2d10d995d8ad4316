# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leaks: canary secrets everywhere, runs that succeed and that fail in every way, and a look wherever a value could show."""

from __future__ import annotations

import functools
import typing as t

from ansible_collections.locksmith.rotation.tests.proof import leaks_planted
from ansible_collections.locksmith.rotation.tests.proof.cells import Bench, Cell, Outcome, Result, Settings
from ansible_collections.locksmith.rotation.tests.proof.leaks_faults import FAULTS, Before, Setback
from ansible_collections.locksmith.rotation.tests.proof.leaks_metadata import metadata
from ansible_collections.locksmith.rotation.tests.proof.leaks_run import Core, Ran, Stage, cores
from ansible_collections.locksmith.rotation.tests.proof.leaks_search import Found, Search
from ansible_collections.locksmith.rotation.tests.proof.leaks_world import FILES, Household, Servers

NAME = "leaks"
ABOUT = """A catalogue with a credential of every kind, each in another store, is rotated by ansible-playbook at -vvvvv with --diff, with
success and with faults. Everything that is secret, the administrators' passwords, the stores' tokens, each value that was ever published
or recorded, is looked for in all that the run left anywhere: as it is, reversed, in hexadecimal, URL-encoded, and in base64 at each of
its three alignments. A miss is a single hit. That the search finds what is there is shown by leaks planted in every one of these places."""
#: Faults of which each older ansible-core tries one, because Ansible's own code words what is shown then; the newest tries all.
_TURNS = ("wrong logins", "hosts that fail", "secrets where they do not belong")
WHOLE = str(FILES / "whole.yml")
_FORCED = ("-e", "credential_force=true")
#: What is run by name, and its arguments.
_STEPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "checked": (WHOLE, ("--check",)),
    "made": (WHOLE, ()),
    "rotated": (WHOLE, _FORCED),
    "status": ("locksmith.rotation.status", ()),
}


def cells(settings: Settings) -> t.Iterator[Cell]:
    """Every ansible-core with success and one failure, which take turns; the newest with every fault by itself, and planted leaks."""
    installed = cores()
    newest = installed[-1]
    for place, core in enumerate(installed):
        steps = tuple(_STEPS) if core is newest else ("rotated",)
        success = functools.partial(_success, core=core, steps=steps)
        yield Cell("success, every channel", core.label, success, seconds=40 * len(steps))
        for name, fault in FAULTS.items():
            if core is newest or name == _TURNS[place % len(_TURNS)]:
                yield Cell(f"failure: {name}", core.label, functools.partial(_failure, core=core, fault=fault), seconds=50)
        if core.masks:
            yield Cell("new values are masked", core.label, functools.partial(_masked, core=core), seconds=30)
    yield Cell("ansible-runner's artifacts", newest.label, functools.partial(_runner, core=newest), seconds=50)
    yield Cell("a leak planted in every channel", newest.label, functools.partial(_planted, core=newest), seconds=20)


class Looking:
    """Over several runs of one household."""

    def __init__(self, household: Household) -> None:
        self.household = household
        self.problems: list[str] = []
        self.bytes = self.runs = 0

    def over(self, ran: Ran) -> None:
        """Look through everything that there is after a run."""
        self.runs += 1
        household = self.household
        household.learn()
        search = Search(household.seen)
        for channel, data in {
            **ran.channels,
            **household.servers.logs(),
            "metadata of stores": metadata(household.servers),
        }.items():
            self.problems += [f"{_tell(found)} in {channel}{_context(data, found)}" for found in search.look(data)]
        self.bytes += search.bytes

    def result(self, otherwise: str = "") -> Result:
        counts = {"playbook runs": self.runs, "bytes": self.bytes, "secrets": len(self.household.seen)}
        problems = list(dict.fromkeys([*self.problems, *([otherwise] if otherwise else [])]))
        if problems:
            return Result(Outcome.MISS, f"{len(problems)}: {'; '.join(problems[:4])}", counts)
        return Result(Outcome.OK, "", counts)


def _tell(found: Found) -> str:
    return f"{found.secret} ({found.form})"


def _context(data: bytes, found: Found) -> str:
    """What stands before a leak: it names the place, and is no part of the secret."""
    before = data[max(0, found.offset - 60) : found.offset].decode("utf-8", "replace")
    return f", after {before.splitlines()[-1] if before.splitlines() else ''!r}"


def _household(bench: Bench) -> Household:
    return Household(bench, bench.keep("leaks servers", Servers), bench.scratch)


def _success(bench: Bench, core: Core, steps: t.Sequence[str]) -> Result:
    """Predict, make, rotate and retire, look; or some of it, beginning with what there is by then."""
    household = _household(bench)
    looking = Looking(household)
    if "made" not in steps:
        household.make()
    household.learn()
    failed = ""
    for name in steps:
        playbook, more = _STEPS[name]
        ran = Stage(household, core, name).play(playbook, *household.write(), *more)
        looking.over(ran)
        failed = failed or ("" if ran.status == 0 else f"the run {name!r} failed: {_why(ran)}")
    return looking.result(failed)


def _failure(bench: Bench, core: Core, fault: Setback) -> Result:
    """Everything is there; then it is rotated while something is wrong."""
    household = _household(bench)
    looking = Looking(household)
    if fault.before is Before.VERSIONS:
        household.make()
    if fault.before is Before.HOSTS:
        made = Stage(household, core, "made").play("locksmith.rotation.rotate", *household.write())
        if made.status != 0:
            return looking.result(f"the first version was not made: {_why(made)}")
    household.learn()
    with fault.during(household):
        ran = Stage(household, core, "failed", keep=fault.keep).play(WHOLE, *household.write(), *_FORCED)
    # Afterwards everything can be read again, also what was made meanwhile.
    looking.over(ran)
    return looking.result("" if fault.ended_as_expected(ran.status) else f"the run ended with status {ran.status}: {_why(ran)}")


def _why(ran: Ran) -> str:
    lines = [line for line in ran.output.splitlines() if "fatal:" in line or "failed:" in line or "ERROR" in line]
    return (" ".join(lines) or ran.channels["stderr"].decode("utf-8", "replace")[-300:])[:300]


def _runner(bench: Bench, core: Core) -> Result:
    """What AWX keeps of a job is what ansible-runner writes."""
    household = _household(bench)
    looking = Looking(household)
    if not (core.bin / "ansible-runner").exists():
        return Result(Outcome.NA, f"ansible-runner is not installed beside {core.label}")
    household.make()
    household.learn()
    stage = Stage(household, core, "rotated")
    (stage.top / "runner" / "project").mkdir(parents=True)
    (stage.top / "runner" / "project" / "whole.yml").write_bytes((FILES / "whole.yml").read_bytes())
    words = " ".join(["-vvvvv", "--diff", *household.write(), *_FORCED])
    program = str(core.bin / "ansible-runner")
    ran = stage.watched([program, "run", str(stage.top / "runner"), "-p", "whole.yml", f"--cmdline={words}"])
    looking.over(ran)
    if ran.status != 0 or not ran.channels["runner artifacts"]:
        return looking.result(f"ansible-runner ended with status {ran.status}: {_why(ran)}")
    return looking.result()


def _masked(bench: Bench, core: Core) -> Result:
    """A playbook that prints each value: where Ansible masks, none is shown, and the mask is."""
    household = _household(bench)
    looking = Looking(household)
    ran = Stage(household, core, "masked").play(str(FILES / "masked.yml"), *household.write())
    household.learn()
    search = Search(household.seen)
    shown = [found for channel in ("stdout", "stderr", "log_path") for found in search.look(ran.channels[channel])]
    looking.problems += [f"{_tell(found)} is shown" for found in shown]
    looking.bytes, looking.runs = search.bytes, 1
    is_masked = "masked? " in ran.output and "REDACTED" in ran.output
    return looking.result("" if is_masked and ran.status == 0 else f"nothing was masked (status {ran.status}): {_why(ran)}")


def _planted(bench: Bench, core: Core) -> Result:
    """One leak in each channel, each of a secret of its own: all of them must be found, and nothing else."""
    household = _household(bench)
    stage = Stage(household, core, "planted")
    planted = leaks_planted.plant(household, stage)
    missed, bytes_ = [], 0
    for channel, (secret, data) in planted.items():
        search = Search({"planted": secret})
        if not search.look(data):
            missed.append(channel)
        bytes_ += search.bytes
    counts = {"planted leaks": len(planted), "bytes": bytes_}
    return Result(Outcome.MISS if missed else Outcome.OK, f"not found in {', '.join(missed)}" if missed else "", counts)
