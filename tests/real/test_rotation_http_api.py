# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of the page on HTTP APIs from end to end: the playbook, an encrypted file as the store, and a machine that reads the key."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.locksmith.rotation.tests.real.estate import Ended, Estate, machine_of
from ansible_collections.locksmith.rotation.tests.real.fixtures_file import FileMaker
from ansible_collections.locksmith.rotation.tests.real.fixtures_http_api import EXAMPLES, catalogue_entry, unique
from ansible_collections.locksmith.rotation.tests.servers.http_keys import HttpKeysServer
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto


class User:
    """One owner, the file that publishes its key, and one machine that uses it."""

    def __init__(self, server: HttpKeysServer, moto: Moto, top: pathlib.Path) -> None:
        self.server, self.file = server, FileMaker(top)
        self.file.password_file.chmod(0o600)
        self.owner, self.name = server.add_owner(unique()), EXAMPLES[server.plays][0]
        self.home = top / "web1"
        self.home.mkdir()
        self.shown: list[str] = []
        self.estate = Estate(moto, top, [], [])
        deployed = {"credential": self.name, "format": "raw", "fields": {"secret": "secret"}}
        self.estate.machines["web1"] = machine_of(self.home, deployed, "key", "user")
        entry = catalogue_entry(server, self.owner)
        renamed = entry["credential_store"]["fields"]
        self.estate.credentials[self.name] = {
            **entry,
            "credential_store": {**self.file.store_option(), "fields": renamed},
            "credential_grace": "1h",
            "credential_recovery_wait": "0s",
        }

    def rotate(self, *arguments: str) -> Ended:
        ended = self.estate.rotate(*arguments)
        self.shown.append(ended.output)
        assert ended.status == 0, ended.output
        return ended

    def key(self, name: str = "key") -> str:
        return (self.home / name).read_text(encoding="utf-8")

    def works(self, secret: str) -> bool:
        return self.server.works(self.owner, secret)

    def count(self) -> int:
        return len(self.server.keys(self.owner))


@pytest.fixture(params=["cloudflare", "slots"])
def user(
    request: pytest.FixtureRequest, http_keys_servers: dict[str, HttpKeysServer], moto: Moto, tmp_path: pathlib.Path
) -> User:
    """GitLab's example takes the same way as Cloudflare's, without disabling."""
    return User(http_keys_servers[request.param], moto, tmp_path)


def test_a_key_from_its_creation_to_its_end(user: User) -> None:
    user.rotate("--check", "--diff")
    assert user.count() == 0
    user.rotate("--diff")
    old = user.key()
    assert (user.works(old), user.key("running") == old, user.count()) == (True, True, 1)
    user.rotate("-e", "credential_force=true", "-e", "credential_reason=leak", "--diff", "-vvv")
    new = user.key()
    assert (new == old, user.key("running") == new) == (False, True)
    assert (user.works(old), user.works(new), user.count()) == (True, True, 2), "both work until grace is over"
    user.estate.credentials[user.name]["credential_grace"] = "0s"
    user.rotate("--diff")
    assert (user.works(old), user.works(new), user.count()) == (False, True, 1)
    assert user.rotate().changed() == 0
    for secret in (old, new, user.server.admin_token):
        assert not any(secret in output for output in user.shown)
