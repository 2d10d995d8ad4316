# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on the host: markers, safe files and probes."""

from __future__ import annotations

import http.server
import json
import os
import threading
import typing as t
from pathlib import Path

import pytest

from ansible_collections.locksmith.rotation.plugins.module_utils.consumer import files, health, marker
from ansible_collections.locksmith.rotation.plugins.module_utils.consumer.entry import read_entries
from ansible_collections.locksmith.rotation.plugins.module_utils.terms.errors import Rejected


class _Module:
    """An AnsibleModule on a machine without SELinux, whose commands end with C(code)."""

    def __init__(self, code: int = 0, out: str = "") -> None:
        self.answer = (code, out, "")

    def selinux_enabled(self) -> bool:
        return False

    def selinux_context(self, path: str) -> list[t.Any]:
        return []

    def selinux_default_context(self, path: str, mode: int = 0) -> list[t.Any]:
        return []

    def set_context_if_different(self, path: str, context: list[t.Any], changed: bool) -> bool:
        return False

    def run_command(self, args: t.Any, **options: t.Any) -> tuple[int, str, str]:
        return self.answer

    def get_bin_path(self, arg: str, required: bool = False, opt_dirs: t.Any = None) -> str | None:
        return "/bin/" + arg


def _probe(**probe: t.Any) -> dict[str, t.Any]:
    (entry,) = read_entries([{"credential": "db", "dest": "/f", "format": "env", "probe": probe}])
    return t.cast("dict[str, t.Any]", entry["probe"])


@pytest.fixture(name="page")
def fixture_page() -> t.Iterator[str]:
    """The address of a server that answers /ok with 200 and anything else with 401, and secrets in both."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path.startswith("/ok") else 401)
            self.end_headers()
            self.wfile.write(b"all well, canary-on-page")

        def log_message(self, *dummy: object) -> None:
            return

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_marker_comes_back_and_knows_what_was_written(tmp_path: Path) -> None:
    made = marker.Marker(credential="db", deployed="a", running="b").holding("the part")
    marker.save(_Module(), str(tmp_path), "id", made)
    found = marker.load(str(tmp_path), "id")
    assert found == made and found.knows("the part") and not found.knows("another")
    assert "the part" not in (tmp_path / "id.json").read_text()
    assert (tmp_path / "id.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"schema": 2}', '{"schema": 1, "deployed": 5}', '{"schema": 1, "salt": "x"}', "null"]
)
def test_a_damaged_marker_is_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "id.json").write_text(text)
    assert marker.load(str(tmp_path), "id") == marker.Marker()


def test_a_marker_of_a_newer_version_with_more_in_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "id.json").write_text(json.dumps({"schema": 1, "deployed": "a", "later": "x"}))
    assert marker.load(str(tmp_path), "id").deployed == "a"


def test_a_state_directory_that_others_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("state", "link"):
        with pytest.raises(Rejected):
            marker.state_directory(str(tmp_path / name))
    assert marker.state_directory(str(tmp_path / "later")) == str(tmp_path / "later")


@pytest.mark.parametrize(("path", "ours"), [("/s/staged-1", True), ("/s/id.json", False), ("/etc/staged-1", False)])
def test_only_staged_files_are_ever_deleted(path: str, ours: bool) -> None:
    assert marker.own(path, "/s") is ours


def test_a_replaced_file_has_its_mode_before_anybody_sees_it(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("old")
    path.chmod(0o644)
    files.replace(_Module(), str(path), "new \udcff", files.Attributes(0o640))
    assert path.read_bytes() == b"new \xff" and path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["f"]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f"
    path.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(Rejected, match="No space") as error:
        files.replace(_Module(), str(path), "canary", files.Attributes(0o600))
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["f"]
    assert "canary" not in str(error.value)


def test_pages_are_judged_by_status_and_text_and_never_repeated(page: str) -> None:
    module = _Module()
    assert health.run_probe(module, _probe(url=page + "/ok", contains="all well")) == ""
    assert health.run_probe(module, _probe(url=page + "/no", status=[401])) == ""
    for probe in (_probe(url=page + "/no?token=secret"), _probe(url=page + "/ok", contains="else")):
        problem = health.run_probe(module, probe)
        assert "answers" in problem and "canary" not in problem and "secret" not in problem


def test_a_port_is_open_or_it_is_not(page: str) -> None:
    port = int(page.rpartition(":")[2])
    assert health.run_probe(_Module(), _probe(port=port)) == ""
    assert "1" in health.run_probe(_Module(), _probe(port=1))
    assert "does not answer" in health.run_probe(_Module(), _probe(url="http://127.0.0.1:1/"))


def test_a_command_is_judged_by_its_status_and_not_repeated() -> None:
    assert health.run_probe(_Module(0), _probe(command=["check"])) == ""
    assert health.run_probe(_Module(3, "canary"), _probe(command=["check", "canary"])) == "check ended with status 3"


@pytest.mark.parametrize(
    ("service", "code", "out", "problem"),
    [
        ({"name": "app"}, 0, "ActiveState=active\nMainPID=7\nNRestarts=0\n", ""),
        ({"name": "app"}, 0, "ActiveState=failed\n", "systemd says that app is failed"),
        ({"name": "app", "manager": "supervisor"}, 0, "app RUNNING pid 7, uptime 0:00:01\n", ""),
        ({"name": "app", "manager": "supervisor"}, 3, "app BACKOFF Exited\n", "supervisor says that app is BACKOFF"),
        ({"name": "g:*", "manager": "supervisor"}, 3, "g:a RUNNING pid 7\ng:b FATAL x\n", "supervisor says that g:* is FATAL"),
        ({"name": "app", "manager": "service"}, 0, "", ""),
        ({"name": "app", "manager": "sysvinit"}, 3, "", "its init script says that app is not running (status 3)"),
        ({"name": "app", "action": "none"}, 3, "ActiveState=failed\n", ""),
    ],
)
def test_what_the_service_manager_says(service: dict[str, t.Any], code: int, out: str, problem: str) -> None:
    (entry,) = read_entries([{"credential": "db", "dest": "/f", "format": "env", "service": service}])
    assert health.service_state(_Module(code, out), entry["service"]).problem == problem


@pytest.mark.parametrize("text", ["", "none", "0", "1", "-5"])
def test_a_pid_file_names_no_process_that_must_not_be_signalled(tmp_path: Path, text: str) -> None:
    (tmp_path / "pid").write_text(text)
    assert health.read_pid(str(tmp_path / "pid")) is None
