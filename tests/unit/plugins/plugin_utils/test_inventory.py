# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue and the proofs, read out of inventory variables."""

from __future__ import annotations

import typing as t

from ansible_collections.locksmith.rotation.plugins.plugin_utils.inventory import collect_proofs, read_catalogue

WEB = {"consumer_credentials": [{"credential": "db", "dest": "/a"}, {"credential": "db", "dest": "/b"}]}
GOOD = {"dest": "/a", "fingerprint": "f", "running": "f", "healthy": True}


def variables(**hosts: dict[str, t.Any]) -> dict[str, t.Any]:
    hostvars: dict[str, dict[str, t.Any]] = {"db": {}, **hosts}
    return {"groups": {"all": list(hostvars), "credentials": ["db"]}, "hostvars": hostvars}


def test_who_uses_what_canaries_first() -> None:
    catalogue = read_catalogue(variables(web1=WEB, web2={**WEB, "consumer_canary": True}, other={}))
    assert catalogue.consumers == {"db": ("web1", "web2")}
    assert catalogue.hosts() == ["web2", "web1"]
    assert catalogue.unknown() == {}


def test_what_may_be_the_runs_own_login_goes_last() -> None:
    found = variables(rotator={"credential_own_login": "last"}, other={"credential_own_login": "refuse"}, web1=WEB)
    found["groups"]["credentials"] = ["rotator", "db", "other"]
    assert read_catalogue(found).last == ("rotator",)
    assert read_catalogue(variables(web1=WEB)).last == ()


def test_an_unknown_credential_is_found_with_its_hosts() -> None:
    wrong = {"consumer_credentials": [{"credential": "dbb", "dest": "/a"}]}
    assert read_catalogue(variables(web1=wrong)).unknown() == {"dbb": ["web1"]}


def test_each_file_needs_its_own_proof() -> None:
    proofs = collect_proofs("db", variables(web1={**WEB, "consumer_proofs": {"db": [GOOD]}}))
    assert proofs is not None and [proof.get("fingerprint") for proof in proofs] == ["f", None]
    assert proofs[1]["detail"] == "has not reported"


def test_silence_has_reasons() -> None:
    silent: dict[str, dict[str, t.Any]] = {
        "web1": {**WEB, "consumer_outcome": {"unreachable": True}},
        "web2": {**WEB, "consumer_outcome": {"failed": True, "detail": "probe"}},
        "web3": WEB,
    }
    proofs = collect_proofs("db", {**variables(**silent), "ansible_limit": "db"}) or []
    told = {proof["host"]: proof["detail"] for proof in proofs}
    assert told == {"web1": "unreachable", "web2": "failed: probe", "web3": "not in this run (--limit)"}


def test_nobody_is_not_the_same_as_nobody_looked() -> None:
    assert collect_proofs("db", variables(web1={})) is None
    assert collect_proofs("db", {**variables(web1={}), "credential_consumers": "external"}) == []


def test_a_consumer_with_a_store_of_its_own_is_not_of_the_catalogue() -> None:
    own = {"consumer_credentials": [{"credential": "elsewhere", "store": {"type": "file"}, "dest": "/a"}]}
    assert read_catalogue(variables(web1=own)).consumers == {}
