# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the catalogue and the consumers out of the inventory. Controller only.

Called by the action plugins; what a play of the collection registered on its hosts is found here and nowhere else.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.locksmith.rotation.plugins.module_utils.lifecycle.own_login import LAST
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import ConfigurationError
from ansible_collections.locksmith.rotation.plugins.plugin_utils.plain import plain, plain_text

#: The group whose hosts are credentials.
GROUP = "credentials"
Variables = t.Mapping[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Catalogue:
    """C(consumers): credential to the hosts that use it, in the order of the inventory. C(canaries): those to go first.
    C(last): credentials that are rotated after all the others, because they may be the run's own login. C(first): canaries among
    the credentials. C(most): how many of the credentials that have such a number may begin a rotation in one run.
    C(pullers): credential to those of its hosts that fetch it by themselves.
    """

    credentials: tuple[str, ...]
    consumers: dict[str, tuple[str, ...]]
    canaries: frozenset[str]
    last: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    most: dict[str, int] = dataclasses.field(default_factory=dict)
    pullers: dict[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)

    def hosts(self) -> list[str]:
        """Every consumer once, canaries first."""
        found = dict.fromkeys(host for hosts in self.consumers.values() for host in hosts)
        return sorted(found, key=lambda host: host not in self.canaries)

    def unknown(self) -> dict[str, list[str]]:
        """Names that consumers use and that are no credential, each with the hosts that use it."""
        return {name: list(hosts) for name, hosts in self.consumers.items() if name not in self.credentials}


def read_catalogue(variables: Variables) -> Catalogue:
    """Of the whole inventory, whatever C(--limit) says."""
    groups, hostvars = variables["groups"], variables["hostvars"]
    credentials = tuple(plain_text(host) for host in groups.get(GROUP, ()))
    known = set(credentials)
    consumers: dict[str, list[str]] = {}
    pullers: dict[str, list[str]] = {}
    canaries = set()
    for host in map(plain_text, groups["all"]):
        if host in known:
            continue
        _check_entries(host, hostvars[host])
        entries = entries_of(hostvars[host])
        for name in _names_in(entries):
            consumers.setdefault(name, []).append(host)
        for name in _names_in([entry for entry in entries if entry.get("pull")]):
            pullers.setdefault(name, []).append(host)
        if hostvars[host].get("consumer_canary"):
            canaries.add(host)
    using, pulling = ({name: tuple(hosts) for name, hosts in found.items()} for found in (consumers, pullers))
    return Catalogue(credentials, using, frozenset(canaries), *_turns(credentials, hostvars), pullers=pulling)


def _names_in(entries: t.Iterable[Variables]) -> list[str]:
    """The credentials of a host's entries, each once."""
    return list(dict.fromkeys(plain_text(entry.get("credential", "")) for entry in entries))


def _turns(credentials: t.Sequence[str], hostvars: Variables) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, int]]:
    """What goes last, what goes first, and how many may begin.

    :raises ConfigurationError: no number; names the credential.
    """
    last, first, most = [], [], {}
    for name in credentials:
        variables = hostvars[name]
        if variables.get("credential_own_login") == LAST:
            last.append(name)
        if boolean(plain_text(variables.get("credential_canary") or ""), strict=False):
            first.append(name)
        number = variables.get("credential_max_per_run")
        if number is not None and plain_text(number) != "":
            most[name] = _whole_number(number, f"{name}: credential_max_per_run")
    return tuple(last), tuple(first), most


def _whole_number(written: object, variable: str) -> int:
    text = plain_text(written)
    if not text.isdecimal():
        raise ConfigurationError(f"{variable} is {text!r}, which is not a number.", next_step="write 0, 1, 2 or more.")
    return int(text)


def _check_entries(host: str, variables: Variables) -> None:
    """What cannot be understood could be a consumer that nobody waits for.

    :raises ConfigurationError: names the host.
    """
    written = variables.get("consumer_credentials") or []
    if isinstance(written, str) or not isinstance(written, t.Sequence) or not all(isinstance(one, t.Mapping) for one in written):
        raise ConfigurationError(
            f"{host}: consumer_credentials is not a list of entries.",
            next_step="write an entry for each file, with its credential.",
        )


def entries_of(variables: Variables) -> list[Variables]:
    """The C(consumer_credentials) of a host that name a credential of the catalogue (not a store of their own)."""
    written = variables.get("consumer_credentials") or ()
    if not isinstance(written, t.Sequence):
        return []
    return [entry for entry in written if isinstance(entry, t.Mapping) and not entry.get("store")]


def left_out(templar: t.Any, given: Variables, variables: Variables, names: t.Mapping[str, str]) -> dict[str, t.Any]:
    """Options that a task leaves to variables of its host, because every callback is shown a task's arguments, with the secrets in them.

    :arg names: option to variable.
    """
    wanted = {option: variable for option, variable in names.items() if given.get(option) is None and variable in variables}
    return {option: plain(templar.template(variables[variable])) for option, variable in wanted.items()}


def collect_proofs(credential: str, variables: Variables) -> list[dict[str, t.Any]] | None:
    """What every consumer of C(credential) in the whole inventory reported in this run, in the form of O(consumers).

    None where the inventory names no consumer and the catalogue does not say that this is right.
    """
    expected = _expected(credential, variables)
    if not expected and variables.get("credential_consumers") != "external":
        return None
    return [proof for host in expected for proof in _proofs_of(host, credential, variables["hostvars"][host], variables)]


def _expected(credential: str, variables: Variables) -> t.Sequence[str]:
    seen = variables.get("credential_catalogue") or {}
    if isinstance(seen.get("consumers"), t.Mapping):
        return [plain_text(host) for host in seen["consumers"].get(credential, ())]
    return read_catalogue(variables).consumers.get(credential, ())


def _proofs_of(host: str, credential: str, reported: Variables, variables: Variables) -> list[dict[str, t.Any]]:
    wanted = [entry for entry in entries_of(reported) if entry.get("credential") == credential]
    proofs = plain(reported.get("consumer_proofs") or {}).get(credential, [])
    found = [
        {
            "host": host,
            "fingerprint": proof.get("fingerprint") or "",
            "running": proof.get("running") or "",
            "healthy": bool(proof.get("healthy")),
            "detail": proof.get("detail") or "",
        }
        for proof in proofs
    ]
    lacking = len(wanted) - len(found)
    return found + [{"host": host, "detail": _why_silent(host, reported, variables)}] * max(lacking, 0)


def _why_silent(host: str, reported: Variables, variables: Variables) -> str:
    outcome = reported.get("consumer_outcome") or {}
    if isinstance(outcome, t.Mapping) and outcome.get("unreachable"):
        return "unreachable"
    if isinstance(outcome, t.Mapping) and outcome.get("failed"):
        return "failed: " + plain_text(outcome.get("detail") or "see above")
    if variables.get("ansible_limit"):
        return "not in this run (--limit)"
    return "has not reported"
