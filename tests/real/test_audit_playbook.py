# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit playbook as a user runs it, on an estate in which everything is broken that it looks for; and the way back that it prints."""

from __future__ import annotations

import json
import pathlib
import shlex
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.iam import IamIssuer
from ansible_collections.locksmith.rotation.tests.real.documented import Life
from ansible_collections.locksmith.rotation.tests.real.estate import Ended, Estate
from ansible_collections.locksmith.rotation.tests.servers.aws_front import AwsFront
from ansible_collections.locksmith.rotation.tests.servers.aws_standin import Request
from ansible_collections.locksmith.rotation.tests.servers.cloudtrail_standin import CloudTrailStandin
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

AUDIT = "locksmith.rotation.audit"
#: All requests of an audit begin with one of these words.
READS = ("Get", "List", "Lookup", "Describe")
MISSED = "203.0.113.7"


class Aws(AwsFront):
    """One address for everything, as a proxy has it: CloudTrail's stand-in, and moto for the rest."""

    def __init__(self, port: int, trail: CloudTrailStandin) -> None:
        super().__init__(port)
        self._trail = trail

    def answer(self, body: bytes, headers: t.Mapping[str, str]) -> tuple[int, bytes] | None:
        if "CloudTrail" not in headers.get("x-amz-target", ""):
            return super().answer(body, headers)
        self.requests.append("LookupEvents")
        answered = self._trail.answer(Request("POST", "/", {}, dict(headers), body))
        return None if answered is None else answered[:2]


class Audited:
    """Two users with a key each, two hosts that use both, and one that uses the first and that nobody wrote down."""

    def __init__(self, moto: Moto, front: AwsFront, trail: CloudTrailStandin, top: pathlib.Path) -> None:
        self.front, self.trail = front, trail
        trail.keys[moto.access_key] = moto.secret_key
        self.estate = Estate(moto, top, ["deployer", "uploader"], ["web1", "web2"])
        self.estate.machines["web3"] = {"ansible_host": MISSED}
        for name, credential in self.estate.credentials.items():
            for part in ("credential_options", "credential_store"):
                credential[part]["endpoint_url"] = front.url
            credential["credential_recovery_wait"] = "1h"
            Life(IamIssuer, name, credential["credential_options"], credential["credential_store"]).call()
        deployer = self.estate.credentials["deployer"]
        life = Life(IamIssuer, "deployer", deployer["credential_options"], deployer["credential_store"])
        self.old = str(life.call()["id"])
        self.new = str(life.call(force=True, reason="manual")["id"])
        first = self.estate.rotate("-e", "consumer_serial=100%")
        assert first.status == 0, first.output
        assert self.estate.key_ids("deployer") == [self.new], "the old one is switched off"

    def client(self, service: str) -> t.Any:
        return self.estate.moto.client(service, endpoint_url=self.front.url)

    def audit(self, *arguments: str) -> tuple[Ended, dict[str, t.Any]]:
        """The playbook, and its file. Every request of it only asks."""
        path = self.estate.top / "audit.json"
        self.front.requests.clear()
        before = {path: path.read_bytes() for path in self.files()}
        ended = self.estate.run(AUDIT, "-e", f"audit_json={path}", *arguments)
        assert ended.changed() == 0, ended.output
        assert self.front.requests and [asked for asked in self.front.requests if not asked.startswith(READS)] == []
        assert {path: path.read_bytes() for path in self.files()} == before, "nothing on a host is written"
        assert path.stat().st_mode & 0o077 == 0
        return ended, json.loads(path.read_text(encoding="utf-8"))

    def files(self) -> list[pathlib.Path]:
        return [path for name in ("web1", "web2") for path in (self.estate.top / name).rglob("*") if path.is_file()]

    def break_everything(self) -> None:
        user = self.estate.users["uploader"]
        dead = self.estate.key_ids("uploader")[0]
        self.client("iam").update_access_key(UserName=user, AccessKeyId=dead, Status="Inactive")
        self.foreign = self.client("iam").create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
        self.trail.record(self.old, age=0, sourceIPAddress=MISSED, errorCode="AccessDenied")
        self.estate.credentials["uploader"]["credential_rotate_after"] = "1s"
        edited = self.estate.top / "web1" / "deployer.env"
        edited.write_text(edited.read_text(encoding="utf-8").replace(self.new, "AKIAEDITEDBYSOMEBODY"), encoding="utf-8")
        self.estate.cut_off("web2")


@pytest.fixture
def audited(moto: Moto, tmp_path: pathlib.Path) -> t.Iterator[Audited]:
    with CloudTrailStandin() as trail, Aws(moto.port, trail) as front:
        yield Audited(moto, front, trail, tmp_path)


def test_it_finds_all_that_is_broken_and_nothing_else_and_the_way_back_that_it_prints_works(audited: Audited) -> None:
    ended, told = audited.audit("-e", "audit_fail_on=warning")
    assert (ended.status, told["counts"]) == (0, {"critical": 0, "warning": 0, "info": 0}), ended.output
    assert "v1 disabled: no use seen" in ended.output and "2/2" in ended.output
    assert "LookupEvents" in audited.front.requests and "GetCallerIdentity" in audited.front.requests

    audited.break_everything()
    ended, told = audited.audit()
    assert ended.status != 0, ended.output
    found = {each["credential"]: {one["kind"]: one for one in each["findings"]} for each in told["credentials"]}
    assert set(found["deployer"]) == {"used_after_replaced", "file_changed", "host_not_seen"}
    assert set(found["uploader"]) == {"dead_value", "foreign_key", "over_age", "host_not_seen"}
    assert found["uploader"]["foreign_key"]["subject"] == audited.foreign
    assert found["deployer"]["file_changed"]["subject"].startswith("web1:")
    assert (found["deployer"]["host_not_seen"]["subject"], "unreachable" in str(found["deployer"]["host_not_seen"])) == (
        "web2",
        True,
    )
    used = found["deployer"]["used_after_replaced"]
    assert used["subject"] == audited.old and f"{MISSED}, which is web3 of the inventory" in used["detail"]
    said = " ".join(ended.output.split())
    for finding in (one for kinds in found.values() for one in kinds.values()):
        assert " ".join(finding["detail"].split()) in said
    assert audited.estate.moto.secret_key not in ended.output + json.dumps(told)

    audited.estate.reconnect("web2")
    command = shlex.split(used["next_step"].partition("ansible-playbook")[2].partition(" (")[0])
    back = audited.estate.run(*[part for part in command if part not in audited.estate.write()])
    assert back.status == 0, back.output
    assert set(audited.estate.key_ids("deployer")) == {audited.old, audited.new}
    assert audited.estate.published_id("deployer") == audited.old == audited.estate.has("web2", "deployer")
