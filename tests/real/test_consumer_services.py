# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The consumer role with real service managers: restarts are counted by the service itself."""

from __future__ import annotations

import os
import re
import signal
import typing as t

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.servers.consumers import Fleet
from ansible_collections.locksmith.rotation.tests.servers.units import Supervisor, Units, UserSystemd, systemd_can_run

_FIRST = {"password": "first 'password' with $\\\" and a\ttab"}
_BROKEN = {"password": "BROKEN"}
_CRASHING = {"password": "CRASHING"}
_FIELDS = {"PGPASSWORD": "password"}


#: A plain user on a machine without systemd has the supervisor alone; C(make test) says so.
MANAGERS: dict[str, type[UserSystemd | Supervisor]] = {
    **({"systemd": UserSystemd} if systemd_can_run() else {}),
    "supervisor": Supervisor,
}


@pytest.fixture(scope="module", params=list(MANAGERS.values()), ids=list(MANAGERS))
def units(request: pytest.FixtureRequest) -> t.Iterator[Units]:
    """One service manager for all tests of this file."""
    with request.param() as started:
        yield started


@pytest.fixture
def fleet(units: Units) -> t.Iterator[Fleet]:
    """A host whose service runs on the first version."""
    units.env_file.unlink(missing_ok=True)
    with Fleet() as made:
        made.publish(db={"current": _FIRST})
        _assign(made, units)
        done = made.run(environment=units.environment)
        assert done.returncode == 0, done.stdout
        yield made


def _assign(fleet: Fleet, units: Units, *more: dict[str, t.Any], **service: t.Any) -> None:
    probe = {"command": ["true"], "retries": 1, "delay": 1}
    entry = {"dest": str(units.env_file), "fields": _FIELDS, "service": units.service(**service), "probe": probe, "settle": 2}
    fleet.assign("web01", fleet.entry("web01", "db", "", **entry), *more)


def test_the_service_manager_reads_the_value_back(fleet: Fleet, units: Units) -> None:
    assert units.seen() == _FIRST["password"]
    starts = units.count()
    done = fleet.run(environment=units.environment)
    assert "changed=0" in done.stdout and units.count() == starts


def test_two_credentials_restart_the_service_once(fleet: Fleet, units: Units) -> None:
    fleet.publish(db={"current": {"password": "second"}}, key={"current": {"token": "t"}})
    second = fleet.entry("web01", "key", "key.json", format="json", service=units.service(), probe=None, settle=0)
    _assign(fleet, units, second)
    starts = units.count()
    assert fleet.run(environment=units.environment).returncode == 0
    assert units.count() == starts + 1 and units.seen() == "second"


@pytest.mark.parametrize("bad", [_BROKEN, _CRASHING], ids=["does-not-start", "crashes-later"])
def test_a_version_that_breaks_the_service_is_taken_back(fleet: Fleet, units: Units, bad: dict[str, str]) -> None:
    fleet.publish(db={"current": bad, "previous": _FIRST})
    done = fleet.run(environment=units.environment)
    assert done.returncode != 0
    assert re.search(r"The host is back on the previous version \w+ and healthy", done.stdout)
    assert units.seen() == _FIRST["password"]
    assert fleet.marker("web01")["running"] == SecretFields(_FIRST).fingerprint()


def test_a_reload_does_not_restart(fleet: Fleet, units: Units) -> None:
    fleet.publish(db={"current": {"password": "third"}})
    _assign(fleet, units, action="reload")
    starts, hups = units.count(), units.count("hups")
    assert fleet.run(environment=units.environment).returncode == 0
    assert (units.count(), units.count("hups")) == (starts, hups + 1)


def test_a_signal_reaches_the_process_of_a_pid_file(tmp_path: t.Any) -> None:
    with Fleet() as fleet:
        fleet.publish(db={"current": _FIRST})
        tree = fleet.hosts["web01"]
        waiting = tmp_path / "waits"
        waiting.write_text(f"#!/bin/sh\ntrap 'echo hup >> {tree}/hups' HUP\necho $$ > {tree}/pid\nwhile :; do sleep 0.1; done\n")
        waiting.chmod(0o700)
        # Under nohup the signal is ignored, and a shell cannot trap what was ignored when it began.
        child = os.posix_spawn(waiting, [str(waiting)], os.environ, setsigdef=[signal.SIGHUP])
        try:
            service = {"manager": "signal", "pid_file": str(tree / "pid")}
            fleet.assign("web01", fleet.entry("web01", "db", "db.env", service=service, probe=None, settle=1))
            assert fleet.run().returncode == 0
            assert (tree / "hups").read_text() == "hup\n"
        finally:
            os.kill(child, 9)
            os.waitpid(child, 0)
