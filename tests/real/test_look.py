# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has nothing to do has no task in a run, and everything that must not be taken for that."""

from __future__ import annotations

import pathlib

from ansible_collections.locksmith.rotation.tests.real.estate import Ended, Estate
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

_OWN_TASK = "locksmith.rotation.credential : Bring the credential up to date"


def estate_of(moto: Moto, top: pathlib.Path, *names: str) -> Estate:
    """Credentials on one machine, all published and proved."""
    found = Estate(moto, top, names, ["web1"])
    assert found.rotate().status == 0
    return found


def tasked(ended: Ended, estate: Estate) -> set[str]:
    """The credentials that had a task of their own."""
    part = ended.output.partition(f"TASK [{_OWN_TASK}]")[2].partition("\nTASK [")[0]
    return {name for name in estate.users if f"[{name}]" in part}


def told(ended: Ended, estate: Estate) -> set[str]:
    """The credentials that the closing table tells of."""
    table = ended.output.partition("Print a line for each credential")[2]
    return {name for name in estate.users if name in table}


def test_what_has_nothing_to_do_has_no_task_and_a_line_in_the_table(moto: Moto, tmp_path: pathlib.Path) -> None:
    estate = estate_of(moto, tmp_path, "deployer", "reader")
    for more in ((), ("--check",)):
        ended = estate.rotate(*more)
        assert (ended.status, ended.changed(), tasked(ended, estate)) == (0, 0, set()), ended.output
        assert told(ended, estate) == {"deployer", "reader"}
    old, others = estate.published_id("deployer"), estate.published_id("reader")
    estate.credentials["deployer"]["credential_rotate_after"] = "1s"
    estate.credentials["reader"]["credential_canary"] = True
    ended = estate.rotate()
    assert (ended.status, told(ended, estate)) == (0, {"deployer", "reader"}), ended.output
    assert estate.key_ids("deployer") == [estate.published_id("deployer")] != [old], "rotated, proved and retired"
    assert estate.published_id("reader") == others, "a canary that rests is well, and nothing is done to it"


def test_a_host_that_uses_it_since_now_is_written_down(moto: Moto, tmp_path: pathlib.Path) -> None:
    estate = estate_of(moto, tmp_path, "deployer", "reader")
    home = estate.top / "web2"
    home.mkdir()
    entries = [estate.entry("web2", "reader")]
    state = str(home / "state")
    estate.machines["web2"] = {"ansible_connection": "local", "consumer_state_dir": state, "consumer_credentials": entries}
    first, second = estate.rotate(), estate.rotate()
    assert (first.status, tasked(first, estate)) == (0, {"reader"}), first.output
    assert estate.has("web2", "reader") == estate.published_id("reader")
    assert (second.status, tasked(second, estate)) == (0, set()), "by now the journal knows it"


def test_what_cannot_be_told_from_a_look_is_left_to_a_task_of_its_own(moto: Moto, tmp_path: pathlib.Path) -> None:
    wrong: dict[str, tuple[str, object, str]] = {
        "grace": ("credential_grace", "a while", "a while"),
        "users": ("credential_consumers", "nobody", "value of credential_consumers must be one of"),
        "kind": ("credential_type", "no_such", "'no_such' is unknown"),
        "lookup": ("credential_rotate_after", "{{ lookup('file', '/nowhere/at/all') }}", "/nowhere/at/all"),
        "unread": ("credential_store", {"type": "ssm", "name": "/x", "region": "eu-west-1"}, "cannot read the journal"),
    }
    estate = estate_of(moto, tmp_path, *wrong, "resting", "announced")
    for name, (variable, value, _words) in wrong.items():
        estate.credentials[name][variable] = value
    targets = [{"kind": "webhook", "name": "team", "url": "http://127.0.0.1:1/"}]
    estate.credentials["announced"]["credential_announce"] = targets
    ended = estate.rotate()
    assert ended.status != 0 and told(ended, estate) == set(estate.users), ended.output
    assert {name for name in estate.users if f"fatal: [{name}]" in ended.output} == set(wrong), ended.output
    assert [words for _variable, _value, words in wrong.values() if words not in ended.output] == [], ended.output
    assert "resting" not in tasked(ended, estate) and "announced: NOT ANNOUNCED" in ended.output


def test_variables_of_the_play_and_of_the_command_line_count(moto: Moto, tmp_path: pathlib.Path) -> None:
    estate = estate_of(moto, tmp_path, "deployer", "reader")
    old = {name: estate.published_id(name) for name in estate.users}
    ended = estate.rotate("-e", "credential_rotate_after=1s", "-e", "rotate_only=reader")
    assert (ended.status, tasked(ended, estate)) == (0, {"reader"}), ended.output
    book = estate.top / "forced.yml"
    book.write_text("- import_playbook: locksmith.rotation.rotate\n  vars:\n    credential_force: true\n", encoding="utf-8")
    ended = estate.run(str(book))
    assert ended.status == 0 and tasked(ended, estate) == {"deployer", "reader"}, ended.output
    assert all(estate.published_id(name) != old[name] for name in old)
