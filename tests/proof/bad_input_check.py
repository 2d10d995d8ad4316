# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""C(--check) against real servers: whatever is asked for, in every state that a credential can be in, nothing is written anywhere."""

from __future__ import annotations

import functools
import time
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import strategies as some

from ansible_collections.locksmith.rotation.plugins.module_utils.entry.rotation import argument_spec, failure, perform
from ansible_collections.locksmith.rotation.plugins.module_utils.entry.spec import common_options
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.shapes import check_shapes
from ansible_collections.locksmith.rotation.plugins.plugin_utils.issuers import issuer_class
from ansible_collections.locksmith.rotation.tests.proof import hooks_files, hooks_http, hooks_sql
from ansible_collections.locksmith.rotation.tests.proof.bad_input_guesses import arguments, of_type
from ansible_collections.locksmith.rotation.tests.proof.bad_input_search import search
from ansible_collections.locksmith.rotation.tests.proof.cells import Bench, Outcome, Result
from ansible_collections.locksmith.rotation.tests.proof.races_runs import Report, Running, side_by_side
from ansible_collections.locksmith.rotation.tests.proof.races_world import Raced, tell
from ansible_collections.locksmith.rotation.tests.proof.recorder import Recorder
from ansible_collections.locksmith.rotation.tests.proof.runs import Moment, Run
from ansible_collections.locksmith.rotation.tests.proof.subject import Pair

_FORCE = {"force": True}
_RETIRE: dict[str, t.Any] = {"state": "retired", "consumers": []}
#: What a credential has been through before somebody checks.
LIVES: dict[str, tuple[dict[str, t.Any], ...]] = {
    "nothing yet": (),
    "one version": ({},),
    "rolling out": ({}, _FORCE),
    "in grace": ({}, _FORCE, _RETIRE),
    "rolled back": ({}, _FORCE, {"state": "rolled_back"}),
}
EXAMPLES = 60
EXAMPLES_SAMPLED = 10
LONGEST = 300.0


def checked(bench: Bench, issuer: str, store: str) -> Result:
    """One cell: every life."""
    tried, pair = 0, Pair(bench, issuer, store)
    for life, wishes in LIVES.items():
        raced = Raced(pair)
        for wish in wishes:
            done = side_by_side([raced.run(**wish)], LONGEST)[0]
            if done.get("error") == "Rejected":  # not every issuer knows every life
                break
            if done.get("failed"):
                return Result(Outcome.MISS, f"{life} was not reached: {tell(done)}")
        before = raced.place.traces()
        found = _search(bench, raced)
        tried += int(found.get("inputs", 0))
        if not found.get("problem") and raced.place.traces() != before:
            found["problem"] = "the store is not as it was"
        if found.get("problem"):
            return Result(Outcome.MISS, f"{life}: {found['problem']}", {"inputs": tried})
    return Result(Outcome.OK, "", {"inputs": tried})


def _search(bench: Bench, raced: Raced) -> Report:
    seed, most = bench.random.getrandbits(32), EXAMPLES_SAMPLED if bench.settings.sample else EXAMPLES

    def work() -> Report:
        recorder = Recorder(Run(perform, {}))
        hooks_http.install(recorder)
        hooks_sql.install(recorder)
        hooks_files.install(recorder, str(bench.scratch))
        t.cast(t.Any, time).sleep = lambda seconds: None
        found = search(_inputs(raced), functools.partial(_one, raced, recorder), seed, most)
        return found

    return Running(work).report(LONGEST)


def _inputs(raced: Raced) -> some.SearchStrategy[dict[str, t.Any]]:
    """What is asked for besides the credential's own options: any of the common ones, and at times one of its own changed."""
    common = {name: option for name, option in common_options().items() if name not in ("name", "store")}
    own = issuer_class(raced.issuer.KIND).OPTIONS
    spoilt = [some.fixed_dictionaries({name: of_type(option)}) for name, option in own.items()]
    kept = some.just(t.cast(t.Dict[str, t.Any], {}))
    return some.builds(lambda wish, bad: {**wish, **bad}, arguments(common), some.one_of(kept, kept, kept, *spoilt))


def _one(raced: Raced, recorder: Recorder, asked: dict[str, t.Any]) -> str:
    kind, given = issuer_class(raced.issuer.KIND), {**raced.options(), **asked}
    try:
        check_shapes(argument_spec(kind), given)
    except ConfigurationError:
        return ""
    checked_options = ArgumentSpecValidator(argument_spec(kind), **kind.CONSTRAINTS).validate(given)
    if checked_options.error_messages:
        return ""
    before = len(list(recorder.boundaries()))
    try:
        answer = perform(kind, checked_options.validated_parameters, True)
    except Exception as error:
        answer = failure(error, "checked")
    written = [each for each in list(recorder.boundaries())[before:] if each.writes and each.moment is Moment.BEFORE]
    if written:
        return f"it wrote: {written[0].label}"
    if answer.get("error") == "unexpected":
        return f"it stumbled: {answer.get('msg')}"
    return ""
