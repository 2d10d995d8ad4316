# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which turn each credential of a run goes, and which may not begin a rotation in it. Controller only.

Called by the action plugins C(credential_catalogue), before anything is changed, and C(credential_choose), after the canaries.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.gate import ConsumerProof, judge
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.plan import Action
from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.states import State
from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import Catalogue, collect_proofs
from ansible_collections.locksmith.rotation.plugins.plugin_utils.run_facts import resting, result_of

#: Groups that a run makes: canary credentials and the hosts that use them, what goes last, and what has to be chosen from.
FIRST, FIRST_CONSUMERS, LAST, LIMITED = (
    "locksmith_first",
    "locksmith_first_consumers",
    "locksmith_last",
    "locksmith_limited",
)
#: States in which a rotation is not finished.
_UNFINISHED = frozenset(state.value for state in (State.INTENDED, State.CANDIDATE, State.QUARANTINED, State.ABSENT))
Variables = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Turns:
    """C(canaries) go first, C(last) after all others. C(most): how many of C(limited) may begin a rotation; None is all of them.

    C(limited): the credentials that may have to wait for another run, without the canaries.
    """

    canaries: tuple[str, ...]
    last: tuple[str, ...]
    limited: tuple[str, ...]
    most: int | None

    def groups(self, catalogue: Catalogue) -> list[dict[str, str]]:
        """The members of the groups, one by one."""
        using = {host for canary in self.canaries for host in catalogue.consumers.get(canary, ())}
        hosts = [host for host in catalogue.hosts() if host in using]
        members = {FIRST: self.canaries, FIRST_CONSUMERS: hosts, LIMITED: self.limited, LAST: self.last}
        return [{"name": name, "group": group} for group, names in members.items() for name in names]


def turns_of(catalogue: Catalogue, names: t.Sequence[str]) -> Turns:
    """Of the credentials that the run is about."""
    canaries = tuple(name for name in catalogue.first if name in names)
    numbers = {name: catalogue.most[name] for name in names if name in catalogue.most}
    limited = tuple(name for name in names if name not in canaries and (canaries or name in numbers))
    last = tuple(name for name in catalogue.last if name in names)
    return Turns(canaries, last, limited, min(numbers.values()) if numbers else None)


def contradictions(catalogue: Catalogue, names: t.Sequence[str]) -> list[str]:
    """What two variables of the catalogue say that cannot both hold, as sentences."""
    both = [name for name in catalogue.first if name in catalogue.last and name in names]
    found = [
        f"{name} cannot be the canary (credential_canary), because what the run may log in with goes last (credential_own_login)."
        for name in both
    ]
    numbers = sorted({catalogue.most[name] for name in names if name in catalogue.most})
    if len(numbers) > 1:
        found.append(
            f"credential_max_per_run is {' here and '.join(map(str, numbers))} there, and one run has one: "
            "set it for the group credentials."
        )
    return found


def postponed(seen: t.Mapping[str, Variables], begun: int, most: int) -> dict[str, str]:
    """The credentials that have to wait for another run, and why. The most overdue begin first.

    :arg seen: what C(credential_info) said of each.
    :arg begun: how many have begun in this run.
    """
    plans = {name: found["plan"] for name, found in seen.items() if found.get("plan")}
    beginning = [name for name, plan in plans.items() if plan["action"] == Action.ISSUE.value]
    patient = sorted((name for name in beginning if plans[name]["can_wait"]), key=lambda name: str(seen[name].get("due_at")))
    urgent = begun + len(beginning) - len(patient)
    room = max(most - urgent, 0)
    why = f"postponed, {urgent + min(room, len(patient))} already begin in this run (credential_max_per_run: {most})"
    return dict.fromkeys(patient[room:], why)


def canary_trouble(canary: str, variables: Variables, check_mode: bool) -> str:
    """Why nothing else may begin, or an empty string: the canary's rotation and every host that uses it have to be well.

    In check mode the hosts are taken to come up on what they would get.
    """
    result = result_of(canary, variables["hostvars"][canary], resting(variables))
    if not result:
        return "it was not in this run"
    if result.get("failed") or result.get("unreachable"):
        return "its rotation failed"
    if result.get("action") == "busy":
        return str(result.get("why"))
    if check_mode:
        return ""
    if result.get("state") in _UNFINISHED:
        return f"it is {result['state']}"
    proofs = [ConsumerProof(**proof) for proof in collect_proofs(canary, variables) or ()]
    pending = judge(proofs, str(result.get("fingerprint")), {}, (), 0.0).pending
    return "waits for " + ", ".join(pending) if pending else ""
