# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input: whatever is written into a module's options, it answers without a traceback, and what is invalid sends nothing."""

from __future__ import annotations

import functools
import typing as t

from hypothesis import strategies as some

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.shapes import check_shapes
from ansible_collections.locksmith.rotation.plugins.plugin_utils.issuers import issuer_class, kinds
from ansible_collections.locksmith.rotation.tests.proof import bad_input_actions, bad_input_calls
from ansible_collections.locksmith.rotation.tests.proof.bad_input_check import checked
from ansible_collections.locksmith.rotation.tests.proof.bad_input_guesses import arguments
from ansible_collections.locksmith.rotation.tests.proof.bad_input_search import search
from ansible_collections.locksmith.rotation.tests.proof.cells import Bench, Cell, Outcome, Result, Settings
from ansible_collections.locksmith.rotation.tests.proof.races_runs import Report, Running
from ansible_collections.locksmith.rotation.tests.real import issuer_makers, store_makers

NAME = "bad input"
ABOUT = """Inputs are made from each module's own argument spec by property testing: right and wrong types, edges, nonsense, options
left out and options that do not exist. A miss is a traceback, an answer that is none, or an attempt to reach anybody with an input that
is then called invalid. With real servers and C(--check), no input may lead to a write."""
EXAMPLES = 200
EXAMPLES_SAMPLED = 60
LONGEST = 300.0


def cells(settings: Settings) -> t.Iterator[Cell]:
    """Every module that runs somewhere, every action plugin, and C(--check) for every issuer and every store."""
    for module in bad_input_calls.executable():
        yield Cell(module, "any options", functools.partial(_any_options, module=module), seconds=8)
    for action in bad_input_actions.plugins():
        yield Cell(action, "any options, in the worker", functools.partial(_any_task, action=action), seconds=8)
    first, *stores = store_makers.MAKERS
    for issuer in issuer_makers.MAKERS:
        yield Cell(
            f"{issuer} · {first}", "--check of anything", functools.partial(checked, issuer=issuer, store=first), seconds=8
        )
    for store in stores:
        yield Cell(f"iam · {store}", "--check of anything", functools.partial(checked, issuer="iam", store=store), seconds=8)


def examples_of(bench: Bench) -> int:
    """How many inputs a cell tries."""
    return EXAMPLES_SAMPLED if bench.settings.sample else EXAMPLES


def _any_options(bench: Bench, module: str) -> Result:
    likely = _likely(module)
    spec = bad_input_calls.spec_of(module)
    return tried(bench, arguments(spec, likely), functools.partial(_one_call, module, spec))


def _any_task(bench: Bench, action: str) -> Result:
    return tried(bench, bad_input_actions.inputs(action), functools.partial(bad_input_actions.one_task, action))


def _likely(module: str) -> dict[str, t.Any]:
    """What makes an input of this module valid, where that is hard to guess."""
    if module not in {issuer_class(kind).MODULE for kind in kinds()}:
        return {"state_dir": "dir"}
    store = {"type": "vault", "url": "http://127.0.0.1:1", "token": "s.not-a-token", "path": "orders/db"}
    return {"name": "orders-db", "store": store, "url": "http://127.0.0.1:1", "region": "eu-central-1"}


def _one_call(module: str, spec: dict[str, t.Any], cut: bad_input_calls.Cut, given: dict[str, t.Any]) -> str:
    """What is wrong with the answer, or an empty string. What the action plugin refuses, through which every call is led, does not
    come so far."""
    if module in _with_action():
        try:
            check_shapes(spec, given)
        except ConfigurationError:
            return ""
    before = cut.attempts
    answer = bad_input_calls.call(module, given, check=len(given) % 2 == 0)
    return judge(answer, cut.attempts - before)


@functools.lru_cache(maxsize=None)
def _with_action() -> frozenset[str]:
    """The last one has no name of its own: C(vault_agent_configure) leads to it."""
    return frozenset({*bad_input_actions.plugins(), "vault_agent_write"})


def judge(answer: Report, attempts: int) -> str:
    """What is wrong with an answer, or an empty string. Ansible's own refusals come before the module's first line."""
    if answer.get("error") == "unexpected":
        return f"it stumbled: {answer.get('msg')}"
    if answer.get("exception"):
        return "it answered with an exception"
    invalid = answer.get("failed") and answer.get("error", "configuration") == "configuration"
    if invalid and attempts and "credential" in answer:
        return f"{attempts} attempts to reach somebody, and then: {answer.get('msg')}"
    return ""


def tried(bench: Bench, inputs: some.SearchStrategy[t.Any], judged: t.Callable[[bad_input_calls.Cut, t.Any], str]) -> Result:
    """Try many inputs in a process of their own; the smallest that goes wrong is reported."""
    seed, most, folder = bench.random.getrandbits(32), examples_of(bench), bench.scratch / "cut"

    def work() -> Report:
        return search(inputs, functools.partial(judged, bad_input_calls.Cut(folder)), seed, most)

    found = Running(work).report(LONGEST)
    counts = {"inputs": int(found.get("inputs", 0))}
    problem = str(found.get("problem") or found.get("msg") or "")
    return Result(Outcome.MISS if problem else Outcome.OK, f"{problem} (seed {seed})" if problem else "", counts)
