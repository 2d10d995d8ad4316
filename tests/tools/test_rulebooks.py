# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebooks in the real ansible-rulebook: a signed webhook replaces the key that leaked, and whatever else is sent does nothing."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import hmac
import json
import os
import pathlib
import runpy
import signal
import subprocess
import sys
import time
import typing as t
import urllib.error
import urllib.request

import pytest
import yaml

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.iam import IamIssuer
from ansible_collections.locksmith.rotation.tests.real.documented import Life
from ansible_collections.locksmith.rotation.tests.real.estate import COLLECTIONS, Estate
from ansible_collections.locksmith.rotation.tests.servers.github_alerts import TOKEN, GitHubAlerts, delivery
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto, free_port

EDA = pathlib.Path(__file__).resolve().parents[2] / "extensions" / "eda"
SECRET = "what-the-sender-signs-with"
PROGRAM = pathlib.Path(sys.executable).with_name("ansible-rulebook")
KEY = "AKIAIOSFODNN7EXAMPLE"


def post(url: str, body: bytes, headers: t.Mapping[str, str]) -> int:
    """The status of the answer; 0 if there is none."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, dict(headers)), timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
    except OSError:
        return 0


@dataclasses.dataclass
class Rulebook:
    """A rulebook at work, and where its log goes."""

    url: str
    log: pathlib.Path

    def send(self, body: bytes, headers: t.Mapping[str, str]) -> int:
        return post(self.url, body, headers)


@contextlib.contextmanager
def at_work(name: str, top: pathlib.Path, sources: pathlib.Path | None = None, **variables: t.Any) -> t.Iterator[Rulebook]:
    """ansible-rulebook with the inventory in C(top)/inventory."""
    port = free_port()
    files = {"secrets.yml": {**variables, "leak_webhook_port": port, "leak_webhook_secret": SECRET}}
    for file, content in files.items():
        (top / file).write_text(yaml.safe_dump(content), encoding="utf-8")
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "ANSIBLE_HOME": str(top / "ansible")}
    environment.update(ANSIBLE_CONFIG=str(top / "ansible.cfg"), ANSIBLE_PYTHON_INTERPRETER=sys.executable, LC_ALL="C.UTF-8")
    command = [
        str(PROGRAM),
        "--rulebook",
        f"locksmith.rotation.{name}",
        "-i",
        str(top / "inventory"),
        "--vars",
        "secrets.yml",
        "-v",
    ]
    command += ["-S", str(sources)] if sources else []
    (top / "ansible.cfg").touch()
    with (top / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=top, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        yield Rulebook(f"http://127.0.0.1:{port}/", top / "log")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def until(is_so: t.Callable[[], bool], what: str, log: pathlib.Path, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"{what}: {log.read_text(encoding='utf-8', errors='replace')[-6000:]}"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def moto() -> t.Iterator[Moto]:
    with Moto() as server:
        yield server


@pytest.fixture
def estate(moto: Moto, tmp_path: pathlib.Path) -> Estate:
    """Two credentials in use, and their inventory in a directory, as ansible-rulebook takes one."""
    estate = Estate(moto, tmp_path, ["deployer", "backup"], ["web1"])
    for name, credential in estate.credentials.items():
        Life(IamIssuer, name, credential["credential_options"], credential["credential_store"]).call()
    estate.write()
    (tmp_path / "inventory").mkdir()
    for file in ("hosts.yml", "credentials.yml"):
        (tmp_path / file).rename(tmp_path / "inventory" / file)
    return estate


def test_a_key_that_github_found_is_replaced_on_every_host_and_dies(estate: Estate) -> None:
    leaked, untouched = estate.published_id("deployer"), estate.published_id("backup")
    alerts = {1: leaked, 2: "{{ lookup('pipe', 'touch pwned') }}", 3: "backup"}
    with GitHubAlerts(alerts) as github, at_work(
        "leak_github", estate.top, leak_github_token=TOKEN, leak_github_api=github.url
    ) as rulebook:
        until(lambda: rulebook.send(b"{}", {}) == 401, "it listens, and takes nothing unsigned", rulebook.log)
        assert rulebook.send(*delivery(1, "not the secret")) == 401
        body, headers = delivery(1, SECRET)
        assert rulebook.send(body.replace(b"hello", b"other"), headers) == 401
        assert rulebook.send(*delivery(1, SECRET, repository="octo-org/../../user")) == 202
        assert rulebook.send(*delivery("1", SECRET)) == 202 and rulebook.send(*delivery(1, SECRET, action="resolved")) == 202
        assert github.asked == [], "an event chooses no address"
        assert rulebook.send(*delivery(2, SECRET)) == 202 and rulebook.send(*delivery(3, SECRET)) == 202
        assert len(github.asked) == 2
        github.failures.append(503)
        assert rulebook.send(body, headers) == 202
        until(lambda: leaked not in estate.key_ids("deployer"), "the key that leaked dies", rulebook.log)
        until(lambda: "PLAY RECAP" in rulebook.log.read_text("utf-8", "replace"), "the run ends", rulebook.log)
    log = rulebook.log.read_text(encoding="utf-8", errors="replace")
    assert estate.key_ids("deployer") == [estate.published_id("deployer")] != [leaked]
    assert estate.has("web1", "deployer", "running") == estate.published_id("deployer")
    assert estate.published_id("backup") == untouched and estate.key_ids("backup") == [untouched], (
        "named by an event, which chooses by key"
    )
    assert log.count("PLAY RECAP") == 1, "one event of all that were sent"
    assert not list(estate.top.rglob("pwned")) and SECRET not in log and TOKEN not in log


QUEUE = """
import asyncio
async def main(queue, args):
    await queue.put({"body": {"detail": {"resource": {"accessKeyDetails": {"accessKeyId": args["name"]}}}}, "meta": {"MessageId": "1"}})
    await asyncio.Future()
"""


def test_a_key_that_nobody_has_is_named_and_nothing_is_touched(estate: Estate) -> None:
    """From a queue: the source is a stand-in under the name of amazon.aws's, and hands over one event as that does."""
    sources = estate.top / "sources"
    sources.mkdir()
    (sources / "amazon.aws.aws_sqs_queue.py").write_text(QUEUE, encoding="utf-8")
    before = {name: estate.published_id(name) for name in estate.users}
    with at_work("leak_aws_sqs", estate.top, sources, leak_queue=KEY, leak_queue_region="eu-central-1") as rulebook:
        until(lambda: "PLAY RECAP" in rulebook.log.read_text("utf-8", "replace"), "the run ends", rulebook.log)
    told = " ".join(rulebook.log.read_text("utf-8", "replace").split())
    assert f"{KEY}: no journal of the catalogue has it" in told
    assert {name: estate.published_id(name) for name in estate.users} == before
    assert {name: estate.key_ids(name) for name in estate.users} == {name: [key] for name, key in before.items()}


# ---- the receiver without the rules ------------------------------------------------------------------------------


@contextlib.contextmanager
def receiver(sender: str) -> t.Iterator[tuple[t.Callable[[bytes, dict[str, str]], int], list[t.Any]]]:
    """The source by itself in a loop of its own: how to send to it, and what it puts into the queue."""
    main = runpy.run_path(str(EDA / "plugins" / "event_source" / "leak_webhook.py"))["main"]
    port, events = free_port(), []

    class Queue:
        async def put(self, event: t.Any) -> None:
            events.append(event)

    loop = asyncio.new_event_loop()
    task = loop.create_task(main(Queue(), {"sender": sender, "secret": SECRET, "port": port}))

    def send(body: bytes, headers: dict[str, str]) -> int:
        return loop.run_until_complete(loop.run_in_executor(None, post, f"http://127.0.0.1:{port}/hook", body, headers))

    try:
        while send(b"", {}) == 0:
            assert not task.done(), task.exception()
        yield send, events
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.close()


def gitguardian(body: bytes, stamp: str, token: str = SECRET) -> dict[str, str]:
    signature = hmac.new((stamp + token).encode(), body, hashlib.sha256).hexdigest()
    return {"Timestamp": stamp, "Gitguardian-Signature": f"sha256={signature}"}


def test_gitguardians_signature_and_its_age() -> None:
    body = json.dumps({"incident": {"custom_tags": [{"value": KEY}]}}).encode()
    now = str(int(time.time()))
    with receiver("gitguardian") as (send, events):
        assert send(body, gitguardian(body, now)) == 202 and events == [{"payload": json.loads(body)}]
        assert send(body, gitguardian(body, str(int(now) - 400))) == 401, "an old one sent again"
        assert send(body, {**gitguardian(body, str(int(now) - 400)), "Timestamp": now}) == 401
        assert send(body, gitguardian(body, now, "other")) == 401
        assert send(body, {**gitguardian(body, "nan"), "Timestamp": "nan"}) == 401
        assert send(body + b" ", gitguardian(body, now)) == 401
        assert len(events) == 1


def test_a_token_in_the_header_and_bodies_that_are_no_events() -> None:
    with receiver("bearer") as (send, events):
        held = {"Authorization": f"Bearer {SECRET}"}
        assert send(b'{"leaked_key": "x"}', held) == 202 and len(events) == 1
        assert send(b"{}", {"Authorization": f"Basic {SECRET}"}) == 401 and send(b"{}", {}) == 401
        assert send(b"not json", held) == 400 and send(b"[" * 100000, held) == 400
        assert send(b"x" * (1 << 20) + b"x", held) == 413
        assert len(events) == 1


@pytest.mark.parametrize("missing", ["secret", "github_token"])
def test_it_does_not_begin_to_listen_without_a_secret(missing: str) -> None:
    main = runpy.run_path(str(EDA / "plugins" / "event_source" / "leak_webhook.py"))["main"]
    given = {"sender": "github", "secret": SECRET, "github_token": TOKEN, "port": free_port(), missing: ""}
    with pytest.raises(ValueError, match="nothing unsigned is taken"):
        asyncio.run(main(None, given))


@pytest.mark.parametrize("path", sorted((EDA / "rulebooks").glob("*.yml")), ids=lambda path: path.stem)
def test_ansible_rulebook_takes_its_form(path: pathlib.Path) -> None:
    from ansible_rulebook.validators import Validate

    Validate.rulebook(yaml.safe_load(path.read_text(encoding="utf-8")))
