# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks as a user runs them: the whole loop, and everything that must stop it from retiring."""

from __future__ import annotations

import os
import pathlib
import signal
import time
import typing as t

import pytest

from ansible_collections.locksmith.rotation.tests.real.estate import ROTATE, Estate
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto


@pytest.fixture
def estate(moto: Moto, tmp_path: pathlib.Path) -> Estate:
    return Estate(moto, tmp_path, ["deployer"], ["web1", "web2"])


def test_the_whole_loop_and_a_second_run_that_changes_nothing(estate: Estate) -> None:
    checked = estate.rotate("--check", "--diff")
    assert checked.status == 0 and estate.key_ids("deployer") == [], checked.output
    first = estate.rotate()
    assert first.status == 0, first.output
    old = estate.published_id("deployer")
    assert estate.has("web1", "deployer") == estate.has("web2", "deployer", "running") == old
    assert estate.rotate().changed() == 0
    estate.make_due()
    second = estate.rotate()
    assert second.status == 0, second.output
    new = estate.published_id("deployer")
    assert new != old and estate.key_ids("deployer") == [new], "grace and recovery wait are zero, every host has proved"
    assert estate.has("web1", "deployer", "running") == estate.has("web2", "deployer", "running") == new
    assert estate.restarts("web1", "deployer") == 2
    assert "2/2" in second.output and old not in estate.key_ids("deployer")
    estate.make_current()
    third = estate.rotate()
    assert (third.status, third.changed()) == (0, 0), third.output


def test_an_unreachable_host_holds_retirement_is_named_and_is_finished_later(estate: Estate) -> None:
    estate.rotate()
    old = estate.published_id("deployer")
    estate.make_due()
    estate.cut_off("web2")
    held = estate.rotate()
    assert held.status != 0, "a host that was not brought up to date is loud"
    assert "web2 (unreachable)" in held.output
    new = estate.published_id("deployer")
    assert sorted(estate.key_ids("deployer")) == sorted([old, new])
    assert estate.has("web1", "deployer") == new and estate.has("web2", "deployer") == old
    estate.make_current()
    estate.reconnect("web2")
    assert estate.rotate().status == 0
    assert estate.key_ids("deployer") == [new] and estate.has("web2", "deployer", "running") == new


def test_limit_deploys_what_is_visible_and_never_retires(estate: Estate) -> None:
    estate.rotate()
    old = estate.published_id("deployer")
    estate.make_due()
    held = estate.rotate("--limit", "credentials,web1")
    assert "web2 (not in this run (--limit))" in held.output
    assert old in estate.key_ids("deployer") and estate.has("web1", "deployer") == estate.published_id("deployer")


def test_a_host_that_does_not_come_up_is_put_back_and_stops_the_rollout(estate: Estate) -> None:
    estate.rotate()
    old = estate.published_id("deployer")
    estate.make_due()
    (estate.top / "web1" / "broken").touch()
    held = estate.rotate()
    assert held.status != 0 and "web1" in held.output
    assert old in estate.key_ids("deployer")
    assert estate.has("web1", "deployer") == old, "the canary is back on the previous version"
    assert estate.has("web2", "deployer") == old, "and nobody after it was touched"
    (estate.top / "web1" / "broken").unlink()
    estate.make_current()
    assert estate.rotate().status == 0
    assert estate.key_ids("deployer") == [estate.published_id("deployer")] != [old]


def test_rolling_back_brings_publication_and_hosts_back(estate: Estate) -> None:
    estate.credentials["deployer"]["credential_grace"] = "1h"
    estate.rotate()
    old = estate.published_id("deployer")
    estate.make_due()
    estate.rotate()
    estate.make_current()
    assert estate.published_id("deployer") != old
    back = estate.run("locksmith.rotation.rollback", "-e", "rotate_only=deployer")
    assert back.status == 0, back.output
    assert estate.published_id("deployer") == old == estate.has("web1", "deployer", "running") == estate.has("web2", "deployer")
    estate.make_due()
    assert "rolled back" in estate.rotate().output
    assert estate.published_id("deployer") == old, "not straight back into the same trouble"


@pytest.mark.parametrize("name", ["deployer.env", "deployer.running"])
def test_a_run_killed_while_it_deploys_is_finished_by_the_next(estate: Estate, name: str) -> None:
    estate.rotate()
    old = estate.published_id("deployer")
    estate.make_due()
    watched = estate.top / "web1" / name
    before = watched.read_bytes()
    process = estate.start(ROTATE)
    deadline = time.monotonic() + 120
    while watched.read_bytes() == before and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    estate.make_current()
    finished = estate.rotate()
    assert finished.status == 0, finished.output
    new = estate.published_id("deployer")
    assert new != old and estate.key_ids("deployer") == [new]
    assert {estate.has(machine, "deployer", what) for machine in ("web1", "web2") for what in ("env", "running")} == {new}


def broken(change: t.Callable[[Estate], None], *words: str) -> t.Any:
    return pytest.param(change, words, id=" ".join(words)[:40])


def set_credential(**variables: t.Any) -> t.Callable[[Estate], None]:
    return lambda estate: estate.credentials["deployer"].update(variables)


def use_unknown(estate: Estate) -> None:
    estate.machines["web2"]["consumer_credentials"].append({**estate.entry("web2", "deployer"), "credential": "deployr"})


def set_nested(option: str, **more: t.Any) -> t.Callable[[Estate], None]:
    return lambda estate: estate.credentials["deployer"].update({option: {**estate.credentials["deployer"][option], **more}})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        broken(set_credential(credential_type="iam_user"), "deployer", "iam_user", "unknown"),
        broken(set_nested("credential_options", usr_name="x"), "deployer", "usr_name"),
        broken(set_nested("credential_store", engine_mount_point="x"), "deployer", "engine_mount_point"),
        broken(set_credential(credential_rotate_after="90 days"), "deployer", "rotate_after", "90 days"),
        broken(set_credential(credential_grace="soon"), "deployer", "grace"),
        broken(set_credential(credential_exempt={"until": "2027-01-31", "reason": ""}), "deployer", "exempt"),
        broken(set_credential(credential_window={"start": "25:00", "end": "03:00"}), "deployer", "window"),
        broken(set_nested("credential_options", user_name="nobody-at-all"), "deployer", "nobody-at-all"),
        broken(set_nested("credential_options", endpoint_url="http://127.0.0.1:1"), "deployer: AWS did not answer"),
        broken(set_nested("credential_store", endpoint_url="http://127.0.0.1:1"), "deployer: AWS did not answer", "journal"),
        broken(use_unknown, "web2", "deployr", "Nothing was changed"),
    ],
)
def test_bad_input_is_named_and_changes_nothing(
    estate: Estate, change: t.Callable[[Estate], None], words: t.Sequence[str]
) -> None:
    change(estate)
    ended = estate.rotate()
    assert ended.status != 0
    flat = " ".join(ended.output.split())
    assert all(word in flat for word in words), ended.output
    assert "Traceback" not in ended.output
    assert estate.key_ids("deployer") == []
    assert not list((estate.top / "web1").iterdir()) or not (estate.top / "web1" / "deployer.env").exists()


def test_one_failing_credential_leaves_the_others_alone(moto: Moto, tmp_path: pathlib.Path) -> None:
    estate = Estate(moto, tmp_path, ["good", "bad"], ["web1"])
    estate.credentials["bad"]["credential_grace"] = "soon"
    ended = estate.rotate()
    assert ended.status != 0 and "bad: FAILED" in ended.output
    assert estate.has("web1", "good", "running") == estate.published_id("good")


def test_two_foreign_keys_are_both_named(estate: Estate) -> None:
    client = estate.moto.client("iam")
    ids = [client.create_access_key(UserName=estate.users["deployer"])["AccessKey"]["AccessKeyId"] for dummy in range(2)]
    ended = estate.rotate()
    assert ended.status != 0 and all(key in ended.output for key in ids), ended.output
    assert sorted(estate.key_ids("deployer")) == sorted(ids)


def test_rotate_only_narrows_and_unknown_names_are_refused(moto: Moto, tmp_path: pathlib.Path) -> None:
    estate = Estate(moto, tmp_path, ["one", "two"], ["web1"])
    lost = estate.rotate("-e", "rotate_only=three")
    assert lost.status != 0 and "three" in lost.output
    estate.rotate("-e", "rotate_only=two")
    assert estate.key_ids("one") == [] and len(estate.key_ids("two")) == 1


def test_status_reads_and_prints_a_line_for_each(estate: Estate) -> None:
    estate.rotate()
    status = estate.run("locksmith.rotation.status")
    assert (status.status, status.changed()) == (0, 0)
    line = next(line for line in status.output.splitlines() if line.startswith("deployer "))
    assert "steady" in line and estate.published_id("deployer") in line
