# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations that are killed and made to fail: how a credential comes to where each begins, and what must hold after it.

A lap brings the credential there, runs the operation (which may die or fail), lets the next run go on with nothing else done,
checks, and runs once more, which must change nothing. The credential is then where the next lap can begin.
"""

from __future__ import annotations

import abc
import time
import typing as t

from ansible_collections.locksmith.rotation.tests.proof import checks
from ansible_collections.locksmith.rotation.tests.proof.runs import Boundary, Ended, Way
from ansible_collections.locksmith.rotation.tests.proof.subject import DAY, Pair, Subject

Hooks = t.Mapping[str, t.Any]
#: Older than any interval.
_LONG = 400 * DAY
#: Seconds. A forced rotation replaces what was published before it began, and a run whose waiting was shortened wrote times to come.
_MOMENT = 120
#: Seconds in which a server finishes a request whose sender has been killed.
_SETTLE = 0.1


def settle() -> None:
    """Give the servers the time to finish what a killed run had asked for."""
    time.sleep(_SETTLE)


class Stumble(Exception):
    """A run that only prepares a lap, with nothing in its way, did not do what it should."""


class Absent(Exception):
    """The operation does not exist for this issuer; the text says why."""


def prepared(ended: Ended, *actions: str) -> None:
    """:raises Stumble: it did not."""
    if ended.way is not Way.DONE or ended.result["action"] not in actions:
        raise Stumble(f"preparing: {ended if ended.way is not Way.DONE else ended.result['msg']}")


class Lap(abc.ABC):
    """One operation over and over, on one pair of issuer and store."""

    #: Of the column.
    NAME: t.ClassVar[str]

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.subject: Subject = pair.subject()

    def begin(self) -> None:
        """Bring the credential to where the operation begins. :raises Stumble:"""
        raise NotImplementedError

    @abc.abstractmethod
    def operate(self, hooks: Hooks | None = None) -> Ended:
        """The operation."""

    def check_now(self) -> list[str]:
        """What must hold at every instant, asked right after a kill or a failure."""
        return checks.works(self.subject)

    @abc.abstractmethod
    def go_on(self, hooks: Hooks | None = None) -> Ended:
        """The next run, with nothing else done."""

    @abc.abstractmethod
    def check_end(self, ended: Ended) -> list[str]:
        """What must hold after it. C(ended): how it did."""

    def once_more(self) -> list[str]:
        """A further run changes nothing."""
        return checks.quiet(self.subject.run())

    def clear(self) -> None:
        """Make room for the next lap."""
        self.subject.retire()

    def lap(self, hooks: Hooks | None = None, patient: bool = False) -> tuple[Ended, list[str]]:
        """The whole of it: how the operation ended, and what is wrong. C(patient): a server may still be at work on a request."""
        self.begin()
        ended = self.operate(hooks)
        if patient:
            settle()
        wrong = [f"at once: {line}" for line in self.check_now()]
        wrong += self.check_end(self.go_on())
        wrong += self.once_more()
        self.clear()
        return ended, wrong

    def record(self) -> tuple[Boundary, ...]:
        """The boundaries of the operation where nothing goes wrong. :raises Stumble:"""
        ended, wrong = self.lap()
        if ended.way is not Way.DONE or wrong:
            raise Stumble(f"undisturbed: {ended}; {'; '.join(wrong)}")
        return ended.boundaries


class Rotate(Lap):
    """A rotation that is due."""

    NAME = "rotate"

    def __init__(self, pair: Pair) -> None:
        super().__init__(pair)
        prepared(self.subject.run(), "created")
        if self.subject.issuer.capacity == 0:
            self.subject.add_foreign_key()

    def begin(self) -> None:
        self.subject.renew_options()
        self.subject.age(_LONG)
        self._before, self._keys = self.subject.published(), self.subject.keys()

    def operate(self, hooks: Hooks | None = None) -> Ended:
        return self.subject.run(hooks)

    def go_on(self, hooks: Hooks | None = None) -> Ended:
        return self.subject.run(hooks)

    def check_end(self, ended: Ended) -> list[str]:
        wrong = checks.done(ended, "rotated", "resumed", "none")
        wrong += checks.sound(self.subject)
        wrong += checks.one_new_key(self.subject, self._keys)
        if self.subject.published() == self._before:
            wrong.append("it was due, and what is published has not changed")
        if self.subject.issuer.capacity != 1 and not self.subject.alive(self._before):
            wrong.append("the previous version no longer works, and nothing has been proved")
        return wrong


class Force(Rotate):
    """A rotation for a leak, that no schedule asks for: dead before it is announced, nobody asks for it again."""

    NAME = "force"

    def begin(self) -> None:
        self.subject.renew_options()
        self.subject.age(_MOMENT)
        self._before, self._keys = self.subject.published(), self.subject.keys()

    def operate(self, hooks: Hooks | None = None) -> Ended:
        return self.subject.run(hooks, force=True, reason="leak")

    def check_end(self, ended: Ended) -> list[str]:
        asks_by_itself = ("rotated",) if self.subject.issuer.SUPPLIED else ()  # a value that a person has supplied
        wrong = checks.done(ended, "resumed", "none", *asks_by_itself) + checks.sound(self.subject)
        if self.subject.published() == self._before:
            return wrong + (["a key was made and is not published"] if self.subject.keys() != self._keys else [])
        return wrong + checks.one_new_key(self.subject, self._keys)


class Create(Lap):
    """The first version of a credential that nobody has rotated yet, beside somebody else's key."""

    NAME = "create"

    def begin(self) -> None:
        self.subject = self.pair.subject()
        self.subject.add_foreign_key()
        self._keys = self.subject.keys()

    def operate(self, hooks: Hooks | None = None) -> Ended:
        return self.subject.run(hooks)

    def go_on(self, hooks: Hooks | None = None) -> Ended:
        return self.subject.run(hooks)

    def check_end(self, ended: Ended) -> list[str]:
        wrong = checks.done(ended, "created", "resumed", "none") + checks.sound(self.subject)
        return wrong + checks.one_new_key(self.subject, self._keys)

    def clear(self) -> None:
        """The next lap takes another identity."""


class Adopt(Create):
    """Taking over a working value that a person has published."""

    NAME = "adopt"

    def begin(self) -> None:
        self.subject = self.pair.subject()
        self.subject.withhold()
        self.subject.publish_by_hand()
        self._before, self._keys = self.subject.published(), self.subject.keys()

    def check_end(self, ended: Ended) -> list[str]:
        wrong = checks.done(ended, "adopted", "none") + checks.sound(self.subject)
        if (self.subject.published(), self.subject.keys()) != (self._before, self._keys):
            wrong.append("adopting changed something")
        return wrong


class Retire(Rotate):
    """Proving, disabling and deleting the previous version."""

    NAME = "retire"

    def begin(self) -> None:
        super().begin()
        prepared(self.subject.run(), "rotated")
        self._current, self._keys = self.subject.published(), self.subject.keys()

    def operate(self, hooks: Hooks | None = None) -> Ended:
        return self.subject.retire(hooks)

    def check_now(self) -> list[str]:
        """What is being retired ends only after that has been decided and written down."""
        phases = {version["phase"] for version in self.subject.versions()}
        wrong = super().check_now()
        ours = self.subject.issuer.capacity != 1 and self.subject.issuer.REVOKES
        if ours and "previous" in phases and not self.subject.serves(self._before):
            wrong.append("the previous version no longer works, and the journal does not say that it is being retired")
        return wrong

    def go_on(self, hooks: Hooks | None = None) -> Ended:
        """Rotating comes first in a daily run, and finds nothing to do; retiring is the next thing in it."""
        wrong = checks.done(self.subject.run(), "none")
        self._between = wrong + (["rotating meanwhile changed the keys"] if self.subject.keys() - self._keys else [])
        return self.subject.retire(hooks)

    def check_end(self, ended: Ended) -> list[str]:
        wrong = self._between + checks.done(ended, "deleted", "none") + checks.sound(self.subject)
        if self.subject.published() != self._current:
            wrong.append("retiring changed what is published")
        if len(self.subject.versions()) != 1:
            wrong.append(f"{len(self.subject.versions())} versions are left")
        if self.subject.issuer.MINTS and self.subject.alive(self._before):
            wrong.append("what was deleted still works")
        return wrong

    def once_more(self) -> list[str]:
        return checks.quiet(self.subject.run()) + checks.quiet(self.subject.retire())

    def clear(self) -> None:
        """There is room."""


class RollBack(Rotate):
    """Publishing the previous version again."""

    NAME = "roll back"

    def __init__(self, pair: Pair) -> None:
        """:raises Absent: the issuer itself replaces the value, and the one before it is dead."""
        super().__init__(pair)
        if self.subject.issuer.REVEALS and self.subject.issuer.capacity == 1:
            raise Absent("the issuer replaces the value itself, and there is nothing to roll back to")

    def begin(self) -> None:
        self.subject.renew_options()
        self.subject.age(_MOMENT)
        self._before = self.subject.published()
        prepared(self.subject.run(force=True, reason="manual"), "rotated")
        self._keys, self._after = self.subject.keys(), self.subject.published()

    def operate(self, hooks: Hooks | None = None) -> Ended:
        return self.subject.run(hooks, state="rolled_back", reason="manual")

    def check_end(self, ended: Ended) -> list[str]:
        wrong = checks.done(ended, "resumed", "none") + checks.sound(self.subject)
        if self.subject.published() not in (self._before, self._after):
            wrong.append("something else is published than before or after the rotation")
        if self.subject.keys() != self._keys:
            wrong.append("rolling back changed the keys")
        return wrong


LAPS: tuple[type[Lap], ...] = (Create, Adopt, Rotate, Force, Retire, RollBack)
