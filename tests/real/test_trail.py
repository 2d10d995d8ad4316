# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit trail of real runs: every transition of a rotation, also of a run that was killed, and the evidence pack made from it."""

from __future__ import annotations

import csv
import json
import os
import pathlib
import signal
import time
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.trail.chain import read_trail
from ansible_collections.locksmith.rotation.tests.real.estate import ROTATE, Ended, Estate
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

LIFE = ["intend", "issued", "promote", "prove", "disable", "disabled", "delete", "deleted"]
EXEMPT = {"until": "2999-01-31", "reason": "=vendor|migration", "owner": "payments"}


class Recorded(Estate):
    """An estate whose runs keep a trail."""

    @property
    def trail(self) -> pathlib.Path:
        return self.top / "trail.jsonl"

    def keep_elsewhere(self) -> None:
        """The trail is on a host to which modules are sent."""
        plugins = pathlib.Path(__file__).with_name("connection_plugins")
        (self.top / "ansible.cfg").write_text(f"[defaults]\nconnection_plugins = {plugins}\n", encoding="utf-8")
        self.machines["keeper"] = {"ansible_connection": "elsewhere"}

    def recorded(self, *more: str) -> Ended:
        return self.rotate("-e", f"rotation_trail={self.trail}", *more)

    def entries(self) -> list[dict[str, t.Any]]:
        """All but the lines that every run adds about itself."""
        trail = read_trail(self.trail.read_bytes())
        assert not trail.problems
        return [entry for entry in trail.entries if entry["what"] != "run"]

    def told(self) -> list[str]:
        return [entry["what"] for entry in self.entries()]

    def evidence(self, *more: str) -> Ended:
        today = time.strftime("%Y-%m-%d", time.gmtime())
        tomorrow = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86400))
        period = ["-e", f"evidence_from={today}", "-e", f"evidence_until={tomorrow}", "-e", f"evidence_dest={self.top}/pack"]
        return self.run("locksmith.rotation.evidence", "-e", f"rotation_trail={self.trail}", *period, *more)

    def table(self, name: str) -> list[dict[str, str]]:
        with open(self.top / "pack" / f"{name}.csv", encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def values(self) -> list[str]:
        """Every secret that the store has published."""
        history = self.moto.client("ssm").get_parameter_history(Name=f"/{self.mark}/deployer", WithDecryption=True)
        return [json.loads(version["Value"])["secret_access_key"] for version in history["Parameters"]]


@pytest.fixture
def estate(moto: Moto, tmp_path: pathlib.Path) -> Recorded:
    """One credential on one host."""
    return Recorded(moto, tmp_path, ["deployer"], ["web1"])


def test_a_rotation_is_recorded_and_its_evidence_is_what_happened(estate: Recorded) -> None:
    estate.keep_elsewhere()
    estate.credentials["deployer"]["credential_exempt"] = EXEMPT
    estate.recorded()
    del estate.credentials["deployer"]["credential_exempt"]
    old = estate.published_id("deployer")
    estate.make_due()
    job = {"awx_job_id": 4711, "awx_user_name": "a-user", "credential_ticket": "CHG-7", "rotation_trail_host": "keeper"}
    ended = estate.recorded("-e", json.dumps(job))
    assert ended.status == 0, ended.output
    new, entries = estate.published_id("deployer"), estate.entries()
    assert estate.told() == ["begin", *LIFE[:3], "exception", *LIFE, "exception"]
    head = read_trail(estate.trail.read_bytes()).head
    assert f"Head {head}" in ended.output
    granted, life = entries[4], entries[-9:-1]
    proved, deleted = life[3], life[-1]
    assert granted["exception"] == EXEMPT and "exception" not in entries[-1]
    assert (proved["hosts"], proved["hosts_from"], deleted["id"]) == (["web1"], "run", old)
    assert all(entry["by"]["job"] == "4711" and entry["by"]["awx_user"] == "a-user" for entry in life)
    assert all(entry["ticket"] == "CHG-7" and entry["reason"] == "scheduled" for entry in life)
    estate.make_current()

    channels = {"rotation_notify_channels": [{"kind": "slack", "url": "{{ lookup('no_such_lookup') }}"}]}
    made = estate.evidence("-e", f"evidence_head={head}", "-e", "evidence_reviewer=an-auditor", "-e", json.dumps(channels))
    assert made.status == 0, made.output
    first, second = estate.table("rotations")
    assert (first["what"], second["what"], second["replaced"], second["id"]) == ("first issue", "rotation", old, new)
    assert (second["ticket"], second["job"], second["reason"]) == ("CHG-7", "4711", "scheduled")
    (retired,) = estate.table("retirements")
    assert (retired["id"], retired["successor"], retired["hosts"], retired["proved"]) == (old, new, "web1", "yes")
    (exception,) = estate.table("exceptions")
    assert (exception["owner"], exception["reason"], exception["until"]) == ("payments", "'=vendor|migration", "2999-01-31")
    assert exception["ended_at"] == entries[-1]["at"]
    (age,) = estate.table("ages")
    assert (age["id"], age["verdict"]) == (new, "within")
    answers = {row["item"][:20]: row["answer"] for row in estate.table("checklist")}
    assert list(answers.values()) == ["yes", "partly", "yes", "yes", "yes", "yes", "yes"], answers
    page = (estate.top / "pack" / "evidence.md").read_text(encoding="utf-8")
    assert "=vendor\\|migration" in page and old in page and new in page
    texts = [path.read_text(encoding="utf-8") for path in [estate.trail, *(estate.top / "pack").iterdir()]]
    secrets = [*estate.values(), estate.moto.secret_key]
    assert len(secrets) >= 3
    assert not any(secret in text for secret in secrets for text in [*texts, ended.output, made.output])

    estate.trail.write_bytes(estate.trail.read_bytes().replace(b'"a-user"', b'"b-user"', 1))
    altered = estate.evidence()
    assert altered.status != 0 and "not what was written: line 7" in " ".join(altered.output.split())
    assert {row["answer"] for row in estate.table("checklist")} == {"no", "partly"}


def test_a_run_killed_after_a_transition_is_caught_up_and_two_runs_write_one_chain(estate: Recorded) -> None:
    estate.machines["keeper"] = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    cut_off = estate.recorded("-e", "rotation_trail_host=keeper")
    assert cut_off.status == 0 and "UNREACHABLE" in cut_off.output, cut_off.output
    estate.make_due()
    watched = estate.top / "web1" / "deployer.env"
    before = watched.read_bytes()
    process = estate.start(ROTATE, "-e", f"rotation_trail={estate.trail}")
    deadline = time.monotonic() + 120
    while watched.read_bytes() == before and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert not estate.trail.exists(), "neither the run that could not reach the trail nor the killed one has recorded anything"
    estate.make_current()
    both = [estate.start(ROTATE, "-e", f"rotation_trail={estate.trail}") for dummy in range(2)]
    for one in both:
        one.communicate()
    entries = estate.entries()
    assert estate.told() == ["begin", *LIFE[:3], *LIFE]
    late = [entry["what"] for entry in entries if entry.get("late")]
    assert late[:6] == [*LIFE[:3], *LIFE[:3]], "what the two did"
    assert all(entry["run"] != entry["by"]["run"] for entry in entries if entry.get("late"))
    assert all(entry["run"] == entry["by"]["run"] for entry in entries[1:] if not entry.get("late"))
