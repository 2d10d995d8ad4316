# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process behind the demo: starts servers and hosts, waits, and ends everything when it is asked to (SIGTERM).

Started by P(demo) in a session of its own, so that Ctrl-C on the terminal reaches only the part that can clean up.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

from ansible_collections.locksmith.rotation.tests.demo import processes, world
from ansible_collections.locksmith.rotation.tests.demo.hosts import SERVICES, Machine
from ansible_collections.locksmith.rotation.tests.demo.layout import TREE, Layout, write_private
from ansible_collections.locksmith.rotation.tests.servers.amg_standin import AmgStandin
from ansible_collections.locksmith.rotation.tests.servers.datadog import DatadogServer
from ansible_collections.locksmith.rotation.tests.servers.grafana import GrafanaServer
from ansible_collections.locksmith.rotation.tests.servers.moto import Moto
from ansible_collections.locksmith.rotation.tests.servers.openbao import OpenBao
from ansible_collections.locksmith.rotation.tests.servers.postgres import PASSWORDS_ONLY, Postgres, free_port

#: As in the tests: everything that the server can be made to write down about statements.
_LOG_STATEMENTS = {"log_statement": "all", "log_connections": "on"}


def keep(layout: Layout) -> None:
    """Start everything, say so in the state file, and wait for SIGTERM."""
    signal.signal(signal.SIGTERM, _end)
    while not layout.read_state():  # the parent writes who we are, so that it can end us from the first moment on
        time.sleep(0.05)
    with contextlib.ExitStack() as stack:
        started = _start(layout, stack)
        layout.write_state({**layout.read_state(), **started, "processes": processes.descendants(os.getpid()), "ready": True})
        while True:
            signal.pause()


def _end(number: int, frame: t.Any) -> None:
    """Unwind, undisturbed by a second signal."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)


def _start(layout: Layout, stack: contextlib.ExitStack) -> dict[str, t.Any]:
    bao, postgres, moto, grafana = OpenBao(durable=True), Postgres(18, PASSWORDS_ONLY, _LOG_STATEMENTS), Moto(), GrafanaServer()
    amg, datadog = AmgStandin(), DatadogServer()
    _enter_all(stack, (bao, postgres, moto, grafana, amg, datadog))
    values = {**world.make_databases(postgres), **world.make_users(moto)}
    tokens = world.fill_vault(bao, values)
    stack.enter_context(moto.enforcing())
    workspace, organization = world.make_workspace(amg), datadog.organization()
    logins = {
        "rotator_database_password": values["rotator"]["password"],
        "rotator_access_key": values["rotator-aws"]["access_key"],
        "rotator_secret_key": values["rotator-aws"]["secret_key"],
        "rotator_grafana_password": grafana.admin_password,
        "rotator_workspace_access_key": workspace["access_key"],
        "rotator_workspace_secret_key": workspace["secret_key"],
        "rotator_datadog_api_key": organization.api_key,
        "rotator_datadog_app_key": organization.app_key,
        **{name: tokens[name] for name in ("puller_role_id", "puller_secret_id")},
    }
    _write_secrets(layout, logins, values["reader"], tokens)
    ports = {host: {name: free_port() for name in names} for host, names in SERVICES.items()}
    addresses = {
        "vault": bao.url,
        "aws": moto.url,
        "grafana": grafana.url,
        "postgresql": [postgres.host, postgres.port],
        "workspace": amg.url,
        "datadog": datadog.url,
    }
    _write_servers(layout, addresses, ports, moto.region, workspace["workspace_id"])
    world.write_files(layout.hosts, values)
    _start_hosts(layout, stack, ports, addresses, moto.region)
    return {"addresses": addresses, "ports": ports, "region": moto.region, "server_logs": [str(postgres.top / "log")]}


def _enter_all(stack: contextlib.ExitStack, managers: t.Sequence[t.Any]) -> None:
    """Side by side. Each is ended with the stack, even if another one does not start."""
    for manager in managers:
        stack.push(manager)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda manager: manager.__enter__(), managers))


def _write_secrets(layout: Layout, logins: t.Mapping[str, str], reader: t.Mapping[str, str], tokens: t.Mapping[str, str]) -> None:
    """The rotator's logins, and the reader's, which only the demo itself uses to look."""
    write_private(layout.top / "reader.yml", yaml.safe_dump({"vault_token": tokens["reader"], **reader}))
    write_private(layout.top / "vault-token", tokens["rotator"] + "\n")
    write_private(layout.secrets, yaml.safe_dump(dict(logins)))


def _write_servers(
    layout: Layout, addresses: t.Mapping[str, t.Any], ports: t.Mapping[str, t.Any], region: str, workspace: str
) -> None:
    """Where everything listens this time: beside the inventory files, which stay as they are in the repository."""
    host, port = addresses["postgresql"]
    variables = {
        "hosts_root": str(layout.hosts),
        "service_ports": ports,
        "vault": {"type": "vault", "url": addresses["vault"], "token_path": str(layout.top), "token_file": "vault-token"},
        "postgresql": {
            "login_host": host,
            "login_port": port,
            "login_user": "rotator",
            "login_password": "{{ rotator_database_password }}",
        },
        "aws": {
            "endpoint_url": addresses["aws"],
            "region": region,
            "access_key": "{{ rotator_access_key }}",
            "secret_key": "{{ rotator_secret_key }}",
        },
        "grafana": {
            "url": addresses["grafana"],
            "url_username": "root-admin",
            "url_password": "{{ rotator_grafana_password }}",
        },
        "amg": {
            "workspace_id": workspace,
            "workspace_url": addresses["workspace"],
            "endpoint_url": addresses["workspace"],
            "region": region,
            "access_key": "{{ rotator_workspace_access_key }}",
            "secret_key": "{{ rotator_workspace_secret_key }}",
        },
        "datadog": {
            "api_host": addresses["datadog"],
            "api_key": "{{ rotator_datadog_api_key }}",
            "app_key": "{{ rotator_datadog_app_key }}",
        },
    }
    layout.servers.write_text(yaml.safe_dump(variables, sort_keys=False), encoding="utf-8")


def _start_hosts(
    layout: Layout, stack: contextlib.ExitStack, ports: t.Mapping[str, t.Any], addresses: t.Mapping[str, t.Any], region: str
) -> None:
    sockets = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="demo")))
    arguments = {
        "orders-api": [str(word) for word in addresses["postgresql"]],
        "charts": [addresses["grafana"]],
        "uploader": [addresses["aws"], region],
        "agent": [addresses["datadog"], addresses["workspace"]],
    }
    environment = layout.environment()
    _enter_all(stack, [Machine(layout.hosts / host, sockets, named, arguments, environment) for host, named in ports.items()])


def prepare(layout: Layout) -> None:
    """Fresh folders, and the inventory as it is in the repository."""
    shutil.rmtree(layout.top, ignore_errors=True)
    layout.top.mkdir(parents=True)
    layout.top.chmod(0o700)
    shutil.copytree(TREE / "inventory", layout.inventory)
    for folder in (layout.inventory / "group_vars" / "all", layout.logs, layout.hosts):
        folder.mkdir(parents=True)
