# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the consumer role does on hosts, through ansible-playbook."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import time
import typing as t
from pathlib import Path

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.terms.secret import SecretFields
from ansible_collections.locksmith.rotation.tests.servers.consumers import Fleet

_CANARY = "Canary'7 \"x$y\\z-value"
_FIRST = {"username": "orders", "password": "first-password"}
_SECOND = {"username": "orders", "password": "second-password"}
_BROKEN = {"username": "orders", "password": "BROKEN-password"}


@pytest.fixture
def fleet() -> t.Iterator[Fleet]:
    """One host with one credential, published and not yet deployed."""
    with Fleet() as made:
        made.publish(db={"current": _FIRST})
        made.assign("web01", made.entry("web01", "db", "db.env"))
        yield made


def _recap(done: subprocess.CompletedProcess[str], host: str = "web01") -> dict[str, int]:
    line = next(line for line in done.stdout.splitlines() if re.match(rf"{host}\s+: ok=", line))
    return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", line)}


def _tree(root: Path) -> dict[str, tuple[int, bytes]]:
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in sorted(root.rglob("*")) if path.is_file()}


def _kill_when(fleet: Fleet, happened: t.Callable[[], bool]) -> None:
    """Start the role and kill the whole run in the moment in which C(happened) becomes true."""
    argv, environment = fleet.command()
    process = subprocess.Popen(
        argv, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    end = time.monotonic() + 60
    while not happened():
        if time.monotonic() > end or process.poll() is not None:
            pytest.fail("the run ended before the moment to kill it")
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_credential_is_written_its_service_restarted_once_and_proved(fleet: Fleet) -> None:
    done = fleet.run()
    assert done.returncode == 0
    written = fleet.hosts["web01"] / "etc" / "db.env"
    assert "password=first-password" in written.read_text()
    assert written.stat().st_mode & 0o777 == 0o600
    assert fleet.restarts("web01") == 1
    fingerprint = SecretFields(_FIRST).fingerprint()
    assert f'"running": "{fingerprint}"' in done.stdout and '"healthy": true' in done.stdout


def test_a_second_run_changes_nothing_and_proves_again(fleet: Fleet) -> None:
    fleet.run()
    before = _tree(fleet.hosts["web01"])
    done = fleet.run()
    assert _recap(done)["changed"] == 0
    assert _tree(fleet.hosts["web01"]) == before
    assert '"healthy": true' in done.stdout


def test_no_value_is_read_where_the_run_knows_the_version_and_the_host_has_it(fleet: Fleet) -> None:
    fleet.run()
    reads = len(fleet.reads())
    known = {"vars": {"told": SecretFields(_FIRST).fingerprint()}}
    fleet.assign("web01", fleet.entry("web01", "db", "db.env"))
    tell = [
        {
            "ansible.builtin.set_fact": {"credential_result": {"fingerprint": "{{ told }}"}},
            "delegate_to": "db",
            "delegate_facts": True,
        }
    ]
    done = fleet.run(play={"pre_tasks": tell, **known})
    assert done.returncode == 0 and '"healthy": true' in done.stdout
    assert len(fleet.reads()) == reads


def test_two_credentials_of_one_service_restart_it_once(fleet: Fleet) -> None:
    fleet.publish(db={"current": _FIRST}, key={"current": {"token": "abc"}})
    fleet.assign("web01", fleet.entry("web01", "db", "db.env"), fleet.entry("web01", "key", "key.json", format="json"))
    assert fleet.run().returncode == 0
    assert fleet.restarts("web01") == 1
    fleet.publish(db={"current": _SECOND}, key={"current": {"token": "def"}})
    assert fleet.run().returncode == 0
    assert fleet.restarts("web01") == 2


def test_a_run_killed_between_the_file_and_the_restart_is_finished_by_the_next(fleet: Fleet) -> None:
    fleet.run()
    fleet.publish(db={"current": _SECOND, "previous": _FIRST})
    written = fleet.hosts["web01"] / "etc" / "db.env"
    _kill_when(fleet, lambda: "second-password" in written.read_text())
    assert fleet.restarts("web01") == 1
    assert fleet.run().returncode == 0
    assert fleet.restarts("web01") == 2
    assert "second-password" in fleet.running("web01")


def test_a_run_killed_in_the_restart_leads_to_one_more(fleet: Fleet) -> None:
    fleet.run()
    fleet.publish(db={"current": _SECOND, "previous": _FIRST})
    _kill_when(fleet, lambda: fleet.restarts("web01") == 2)
    assert fleet.marker("web01")["running"] == SecretFields(_FIRST).fingerprint()
    assert fleet.run().returncode == 0
    assert fleet.restarts("web01") == 3
    assert _recap(fleet.run())["changed"] == 0


def test_a_restart_that_fails_is_loud_and_not_recorded_as_done(fleet: Fleet) -> None:
    stop = fleet.hosts["web01"] / "restart-fails"
    stop.touch()
    done = fleet.run()
    assert done.returncode != 0
    assert "the restart of" in done.stdout and "'healthy': True" not in done.stdout
    assert fleet.marker("web01")["running"] == ""
    stop.unlink()
    assert fleet.run().returncode == 0
    assert fleet.marker("web01")["running"] == SecretFields(_FIRST).fingerprint()


def test_a_version_on_which_the_service_does_not_come_up_is_taken_back(fleet: Fleet) -> None:
    fleet.run()
    fleet.publish(db={"current": _BROKEN, "previous": _FIRST})
    done = fleet.run(fail=False)
    assert "first-password" in fleet.running("web01")
    assert fleet.marker("web01")["running"] == SecretFields(_FIRST).fingerprint()
    assert "The host is back on the previous version" in done.stdout
    assert '"PROOFS": {}' in done.stdout
    assert fleet.run().returncode != 0


def test_where_there_is_no_way_back_the_message_says_so(fleet: Fleet) -> None:
    fleet.publish(db={"current": _BROKEN})
    done = fleet.run()
    assert done.returncode != 0
    assert "going back to the previous one was not possible" in done.stdout
    assert "there is no previous version" in done.stdout


def test_no_host_goes_back_to_a_version_that_does_not_log_in_any_more(fleet: Fleet) -> None:
    fleet.run()
    fleet.publish(db={"current": _BROKEN, "previous": _FIRST})
    result = {"fingerprint": SecretFields(_BROKEN).fingerprint(), "overlap": False}
    tell = {"ansible.builtin.set_fact": {"credential_result": result}, "delegate_to": "db", "delegate_facts": True}
    done = fleet.run(play={"pre_tasks": [tell]})
    assert done.returncode != 0 and "the previous one does not log in any more" in done.stdout
    assert "BROKEN" in (fleet.hosts["web01"] / "etc" / "db.env").read_text()


def test_a_failed_host_stops_the_rollout_of_that_version() -> None:
    with Fleet(["web01", "web02"]) as fleet:
        for host in fleet.hosts:
            fleet.assign(host, fleet.entry(host, "db", "db.env"))
        fleet.publish(db={"current": _FIRST})
        assert fleet.run().returncode == 0
        fleet.publish(db={"current": _BROKEN, "previous": _FIRST})
        done = fleet.run(play={"serial": 1}, fail=False)
        assert "the rollout was stopped by web01" in done.stdout
        assert fleet.restarts("web02") == 1
        assert "first-password" in (fleet.hosts["web02"] / "etc" / "db.env").read_text()


def test_an_unhealthy_service_on_the_right_version_is_reported_and_left_alone(fleet: Fleet) -> None:
    fleet.run()
    (fleet.hosts["web01"] / "running").unlink()
    done = fleet.run()
    assert done.returncode != 0 and "is not healthy" in done.stdout
    assert fleet.restarts("web01") == 1


def test_check_mode_predicts_and_writes_nothing(fleet: Fleet) -> None:
    before = _tree(fleet.hosts["web01"])
    predicted = fleet.run("--check", "--diff")
    assert predicted.returncode == 0
    assert _tree(fleet.hosts["web01"]) == before and not (fleet.hosts["web01"] / "state").exists()
    assert _recap(predicted)["changed"] == 2  # the file and the restart; only a real run can prove
    assert f"+fingerprint: {SecretFields(_FIRST).fingerprint()}" in predicted.stdout
    fleet.run()
    before = _tree(fleet.hosts["web01"])
    assert _recap(fleet.run("--check"))["changed"] == 0
    assert _tree(fleet.hosts["web01"]) == before


@pytest.mark.parametrize("damage", ["edited", "deleted", "chmodded"])
def test_a_file_that_somebody_changed_is_mended(fleet: Fleet, damage: str) -> None:
    fleet.run()
    written = fleet.hosts["web01"] / "etc" / "db.env"
    content = written.read_text()
    if damage == "edited":
        written.write_text("password=by-hand\n")
    elif damage == "deleted":
        written.unlink()
    else:
        written.chmod(0o644)
    assert fleet.run().returncode == 0
    assert written.read_text() == content and written.stat().st_mode & 0o777 == 0o600
    assert fleet.restarts("web01") == (1 if damage == "chmodded" else 2)


def test_no_value_is_left_or_shown_anywhere(fleet: Fleet) -> None:
    template = fleet.root / "templates" / "app.conf.j2"
    template.parent.mkdir()
    template.write_text("secret = {{ credential.password }}\n")
    fleet.publish(db={"current": {"username": "orders", "password": _CANARY}})
    fleet.assign(
        "web01",
        fleet.entry("web01", "db", "db.env"),
        fleet.entry("web01", "db", "db.json", format="json"),
        fleet.entry("web01", "db", "db.ini", format="ini", section="db", fields={"password": "password"}),
        fleet.entry("web01", "db", "app.conf", format="template", template="app.conf.j2"),
    )
    done = fleet.run("-vvvvv", "--diff", environment={"ANSIBLE_KEEP_REMOTE_FILES": "1", "ANSIBLE_DEBUG": "1"})
    assert done.returncode == 0
    assert _CANARY in (fleet.hosts["web01"] / "etc" / "app.conf").read_text()
    forms = {form.encode() for form in (_CANARY, "Canary'7", base64.b64encode(_CANARY.encode()).decode(), "y\\\\z-value")}
    seen = (done.stdout + done.stderr).encode()
    assert not any(form in seen for form in forms)
    allowed = {fleet.hosts["web01"] / "running", fleet.values, *(fleet.hosts["web01"] / "etc").iterdir()}
    kept = [path for path in fleet.root.rglob("*") if path.is_file() and not path.is_symlink() and path not in allowed]
    assert any("AnsiballZ" in path.name for path in kept)
    assert [path for path in kept if any(form in path.read_bytes() for form in forms)] == []


def test_what_a_killed_run_staged_is_swept(fleet: Fleet) -> None:
    fleet.run()
    state, etc = fleet.hosts["web01"] / "state", fleet.hosts["web01"] / "etc"
    left = [state / "staged-0123", etc / ".db.env.locksmith-abcd"]
    for path in left:
        path.write_text("a value")
        os.utime(path, (time.time() - 120,) * 2)
    assert _recap(fleet.run())["changed"] == 0
    assert not any(path.exists() for path in left)


@pytest.mark.parametrize("place", ["link", "world-writable", "missing", "mode"])
def test_an_unsafe_place_is_refused_before_anything_is_sent(fleet: Fleet, place: str) -> None:
    folder = fleet.hosts["web01"] / "etc" / "sub"
    more: dict[str, t.Any] = {}
    if place != "missing":
        folder.mkdir()
    if place == "link":
        (folder / "db.env").symlink_to(fleet.root / "elsewhere")
    elif place == "world-writable":
        folder.chmod(0o777)
    elif place == "mode":
        more["mode"] = "0666"
    fleet.assign("web01", fleet.entry("web01", "db", "sub/db.env", **more))
    done = fleet.run()
    assert done.returncode != 0 and "Next:" in done.stdout
    assert fleet.restarts("web01") == 0
    assert not (fleet.root / "elsewhere").exists()


def test_a_shared_file_keeps_what_others_wrote(fleet: Fleet) -> None:
    written = fleet.hosts["web01"] / "etc" / "credentials"
    others = (
        "# mine\n[default]\nregion=eu-west-1\naws_access_key_id = OLD\naws_secret_access_key=old\n"
        "aws_session_token=t\n\n[other]\nx = 1"
    )
    written.write_text(others)
    fleet.publish(ci={"current": {"access_key_id": "NEW", "secret_access_key": "new/secret+"}})
    fleet.assign("web01", fleet.entry("web01", "ci", "credentials", format="aws_credentials"))
    assert fleet.run().returncode == 0
    assert written.read_text() == (
        "# mine\n[default]\nregion=eu-west-1\naws_access_key_id = NEW\naws_secret_access_key=new/secret+\n\n[other]\nx = 1"
    )
    written.write_text(written.read_text().replace("x = 1", "x = 2"))
    assert _recap(fleet.run())["changed"] == 0


def test_an_unreachable_host_ends_cleanly_and_proves_nothing(fleet: Fleet) -> None:
    argv = ("-e", '{"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}')
    done = fleet.run(*argv, play={"ignore_unreachable": True}, fail=False)
    assert done.stdout.count("[web01]: UNREACHABLE!") == 1
    assert '"unreachable": true' in done.stdout and '"PROOFS": {}' in done.stdout


def test_a_service_that_reads_the_file_by_itself_is_not_restarted(fleet: Fleet) -> None:
    fleet.assign("web01", fleet.entry("web01", "db", "db.env", service={"action": "none"}, probe=None, settle=1))
    assert fleet.run().returncode == 0
    assert fleet.restarts("web01") == 0
    assert fleet.marker("web01")["running"] == SecretFields(_FIRST).fingerprint()


if os.geteuid() == 0:  # to become somebody else without a password; make test says when this is left out

    def test_another_user_gets_the_value_through_become(fleet: Fleet) -> None:
        tree = fleet.hosts["web01"]
        fleet.root.chmod(0o755)
        for path in (tree, *tree.rglob("*")):
            shutil.chown(path, "nobody")
        fleet.assign("web01", fleet.entry("web01", "db", "db.env"))
        become = {"ansible_become": True, "ansible_become_method": "su", "ansible_become_user": "nobody"}
        become.update(ansible_become_flags="-s /bin/sh", ansible_python_interpreter="/usr/bin/python3")
        done = fleet.run(
            "-e", json.dumps(become), environment={"ANSIBLE_REMOTE_TEMP": str(tree / "tmp"), "ANSIBLE_PIPELINING": "1"}
        )
        assert done.returncode == 0, done.stdout
        written = tree / "etc" / "db.env"
        assert (written.owner(), written.stat().st_mode & 0o777) == ("nobody", 0o600)
        assert (tree / "state").stat().st_mode & 0o777 == 0o700


def test_a_python_that_is_missing_on_the_host_is_told_from_a_bad_credential(fleet: Fleet) -> None:
    done = fleet.run("-e", "ansible_python_interpreter=/nowhere/python")
    assert done.returncode != 0
    assert "consumer_inspect did not run on the host" in done.stdout and "ansible_python_interpreter" in done.stdout
