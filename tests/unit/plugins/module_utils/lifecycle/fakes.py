# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An issuer, a store and a clock in memory, whose every call can be made the last one. For the engine's tests only."""

from __future__ import annotations

import itertools
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import (
    Attempt,
    Issued,
    Issuer,
    KeyInfo,
    LastUse,
    Setting,
    Verdict,
    Verification,
)
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.engine import Engine
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.journal import Lease
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.keeper import Keeper, Run
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.policy import Policy
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Journalled, Published, Store
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.clock import Clock
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Conflict, ForeignKeys, Rejected
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields


class Killed(BaseException):
    """The process died here: nothing after this point runs, not even error handling."""


class FakeClock(Clock):
    """Moves only when told, or when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 1_800_000_000.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class Boundary:
    """Counts the points just before and just after every outward call, and kills or fails at the chosen one."""

    def __init__(self) -> None:
        self.count = 0
        self.kill_at: int | None = None
        self.fail_at: int | None = None
        self.error: type[Exception] = RuntimeError
        self.calls: list[str] = []

    def reach(self, name: str) -> None:
        self.count += 1
        if self.count == self.kill_at:
            raise Killed(name)
        if self.count == self.fail_at:
            raise self.error(f"injected at {name}")

    def around(self, name: str, act: t.Callable[[], t.Any]) -> t.Any:
        self.calls.append(name)
        self.reach("before " + name)
        result = act()
        self.reach("after " + name)
        return result


class World:
    """What exists outside: the keys at the issuer, and the texts in the store."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.keys: dict[str, dict[str, t.Any]] = {}
        self.foreign: set[str] = set()
        self.numbers = itertools.count(1)
        self.journal: str | None = None
        self.journal_revision = 0
        self.published: dict[str, str] | None = None
        self.published_revision = 0
        self.minted = 0
        self.last_use = LastUse(supported=False)

    def alive(self, fields: t.Mapping[str, str]) -> bool:
        return any(k["secret"] == fields.get("secret") and k["active"] for k in self.keys.values())


class MintingIssuer(Issuer):
    """Like IAM: makes keys itself, two at once, can switch them off."""

    KIND = "fake"
    MODULE = "fake_rotate"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {}
    FIELDS = ("id", "secret")
    PUBLIC_FIELDS = ("id",)
    MINTS = True
    CAN_DISABLE = True
    LOGINS_NEEDED = 2

    def __init__(self, world: World, clock: Clock, boundary: Boundary) -> None:
        self.world, self.clock, self.boundary = world, clock, boundary
        self.dead_until_verified = 0
        self.never_works = False
        self.may_do_less = False

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], setting: Setting) -> Issuer:
        raise AssertionError("built by the tests")

    @property
    def identity(self) -> str:
        return "fake user"

    @property
    def capacity(self) -> int:
        return self.world.capacity

    def keys(self) -> list[KeyInfo]:
        return self.boundary.around("keys", self._list)

    def _list(self) -> list[KeyInfo]:
        return [KeyInfo(i, k["name"], k["created"], active=k["active"]) for i, k in self.world.keys.items()]

    def check_room(self, listed: t.Sequence[KeyInfo], recorded: t.Container[str]) -> None:
        if self.world.capacity > 1 and len(listed) >= self.world.capacity:
            raise ForeignKeys("no room: " + ", ".join(key.id for key in listed))

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        return self.boundary.around("issue", lambda: self._mint(attempt))

    def _mint(self, attempt: Attempt) -> Issued:
        number = next(self.world.numbers)
        self.world.minted += 1
        key: dict[str, t.Any] = {"name": attempt.name, "created": self.clock.now(), "active": True, "secret": f"secret-{number}"}
        self.world.keys[f"key-{number}"] = key
        return Issued(f"key-{number}", SecretFields({"id": f"key-{number}", "secret": key["secret"]}), key["created"])

    def verify(self, version: Issued) -> Verification:
        return self.boundary.around("verify", lambda: self._verify(version))

    def _verify(self, version: Issued) -> Verification:
        if self.never_works or self.dead_until_verified > 0:
            self.dead_until_verified -= 1
            return Verification(Verdict.DEAD)
        return Verification(Verdict.ALIVE if self.world.alive(version.fields) else Verdict.DEAD, "fake user")

    def check_rights(self, candidate: Issued, current: Issued) -> None:
        if self.may_do_less and candidate.fields.fingerprint() != current.fields.fingerprint():
            raise Rejected(f"{candidate.id} may do less than {current.id}")

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        return next((key for key in self._list() if self.world.keys[key.id]["secret"] == fields.get("secret")), None)

    def last_use(self, version: Issued) -> LastUse:
        return self.boundary.around("last_use", lambda: self.world.last_use)

    def disable(self, version: Issued) -> None:
        self.boundary.around("disable", lambda: self.world.keys[version.id].update(active=False))

    def enable(self, version: Issued) -> None:
        self.boundary.around("enable", lambda: self.world.keys[version.id].update(active=True))

    def delete(self, version: Issued) -> None:
        self.boundary.around("delete", lambda: self.world.keys.pop(version.id, None))


class AcceptingIssuer(MintingIssuer):
    """Like a database role: accepts what we propose, one value at a time."""

    MINTS = False
    CAN_DISABLE = False
    LOGINS_NEEDED = 1

    def propose(self, attempt: Attempt, current: Issued | None) -> Issued:
        number = next(self.world.numbers)
        return Issued(f"role/{number}", SecretFields({"id": "role", "secret": f"password-{number}"}))

    def issue(self, attempt: Attempt, proposal: Issued | None, known: t.Sequence[Issued]) -> Issued:
        if proposal is None:
            raise AssertionError("needs a proposal")
        return self.boundary.around("apply", lambda: self._apply(proposal))

    def _apply(self, proposal: Issued) -> Issued:
        self.world.minted += 1
        self.world.keys = {"role": {"name": "", "created": 0.0, "active": True, "secret": proposal.fields["secret"]}}
        return proposal

    def identify(self, fields: t.Mapping[str, str]) -> KeyInfo | None:
        return KeyInfo("role")

    def delete(self, version: Issued) -> None:
        self.boundary.around("delete", lambda: None)


class MemoryStore(Store):
    """Compare-and-set on both the journal and the published value."""

    TYPE = "memory"
    OPTIONS: t.ClassVar[dict[str, t.Any]] = {}

    def __init__(self, world: World, boundary: Boundary) -> None:
        super().__init__(("id", "secret"), None)
        self.world, self.boundary = world, boundary

    @classmethod
    def create(cls, options: t.Mapping[str, t.Any], field_names: t.Sequence[str], renames: t.Mapping[str, str] | None) -> Store:
        raise AssertionError("built by the tests")

    @property
    def place(self) -> str:
        return "memory"

    def read_journal(self) -> Journalled | None:
        return self.boundary.around("read_journal", self._read_journal)

    def _read_journal(self) -> Journalled | None:
        return None if self.world.journal is None else Journalled(self.world.journal, str(self.world.journal_revision))

    def write_journal(self, text: str, expected: str | None) -> str:
        return self.boundary.around("write_journal", lambda: self._write_journal(text, expected))

    def _write_journal(self, text: str, expected: str | None) -> str:
        at = None if self.world.journal is None else str(self.world.journal_revision)
        if at != expected:
            raise Conflict("the journal moved")
        self.world.journal = text
        self.world.journal_revision += 1
        return str(self.world.journal_revision)

    def read_published(self) -> Published | None:
        return self.boundary.around("read_published", self._read_published)

    def _read_published(self) -> Published | None:
        if self.world.published is None:
            return None
        return Published(self.inward(self.world.published), str(self.world.published_revision))

    def check_publishable(self, sizes: t.Mapping[str, int]) -> None:
        self.boundary.around("check_publishable", lambda: None)

    def publish(self, fields: SecretFields, rotated_at: str, expected: str | None) -> str:
        return self.boundary.around("publish", lambda: self._publish(fields, expected))

    def _publish(self, fields: SecretFields, expected: str | None) -> str:
        at = None if self.world.published is None else str(self.world.published_revision)
        if at != expected:
            raise Conflict("published meanwhile")
        self.world.published = fields.reveal()
        self.world.published_revision += 1
        return str(self.world.published_revision)


POLICY = Policy(rotate_after=1000, grace=100, recovery_wait=50, verify_timeout=30, lease=60, max_failures=3, forget_after=500)


class Stage:
    """A world with a clock, in which runs take place one after the other or, through P(engine), side by side."""

    def __init__(self, minting: bool, capacity: int | None = None) -> None:
        self.clock = FakeClock()
        self.world = World(capacity if capacity is not None else (2 if minting else 1))
        self.minting = minting
        self.boundary = Boundary()
        self.runs = itertools.count(1)
        self.dead: set[str] = set()

    def engine(self, boundary: Boundary | None = None, check: bool = False, policy: Policy = POLICY) -> Engine:
        boundary = boundary or self.boundary
        issuer: MintingIssuer = (MintingIssuer if self.minting else AcceptingIssuer)(self.world, self.clock, boundary)
        self.issuer = issuer
        run = f"run{next(self.runs)}"
        who = Run(run, "here", "boot", 1, run, self.clock.now(), self._is_gone, "series")
        return Engine(Keeper("thing", issuer, MemoryStore(self.world, boundary), policy, self.clock, who), check)

    def _is_gone(self, lease: Lease) -> bool:
        return lease.run in self.dead

    def bury(self) -> None:
        """Every run so far is dead, and known to be."""
        self.dead.update(f"run{number}" for number in range(1, 1000))
