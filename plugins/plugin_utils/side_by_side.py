# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One question about many names, asked by a few forked processes side by side. Controller only.

Threads would not do: what clients are prepared before Ansible forks is for one credential at a time. Called by C(credential_look).
"""

from __future__ import annotations

import json
import os
import typing as t

Answer = t.Dict[str, t.Any]


def ask_all(names: t.Sequence[str], ask: t.Callable[[str], Answer], most: int) -> dict[str, Answer]:
    """Name to answer, which has to be what JSON can hold. A name whose process dies is missing.

    :arg most: how many processes there may be at once.
    """
    slices = [names[start::most] for start in range(min(most, len(names)))]
    begun = [_begin(part, ask) for part in slices]
    answers: dict[str, Answer] = {}
    for pid, reading in begun:
        with os.fdopen(reading, "rb") as pipe:
            lines = pipe.read().splitlines()
        os.waitpid(pid, 0)
        answers.update(json.loads(line) for line in lines)
    return {name: answers[name] for name in names if name in answers}


def _begin(names: t.Sequence[str], ask: t.Callable[[str], Answer]) -> tuple[int, int]:
    """The new process and where its answers come from, a line each."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            with os.fdopen(writing, "wb") as pipe:
                for name in names:
                    pipe.write(json.dumps([name, ask(name)]).encode() + b"\n")
                    pipe.flush()
        finally:
            os._exit(0)
    os.close(writing)
    return pid, reading
