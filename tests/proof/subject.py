# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One credential under proof: its runs, the passing of time, and what is found at the issuer and in the store by other hands.

Nothing here that looks goes through the code under test, except the store object that reads the journal's text for us, and the list
of keys where asking a key itself would leave a trace.
"""

from __future__ import annotations

import json
import secrets
import tempfile
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued, Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.interface import Store
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.proof import jobs
from ansible_collections.locksmith.rotation.tests.proof.cells import Bench
from ansible_collections.locksmith.rotation.tests.proof.runs import Ended, Run, Way
from ansible_collections.locksmith.rotation.tests.real import issuer_makers, store_makers
from ansible_collections.locksmith.rotation.tests.real.fixtures_aws import Aws
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto
from ansible_collections.locksmith.rotation.tests.servers.openbao import OpenBao

NAME = "proved"
HOST = "web1"
DAY = 86400
#: Seconds. With a clock that is further off than this one nobody talks to AWS.
_MOST_BEHIND = 240.0
#: Everything that is retired goes in one call.
AT_ONCE: dict[str, t.Any] = {"grace": "0s", "recovery_wait": "0s"}


class _Places:
    """What the makers of stores take for pytest's C(request): servers of this worker, directories of this cell."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    def getfixturevalue(self, name: str) -> t.Any:
        if name == "openbao":
            return self._bench.keep("openbao", OpenBao)
        if name == "in_aws":
            return Aws(self._bench.keep("moto", Moto))
        if name == "tmp_path":
            return Path(tempfile.mkdtemp(dir=self._bench.scratch))
        raise LookupError(f"the proof knows no fixture {name}: add it to subject.py")


class Pair:
    """An issuer's server and a kind of store: makes subjects."""

    def __init__(self, bench: Bench, issuer: str, store: str, patches: t.Sequence[str] = ()) -> None:
        """:arg patches: of every run of every subject."""
        self.bench = bench
        self._patches = tuple(patches)
        self.maker = bench.keep(f"issuer {issuer}", issuer_makers.MAKERS[issuer])
        self._places = t.cast(pytest.FixtureRequest, _Places(bench))
        self._store = store_makers.MAKERS[store]

    def subject(self) -> Subject:
        """A credential that nobody has touched yet: neither journal nor published value."""
        return Subject(self.bench, self.maker, self._store(self._places), self._patches)


class Subject:
    """See the module's docstring."""

    def __init__(
        self, bench: Bench, maker: issuer_makers.Maker, store: store_makers.StoreMaker, patches: tuple[str, ...] = ()
    ) -> None:
        self._bench = bench
        self._patches = patches
        self.maker = maker
        self.store = store
        self.issuer: Issuer = maker.make()
        self.foreign: set[str] = set()
        self._options = maker.module_options(self.issuer)
        self._store_option = store.store_option()
        self._reader: Store | None = None

    # ---- runs -------------------------------------------------------------------------------------------------------

    def options(self, **changed: t.Any) -> dict[str, t.Any]:
        return {"name": NAME, "store": self._store_option, **self._options, **changed}

    def run(self, hooks: t.Mapping[str, t.Any] | None = None, check_mode: bool = False, **options: t.Any) -> Ended:
        """One run of the module. C(hooks): fields of P(Run) that kill it or make it fail."""
        return self._bench.zygote.run(self.as_run(hooks, check_mode, **options))

    def as_run(self, hooks: t.Mapping[str, t.Any] | None = None, check_mode: bool = False, **options: t.Any) -> Run:
        arguments = {"kind": self.issuer.KIND, "options": self.options(**options), "check_mode": check_mode}
        given = {**(hooks or {}), "patches": (*self._patches, *(hooks or {}).get("patches", ()))}
        return Run(jobs.rotate, arguments, scratch=str(self._bench.scratch), **given)

    def run_at_once(self, runs: int, **options: t.Any) -> list[Ended]:
        """Several equal runs, begun together."""
        return self._bench.zygote.run_all([self.as_run(**options) for dummy in range(runs)])

    def retire(self, hooks: t.Mapping[str, t.Any] | None = None, **options: t.Any) -> Ended:
        """The only consumer has proved what is current; everything may go at once, where a person has to revoke it after that person."""
        if not self.issuer.REVOKES:
            self._revoke_by_hand()
        asked = {**AT_ONCE, "state": "retired", "consumers": [self.proof()], **options}
        return self.run({"offset": self._behind(), **(hooks or {})}, **asked)

    def _behind(self) -> float:
        """Seconds by which the real time is behind what the last run, whose pauses cost nothing, has written down before it was killed."""
        history = self.journal().get("history", [])
        ahead = float(history[-1]["at"]) - time.time() if history else 0.0
        return ahead if 0 < ahead < _MOST_BEHIND else 0.0

    def _revoke_by_hand(self) -> None:
        for version in self.versions():
            if version["phase"] not in ("current", "candidate") and self.alive(version["fields"]):
                self.maker.kill(self.issuer, Issued(version["id"], SecretFields(version["fields"])))

    def proof(self) -> dict[str, t.Any]:
        current = self.current()
        print_ = current["fingerprint"] if current else ""
        return {"host": HOST, "fingerprint": print_, "running": print_, "healthy": True}

    # ---- time and other people --------------------------------------------------------------------------------------

    def renew_options(self) -> None:
        """Where a person supplies the value, the next rotation gets a new one."""
        self._options = self.maker.module_options(self.issuer)

    def withhold(self) -> None:
        """Where a person supplies the value, nobody has done so."""
        self._options.pop("new_value", None)

    def age(self, seconds: int) -> None:
        """Let time pass: everything that the journal has recorded is that much longer ago."""
        self._by_hand(jobs.age, seconds=seconds)

    def publish_by_hand(self) -> None:
        """What is there before anybody rotates it: a working value that a person has put in the store."""
        attempt = Attempt(f"by-hand-{secrets.token_hex(4)}", time.time(), (), 100 * DAY)
        proposal = None if self.issuer.MINTS else self.issuer.propose(attempt, None)
        made = self.issuer.issue(attempt, proposal, [])
        self._by_hand(jobs.publish, fields=made.fields.reveal())

    def _by_hand(self, job: t.Callable[..., None], **arguments: t.Any) -> None:
        """In a forked process as well, whose clock makes a store's waiting short. :raises RuntimeError: it failed."""
        given = {"kind": self.issuer.KIND, "store": self._store_option, **arguments}
        ended = self._bench.zygote.run(Run(job, given))
        if ended.way is not Way.DONE:
            raise RuntimeError(f"{job.__name__}: {ended}")

    def add_foreign_key(self) -> None:
        """A key of the same identity that is none of ours, where there is room beside ours."""
        if self.issuer.MINTS and self.issuer.capacity != 1:
            self.foreign.add(self.maker.foreign_key(self.issuer))

    # ---- looking ----------------------------------------------------------------------------------------------------

    def published(self) -> dict[str, str]:
        """Field to value as readers see it; empty if nothing of ours is published."""
        raw = self.store.raw() or {}
        return {name: str(raw[name]) for name in self.issuer.fields if name in raw}

    def journal(self) -> dict[str, t.Any]:
        if self._reader is None:
            self._reader = self.store.make(self.issuer.fields)
        found = self._reader.read_journal()
        return dict(json.loads(found.text)) if found else {}

    def versions(self) -> list[dict[str, t.Any]]:
        found: list[dict[str, t.Any]] = self.journal().get("versions", [])
        return found

    def current(self) -> dict[str, t.Any] | None:
        return next((version for version in self.versions() if version["phase"] == "current"), None)

    def keys(self) -> set[str]:
        """All keys at the issuer; none where it does not mint."""
        return self.maker.key_ids(self.issuer) if self.issuer.MINTS else set()

    def serves(self, fields: t.Mapping[str, str]) -> bool:
        """P(alive), asked without using it where the issuer keeps a record of use: that would be evidence against retiring it."""
        mine = next((version for version in self.versions() if version.get("fields") == dict(fields)), {})
        issued = Issued(str(mine.get("id", "")), SecretFields(dict(fields)))
        if not issued.id or not self.issuer.lists_keys or not self.issuer.last_use(issued).supported:
            return self.alive(fields)
        # A role that keeps its name has no key of the version's id, and a deleted key leaves no trace.
        listed = [key for key in self.issuer.keys() if key.id == issued.id]
        return listed[0].active if listed else self.alive(fields)

    def alive(self, fields: t.Mapping[str, str]) -> bool:
        return self.maker.alive(self.issuer, fields)
