# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A key that only a person can make, from end to end: the prompt, the drop-off in an encrypted file, a machine, and the old key's end."""

from __future__ import annotations

import json
import os
import pathlib
import pty
import subprocess
import sys

import pytest
import yaml

from ansible_collections.locksmith.rotation.tests.real.estate import COLLECTIONS, Ended, Estate, machine_of
from ansible_collections.locksmith.rotation.tests.real.fixtures_file import FileMaker
from ansible_collections.locksmith.rotation.tests.real.fixtures_manual import probe_of, unique
from ansible_collections.locksmith.rotation.tests.servers.dashboard import DashboardServer
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto

SUPPLY = "locksmith.rotation.supply"
STATUS = "locksmith.rotation.status"


class Partner:
    """One account at the vendor, the file that publishes its key, the drop-off beside it, and one machine that uses the key."""

    def __init__(self, server: DashboardServer, moto: Moto, top: pathlib.Path) -> None:
        self.server, self.top, self.file = server, top, FileMaker(top)
        self.file.password_file.chmod(0o600)
        self.account = server.add_account(unique())
        self.drop_off = top / "new.yml"
        self.home = top / "web1"
        self.home.mkdir()
        self.shown: list[str] = []
        self.estate = Estate(moto, top, [], [])
        entry = {"credential": "partner", "format": "raw", "fields": {"secret": "secret"}}
        self.estate.machines["web1"] = machine_of(self.home, entry, "key", "partner")
        self.estate.credentials["partner"] = {
            "credential_type": "manual",
            "credential_options": {"made_at": "https://dashboard.example.com/keys", "probe": probe_of(server, self.account)},
            "credential_store": {
                "type": "file",
                "path": str(self.file.path),
                "drop_off": str(self.drop_off),
                "vault_password_file": str(self.file.password_file),
            },
            "credential_grace": "0s",
        }

    def run(self, *arguments: str) -> Ended:
        ended = self.estate.run(*arguments)
        self.shown.append(ended.output)
        return ended

    def rotate(self, *arguments: str) -> Ended:
        return self.run("locksmith.rotation.rotate", *arguments)

    def supply(self, value: str, label: str = "", *arguments: str) -> Ended:
        """With the answers from a file, as a survey gives them."""
        answers = self.top / "answers.yml"
        answers.touch(mode=0o600)
        answers.write_text(yaml.safe_dump({"supply_value": value, "supply_label": label}), encoding="utf-8")
        return self.run(SUPPLY, "-e", "rotate_only=partner", "-e", f"@{answers}", *arguments)

    def key(self, name: str = "key") -> str:
        return (self.home / name).read_text(encoding="utf-8")


@pytest.fixture
def partner(dashboard: DashboardServer, moto: Moto, tmp_path: pathlib.Path) -> Partner:
    return Partner(dashboard, moto, tmp_path)


def flat(ended: Ended) -> str:
    return " ".join(ended.output.split())


def test_from_the_first_key_to_the_end_of_the_second(partner: Partner) -> None:
    server, estate = partner.server, partner.estate
    waiting = partner.rotate()
    assert (waiting.changed(), partner.file.path.exists()) == (0, False), waiting.output
    assert "waits for a person" in flat(waiting) and "https://dashboard.example.com/keys" in flat(waiting)
    assert "web1 : ok" in flat(waiting) and "there is no current version" in flat(waiting), (
        "there is nothing to put on the machine yet"
    )

    one = server.make_key(partner.account)
    assert partner.supply(one, "spring").status == 0
    assert partner.drop_off.exists() and one not in partner.drop_off.read_text(encoding="utf-8")
    first = partner.rotate("--diff")
    assert first.status == 0, first.output
    assert (partner.key() == one, partner.key("running") == one, partner.drop_off.exists()) == (True, True, False)

    two = server.make_key(partner.account)
    assert partner.supply(two, "autumn").changed() == 1
    predicted = partner.rotate("--check", "--diff")
    assert (predicted.status, partner.key() == one, partner.drop_off.exists()) == (0, True, True), predicted.output
    second = partner.rotate("--diff", "-vvv")
    assert second.status == 0, second.output
    assert (partner.key() == two, partner.key("running") == two, partner.drop_off.exists()) == (True, True, False)

    assert f"revoke {partner.account}/spring" in flat(second) and "still works" in flat(second)
    again = partner.rotate()
    assert (again.status, again.changed(), "still works" in flat(again)) == (0, 0, True), again.output
    server.revoke(one)
    ended = partner.rotate()
    assert (ended.status, "still works" in flat(ended), "deleted" in flat(ended)) == (0, False, True), ended.output

    estate.make_due()
    overdue = partner.rotate()
    assert (overdue.status, overdue.changed()) == (0, 0) and "waits for a person" in flat(overdue), overdue.output
    assert "overdue" in partner.run(STATUS).output
    for secret in (one, two, server.gateway):
        assert not any(secret in output for output in partner.shown)


def test_a_value_that_does_not_work_is_refused_where_it_is_typed(partner: Partner) -> None:
    dead = partner.server.make_key(partner.account)
    partner.server.revoke(dead)
    refused = partner.supply(dead)
    assert refused.status != 0 and "does not work" in flat(refused)
    assert (partner.drop_off.exists(), dead in refused.output) == (False, False)
    works = partner.server.make_key(partner.account)
    checked = partner.supply(works, "autumn", "--check")
    assert (checked.status, checked.changed(), partner.drop_off.exists()) == (0, 1, False), checked.output
    assert [partner.supply(works, "autumn").changed() for _turn in range(2)] == [1, 0]
    nameless = partner.run(SUPPLY, "-e", "supply_value=x-value", "-e", "supply_label=")
    assert nameless.status != 0 and "rotate_only=NAME" in flat(nameless)


def test_a_published_key_is_adopted_and_succeeded_by_a_variable(partner: Partner) -> None:
    one, two = partner.server.make_key(partner.account), partner.server.make_key(partner.account)
    partner.file.put(yaml.safe_dump({"secret": one}))
    partner.estate.credentials["partner"]["credential_options"]["new_value"] = {"secret": two}
    partner.server.revoke(one)
    refused = partner.rotate()
    assert refused.status != 0 and "could not be shown to work" in flat(refused), (
        "what is published does not work: nothing is adopted"
    )
    three = partner.server.make_key(partner.account)
    partner.file.put(yaml.safe_dump({"secret": three}))
    done = partner.rotate()
    assert (done.status, partner.key() == two, "still works" in flat(done)) == (0, True, True), done.output
    assert partner.rotate().changed() == 0, "the variable is still there, and taken only once"
    assert not any(secret in output for secret in (one, two, three) for output in partner.shown)


def test_the_prompt_does_not_show_what_is_typed(partner: Partner) -> None:
    key = partner.server.make_key(partner.account)
    program = str(pathlib.Path(sys.executable).with_name("ansible-playbook"))
    keeps = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AWS_"))}
    paths = {
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_HOME": str(partner.top / "ansible"),
        "ANSIBLE_FORCE_COLOR": "0",
    }
    terminal, child = pty.openpty()
    process = subprocess.Popen(
        [program, *partner.estate.write(), SUPPLY, "-e", "rotate_only=partner"],
        stdin=child,
        stdout=child,
        stderr=child,
        cwd=partner.top,
        env={**keeps, **paths, "LC_ALL": "C.UTF-8"},
        start_new_session=True,
    )
    os.close(child)
    seen = _typed(terminal, [("it is not shown", key), ("may be empty", "from the terminal")])
    assert process.wait(timeout=60) == 0, seen.replace(key, "***")
    assert (key in seen, "from the terminal" in seen, partner.drop_off.exists()) == (False, True, True)
    assert partner.rotate().status == 0
    assert partner.key() == key


def _typed(terminal: int, answers: list[tuple[str, str]]) -> str:
    """Answer each prompt when it appears; everything that the terminal showed."""
    seen = ""
    while True:
        try:
            read = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            read = b""
        if not read:
            os.close(terminal)
            return seen
        seen += read.decode("utf-8", "replace")
        if answers and answers[0][0] in seen:
            os.write(terminal, answers.pop(0)[1].encode() + b"\n")


def test_on_another_host_the_module_does_the_same_and_shows_as_little(partner: Partner, moto: Moto) -> None:
    """Where the issuer can only be reached from there: the real module, with a store that both can reach."""
    one, two = (partner.server.make_key(partner.account) for dummy in range(2))
    name = f"/{partner.estate.mark}/partner"
    keys = {"access_key": moto.access_key, "secret_key": moto.secret_key, "endpoint_url": moto.url, "region": moto.region}
    options = partner.estate.credentials["partner"]["credential_options"]
    told = {"name": "partner", **options, "store": {"type": "ssm", "name": name, "drop_off": f"{name}.new", **keys}}
    tasks = [{"locksmith.rotation.manual_credential_rotate": {**told, "new_value": {"secret": one}}}]
    plugins = pathlib.Path(__file__).with_name("connection_plugins")
    (partner.top / "ansible.cfg").write_text(f"[defaults]\nconnection_plugins = {plugins}\n", encoding="utf-8")
    partner.estate.machines["there"] = {"ansible_connection": "elsewhere", "ansible_python_interpreter": sys.executable}

    def play() -> Ended:
        (partner.top / "play.yml").write_text(yaml.safe_dump([{"hosts": "there", "gather_facts": False, "tasks": tasks}]))
        return partner.run("play.yml", "-vvv", "--diff")

    assert play().changed() == 1
    client = moto.client("ssm")
    client.put_parameter(Name=f"{name}.new", Value=json.dumps({"secret": two, "label": "autumn"}), Type="SecureString")
    refused = play()
    assert refused.status != 0 and "two different values" in flat(refused)
    tasks[0]["locksmith.rotation.manual_credential_rotate"].pop("new_value")
    taken = play()
    assert taken.changed() == 1 and f"{partner.account}/autumn" in taken.output
    published = client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    assert json.loads(published)["secret"] == two
    with pytest.raises(client.exceptions.ParameterNotFound):
        client.get_parameter(Name=f"{name}.new")
    assert not any(secret in output for secret in (one, two) for output in partner.shown)
