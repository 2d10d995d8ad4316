# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What leaks are looked for in: a catalogue with a credential of every kind, each in another store, two machines, and servers that log."""

from __future__ import annotations

import contextlib
import json
import secrets
import typing as t
from pathlib import Path

import yaml

from ansible_collections.locksmith.rotation.plugins.module_utils.issuers.interface import Issuer
from ansible_collections.locksmith.rotation.plugins.module_utils.stores.catalogue import STORES
from ansible_collections.locksmith.rotation.plugins.plugin_utils.issuers import issuer_class
from ansible_collections.locksmith.rotation.tests.proof import jobs
from ansible_collections.locksmith.rotation.tests.proof.cells import Bench
from ansible_collections.locksmith.rotation.tests.proof.leaks_search import SHORTEST
from ansible_collections.locksmith.rotation.tests.proof.runs import Run, Way
from ansible_collections.locksmith.rotation.tests.real import issuer_makers, store_makers
from ansible_collections.locksmith.rotation.tests.real.fixtures_aws import Aws
from ansible_collections.locksmith.rotation.tests.real.fixtures_postgres import LOG_EVERYTHING, PostgresMaker
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto, free_port
from ansible_collections.locksmith.rotation.tests.servers.openbao import OpenBao
from ansible_collections.locksmith.rotation.tests.servers.postgres import Postgres

FILES = Path(__file__).with_name("leaks_files")
MACHINES = ("web1", "web2")
_FORMATS = ("env", "template", "json", "ini", "yaml")
Options = t.Dict[str, t.Any]


class Servers:
    """Those whose logs are looked through. A context manager, for a worker."""

    def __init__(self) -> None:
        self.bao = OpenBao(durable=True, audit=True)
        self.postgres = Postgres(18, settings=LOG_EVERYTHING)
        self.moto = Moto()
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Servers:
        with contextlib.ExitStack() as stack:
            for server in (self.bao, self.postgres, self.moto):
                stack.enter_context(t.cast("t.ContextManager[t.Any]", server))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *dummy: object) -> None:
        self._stack.close()

    def logs(self) -> dict[str, bytes]:
        """By channel."""
        found = {
            "PostgreSQL log": self.postgres.log(),
            "OpenBao log": self.bao.log(),
            "OpenBao audit device": self.bao.audit_log(),
        }
        found["AWS log"] = self.moto.log()
        return {name: text.encode() for name, text in found.items()}


class Places:
    """What the makers of stores take for pytest's C(request)."""

    def __init__(self, servers: Servers, top: Path) -> None:
        self._servers = servers
        self._top = top

    def getfixturevalue(self, name: str) -> t.Any:
        """:raises LookupError: a new store's maker asks for something that has to be added here."""
        if name == "openbao":
            return self._servers.bao
        if name == "in_aws":
            return Aws(self._servers.moto)
        if name == "tmp_path":
            place = self._top / f"store-{secrets.token_hex(4)}"
            place.mkdir()
            return place
        raise LookupError(f"leaks_world knows no fixture {name}")


class Kept:
    """One credential of the catalogue."""

    def __init__(self, name: str, maker: issuer_makers.Maker, place: store_makers.StoreMaker) -> None:
        self.name = name
        self.maker = maker
        self.place = place
        self.issuer: Issuer = maker.make()
        self.options = maker.module_options(self.issuer)
        self.store = place.store_option()

    def variables(self) -> Options:
        """As inventory has them."""
        return {
            "credential_type": type(self.issuer).KIND,
            "credential_options": self.options,
            "credential_store": self.store,
            "credential_rotate_after": "1h",
            "credential_grace": "0s",
            "credential_recovery_wait": "0s",
            "credential_verify_timeout": "3s",
        }

    def secrets(self) -> dict[str, str]:
        """Everything that nobody may see: what logs in at the issuer and the store, and all values that are alive."""
        own = {
            f"{self.name}: option {name}": value for name, value in _no_log(issuer_class(self.issuer.KIND).OPTIONS, self.options)
        }
        spec = STORES[self.store["type"]].OPTIONS
        own.update({f"{self.name}: store option {name}": value for name, value in _no_log(spec, self.store)})
        own.update({f"{self.name}: administrator's {number}": value for number, value in enumerate(self.maker.secrets())})
        return {**own, **self.values()}

    def values(self) -> dict[str, str]:
        """Published and recorded values, read by other hands than the run's."""
        public = type(self.issuer).PUBLIC_FIELDS
        found = {f"{self.name}: published {name}": value for name, value in self._published().items() if name not in public}
        for version in self._journal().get("versions", []):
            fields = {name: value for name, value in version.get("fields", {}).items() if name not in public}
            found.update({f"{self.name}: version {version.get('number')} {name}": value for name, value in fields.items()})
        return found

    def _published(self) -> dict[str, str]:
        return {name: str(value) for name, value in (self.place.raw() or {}).items() if name in self.issuer.FIELDS}

    def _journal(self) -> dict[str, t.Any]:
        store = self.place.make(self.issuer.FIELDS)
        try:
            found = store.read_journal()
        finally:
            store.close()
        return dict(json.loads(found.text)) if found else {}


def _no_log(spec: t.Mapping[str, t.Any], given: t.Mapping[str, t.Any]) -> t.Iterator[tuple[str, str]]:
    for name, option in spec.items():
        if option.get("no_log") and given.get(name):
            yield name, str(given[name])


class Household:
    """The catalogue and the machines, below C(top). C(seen): every secret that there has ever been."""

    def __init__(self, bench: Bench, servers: Servers, top: Path) -> None:
        self.servers, self.top = servers, top
        self._zygote = bench.zygote
        places = t.cast(t.Any, Places(servers, top))
        stores = list(store_makers.MAKERS.values())
        self.credentials = [
            Kept(f"kept-{name}", maker, stores[number % len(stores)](places))
            for number, (name, maker) in enumerate(_one_of_each(bench, servers).items())
        ]
        self.seen: dict[str, str] = {}
        self.machines = {name: self._machine(name) for name in MACHINES}
        self.changed: dict[str, Options] = {}
        #: Where runs write what they tell of themselves.
        self.told = top / "told"
        self.told.mkdir()
        self._tells = self._everything_told()

    def make(self) -> None:
        """A first version of each credential, by runs of the modules' body and without Ansible.

        :raises RuntimeError: one was not made.
        """
        for kept in self.credentials:
            options = {"name": kept.name, "store": kept.store, **kept.options}
            ended = self._zygote.run(Run(jobs.rotate, {"kind": kept.issuer.KIND, "options": options}))
            if ended.way is not Way.DONE:
                raise RuntimeError(f"the first version of {kept.name}: {ended}")

    def learn(self) -> None:
        """Take down what is secret by now."""
        for kept in self.credentials:
            for name, value in kept.secrets().items():
                if len(value) >= SHORTEST and value not in self.seen.values():
                    self.seen[f"{name} ({len(self.seen)})"] = value

    def canary(self, name: str) -> str:
        """A new secret to put somewhere."""
        value = f"cAnary{secrets.token_urlsafe(15)}/{name[:2]}"
        self.seen[f"canary {name}"] = value
        return value

    def write(self) -> list[str]:
        """The inventory as it is now; returns the arguments that name it."""
        catalogue = {kept.name: {**kept.variables(), **self.changed.get(kept.name, {})} for kept in self.credentials}
        arguments = []
        for name, content in (
            ("hosts.yml", {"all": {"children": {"machines": {"hosts": self.machines}}, "vars": self._tells}}),
            ("credentials.yml", {"credentials": {"hosts": catalogue}}),
        ):
            path = self.top / name
            path.touch(mode=0o600)
            path.write_text(yaml.safe_dump(content), encoding="utf-8")
            arguments += ["-i", str(path)]
        return arguments

    def _everything_told(self) -> Options:
        """Reports, the audit trail, alerts and an announcement. Nobody listens to the last two: what cannot be sent is talked about."""
        nobody = f"http://127.0.0.1:{free_port()}/hooks/"
        channels = [
            {"kind": "slack", "url": nobody + self.canary("slack address")},
            {"kind": "webhook", "url": nobody + self.canary("alert address"), "hmac_secret": self.canary("alert key")},
        ]
        target = {
            "kind": "webhook",
            "name": "team",
            "url": nobody + self.canary("announcement address"),
            "hmac_secret": self.canary("announcement key"),
        }
        formats = {f"report_{name}": str(self.told / f"report.{name}") for name in ("html", "json", "junit", "prometheus")}
        first = self.credentials[0].name
        return {
            **formats,
            "rotation_trail": str(self.told / "trail.jsonl"),
            "rotation_notify_channels": channels,
            "credential_announce": f"{{{{ {[target]} if inventory_hostname == '{first}' else [] }}}}",
        }

    def home(self, machine: str) -> Path:
        """Where a machine keeps its files; C(state) in it must hold no secret."""
        return self.top / "hosts" / machine

    def _machine(self, name: str) -> Options:
        home = self.home(name)
        home.mkdir(parents=True)
        used = self.credentials if name == MACHINES[0] else self.credentials[:2]
        entries = [self._entry(home, kept, _FORMATS[number % len(_FORMATS)]) for number, kept in enumerate(used)]
        return {"ansible_connection": "local", "consumer_state_dir": str(home / "state"), "consumer_credentials": entries}

    def _entry(self, home: Path, kept: Kept, format_: str) -> Options:
        more: Options = {}
        if format_ == "template":
            more["template"] = str(FILES / "templates" / "all.j2")
        if format_ == "ini":
            more.update(section=kept.name, fields={name: name for name in kept.issuer.FIELDS})
        return {
            "credential": kept.name,
            "dest": str(home / f"{kept.name}.{format_}"),
            "format": format_,
            "settle": 0,
            "service": {
                "name": kept.name,
                "manager": "command",
                "command": ["/bin/sh", "-c", f"cat {home}/*.* > {home}/running"],
            },
            "probe": {"command": ["/usr/bin/test", "!", "-e", f"{home}/broken"], "retries": 0, "delay": 0},
            **more,
        }


def _one_of_each(bench: Bench, servers: Servers) -> dict[str, issuer_makers.Maker]:
    """Kind to a maker: the first that is registered of each, with a PostgreSQL that logs everything."""
    found: dict[str, issuer_makers.Maker] = {}
    for name, make in issuer_makers.MAKERS.items():
        kind = name.partition("-")[0]
        if kind == "postgresql":
            found.setdefault(kind, PostgresMaker(servers.postgres, "single_user"))
        elif kind not in found:
            found[kind] = bench.keep(f"issuer {name}", make)
    return found
