# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worked examples of C(docs/issuers/http_api.md), as they stand there, against the stand-in that plays each of them."""

from __future__ import annotations

import contextlib
import itertools
import re
import secrets
import time
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.http_api import HttpApiIssuer
from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Attempt, Issued, Issuer, Setting
from ansible_collections.locksmith.rotation.tests.real.clocks import HastyClock
from ansible_collections.locksmith.rotation.tests.real.issuer_makers import Maker
from ansible_collections.locksmith.rotation.tests.servers.http_keys import PLAYS, HttpKeysServer
from ansible_collections.locksmith.rotation.tests.servers.moto import free_port

PAGE = Path(__file__).absolute().parents[2] / "docs" / "issuers" / "http_api.md"
#: Of each play: the file name in the example, the address and the variable in it, and what says whose keys these are.
EXAMPLES = {
    "gitlab": ("mirror", "https://gitlab.example.com", "{{ gitlab_maintainer_token }}", "42"),
    "cloudflare": ("dns-updater", "https://api.cloudflare.example.com", "{{ cloudflare_rotator_token }}", "0a1b2c"),
    "slots": ("maps", "https://maps.example.com", "{{ maps_owner_token }}", "acme"),
}
DEFAULTS: dict[str, t.Any] = {
    "propagation_delay": 0.0,
    "per_page": 100,
    "clock_offset": 0.0,
    "public": False,
    "ignore_paging": False,
}
_numbers = itertools.count(7000)


def example(plays: str) -> str:
    """The YAML of an example, as the page has it."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    (found,) = [block for block in blocks if block.startswith(f"# host_vars/{EXAMPLES[plays][0]}.yml\n")]
    return found


def catalogue_entry(server: HttpKeysServer, owner: str, url: str = "", token: str = "") -> dict[str, t.Any]:
    """An example with the stand-in's address, the administrator's token and one owner in the places of those in the page."""
    dummy, address, variable, whose = EXAMPLES[server.plays]
    text = example(server.plays)
    for old, new in ((whose, owner), (address, url or server.url), (variable, token or server.admin_token)):
        if old not in text:
            raise ValueError(f"the example lacks {old}")
        text = text.replace(old, new)
    return dict(yaml.safe_load(text))


def validated(options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Options as Ansible hands them on, with every default."""
    checked = ArgumentSpecValidator(HttpApiIssuer.OPTIONS, **HttpApiIssuer.CONSTRAINTS).validate(dict(options))
    if checked.error_messages:
        raise ValueError("; ".join(checked.error_messages))
    return dict(checked.validated_parameters)


def unique() -> str:
    """A project or an account that no other test uses."""
    return str(next(_numbers))


def build(options: t.Mapping[str, t.Any], clock: HastyClock | None = None) -> HttpApiIssuer:
    """An issuer with these options, for a credential with usual times."""
    setting = Setting("mirror", rotate_after=86400, grace=3600, recovery_wait=0, clock=clock or HastyClock())
    return HttpApiIssuer.create(validated(options), setting)


def make_issuer(
    server: HttpKeysServer, owner: str | None = None, clock: HastyClock | None = None, **more: t.Any
) -> HttpApiIssuer:
    """The example's issuer for an owner; C(more): options instead of the example's, None takes one away."""
    options = {**catalogue_entry(server, owner or server.add_owner(unique()))["credential_options"], **more}
    return build({name: value for name, value in options.items() if value is not None}, clock)


def owner_of(issuer: Issuer) -> str:
    if not isinstance(issuer, HttpApiIssuer):
        raise TypeError("another system's issuer")
    return issuer._identity.rpartition(" ")[2]


def make_attempt(known_ids: tuple[str, ...] = ()) -> Attempt:
    return Attempt(f"locksmith-mirror-20261121T031400-{secrets.token_hex(4)}", time.time(), known_ids, 90000)


@pytest.fixture(scope="session")
def http_keys_servers() -> t.Iterator[dict[str, HttpKeysServer]]:
    with contextlib.ExitStack() as stack:
        yield {plays: stack.enter_context(HttpKeysServer(plays)) for plays in PLAYS}


def _calm(server: HttpKeysServer) -> HttpKeysServer:
    server.calm()
    server.settings(**DEFAULTS)
    return server


@pytest.fixture(params=PLAYS)
def http_keys(request: pytest.FixtureRequest, http_keys_servers: dict[str, HttpKeysServer]) -> HttpKeysServer:
    """Each play in turn, without faults and settings of earlier tests."""
    return _calm(http_keys_servers[request.param])


@pytest.fixture
def gitlab(http_keys_servers: dict[str, HttpKeysServer]) -> HttpKeysServer:
    return _calm(http_keys_servers["gitlab"])


@pytest.fixture
def cloudflare(http_keys_servers: dict[str, HttpKeysServer]) -> HttpKeysServer:
    return _calm(http_keys_servers["cloudflare"])


@pytest.fixture
def slots(http_keys_servers: dict[str, HttpKeysServer]) -> HttpKeysServer:
    return _calm(http_keys_servers["slots"])


class HttpApiMaker(Maker):
    """Owners of one server for the conformance tests."""

    def __init__(self, server: HttpKeysServer) -> None:
        self._server = server

    def make(self) -> HttpApiIssuer:
        return make_issuer(self._server)

    def unreachable(self, issuer: Issuer) -> HttpApiIssuer:
        return build(catalogue_entry(self._server, owner_of(issuer), url=f"http://127.0.0.1:{free_port()}")["credential_options"])

    def missing(self) -> HttpApiIssuer:
        return make_issuer(self._server, unique())

    def denied(self, issuer: Issuer) -> HttpApiIssuer:
        return build(catalogue_entry(self._server, owner_of(issuer), token="not-the-administrators-token")["credential_options"])

    def kill(self, issuer: Issuer, version: Issued) -> None:
        self._server.revoke(owner_of(issuer), version.id)

    def foreign_key(self, issuer: Issuer) -> str:
        return self._server.create(owner_of(issuer), "primary" if self._server.plays == "slots" else "by-hand")[0]

    def secrets(self) -> t.Sequence[str]:
        return (self._server.admin_token,)

    def module_options(self, issuer: Issuer) -> dict[str, t.Any]:
        return dict(catalogue_entry(self._server, owner_of(issuer))["credential_options"])

    def alive(self, issuer: Issuer, fields: t.Mapping[str, str]) -> bool:
        return self._server.works(owner_of(issuer), fields["secret"])

    def key_ids(self, issuer: Issuer) -> set[str]:
        return {key["id"] for key in self._server.keys(owner_of(issuer))}


@contextlib.contextmanager
def server_for_makers(plays: str) -> t.Iterator[Maker]:
    """One server for all conformance tests, whose pages are short."""
    with HttpKeysServer(plays, per_page=2) as server:
        yield HttpApiMaker(server)
