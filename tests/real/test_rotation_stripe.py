# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stripe from end to end: the playbook, an encrypted file as the store, and a machine that reads the key or the secret raw."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.locksmith.rotation.tests.real.estate import Ended, Estate, machine_of
from ansible_collections.locksmith.rotation.tests.real.fixtures_file import FileMaker
from ansible_collections.locksmith.rotation.tests.real.fixtures_stripe import EVENTS, unique_url
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto
from ansible_collections.locksmith.rotation.tests.servers.stripe import StripeServer


class Shop:
    """One account, the file that publishes its key or secret, and one machine that uses it."""

    def __init__(self, server: StripeServer, moto: Moto, top: pathlib.Path, **options: t.Any) -> None:
        self.server, self.file, self.home = server, FileMaker(top), top / "web1"
        self.file.password_file.chmod(0o600)
        self.home.mkdir()
        self.shown: list[str] = []
        self.estate = Estate(moto, top, [], [])
        entry = {"credential": "shop", "format": "raw", "fields": {"secret": "secret"}}
        self.estate.machines["web1"] = machine_of(self.home, entry, "secret", "shop")
        self.options = {"api_url": server.url, **options}
        self.estate.credentials["shop"] = {
            "credential_type": "stripe",
            "credential_options": self.options,
            "credential_store": {
                "type": "file",
                "path": str(self.file.path),
                "vault_password_file": str(self.file.password_file),
            },
            "credential_grace": "1h",
            "credential_recovery_wait": "0s",
        }

    def rotate(self, *arguments: str) -> Ended:
        ended = self.estate.rotate(*arguments)
        self.shown.append(ended.output)
        return ended

    def end_grace(self) -> None:
        self.estate.credentials["shop"]["credential_grace"] = "0s"

    def secret(self, name: str = "secret") -> str:
        return (self.home / name).read_text(encoding="utf-8")


def test_a_webhook_secret_from_its_creation_to_its_end(stripe: StripeServer, moto: Moto, tmp_path: pathlib.Path) -> None:
    account, url = stripe.add_account(), unique_url()
    key = stripe.make_key(account, "rk", rights=["webhook_read", "webhook_write"])
    shop = Shop(stripe, moto, tmp_path, kind="webhook_endpoint", api_key=key, webhook_url=url, enabled_events=EVENTS)
    checked = shop.rotate("--check", "--diff")
    assert (checked.status, stripe.endpoints(account)) == (0, []), checked.output
    assert shop.rotate("--diff").status == 0
    old = shop.secret()
    assert (stripe.signs_with(account, old), shop.secret("running") == old, len(stripe.endpoints(account))) == (True, True, 1)
    assert shop.rotate().changed() == 0
    forced = shop.rotate("-e", "credential_force=true", "--diff", "-vvv")
    assert forced.status == 0, forced.output
    new = shop.secret()
    assert (new == old, shop.secret("running") == new) == (False, True)
    both = (stripe.signs_with(account, old), stripe.signs_with(account, new))
    assert (both, len(stripe.endpoints(account))) == ((True, True), 2), "both sign until grace is over"
    shop.end_grace()
    assert shop.rotate("--diff").status == 0
    assert shop.rotate("--diff").status == 0
    after = (stripe.signs_with(account, old), stripe.signs_with(account, new))
    assert (after, len(stripe.endpoints(account, url))) == ((False, True), 1)
    assert shop.rotate().changed() == 0
    assert not any(secret in output for secret in (old, new, key) for output in shop.shown)


@pytest.mark.parametrize("mode", ["live", "test"])
def test_a_key_that_a_person_made_until_the_old_one_has_expired(
    stripe: StripeServer, moto: Moto, tmp_path: pathlib.Path, mode: str
) -> None:
    account = stripe.add_account()
    one, two = stripe.make_key(account, mode=mode), stripe.make_key(account, mode=mode)
    shop = Shop(stripe, moto, tmp_path, kind="secret_key", new_value={"secret": one})
    shop.end_grace()
    assert shop.rotate("--diff").status == 0
    assert shop.secret() == one
    shop.options["new_value"] = {"secret": stripe.make_key(stripe.add_account(), mode=mode)}
    refused = shop.rotate("--check")
    assert refused.status != 0 and "belongs to" in " ".join(refused.output.split())
    assert shop.rotate().status != 0
    assert shop.secret() == one
    shop.options["new_value"] = {"secret": two}
    rolled = shop.rotate("--diff", "-vvv")
    assert (rolled.status, shop.secret() == two, shop.secret("running") == two) == (0, True, True), rolled.output
    assert f"end sk_{mode}_…{one[-4:]}" in " ".join(rolled.output.split())
    assert shop.rotate().changed() == 0
    stripe.end_key(one)
    assert "deleted" in shop.rotate().output
    assert shop.rotate().changed() == 0
    assert not any(secret in output for secret in (one, two) for output in shop.shown)
