# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens in the forked process of one run: hooks and patches are installed, the job is done, its end is described."""

from __future__ import annotations

import dataclasses
import traceback

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import LocksmithError
from ansible_collections.locksmith.rotation.tests.proof import hooks_files, hooks_http, hooks_sql
from ansible_collections.locksmith.rotation.tests.proof.clockwork import Clockwork
from ansible_collections.locksmith.rotation.tests.proof.patches import PATCHES
from ansible_collections.locksmith.rotation.tests.proof.recorder import Recorder
from ansible_collections.locksmith.rotation.tests.proof.runs import Ended, Run, Way


def carry_out(run: Run) -> Ended:
    """Do the job. To be called once in a process, which ends with it."""
    clockwork = Clockwork(run.offset, run.real_time)
    clockwork.install()
    recorder = Recorder(run)
    hooks_http.install(recorder)
    hooks_sql.install(recorder)
    if run.scratch:
        hooks_files.install(recorder, run.scratch)
    for written in run.patches:
        name, dummy, argument = written.partition(":")
        PATCHES[name](argument)
    ended = _do(run)
    recorder.end()
    return dataclasses.replace(
        ended, boundaries=tuple(recorder.boundaries()), pauses=tuple(clockwork.pauses), faults_hit=recorder.faults_hit
    )


def _do(run: Run) -> Ended:
    try:
        return Ended(Way.DONE, run.job(**run.arguments))
    except LocksmithError as error:
        return Ended(Way.FAILED, message=str(error), kind=type(error).__name__, next_step=error.next_step)
    except Exception as error:  # described as the collection itself does it: by class and place
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "ansible_collections" in frame.filename]
        places = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in reversed(frames[-4:]))
        return Ended(Way.CRASHED, message=f"at {places}", kind=type(error).__name__)
