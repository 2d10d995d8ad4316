# Copyright (c) 2026, the locksmith.rotation contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing a report: in one step, for everybody, or not at all and with a reason."""

from __future__ import annotations

import os
import pathlib
import types
import typing as t

import pytest
from ansible.plugins.action import ActionBase

from ansible_collections.locksmith.rotation.plugins.action.rotation_report import ActionModule
from ansible_collections.locksmith.rotation.plugins.plugin_utils import report_files

VARIABLES: dict[str, t.Any] = {
    "groups": {"credentials": ["deployer"]},
    "hostvars": {"deployer": {"credential_result": {"state": "steady"}}},
}


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of Ansible's own part only what we rely on."""
    monkeypatch.setattr(ActionBase, "run", lambda self, tmp=None, task_vars=None: {})


def written(check_mode: bool = False, **arguments: t.Any) -> dict[str, t.Any]:
    action: t.Any = object.__new__(ActionModule)
    action._task = types.SimpleNamespace(args={"format": "json", **arguments}, check_mode=check_mode)
    result: dict[str, t.Any] = action.run(task_vars=VARIABLES)
    return result


def test_the_file_is_replaced_whatever_the_umask_says(tmp_path: pathlib.Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("old", encoding="utf-8")
    before, mask = target.stat().st_ino, os.umask(0o077)
    try:
        result = written(dest=str(target))
    finally:
        os.umask(mask)
    assert result["changed"] and '"deployer"' in target.read_text(encoding="utf-8")
    assert target.stat().st_mode & 0o777 == 0o644 and target.stat().st_ino != before, "another file took its place"
    assert written(dest=str(target), mode="0600")["changed"] and target.stat().st_mode & 0o777 == 0o600


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.json"
    target.write_text("old", encoding="utf-8")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report_files.os, "fsync", full)
    result = written(dest=str(target))
    assert result["failed"] and "report.json cannot be written: No space left on device. Next: " in result["msg"]
    assert os.listdir(tmp_path) == ["report.json"] and target.read_text(encoding="utf-8") == "old"


def test_check_mode_writes_nothing(tmp_path: pathlib.Path) -> None:
    assert written(check_mode=True, dest=str(tmp_path / "report.json"))["changed"] and not os.listdir(tmp_path)


def test_metrics_keep_the_last_run_of_the_other_playbook(tmp_path: pathlib.Path) -> None:
    target = str(tmp_path / "locksmith.prom")
    written(dest=target, format="prometheus", playbook="rotate", now="2026-11-21T03:00:00Z")
    written(dest=target, format="prometheus", playbook="status", now="2026-11-21T12:00:00Z")
    text = pathlib.Path(target).read_text(encoding="utf-8")
    assert 'locksmith_last_run_timestamp_seconds{playbook="rotate"} 1795230000' in text
    assert 'locksmith_last_run_timestamp_seconds{playbook="status"} 1795262400' in text


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({}, "dest is missing"),
        ({"dest": "/nowhere/at/all/x.json"}, "x.json cannot be written: No such file or directory"),
        ({"dest": "x", "format": "pdf"}, "format is 'pdf'"),
        ({"dest": "x", "mode": "u=rw"}, "mode is 'u=rw'"),
        ({"dest": "x", "now": "soon"}, "now is 'soon'"),
    ],
)
def test_what_cannot_be_done_is_said(arguments: dict[str, t.Any], word: str) -> None:
    result = written(**arguments)
    assert result["failed"] and word in result["msg"]
