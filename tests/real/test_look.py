# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has nothing to do has no task in a run, and everything that must not be taken for that."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.locksmith.rotation.tests.real.estate import Ended, Estate
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

_OWN_TASK = "locksmith.rotation.credential : Bring the credential up to date"


@pytest.fixture
def estate(moto: Moto, tmp_path: pathlib.Path) -> Estate:
    """Two credentials on one machine, both published and proved."""
    found = Estate(moto, tmp_path, ["deployer", "reader"], ["web1"])
    assert found.rotate().status == 0
    return found


def tasked(ended: Ended) -> set[str]:
    """The credentials that had a task of their own."""
    part = ended.output.partition(f"TASK [{_OWN_TASK}]")[2].partition("\nTASK [")[0]
    return {name for name in ("deployer", "reader") if f"[{name}]" in part}


def told(ended: Ended) -> set[str]:
    """The credentials that the closing table tells of."""
    table = ended.output.partition("Print a line for each credential")[2]
    return {name for name in ("deployer", "reader") if name in table}


def test_nothing_is_due_and_no_credential_has_a_task(estate: Estate) -> None:
    for more in ((), ("--check",)):
        ended = estate.rotate(*more)
        assert (ended.status, ended.changed(), tasked(ended)) == (0, 0, set()), ended.output
        assert told(ended) == {"deployer", "reader"}


def test_one_is_due_and_has_the_only_task(estate: Estate) -> None:
    others = estate.published_id("reader")
    estate.make_due()
    estate.credentials["reader"]["credential_rotate_after"] = "1h"
    old, ended = estate.published_id("deployer"), estate.rotate()
    assert (ended.status, tasked(ended), told(ended)) == (0, {"deployer"}, {"deployer", "reader"}), ended.output
    assert estate.key_ids("deployer") == [estate.published_id("deployer")] != [old], "rotated, proved and retired"
    assert estate.published_id("reader") == others


def test_a_host_that_uses_it_since_now_is_written_down(estate: Estate) -> None:
    home = estate.top / "web2"
    home.mkdir()
    entries = [estate.entry("web2", "reader")]
    estate.machines["web2"] = {
        "ansible_connection": "local",
        "consumer_state_dir": str(home / "state"),
        "consumer_credentials": entries,
    }
    first, second = estate.rotate(), estate.rotate()
    assert (first.status, tasked(first)) == (0, {"reader"}), first.output
    assert estate.has("web2", "reader") == estate.published_id("reader")
    assert (second.status, tasked(second)) == (0, set()), "by now the journal knows it"


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("credential_grace", "a while", "a while"),
        ("credential_consumers", "nobody", "nobody"),
        ("credential_type", "no_such", "no_such"),
        ("credential_rotate_after", "{{ lookup('file', '/nowhere/at/all') }}", "/nowhere/at/all"),
    ],
)
def test_what_is_written_wrongly_is_said_by_its_own_task(estate: Estate, variable: str, value: str, words: str) -> None:
    estate.credentials["deployer"][variable] = value
    ended = estate.rotate()
    assert ended.status != 0 and words in ended.output, ended.output
    assert "fatal: [deployer]" in ended.output and "fatal: [reader]" not in ended.output


def test_a_store_that_cannot_be_read_is_no_rest(estate: Estate) -> None:
    estate.credentials["deployer"]["credential_store"]["endpoint_url"] = "http://127.0.0.1:1"
    ended = estate.rotate()
    assert ended.status != 0 and tasked(ended) == {"deployer"} and "deployer" in told(ended), ended.output


def test_variables_of_the_play_are_those_of_every_credential(estate: Estate) -> None:
    old = {name: estate.published_id(name) for name in estate.users}
    book = estate.top / "forced.yml"
    book.write_text("- import_playbook: locksmith.rotation.rotate\n  vars:\n    credential_force: true\n", encoding="utf-8")
    ended = estate.run(str(book))
    assert ended.status == 0 and tasked(ended) == {"deployer", "reader"}, ended.output
    assert all(estate.published_id(name) != old[name] for name in old)


def test_what_is_on_the_command_line_counts_too(estate: Estate) -> None:
    ended = estate.rotate("-e", "credential_rotate_after=1s", "-e", "rotate_only=reader")
    assert (ended.status, tasked(ended)) == (0, {"reader"}), ended.output


def test_whoever_is_told_of_versions_is_told_what_he_missed(estate: Estate) -> None:
    estate.credentials["reader"]["credential_announce"] = [{"kind": "webhook", "name": "team", "url": "http://127.0.0.1:1/"}]
    ended = estate.rotate()
    assert tasked(ended) == {"reader"} and "reader: NOT ANNOUNCED" in ended.output, ended.output


def test_a_canary_may_rest(estate: Estate) -> None:
    estate.credentials["deployer"]["credential_canary"] = True
    old = estate.published_id("reader")
    estate.credentials["reader"]["credential_rotate_after"] = "1s"
    ended = estate.rotate()
    assert ended.status == 0 and estate.published_id("reader") != old, ended.output
