# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong while a household is rotated: each a context, because failures are what talks most."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import enum
import typing as t

from ansible_collections.locksmith.rotation.plugins.plugin_utils.issuers import issuer_class
from ansible_collections.locksmith.rotation.tests.proof.leaks_world import FILES, MACHINES, Household, Kept

During = t.Callable[[Household], t.ContextManager[None]]


class Before(enum.Enum):
    """What is there when it goes wrong."""

    NOTHING = "nothing"
    VERSIONS = "a version of each credential"
    HOSTS = "a version of each credential, and all hosts have it"


@dataclasses.dataclass(frozen=True)
class Setback:
    """C(keep): module files stay on the hosts. C(fails): so does the run."""

    during: During
    before: Before = Before.VERSIONS
    keep: bool = True
    fails: bool = True

    def ended_as_expected(self, status: int) -> bool:
        return bool(status) is self.fails


@contextlib.contextmanager
def _instead(household: Household, change: t.Callable[[Kept], dict[str, t.Any]]) -> t.Iterator[None]:
    """Other variables for every credential meanwhile."""
    household.changed = {kept.name: change(kept) for kept in household.credentials}
    try:
        yield
    finally:
        household.changed = {}


def _wrong_logins(household: Household) -> t.ContextManager[None]:
    """Every secret option of every issuer is another one."""

    def change(kept: Kept) -> dict[str, t.Any]:
        known = issuer_class(kept.issuer.KIND).OPTIONS
        secret = [name for name, option in known.items() if option.get("no_log") and kept.options.get(name)]
        return {"credential_options": {**kept.options, **{name: household.canary(f"{name} of {kept.name}") for name in secret}}}

    return _instead(household, change)


@contextlib.contextmanager
def _denied_stores(household: Household) -> t.Iterator[None]:
    """Whoever writes may only read."""
    with contextlib.ExitStack() as stack:
        # Two stores in AWS are in one account: when its rights are enforced for one, the other is denied as well.
        kinds = {kept.store["type"] in ("ssm", "secretsmanager") or kept.name: kept for kept in household.credentials}
        for kept in kinds.values():
            stack.enter_context(kept.place.without_rights())
        with _instead(household, lambda kept: {"credential_store": kept.place.store_option()}):
            yield


def _nobody_listens(household: Household) -> t.ContextManager[None]:
    """Every issuer is at an address where nobody is."""

    def change(kept: Kept) -> dict[str, t.Any]:
        nowhere = {
            "endpoint_url": "http://127.0.0.1:1",
            "url": "http://127.0.0.1:1",
            "api_url": "http://127.0.0.1:1",
            "login_port": 1,
        }
        return {"credential_options": {**kept.options, **{name: to for name, to in nowhere.items() if name in kept.options}}}

    return _instead(household, change)


@contextlib.contextmanager
def _failing_alter(household: Household) -> t.Iterator[None]:
    """PostgreSQL refuses to write, and writes down the statement that it refused."""
    with household.servers.postgres.read_only():
        yield


@contextlib.contextmanager
def _no_login(household: Household) -> t.Iterator[None]:
    """The role may not log in any more, so that the new password does not verify."""
    (kept,) = (kept for kept in household.credentials if type(kept.issuer).KIND == "postgresql")
    role = kept.options["role"]
    household.servers.postgres.sql(f'ALTER ROLE "{role}" NOLOGIN')
    try:
        yield
    finally:
        household.servers.postgres.sql(f'ALTER ROLE "{role}" LOGIN')


@contextlib.contextmanager
def _changed_by_hand(household: Household) -> t.Iterator[None]:
    """Somebody else has published something else meanwhile."""
    for kept in household.credentials:
        secret = [name for name in kept.issuer.FIELDS if name not in type(kept.issuer).PUBLIC_FIELDS]
        kept.place.put_sibling(secret[0], household.canary(f"by hand in {kept.name}"))
    yield


@contextlib.contextmanager
def _hosts_that_fail(household: Household) -> t.Iterator[None]:
    """A service that does not come up, one whose restart prints its file and fails, templates that choke on a value, unknown fields."""
    kept = copy.deepcopy(household.machines)
    first, second = MACHINES
    entries = {machine: household.machines[machine]["consumer_credentials"] for machine in MACHINES}
    for entry in entries[first]:
        if entry["format"] == "template":
            entry["template"] = str(FILES / "templates" / "broken.j2")
        if entry["format"] == "ini":
            entry["fields"] = {"there": "no_such_field"}
        entry["service"]["command"] = ["/bin/sh", "-c", f"cat {entry['dest']}; cat {entry['dest']} >&2; exit 3"]
    for entry in entries[second]:
        entry["probe"] = {"command": ["/bin/sh", "-c", f"cat {entry['dest']}; exit 1"], "retries": 0}
    try:
        yield
    finally:
        household.machines = kept


def _misspelt(household: Household) -> t.ContextManager[None]:
    """Secrets under names that no option has, and where something else belongs."""

    def change(kept: Kept) -> dict[str, t.Any]:
        number = household.credentials.index(kept) % 4
        canary = household.canary(f"misspelt {kept.name}")
        return (
            {"credential_options": {**kept.options, "pasword": canary}},
            {"credential_store": {**kept.store, "tokn": canary}},
            {"credential_options": canary},
            {"credential_store": canary},
        )[number]

    return _instead(household, change)


def _elsewhere(household: Household) -> t.ContextManager[None]:
    """The work is done on another host, to which the options have to go."""
    household.machines[MACHINES[0]]["ansible_connection"] = "elsewhere"
    return _instead(household, lambda kept: {} if kept.store["type"] == "file" else {"credential_run_on": MACHINES[0]})


FAULTS: dict[str, Setback] = {
    "wrong logins": Setback(_wrong_logins),
    "stores that deny": Setback(_denied_stores),
    "nobody listens": Setback(_nobody_listens, Before.NOTHING),
    "a failing ALTER": Setback(_failing_alter),
    "a value that does not verify": Setback(_no_login),
    "a publication changed by hand": Setback(_changed_by_hand),
    "hosts that fail": Setback(_hosts_that_fail, Before.HOSTS),
    "secrets where they do not belong": Setback(_misspelt, Before.NOTHING),
    "work elsewhere": Setback(_elsewhere, keep=False, fails=False),
    "elsewhere, files kept": Setback(_elsewhere),
}
