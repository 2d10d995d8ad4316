# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SendGrid keys from end to end: the playbook, an encrypted file as the store, and a machine that reads the key raw."""

from __future__ import annotations

import pathlib

import pytest
import yaml

from ansible_collections.locksmith.rotation.tests.real.estate import Ended, Estate, machine_of
from ansible_collections.locksmith.rotation.tests.real.fixtures_file import FileMaker
from ansible_collections.locksmith.rotation.tests.real.fixtures_sendgrid import SCOPES, unique
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto
from ansible_collections.locksmith.rotation.tests.servers.sendgrid import SendgridServer
from ansible_collections.locksmith.rotation.tests.servers.sendgrid_standin import AUTOMATIC


class Newsletter:
    """One subuser, the file that publishes its key, and one machine that sends with it."""

    def __init__(self, server: SendgridServer, moto: Moto, top: pathlib.Path) -> None:
        self.server, self.file = server, FileMaker(top)
        self.file.password_file.chmod(0o600)
        self.account = server.add_account(unique("news"))
        self.home = top / "web1"
        self.home.mkdir()
        self.shown: list[str] = []
        self.estate = Estate(moto, top, [], [])
        entry = {"credential": "newsletter", "format": "raw", "fields": {"api_key": "api_key"}}
        self.estate.machines["web1"] = machine_of(self.home, entry, "key", "newsletter")
        self.estate.credentials["newsletter"] = {
            "credential_type": "sendgrid",
            "credential_options": {"url": server.url, "api_key": server.admin_key, "subuser": self.account},
            "credential_store": self.file.store_option(),
            "credential_grace": "1h",
        }

    def rotate(self, *arguments: str) -> Ended:
        ended = self.estate.rotate(*arguments)
        self.shown.append(ended.output)
        return ended

    def key(self, name: str = "key") -> str:
        return (self.home / name).read_text(encoding="utf-8")

    def works(self, key: str) -> bool:
        return self.server.ask("GET", "/v3/scopes", key=key)[0] == 200

    def scopes(self) -> list[set[str]]:
        """Of each key of the subuser."""
        return [set(key["scopes"]) for key in self.server.keys(self.account)]


@pytest.fixture
def newsletter(sendgrid: SendgridServer, moto: Moto, tmp_path: pathlib.Path) -> Newsletter:
    return Newsletter(sendgrid, moto, tmp_path)


def test_a_key_from_its_adoption_to_its_end(newsletter: Newsletter) -> None:
    """A key made by hand is adopted; the one that replaces it has its scopes, though no option says them."""
    old = newsletter.server.create_key("by hand", SCOPES, newsletter.account)[1]
    newsletter.file.put(yaml.safe_dump({"api_key": old}))
    adopted = newsletter.rotate("--diff")
    assert adopted.status == 0, adopted.output
    assert (newsletter.key(), len(newsletter.scopes())) == (old, 1)
    assert newsletter.rotate().changed() == 0
    leaked = newsletter.rotate("-e", "credential_force=true", "-e", "credential_reason=leak", "--diff", "-vvv")
    assert leaked.status == 0, leaked.output
    new = newsletter.key()
    assert (new == old, newsletter.key("running") == new) == (False, True)
    assert (newsletter.works(old), newsletter.works(new)) == (True, True), "both work until grace is over"
    assert newsletter.scopes() == [{*SCOPES, *AUTOMATIC}] * 2
    newsletter.estate.credentials["newsletter"]["credential_grace"] = "0s"
    retired = newsletter.rotate("--diff")
    assert retired.status == 0, retired.output
    assert (newsletter.works(old), newsletter.works(new), len(newsletter.scopes())) == (False, True, 1)
    assert newsletter.rotate().changed() == 0
    for secret in (old, new, newsletter.server.admin_key):
        assert not any(secret in output for output in newsletter.shown)


def test_no_key_is_made_where_nobody_says_its_scopes(newsletter: Newsletter) -> None:
    refused = newsletter.rotate()
    assert refused.status != 0 and "no key with full access is made by omission" in " ".join(refused.output.split())
    assert newsletter.scopes() == []
    newsletter.estate.credentials["newsletter"]["credential_options"]["scopes"] = list(SCOPES)
    mended = newsletter.rotate()
    assert mended.status == 0, mended.output
    assert (newsletter.scopes(), newsletter.works(newsletter.key())) == ([{*SCOPES, *AUTOMATIC}], True)
