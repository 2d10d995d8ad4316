# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a section of the proof is made of, and what its cells get to work with. See C(README.md).

Called by the sections and by the driver (C(proof.py)).
"""

from __future__ import annotations

import dataclasses
import enum
import random
import typing as t
from pathlib import Path

if t.TYPE_CHECKING:
    from ansible_collections.locksmith.rotation.tests.proof.zygote import Zygote

T = t.TypeVar("T")


class Outcome(enum.Enum):
    """How a cell ended. C(NA): the question does not arise there, and the detail says why."""

    OK = "ok"
    MISS = "miss"
    NA = "n.a."


@dataclasses.dataclass(frozen=True)
class Result:
    """C(detail): why it is a miss or n.a., on one line, without a secret; seeds and boundaries that reproduce it.

    C(counts): what was tried, by name in the plural (C(boundaries), C(faults), C(bytes)); the driver adds them up by name.
    """

    outcome: Outcome
    detail: str = ""
    counts: t.Mapping[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Cell:
    """One question. C(seconds): about how long it takes, so that long ones begin first. C(apart): nothing runs beside it but its like.

    C(run) is called in a worker process that was forked after C(cells) of the section ran, so a closure will do.
    """

    row: str
    column: str
    run: t.Callable[[Bench], Result]
    seconds: float = 5.0
    apart: bool = False


@dataclasses.dataclass(frozen=True)
class Settings:
    """Of a whole run. C(sample): a random part only, because a few minutes have to do."""

    seed: int
    sample: bool = False


class Keeper(t.Protocol):
    """What starts a server once for a worker."""

    def keep(self, key: str, make: t.Callable[[], t.ContextManager[T]]) -> T:
        """Enter C(make()) unless C(key) has been entered; it is left when the worker ends."""
        raise AssertionError("a protocol")  # pragma: no cover


@dataclasses.dataclass(frozen=True)
class Bench:
    """What one cell works with, in its worker process.

    C(scratch): a directory of this cell's own, removed after it. C(random): seeded by the run's seed and the cell's name.
    C(zygote): forks runs of the code under test; see C(zygote.py).
    """

    settings: Settings
    scratch: Path
    random: random.Random
    zygote: Zygote
    worker: Keeper

    def keep(self, key: str, make: t.Callable[[], t.ContextManager[T]]) -> T:
        """A server that all cells of this worker share: started by the first, stopped when the worker ends."""
        return self.worker.keep(key, make)

    def some(self, points: t.Sequence[T], most: int) -> list[T]:
        """All points of a whole run; of a sample C(most) of them, in their order."""
        return self.few(points, most) if self.settings.sample else list(points)

    def few(self, points: t.Sequence[T], most: int) -> list[T]:
        """At most C(most) points, which the seed chooses, in their order."""
        if len(points) <= most:
            return list(points)
        return [points[index] for index in sorted(self.random.sample(range(len(points)), most))]


class Section(t.Protocol):
    """A module of this folder that C(sections.py) lists."""

    #: The heading in the report, and what C(--section) takes.
    NAME: str
    #: A paragraph for docs/proof.md: what is tried, and what would be a miss.
    ABOUT: str

    def cells(self, settings: Settings) -> t.Iterable[Cell]:
        """All cells. Starts nothing: it runs before the workers are forked, also for C(--list)."""
        raise AssertionError("a protocol")  # pragma: no cover
